//! `glam forget`: as if rows had never been written.

use crate::place::{Place, product};

/// Rows of [`product`] without those at these line numbers, counted from 1.
fn without(rows: usize, lines: &[usize]) -> String {
    let all = product(0, rows);
    let kept = all.lines().enumerate().filter(|(line, _)| !lines.contains(&(line + 1)));
    kept.map(|(_, line)| format!("{line}\n")).collect()
}

#[test]
fn answers_are_those_of_a_memory_that_was_never_given_the_rows() {
    let place = Place::with_memory(300);
    let run = place.glam("forget m 17 3 17 300").succeeds();
    assert_eq!(run.err, "");
    let start = "m: forgot 3 rows (3, 17, 300); 297 rows are left, learned anew in ";
    assert!(run.out.starts_with(start) && run.out.ends_with(" s\n"), "{}", run.out);
    place.glam("verify m").succeeds();
    place.file("rest.csv", format!("a,b,y\n{}", without(300, &[3, 17, 300])));
    place.glam("write rest rest.csv --targets y").succeeds();
    let read = |memory: &str| place.glam(&format!("read {memory} rows.csv --std")).succeeds().out;
    assert_eq!(read("m"), read("rest"));
    // The numbers of the others stay, and what is written later goes on behind them.
    place.glam("forget m 18").succeeds();
    place.glam("write m rows.csv --targets y").succeeds();
    let run = place.glam("forget m 301").succeeds();
    assert!(run.out.starts_with("m: forgot 1 row (301); 595 rows are left"), "{}", run.out);
}

#[test]
fn numbers_that_are_not_there_are_refused_and_nothing_is_forgotten() {
    let place = Place::with_memory(20);
    place.glam("forget m 5").succeeds();
    let before = place.bytes("m");
    for (numbers, part) in [
        ("21", "no observation 21; the history holds 1 to 20"),
        ("0", "no observation 0"),
        ("1 2 21", "no observation 21"),
        ("4 5", "observation 5 is erased already"),
    ] {
        place.glam(&format!("forget m {numbers}")).fails(1, &[part]);
        let mut after = place.bytes("m");
        after.insert("LOCK".to_owned(), before["LOCK"].clone());
        assert_eq!(after, before, "{numbers}");
    }
    for line in ["forget m", "forget", "forget m -1", "forget m one", "forget m 1.5"] {
        assert_eq!(place.glam(line).status, Some(2), "{line}");
    }
    assert!(place.glam("forget m one").err.contains("whole numbers"));
    place.glam("forget none 1").fails(1, &["none: there is no such directory"]);
    assert_eq!(place.glam("read m rows.csv").succeeds().out.lines().count(), 21);
}

#[test]
fn the_last_row_can_be_forgotten_too() {
    let place = Place::with_memory(1);
    let run = place.glam("forget m 1").succeeds();
    assert!(run.out.starts_with("m: forgot 1 row (1); 0 rows are left"), "{}", run.out);
    place.glam("write m rows.csv --targets y").succeeds();
    place.glam("read m rows.csv").succeeds();
}

#[test]
fn what_is_rebuilt_are_the_rows_that_are_left() {
    let place = Place::with_memory(20);
    place.glam("forget m 3 7").succeeds();
    let run = place.glam("rebuild m").succeeds();
    assert_eq!(run.out, "m: rebuilt from 18 observations\n");
}
