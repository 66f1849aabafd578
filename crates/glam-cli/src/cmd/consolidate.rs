//! `glam consolidate` and `glam regate`: the joint optimum over the whole history.

use std::io::IsTerminal;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use glam_memory::{Decision, Flow, Memory, Options, Progress, Trial};
use indicatif::{ProgressBar, ProgressStyle};
use parking_lot::Mutex;
use serde::Serialize;

use crate::error::{Error, Result};
use crate::interrupt;
use crate::message::{counted, grouped, print, short, table};

/// Learn the whole history at once: choose gates by what is held out, solve for all maps together.
///
/// Tries several ways to cut the input space, each with its ridge penalty and its number of
/// iterations, and judges them on a tenth of the history that it holds out (on several tenths in
/// turn where the history is short). What was learned says where the function is steep: gates are
/// then drawn anew by that, as often as --regates says. A trial is better where its error on the
/// held-out rows, a mean square in variances of the targets, is smaller than the best before by
/// twice the standard error of the difference; of those that are alike the first stays. A memory
/// that was consolidated before keeps its gates unless others are better so (`kept gates`), until as many
/// rows have come again. One that was not is in the end held against what writing the same rows, one at a
/// time, learns (`as written`), and stays as it was where that has the smallest error, or where fewer than
/// 16 rows are held out. Otherwise the best is solved over all rows and takes the memory's place at once.
/// Ctrl-C before that leaves the memory as it was. Writes go on from the result; where one has more slots
/// to go through than before, reads and writes take longer.
///
/// A memory with a window is solved over what its window leaves of the history. One that is still
/// warming up (fewer than 1,024 rows) has warmed up then: the units of its inputs stay those of the
/// rows so far.
#[derive(Debug, clap::Args)]
#[command(after_help = CONSOLIDATE_EXAMPLES, after_long_help = CONSOLIDATE_EXAMPLES)]
pub(crate) struct ConsolidateArgs {
    #[command(flatten)]
    common: Common,
    /// How often gates are drawn anew from the slopes, 0 to 16.
    #[arg(long, value_name = "N", default_value_t = 3)]
    #[arg(value_parser = clap::value_parser!(u8).range(0..=16))]
    regates: u8,
    /// Recall what was written as exactly as the slots can, by gates that halve it: for tables and
    /// codes, whose rows say nothing of one another. Of rows with the same inputs the last counts. Nothing is
    /// held out, and noise is learned too. After --seconds the best iteration counts.
    #[arg(long, conflicts_with = "regates")]
    for_recall: bool,
}

/// Draw the gates anew from the slopes of what was learned, where that helps on held-out rows.
///
/// Keeps how many tables there are and what they are dealt; only where their gates cut is learned.
/// Otherwise as `glam consolidate --regates 1`.
#[derive(Debug, clap::Args)]
#[command(after_help = REGATE_EXAMPLES, after_long_help = REGATE_EXAMPLES)]
pub(crate) struct RegateArgs {
    #[command(flatten)]
    common: Common,
}

#[derive(Debug, clap::Args)]
struct Common {
    /// The directory of the memory.
    #[arg(value_name = "MEM")]
    memory: PathBuf,
    /// Try nothing more after so many seconds, and solve with the best so far. The first trial
    /// always runs to its end; `as written`, about as long as writing the rows took, and solving follow.
    #[arg(long, value_name = "BUDGET")]
    #[arg(value_parser = clap::value_parser!(u64).range(1..))]
    seconds: Option<u64>,
    /// Work on at most so many threads; without it one a core. The result does not depend on it,
    /// but where --seconds ends the search.
    #[arg(long, value_name = "N")]
    #[arg(value_parser = clap::value_parser!(u16).range(1..=1024))]
    threads: Option<u16>,
    /// JSON.
    #[arg(long)]
    json: bool,
}

const CONSOLIDATE_EXAMPLES: &str = "\
Examples:
  glam consolidate robot.glam
  glam consolidate robot.glam --regates 0 --seconds 60
  glam consolidate codes.glam --for-recall";

const REGATE_EXAMPLES: &str = "\
Examples:
  glam regate robot.glam";

/// What `--json` prints.
#[derive(Serialize)]
struct Json<'a> {
    seconds: f64,
    #[serde(flatten)]
    decision: &'a Decision,
}

pub(crate) fn run(args: &ConsolidateArgs) -> Result<()> {
    if args.for_recall {
        return work(&args.common, |memory, watch| memory.consolidate_for_recall(watch));
    }
    let options = Options { regates: args.regates.into(), ..Options::default() };
    work(&args.common, |memory, watch| memory.consolidate(options, watch))
}

pub(crate) fn run_regate(args: &RegateArgs) -> Result<()> {
    let options = Options { regates: 1, as_it_is: true };
    work(&args.common, |memory, watch| memory.consolidate(options, watch))
}

type Watch<'a> = dyn Fn(&Progress<'_>) -> Flow + Sync + 'a;

