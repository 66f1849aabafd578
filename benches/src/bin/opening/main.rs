//! What opening a memory costs, and what bounds it: slots, the log, checkpoints.
//!
//! ```text
//! cargo run --release -p glam-benches --no-default-features --bin opening
//! cargo run --release -p glam-benches --no-default-features --bin opening -- --parts sizes --tables 128 --rows 12000
//! ```
//!
//! Four parts. *Sizes*: two memories of nearly as many keys, one with slots about a hundred times as large,
//! written row by row by the library itself, are opened in turns, their pages in memory or not; and page
//! faults of reads. *Replay*: a log without a snapshot is opened in turns with writing the same rows to
//! a model without files; both must be equal to the bit. *Checkpoints*: bytes and seconds of one after
//! more and more writes beside writing every slot, with reads on another thread. *Refresh*: a reader goes on
//! to what a writer has handed over, beside opening anew.

mod checkpoints;
mod replay;
mod sizes;

use std::error::Error;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, ValueEnum};
use glam_benches::program::{ended, print_command};
use tempfile::TempDir;

/// Measure opening, replaying, checkpoints and refreshing.
#[derive(Parser)]
struct Arguments {
    /// What to measure.
    #[arg(long, value_enum, value_delimiter = ',', value_name = "PART")]
    #[arg(default_values_t = [Part::Sizes, Part::Replay, Part::Checkpoints, Part::Refresh])]
    parts: Vec<Part>,
    /// Sizes: tables of both memories, each of at most 1,024 slots.
    #[arg(long, default_value_t = 16, value_name = "N")]
    #[arg(value_parser = clap::value_parser!(u16).range(1..=4096))]
    tables: u16,
    /// Sizes: inputs of a view of the small memory and of the large one, at most 256.
    #[arg(long, value_delimiter = ',', value_name = "N,N", default_value = "14,190")]
    #[arg(value_parser = clap::value_parser!(u16).range(1..=256))]
    views: Vec<u16>,
    /// Sizes: rows written to each.
    #[arg(long, default_value_t = 6000, value_name = "N")]
    #[arg(value_parser = clap::value_parser!(u32).range(100..))]
    rows: u32,
    /// Sizes: reads, at most; replay, checkpoints and refresh: rows of the log, and writes at most.
    #[arg(long, default_value_t = 10_000, value_name = "N")]
    #[arg(value_parser = clap::value_parser!(u32).range(1..=40_000))]
    most: u32,
    /// Turns.
    #[arg(long, default_value_t = 9, value_name = "N")]
    #[arg(value_parser = clap::value_parser!(u32).range(1..))]
    rounds: u32,
    /// Where to write; a directory is made in it, and removed at the end [default: the system's
    /// directory for temporary files].
    #[arg(long, value_name = "DIR")]
    dir: Option<PathBuf>,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Part {
    Sizes,
    Replay,
    Checkpoints,
    Refresh,
}

impl Arguments {
    fn directory(&self) -> std::io::Result<TempDir> {
        self.dir.as_ref().map_or_else(tempfile::tempdir, tempfile::tempdir_in)
    }
}

/// A row.
type Pair = (Vec<f32>, Vec<f32>);

fn main() -> ExitCode {
    ended("opening", run(&Arguments::parse()))
}

fn run(arguments: &Arguments) -> Result<(), Box<dyn Error>> {
    print_command("opening");
    for part in &arguments.parts {
        match part {
            Part::Sizes => sizes::measure(arguments)?,
            Part::Replay => replay::measure(arguments)?,
            Part::Checkpoints => checkpoints::measure(arguments)?,
            Part::Refresh => replay::refresh(arguments)?,
        }
    }
    Ok(())
}
