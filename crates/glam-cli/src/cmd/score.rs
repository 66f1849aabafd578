//! `glam score`: compare predictions with the truth.

use std::path::PathBuf;
use std::time::Instant;

use glam_memory::{Memory, Score, Scorer};
use serde::Serialize;

use crate::args::TargetArgs;
use crate::error::{Error, Result};
use crate::known::Known;
use crate::layout::{Layout, Others};
use crate::message::{aligned, grouped, percent, print, short, short_or_dash, speed, table};
use crate::prequential::highest;
use crate::rows::{Kind, Rows};
use crate::source::Source;

/// Compare predictions with the targets in a file; learns nothing.
///
/// For numbers: the root mean square error (RMSE), the mean square error over the variance of the
/// target in this file (nMSE: 0 is perfect, 1 is no better than the mean), and the mean absolute
/// error (MAE), for each target. For labels: the share of rows whose likeliest class is the right
/// one (accuracy). A label that the memory never saw counts as wrong.
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
    /// One line of JSON: rows, rmse, nmse, mean_nmse, mae, with labels accuracy, seconds.
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
    let mut scorer = Scorer::default();
    let mut predicted = vec![0.0; memory.outputs()];
    while rows.advance()? {
        let row = rows.row();
        memory.read_into(&row.x, &mut predicted).map_err(|error| known.failed(error))?;
        match wanted.kind() {
            Kind::Numbers => scorer.numbers(&predicted, &row.y),
            Kind::Labels => {
                let found = highest(&predicted).and_then(|best| known.labels.get(best));
                scorer.class(found.is_some_and(|found| *found == row.label));
            }
        }
    }
    let (score, seconds) = (scorer.score(), start.elapsed().as_secs_f64());
    let text = if args.json {
        let line = serde_json::to_string(&Line { score: &score, seconds });
        line.map_err(|error| Error::Output(error.into()))? + "\n"
    } else {
        readable(&score, &known.target_names(), seconds)
    };
    print(&text)
}

fn readable(score: &Score, names: &[String], seconds: f64) -> String {
    let speed = speed(score.rows, seconds);
    let mut pairs = vec![("rows", grouped(score.rows))];
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
            vec![name.clone(), short(*rmse), short_or_dash(*nmse), short(*mae)]
        });
        text.push('\n');
        text.push_str(&table(&[header].into_iter().chain(lines).collect::<Vec<_>>()));
    }
    text
}
