//! How batch reads and consolidating scale over threads.
//!
//! ```text
//! cargo run --release -p glam-benches --no-default-features --bin threads
//! ```
//!
//! One memory a shape, in files; a batch of cues is read, and the memory consolidated, on one thread and on
//! more, in turns. What they give must be equal to the bit. Medians. The first line says what the machine
//! can do: multiplications of numbers in registers, that share nothing; two threads of one core are
//! less than twice as fast as one.

use std::error::Error;
use std::hint::black_box;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Parser;
use glam_benches::floors::products;
use glam_benches::program::{ended, print_command};
use glam_benches::stream::Stream;
use glam_benches::timing::{median, seconds};
use glam_memory::{Flow, Memory, Options};
use ndarray::Array2;

/// Measure batch reads and consolidating on one thread and on more.
#[derive(Parser)]
struct Arguments {
    /// Numbers of threads beside one.
    #[arg(long, value_delimiter = ',', value_name = "N", default_value = "2")]
    #[arg(value_parser = clap::value_parser!(u16).range(1..))]
    threads: Vec<u16>,
    /// Rows that are written and read from.
    #[arg(long, default_value_t = 5000, value_name = "N")]
    #[arg(value_parser = clap::value_parser!(u32).range(16..))]
    rows: u32,
    /// Rows that are consolidated over, of the narrowest shape alone.
    #[arg(long, default_value_t = 1000, value_name = "N")]
    #[arg(value_parser = clap::value_parser!(u32).range(16..))]
    consolidated: u32,
    /// Cues of a batch.
    #[arg(long, default_value_t = 1000, value_name = "N")]
    #[arg(value_parser = clap::value_parser!(u32).range(1..))]
    cues: u32,
    /// Turns of the batch reads; consolidating takes a fifth of them, at least one.
    #[arg(long, default_value_t = 15, value_name = "N")]
    #[arg(value_parser = clap::value_parser!(u32).range(1..))]
    rounds: u32,
}

fn main() -> ExitCode {
    ended("threads", run(&Arguments::parse()))
}

fn run(arguments: &Arguments) -> Result<(), Box<dyn Error>> {
    print_command("threads");
    println!(
        "{:<18} {:<12} {:>8} {:>12} {:>12} {:>6}  answers",
        "shape", "work", "threads", "one, ms", "these, ms", "faster"
    );
    machine(arguments);
    for (inputs, outputs) in [(8, 1), (18, 6), (784, 10)] {
        measure(arguments, inputs, outputs)?;
    }
    Ok(())
}

/// Prints how much faster threads are that have nothing in common but the machine: each makes its own
/// multiplications and additions in registers.
fn machine(arguments: &Arguments) {
    let work = |parts: usize| {
        for _ in 0..parts {
            black_box(products(black_box(50_000_000), 0.5, 1.0));
        }
    };
    // As many for each number of threads, so that all have the same to do.
    let parts: usize = arguments.threads.iter().map(|&threads| usize::from(threads)).product();
    let (mut one, mut others) = (Vec::new(), vec![Vec::new(); arguments.threads.len()]);
    for _ in 0..arguments.rounds {
        one.push(seconds(|| work(parts)));
        for (&threads, times) in arguments.threads.iter().zip(&mut others) {
            let share = parts / usize::from(threads);
            times.push(seconds(|| {
                std::thread::scope(|scope| {
                    (0..threads).for_each(|_| drop(scope.spawn(|| work(share))));
                });
            }));
        }
    }
    let one = 1e3 * median(&one);
    for (threads, times) in arguments.threads.iter().zip(others) {
        let these = 1e3 * median(&times);
        println!(
            "{:<18} {:<12} {threads:>8} {one:>12.2} {these:>12.2} {:>6.2}  nothing shared",
            "the machine itself",
            "products",
            one / these
        );
    }
}

/// What a piece of work took, and the bits that it gave.
struct Done {
    seconds: f64,
    bits: Vec<u32>,
}

impl Done {
    fn of(seconds: f64, read: &Array2<f32>) -> Self {
        Self { seconds, bits: read.iter().map(|value| value.to_bits()).collect() }
    }
}

