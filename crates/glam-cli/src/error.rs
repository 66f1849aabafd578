//! What can go wrong, what it says, and the exit status it gives.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use thiserror::Error;

use crate::message::{counted, grouped, list, quoted};

/// Names that a message lists at most.
const LISTED: usize = 8;

/// Why a sub-command failed.
#[derive(Debug, Error)]
pub(crate) enum Error {
    /// A file, or a row of it.
    #[error("{}: {}", .0.place, .0.fault)]
    Data(Box<Located>),
    #[error(transparent)]
    Memory(#[from] glam_memory::Error),
    /// A file that holds no net that can be read.
    #[error("{}", of_net(path, source))]
    Net { path: PathBuf, source: glam_net::Error },
    /// What was asked for is not what the memory was made for.
    #[error("{}: {conflict}", memory.display())]
    Conflict { memory: PathBuf, conflict: Box<Conflict> },
    /// Options that contradict each other, found after parsing.
    #[error("{0}")]
    CommandLine(&'static str),
    /// A file that is not a table: what was tried, and the system's answer.
    #[error("{}: cannot {action}: {source}", path.display())]
    File { path: PathBuf, action: &'static str, source: io::Error },
    /// `MEM/COLUMNS` is not as it was written.
    #[error(
        "{}: what the columns are is damaged, or of a later version; put a copy of the file in its \
         place. Where all columns are numbers, remove the file: they are then told apart by their \
         place", path.display()
    )]
    DamagedNames { path: PathBuf },
    #[error("standard output: {0}")]
    Output(io::Error),
    /// The memory is damaged; the damages were printed.
    #[error("{}: {}", memory.display(), counted(*damages, "damaged place"))]
    Damaged { memory: PathBuf, damages: u64 },
    /// Stopped by Ctrl-C between two rows.
    #[error("interrupted; {} written and kept", rows(*written))]
    Interrupted { written: u64 },
    /// Stopped by Ctrl-C between two rows that were to be forgotten.
    #[error("interrupted; forgot {}, not {}", listed(forgotten), listed(left))]
    PartlyForgotten { forgotten: Vec<u64>, left: Vec<u64> },
    /// Stopped by Ctrl-C before anything was changed.
    #[error("interrupted; the memory is as it was")]
    Unchanged,
    /// A write that failed before its first row.
    #[error("{0}; nothing was written")]
    NothingWritten(Box<Error>),
    /// A write that failed on the way.
    #[error("{source}; {} before it {} written and kept", counted(*written, "row"),
        if *written == 1 { "was" } else { "were" })]
    PartlyWritten { source: Box<Error>, written: u64 },
}

/// The result of a sub-command.
pub(crate) type Result<T, E = Error> = std::result::Result<T, E>;

impl Error {
    /// A fault at a place.
    pub(crate) fn at(place: Place, fault: Fault) -> Self {
        Self::Data(Box::new(Located { place, fault }))
    }

    /// The exit status.
    pub(crate) fn exit_code(&self) -> ExitCode {
        ExitCode::from(match self {
            Self::Output(source) if source.kind() == io::ErrorKind::BrokenPipe => 0,
            Self::CommandLine(_) => 2,
            Self::Interrupted { .. } | Self::PartlyForgotten { .. } | Self::Unchanged => {
                INTERRUPTED
            }
            Self::NothingWritten(source) => return source.exit_code(),
            _ => 1,
        })
    }

    /// True where whoever read the output has gone: there is nobody to tell.
    pub(crate) fn is_silent(&self) -> bool {
        matches!(self, Self::Output(source) if source.kind() == io::ErrorKind::BrokenPipe)
    }
}

/// The exit status after Ctrl-C.
pub(crate) const INTERRUPTED: u8 = 130;

/// What is wrong with the file of a net, which not every message names.
fn of_net(path: &Path, source: &glam_net::Error) -> String {
    let (path, source) = (path.display().to_string(), source.to_string());
    if source.starts_with(&path) { source } else { format!("{path}: {source}") }
}

fn listed(rows: &[u64]) -> String {
    let numbers: Vec<String> = rows.iter().map(|&row| grouped(row)).collect();
    numbers.join(", ")
}

fn rows(count: u64) -> String {
    format!("{} {}", counted(count, "row"), if count == 1 { "was" } else { "were" })
}

/// What is wrong, and where.
#[derive(Debug)]
pub(crate) struct Located {
    pub(crate) place: Place,
    pub(crate) fault: Fault,
}