fn work(
    args: &Common,
    solve: impl FnOnce(&Memory, &Watch<'_>) -> glam_memory::Result<Decision>,
) -> Result<()> {
    interrupt::listen();
    let memory = Memory::open(&args.memory)?.with_threads(args.threads.unwrap_or(0).into());
    interrupt::start_writing();
    let start = Instant::now();
    let deadline = args.seconds.map(|seconds| start + Duration::from_secs(seconds));
    let bar = Mutex::new(Bar::new());
    let watch = |progress: &Progress<'_>| {
        if interrupt::is_asked() {
            return Flow::Stop;
        }
        bar.lock().show(progress);
        match deadline {
            Some(deadline) if Instant::now() >= deadline => Flow::Finish,
            _ => Flow::Continue,
        }
    };
    let decision = solve(&memory, &watch);
    drop(bar);
    let decision = match decision {
        Err(glam_memory::Error::Core(glam_memory::core::Error::Cancelled)) => {
            return Err(Error::Unchanged);
        }
        other => other?,
    };
    memory.close()?;
    let seconds = start.elapsed().as_secs_f64();
    print(&if args.json {
        let json = Json { seconds, decision: &decision };
        serde_json::to_string_pretty(&json).map_err(|error| Error::Output(error.into()))? + "\n"
    } else {
        readable(&args.memory, &decision, seconds)
    })
}

fn readable(memory: &Path, decision: &Decision, seconds: f64) -> String {
    let mut text = trials(decision);
    let rows = counted(decision.rows, "observation");
    let done = if decision.is_consolidated() {
        format!("{rows} consolidated in {seconds:.1} s")
    } else {
        format!("left as it was after {seconds:.1} s: nothing tried on {rows} was better")
    };
    if decision.is_for_recall() {
        text.push_str(&format!(
            "\n{}: {done}\nfor recall: the error is that on what was written.\n",
            memory.display()
        ));
        return text;
    }
    let judge = match decision.folds {
        1 => "a tenth of the rows that was held out".to_owned(),
        folds => format!("{folds} tenths of the rows, each held out in turn"),
    };
    text.push_str(&format!("\n{}: {done}\n", memory.display()));
    let written = match decision.trials.iter().any(|trial| trial.iterations == 0) {
        true => "; `as written`, what writing alone learns, where no error is smaller",
        false => "",
    };
    text.push_str(&format!(
        "judged on {judge}. A trial is chosen over\n\
         those before it where its error is smaller by twice the standard error of the\n\
         difference{written}.\n"
    ));
    text
}

/// What was tried, as a table; `inspect` shows the same.
pub(crate) fn trials(decision: &Decision) -> String {
    let chosen = decision.trials.iter().rposition(|trial| trial.accepted);
    let error = if decision.folds > 0 { "held-out error" } else { "error" };
    let header = ["tried", "regates", "lambda", "iterations", "slots", error, ""];
    let mut rows = vec![header.map(str::to_owned).to_vec()];
    rows.extend(decision.trials.iter().enumerate().map(|(number, trial)| {
        let Trial { name, regates, lambda, iterations, slots, error, accepted } = trial;
        let verdict = match (chosen == Some(number), accepted) {
            (true, _) => "chosen",
            (false, true) => "better",
            (false, false) => "",
        };
        let solved = |text: String| if *iterations > 0 { text } else { "-".to_owned() };
        vec![
            name.clone(),
            regates.to_string(),
            solved(lambda.to_string()),
            solved(iterations.to_string()),
            grouped(*slots),
            short(*error),
            verdict.to_owned(),
        ]
    }));
    table(&rows)
}

/// What is being tried, on standard error where that is a terminal.
struct Bar {
    bar: ProgressBar,
    drawn: Instant,
}

const REDRAW: Duration = Duration::from_millis(100);

impl Bar {
    fn new() -> Self {
        let bar = if std::io::stderr().is_terminal() {
            ProgressBar::new_spinner()
        } else {
            ProgressBar::hidden()
        };
        if let Ok(style) = ProgressStyle::with_template("{spinner} {elapsed} {wide_msg}") {
            bar.set_style(style);
        }
        Self { bar, drawn: Instant::now() }
    }

    fn show(&mut self, progress: &Progress<'_>) {
        if self.bar.is_hidden() || self.drawn.elapsed() < REDRAW {
            return;
        }
        self.drawn = Instant::now();
        let best = progress.best.map_or_else(String::new, |best| format!(", best {}", short(best)));
        self.bar.set_message(if progress.name.is_empty() {
            format!("solving over {} rows", grouped(progress.rows as u64))
        } else {
            let regated = match progress.regates {
                0 => String::new(),
                times => format!(" regated {times} times"),
            };
            format!("trial {}: {}{regated}{best}", progress.trial, progress.name)
        });
        self.bar.tick();
    }
}

impl Drop for Bar {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}
