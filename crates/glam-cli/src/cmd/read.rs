//! `glam read`: predict the targets of rows of inputs.

use std::io::{self, StdoutLock};
use std::path::PathBuf;

use glam_memory::{Explanation, Memory};

use crate::args::{Header, Level};
use crate::error::{Error, Result};
use crate::known::Known;
use crate::layout::Layout;
use crate::message::say;
use crate::number::Shortest;
use crate::prequential::highest;
use crate::rows::{Kind, Rows};
use crate::source::Source;

/// Slots that `--explain` lists for a row.
const LISTED_SLOTS: usize = 8;

/// Predict the targets of rows of inputs; CSV on standard output.
///
/// FILE holds inputs only. Where it has a header and the memory knows its columns' names, the
/// inputs are picked by name, in any order, and other columns are ignored. The output has a header
/// and a row for each row of FILE: the targets, or the likeliest label and its score (about 1 where
/// the memory is sure, near 0 where it is not). Numbers have the fewest digits that are exact.
///
/// An input cell without a value (see `glam write --help`) counts as the column's mean; how many
/// there were is said at the end, on standard error.
///
/// Rows are answered as they come: where one is wrong, the rows before it have been answered.
/// Reads beside a `glam write` that is at work see the memory as it was when they started.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES, after_long_help = EXAMPLES)]
pub(crate) struct ReadArgs {
    /// The directory of the memory.
    #[arg(value_name = "MEM")]
    memory: PathBuf,
    /// The CSV file of inputs; `-` is standard input.
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// Add the spread in which the truth is expected, one standard deviation: columns NAME_std.
    #[arg(long)]
    std: bool,
    /// Add the interval that holds the truth with a probability of PERCENT: columns NAME_low and
    /// NAME_high. Not for labels: those have --probabilities.
    #[arg(long, value_name = "PERCENT")]
    interval: Option<Level>,
    /// Add the probability that the label is the right one: the column `probability`.
    #[arg(long)]
    probabilities: bool,
    /// Add how much of the row's surroundings the memory has seen, whatever belongs to it: the
    /// column `familiarity`, 0 (nothing like it) to 1.
    #[arg(long)]
    familiarity: bool,
    /// Add the slots that made the answer, the eight with the largest shares: the column `active`
    /// of `table/decisions:share`, with `root` for the slot of the whole space.
    #[arg(long)]
    explain: bool,
    /// Whether the first row holds the columns' names; auto: it does where it holds text and no
    /// number.
    #[arg(long, value_enum, value_name = "auto|yes|no", default_value_t)]
    #[arg(hide_possible_values = true)]
    header: Header,
}

const EXAMPLES: &str = "\
Examples:
  glam read robot.glam cues.csv > predictions.csv
  glam read robot.glam cues.csv --std
  glam read robot.glam cues.csv --interval 90 --familiarity
  echo 0.5,1.5 | glam read robot.glam -";

pub(crate) fn run(args: &ReadArgs) -> Result<()> {
    let memory = Memory::open_read_only(&args.memory)?;
    let known = Known::of(&args.memory, &memory)?;
    known.check_written()?;
    if args.interval.is_some() && known.learns_labels() {
        return Err(Error::CommandLine(
            "--interval is for numbers, and this memory learns labels; use --probabilities",
        ));
    }
    if args.probabilities && !known.learns_labels() {
        return Err(Error::CommandLine(
            "--probabilities is for labels, and this memory learns numbers; use --interval",
        ));
    }
    let source = Source::open(&args.file)?;
    let name = source.name.clone();
    let mut rows = Rows::open(&name, source.into_reader(), Kind::Numbers, |table| {
        Layout::of_cues(table, args.header, &known)
    })?;
    let mut output = Output::new();
    // Read before the header is printed, so that a file without rows gives no output.
    let mut more = rows.advance()?;
    output.header(args, &known)?;
    let mut answer = Answer::default();
    let (mut answered, mut refused) = (Ok(()), false);
    while more {
        if let Err(error) = answer.recall(&memory, &rows.row().x, args) {
            (answered, refused) = (Err(rows.failed(&known, error)), true);
            break;
        }
        output.row(&answer, &known)?;
        if rows.must_wait() {
            output.flush()?;
        }
        match rows.advance() {
            Ok(found) => more = found,
            Err(error) => {
                answered = Err(error);
                break;
            }
        }
    }
    output.flush()?;
    // A row that was refused has said what is wrong with it.
    if !refused && let Some(missing) = rows.tally().missing(rows.layout()) {
        say(&missing);
    }
    answered
}

