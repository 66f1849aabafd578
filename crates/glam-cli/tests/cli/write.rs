//! `glam write`: what it says, makes and refuses.

use glam_memory::{Memory, Rehearse};

use crate::place::{Place, product};

#[test]
fn the_end_says_rows_speed_and_prequential_error_and_nothing_else() {
    let place = Place::new();
    place.file("rows.csv", product(0, 2000));
    let run = place.glam("write m rows.csv --targets last:1").succeeds();
    assert_eq!((run.out.as_str(), run.err.lines().count()), ("", 1), "{}", run.err);
    for part in ["2,000 rows learned in ", " rows/s)", "prequential nMSE 0.0", "RMSE 0."] {
        assert!(run.err.contains(part), "{part}: {}", run.err);
    }
}

#[test]
fn a_later_write_goes_on_where_the_first_ended() {
    let place = Place::new();
    place.file("all.csv", product(0, 300));
    place.file("first.csv", product(0, 100));
    place.file("second.csv", product(100, 300));
    place.glam("write all all.csv --targets last:1").succeeds();
    place.glam("write parts first.csv --targets last:1").succeeds();
    let run = place.glam("write parts second.csv --targets last:1").succeeds();
    assert!(run.err.contains("200 rows learned"), "{}", run.err);
    assert!(run.err.contains("parts holds 300"), "{}", run.err);
    place.file("cues.csv", "0.5,0.5\n-1,1\n");
    let [all, parts] = ["all", "parts"].map(|m| place.glam(&format!("read {m} cues.csv")).out);
    assert_eq!(all, parts);
}

#[test]
fn standard_input_learns_what_a_file_does() {
    let place = Place::new();
    let rows = product(0, 200);
    place.file("rows.csv", &rows);
    place.glam("write file rows.csv --targets last:1").succeeds();
    place.glam_fed("write pipe - --targets last:1", &rows).succeeds();
    place.file("cues.csv", "0.5,0.5\n-1,1\n");
    let [file, pipe] = ["file", "pipe"].map(|m| place.glam(&format!("read {m} cues.csv")).out);
    assert_eq!(file, pipe);
}

#[test]
fn targets_may_stand_first_last_or_anywhere_by_name() {
    let place = Place::new();
    place.file("last.csv", "a,b,y\n1,2,2\n2,3,6\n3,1,3\n");
    place.file("first.csv", "y,a,b\n2,1,2\n6,2,3\n3,3,1\n");
    place.file("middle.csv", "a,y,b\n1,2,2\n2,6,3\n3,3,1\n");
    for (name, targets) in [("last", "last:1"), ("first", "first:1"), ("middle", "y")] {
        place.glam(&format!("write {name} {name}.csv --targets {targets}")).succeeds();
    }
    place.file("cues.csv", "a,b\n2,2\n0,1\n");
    let read = |memory: &str| place.glam(&format!("read {memory} cues.csv")).succeeds().out;
    assert_eq!(read("last"), read("first"));
    assert_eq!(read("last"), read("middle"));
}

#[test]
fn the_seed_is_that_of_creation() {
    let place = Place::new();
    place.file("rows.csv", product(0, 50));
    place.glam("write m rows.csv --targets last:1 --seed 7").succeeds();
    assert_eq!(Memory::open_read_only(place.path("m")).unwrap().config().seed(), 7);
    place.glam("write m rows.csv --targets last:1 --seed 7").succeeds();
    place.glam("write m rows.csv --targets last:1").succeeds();
    let before = place.bytes("m");
    place
        .glam("write m rows.csv --targets last:1 --seed 8")
        .fails(1, &["m: ", "seed 7", "leave out `--seed`", "nothing was written"]);
    assert_eq!(place.bytes("m"), before);
}

