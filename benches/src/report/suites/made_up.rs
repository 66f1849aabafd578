//! Results that nobody measured, for tests of what is shown.

use std::collections::BTreeMap;

use crate::report::{Block, Found, Key, Machine, Plan, Point, Results, Section, Trial};

/// Results of a full run with these trials.
pub(super) fn results(trials: Vec<Trial>) -> Results {
    let machine = Machine {
        processor: "none".to_owned(),
        cores: 2,
        memory_mib: 1024,
        system: "none".to_owned(),
        release: true,
        versions: BTreeMap::new(),
        day: "2000-01-01".to_owned(),
    };
    let (version, command) = ("0.0.0".to_owned(), "none".to_owned());
    Results { format: 1, version, plan: Plan::Full, command, machine, notes: Vec::new(), trials }
}

/// A trial that found figures.
pub(super) fn found(key: Key, figures: &[(&str, f64)]) -> Trial {
    let found =
        figures.iter().fold(Found::default(), |found, (name, value)| found.with(name, *value));
    Trial { key, found, failure: None, took: 1.0 }
}

/// A trial that failed.
pub(super) fn failed(key: Key, why: &str) -> Trial {
    Trial { key, found: Found::default(), failure: Some(why.to_owned()), took: 1.0 }
}

/// With what was measured on the way: rows, seconds, measure.
pub(super) fn on_the_way(trial: Trial, points: &[(f64, f64, f64)]) -> Trial {
    let point = |&(rows, seconds, measure): &_| Point { rows, seconds, measure };
    let found = Found { points: points.iter().map(point).collect(), ..trial.found };
    Trial { found, ..trial }
}

/// All that the tables and lists of a section say, cell by cell and row by row.
pub(super) fn said(section: &Section) -> String {
    section.blocks.iter().map(of_block).collect()
}

pub(super) fn of_block(block: &Block) -> String {
    let table = match block {
        Block::Table(table) => table,
        Block::Chart(chart) => &chart.table,
        Block::List(items) => return items.join("\n"),
        Block::Text(text) | Block::Heading(text) => return format!("{text}\n"),
        Block::Strip(strip) => return format!("{}\n", strip.caption),
    };
    let rows = table.rows.iter().map(|row| {
        assert_eq!(row.len(), table.columns.len(), "{table:?}");
        let cells: Vec<&str> = row.iter().map(|cell| cell.text.as_str()).collect();
        format!("{}\n", cells.join(" | "))
    });
    format!("{}\n{}", table.columns.join(" | "), rows.collect::<String>())
}
