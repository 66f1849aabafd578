//! What a memory in files takes.

use std::path::Path;
use std::time::Instant;

use glam_memory::{Flow, Memory, Options};
use ndarray::Array2;

use super::Failure;
use super::rows::{WARM_UP, error_name, learned, micros, row};
use crate::data::Dataset;
use crate::memories::{builder, memory_bytes, recall, write_row};
use crate::report::Found;
use crate::timing::median;

/// Openings of each kind.
const OPENINGS: usize = 5;

/// Every operation on the rows of `set`, which must be more than warm it up.
pub(super) fn measure(set: &Dataset, seed: u64) -> Result<Found, Failure> {
    let rows = set.train_x.nrows();
    if rows <= WARM_UP {
        return Err(format!("{rows} rows do not warm a memory up").into());
    }
    let temporary = tempfile::tempdir()?;
    let directory = temporary.path().join("memory");
    let memory = builder(set).seed(seed).create(&directory)?.with_threads(1);

    let start = Instant::now();
    (0..WARM_UP).try_for_each(|row| write_row(&memory, set, row))?;
    let warm_up = start.elapsed().as_secs_f64();
    let write = micros(WARM_UP..rows, |row| write_row(&memory, set, row))?;
    let mut out = vec![0.0; memory.outputs()];
    let read = micros(0..set.test_x.nrows(), |cue| {
        Ok(memory.read_into(row(&set.test_x, cue)?, &mut out)?)
    })?;
    let recalled = recall(&memory, set)?;
    let error = learned(set, recalled.view())?;

    memory.flush()?;
    let log = memory.inspect()?.files.ok_or("the memory has no files")?.log;
    let start = Instant::now();
    memory.checkpoint()?;
    let checkpoint = start.elapsed().as_secs_f64();
    let files = memory.inspect()?.files.ok_or("the memory has no files")?.total();
    let held = memory_bytes(&memory)?;
    memory.close()?;

    let open_to_read = opened(&directory, set, &recalled, |path| Memory::open_read_only(path))?;
    let open_to_write = opened(&directory, set, &recalled, |path| Memory::open(path))?;

    let memory = Memory::open(&directory)?;
    let start = Instant::now();
    memory.consolidate(Options { regates: 0, as_it_is: true }, &|_| Flow::Continue)?;
    let consolidate = start.elapsed().as_secs_f64();
    learned(set, recall(&memory, set)?.view())?;

    Ok(Found::default()
        .with("first 1,024 writes s", warm_up)
        .with("write us", write)
        .with("read us", read)
        .with("open to read ms", 1e3 * open_to_read)
        .with("open to write ms", 1e3 * open_to_write)
        .with("checkpoint s", checkpoint)
        .with("consolidate s", consolidate)
        .with("log B/row", log as f64 / rows as f64)
        .with("memory B/row", held / rows as f64)
        .with("files MB", files as f64 / 1e6)
        .with("rows", rows as f64)
        .with(error_name(set), error)
        .set(format!("defaults, in files, {rows} rows, one thread")))
}

/// Seconds until the memory is open and has recalled its first cue; an error where it then recalls other
/// bits than before.
fn opened(
    directory: &Path,
    set: &Dataset,
    recalled: &Array2<f32>,
    open: impl Fn(&Path) -> glam_memory::Result<Memory>,
) -> Result<f64, Failure> {
    let mut times = Vec::new();
    for _ in 0..OPENINGS {
        let start = Instant::now();
        let memory = open(directory)?;
        memory.read(row(&set.test_x, 0)?)?;
        times.push(start.elapsed().as_secs_f64());
        let again = recall(&memory, set)?;
        if recalled.iter().zip(&again).any(|(one, two)| one.to_bits() != two.to_bits()) {
            return Err("the reopened memory recalls other bits".into());
        }
    }
    Ok(median(&times))
}
