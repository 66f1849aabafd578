//! `glam write`: learn the rows of a file.

use std::collections::HashSet;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::time::Instant;

use glam_memory::core::MAX_LABELS;
use glam_memory::{Config, Memory, Targets};

use crate::args::TargetArgs;
use crate::error::{Conflict, Error, Fault, Result};
use crate::interrupt;
use crate::known::Known;
use crate::layout::{Layout, Others, Wanted};
use crate::message::{counted, grouped, say, speed};
use crate::prequential::Prequential;
use crate::progress::Progress;
use crate::rows::{Kind, Row, Rows};
use crate::source::{Source, Twice};

/// Learn the rows of a CSV file; makes the memory at first use.
///
/// The rows are learned one at a time, in order, once. All of them are checked before the first is
/// learned: where one is wrong, nothing is written. Standard input is copied to a temporary file
/// (in TMPDIR) meanwhile, and learned once it ends.
///
/// At the end it makes a checkpoint and says how well each row was predicted just before it was
/// learned: the prequential error (nMSE is the mean square error over the variance of the target).
/// Ctrl-C stops after the current row, keeps the rows learned so far, and exits with status 130.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES, after_long_help = EXAMPLES)]
pub(crate) struct WriteArgs {
    /// The directory of the memory.
    #[arg(value_name = "MEM")]
    memory: PathBuf,
    /// The CSV file to learn; `-` is standard input.
    #[arg(value_name = "FILE")]
    file: PathBuf,
    #[command(flatten)]
    columns: TargetArgs,
    /// The seed of every random draw of a new memory; 1 unless given.
    #[arg(long, value_name = "N")]
    seed: Option<u64>,
    /// The most bytes that a new memory's slots and what it keeps beside them may take: a number, or
    /// one with K, M or G (1M is 1,048,576); no limit unless given.
    #[arg(long, value_name = "BYTES", value_parser = crate::bytes::parse)]
    max_bytes: Option<u64>,
    /// Writes over which a new memory forgets, for data that drift; nothing is forgotten unless given.
    #[arg(long, value_name = "N")]
    window: Option<u32>,
}

const EXAMPLES: &str = "\
Examples:
  glam write robot.glam runs.csv --targets last:2         the last two columns
  glam write robot.glam runs.csv --targets torque,speed   by name, from a header
  glam write iris.glam iris.csv --targets last:1 --labels classes
  zcat huge.csv.gz | glam write big.glam - --targets first:1

A later write to the same memory must have as many inputs and targets, and
`--labels` again where the memory learns labels. Where both the first file and
the later one have a header, columns are matched by name, in any order.";

pub(crate) fn run(args: &WriteArgs) -> Result<()> {
    interrupt::listen();
    let wanted = args.columns.wanted(Others::Refused)?;
    let untouched = |error| Error::NothingWritten(Box::new(error));
    let known = Known::look(&args.memory).map_err(untouched)?;
    let mut file = Source::open(&args.file).and_then(Source::twice).map_err(untouched)?;
    let checked = check(args, &wanted, known.as_ref(), &mut file).map_err(untouched)?;
    let name = file.name.clone();
    let (reader, bytes) = file.second().map_err(untouched)?;
    let layout = |known: Option<&Known>| {
        Rows::open(&name, reader, wanted.kind(), |table| {
            Layout::with_targets(table, &wanted, known)
        })
    };
    let rows = layout(known.as_ref()).map_err(untouched)?;
    interrupt::start_writing();
    let memory = open(args, &checked).map_err(untouched)?;
    let learned = learn(&args.memory, memory, rows, bytes)?;
    if let Some(summary) = &learned.summary {
        say(summary);
    }
    learned.stopped.map_or(Ok(()), Err)
}

/// What the first reading of a file found.
struct Checked {
    /// The settings of the memory that the rows are for.
    config: Config,
    /// Whether the memory is there.
    exists: bool,
    layout: Layout,
}

