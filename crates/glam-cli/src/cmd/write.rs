//! `glam write`: learn the rows of a file.

use std::collections::HashSet;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::time::Instant;

use glam_memory::core::MAX_LABELS;
use glam_memory::net::Activations;
use glam_memory::{Config, Durability, Memory, Rehearse, Targets};

use crate::args::{Header, TargetArgs};
use crate::columns::Columns;
use crate::error::{Conflict, Error, Fault, Place, Result};
use crate::interrupt;
use crate::known::Known;
use crate::layout::{Layout, NAMES_NEED_HEADER, Others, Wanted};
use crate::message::{counted, grouped, say, speed};
use crate::picked::Picked;
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
/// Missing values: an empty cell, NA, N/A, NaN, null, none and ? (in any case, with spaces around)
/// hold no value. In an input column that counts as the column's mean; in one of several targets it
/// teaches that target nothing. A row without any known target is refused. At the end `write` says
/// how many cells were missing, and in which columns. A label may be any text but none at all.
///
/// Categories: a column of the first file with a cell that is neither a number nor missing is
/// categorical. Its first 64 values, in the order of their appearance, become an input each (1 where
/// the row has that value, 0 where not); all others, those of later files too, share 8 inputs by
/// their hash. A value is the cell's text, with its case and without the spaces around it. More
/// than 1,024 values are refused: they are rather names or free text. Dates and times are refused:
/// they have to be given as numbers.
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
    /// The column that says how many rows each row counts as, from 1e-6 to 1e6: neither an input nor
    /// a target. Given as a column of `--targets`.
    #[arg(long, value_name = "COLUMN")]
    weights: Option<Picked>,
    /// Columns that are neither inputs nor targets, such as identifiers or dates. Given as those of
    /// `--targets`; may be repeated.
    #[arg(long, value_name = "COLUMNS")]
    ignore: Vec<Picked>,
    /// The seed of every random draw of a new memory; 1 unless given.
    #[arg(long, value_name = "N")]
    seed: Option<u64>,
    /// The most bytes that a new memory's slots and what it keeps beside them may take: a number, or
    /// one with K, M or G (1M is 1,048,576); no limit unless given.
    #[arg(long, value_name = "BYTES", value_parser = crate::bytes::limit)]
    max_bytes: Option<u64>,
    /// Writes over which a new memory forgets, for data that drift; nothing is forgotten unless given.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(2..))]
    window: Option<u32>,
    /// Earlier rows that every write to a new memory learns again: `auto`, as many as the order of the
    /// rows demands, or a number; `auto` unless given.
    #[arg(long, value_name = "N", value_parser = rehearse)]
    rehearse: Option<Rehearse>,
    /// Have every row on the disk before the next is learned, now and whenever the memory is written
    /// to; else rows reach the disk in pieces and at the end. `--synced no` takes it back.
    #[arg(long, value_name = "yes|no", num_args = 0..=1, require_equals = false)]
    #[arg(default_missing_value = "yes", value_parser = synced)]
    synced: Option<Durability>,
}

fn synced(text: &str) -> std::result::Result<Durability, &'static str> {
    match text {
        "yes" => Ok(Durability::Synced),
        "no" => Ok(Durability::Buffered),
        _ => Err("give yes or no"),
    }
}

fn rehearse(text: &str) -> std::result::Result<Rehearse, String> {
    if text == "auto" {
        return Ok(Rehearse::Auto);
    }
    let times = text.parse().map_err(|_| "give auto or a number of rows".to_owned())?;
    Ok(Rehearse::Fixed(times))
}

/// The setting as it is given.
fn rehearsed(setting: Rehearse) -> String {
    match setting {
        Rehearse::Auto => "auto".to_owned(),
        Rehearse::Fixed(times) => times.to_string(),
    }
}

const EXAMPLES: &str = "\
Examples:
  glam write robot.glam runs.csv --targets last:2         the last two columns
  glam write robot.glam runs.csv --targets torque,speed   by name, from a header
  glam write iris.glam iris.csv --targets last:1 --labels classes
  glam write car.glam cars.csv --targets price --weights sales --ignore id,date
  zcat huge.csv.gz | glam write big.glam - --targets first:1

