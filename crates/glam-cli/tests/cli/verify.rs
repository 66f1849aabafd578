//! `glam verify`: sound or damaged, and where.

use std::io::Write;

use crate::place::Place;

#[test]
fn a_sound_memory_is_said_to_be_sound() {
    let place = Place::with_memory(1200);
    let run = place.glam("verify m").succeeds();
    assert!(run.out.starts_with("m: sound (7 files, "), "{}", run.out);
    assert!(run.out.contains("1,200 observations"), "{}", run.out);
    assert_eq!(run.err, "");
}

#[test]
fn a_flipped_byte_in_any_file_is_found_and_named() {
    let place = Place::with_memory(300);
    let files = place.bytes("m");
    assert_eq!(files.len(), 9, "{:?}", files.keys());
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

#[test]
fn rebuild_brings_a_memory_of_format_1_to_this_one() {
    let golden =
        std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../glam-store/tests/golden");
    for (name, write, rows) in
        [("numbers-1", "--targets last:2", 60), ("labels-1", "--targets last:1 --labels", 50)]
    {
        let place = Place::new();
        std::fs::create_dir(place.path("m")).unwrap();
        for (file, bytes) in crate::place::files_in(&golden.join(name)) {
            place.file(&format!("m/{file}"), bytes);
        }
        let before = place.bytes("m");
        place.file("cues.csv", "a,b,c\n0.5,-0.25,0.125\n-0.5,0.75,0\n");
        let target = if name == "labels-1" { ",ash" } else { ",1,2" };
        place.file("rows.csv", format!("0.5,-0.25,0.125{target}\n-0.5,0.75,0{target}\n"));
        let write = format!("write m rows.csv --header no {write}");
        for line in ["read m cues.csv", "inspect m", "verify m", write.as_str()] {
            let run = place.glam(line);
            assert_eq!(run.status, Some(1), "{line}: {}", run.err);
            for part in ["format version 1", "reads version 3", "glam rebuild m"] {
                assert!(run.err.contains(part), "{line}: {}", run.err);
            }
            assert!(place.bytes("m") == before, "{line}");
        }
        let run = place.glam("rebuild m").succeeds();
        assert!(run.out.contains(&format!("rebuilt from {rows} observations")), "{}", run.out);
        place.glam("verify m").succeeds();
        assert_eq!(place.glam("read m cues.csv --std").succeeds().out.lines().count(), 3);
        place.glam(&write).succeeds();
        let out = place.glam("inspect m").succeeds().out;
        assert!(out.contains(&format!("observations  {} written\n", rows + 2)), "{out}");
        place.glam("verify m").succeeds();
    }
}