/// Goes through the whole file and refuses what the memory would refuse.
fn check(
    args: &WriteArgs,
    wanted: &Wanted,
    known: Option<&Known>,
    file: &mut Twice,
) -> Result<Checked> {
    if let Some(known) = known {
        known.check_kind(wanted.labels)?;
        check_settings(args, known)?;
    }
    let mut progress = Progress::new("checking", file.bytes);
    let name = file.name.clone();
    let mut rows = Rows::open(&name, file.first(), wanted.kind(), |table| {
        Layout::with_targets(table, wanted, known)
    })?;
    let layout = rows.layout().clone();
    let config = match known {
        Some(known) => known.config.clone(),
        None => new_config(args, wanted, &layout)
            .map_err(|refused| rows.fault(None, Fault::Refused(refused)))?,
    };
    let mut classes: HashSet<String> =
        known.into_iter().flat_map(|known| known.labels.iter().cloned()).collect();
    while rows.advance()? {
        let label = &rows.row().label;
        if wanted.labels && !classes.contains(label) {
            if classes.len() >= MAX_LABELS {
                let max = MAX_LABELS as u64;
                let column = layout.targets.first().copied();
                return Err(rows.fault(column, Fault::TooManyLabels { max }));
            }
            classes.insert(label.clone());
        }
        progress.row(rows.bytes(), || format!("{} rows", grouped(rows.count())));
    }
    Ok(Checked { config, exists: known.is_some(), layout })
}

/// Refuses settings other than those that the memory was made with.
fn check_settings(args: &WriteArgs, known: &Known) -> Result<()> {
    let config = &known.config;
    let differs = |asked: Option<u64>, made: Option<u64>| asked.is_some() && asked != made;
    let (max_bytes, window) = (config.max_bytes(), config.window().map(u64::from));
    if differs(args.seed, Some(config.seed())) {
        return Err(known.conflict(Conflict::Seed { seed: config.seed() }));
    }
    for (option, asked, made) in [
        ("--max-bytes", args.max_bytes, max_bytes),
        ("--window", args.window.map(u64::from), window),
    ] {
        if differs(asked, made) {
            let made = made.map_or_else(|| "none".to_owned(), |made| made.to_string());
            return Err(known.conflict(Conflict::Setting { option, made }));
        }
    }
    Ok(())
}

fn new_config(
    args: &WriteArgs,
    wanted: &Wanted,
    layout: &Layout,
) -> glam_memory::core::Result<Config> {
    let targets = match wanted.kind() {
        Kind::Labels => Targets::Labels,
        Kind::Numbers => Targets::Numbers(layout.targets.len() as u32),
    };
    let mut builder = Config::builder(layout.inputs.len(), targets);
    if let Some(seed) = args.seed {
        builder = builder.seed(seed);
    }
    if let Some(bytes) = args.max_bytes {
        builder = builder.max_bytes(bytes);
    }
    if let Some(writes) = args.window {
        builder = builder.window(writes);
    }
    builder.build()
}

/// Opens the memory that the rows were checked for, or makes it.
fn open(args: &WriteArgs, checked: &Checked) -> Result<Memory> {
    let config = &checked.config;
    let memory = if checked.exists {
        Memory::open(&args.memory)?
    } else {
        let mut builder = Memory::builder(config.inputs()).seed(config.seed());
        if let Some(bytes) = config.max_bytes() {
            builder = builder.max_bytes(bytes);
        }
        if let Some(writes) = config.window() {
            builder = builder.window(writes);
        }
        match config.targets() {
            Targets::Numbers(targets) => builder.targets(targets as usize),
            Targets::Labels => builder.labels(),
        }
        .create(&args.memory)?
    };
    let known = Known::of(&args.memory, &memory)?;
    if known.config != *config {
        return Err(known.conflict(Conflict::Replaced));
    }
    // A memory without observations takes its columns' names from the first file.
    if let (0, Some(columns)) = (known.sequence, checked.layout.columns()) {
        columns.write(&args.memory)?;
    }
    Ok(memory)
}

/// What became of the second reading of a file.
struct Learned {
    /// How many rows there were, and how well each was predicted; `None` for no row.
    summary: Option<String>,
    /// What stopped it before the end of the file.
    stopped: Option<Error>,
}

