//! Trials of several seeds, brought together.

use crate::report::{Block, Cell, Results, Spread, Trial};

/// The trials of one learner on one set in one part of a suite, in the order of the run.
#[derive(Debug, Clone)]
pub(super) struct Tally<'a> {
    pub(super) part: &'a str,
    pub(super) set: &'a str,
    pub(super) learner: &'a str,
    trials: Vec<&'a Trial>,
}

/// The trials of a suite by part, set and learner, in the order in which each was met first.
pub(super) fn tallies<'a>(results: &'a Results, suite: &str) -> Vec<Tally<'a>> {
    let mut tallies: Vec<Tally<'a>> = Vec::new();
    for trial in results.trials.iter().filter(|trial| trial.key.suite == suite) {
        let key = &trial.key;
        let same = |tally: &&mut Tally<'_>| {
            (tally.part, tally.set, tally.learner) == (&key.part, &key.set, &key.learner)
        };
        match tallies.iter_mut().find(same) {
            Some(tally) => tally.trials.push(trial),
            None => tallies.push(Tally {
                part: &key.part,
                set: &key.set,
                learner: &key.learner,
                trials: vec![trial],
            }),
        }
    }
    tallies
}

impl<'a> Tally<'a> {
    /// The trials that did not fail.
    pub(super) fn found(&self) -> impl Iterator<Item = &'a Trial> {
        self.trials.iter().copied().filter(|trial| trial.failure.is_none())
    }

    /// A figure over the seeds that have it.
    pub(super) fn spread(&self, figure: &str) -> Option<Spread> {
        Spread::of(self.found().filter_map(|trial| trial.found.figures.get(figure).copied()))
    }

    /// A figure by its seed or split.
    pub(super) fn values(&self, figure: &str) -> Vec<(u64, f64)> {
        let value =
            |trial: &Trial| Some((trial.key.seed, trial.found.figures.get(figure).copied()?));
        self.found().filter_map(value).collect()
    }

    /// Why trials failed, each reason once.
    pub(super) fn failures(&self) -> Vec<&'a str> {
        distinct(self.trials.iter().filter_map(|trial| trial.failure.as_deref()))
    }

    /// The setting of the first trial that did not fail and names it.
    pub(super) fn setting(&self) -> Option<&'a str> {
        self.found().map(|trial| trial.found.setting.as_str()).find(|setting| !setting.is_empty())
    }
}

/// What is given, each once, in the order in which it was met first.
pub(super) fn distinct<T: PartialEq>(values: impl IntoIterator<Item = T>) -> Vec<T> {
    let mut distinct = Vec::new();
    for value in values {
        if !distinct.contains(&value) {
            distinct.push(value);
        }
    }
    distinct
}

/// The mean and, of several seeds, its standard deviation, with so many digits after the point.
pub(super) fn shown(spread: Option<Spread>, digits: usize) -> String {
    match spread {
        None => "-".to_owned(),
        Some(Spread { mean, count: 1, .. }) => format!("{mean:.digits$}"),
        Some(Spread { mean, std, .. }) => format!("{mean:.digits$} ± {std:.digits$}"),
    }
}

/// The heading and the list of what learners chose for themselves; nothing where there is none.
pub(super) fn settings(heading: &str, lines: impl Iterator<Item = String>) -> Vec<Block> {
    let lines: Vec<String> = lines.collect();
    if lines.is_empty() {
        return Vec::new();
    }
    vec![Block::Heading(heading.to_owned()), Block::List(lines)]
}

/// The heading where the settings are those of the first seed.
pub(super) const SETTINGS: &str = "Settings, of the first seed";

/// A row of a table that says why a trial failed.
pub(super) fn failure_row(name: String, why: &str, columns: usize) -> Vec<Cell> {
    let mut row = vec![Cell::from(name), Cell::from(format!("failed: {why}"))];
    row.resize(columns.max(2), Cell::default());
    row
}

/// Every row of every table of a section is as long as its heads.
#[cfg(test)]
pub(super) fn check_tables(section: &crate::report::Section) {
    for block in &section.blocks {
        let table = match block {
            Block::Table(table) => table,
            Block::Chart(chart) => &chart.table,
            _ => continue,
        };
        assert!(!table.columns.is_empty());
        assert!(table.rows.iter().all(|row| row.len() == table.columns.len()), "{table:?}");
    }
}