A later write to the same memory must have the same inputs and targets, and
`--labels` again where the memory learns labels. Where both the first file and
the later one have a header, columns are matched by name, in any order. What
the columns of the first file are (names, values of categories, weights, those
ignored) is kept in MEM/COLUMNS and holds for later files: `glam inspect`
shows it.";

pub(crate) fn run(args: &WriteArgs) -> Result<()> {
    interrupt::listen();
    let wanted = args.wanted()?;
    let untouched = |error| Error::NothingWritten(Box::new(error));
    let known = Known::look(&args.memory).map_err(untouched)?;
    // What was made and never written to takes its columns from this file; over a net, its inputs are
    // the net's.
    let fresh = known
        .as_ref()
        .is_none_or(|known| known.sequence == 0 && known.columns.is_none() && !known.starts());
    let as_known = known.as_ref().filter(|_| !fresh);
    let mut file = Source::open(&args.file).and_then(Source::twice).map_err(untouched)?;
    let checked = check(args, &wanted, known.as_ref(), fresh, &mut file).map_err(untouched)?;
    let name = file.name.clone();
    let (reader, bytes) = file.last().map_err(untouched)?;
    let rows = Rows::open(&name, reader, wanted.kind(), |table| {
        let layout = Layout::with_targets(table, &wanted, as_known)?;
        Ok(Layout { encodings: checked.layout.encodings.clone(), ..layout })
    });
    let mut rows = rows.map_err(untouched)?;
    rows.weigh();
    interrupt::start_writing();
    let memory = open(args, &checked).map_err(untouched)?;
    checked.notes.iter().for_each(|note| say(note));
    let learned = learn(&args.memory, memory, rows, bytes)?;
    learned.summary.iter().for_each(|line| say(line));
    learned.stopped.map_or(Ok(()), Err)
}

impl WriteArgs {
    /// What is wanted, unless the options contradict each other.
    fn wanted(&self) -> Result<Wanted> {
        let mut wanted = self.columns.wanted(Others::Refused)?;
        wanted.weights = self.weights.clone();
        wanted.ignored = self.ignore.clone();
        if wanted.weights.as_ref().is_some_and(|weights| weights.count() != 1) {
            return Err(Error::CommandLine("--weights takes one column; it is given more"));
        }
        let by_name = wanted.picks().any(|picked| matches!(picked, Picked::Names(_)));
        if wanted.header == Header::No && by_name {
            return Err(Error::CommandLine(NAMES_NEED_HEADER));
        }
        Ok(wanted)
    }
}

/// What the first reading of a file found.
struct Checked {
    /// The settings of the memory that the rows are for.
    config: Config,
    /// Whether the memory is there.
    exists: bool,
    layout: Layout,
    /// What the columns are, where the memory is to remember it.
    columns: Option<Columns>,
    /// What is to be said before the rows are learned.
    notes: Vec<String>,
}