/// Rows after which the log is handed to the disk: what a kill can cost at most.
const FLUSH_ROWS: u64 = 8_192;
/// Rows after which a checkpoint is made on the way: what the next opening may have to replay.
const CHECKPOINT_ROWS: u64 = 131_072;

/// The second reading: learns row by row, and makes a checkpoint of whatever was learned.
fn learn(path: &Path, memory: Memory, mut rows: Rows<File>, bytes: u64) -> Result<Learned> {
    let mut progress = Progress::new("learning", Some(bytes));
    let mut errors = Prequential::new(memory.sequence(), memory.labels());
    let mut before = Vec::new();
    let start = Instant::now();
    let mut written = 0;
    let stopped = loop {
        if interrupt::is_asked() {
            break Some(Error::Interrupted { written });
        }
        let partly = |source| Error::PartlyWritten { source: Box::new(source), written };
        match rows.advance() {
            Ok(true) => {}
            Ok(false) => break None,
            Err(error) => break Some(partly(error)),
        }
        match learn_row(&memory, rows.row(), rows.kind(), &mut before, &mut errors) {
            Ok(()) => {}
            Err(glam_memory::Error::Core(refused)) => {
                break Some(partly(rows.fault(None, Fault::Refused(refused))));
            }
            // The files failed: what they hold is known once the memory is opened again.
            Err(error) => return Err(error.into()),
        }
        written += 1;
        if written % CHECKPOINT_ROWS == 0 {
            memory.checkpoint()?;
        } else if written % FLUSH_ROWS == 0 {
            memory.flush()?;
        }
        progress.row(rows.bytes(), || {
            let speed = speed(written, start.elapsed().as_secs_f64());
            format!("{speed}, {}", errors.brief())
        });
    };
    progress.now("making a checkpoint");
    let total = memory.sequence();
    memory.close()?;
    let seconds = start.elapsed().as_secs_f64();
    let summary = (written > 0).then(|| summarise(path, written, total, seconds, &errors));
    Ok(Learned { summary, stopped })
}

fn learn_row(
    memory: &Memory,
    row: &Row,
    kind: Kind,
    before: &mut Vec<f32>,
    errors: &mut Prequential,
) -> glam_memory::Result<()> {
    match kind {
        Kind::Numbers => {
            memory.write_predicting(&row.x, &row.y, before)?;
            errors.numbers(before, row);
        }
        Kind::Labels => {
            memory.write_predicting(&row.x, row.label.as_str(), before)?;
            errors.label(before, row);
        }
    }
    Ok(())
}

fn summarise(path: &Path, written: u64, total: u64, seconds: f64, errors: &Prequential) -> String {
    let (rows, speed) = (counted(written, "row"), speed(written, seconds));
    let mut text = format!("{rows} learned in {seconds:.2} s ({speed})");
    if let Some(summary) = errors.summary() {
        text.push_str(&format!("; {summary}"));
    }
    if total > written {
        text.push_str(&format!("; {} holds {}", path.display(), grouped(total)));
    }
    text
}

#[cfg(test)]
mod tests {
    use std::io::{Seek, Write};

    use super::*;
    use crate::args::Header;
    use crate::targets::TargetColumns;

    #[test]
    fn a_row_that_went_bad_after_the_check_is_named_and_those_before_it_are_kept() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("m");
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(b"1,2,3\n4,5,6\n7,x,9\n").unwrap();
        file.rewind().unwrap();
        let wanted = Wanted {
            targets: TargetColumns::Last(1),
            labels: false,
            header: Header::No,
            others: Others::Refused,
        };
        let rows = Rows::open("t.csv", file, Kind::Numbers, |table| {
            Layout::with_targets(table, &wanted, None)
        });
        let memory = Memory::builder(2).create(&path).unwrap();
        let learned = learn(&path, memory, rows.unwrap(), 18).unwrap();
        assert!(learned.summary.unwrap().starts_with("2 rows learned"));
        let error = learned.stopped.unwrap().to_string();
        assert!(error.starts_with("t.csv, line 3, column 2: \"x\""), "{error}");
        assert!(error.ends_with("; 2 rows before it were written and kept"), "{error}");
        assert_eq!(Memory::open_read_only(&path).unwrap().sequence(), 2);
    }
}
