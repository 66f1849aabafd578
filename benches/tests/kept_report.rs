//! The report that the repository keeps: its pages are those of its results, and what README and docs quote
//! of it stands in it.

#![expect(clippy::unwrap_used, reason = "a test may fail")]

use std::fs;
use std::path::{Path, PathBuf};

use glam_benches::report::suites::{names, report};
use glam_benches::report::{Plan, Results, page};

/// What stands between these is quoted: tables as a whole, other text line by line.
const BEGIN: &str = "<!-- quoted from docs/report/report.md -->";
const END: &str = "<!-- end of quotation -->";

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn kept(name: &str) -> String {
    fs::read_to_string(root().join("docs/report").join(name)).unwrap()
}

/// The tables among the lines: rows that follow one another.
fn tables<'a>(lines: &[&'a str]) -> Vec<Vec<&'a str>> {
    let runs = lines.chunk_by(|a, b| a.starts_with('|') == b.starts_with('|'));
    runs.filter(|run| run[0].starts_with('|')).map(<[&str]>::to_vec).collect()
}

#[test]
fn the_pages_are_those_of_the_results() {
    let results = Results::read(&root().join("docs/report/results.json")).unwrap();
    assert_eq!(results.plan, Plan::Full);
    assert!(results.machine.release);
    for suite in names() {
        assert!(results.trials.iter().any(|trial| trial.key.suite == suite), "{suite}");
    }
    let report = report(&results);
    let again = "write them again: recall_report --from docs/report/results.json --out docs/report";
    assert!(kept("report.md") == page::markdown(&report), "report.md: {again}");
    assert!(kept("report.html") == page::html(&report).unwrap(), "report.html: {again}");
    assert!(kept("results.json") == results.to_json().unwrap(), "results.json: {again}");
}

#[test]
fn what_is_quoted_stands_in_the_report() {
    let report = kept("report.md");
    let lines: Vec<&str> = report.lines().map(str::trim_end).collect();
    let docs = fs::read_dir(root().join("docs")).unwrap().map(|entry| entry.unwrap().path());
    let files = docs.filter(|path| path.extension().is_some_and(|end| end == "md"));
    let known = tables(&lines);
    let mut quoted = 0;
    for file in files.chain([root().join("README.md")]) {
        let text = fs::read_to_string(&file).unwrap();
        for (number, part) in text.split(BEGIN).skip(1).enumerate() {
            let place = format!("{}, quotation {}", file.display(), number + 1);
            let (part, _) = part.split_once(END).unwrap_or_else(|| panic!("{place} has no end"));
            let part: Vec<&str> = part.lines().map(str::trim_end).collect();
            for table in tables(&part) {
                assert!(known.contains(&table), "{place}: the report has no such table: {table:?}");
            }
            for line in part.into_iter().filter(|line| !line.is_empty()) {
                assert!(lines.contains(&line), "{place} says what the report does not: {line}");
                quoted += 1;
            }
        }
    }
    assert!(quoted > 20, "{quoted} lines are quoted");
}
