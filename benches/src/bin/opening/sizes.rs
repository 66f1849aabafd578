//! Opening a small and a large memory with nearly as many keys, and the page faults of reads.

use std::collections::BTreeSet;
use std::error::Error;
use std::path::{Path, PathBuf};
use std::time::Instant;

use glam_benches::faults::{Faults, let_go};
use glam_benches::stream::Stream;
use glam_benches::timing::median;
use glam_memory::core::Scratch;
use glam_memory::store::Reader;
use glam_memory::{Memory, Rehearse};

use super::{Arguments, Pair};

/// Inputs of both memories.
const INPUTS: usize = 256;
/// The level of their tables: 1,024 slots each, where all were active.
const LEVEL: u8 = 10;
/// Rows after which their gates are fixed: the fits of a longer warm-up would take most of the time.
const WARM_UP: usize = 64;

/// A memory in files, and what it answers.
struct Made {
    path: PathBuf,
    /// Bits of the answer to each cue.
    bits: Vec<u32>,
    weight_bytes: usize,
    slots: usize,
}

/// How a memory is opened.
#[derive(Clone, Copy)]
enum Way {
    Reading,
    ReadingWithSpread,
    Writing,
}

const WAYS: [(Way, &str); 3] = [
    (Way::Reading, "reading"),
    (Way::ReadingWithSpread, "reading, a spread"),
    (Way::Writing, "writing"),
];

pub(super) fn measure(arguments: &Arguments) -> Result<(), Box<dyn Error>> {
    if arguments.views.len() != 2 {
        return Err("--views: two numbers, such as 14,190".into());
    }
    let directory = arguments.directory()?;
    let stream = Stream::new(INPUTS, 1);
    let cues = stream.rows(arguments.rows as usize, arguments.most as usize);
    println!(
        "{:<6} {:>5} {:>8} {:>9} {:>11} {:>12} {:>10} {:>10} {:>9}",
        "files",
        "view",
        "keys",
        "weights",
        "covariances",
        "B a key",
        "structure",
        "total MB",
        "made in s"
    );
    let mut made = Vec::new();
    for (name, &view) in ["small", "large"].into_iter().zip(&arguments.views) {
        made.push(make(arguments, name, view, directory.path(), &stream, &cues)?);
    }
    println!(
        "\n{:<18} {:<5} {:>10} {:>10} {:>16} {:>8} {:>14} {:>14}",
        "opened for",
        "pages",
        "small, us",
        "large, us",
        "large to small",
        "at best",
        "small, faults",
        "large, faults"
    );
    for (way, name) in WAYS {
        for cold in [false, true] {
            compare(arguments, &made, &cues, way, name, cold)?;
        }
    }
    println!(
        "\n{:<6} {:<5} {:>8} {:>10} {:>9} {:>9} {:>14} {:>14} {:>9}",
        "files",
        "pages",
        "reads",
        "ms",
        "minor",
        "major",
        "slots touched",
        "bytes touched",
        "pages MB"
    );
    for (name, made) in ["small", "large"].into_iter().zip(&made) {
        for cold in [false, true] {
            faults(made, &cues, name, cold)?;
        }
    }
    println!(
        "\nThe library wrote the files, row by row; they are not sparse. Pages out: the files were handed to the disk and\n\
         the system asked to forget them (fadvise), without a reader that maps them. Faults: minor + major of one\n\
         opening, the median. A fault may bring several pages. Pages MB: faults of reads x 4 KiB.\n"
    );
    Ok(())
}

fn make(
    arguments: &Arguments,
    name: &str,
    view: u16,
    directory: &Path,
    stream: &Stream,
    cues: &[Pair],
) -> Result<Made, Box<dyn Error>> {
    let path = directory.join(name);
    let start = Instant::now();
    let builder = Memory::builder(INPUTS).tables(arguments.tables.into()).view(view.into());
    let builder = builder.levels([LEVEL]).warm_up(WARM_UP).rehearse(Rehearse::Fixed(0));
    let memory = builder.create(&path)?;
    for row in 0..arguments.rows as usize {
        let (x, y) = stream.row(row);
        memory.write(&x, &y[..])?;
    }
    let bits = answers(cues, |x, out| Ok(memory.read_into(x, out)?))?;
    memory.compact()?;
    let inspection = memory.inspect()?;
    memory.close()?;
    let files = inspection.files.ok_or("a memory without files")?;
    let slots = inspection.report.slots;
    println!(
        "{name:<6} {view:>5} {slots:>8} {:>9} {:>11} {:>12.0} {:>10} {:>10.1} {:>9.1}",
        files.weights,
        files.covariances,
        (files.weights + files.covariances) as f64 / slots.max(1) as f64,
        files.structure,
        files.total() as f64 / 1e6,
        start.elapsed().as_secs_f64(),
    );
    Ok(Made { path, bits, weight_bytes: inspection.report.weight_bytes, slots })
}

