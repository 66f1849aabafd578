//! What a write, a read and a row cost as a memory grows.
//!
//! ```text
//! cargo run --release -p glam-benches --no-default-features --bin growth [-- --writes 10000000]
//! ```
//!
//! One memory in files is written row after row of a stream that does not repeat. At each power of ten
//! it is measured what the last writes took, what reads of cues take that were not written, and what
//! the memory holds: slots, bytes a slot, bytes of memory and of files a row. The answers are checked:
//! the error on those cues is printed, and must not grow.

use std::error::Error;
use std::fs;
use std::process::ExitCode;
use std::time::Instant;

use clap::Parser;
use glam_benches::program::{ended, print_command};
use glam_benches::stream::Stream;
use glam_benches::timing::{median, seconds};
use glam_memory::Memory;

/// Measure what a write, a read and a row cost as a memory grows.
#[derive(Parser)]
struct Arguments {
    /// Inputs x outputs.
    #[arg(long, value_delimiter = ',', value_name = "DxM", default_value = "8x1,40x4")]
    shapes: Vec<String>,
    /// Writes in all; each power of ten from a thousand on is looked at.
    #[arg(long, default_value_t = 1_000_000, value_name = "N")]
    #[arg(value_parser = clap::value_parser!(u64).range(1000..=100_000_000))]
    writes: u64,
    /// Cues that are read each time.
    #[arg(long, default_value_t = 5000, value_name = "N")]
    #[arg(value_parser = clap::value_parser!(u32).range(1..))]
    cues: u32,
}

/// Writes that are timed at once.
const PART: usize = 1000;
/// Cues are rows that far behind the first.
const BEHIND: usize = 1 << 30;

fn main() -> ExitCode {
    ended("growth", run(&Arguments::parse()))
}

fn run(arguments: &Arguments) -> Result<(), Box<dyn Error>> {
    print_command("growth");
    println!(
        "{:<8} {:>9} {:>9} {:>9} {:>9} {:>9} {:>7} {:>9} {:>9} {:>9} {:>9}",
        "shape",
        "writes",
        "us/write",
        "us/read",
        "rmse",
        "slots",
        "B/slot",
        "memory MB",
        "peak MB",
        "files MB",
        "B/row",
    );
    for shape in &arguments.shapes {
        let parts: Vec<Option<usize>> = shape.split('x').map(|part| part.parse().ok()).collect();
        match parts[..] {
            [Some(inputs), Some(outputs)] => grow(arguments, shape, inputs, outputs)?,
            _ => return Err(format!("--shapes: `{shape}` is not of the form 8x1").into()),
        }
    }
    println!(
        "\nus/write: median of the last tenth, {PART} writes at a time, the log's buffer included. memory: \
         slots,\nkeys and rows kept to be rehearsed; peak: of the process, shapes before included. files: \
         the log and\none checkpoint; B/row: of the log."
    );
    Ok(())
}

fn grow(
    arguments: &Arguments,
    shape: &str,
    inputs: usize,
    outputs: usize,
) -> Result<(), Box<dyn Error>> {
    let stream = Stream::new(inputs, outputs);
    let temporary = tempfile::tempdir()?;
    let memory = Memory::builder(inputs).targets(outputs).create(temporary.path().join("grown"))?;
    let cues = stream.rows(BEHIND, arguments.cues as usize);
    let (mut written, mut next, mut times) = (0, 1000, Vec::new());
    let mut before = f64::INFINITY;
    while written < arguments.writes as usize {
        let rows = stream.rows(written, PART.min(arguments.writes as usize - written));
        let start = Instant::now();
        for (x, y) in &rows {
            memory.write(x, &y[..])?;
        }
        times.push(start.elapsed().as_secs_f64() / rows.len() as f64);
        written += rows.len();
        if written < next && written < arguments.writes as usize {
            continue;
        }
        let late = &times[times.len() - times.len().div_ceil(10)..];
        let write = median(late);
        let (read, rmse) = read_all(&memory, &cues, outputs)?;
        memory.flush()?;
        let log = memory.inspect()?.files.map_or(0, |files| files.log);
        memory.checkpoint()?;
        let inspection = memory.inspect()?;
        let report = &inspection.report;
        let held = report.weight_bytes + report.covariance_bytes + report.table_bytes;
        let files = inspection.files.map_or(0, |files| files.total());
        println!(
            "{shape:<8} {written:>9} {:>9.2} {:>9.2} {rmse:>9.4} {:>9} {:>7.0} {:>9.1} {:>9} {:>9.1} {:>9.1}",
            1e6 * write,
            1e6 * read,
            report.slots,
            (report.weight_bytes + report.covariance_bytes) as f64 / report.slots.max(1) as f64,
            held as f64 / 1e6,
            peak().map_or_else(|| "-".to_owned(), |bytes| format!("{:.1}", bytes as f64 / 1e6)),
            files as f64 / 1e6,
            log as f64 / written as f64,
        );
        // What is learned later may not spoil what was: a tenth for the noise of so many cues.
        if rmse > 1.1 * before {
            return Err(format!("the error grew from {before:.4} to {rmse:.4}").into());
        }
        before = rmse;
        next *= 10;
    }
    Ok(())
}

/// Seconds a read, and the error of all.
fn read_all(
    memory: &Memory,
    cues: &[(Vec<f32>, Vec<f32>)],
    outputs: usize,
) -> Result<(f64, f64), Box<dyn Error>> {
    let mut out = vec![0.0; cues.len() * outputs];
    let mut result = Ok(());
    let taken = seconds(|| {
        let mut pairs = cues.iter().zip(out.chunks_exact_mut(outputs));
        result = pairs.try_for_each(|((x, _), out)| memory.read_into(x, out));
    });
    result?;
    let truths = cues.iter().flat_map(|(_, y)| y);
    let squares: f64 = out.iter().zip(truths).map(|(out, y)| f64::from(out - y).powi(2)).sum();
    Ok((taken / cues.len() as f64, (squares / out.len() as f64).sqrt()))
}

/// The most bytes of memory that this process ever had, where the system tells.
fn peak() -> Option<u64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with("VmHWM:"))?;
    line.split_whitespace().nth(1)?.parse::<u64>().ok().map(|kilobytes| 1024 * kilobytes)
}
