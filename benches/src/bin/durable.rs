//! One durable write at a time: a plain file, GLAM and key-value stores, in turns.
//!
//! ```text
//! cargo run --release -p glam-benches --no-default-features --features databases --bin durable
//! ```
//!
//! Every store is made in a directory of its own on one file system and gets the same rows, in blocks
//! that take turns; a write returns once the row is on the disk. Then as many rows are written on
//! several threads. At the end every store is opened anew, and must give back what was written.

use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Instant;

use clap::Parser;
use glam_benches::databases::{Durable, Failure, Kind, Row, Shape, write_all};
use glam_benches::program::{ended, print_command_with};
use glam_benches::timing::median;

/// Measure durable writes: a plain file, GLAM and key-value stores, in turns.
#[derive(Parser)]
struct Arguments {
    /// Inputs x outputs; 0 outputs are one label.
    #[arg(long, value_delimiter = ',', value_name = "DxM", default_value = "18x6,784x0")]
    shapes: Vec<String>,
    /// Writes of a block.
    #[arg(long, default_value_t = 50, value_name = "N")]
    #[arg(value_parser = clap::value_parser!(u32).range(1..))]
    block: u32,
    /// Blocks of each store.
    #[arg(long, default_value_t = 31, value_name = "N")]
    #[arg(value_parser = clap::value_parser!(u32).range(1..))]
    rounds: u32,
    /// Numbers of threads that write to one store at once.
    #[arg(long, value_delimiter = ',', value_name = "N", default_value = "1,4,16")]
    #[arg(value_parser = clap::value_parser!(u16).range(1..))]
    threads: Vec<u16>,
    /// Blocks of each number of threads.
    #[arg(long, default_value_t = 9, value_name = "N")]
    #[arg(value_parser = clap::value_parser!(u32).range(1..))]
    thread_rounds: u32,
    /// Writes of such a block.
    #[arg(long, default_value_t = 320, value_name = "N")]
    #[arg(value_parser = clap::value_parser!(u32).range(1..))]
    thread_block: u32,
    /// Where to write; a directory is made in it, and removed at the end [default: the system's
    /// directory for temporary files].
    #[arg(long, value_name = "DIR")]
    dir: Option<PathBuf>,
}

/// Rows that a memory learns before the clock runs, so that it has warmed up.
const WARM: usize = 1100;
/// An `fdatasync` that is faster than this has hardly waited for a disk.
const FREE_SECONDS: f64 = 15e-6;

fn main() -> ExitCode {
    ended("durable", run(&Arguments::parse()))
}

fn run(arguments: &Arguments) -> Result<(), Box<dyn Error>> {
    print_command_with("--features databases", "durable");
    for text in &arguments.shapes {
        let parts: Vec<Option<usize>> = text.split('x').map(|part| part.parse().ok()).collect();
        match parts[..] {
            [Some(inputs), Some(outputs)] if inputs > 0 => {
                measure(arguments, text, Shape { inputs, outputs })
                    .map_err(|error| -> Box<dyn Error> { error })?;
            }
            _ => return Err(format!("--shapes: `{text}` is not of the form 18x6").into()),
        }
    }
    println!(
        "median and mean: of single writes; to file and to zeros: median over the rounds of a block's median to \
         that of\nthe file that grows and of the file of zeros. A write a commit, each on the disk when it \
         returns; redb and LMDB at\ntheir default durability, fjall with `PersistMode::SyncData`."
    );
    Ok(())
}

/// A store in its directory, and how many rows it was given.
struct Opened {
    kind: Kind,
    dir: PathBuf,
    store: Box<dyn Durable>,
    written: usize,
    /// Median of each block, and all writes, in seconds.
    blocks: Vec<f64>,
    writes: Vec<f64>,
}

fn measure(arguments: &Arguments, text: &str, shape: Shape) -> Result<(), Failure> {
    let temporary = match &arguments.dir {
        Some(dir) => tempfile::tempdir_in(dir)?,
        None => tempfile::tempdir()?,
    };
    let (rounds, block) = (arguments.rounds as usize, arguments.block as usize);
    let shared = (arguments.thread_rounds * arguments.thread_block) as usize;
    let most = rounds * block + arguments.threads.len() * shared;
    let (warm, rows) = (shape.rows(0, WARM), shape.rows(WARM, most));
    let open = |kind: Kind| -> Result<Opened, Failure> {
        let dir = temporary.path().join(format!("{kind:?}"));
        fs::create_dir(&dir)?;
        let store = kind.make(&dir, shape, &warm, most)?;
        Ok(Opened { kind, dir, store, written: 0, blocks: Vec::new(), writes: Vec::new() })
    };
    let mut stores = Kind::ALL.into_iter().map(open).collect::<Result<Vec<_>, _>>()?;
    for _ in 0..rounds {
        for opened in &mut stores {
            opened.block(&rows, block)?;
        }
    }
    table(text, &rows, &stores);
    threads(arguments, text, &rows, &mut stores)?;
    let frame = rows[0].frame_bytes();
    for opened in stores {
        let Opened { kind, dir, store, written, .. } = opened;
        drop(store);
        let ordered = kind != Kind::Memory && kind != Kind::Grown && kind != Kind::Zeros;
        check(kind, kind.values(&dir, frame, written, WARM)?, &rows[..written], ordered)?;
    }
    println!("{text:<8} opened anew, every store has its rows, all of them and to the bit\n");
    Ok(())
}

