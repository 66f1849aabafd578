//! Backups, repairs, compaction, dropping the history, durability.

use std::fs;

use crate::place::{Place, files_in};

#[test]
fn a_backup_is_a_memory_that_answers_alike_and_lives_on_its_own() {
    let place = Place::with_memory(300);
    place.file("cues.csv", "1,2\n3,1\n");
    let run = place.glam("backup m copies/b").succeeds();
    assert!(run.out.starts_with("copies/b: a copy of m ("), "{}", run.out);
    assert_eq!(place.glam("read m cues.csv").out, place.glam("read copies/b cues.csv").out);
    let before = files_in(&place.path("copies/b"));
    place.file("more.csv", "1,2,9\n3,1,9\n");
    place.glam("write m more.csv --targets last:1").succeeds();
    assert!(files_in(&place.path("copies/b")) == before);
    place.glam("verify copies/b").succeeds();
    place.glam("write copies/b more.csv --targets last:1").succeeds();
    place.glam("backup m copies/b").fails(1, &["copies/b", "there is a memory already"]);
    place.glam("backup nowhere c").fails(1, &["nowhere"]);
    assert!(!place.exists("c"));
}

#[test]
fn a_repair_says_what_it_saved_and_what_it_could_not() {
    let place = Place::with_memory(300);
    let run = place.glam("repair m").succeeds();
    assert_eq!(run.out, "m: sound, nothing to repair\n");

    let flip = |name: &str, at: usize| {
        let mut bytes = fs::read(place.path(name)).unwrap();
        bytes[at] ^= 4;
        place.file(name, &bytes);
    };
    flip("m/weights-1", 5000);
    let run = place.glam("repair m").succeeds();
    assert!(run.out.contains("made again from the log"), "{}", run.out);
    assert!(run.out.contains("nothing is lost"), "{}", run.out);
    place.glam("verify m").succeeds();

    flip("m/MANIFEST", 30);
    place.glam("inspect m").fails(1, &["MANIFEST", "glam repair"]);
    let run = place.glam("repair m").succeeds();
    assert!(run.out.contains("the manifest was replaced by its copy"), "{}", run.out);
    place.glam("verify m").succeeds();

    flip("m/log-1", 48 + 100);
    assert_eq!(place.glam("verify m").status, Some(1));
    let run = place.glam("repair m").succeeds();
    assert!(run.out.contains("lost from the history: 1 row ("), "{}", run.out);
    assert!(run.out.contains("what was learned from them is kept"), "{}", run.out);
    assert!(run.out.contains("log-1.damaged"), "{}", run.out);
    assert!(place.exists("m/log-1.damaged"));
    let run = place.glam("verify m").succeeds();
    assert!(run.out.contains("299 observations"), "{}", run.out);
}

#[test]
fn a_history_that_is_dropped_leaves_the_answers_and_refuses_what_needs_it() {
    let place = Place::with_memory(300);
    place.file("cues.csv", "1,2\n3,1\n");
    let before = place.glam("read m cues.csv").out;
    let run = place.glam("forget-history m --keep 1000").succeeds();
    assert!(run.out.contains("dropped 0 rows, rows 1 to 300 are kept"), "{}", run.out);
    let run = place.glam("forget-history m").succeeds();
    assert!(run.out.contains("dropped 300 rows, none is kept"), "{}", run.out);
    assert_eq!(place.glam("read m cues.csv").out, before);
    for line in ["consolidate m", "forget m 3", "rebuild m"] {
        place.glam(line).fails(1, &["begins with observation 301"]);
    }
    place.file("more.csv", "1,2,9\n3,1,9\n");
    place.glam("write m more.csv --targets last:1").succeeds();
    let run = place.glam("verify m").succeeds();
    assert!(run.out.contains("the history begins with row 301"), "{}", run.out);
    let run = place.glam("inspect m").succeeds();
    assert!(run.out.contains("begins with row 301"), "{}", run.out);
}

#[test]
fn compacting_changes_no_answer() {
    let place = Place::with_memory(300);
    place.file("cues.csv", "1,2\n3,1\n");
    let before = place.glam("read m cues.csv").out;
    let run = place.glam("compact m").succeeds();
    assert!(run.out.contains("bytes of files"), "{}", run.out);
    assert_eq!(place.glam("read m cues.csv").out, before);
    place.glam("verify m").succeeds();
}

#[test]
fn durability_is_kept_with_the_memory_and_shown() {
    let place = Place::new();
    place.file("rows.csv", "1,2,3\n2,3,4\n3,4,5\n");
    place.glam("write m rows.csv --targets last:1 --synced").succeeds();
    assert!(place.glam("inspect m").out.contains("return once they are on the disk"));
    place.glam("write m rows.csv --targets last:1").succeeds();
    assert!(place.glam("inspect m").out.contains("return once they are on the disk"));
    place.glam("write m rows.csv --targets last:1 --synced no").succeeds();
    assert!(place.glam("inspect m").out.contains("return once they are in a buffer"));
    let run = place.glam("write m rows.csv --targets last:1 --synced maybe");
    assert_eq!(run.status, Some(2));
    assert!(run.err.contains("give yes or no"), "{}", run.err);
}
