//! How well a memory with its default settings recalls what it was never shown.
//!
//! ```text
//! cargo run --release -p glam-benches --bin accuracy [-- --sets kin8nm,robot_arm] [--splits 3]
//! ```
//!
//! Each set is written once, row by row in its stored order, into a memory in files; the test rows
//! are read, the memory is closed, opened again for reading, and read once more, which must give the same
//! bits. UCI sets use the stored splits 0, 1, ..., and the mean is printed.

use std::error::Error;
use std::process::ExitCode;
use std::time::Instant;

use clap::Parser;
use glam_benches::data::{
    Banking77Order, DataError, Dataset, SET_NAMES, Targets, UCI_NAMES, by_name,
};
use glam_benches::metrics::{accuracy, largest, mean_nmse, rmse};
use glam_memory::Memory;
use ndarray::{Array2, ArrayView2};

/// Measure the accuracy of a memory with its default settings on the stored data sets.
#[derive(Parser)]
struct Arguments {
    /// The sets, by name; every one with test rows unless told otherwise.
    #[arg(long, value_delimiter = ',', value_name = "NAME,NAME")]
    sets: Vec<String>,
    /// How many of the stored splits of each UCI set to average over.
    #[arg(long, default_value_t = 3, value_name = "N")]
    splits: usize,
    /// The memory's seed.
    #[arg(long, default_value_t = 1, value_name = "N")]
    seed: u64,
}

fn main() -> ExitCode {
    match run(&Arguments::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("accuracy: {error}");
            ExitCode::from(1)
        }
    }
}

/// Sets whose rows are a stream: judged by predicting each row before it is learned, not here.
const STREAMS: [&str; 2] = ["elec2", "weather"];

fn run(arguments: &Arguments) -> Result<(), Box<dyn Error>> {
    let all = SET_NAMES.into_iter().filter(|name| !STREAMS.contains(name)).map(str::to_owned);
    let sets = if arguments.sets.is_empty() { all.collect() } else { arguments.sets.clone() };
    println!(
        "{:<19} {:>6} {:>6} {:>5} {:>9} {:>8} {:>10} {:>9} {:>8}  reopened",
        "set", "splits", "rows", "in", "measure", "recalled", "writes/s", "reads/s", "MB"
    );
    for name in &sets {
        let has_splits = UCI_NAMES.contains(&name.as_str());
        let splits = if has_splits { arguments.splits } else { 1 };
        let mut runs = Vec::new();
        for split in 0..splits {
            match by_name(name, split, Banking77Order::Shuffled { seed: 1 }) {
                Ok(set) => runs.push(measure(&set, arguments.seed)?),
                Err(error @ DataError::Missing { .. }) => println!("{name:<19} skipped: {error}"),
                Err(error) => return Err(error.into()),
            }
        }
        let Some(last) = runs.last() else { continue };
        let mean = |value: fn(&Run) -> f64| runs.iter().map(value).sum::<f64>() / runs.len() as f64;
        println!(
            "{name:<19} {:>6} {:>6} {:>5} {:>9} {:>8.4} {:>10.0} {:>9.0} {:>8.1}  equal bits",
            runs.len(),
            last.rows,
            last.inputs,
            last.measure,
            mean(|run| run.recalled),
            mean(|run| run.writes_per_second),
            mean(|run| run.reads_per_second),
            mean(|run| run.megabytes),
        );
    }
    Ok(())
}

/// What one pass over one set gave.
struct Run {
    rows: usize,
    inputs: usize,
    measure: &'static str,
    recalled: f64,
    writes_per_second: f64,
    reads_per_second: f64,
    megabytes: f64,
}

fn measure(set: &Dataset, seed: u64) -> Result<Run, Box<dyn Error>> {
    let temporary = tempfile::tempdir()?;
    let directory = temporary.path().join("memory");
    let (rows, inputs) = set.train_x.dim();
    let builder = Memory::builder(inputs).seed(seed);
    let memory = match &set.train_y {
        Targets::Values(values) => builder.targets(values.ncols()),
        Targets::Labels { .. } => builder.labels(),
    }
    .create(&directory)?;

    let started = Instant::now();
    write(&memory, set)?;
    let write_seconds = started.elapsed().as_secs_f64();
    let started = Instant::now();
    let recalled = read(&memory, set.test_x.view())?;
    let read_seconds = started.elapsed().as_secs_f64();

    let report = memory.inspect()?.report;
    let labels = memory.labels();
    memory.close()?;
    let again = read(&Memory::open_read_only(&directory)?, set.test_x.view())?;
    if recalled.iter().zip(&again).any(|(one, two)| one.to_bits() != two.to_bits()) {
        return Err(format!("{}: the reopened memory recalls other bits", set.name).into());
    }

    let (measure, recalled) = match &set.test_y {
        Targets::Values(truth) if truth.ncols() == 1 => {
            ("RMSE", rmse(recalled.view(), truth.view()))
        }
        Targets::Values(truth) => ("nMSE", mean_nmse(recalled.view(), truth.view())),
        Targets::Labels { labels: truth, names } => {
            let position = |name: &String| names.iter().position(|known| known == name);
            let classes: Option<Vec<usize>> = labels.iter().map(position).collect();
            let classes = classes.ok_or("the memory holds a label that the set has not")?;
            let found = largest(recalled.view());
            let found: Vec<u32> = found.iter().map(|&k| classes[k as usize] as u32).collect();
            ("accuracy", accuracy(&found, truth))
        }
    };
    Ok(Run {
        rows,
        inputs,
        measure,
        recalled,
        writes_per_second: rows as f64 / write_seconds,
        reads_per_second: set.test_x.nrows() as f64 / read_seconds,
        megabytes: (report.weight_bytes + report.covariance_bytes + report.table_bytes) as f64
            / 1e6,
    })
}

/// Writes the training rows one by one, in order.
fn write(memory: &Memory, set: &Dataset) -> Result<(), Box<dyn Error>> {
    for (row, x) in set.train_x.rows().into_iter().enumerate() {
        let x = x.as_slice().ok_or("the inputs are not in row order")?;
        match &set.train_y {
            Targets::Values(values) => {
                let y = values.row(row);
                memory.write(x, y.as_slice().ok_or("the targets are not in row order")?)?;
            }
            Targets::Labels { labels, names } => {
                memory.write(x, &names[labels[row] as usize])?;
            }
        }
    }
    Ok(())
}

/// Reads cue after cue, as a program would that gets them one at a time.
fn read(memory: &Memory, x: ArrayView2<'_, f32>) -> Result<Array2<f32>, Box<dyn Error>> {
    let mut out = Array2::zeros((x.nrows(), memory.outputs()));
    for (x, mut out) in x.rows().into_iter().zip(out.rows_mut()) {
        let x = x.as_slice().ok_or("the inputs are not in row order")?;
        memory.read_into(x, out.as_slice_mut().ok_or("the outputs are not in row order")?)?;
    }
    Ok(out)
}
