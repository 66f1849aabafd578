//! The suites: what is measured, and what is shown of it.

pub mod ablations;
pub mod accuracy;
pub mod capacity;
mod common;
pub mod continual;
pub mod cost;
pub mod curve;
pub mod drift;
mod generated;
#[cfg(test)]
mod made_up;
pub mod rewriting;
mod summary;
mod tally;

use std::path::Path;

use super::{Plan, Report, ReportError, Results, Runner, Section};

/// The suites' names, in the order of the page.
pub const SUITES: [&str; 8] = [
    capacity::ID,
    rewriting::ID,
    accuracy::ID,
    curve::ID,
    continual::ID,
    drift::ID,
    cost::ID,
    ablations::ID,
];

/// Measures the `chosen` suites, all where none is, and gives what they found, in the order of the page,
/// beside what `command` says.
///
/// # Errors
///
/// Returns an error if a trial cannot be kept.
pub fn measure(
    runner: Runner,
    chosen: &[&str],
    python: Option<&Path>,
    command: String,
) -> Result<Results, ReportError> {
    let (plan, machine) = (runner.plan(), runner.machine().clone());
    let mut trials = runner.run(|runner| {
        for suite in SUITES {
            if !chosen.is_empty() && !chosen.contains(&suite) {
                continue;
            }
            match suite {
                capacity::ID => capacity::run(runner)?,
                rewriting::ID => rewriting::run(runner)?,
                accuracy::ID => accuracy::run(runner, python)?,
                curve::ID => curve::run(runner)?,
                continual::ID => continual::run(runner)?,
                drift::ID => drift::run(runner, python)?,
                cost::ID => cost::run(runner)?,
                _ => ablations::run(runner)?,
            }
        }
        Ok(())
    })?;
    let place = |suite: &str| SUITES.iter().position(|name| *name == suite);
    trials.sort_by_key(|trial| place(&trial.key.suite));
    let version = env!("CARGO_PKG_VERSION").to_owned();
    Ok(Results { format: 1, version, plan, command, machine, trials })
}

/// The report of what was found.
#[must_use]
pub fn report(results: &Results) -> Report {
    let sections = SUITES
        .into_iter()
        .filter(|suite| results.trials.iter().any(|trial| trial.key.suite == *suite));
    let section = |suite: &str| -> Section {
        match suite {
            capacity::ID => capacity::section(results),
            rewriting::ID => rewriting::section(results),
            accuracy::ID => accuracy::section(results),
            curve::ID => curve::section(results),
            continual::ID => continual::section(results),
            drift::ID => drift::section(results),
            cost::ID => cost::section(results),
            _ => ablations::section(results),
        }
    };
    Report {
        title: match results.plan {
            Plan::Quick => "GLAM: the recall report, quick run".to_owned(),
            Plan::Full => "GLAM: the recall report".to_owned(),
        },
        lead: summary::lead(results),
        sections: sections.map(section).collect(),
        colophon: colophon(results),
    }
}

fn colophon(results: &Results) -> Vec<String> {
    let machine = &results.machine;
    let hours: f64 = results.trials.iter().map(|trial| trial.took).sum::<f64>() / 3600.0;
    let build = if machine.release { "" } else { ", not a release build" };
    vec![
        format!("`{}`", results.command),
        format!(
            "Measured on {} processors ({}), {} GiB of memory, {}{build}; begun on {}; {:.1} minutes of \
             trials, one after the other. GLAM {}.",
            machine.cores,
            machine.processor,
            machine.memory_mib.div_ceil(1024),
            machine.system,
            machine.day,
            hours * 60.0,
            results.version
        ),
        "Every figure of this page is in `results.json` beside it, trial by trial, with its seed and \
         setting."
            .to_owned(),
    ]
}
