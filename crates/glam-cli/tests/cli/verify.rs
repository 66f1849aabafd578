//! `glam verify`: sound or damaged, and where.

use std::io::Write;

use crate::place::Place;

#[test]
fn a_sound_memory_is_said_to_be_sound() {
    let place = Place::with_memory(1200);
    let run = place.glam("verify m").succeeds();
    assert!(run.out.starts_with("m: sound (5 files, "), "{}", run.out);
    assert!(run.out.contains("1,200 observations"), "{}", run.out);
    assert_eq!(run.err, "");
}

#[test]
fn a_flipped_byte_in_any_file_is_found_and_named() {
    let place = Place::with_memory(300);
    let files = place.bytes("m");
    assert_eq!(files.len(), 7, "{:?}", files.keys());
    // The lock file holds nothing that could be damaged.
    for (name, bytes) in files.iter().filter(|(name, _)| *name != "LOCK") {
        for at in [0, bytes.len() / 3, bytes.len() / 2, bytes.len() - 1] {
            let mut damaged = bytes.clone();
            damaged[at] ^= 0x10;
            place.file(&format!("m/{name}"), &damaged);
            let run = place.glam("verify m");
            assert_eq!(run.status, Some(1), "{name} at {at}: {}", run.err);
            assert!(run.err.contains(&format!("m/{name}")), "{name} at {at}: {}", run.err);
            assert!(run.err.contains("damaged place"), "{name} at {at}: {}", run.err);
            assert_eq!(run.out, "", "{name} at {at}");
        }
        place.file(&format!("m/{name}"), bytes);
    }
    place.glam("verify m").succeeds();
}

#[test]
fn a_missing_file_is_damage() {
    let place = Place::with_memory(300);
    let files = place.bytes("m");
    for name in files.keys().filter(|name| name.contains('-')) {
        std::fs::remove_file(place.path(&format!("m/{name}"))).unwrap();
        let run = place.glam("verify m");
        assert_eq!(run.status, Some(1), "{name}: {}", run.err);
        assert!(run.err.contains(&format!("m/{name}")), "{name}: {}", run.err);
        place.file(&format!("m/{name}"), &files[name]);
    }
    place.glam("verify m").succeeds();
}

#[test]
fn what_a_crash_leaves_at_the_end_of_the_log_is_no_damage() {
    let place = Place::with_memory(300);
    let mut log = std::fs::OpenOptions::new().append(true).open(place.path("m/log-1")).unwrap();
    log.write_all(&[0x17; 9]).unwrap();
    drop(log);
    let run = place.glam("verify m").succeeds();
    assert!(run.out.contains("9 bytes at the end of the log"), "{}", run.out);
}

#[test]
fn rebuild_cures_a_damaged_snapshot_and_the_answers_are_the_same_bits() {
    let place = Place::with_memory(300);
    let before = place.glam("read m rows.csv --std").succeeds().out;
    let files = place.bytes("m");
    for (name, bytes) in files.iter().filter(|(name, _)| name.contains("-1") && *name != "log-1") {
        let mut damaged = bytes.clone();
        damaged[bytes.len() / 2] ^= 1;
        place.file(&format!("m/{name}"), &damaged);
    }
    assert_eq!(place.glam("verify m").status, Some(1));
    let run = place.glam("rebuild m").succeeds();
    assert!(run.out.contains("rebuilt from 300 observations"), "{}", run.out);
    place.glam("verify m").succeeds();
    assert_eq!(place.glam("read m rows.csv --std").succeeds().out, before);
}
