//! The `glam` command: rows of CSV into a memory, and out of it.

mod args;
mod bytes;
mod cmd;
mod columns;
mod error;
mod interrupt;
mod known;
mod layout;
mod lines;
mod message;
mod number;
mod prequential;
mod progress;
mod rows;
mod source;
mod table;
mod targets;

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
