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
use std::process::ExitCode;

use clap::Parser;
use glam_benches::command::{number_after, number_before, printed};
use glam_benches::data::{Dataset, Targets, uci};
use glam_benches::metrics::rmse;
use glam_benches::program::{ended, print_command};
use glam_benches::timing::{median, seconds};
use glam_memory::{Family, Flow, Memory, Options};
use ndarray::{Array2, Axis};

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
    #[arg(value_parser = clap::value_parser!(u32).range(1..))]
    rounds: u32,
}

fn main() -> ExitCode {
    ended("solving", run(&Arguments::parse()))
}

fn run(arguments: &Arguments) -> Result<(), Box<dyn Error>> {
    print_command("solving");
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
    let data = uci(set, 0)?;
    let Targets::Values(truth) = &data.test_y else {
        return Err(format!("{set} has no numbers to learn").into());
    };
    for _ in 0..arguments.rounds {
        let mut reads = Vec::new();
        for threads in [1, 2] {
            let (seconds, read) = regate(&data, threads)?;
            times[threads - 1].push(seconds);
            errors[threads - 1] = rmse(read.view(), truth.view());
            reads.push(read);
        }
        if reads[0].iter().zip(&reads[1]).any(|(one, two)| one.to_bits() != two.to_bits()) {
            return Err(format!("{set}: two threads recall other bits than one").into());
        }
        // A tenth of what the mean leaves would be learned by anything that works.
        let spread = truth.std_axis(Axis(0), 0.0);
        if errors[0] > 0.9 * f64::from(spread.mean().unwrap_or(0.0)) {
            return Err(format!("{set}: nothing was learned, RMSE {}", errors[0]).into());
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

/// Seconds on so many threads, and what the memory then recalls at the test rows.
fn regate(set: &Dataset, threads: usize) -> Result<(f64, Array2<f32>), Box<dyn Error>> {
    let train = set.train_y.to_values();
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
    Ok((taken, memory.read_batch(set.test_x.view())?))
}

/// The seconds and the error that the peer prints.
fn peer(command: &str) -> Result<(f64, f64), Box<dyn Error>> {
    let printed = printed(command)?;
    let line = printed.lines().last().unwrap_or_default();
    let seconds = number_before(line.rsplit(' ').next().unwrap_or_default(), "s");
    match (seconds, number_after(line, "test")) {
        (Some(seconds), Some(error)) => Ok((seconds, error)),
        _ => Err(format!("`{command}` printed no `test E ... Ns`: {printed}").into()),
    }
}
