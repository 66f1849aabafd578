//! How well a memory with its default settings recalls what it was never shown.
//!
//! ```text
//! cargo run --release -p glam-benches --bin accuracy [-- --sets kin8nm,robot_arm] [--splits 3]
//! cargo run --release -p glam-benches --bin accuracy -- --consolidate [--regates 3]
//! cargo run --release -p glam-benches --bin accuracy -- --sets banking77,fashion_mnist --sorted
//! ```
//!
//! Each set is written once, row by row in its stored order, into a memory in files; the test rows
//! are read, the memory is closed, opened again for reading, and read once more, which must give the same
//! bits. UCI sets use the stored splits 0, 1, ..., and the mean and its standard error are printed.
//! With `--consolidate` the memory is then consolidated and its test rows are read again.

use std::error::Error;
use std::path::Path;
use std::process::ExitCode;
use std::time::Instant;

use clap::Parser;
use glam_benches::data::{
    Banking77Order, DataError, Dataset, SET_NAMES, Targets, UCI_NAMES, by_name,
};
use glam_benches::memories::{builder, in_order, judge, memory_bytes, write_row};
use glam_memory::{Flow, Memory, Options};
use ndarray::{Array2, ArrayView2, Axis};

/// Measure the accuracy of a memory with its default settings on the stored data sets.
#[derive(Parser)]
struct Arguments {
    /// The sets, by name; every one with test rows unless told otherwise.
    #[arg(long, value_delimiter = ',', value_name = "NAME,NAME")]
    sets: Vec<String>,
    /// How many of the stored splits of each UCI set to average over.
    #[arg(long, default_value_t = 3, value_name = "N")]
    splits: usize,
    /// Consolidate after the one pass, and measure again.
    #[arg(long)]
    consolidate: bool,
    /// How often consolidating draws the gates anew.
    #[arg(long, default_value_t = 3, value_name = "N")]
    regates: usize,
    /// Write sets of labels one class after the other.
    #[arg(long)]
    sorted: bool,
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
        "{:<19} {:>6} {:>6} {:>5} {:>9} {:>8} {:>7} {:>10} {:>9} {:>8}  {:>12} {:>7} {:>7}  reopened",
        "set",
        "splits",
        "rows",
        "in",
        "measure",
        "one pass",
        "+-",
        "writes/s",
        "reads/s",
        "MB",
        "consolidated",
        "+-",
        "s"
    );
    for name in &sets {
        let has_splits = UCI_NAMES.contains(&name.as_str());
        let splits = if has_splits { arguments.splits } else { 1 };
        let order = if arguments.sorted {
            Banking77Order::SortedByClass
        } else {
            Banking77Order::Shuffled { seed: 1 }
        };
        let mut runs = Vec::new();
        for split in 0..splits {
            match by_name(name, split, order) {
                Ok(set) => {
                    let set = if arguments.sorted { sorted_by_class(set) } else { set };
                    runs.push(measure(&set, arguments)?);
                }
                Err(error @ DataError::Missing { .. }) => println!("{name:<19} skipped: {error}"),
                Err(error) => return Err(error.into()),
            }
        }
        let Some(last) = runs.last() else { continue };
        let mean = |value: fn(&Run) -> f64| runs.iter().map(value).sum::<f64>() / runs.len() as f64;
        let spread = |values: Vec<f64>| {
            standard_error(&values).map_or("-".to_owned(), |error| format!("{error:.4}"))
        };
        let consolidated: Option<Vec<f64>> = runs.iter().map(|run| run.consolidated).collect();
        let (later, later_spread) = match consolidated {
            Some(values) => {
                let mean = values.iter().sum::<f64>() / values.len() as f64;
                (format!("{mean:.4}"), spread(values))
            }
            None => ("-".to_owned(), "-".to_owned()),
        };
        println!(
            "{name:<19} {:>6} {:>6} {:>5} {:>9} {:>8.4} {:>7} {:>10.0} {:>9.0} {:>8.1}  {later:>12} \
             {later_spread:>7} {:>7.1}  equal bits",
            runs.len(),
            last.rows,
            last.inputs,
            last.measure,
            mean(|run| run.recalled),
            spread(runs.iter().map(|run| run.recalled).collect()),
            mean(|run| run.writes_per_second),
            mean(|run| run.reads_per_second),
            mean(|run| run.megabytes),
            mean(|run| run.consolidate_seconds),
        );
    }
    Ok(())
}

