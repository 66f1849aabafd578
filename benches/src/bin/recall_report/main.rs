//! The recall report: a memory held against a plain MLP and everything else a user would pick.
//!
//! ```text
//! cargo run --release -p glam-benches --bin recall_report -- --quick --out report
//! cargo run --release -p glam-benches --bin recall_report -- --python PYTHON --out report
//! ```
//!
//! Measures suites of trials, keeps each trial in the folder as soon as it is done, and writes
//! `report.html`, `report.md` and `results.json`. Run again with the same folder it measures what is
//! missing. With `--from results.json` it measures nothing and writes the pages anew.

use std::error::Error;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;
use glam_benches::data::use_data_folder;
use glam_benches::report::suites::{measure, names, report};
use glam_benches::report::{Plan, Results, Runner, page, python_versions};

/// Hold a memory against a plain MLP and what else a user would pick, and write one page about it.
///
/// Trials are kept in the folder as they are done: a run that was stopped, by Ctrl-C too, goes on where it
/// was when it is started again with the same folder. After a change of the program take another folder: what is kept is not
/// measured again. A learner that fails is a row of the page.
#[derive(Parser)]
#[command(after_help = EXAMPLES)]
struct Arguments {
    /// Measure on small data, generated or in the repository: minutes. Without it, on all data sets: about
    /// two hours.
    #[arg(long)]
    quick: bool,
    /// Measure these suites alone.
    #[arg(long, value_delimiter = ',', value_name = "NAME,NAME")]
    #[arg(value_parser = clap::builder::PossibleValuesParser::new(names()))]
    suite: Vec<String>,
    /// The folder of the data sets, instead of the one that GLAM_DATA names.
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// A Python that has what benches/python/requirements.txt lists: for LightGBM, River and scikit-learn.
    #[arg(long, value_name = "PATH")]
    python: Option<PathBuf>,
    /// Measure nothing: write the pages of the results in this file.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["quick", "suite", "data", "python"])]
    from: Option<PathBuf>,
    /// What readers must know of how it was measured, for the foot of the page; more than once for more.
    #[arg(long, value_name = "TEXT")]
    note: Vec<String>,
    /// The folder to write to; it is made.
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
}

const EXAMPLES: &str = "\
Examples:
  recall_report --quick --out report
  recall_report --suite accuracy,cost --data DIR --python venv/bin/python --out report
  recall_report --from docs/report/results.json --out page";

fn main() -> ExitCode {
    match run(&Arguments::parse()) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("recall_report: {error}");
            ExitCode::from(1)
        }
    }
}

fn run(arguments: &Arguments) -> Result<ExitCode, Box<dyn Error>> {
    let mut results = match &arguments.from {
        Some(path) => Results::read(path)?,
        None => measured(arguments)?,
    };
    results.notes.extend(arguments.note.iter().cloned());
    let report = report(&results);
    let folder = &arguments.out;
    std::fs::create_dir_all(folder)?;
    let write = |name: &str, text: String| {
        let path = folder.join(name);
        std::fs::write(&path, text).map_err(|error| format!("{}: {error}", path.display()))
    };
    write("report.html", page::html(&report)?)?;
    write("report.md", page::markdown(&report))?;
    write("results.json", results.to_json()?)?;
    let failed = results.trials.iter().filter(|trial| trial.failure.is_some()).count();
    let count = results.trials.len();
    println!("{count} trials, {failed} failed: {}", folder.join("report.html").display());
    let nothing = count > 0 && failed == count;
    Ok(if nothing { ExitCode::from(1) } else { ExitCode::SUCCESS })
}

fn measured(arguments: &Arguments) -> Result<Results, Box<dyn Error>> {
    if let Some(folder) = &arguments.data {
        if !folder.is_dir() {
            return Err(format!("--data {}: there is no such folder", folder.display()).into());
        }
        use_data_folder(folder);
    }
    if let Some(python) = &arguments.python
        && !python.is_file()
    {
        return Err(format!("--python {}: there is no such file", python.display()).into());
    }
    let plan = if arguments.quick { Plan::Quick } else { Plan::Full };
    let chosen: Vec<&str> = arguments.suite.iter().map(String::as_str).collect();
    let python = arguments.python.as_deref();
    let versions = python.map(python_versions).unwrap_or_default();
    let runner = Runner::new(plan, &arguments.out, versions)?;
    let mut results = measure(runner, &chosen, python, command(arguments))?;
    // The folder may hold trials of other suites than those that were asked for now.
    let has = |suite: &&str| results.trials.iter().any(|trial| trial.key.suite == **suite);
    let kept: Vec<&str> = names().into_iter().filter(has).collect();
    if kept.len() < names().len() {
        let named = format!("--suite {} --out", kept.join(","));
        results.command = results.command.replace("--out", &named);
    }
    Ok(results)
}

/// The command that measures the same, without the paths of this machine.
fn command(arguments: &Arguments) -> String {
    let mut words = vec!["cargo run --release -p glam-benches --bin recall_report --".to_owned()];
    if arguments.quick {
        words.push("--quick".to_owned());
    }
    for (given, name) in [(&arguments.data, "--data DIR"), (&arguments.python, "--python PATH")] {
        if given.is_some() {
            words.push(name.to_owned());
        }
    }
    words.push("--out DIR".to_owned());
    words.join(" ")
}