/// Goes through the whole file and refuses what the memory would refuse. A `fresh` memory takes
/// its columns from the file.
fn check(
    args: &WriteArgs,
    wanted: &Wanted,
    known: Option<&Known>,
    fresh: bool,
    file: &mut Twice,
) -> Result<Checked> {
    if let Some(known) = known {
        known.check_kind(wanted.labels)?;
        check_settings(args, known)?;
    }
    let mut progress = Progress::new("checking", file.bytes);
    let name = file.name.clone();
    let mut rows = Rows::open(&name, file.first(), wanted.kind(), |table| {
        Layout::with_targets(table, wanted, known.filter(|_| !fresh))
    })?;
    rows.weigh();
    if fresh {
        rows.survey();
    }
    let mut classes: HashSet<String> =
        known.into_iter().flat_map(|known| known.labels.iter().cloned()).collect();
    let net = known.and_then(|known| known.config.basis()).map(|basis| basis.net());
    let mut activations = Activations::default();
    while rows.advance()? {
        if let Some(Err(error)) = net.map(|net| net.activate(&rows.row().x, &mut activations)) {
            return Err(rows.refused_by_net(error));
        }
        let label = &rows.row().label;
        if wanted.labels && !classes.contains(label) {
            if classes.len() >= MAX_LABELS {
                let max = MAX_LABELS as u64;
                let column = rows.layout().targets.first().copied();
                return Err(rows.fault(column, Fault::TooManyLabels { max }));
            }
            classes.insert(label.clone());
        }
        progress.row(rows.bytes(), || format!("{} rows", grouped(rows.count())));
    }
    let mut survey = rows.surveyed()?;
    let mut layout = rows.layout().clone();
    drop(rows);
    if survey.found_text() {
        progress.now("gathering the values of categories");
        layout.encodings = survey.gather(&name, file.again()?, &layout)?;
    }
    let mut notes = survey.describe(&layout, &layout.encodings);
    let weights = known.and_then(|known| known.columns.as_ref()).and_then(Columns::weights);
    if weights.is_some() && layout.weights.is_none() {
        notes.push("no column of weights in this file: each row counts as one".to_owned());
    }
    let refused = |source| {
        let place = Place { file: name.clone(), ..Place::default() };
        Error::at(place, Fault::Refused(source))
    };
    let config = match known {
        Some(known) => known.config.clone(),
        None => new_config(args, wanted, &layout).map_err(refused)?,
    };
    let columns = layout.describe().filter(|columns| fresh && !columns.is_plain());
    if let Some(columns) = &columns {
        columns.check_size(&args.memory)?;
    }
    if let Some(known) = known {
        known.check_width(&name, &layout)?;
    }
    Ok(Checked { config, exists: known.is_some(), layout, columns, notes })
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
    if args.rehearse.is_some_and(|asked| asked != config.rehearse()) {
        let made = rehearsed(config.rehearse());
        return Err(known.conflict(Conflict::Setting { option: "--rehearse", made }));
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
    let mut builder = Config::builder(layout.width(), targets);
    if let Some(seed) = args.seed {
        builder = builder.seed(seed);
    }
    if let Some(bytes) = args.max_bytes {
        builder = builder.max_bytes(bytes);
    }
    if let Some(writes) = args.window {
        builder = builder.window(writes);
    }
    if let Some(setting) = args.rehearse {
        builder = builder.rehearse(setting);
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
        builder = builder.rehearse(config.rehearse());
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
    if let Some(durability) = args.synced {
        memory.set_durability(durability)?;
    }
    if let (0, Some(columns)) = (known.sequence, &checked.columns) {
        columns.write(&args.memory)?;
    }
    Ok(memory)
}

/// What became of the second reading of a file.
struct Learned {
    /// How many rows there were, how well each was predicted, and what was missing in them; lines.
    summary: Vec<String>,
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
    let mut summary = Vec::new();
    if written > 0 {
        summary.push(summarise(path, written, total, seconds, &errors));
        summary.extend(rows.tally().missing(rows.layout()));
        summary.extend(rows.tally().unknown(rows.layout()));
    }
    Ok(Learned { summary, stopped })
}

fn learn_row(
    memory: &Memory,
    row: &Row,
    kind: Kind,
    before: &mut Vec<f32>,
    errors: &mut Prequential,
) -> glam_memory::Result<()> {
    let weight = row.weight.unwrap_or(1.0);
    match kind {
        Kind::Numbers => {
            memory.write_weighted_predicting(&row.x, &row.y, weight, before)?;
            errors.numbers(before, row);
        }
        Kind::Labels => {
            memory.write_weighted_predicting(&row.x, row.label.as_str(), weight, before)?;
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

    #[test]
    fn a_row_that_went_bad_after_the_check_is_named_and_those_before_it_are_kept() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("m");
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(b"1,2,3\n4,5,6\n7,x,9\n").unwrap();
        file.rewind().unwrap();
        let wanted = Wanted {
            targets: Picked::Last(1),
            labels: false,
            header: Header::No,
            others: Others::Refused,
            weights: None,
            ignored: Vec::new(),
        };
        let rows = Rows::open("t.csv", file, Kind::Numbers, |table| {
            Layout::with_targets(table, &wanted, None)
        });
        let memory = Memory::builder(2).create(&path).unwrap();
        let learned = learn(&path, memory, rows.unwrap(), 18).unwrap();
        assert!(learned.summary[0].starts_with("2 rows learned"));
        let error = learned.stopped.unwrap().to_string();
        assert!(error.starts_with("t.csv, line 3, column 2: \"x\""), "{error}");
        assert!(error.ends_with("; 2 rows before it were written and kept"), "{error}");
        assert_eq!(Memory::open_read_only(&path).unwrap().sequence(), 2);
    }
}
