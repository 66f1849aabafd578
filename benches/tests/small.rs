//! The measuring programs at small sizes: they run to their end and check their answers. What they
//! print of time is of no account here.

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

/// The words of the lines that begin with `start`.
fn rows(lines: &[String], start: &str) -> Vec<Vec<String>> {
    let words = |line: &String| line.split_whitespace().map(str::to_owned).collect();
    lines.iter().filter(|line| line.starts_with(start)).map(words).collect()
}

#[test]
fn floors_of_small_shapes() {
    let arguments = ["--shapes", "3x1x8x3,30x9x8x4", "--rows", "1100", "--cues", "30"];
    let lines = run(env!("CARGO_BIN_EXE_floors"), &[&arguments[..], &["--rounds", "1"]].concat());
    assert!(lines[0].ends_with("--shapes 3x1x8x3,30x9x8x4 --rows 1100 --cues 30 --rounds 1"));
    for (shape, active) in [("3x1x8x3", 9.0), ("30x9x8x4", 8.0)] {
        let rows = rows(&lines, shape);
        assert_eq!(rows.len(), 2, "{lines:?}");
        for row in rows {
            // Narrow memories have a root beside their tables; rarely is a slot missing.
            let found: f64 = row[2].parse().expect("active slots");
            assert!(found > 0.7 * active && found <= active, "{row:?}");
            assert!(row[9].parse::<f64>().expect("a ratio") > 0.0);
        }
    }
}

#[test]
fn layouts_touch_what_they_should() {
    let arguments = ["--rows", "1100", "--cues", "30", "--rounds", "1"];
    let lines = run(env!("CARGO_BIN_EXE_layouts"), &arguments);
    for shape in ["18x6x128x8", "784x10x128x8", "384x77x128x4", "8x1x128x8"] {
        let rows = rows(&lines, shape);
        assert_eq!(rows.len(), 5, "{lines:?}");
        // Close is never larger than apart, square never smaller.
        let megabytes = |row: &[String]| row[row.len() - 3].parse::<f64>().expect("megabytes");
        assert!(megabytes(&rows[1]) <= megabytes(&rows[0]), "{rows:?}");
        assert!(megabytes(&rows[4]) >= megabytes(&rows[0]), "{rows:?}");
    }
}

#[test]
fn threads_give_equal_bits() {
    let arguments = ["--rows", "300", "--consolidated", "40", "--cues", "70", "--rounds", "1"];
    let lines =
        run(env!("CARGO_BIN_EXE_threads"), &[&arguments[..], &["--threads", "2,3"]].concat());
    let equal = lines.iter().filter(|line| line.ends_with("equal to the bit")).count();
    // Three shapes are read, one is consolidated.
    assert_eq!(equal, 2 * 4, "{lines:?}");
}

#[test]
fn a_growing_memory_does_not_get_worse() {
    let lines = run(env!("CARGO_BIN_EXE_growth"), &["--writes", "10000", "--cues", "300"]);
    for shape in ["8x1", "40x4"] {
        let rows = rows(&lines, shape);
        assert_eq!(rows.iter().map(|row| row[1].as_str()).collect::<Vec<_>>(), ["1000", "10000"]);
        let slots = |row: &[String]| row[5].parse::<u64>().expect("a number of slots");
        assert!(slots(&rows[0]) > 1000 && slots(&rows[1]) >= slots(&rows[0]), "{rows:?}");
    }
}

#[test]
fn nets_are_their_tables() {
    let arguments = ["--widths", "9", "--depths", "1,2", "--inputs", "3,18", "--cues", "40"];
    let lines = run(env!("CARGO_BIN_EXE_nets"), &[&arguments[..], &["--rounds", "1"]].concat());
    for row in rows(&lines, "4-64-64-64-10 ") {
        // What is not stored is not compared; no cue's class is another.
        assert_eq!((row[3].as_str(), row[4].as_str(), row[7].as_str()), ("40", "40", "0"));
        let part: f64 = row[6].parse().expect("a part of the bound");
        assert!(part > 0.0 && part <= 1.0, "{row:?}");
    }
    assert_eq!(rows(&lines, "4-64-64-64-10 ").len(), 6, "{lines:?}");
    for (net, streams) in [("3-9-9-10 ", 3), ("18-9-10 ", 4)] {
        let rows = rows(&lines, net);
        assert_eq!(rows.len(), streams, "{lines:?}");
        for row in rows {
            let hits = [&row[5], &row[10]].map(|hits| hits.parse::<f64>().expect("percent"));
            // Cues that come again are all found, of others not the first.
            assert!(hits.iter().all(|&hits| (hits == 100.0) == (row[1] == "again")), "{row:?}");
        }
    }
    let equal = lines.iter().filter(|line| line.ends_with(" equal")).count();
    assert_eq!(equal, 3 * 4, "{lines:?}");
}

#[test]
fn a_wrong_shape_is_said_to_be_one() {
    for (program, arguments) in [
        (env!("CARGO_BIN_EXE_floors"), ["--shapes", "3x1x8"]),
        (env!("CARGO_BIN_EXE_growth"), ["--shapes", "3x"]),
    ] {
        let output = Command::new(program).args(arguments).output().expect("the program starts");
        assert!(!output.status.success());
        assert!(String::from_utf8_lossy(&output.stderr).contains(arguments[1]), "{output:?}");
    }
}
