//! The programs that measure files, at small sizes: they run to their end and check their answers. What
//! they print of time is of no account here.

#![expect(clippy::expect_used, reason = "a helper of tests may fail as a test may")]

use std::process::Command;

/// Runs a program and gives the lines that it prints.
fn run(program: &str, arguments: &[&str]) -> Vec<String> {
    let output = Command::new(program).args(arguments).output().expect("the program starts");
    let printed = String::from_utf8_lossy(&output.stdout).into_owned();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{program} {arguments:?}:\n{printed}{said}");
    printed.lines().map(str::to_owned).collect()
}

/// The words of the lines that begin with `start` and have a number as word `at`.
fn rows(lines: &[String], start: &str, at: usize) -> Vec<Vec<String>> {
    let rows = lines.iter().filter(|line| line.starts_with(start));
    let rows = rows.map(|line| line.split_whitespace().map(str::to_owned).collect::<Vec<_>>());
    rows.filter(|row| row.get(at).is_some_and(|word| word.parse::<f64>().is_ok())).collect()
}

#[test]
fn durable_stores_give_back_what_was_written() {
    let arguments = ["--shapes", "3x2,5x0", "--block", "3", "--rounds", "2"];
    let threads = ["--threads", "1,3", "--thread-rounds", "2", "--thread-block", "7"];
    let temporary = tempfile::tempdir().expect("a directory");
    let dir = ["--dir", temporary.path().to_str().expect("a name in UTF-8")];
    let lines = run(env!("CARGO_BIN_EXE_durable"), &[&arguments[..], &threads, &dir].concat());
    for shape in ["3x2", "5x0"] {
        let of_shape: Vec<_> = lines.iter().filter(|line| line.starts_with(shape)).collect();
        let opened = of_shape.iter().filter(|line| line.ends_with("to the bit")).count();
        assert_eq!(opened, 1, "{lines:?}");
        for store in ["file, growing", "file, zeros", "GLAM, learning", "redb", "LMDB", "fjall"] {
            // Once alone, once for each number of threads.
            let rows = of_shape.iter().filter(|line| line.contains(store)).count();
            assert_eq!(rows, 3, "{store}: {lines:?}");
        }
        assert_eq!(of_shape.iter().filter(|line| line.contains("GLAM, log alone")).count(), 1);
    }
    // Nothing is left behind.
    assert_eq!(temporary.path().read_dir().expect("the directory").count(), 0);
}

#[test]
fn memories_of_two_sizes_are_opened_and_read() {
    let arguments = ["--parts", "sizes", "--tables", "2", "--views", "3,20", "--rows", "150"];
    let more = ["--most", "120", "--rounds", "1"];
    let lines = run(env!("CARGO_BIN_EXE_opening"), &[&arguments[..], &more].concat());
    let made = [rows(&lines, "small", 1), rows(&lines, "large", 1)];
    let bytes = |rows: &[Vec<String>]| rows[0][5].parse::<f64>().expect("bytes a key");
    assert!(bytes(&made[1]) > 3.0 * bytes(&made[0]), "{lines:?}");
    // Each is opened in three ways, with its pages in and out.
    assert_eq!(rows(&lines, "reading", 4).len() + rows(&lines, "writing", 4).len(), 6, "{lines:?}");
    for name in ["small", "large"] {
        let reads =
            rows(&lines, name, 2).into_iter().filter(|row| row[1] == "in" || row[1] == "out");
        let counts: Vec<String> = reads.map(|row| row[2].clone()).collect();
        assert_eq!(counts, ["1", "100", "120", "1", "100", "120"], "{lines:?}");
    }
}

#[test]
fn a_log_is_replayed_and_a_reader_refreshed_to_the_bit() {
    let arguments = ["--parts", "replay,refresh", "--most", "300", "--rounds", "1"];
    let lines = run(env!("CARGO_BIN_EXE_opening"), &arguments);
    let equal = lines.iter().filter(|line| line.ends_with("equal to the bit")).count();
    // One replay; a refresh by one row, by a thousand, and to a new checkpoint.
    assert_eq!(equal, 4, "{lines:?}");
}

#[test]
fn a_checkpoint_of_few_changes_is_smaller_than_a_full_one() {
    let arguments = ["--parts", "checkpoints", "--most", "100", "--rounds", "1"];
    let lines = run(env!("CARGO_BIN_EXE_opening"), &arguments);
    let changed = rows(&lines, "changed", 3);
    let full = rows(&lines, "full", 3);
    let writes: Vec<&str> = changed.iter().map(|row| row[1].as_str()).collect();
    assert_eq!((writes, full.len()), (vec!["1", "100"], 1), "{lines:?}");
    let bytes = |row: &[String]| row[3].parse::<u64>().expect("bytes");
    assert!(bytes(&changed[0]) < bytes(&full[0]), "{lines:?}");
}

#[test]
fn a_wrong_shape_is_said_to_be_one() {
    let output = Command::new(env!("CARGO_BIN_EXE_durable")).args(["--shapes", "18"]).output();
    let output = output.expect("the program starts");
    assert!(!output.status.success());
    assert!(String::from_utf8_lossy(&output.stderr).contains("`18`"), "{output:?}");
}
