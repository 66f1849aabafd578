//! `glam score`: compare predictions with the truth.

use std::path::PathBuf;
use std::time::Instant;

use glam_memory::{Memory, Score, Scorer};
use serde::Serialize;

use crate::args::TargetArgs;
use crate::error::{Error, Fault, Result};
use crate::known::Known;
use crate::layout::{Layout, Others};
use crate::message::{aligned, counted, grouped, percent, print, short_or_dash, speed, table};
use crate::prequential::{highest, known as known_error};
use crate::rows::{Kind, Rows};
use crate::source::Source;

/// Compare predictions with the targets in a file; learns nothing.
///
/// For numbers: the root mean square error (RMSE), the mean square error over the variance of the
/// target in this file (nMSE: 0 is perfect, 1 is no better than the mean), and the mean absolute
/// error (MAE), for each target. For labels: the share of rows whose likeliest class is the right
/// one (accuracy). A label that the memory never saw counts as wrong.
///
/// Cells without a value (see `glam write --help`): an input that is missing counts as its mean, a
/// target that is not known is left out, and a row without any known target is skipped; the result
/// says how many there were.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES, after_long_help = EXAMPLES)]
pub(crate) struct ScoreArgs {
    /// The directory of the memory.
    #[arg(value_name = "MEM")]
    memory: PathBuf,
    /// The CSV file of inputs and targets; `-` is standard input.
    #[arg(value_name = "FILE")]
    file: PathBuf,
    #[command(flatten)]
    columns: TargetArgs,
    /// One line of JSON: rows, rmse, nmse, mean_nmse, mae, with labels accuracy; missing
    /// input cells, unknown targets, skipped rows; seconds.
    #[arg(long)]
    json: bool,
}

const EXAMPLES: &str = "\
Examples:
  glam score robot.glam test.csv --targets last:2
  glam score iris.glam test.csv --targets species --labels --json";

/// The line that `--json` prints.
#[derive(Serialize)]
struct Line<'a> {
    #[serde(flatten)]
    score: &'a Score,
    /// Input cells that were missing.
    missing: u64,
    /// Target cells that were not known.
    unknown: u64,
    /// Rows without a known target: not among `rows`.
    skipped: u64,
    seconds: f64,
}

pub(crate) fn run(args: &ScoreArgs) -> Result<()> {
    let start = Instant::now();
    let wanted = args.columns.wanted(Others::Ignored)?;
    let memory = Memory::open_read_only(&args.memory)?;
    let known = Known::of(&args.memory, &memory)?;
    known.check_kind(wanted.labels)?;
    known.check_written()?;
    let source = Source::open(&args.file)?;
    let name = source.name.clone();
    let mut rows = Rows::open(&name, source.into_reader(), wanted.kind(), |table| {
        Layout::with_targets(table, &wanted, Some(&known))
    })?;
    rows.skip_unknown();
    let mut scorer = Scorer::default();
    let mut predicted = vec![0.0; memory.outputs()];
    while rows.advance()? {
        let row = rows.row();
        memory.read_into(&row.x, &mut predicted).map_err(|error| rows.failed(&known, error))?;
        match wanted.kind() {
            Kind::Numbers => scorer.numbers(&predicted, &row.y),
            Kind::Labels => {
                let found = highest(&predicted).and_then(|best| known.labels.get(best));
                scorer.class(found.is_some_and(|found| *found == row.label));
            }
        }
    }
    if scorer.rows() == 0 {
        return Err(rows.fault_of_file(Fault::NoKnownRow));
    }
    let (score, seconds) = (scorer.score(), start.elapsed().as_secs_f64());
    let tally = rows.tally();
    let text = if args.json {
        let (missing, unknown) = (tally.inputs.iter().sum(), tally.targets.iter().sum());
        let skipped = tally.skipped;
        let line = Line { score: &score, missing, unknown, skipped, seconds };
        let line = serde_json::to_string(&line);
        line.map_err(|error| Error::Output(error.into()))? + "\n"
    } else {
        let notes = [tally.missing(rows.layout()), tally.unknown(rows.layout())];
        readable(&score, &known.target_names(), tally.skipped, seconds)
            + &notes.into_iter().flatten().map(|note| format!("\n{note}\n")).collect::<String>()
    };
    print(&text)
}

fn readable(score: &Score, names: &[String], skipped: u64, seconds: f64) -> String {
    let speed = speed(score.rows, seconds);
    let mut pairs = vec![("rows", grouped(score.rows))];
    if skipped > 0 {
        pairs.push(("skipped", format!("{} without a known target", counted(skipped, "row"))));
    }
    if let Some(accuracy) = score.accuracy {
        pairs.push(("accuracy", percent(accuracy)));
    } else if score.rmse.len() > 1 {
        pairs.push(("mean nMSE", short_or_dash(score.mean_nmse)));
    }
    pairs.push(("seconds", format!("{seconds:.2} ({speed})")));
    let mut text = aligned(&pairs);
    if !score.rmse.is_empty() {
        let header = ["target", "RMSE", "nMSE", "MAE"].map(str::to_owned).to_vec();
        let targets = names.iter().zip(&score.rmse).zip(score.nmse.iter().zip(&score.mae));
        let lines = targets.map(|((name, rmse), (nmse, mae))| {
            let [rmse, mae] = [rmse, mae].map(|error| short_or_dash(known_error(*error)));
            vec![name.clone(), rmse, short_or_dash(*nmse), mae]
        });
        text.push('\n');
        text.push_str(&table(&[header].into_iter().chain(lines).collect::<Vec<_>>()));
    }
    text
}
