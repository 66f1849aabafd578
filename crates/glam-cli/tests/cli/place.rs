//! A directory for one test, the command in it, and what it printed.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use tempfile::TempDir;

/// A fresh directory; the command runs in it, so that paths are plain names.
pub struct Place(TempDir);

impl Place {
    pub fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    pub fn file(&self, name: &str, content: impl AsRef<[u8]>) {
        fs::write(self.path(name), content).unwrap();
    }

    pub fn exists(&self, name: &str) -> bool {
        self.path(name).exists()
    }

    /// The command, not started yet.
    pub fn command(&self, line: &str) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_glam"));
        command.args(line.split_whitespace()).current_dir(self.0.path()).stdin(Stdio::null());
        command
    }

    /// Runs `glam` with the words of `line`.
    pub fn glam(&self, line: &str) -> Run {
        Run::of(line, self.command(line).output().unwrap())
    }

    /// Runs `glam` with `input` as its standard input.
    pub fn glam_fed(&self, line: &str, input: impl AsRef<[u8]>) -> Run {
        let mut command = self.command(line);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        // The command may end without reading everything; inputs here fit into a pipe.
        let _ = child.stdin.take().unwrap().write_all(input.as_ref());
        Run::of(line, child.wait_with_output().unwrap())
    }

    /// A memory that learned `rows` rows of [`product`], with the inputs a and b and the target y.
    pub fn with_memory(rows: usize) -> Self {
        let place = Self::new();
        place.file("rows.csv", format!("a,b,y\n{}", product(0, rows)));
        place.glam("write m rows.csv --targets y").succeeds();
        place
    }

    /// Every file of a memory and its bytes.
    pub fn bytes(&self, memory: &str) -> BTreeMap<String, Vec<u8>> {
        files_in(&self.path(memory))
    }
}

pub fn files_in(directory: &Path) -> BTreeMap<String, Vec<u8>> {
    let entries = fs::read_dir(directory).unwrap().map(|entry| entry.unwrap());
    entries
        .map(|entry| {
            let name = entry.file_name().into_string().unwrap();
            (name, fs::read(entry.path()).unwrap())
        })
        .collect()
}

/// What a run of the command gave.
pub struct Run {
    line: String,
    pub status: Option<i32>,
    pub out: String,
    pub err: String,
}

impl Run {
    pub fn of(line: &str, output: Output) -> Self {
        Self {
            line: line.to_owned(),
            status: output.status.code(),
            out: String::from_utf8(output.stdout).unwrap(),
            err: String::from_utf8(output.stderr).unwrap(),
        }
    }

    /// Exit status 0.
    #[track_caller]
    pub fn succeeds(self) -> Self {
        assert_eq!(self.status, Some(0), "glam {}: {}", self.line, self.err);
        self
    }

    /// This exit status, and one line on standard error that holds all of `parts`.
    #[track_caller]
    pub fn fails(self, status: i32, parts: &[&str]) -> Self {
        let Self { line, err, .. } = &self;
        assert_eq!(self.status, Some(status), "glam {line}: {err}");
        assert!(err.starts_with("glam: ") && err.ends_with('\n'), "glam {line}: {err:?}");
        assert_eq!(err.lines().count(), 1, "glam {line}: {err}");
        for part in parts {
            assert!(err.contains(part), "glam {line}: no {part:?} in {err}");
        }
        self
    }

    /// The numbers of standard output below its header.
    pub fn numbers(&self) -> Vec<Vec<f64>> {
        let numbers = |line: &str| line.split(',').map(|field| field.parse().unwrap()).collect();
        self.out.lines().skip(1).map(numbers).collect()
    }
}

/// Rows of a, b and a * b, all between -2 and 2; row `i` is the same whatever the range.
pub fn product(from: usize, to: usize) -> String {
    let mut text = String::new();
    for i in from..to {
        let (a, b) = cue(i);
        writeln!(text, "{a},{b},{:.6}", a * b).unwrap();
    }
    text
}

/// The inputs of row `i`: a Weyl sequence, so that rows spread evenly.
pub fn cue(i: usize) -> (f64, f64) {
    let part = |step: f64| {
        let part = (step * (i + 1) as f64).fract();
        ((4.0 * part - 2.0) * 1e5).round() / 1e5
    };
    (part(0.754_877_666_2), part(0.569_840_290_9))
}