fn measure(arguments: &Arguments, inputs: usize, outputs: usize) -> Result<(), Box<dyn Error>> {
    let stream = Stream::new(inputs, outputs);
    let temporary = tempfile::tempdir()?;
    let write = |name: &str, rows: u32| -> Result<PathBuf, Box<dyn Error>> {
        let directory = temporary.path().join(name);
        let memory = Memory::builder(inputs).targets(outputs).create(&directory)?;
        for (x, y) in stream.rows(0, rows as usize) {
            memory.write(&x, &y[..])?;
        }
        memory.close()?;
        Ok(directory)
    };
    let cues = stream.rows(arguments.rows as usize, arguments.cues as usize);
    let flat: Vec<f32> = cues.iter().flat_map(|(x, _)| x.iter().copied()).collect();
    let cues = Array2::from_shape_vec((cues.len(), inputs), flat)?;

    let written = write("read", arguments.rows)?;
    let mut memory = Memory::open_read_only(&written)?;
    // Slots are checked when they are first touched.
    memory.read_batch(cues.view())?;
    let mut read = |threads: u16| -> Result<Done, Box<dyn Error>> {
        memory = std::mem::replace(&mut memory, Memory::builder(1).in_memory()?)
            .with_threads(threads.into());
        let mut read = None;
        let seconds = seconds(|| read = Some(memory.read_batch(cues.view())));
        Ok(Done::of(seconds, &read.transpose()?.unwrap_or_default()))
    };
    compare(arguments, inputs, outputs, "batch read", arguments.rounds, &mut read)?;

    if inputs > 8 {
        return Ok(());
    }
    let written = write("consolidate", arguments.consolidated)?;
    let mut consolidate = |threads: u16| -> Result<Done, Box<dyn Error>> {
        let copy = temporary.path().join("copy");
        copy_files(&written, &copy)?;
        let memory = Memory::open(&copy)?.with_threads(threads.into());
        let mut result = Ok(());
        let seconds = seconds(|| {
            let options = Options { regates: 0, ..Options::default() };
            result = memory.consolidate(options, &|_| Flow::Continue).map(|_| ());
        });
        result?;
        let read = memory.read_batch(cues.view())?;
        memory.close()?;
        std::fs::remove_dir_all(&copy)?;
        Ok(Done::of(seconds, &read))
    };
    let rounds = (arguments.rounds / 5).max(1);
    compare(arguments, inputs, outputs, "consolidate", rounds, &mut consolidate)
}

/// Does `work` on one thread and on others in turns, and prints how they compare.
fn compare(
    arguments: &Arguments,
    inputs: usize,
    outputs: usize,
    name: &str,
    rounds: u32,
    work: &mut dyn FnMut(u16) -> Result<Done, Box<dyn Error>>,
) -> Result<(), Box<dyn Error>> {
    let mut one = Vec::new();
    let mut others = vec![Vec::new(); arguments.threads.len()];
    for _ in 0..rounds {
        let alone = work(1)?;
        one.push(alone.seconds);
        for (&threads, times) in arguments.threads.iter().zip(&mut others) {
            let done = work(threads)?;
            if done.bits != alone.bits {
                return Err(format!("{name}: {threads} threads give other bits than one").into());
            }
            times.push(done.seconds);
        }
    }
    let one = 1e3 * median(&one);
    for (threads, times) in arguments.threads.iter().zip(others) {
        let these = 1e3 * median(&times);
        println!(
            "{:<18} {name:<12} {threads:>8} {one:>12.2} {these:>12.2} {:>6.2}  equal to the bit",
            format!("{inputs} x {outputs}"),
            one / these
        );
    }
    Ok(())
}

/// Copies the files of a memory that nobody has open.
fn copy_files(from: &Path, to: &Path) -> Result<(), Box<dyn Error>> {
    std::fs::create_dir_all(to)?;
    for entry in std::fs::read_dir(from)? {
        let entry = entry?;
        std::fs::copy(entry.path(), to.join(entry.file_name()))?;
    }
    Ok(())
}
