//! What the measuring programs have in common: the command line that they print, and how they end.

use std::error::Error;
use std::process::ExitCode;

/// Prints the command that runs `program` with the arguments that this process was given.
pub fn print_command(program: &str) {
    print_command_with("", program);
}

/// [`print_command`] of a program that needs `features`, as they are said to cargo.
pub fn print_command_with(features: &str, program: &str) {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let rest = if words.is_empty() { String::new() } else { format!(" -- {}", words.join(" ")) };
    let features = if features.is_empty() { String::new() } else { format!(" {features}") };
    println!(
        "cargo run --release -p glam-benches --no-default-features{features} --bin {program}{rest}\n"
    );
}

/// Success, or what went wrong on the error stream and exit code 1.
#[must_use]
pub fn ended(program: &str, result: Result<(), Box<dyn Error>>) -> ExitCode {
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{program}: {error}");
            ExitCode::from(1)
        }
    }
}