/// The standard error of the mean of several values.
fn standard_error(values: &[f64]) -> Option<f64> {
    let count = values.len() as f64;
    let mean = values.iter().sum::<f64>() / count;
    let squares: f64 = values.iter().map(|value| (value - mean).powi(2)).sum();
    (values.len() > 1).then(|| (squares / (count - 1.0) / count).sqrt())
}

/// The training rows class after class, each class in the order it had.
fn sorted_by_class(mut set: Dataset) -> Dataset {
    if let Targets::Labels { labels, .. } = &mut set.train_y {
        let mut order: Vec<usize> = (0..labels.len()).collect();
        order.sort_by_key(|&row| labels[row]);
        *labels = order.iter().map(|&row| labels[row]).collect();
        set.train_x = set.train_x.select(Axis(0), &order);
    }
    set
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
    consolidated: Option<f64>,
    consolidate_seconds: f64,
}

fn measure(set: &Dataset, arguments: &Arguments) -> Result<Run, Box<dyn Error>> {
    let temporary = tempfile::tempdir()?;
    let directory = temporary.path().join("memory");
    let (rows, inputs) = set.train_x.dim();
    let memory = builder(set).seed(arguments.seed).create(&directory)?;

    let started = Instant::now();
    (0..rows).try_for_each(|row| write_row(&memory, set, row))?;
    let write_seconds = started.elapsed().as_secs_f64();
    let started = Instant::now();
    let recalled = read(&memory, set.test_x.view())?;
    let read_seconds = started.elapsed().as_secs_f64();

    let bytes = memory_bytes(&memory)?;
    memory.close()?;
    let reopened = check_reopened(&directory, set, &recalled)?;
    let judged = |recalled: Array2<f32>| -> Result<_, Box<dyn Error>> {
        Ok(judge(&set.test_y, in_order(&reopened, set, recalled)?.view()))
    };
    let (measure, one_pass) = judged(recalled)?;

    let (mut consolidated, mut consolidate_seconds) = (None, 0.0);
    if arguments.consolidate {
        let memory = Memory::open(&directory)?;
        let started = Instant::now();
        let options = Options { regates: arguments.regates, ..Options::default() };
        memory.consolidate(options, &|_| Flow::Continue)?;
        consolidate_seconds = started.elapsed().as_secs_f64();
        let recalled = read(&memory, set.test_x.view())?;
        memory.close()?;
        check_reopened(&directory, set, &recalled)?;
        consolidated = Some(judged(recalled)?.1);
    }
    Ok(Run {
        rows,
        inputs,
        measure,
        recalled: one_pass,
        writes_per_second: rows as f64 / write_seconds,
        reads_per_second: set.test_x.nrows() as f64 / read_seconds,
        megabytes: bytes / 1e6,
        consolidated,
        consolidate_seconds,
    })
}

/// The memory, opened again; an error unless it recalls the same bits.
fn check_reopened(
    directory: &Path,
    set: &Dataset,
    recalled: &Array2<f32>,
) -> Result<Memory, Box<dyn Error>> {
    let memory = Memory::open_read_only(directory)?;
    let again = read(&memory, set.test_x.view())?;
    if recalled.iter().zip(&again).any(|(one, two)| one.to_bits() != two.to_bits()) {
        return Err(format!("{}: the reopened memory recalls other bits", set.name).into());
    }
    Ok(memory)
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
