//! A large file takes no more memory than a small one.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::process::Command;

use crate::place::{Place, Run, cue};

/// Address space that the command may have. A memory of a few hundred rows needs about half.
const LIMIT_KIB: u64 = 64 << 10;
const FILE_BYTES: u64 = 2 * (LIMIT_KIB << 10);
const ROWS: usize = 400;

/// Says so where the address space cannot be limited.
fn skipped() -> bool {
    let skipped = !cfg!(target_os = "linux");
    if skipped {
        eprintln!("skipped: `ulimit -v` limits the address space on Linux only");
    }
    skipped
}

/// `glam` with no more than [`LIMIT_KIB`] of address space, reading `input`.
fn limited(place: &Place, line: &str, input: &str) -> Run {
    let script = format!("ulimit -v {LIMIT_KIB} && exec \"$0\" {line} < {input}");
    let mut command = Command::new("sh");
    command.args(["-c", &script, env!("CARGO_BIN_EXE_glam")]).current_dir(place.path("."));
    Run::of(line, command.output().unwrap())
}

#[test]
fn a_file_larger_than_the_memory_allowed_is_written_read_and_scored() {
    if skipped() {
        return;
    }
    let place = Place::new();
    // Few rows of great length, so that learning them takes no time.
    let mut file = BufWriter::new(File::create(place.path("large.csv")).unwrap());
    let spaces = " ".repeat(FILE_BYTES as usize / ROWS / 2);
    writeln!(file, "a,b,y").unwrap();
    for row in 0..ROWS {
        let (a, b) = cue(row);
        writeln!(file, "{a}{spaces},{spaces}{b},{:.6}", a * b).unwrap();
    }
    file.into_inner().unwrap();
    assert!(std::fs::metadata(place.path("large.csv")).unwrap().len() >= FILE_BYTES);

    let run = limited(&place, "write m large.csv --targets y", "/dev/null").succeeds();
    assert!(run.err.contains("400 rows learned"), "{}", run.err);
    limited(&place, "write piped - --targets y", "large.csv").succeeds();
    let run = limited(&place, "read m large.csv", "/dev/null").succeeds();
    assert_eq!(run.out.lines().count(), ROWS + 1);
    limited(&place, "score m large.csv --targets y --json", "/dev/null").succeeds();
}

#[test]
fn a_line_without_end_is_refused_in_bounded_memory() {
    if skipped() {
        return;
    }
    let place = Place::new();
    let script = format!(
        "ulimit -v {} && exec \"$0\" write m /dev/zero --targets last:1",
        LIMIT_KIB + (192 << 10)
    );
    let mut command = Command::new("sh");
    command.args(["-c", &script, env!("CARGO_BIN_EXE_glam")]).current_dir(place.path("."));
    let run = Run::of("write m /dev/zero", command.output().unwrap());
    run.fails(1, &["/dev/zero, line 1", "longer than 67,108,864 bytes", "nothing was written"]);
    assert!(!place.exists("m"));
}