#[test]
fn how_much_is_rehearsed_is_that_of_creation() {
    let place = Place::new();
    place.file("rows.csv", product(0, 1100));
    place.glam("write m rows.csv --targets last:1 --rehearse 2").succeeds();
    let config = Memory::open_read_only(place.path("m")).unwrap().config().clone();
    assert_eq!(config.rehearse(), Rehearse::Fixed(2));
    let run = place.glam("inspect m").succeeds();
    assert!(run.out.contains("2 earlier rows a write\n"), "{}", run.out);
    let before = place.bytes("m");
    for other in ["auto", "3"] {
        place
            .glam(&format!("write m rows.csv --targets last:1 --rehearse {other}"))
            .fails(1, &["m: ", "--rehearse 2", "counts at creation only", "nothing was written"]);
    }
    assert_eq!(place.bytes("m"), before);
    let word = place.glam("write n rows.csv --targets last:1 --rehearse lots");
    assert!(word.status == Some(2) && word.err.contains("auto or a number"), "{}", word.err);
}

#[test]
fn bounds_out_of_range_are_the_command_lines_fault() {
    let place = Place::new();
    place.file("rows.csv", product(0, 10));
    for (option, words) in [
        ("--max-bytes 0", "at least 65536 bytes"),
        ("--max-bytes 63K", "at least 65536 bytes"),
        ("--window 0", "2.."),
        ("--window 1", "2.."),
    ] {
        let run = place.glam(&format!("write m rows.csv --targets last:1 {option}"));
        assert!(run.status == Some(2) && run.err.contains(words), "{}", run.err);
        assert!(!run.err.contains("rows.csv") && !place.path("m").exists(), "{}", run.err);
    }
}

#[test]
fn the_bounds_are_those_of_creation() {
    let place = Place::new();
    place.file("rows.csv", product(0, 1500));
    let bounds = "write m rows.csv --targets last:1 --max-bytes 256K --window 500";
    place.glam(bounds).succeeds();
    let config = Memory::open_read_only(place.path("m")).unwrap().config().clone();
    assert_eq!((config.max_bytes(), config.window()), (Some(1 << 18), Some(500)));
    place.glam(bounds).succeeds();
    place.glam("write m rows.csv --targets last:1").succeeds();
    let run = place.glam("inspect m").succeeds();
    assert!(run.out.contains("262,144") && run.out.contains("evictions"), "{}", run.out);
    assert!(run.out.contains("forgets over 500 writes"), "{}", run.out);
    let before = place.bytes("m");
    for (option, made) in [("--max-bytes 1M", "--max-bytes 262144"), ("--window 9", "--window 500")]
    {
        place
            .glam(&format!("write m rows.csv --targets last:1 {option}"))
            .fails(1, &["m: ", made, "counts at creation only", "nothing was written"]);
    }
    assert_eq!(place.bytes("m"), before);
    let unit = place.glam("write n rows.csv --targets last:1 --max-bytes 1X");
    assert!(unit.status == Some(2) && unit.err.contains("64M"), "{}", unit.err);
}

#[test]
fn labels_are_learned_counted_and_recalled() {
    let place = Place::new();
    let label = |line: &str| {
        let (rest, product) = line.rsplit_once(',').unwrap();
        let sign = if product.starts_with('-') { "over, under" } else { "\u{e9}qual" };
        format!("{rest},\"{sign}\"\n")
    };
    let rows: String = product(0, 1500).lines().map(label).collect();
    place.file("rows.csv", &rows);
    let run = place.glam("write m rows.csv --targets last:1 --labels").succeeds();
    assert!(run.err.contains("prequential accuracy 9"), "{}", run.err);
    place.file("cues.csv", "1.5,1.5\n-1.5,1.5\n");
    let run = place.glam("read m cues.csv").succeeds();
    let labels: Vec<&str> = run.out.lines().map(|line| line.rsplit_once(',').unwrap().0).collect();
    assert_eq!(labels, ["label", "\u{e9}qual", "\"over, under\""]);
}

#[test]
fn a_second_writer_is_told_who_is_writing() {
    let place = Place::with_memory(20);
    let before = place.bytes("m");
    let writer = Memory::open(place.path("m")).unwrap();
    let pid = format!("process {}", std::process::id());
    place
        .glam("write m rows.csv --targets last:1")
        .fails(1, &["m/LOCK", &pid, "nothing was written"]);
    place.glam("read m rows.csv").succeeds();
    writer.close().unwrap();
    let mut after = place.bytes("m");
    after.insert("LOCK".to_owned(), before["LOCK"].clone());
    assert_eq!(after, before);
    place.glam("write m rows.csv --targets last:1").succeeds();
}
