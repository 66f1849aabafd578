//! What drawing gates anew and solving for all maps takes, beside another program at the same work.
//!
//! ```text
//! cargo run --release -p glam-benches --no-default-features --bin solving [-- --peer 'COMMAND']
//! ```
//!
//! A memory of 128 trees of one level, 8, on all inputs learns the training rows of a UCI set, split 0; then
//! its gates are drawn anew by the slopes three times and all maps solved for: at each of the four
//! drawings with several ridge penalties on nine tenths of the rows, stopped where the rest is recalled
//! best, and in the end once over all. On one thread and on two. The peer is any command that prints `test E`
//! and, at the end of its line, `Ns`; `{set}` in it stands for the name of the set.

use std::error::Error;
use std::process::{Command, ExitCode};

use clap::Parser;
use glam_benches::data::{Targets, uci};
use glam_benches::metrics::rmse;
use glam_benches::timing::{median, seconds};
use glam_memory::{Family, Flow, Memory, Options};

/// Measure regating and solving, beside another program in the same run.
#[derive(Parser)]
struct Arguments {
    /// Sets.
    #[arg(long, value_delimiter = ',', value_name = "NAMES", default_value = "yacht,concrete")]
    sets: Vec<String>,
    /// A command that does the same; run by the shell.
    #[arg(long, value_name = "COMMAND")]
    peer: Option<String>,
    /// Turns.
    #[arg(long, default_value_t = 3, value_name = "N")]
    rounds: usize,
}

fn main() -> ExitCode {
    match run(&Arguments::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("solving: {error}");
            ExitCode::from(1)
        }
    }
}

fn run(arguments: &Arguments) -> Result<(), Box<dyn Error>> {
    println!(
        "{:<16} {:<12} {:>10} {:>9} {:>10}",
        "set", "who", "seconds", "test RMSE", "to GLAM, 1"
    );
    for set in &arguments.sets {
        measure(arguments, set)?;
    }
    Ok(())
}

fn measure(arguments: &Arguments, set: &str) -> Result<(), Box<dyn Error>> {
    let mut times = [Vec::new(), Vec::new(), Vec::new()];
    let mut errors = [f64::NAN; 3];
    for _ in 0..arguments.rounds.max(1) {
        for threads in [1, 2] {
            let (seconds, error) = regate(set, threads)?;
            times[threads - 1].push(seconds);
            errors[threads - 1] = error;
        }
        if errors[0].to_bits() != errors[1].to_bits() {
            return Err(format!("{set}: two threads give another error than one").into());
        }
        if let Some(command) = &arguments.peer {
            let (seconds, error) = peer(&command.replace("{set}", set))?;
            times[2].push(seconds);
            errors[2] = error;
        }
    }
    let one = median(&times[0]);
    for ((who, times), error) in ["GLAM, 1", "GLAM, 2", "peer"].iter().zip(&times).zip(errors) {
        if !times.is_empty() {
            let seconds = median(times);
            println!("{set:<16} {who:<12} {seconds:>10.2} {error:>9.4} {:>10.2}", seconds / one);
        }
    }
    Ok(())
}

/// Seconds on so many threads, and the error on test rows.
fn regate(name: &str, threads: usize) -> Result<(f64, f64), Box<dyn Error>> {
    let set = uci(name, 0)?;
    let (Targets::Values(train), Targets::Values(test)) = (&set.train_y, &set.test_y) else {
        return Err(format!("{name} has no numbers to learn").into());
    };
    let temporary = tempfile::tempdir()?;
    let memory = Memory::builder(set.train_x.ncols())
        .targets(train.ncols())
        .tables(128)
        .levels([8])
        .families([Family::Tree { inputs: 0 }])
        .create(temporary.path().join("memory"))?
        .with_threads(threads);
    memory.write_batch(set.train_x.view(), train.view())?;
    let mut result = Ok(());
    let taken = seconds(|| {
        let options = Options { regates: 3, as_it_is: true };
        result = memory.consolidate(options, &|_| Flow::Continue).map(|_| ());
    });
    result?;
    Ok((taken, rmse(memory.read_batch(set.test_x.view())?.view(), test.view())))
}

/// The seconds and the error that the peer prints.
fn peer(command: &str) -> Result<(f64, f64), Box<dyn Error>> {
    let output = Command::new("sh").args(["-c", command]).output()?;
    let printed = String::from_utf8_lossy(&output.stdout);
    let words: Vec<&str> = printed.split_whitespace().collect();
    let error = words.iter().position(|word| *word == "test").and_then(|at| words.get(at + 1));
    let seconds = words.last().and_then(|word| word.strip_suffix('s'));
    match (seconds.map(str::parse), error.map(|error| error.parse())) {
        (Some(Ok(seconds)), Some(Ok(error))) => Ok((seconds, error)),
        _ => {
            let said = String::from_utf8_lossy(&output.stderr);
            Err(format!("`{command}` printed no `test E ... Ns`: {printed}{said}").into())
        }
    }
}