/// Where in a file.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) file: String,
    /// Counted from 1.
    pub(crate) line: Option<u64>,
    /// Counted from 0.
    pub(crate) column: Option<usize>,
    /// The column's name, where there is a header.
    pub(crate) name: Option<String>,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.file)?;
        if let Some(line) = self.line {
            write!(f, ", line {line}")?;
        }
        if let Some(column) = self.column {
            write!(f, ", column {}", column + 1)?;
        }
        match self.name.as_deref() {
            None | Some("") => Ok(()),
            Some(name) => write!(f, " ({})", quoted(name)),
        }
    }
}

/// What is wrong with a file or a row of it.
#[derive(Debug, Error)]
pub(crate) enum Fault {
    #[error("there is no such file; check the path")]
    NoFile,
    #[error("this is a directory; give a CSV file")]
    Directory,
    #[error("cannot read: {0}")]
    Io(io::Error),
    #[error("the file is empty; give rows of numbers separated by commas")]
    Empty,
    #[error("a header and no row of data after it; add one")]
    NoRows,
    #[error("a blank line between rows; remove it")]
    BlankLine,
    #[error("this is no text in UTF-8; save the file as CSV in UTF-8")]
    NotText,
    #[error("a carriage return inside the line; save the file with Unix or Windows line ends")]
    CarriageReturn,
    #[error("a quote that opens here is never closed; close it or remove it")]
    OpenQuote,
    #[error("the line is longer than {} bytes; check that this is a CSV file", grouped(*.max))]
    TooLong { max: u64 },
    #[error(
        "the value is missing: this row has {}, line {first} has {expected}; complete the row",
        counted(*got, "column")
    )]
    TooFew { expected: u64, got: u64, first: u64 },
    #[error(
        "one value too many: this row has {}, line {first} has {expected}; remove what is too many",
        counted(*got, "column")
    )]
    TooMany { expected: u64, got: u64, first: u64 },
    #[error("the value is missing; fill it in or remove the row")]
    Missing,
    #[error("the label is missing; fill it in or remove the row")]
    NoLabel,
    #[error("{}; fill in what is known or remove the row", match targets {
        1 => "the target is missing".to_owned(),
        _ => format!("none of the {} targets is known", grouped(*.targets)),
    })]
    NoTarget { targets: u64 },
    #[error("the value has {got} bytes, at most {max} are allowed for one of a few; shorten it")]
    LongValue { got: u64, max: u64 },
    #[error(
        "line {line} holds {text}, no number, so the column is categorical, and this is its value \
         number {}: more than {} are rather names or free text. Leave the column out with \
         `--ignore {ignore}`, or correct line {line} where all others are numbers",
        grouped(*max + 1), grouped(*max)
    )]
    ManyValues { text: String, line: u64, max: u64, ignore: String },
    #[error("the weight is missing; fill it in (1 is that of a plain row) or remove the row")]
    NoWeight,
    #[error(
        "the weight {text} is not a number from 1e-6 to 1e6 (1 is that of a plain row); rescale \
         the weights or remove the row"
    )]
    Weight { text: String },
    #[error("`{one}` and `{other}` both pick this column; a column can be one thing only")]
    TwoRoles { one: &'static str, other: &'static str },
    #[error("no column is left for inputs; pick fewer targets, or ignore fewer columns")]
    NothingLeft,
    #[error(
        "{} is an input of {}, it cannot be something else now; leave the option out, or make \
         another memory", quoted(.name), memory.display()
    )]
    IsInput { memory: PathBuf, name: String },
    #[error(
        "{} takes its weights from the column {}, which is in this file too; leave `--weights` \
         out, or add `--ignore` for that column", memory.display(), quoted(.name)
    )]
    OtherWeights { memory: PathBuf, name: String },
    #[error("no row has a target that is known; there is nothing to compare with")]
    NoKnownRow,
    #[error(
        "{text} is a date or a time, and an input is a number: give it as numbers, such as days \
         since a day that matters, the day of the week, or the hour as its sine and cosine{}",
        match ignore {
            Some(column) => format!("; or leave the column out with `--ignore {column}`"),
            None => String::new(),
        }
    )]
    Date { text: String, ignore: Option<String> },
    #[error("{text} is not a number; {hint}")]
    NotANumber { text: String, hint: &'static str },
    #[error("{text} is not a finite number; fill in a number or remove the row")]
    NotFinite { text: String },
    #[error("{text} is out of range, the largest number is {:e}; rescale the column", f32::MAX)]
    OutOfRange { text: String },
    #[error("the label has {got} bytes, at most {max} are allowed; shorten it")]
    LongLabel { got: u64, max: u64 },
    #[error("one more class than the {} that a memory can hold; merge some", grouped(*.max))]
    TooManyLabels { max: u64 },
    #[error(
        "{text} stands in a first row that also holds numbers: say `--header yes` where the row \
         holds names, `--header no` where it is data"
    )]
    HeaderOrData { text: String },
    #[error("two columns are named {name}, the first is column {first}; rename one")]
    SameName { name: String, first: u64 },
    #[error(
        "there is no column {}; the columns are {}", quoted(.name), list(.have, LISTED)
    )]
    NoColumn { name: String, have: Vec<String> },
    #[error("there is no column {place}; this file has {}", counted(*columns, "column"))]
    NoPlace { place: u64, columns: u64 },
    #[error(
        "there is no column {}; the memory was written with the inputs {}. Rename the column, \
         add it (its cells may be empty), or say `--header no` where this row is data", quoted(.name), list(.inputs, LISTED)
    )]
    NoInput { name: String, inputs: Vec<String> },
    #[error(
        "{} and {} leave no column for inputs; {hint}",
        counted(*columns, "column"), counted(*targets, "target")
    )]
    NoInputs { columns: u64, targets: u64, hint: &'static str },
    #[error(
        "{}, and the memory takes {}: `glam read` takes inputs only. Remove the columns of the \
         targets, or use `glam score` to compare with them",
        counted(*got, "column"), counted(*inputs, "input")
    )]
    InputsOnly { inputs: u64, got: u64 },
    #[error(
        "this file has {}, the memory takes {}{}: give a file with one column for each input, in the \
         order in which they were written",
        counted(*got, "column"), counted(*inputs, "input column"),
        if names.is_empty() { String::new() } else { format!(" ({})", list(.names, LISTED)) }
    )]
    WrongInputs { inputs: u64, got: u64, names: Vec<String> },
    #[error(
        "{} and {}, but {} learns {} from {}; choose `--targets` to fit, or another memory",
        counted(*got_inputs, "input"), counted(*got_targets, "target"), memory.display(),
        counted(*targets, "target"), counted(*inputs, "input")
    )]
    Counts { memory: PathBuf, inputs: u64, targets: u64, got_inputs: u64, got_targets: u64 },
    #[error(
        "`--targets` picks {}, but {} learns {}; use `--targets {}`", list(.got, LISTED),
        memory.display(), list(.targets, LISTED), .targets.join(",")
    )]
    TargetNames { memory: PathBuf, targets: Vec<String>, got: Vec<String> },
    #[error(
        "{} has no input {}, its inputs are {}; rename the column, or leave it out with `--ignore \
         {ignore}`", memory.display(), quoted(.name), list(.inputs, LISTED)
    )]
    UnknownInput { memory: PathBuf, name: String, inputs: Vec<String>, ignore: String },
    #[error("the file changed while it was checked; try again once it is complete")]
    Changed,
    #[error(
        "this file has {}, the net takes {}: give a file with one column for each input, in order",
        counted(*got, "column"), counted(*inputs, "input")
    )]
    NetInputs { inputs: u64, got: u64 },
    #[error("there is no row {}; this file has {}", grouped(*row), counted(*rows, "row"))]
    NoSuchRow { row: u64, rows: u64 },
    #[error(transparent)]
    Net(glam_memory::core::net::NetError),
    #[error(transparent)]
    Refused(glam_memory::core::Error),
}

/// How the options or the moment do not fit a memory.
#[derive(Debug, Error)]
pub(crate) enum Conflict {
    #[error("this memory learns labels, one class a row; add `--labels`")]
    Labels,
    #[error("this memory learns {}, no labels; leave out `--labels`", counted(*targets, "number"))]
    Numbers { targets: u64 },
    #[error(
        "this memory was made with seed {seed}; leave out `--seed`, it counts at creation only"
    )]
    Seed { seed: u64 },
    #[error(
        "this memory was made with {option} {made}; leave out `{option}`, it counts at creation only"
    )]
    Setting { option: &'static str, made: String },
    #[error("another memory took its place while the rows were checked; try again")]
    Replaced,
    #[error("nothing has been written to this memory yet; write rows first")]
    Empty,
    #[error(transparent)]
    Failed(glam_memory::core::Error),
}
