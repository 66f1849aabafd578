//! The help.

use crate::place::Place;

#[test]
fn every_help_fits_80_columns_and_shows_how_it_is_used() {
    let place = Place::new();
    for command in ["", "write ", "read ", "score ", "inspect ", "verify "] {
        for flag in ["--help", "-h"] {
            let run = place.glam(&format!("{command}{flag}")).succeeds();
            let longest = run.out.lines().map(|line| line.chars().count()).max().unwrap();
            assert!(longest <= 80, "{longest}: {}", run.out);
            assert!(run.out.contains("Usage: glam"), "{}", run.out);
            assert!(run.err.is_empty());
        }
    }
    let help = place.glam("--help").succeeds().out;
    for part in ["write", "read", "score", "inspect", "verify", "Examples:", "Exit status:"] {
        assert!(help.contains(part), "{part}");
    }
    let version = place.glam("--version").succeeds().out;
    assert_eq!(version, format!("glam {}\n", env!("CARGO_PKG_VERSION")));
}