/// Bits of what `read` gives for each of `cues`.
fn answers(
    cues: &[Pair],
    mut read: impl FnMut(&[f32], &mut [f32]) -> Result<(), Box<dyn Error>>,
) -> Result<Vec<u32>, Box<dyn Error>> {
    let mut out = [0.0];
    let mut answer = |(x, _): &Pair| read(x, &mut out).map(|()| out[0].to_bits());
    cues.iter().map(&mut answer).collect()
}

/// Opens once; gives seconds and faults.
fn open(made: &Made, cues: &[Pair], way: Way) -> Result<(f64, Faults), Box<dyn Error>> {
    let (x, _) = &cues[0];
    let (mut out, mut std) = ([0.0], [0.0]);
    let mut scratch = Scratch::default();
    let before = Faults::now();
    let start = Instant::now();
    let opened = match way {
        Way::Reading => {
            let reader = Reader::open(&made.path)?;
            let done = (start.elapsed().as_secs_f64(), Faults::now().since(before));
            reader.read(x, &mut scratch, &mut out)?;
            done
        }
        Way::ReadingWithSpread => {
            let reader = Reader::open(&made.path)?;
            reader.read_with_std(x, &mut scratch, &mut out, &mut std)?;
            (start.elapsed().as_secs_f64(), Faults::now().since(before))
        }
        Way::Writing => {
            let memory = Memory::open(&made.path)?;
            let done = (start.elapsed().as_secs_f64(), Faults::now().since(before));
            memory.read_into(x, &mut out)?;
            done
        }
    };
    if out[0].to_bits() != made.bits[0] {
        return Err("what was opened gives another answer".into());
    }
    Ok(opened)
}

fn compare(
    arguments: &Arguments,
    made: &[Made],
    cues: &[Pair],
    way: Way,
    name: &str,
    cold: bool,
) -> Result<(), Box<dyn Error>> {
    let mut times = vec![Vec::new(); made.len()];
    let mut faults = vec![Vec::new(); made.len()];
    // The first turn brings pages in where they are to be in.
    for round in 0..=arguments.rounds {
        for (at, made) in made.iter().enumerate() {
            if cold {
                let_go(&made.path)?;
            }
            let (seconds, since) = open(made, cues, way)?;
            if round > 0 {
                times[at].push(seconds);
                faults[at].push((since.minor + since.major) as f64);
            }
        }
    }
    let ratios: Vec<f64> =
        times[1].iter().zip(&times[0]).map(|(large, small)| large / small).collect();
    println!(
        "{name:<18} {:<5} {:>10.0} {:>10.0} {:>16.2} {:>8.2} {:>14.0} {:>14.0}",
        if cold { "out" } else { "in" },
        1e6 * median(&times[0]),
        1e6 * median(&times[1]),
        median(&ratios),
        least(&times[1]) / least(&times[0]),
        median(&faults[0]),
        median(&faults[1]),
    );
    Ok(())
}

/// The smallest of `values`.
fn least(values: &[f64]) -> f64 {
    values.iter().copied().fold(f64::INFINITY, f64::min)
}

/// Page faults of more and more reads by one reader.
fn faults(made: &Made, cues: &[Pair], name: &str, cold: bool) -> Result<(), Box<dyn Error>> {
    let mut reads: Vec<usize> = [1, 100, 10_000].into_iter().filter(|&n| n < cues.len()).collect();
    reads.push(cues.len());
    // Which slots, by a reader that is gone before.
    let mut touched = Vec::new();
    {
        let (reader, mut scratch) = (Reader::open(&made.path)?, Scratch::default());
        let mut slots = BTreeSet::new();
        for (number, (x, _)) in cues.iter().enumerate() {
            let active = reader.explain(x, &mut scratch)?.active;
            slots.extend(active.iter().map(|active| active.slot));
            if reads.contains(&(number + 1)) {
                touched.push(slots.len());
            }
        }
    }
    if cold {
        let_go(&made.path)?;
    }
    let (reader, mut scratch) = (Reader::open(&made.path)?, Scratch::default());
    let (before, start) = (Faults::now(), Instant::now());
    let mut bits = Vec::with_capacity(cues.len());
    for (&reads, slots) in reads.iter().zip(touched) {
        let more =
            answers(&cues[bits.len()..reads], |x, out| Ok(reader.read(x, &mut scratch, out)?))?;
        bits.extend(more);
        let since = Faults::now().since(before);
        println!(
            "{name:<6} {:<5} {reads:>8} {:>10.2} {:>9} {:>9} {slots:>14} {:>14} {:>9.1}",
            if cold { "out" } else { "in" },
            1e3 * start.elapsed().as_secs_f64(),
            since.minor,
            since.major,
            slots * made.weight_bytes / made.slots.max(1),
            (since.minor + since.major) as f64 * 4096.0 / 1e6,
        );
    }
    if bits != made.bits {
        return Err("the reader gives other answers than the memory that was written".into());
    }
    Ok(())
}
