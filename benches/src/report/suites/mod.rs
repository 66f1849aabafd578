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

use super::{FORMAT, Plan, Report, ReportError, Results, Runner, Section};

/// A suite: its name, what measures it, given a Python for the learners that need one, and what is shown of it.
struct Suite {
    id: &'static str,
    run: fn(&mut Runner, Option<&Path>) -> Result<(), ReportError>,
    section: fn(&Results) -> Section,
}

/// All of them, in the order of the page.
const SUITES: [Suite; 8] = [
    Suite { id: capacity::ID, run: |runner, _| capacity::run(runner), section: capacity::section },
    Suite {
        id: rewriting::ID,
        run: |runner, _| rewriting::run(runner),
        section: rewriting::section,
    },
    Suite { id: accuracy::ID, run: accuracy::run, section: accuracy::section },
    Suite { id: curve::ID, run: |runner, _| curve::run(runner), section: curve::section },
    Suite {
        id: continual::ID,
        run: |runner, _| continual::run(runner),
        section: continual::section,
    },
    Suite { id: drift::ID, run: drift::run, section: drift::section },
    Suite { id: cost::ID, run: |runner, _| cost::run(runner), section: cost::section },
    Suite {
        id: ablations::ID,
        run: |runner, _| ablations::run(runner),
        section: ablations::section,
    },
];

/// The suites' names, in the order of the page.
#[must_use]
pub fn names() -> [&'static str; 8] {
    SUITES.each_ref().map(|suite| suite.id)
}

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
        let is_chosen = |suite: &&Suite| chosen.is_empty() || chosen.contains(&suite.id);
        SUITES.iter().filter(is_chosen).try_for_each(|suite| (suite.run)(runner, python))
    })?;
    let place = |id: &str| SUITES.iter().position(|suite| suite.id == id);
    trials.sort_by_key(|trial| place(&trial.key.suite));
    let version = env!("CARGO_PKG_VERSION").to_owned();
    let notes = Vec::new();
    Ok(Results { format: FORMAT, version, plan, command, machine, notes, trials })
}

/// The report of what was found.
#[must_use]
pub fn report(results: &Results) -> Report {
    let is_measured =
        |suite: &&Suite| results.trials.iter().any(|trial| trial.key.suite == suite.id);
    let sections = SUITES.iter().filter(is_measured).map(|suite| (suite.section)(results));
    Report {
        title: match results.plan {
            Plan::Quick => "GLAM: the recall report, quick run".to_owned(),
            Plan::Full => "GLAM: the recall report".to_owned(),
        },
        lead: summary::lead(results),
        sections: sections.collect(),
        colophon: colophon(results),
    }
}

fn colophon(results: &Results) -> Vec<String> {
    let machine = &results.machine;
    let hours: f64 = results.trials.iter().map(|trial| trial.took).sum::<f64>() / 3600.0;
    let build = if machine.release { "" } else { ", not a release build" };
    let versions = machine.versions.iter().map(|(name, version)| format!("{name} {version}"));
    let versions: Vec<String> = versions.collect();
    let with =
        if versions.is_empty() { String::new() } else { format!("; {}", versions.join(", ")) };
    let measured = [
        format!("`{}`", results.command),
        format!(
            "Measured on {} processors ({}), {} GiB of memory, {}{build}; begun on {}; {:.1} minutes of \
             trials. GLAM {}{with}.",
            machine.cores,
            machine.processor,
            machine.memory_mib.div_ceil(1024),
            machine.system,
            machine.day,
            hours * 60.0,
            results.version
        ),
    ];
    let last = "Every figure of this page is in `results.json` beside it, trial by trial, with its seed and \
                setting.";
    measured.into_iter().chain(results.notes.iter().cloned()).chain([last.to_owned()]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_note_on_how_it_was_measured_stands_at_the_foot() {
        let plain = made_up::results(Vec::new());
        let noted = Results { notes: vec!["Beside other work.".to_owned()], ..plain.clone() };
        let (plain, noted) = (report(&plain).colophon, report(&noted).colophon);
        assert_eq!(noted.len(), plain.len() + 1);
        assert_eq!(noted[plain.len() - 1], "Beside other work.");
        assert_eq!((&noted[..2], noted.last()), (&plain[..2], plain.last()));
    }
}