impl Opened {
    /// Writes the next `count` of `rows`, one after the other.
    fn block(&mut self, rows: &[Row], count: usize) -> Result<(), Failure> {
        let mut times = Vec::with_capacity(count);
        for row in &rows[self.written..self.written + count] {
            let start = Instant::now();
            self.store.write(self.written as u64, row)?;
            times.push(start.elapsed().as_secs_f64());
            self.written += 1;
        }
        self.blocks.push(median(&times));
        self.writes.extend(times);
        Ok(())
    }

    /// Its blocks to those of another, the median.
    fn over(&self, other: &Self) -> f64 {
        let ratios: Vec<f64> = self.blocks.iter().zip(&other.blocks).map(|(a, b)| a / b).collect();
        median(&ratios)
    }

    fn bytes(&self) -> u64 {
        bytes_in(&self.dir)
    }
}

/// Bytes on the disk of all files below `dir`.
fn bytes_in(dir: &Path) -> u64 {
    use std::os::unix::fs::MetadataExt;
    let entries = fs::read_dir(dir).into_iter().flatten().flatten();
    let bytes = entries.map(|entry| match entry.metadata() {
        Ok(metadata) if metadata.is_dir() => bytes_in(&entry.path()),
        Ok(metadata) => 512 * metadata.blocks(),
        Err(_) => 0,
    });
    bytes.sum()
}

fn table(text: &str, rows: &[Row], stores: &[Opened]) {
    let syncs = stores[0].store.syncs();
    let sync = median(&syncs);
    println!(
        "{text}: {} bytes a frame, {} a value; median fdatasync of the file that grows {:.0} us, of the zeros {:.0} us{}",
        rows[0].frame_bytes(),
        rows[0].value().len(),
        1e6 * sync,
        1e6 * median(&stores[1].store.syncs()),
        if sync < FREE_SECONDS {
            ": next to nothing, so that this says little about a disk"
        } else {
            ""
        }
    );
    println!(
        "{:<8} {:<16} {:>11} {:>9} {:>8} {:>9} {:>9}",
        "shape", "store", "median, us", "mean, us", "to file", "to zeros", "files MB"
    );
    for opened in stores {
        let mean = opened.writes.iter().sum::<f64>() / opened.writes.len() as f64;
        println!(
            "{text:<8} {:<16} {:>11.0} {:>9.0} {:>8.2} {:>9.2} {:>9.1}",
            opened.kind.name(),
            1e6 * median(&opened.writes),
            1e6 * mean,
            opened.over(&stores[0]),
            opened.over(&stores[1]),
            opened.bytes() as f64 / 1e6,
        );
    }
}

/// Several threads that write to one store, in turns with fewer.
fn threads(
    arguments: &Arguments,
    text: &str,
    rows: &[Row],
    stores: &mut [Opened],
) -> Result<(), Failure> {
    let count = arguments.thread_block as usize;
    let mut times = vec![vec![Vec::new(); arguments.threads.len()]; stores.len()];
    for _ in 0..arguments.thread_rounds {
        for (opened, times) in stores.iter_mut().zip(&mut times) {
            if opened.kind == Kind::Log {
                // Numbers must come in order, which threads do not keep.
                continue;
            }
            for (&threads, times) in arguments.threads.iter().zip(times) {
                let rows = &rows[opened.written..opened.written + count];
                let first = opened.written as u64;
                times.push(write_all(&*opened.store, first, rows, threads.into())?);
                opened.written += count;
            }
        }
    }
    println!(
        "\n{:<8} {:<16} {:>8} {:>9} {:>13}",
        "shape", "store", "threads", "writes/s", "to the first"
    );
    for (opened, times) in stores.iter().zip(&times) {
        for (&threads, own) in arguments.threads.iter().zip(times) {
            if own.is_empty() {
                continue;
            }
            let ratios: Vec<f64> =
                times[0].iter().zip(own).map(|(one, these)| one / these).collect();
            println!(
                "{text:<8} {:<16} {threads:>8} {:>9.0} {:>13.2}",
                opened.kind.name(),
                count as f64 / median(own),
                median(&ratios),
            );
        }
    }
    Ok(())
}

/// Fails unless `values` are those of `rows`; in their order, where it is known.
fn check(kind: Kind, mut values: Vec<Vec<u8>>, rows: &[Row], ordered: bool) -> Result<(), Failure> {
    let mut expected: Vec<&[u8]> = rows.iter().map(Row::value).collect();
    if !ordered {
        values.sort_unstable();
        expected.sort_unstable();
    }
    if values.len() != expected.len() {
        return Err(format!("{}: {} rows of {}", kind.name(), values.len(), expected.len()).into());
    }
    match values.iter().zip(expected).position(|(value, expected)| value != expected) {
        Some(at) => Err(format!("{}: row {at} is another", kind.name()).into()),
        None => Ok(()),
    }
}
