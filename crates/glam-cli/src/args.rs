//! The command line.

use std::str::FromStr;

use clap::builder::Styles;
use clap::{Parser, Subcommand, ValueEnum};

use crate::cmd;
use crate::error::{Error, Result};
use crate::layout::{NAMES_NEED_HEADER, Others, Wanted};
use crate::picked::Picked;
use crate::rows::Kind;

/// Write rows into a memory that learns a function, and recall it.
///
/// A memory (MEM) is a directory. `glam write` learns numbers or class labels from the rows of a
/// CSV file, one row at a time and once; `glam read` predicts them for rows of inputs alone.
#[derive(Debug, Parser)]
#[command(
    name = "glam",
    version,
    max_term_width = 80,
    styles = Styles::plain(),
    subcommand_required = true,
    arg_required_else_help = true,
    after_help = AFTER_HELP,
    after_long_help = AFTER_HELP
)]
pub(crate) struct Args {
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// The sub-commands; each is described at its arguments.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    Write(cmd::write::WriteArgs),
    Read(cmd::read::ReadArgs),
    Score(cmd::score::ScoreArgs),
    Consolidate(cmd::consolidate::ConsolidateArgs),
    Regate(cmd::consolidate::RegateArgs),
    Inspect(cmd::inspect::InspectArgs),
    Verify(cmd::verify::VerifyArgs),
    Rebuild(cmd::rebuild::RebuildArgs),
    Repair(cmd::repair::RepairArgs),
    Backup(cmd::backup::BackupArgs),
    Compact(cmd::compact::CompactArgs),
    Forget(cmd::forget::ForgetArgs),
    ForgetHistory(cmd::forget_history::ForgetHistoryArgs),
    ImportNet(cmd::import_net::ImportNetArgs),
    Net(cmd::net::NetArgs),
}

/// Whether the first row of a file holds the names of the columns.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub(crate) enum Header {
    /// It does where it holds text and no number (a column of labels does not count).
    #[default]
    Auto,
    /// It does.
    Yes,
    /// It does not: every row is data.
    No,
}

/// The share of truths that an interval holds, given in percent.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Level(pub(crate) f64);

impl FromStr for Level {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let text = text.strip_suffix('%').unwrap_or(text);
        match text.parse::<f64>() {
            Ok(percent) if percent > 0.0 && percent < 100.0 => Ok(Self(percent / 100.0)),
            _ => Err("give a number of percent, more than 0 and less than 100"),
        }
    }
}

/// Which columns of a file are targets, and what they hold.
#[derive(Debug, clap::Args)]
pub(crate) struct TargetArgs {
    /// The columns that are targets; all others are inputs. last:N, first:N: the last or first N;
    /// column:N: the one at place N, counted from 1; NAME,NAME: by their names in the header.
    #[arg(long, value_name = "COLUMNS")]
    targets: Picked,
    /// The target, one column, is a class label: any text.
    #[arg(long)]
    labels: bool,
    /// Whether the first row holds the columns' names; auto: it does where it holds text and no
    /// number, a label aside.
    #[arg(long, value_enum, value_name = "auto|yes|no", default_value_t)]
    #[arg(hide_possible_values = true)]
    header: Header,
}

impl TargetArgs {
    /// What is wanted, unless the options contradict each other.
    pub(crate) fn wanted(&self, others: Others) -> Result<Wanted> {
        if self.labels && self.targets.count() != 1 {
            return Err(Error::CommandLine(
                "--labels takes one target column; --targets gives more",
            ));
        }
        if self.header == Header::No && matches!(self.targets, Picked::Names(_)) {
            return Err(Error::CommandLine(NAMES_NEED_HEADER));
        }
        let (targets, labels, header) = (self.targets.clone(), self.labels, self.header);
        Ok(Wanted { targets, labels, header, others, weights: None, ignored: Vec::new() })
    }
}

impl Wanted {
    /// What the target columns hold.
    pub(crate) fn kind(&self) -> Kind {
        if self.labels { Kind::Labels } else { Kind::Numbers }
    }
}

const AFTER_HELP: &str = "\
Examples:
  glam write robot.glam runs.csv --targets last:1    learn the last column
  glam consolidate robot.glam                        learn all rows at once
  glam read robot.glam cues.csv > predictions.csv    predict it for new rows
  glam score robot.glam test.csv --targets last:1    how good is it?

Files:
  CSV in UTF-8: commas, one row a line, decimal points, Unix or Windows line
  ends. Blank lines at the end and spaces around values do not matter. Files
  are streamed: their size does not matter. `-` is standard input.
  An empty cell, NA, N/A, NaN, null, none and ? (in any case) are missing
  values: `glam write --help` says what becomes of them.
  A column of text is one of categories: see there, too. Dates are refused.
  `glam write` keeps what the columns are beside the memory (MEM/COLUMNS), and
  later files with a header may order them differently.

Exit status:
  0 done, 1 the data or the memory is wrong, 2 the command line is wrong,
  130 stopped by Ctrl-C. Errors are one line on standard error.";
