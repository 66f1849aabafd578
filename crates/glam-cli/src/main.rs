//! The `glam` command: rows of CSV into a memory, and out of it.
//!
//! # What a cell may hold
//!
//! Spaces around a cell do not matter. In `write`, `read` and `score` alike:
//!
//! - **Missing.** An empty cell, NA, N/A, NaN, null, none and ?, in any case. A missing input is NaN to
//!   the library, which takes the column's mean for it. A missing target is not known: it teaches
//!   nothing. A row without any known target is refused by `write` and skipped by `score`. Every
//!   command says how many cells were missing, and in which columns.
//! - **Numbers**, with a decimal point and no separators, that an `f32` can hold.
//! - **Categories.** A column of the first file that holds other text in any cell is categorical, and
//!   its numbers are text too. Its first 64 values have an input each, all others share 8 by their
//!   hash; a missing category is NaN in all of them. A column that held numbers in the first file
//!   takes no text later.
//! - **Labels**, in the target column of `--labels`: any text that is not empty.
//! - **Weights**, in the column of `--weights`: a number from 1e-6 to 1e6.
//! - **Dates and times** are refused, unless `--ignore` leaves the column out.
//!
//! What the columns of the first file are is kept in the file `COLUMNS` beside the memory.

mod args;
mod bytes;
mod cell;
mod cmd;
mod columns;
mod date;
mod encoding;
mod error;
mod header;
mod index;
mod interrupt;
mod known;
mod layout;
mod lines;
mod message;
mod number;
mod picked;
mod picks;
mod prequential;
mod progress;
mod rows;
mod source;
mod survey;
mod table;
mod tally;

use std::process::ExitCode;

use clap::Parser;

use args::{Args, Command};

fn main() -> ExitCode {
    let args = Args::parse();
    let done = match args.command {
        Command::Write(args) => cmd::write::run(&args),
        Command::Read(args) => cmd::read::run(&args),
        Command::Score(args) => cmd::score::run(&args),
        Command::Consolidate(args) => cmd::consolidate::run(&args),
        Command::Regate(args) => cmd::consolidate::run_regate(&args),
        Command::Inspect(args) => cmd::inspect::run(&args),
        Command::Verify(args) => cmd::verify::run(&args),
        Command::Rebuild(args) => cmd::rebuild::run(&args),
        Command::Repair(args) => cmd::repair::run(&args),
        Command::Backup(args) => cmd::backup::run(&args),
        Command::Compact(args) => cmd::compact::run(&args),
        Command::Forget(args) => cmd::forget::run(&args),
        Command::ForgetHistory(args) => cmd::forget_history::run(&args),
        Command::ImportNet(args) => cmd::import_net::run(&args),
        Command::Net(args) => cmd::net::run(&args),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            if !error.is_silent() {
                message::say(&error.to_string());
            }
            error.exit_code()
        }
    }
}
