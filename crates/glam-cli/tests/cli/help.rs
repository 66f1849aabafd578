//! The help.

use crate::place::Place;

#[test]
fn every_help_fits_80_columns_and_shows_how_it_is_used() {
    let place = Place::new();
    for command in [
        "",
        "write ",
        "read ",
        "score ",
        "inspect ",
        "verify ",
        "forget ",
        "net ",
        "net census ",
        "net inspect ",
    ] {
        for flag in ["--help", "-h"] {
            let run = place.glam(&format!("{command}{flag}")).succeeds();
            let longest = run.out.lines().map(|line| line.chars().count()).max().unwrap();
            assert!(longest <= 80, "{longest}: {}", run.out);
            assert!(run.out.contains("Usage: glam"), "{}", run.out);
            assert!(run.err.is_empty());
        }
    }
    let help = place.glam("--help").succeeds().out;
    for part in
        ["write", "read", "score", "inspect", "verify", "forget", "Examples:", "Exit status:"]
    {
        assert!(help.contains(part), "{part}");
    }
    let version = place.glam("--version").succeeds().out;
    assert_eq!(version, format!("glam {}\n", env!("CARGO_PKG_VERSION")));
}

#[test]
fn the_help_says_the_rules_that_data_are_held_to() {
    let place = Place::new();
    let words = |line: &str| -> String {
        let out = place.glam(line).succeeds().out;
        out.split_whitespace().collect::<Vec<_>>().join(" ")
    };
    let write = words("write --help");
    for part in [
        "an empty cell, NA, N/A, NaN, null, none and ?",
        "A row without any known target is refused",
        "Its first 64 values",
        "share 8 inputs by their hash",
        "from 1e-6 to 1e6",
        "--ignore <COLUMNS>",
        "column:N: the one at place N",
    ] {
        assert!(write.contains(part), "{part}: {write}");
    }
    let forget = words("forget --help");
    for part in ["numbered from 1", "row K of the first file has the number K", "Examples:"] {
        assert!(forget.contains(part), "{part}: {forget}");
    }
}