/// What a read gave.
#[derive(Default)]
struct Answer {
    values: Vec<f32>,
    spreads: Option<Vec<f32>>,
    intervals: Option<Vec<(f32, f32)>>,
    probability: Option<f32>,
    familiarity: Option<f32>,
    explanation: Option<Explanation>,
}

impl Answer {
    fn recall(&mut self, memory: &Memory, x: &[f32], args: &ReadArgs) -> glam_memory::Result<()> {
        if args.std {
            let (values, spreads) = memory.read_with_std(x)?;
            self.values = values;
            self.spreads = Some(spreads);
        } else {
            self.values.resize(memory.outputs(), 0.0);
            memory.read_into(x, &mut self.values)?;
        }
        if let Some(Level(level)) = args.interval {
            self.intervals = Some(memory.read_with_interval(x, level)?.1);
        }
        if args.probabilities {
            self.probability = Some(memory.classify(x)?.probability);
        }
        if args.familiarity {
            self.familiarity = Some(memory.familiarity(x)?.seen);
        }
        if args.explain {
            self.explanation = Some(memory.explain(x)?);
        }
        Ok(())
    }
}

/// CSV on standard output.
struct Output {
    writer: csv::Writer<StdoutLock<'static>>,
    text: String,
}

impl Output {
    fn new() -> Self {
        Self { writer: csv::Writer::from_writer(io::stdout().lock()), text: String::new() }
    }

    fn header(&mut self, args: &ReadArgs, known: &Known) -> Result<()> {
        let mut names = if known.learns_labels() {
            vec!["label".to_owned(), "score".to_owned()]
        } else {
            known.target_names()
        };
        let numbers = names[usize::from(known.learns_labels())..].to_vec();
        if args.std {
            names.extend(numbers.iter().map(|name| format!("{name}_std")));
        }
        if args.interval.is_some() {
            let ends = |name| [format!("{name}_low"), format!("{name}_high")];
            names.extend(numbers.iter().flat_map(ends));
        }
        if args.probabilities {
            names.push("probability".to_owned());
        }
        if args.familiarity {
            names.push("familiarity".to_owned());
        }
        if args.explain {
            names.push("active".to_owned());
        }
        self.writer.write_record(&names).map_err(failed)
    }

    fn row(&mut self, answer: &Answer, known: &Known) -> Result<()> {
        if known.learns_labels() {
            let Some(best) = highest(&answer.values) else { return Ok(()) };
            self.writer.write_field(&known.labels[best]).map_err(failed)?;
            self.number(answer.values[best])?;
            if let Some(spreads) = &answer.spreads {
                self.number(spreads[best])?;
            }
        } else {
            for &number in answer.values.iter().chain(answer.spreads.iter().flatten()) {
                self.number(number)?;
            }
        }
        for &(low, high) in answer.intervals.iter().flatten() {
            self.number(low)?;
            self.number(high)?;
        }
        for number in [answer.probability, answer.familiarity].into_iter().flatten() {
            self.number(number)?;
        }
        if let Some(explanation) = &answer.explanation {
            self.writer.write_field(active(explanation)).map_err(failed)?;
        }
        self.writer.write_record(None::<&[u8]>).map_err(failed)
    }

    fn number(&mut self, number: f32) -> Result<()> {
        use std::fmt::Write;
        self.text.clear();
        let _ = write!(self.text, "{}", Shortest(number));
        self.writer.write_field(&self.text).map_err(failed)
    }

    fn flush(&mut self) -> Result<()> {
        self.writer.flush().map_err(Error::Output)
    }
}

fn failed(error: csv::Error) -> Error {
    Error::Output(match error.into_kind() {
        csv::ErrorKind::Io(error) => error,
        other => io::Error::other(format!("{other:?}")),
    })
}

/// The slots with the largest shares: `root:0.62 17/01101100:0.08`.
fn active(explanation: &Explanation) -> String {
    let mut slots: Vec<_> = explanation.active.iter().collect();
    slots.sort_by(|a, b| b.share.total_cmp(&a.share));
    let texts: Vec<String> = slots
        .iter()
        .take(LISTED_SLOTS)
        .map(|slot| {
            let (key, level) = (slot.key, usize::from(slot.key.level));
            match level {
                0 => format!("root:{:.4}", slot.share),
                _ => format!("{}/{:0level$b}:{:.4}", key.table, key.bits, slot.share),
            }
        })
        .collect();
    texts.join(" ")
}
