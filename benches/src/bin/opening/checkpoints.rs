//! Checkpoints after more and more writes beside one of all slots, with reads on another thread.

use std::collections::BTreeMap;
use std::error::Error;
use std::ffi::OsString;
use std::fs;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use glam_benches::timing::{median, seconds};
use glam_memory::Memory;

use super::replay::rows;
use super::{Arguments, Pair};

/// Rows that the memory has learned before.
const BEFORE: usize = 8000;

/// What a checkpoint took.
#[derive(Default)]
struct Taken {
    bytes: Vec<f64>,
    seconds: Vec<f64>,
    /// Seconds of reads meanwhile: the middle one and the longest.
    read: Vec<f64>,
    longest: Vec<f64>,
    alone: Vec<f64>,
}

pub(super) fn measure(arguments: &Arguments) -> Result<(), Box<dyn Error>> {
    let directory = arguments.directory()?;
    let path = directory.path().join("checkpoints");
    let most = arguments.most as usize;
    let counts: Vec<usize> = [1, 100, 10_000].into_iter().filter(|&count| count <= most).collect();
    let all = rows(BEFORE + most)?;
    let (before, rest) = all.split_at(BEFORE.min(all.len() / 2));
    let (x, y) = &all[0];
    let memory = Memory::builder(x.len()).targets(y.len()).create(&path)?;
    write(&memory, before.iter())?;
    memory.compact()?;
    let mut next = rest.iter().cycle();
    let mut taken: Vec<Taken> = counts.iter().map(|_| Taken::default()).collect();
    let mut full = Taken::default();
    // As long as they are, a few turns of the longest.
    for _ in 0..arguments.rounds.div_ceil(3) {
        for (&count, taken) in counts.iter().zip(&mut taken) {
            write(&memory, next.by_ref().take(count))?;
            beside(&memory, &path, &all, taken, || Ok(memory.checkpoint()?))?;
        }
        write(&memory, next.by_ref().take(1))?;
        beside(&memory, &path, &all, &mut full, || Ok(memory.compact()?))?;
    }
    let inspection = memory.inspect()?;
    let (report, files) = (inspection.report, inspection.files.unwrap_or_default());
    println!(
        "{:<12} {:>8} {:>8} {:>11} {:>9} {:>9} {:>11} {:>11} {:>12}",
        "checkpoint",
        "writes",
        "slots",
        "bytes",
        "to full",
        "ms",
        "us a read",
        "us alone",
        "longest, ms"
    );
    let whole = median(&full.bytes);
    let print = |name: &str, writes: usize, taken: &Taken| {
        println!(
            "{name:<12} {writes:>8} {:>8} {:>11.0} {:>9.3} {:>9.1} {:>11.1} {:>11.1} {:>12.2}",
            report.slots,
            median(&taken.bytes),
            median(&taken.bytes) / whole,
            1e3 * median(&taken.seconds),
            1e6 * median(&taken.read),
            1e6 * median(&taken.alone),
            1e3 * median(&taken.longest),
        );
    };
    for (&count, taken) in counts.iter().zip(&taken) {
        print("changed", count, taken);
    }
    print("full", 1, &full);
    // What the last checkpoint holds is what was written.
    let read = |memory: &Memory| -> Result<Vec<Vec<f32>>, Box<dyn Error>> {
        Ok(all.iter().take(100).map(|(x, _)| memory.read(x)).collect::<Result<_, _>>()?)
    };
    let kept = read(&memory)?;
    write(&memory, next.by_ref().take(0))?;
    memory.close()?;
    if read(&Memory::open_read_only(&path)?)? != kept {
        return Err("a checkpoint gives other answers than the memory that it is of".into());
    }
    println!(
        "\nBytes: files of the snapshot that are new afterwards, and the manifest; the answers of the last are those of\n\
         the memory. Of the last, written whole by each: structure {}, kept observations {}.\n",
        files.structure, files.history,
    );
    Ok(())
}

fn write<'a>(
    memory: &Memory,
    mut rows: impl Iterator<Item = &'a Pair>,
) -> Result<(), Box<dyn Error>> {
    Ok(rows.try_for_each(|(x, y)| memory.write(x, &y[..]))?)
}

/// Names of the files that hold a snapshot, and their bytes.
fn files(path: &Path) -> Result<BTreeMap<OsString, u64>, Box<dyn Error>> {
    let mut files = BTreeMap::new();
    for entry in fs::read_dir(path)? {
        let entry = entry?;
        let name = entry.file_name();
        if !name.to_string_lossy().starts_with("log-") {
            files.insert(name, entry.metadata()?.len());
        }
    }
    Ok(files)
}

/// Makes a checkpoint while another thread reads.
fn beside(
    memory: &Memory,
    path: &Path,
    rows: &[Pair],
    taken: &mut Taken,
    checkpoint: impl FnOnce() -> Result<(), Box<dyn Error>>,
) -> Result<(), Box<dyn Error>> {
    let before = files(path)?;
    let mut out = vec![0.0; memory.outputs()];
    let mut alone = Vec::new();
    for (x, _) in rows.iter().take(1000) {
        let start = Instant::now();
        memory.read_into(x, &mut out)?;
        alone.push(start.elapsed().as_secs_f64());
    }
    let done = AtomicBool::new(false);
    let mut result = Ok(());
    let times = std::thread::scope(|scope| {
        let reader = scope.spawn(|| {
            let mut times = Vec::new();
            for (x, _) in rows.iter().cycle() {
                let start = Instant::now();
                memory.read_into(x, &mut out)?;
                times.push(start.elapsed().as_secs_f64());
                if done.load(Ordering::Relaxed) {
                    break;
                }
            }
            Ok::<_, glam_memory::Error>(times)
        });
        taken.seconds.push(seconds(|| result = checkpoint()));
        done.store(true, Ordering::Relaxed);
        reader.join()
    });
    result?;
    let times = times.map_err(|_| "the reader has failed")??;
    taken.alone.push(median(&alone));
    taken.read.push(median(&times));
    taken.longest.push(times.iter().copied().fold(0.0, f64::max));
    let new = files(path)?
        .into_iter()
        .filter(|(name, _)| name.to_string_lossy() == "MANIFEST" || !before.contains_key(name));
    taken.bytes.push(new.map(|(_, bytes)| bytes as f64).sum());
    Ok(())
}
