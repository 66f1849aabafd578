//! The section.

use super::growth::{SPOILED, read_name};
use super::{GROWTH, ID, Learner, OPERATIONS};
use crate::report::suites::common::grouped;
use crate::report::suites::tally::{Tally, distinct, failure_row, tallies};
use crate::report::{
    Axis, Bars, Block, Cell, Chart, Drawing, Lines, Results, Section, Series, Spread, Table, Trial,
};

const QUESTION: &str = "A memory learns each row when it is written. What does a write take, what a read, \
    and everything else that a memory in files is asked to do? And does it take longer as the memory grows?";

const METHOD: [&str; 7] = [
    "Rows are generated: inputs near a plane of six directions, targets a smooth function of where they lie \
     on it, labels the largest of random sums of the inputs. Costs depend on the shape far more than on \
     what is learned.",
    "GLAM has its default settings and lies in files, on one thread; consolidating uses all cores, keeps the \
     gates, and goes over all rows of the set. Writes and reads \
     are medians of 64 at a time, writes after the first 1,024 rows; cues are rows that were not written.",
    "The lower bound knows the slots beforehand: for a read it adds up the floats of their maps, for a write it \
     reads maps and covariances and writes them back. It computes nothing else, and the shortest of seven \
     rounds counts, so that little that touches the same slots can be faster.",
    "The MLP, in candle, has two hidden layers of 128 and takes one step of Adam a row; the index inserts the row; \
     recursive least squares keeps one covariance of all inputs, and is left out at 784 inputs. All on one \
     thread.",
    "An opening ends when the first cue is recalled; files are in the system's cache, as they were just \
     written. A memory that recalls no better than a constant counts as failed, and one that recalls other \
     bits once reopened.",
    "Bytes an observation in memory are those of slots, their table and the observations that are kept, \
     over the rows written: slots are shared, so it falls as rows are added.",
    "Operations are measured three times in a full run, once in a quick one, growth once; ± is the standard deviation, which is the machine's more \
     than the seed's.",
];

/// The figures of operations: their heads and names.
const TIMES: [(&str, &str); 5] = [
    ("first 1,024 writes, s", "first 1,024 writes s"),
    ("open to read, ms", "open to read ms"),
    ("open to write, ms", "open to write ms"),
    ("checkpoint, s", "checkpoint s"),
    ("consolidate with gates kept, s", "consolidate s"),
];
const BYTES: [(&str, &str); 4] = [
    ("rows", "rows"),
    ("log, bytes a row", "log B/row"),
    ("memory, bytes a row", "memory B/row"),
    ("files, MB", "files MB"),
];

/// The section of this suite.
#[must_use]
pub fn section(results: &Results) -> Section {
    let tallies = tallies(results, ID);
    let part = |name: &str| -> Vec<&Tally<'_>> {
        tallies.iter().filter(|tally| tally.part == name).collect()
    };
    let (operations, growth) = (part(OPERATIONS), part(GROWTH));
    let mut blocks = vec![Block::Text(QUESTION.to_owned())];
    if tallies.is_empty() {
        blocks.push(Block::Text("No trial of this suite was kept.".to_owned()));
    }
    if !operations.is_empty() {
        let chart = |title, caption: &str, figure, column| {
            Block::Chart(bars(&operations, title, caption, figure, column))
        };
        blocks.push(chart("A write", WRITES, "write us", "µs a write"));
        blocks.push(chart("A read", READS, "read us", "µs a read"));
        let ours: Vec<&Tally<'_>> = operations
            .iter()
            .copied()
            .filter(|tally| tally.learner == Learner::Memory.name())
            .collect();
        if !ours.is_empty() {
            blocks.push(Block::Heading("Everything else".to_owned()));
            blocks.push(Block::Table(table(&ours, "Seconds and milliseconds of GLAM. Consolidating with the default search, as in Accuracy, takes several times as long.", &TIMES)));
            blocks.push(Block::Table(table(&ours, "Bytes of GLAM.", &BYTES)));
        }
    }
    if !growth.is_empty() {
        blocks.push(Block::Heading("As it grows".to_owned()));
        blocks.extend(growth.iter().copied().map(|tally| Block::Chart(grown(tally))));
    }
    if !tallies.is_empty() {
        blocks.push(Block::Heading("How it was measured".to_owned()));
        blocks.push(Block::List(METHOD.map(str::to_owned).to_vec()));
    }
    Section { id: ID.to_owned(), title: "What it costs".to_owned(), blocks }
}

const WRITES: &str = "Microseconds to learn one more row. **Less is better**; the lower bound moves \
    the memory that a write of GLAM touches, and does nothing else. Most of the MLP's time is its library's, for \
    a batch of one row; in batches of 64 a row takes far less (see Accuracy).";
const READS: &str = "Microseconds to recall one cue. What each recalls is not equally good: the last column \
    of the table is the error at the cues, the mean square error over the variance of values, the share of \
    wrong labels.";

/// Bars of one figure by shape and learner.
fn bars(
    operations: &[&Tally<'_>],
    title: &str,
    caption: &str,
    figure: &str,
    column: &str,
) -> Chart {
    let groups = distinct(operations.iter().map(|tally| tally.set));
    let series = distinct(operations.iter().map(|tally| tally.learner)).into_iter().map(|name| {
        let of = operations.iter().filter(|tally| tally.learner == name);
        let mut found: Vec<(usize, Spread)> = of
            .filter_map(|tally| {
                let group = groups.iter().position(|group| *group == tally.set)?;
                Some((group, tally.spread(figure)?))
            })
            .collect();
        found.sort_by_key(|(group, _)| *group);
        let ours = name == Learner::Memory.name();
        let spread = found.iter().map(|(_, spread)| spread.std).collect();
        let points = found.into_iter().map(|(group, spread)| (group as f64, spread.mean)).collect();
        Series { name: name.to_owned(), ours, points, spread }
    });
    let drawing = Drawing::Bars(Bars {
        value: Axis { label: "microseconds".to_owned(), log: true, range: None },
        series: series.collect(),
        groups: groups.iter().map(|&group| group.to_owned()).collect(),
        marks: Vec::new(),
    });
    let heads = ["shape", "learner", column, "error"].map(str::to_owned).to_vec();
    let mut rows = Vec::new();
    for &set in &groups {
        let of: Vec<_> = operations.iter().copied().filter(|tally| tally.set == set).collect();
        let floor = |tally: &Tally<'_>| tally.learner == Learner::Floor.name();
        let best = of
            .iter()
            .filter(|tally| !floor(tally))
            .filter_map(|tally| Some(tally.spread(figure)?.mean))
            .min_by(f64::total_cmp);
        for tally in of {
            let start = [set, tally.learner].map(Cell::from).to_vec();
            if let Some(why) = tally.failures().first() {
                rows.push(failed(start, why, heads.len()));
                continue;
            }
            let value = tally.spread(figure).map(|spread| spread.mean);
            let error = tally.spread("nmse").or(tally.spread("wrong"));
            let error = error.map_or("-".to_owned(), |error| format!("{:.3}", error.mean));
            let best = value.is_some() && value == best && !floor(tally);
            let value = Cell { text: varied(tally.spread(figure)), best };
            rows.push(start.into_iter().chain([value, error.into()]).collect());
        }
    }
    let table = Table { caption: String::new(), columns: heads, rows };
    Chart { title: title.to_owned(), caption: caption.to_owned(), drawing, table }
}

/// GLAM's figures, a shape a row.
fn table(ours: &[&Tally<'_>], caption: &str, figures: &[(&str, &str)]) -> Table {
    let heads = figures.iter().map(|(head, _)| (*head).to_owned());
    let columns: Vec<String> = std::iter::once("shape".to_owned()).chain(heads).collect();
    let row = |tally: &&Tally<'_>| {
        if let Some(why) = tally.failures().first() {
            return failure_row(tally.set.to_owned(), why, columns.len());
        }
        let value = |name| varied(tally.spread(name));
        let cells = figures.iter().map(|(_, name)| Cell::from(value(name)));
        std::iter::once(Cell::from(tally.set)).chain(cells).collect()
    };
    let rows = ours.iter().map(row).collect();
    Table { caption: caption.to_owned(), columns, rows }
}

/// What a write and a read take as a memory grows.
fn grown(tally: &Tally<'_>) -> Chart {
    let trial: Option<&Trial> = tally.found().next();
    let points = trial.map_or(&[][..], |trial| &trial.found.points);
    let read = |rows: f64| trial.and_then(|trial| trial.found.figures.get(&read_name(rows)));
    let writes = points.iter().map(|point| (point.rows, point.measure)).collect();
    let reads = points.iter().filter_map(|point| Some((point.rows, *read(point.rows)?))).collect();
    let series = |name: &str, points| {
        let name = name.to_owned();
        Series { name, ours: true, points, spread: Vec::new() }
    };
    let axis = |label: &str| Axis { label: label.to_owned(), log: true, range: None };
    let drawing = Drawing::Lines(Lines {
        x: axis("rows written"),
        y: axis("microseconds"),
        series: vec![series("GLAM, a write", writes), series("GLAM, a read", reads)],
        marks: Vec::new(),
    });
    let columns = ["rows written", "µs a write", "µs a read", "seconds of writing in all"];
    let mut rows: Vec<Vec<Cell>> = points
        .iter()
        .map(|point| {
            let [write, read] = [Some(point.measure), read(point.rows).copied()].map(number);
            let rows = grouped(point.rows);
            [rows, write, read, number(Some(point.seconds))].map(Cell::from).to_vec()
        })
        .collect();
    let why = tally.failures();
    rows.extend(why.iter().map(|why| failure_row("GLAM".to_owned(), why, columns.len())));
    let held = tally.spread("memory MB").map_or(String::new(), |megabytes| {
        format!(" In the end it takes {} MB of memory.", number(Some(megabytes.mean)))
    });
    let spoiled = tally.spread(SPOILED).map_or(String::new(), |rows| {
        format!(" **At {} rows its error had grown** by more than a tenth.", grouped(rows.mean))
    });
    Chart {
        title: format!("A write and a read, by rows written ({})", tally.set),
        caption: format!(
            "In memory, one memory, one seed. A write is the mean since the place before, so that the first \
             places hold the warm-up.{held}{spoiled}"
        ),
        drawing,
        table: Table { caption: String::new(), columns: columns.map(str::to_owned).to_vec(), rows },
    }
}

/// A row of two names that says why a trial failed.
fn failed(mut start: Vec<Cell>, why: &str, columns: usize) -> Vec<Cell> {
    start.push(format!("failed: {why}").into());
    start.resize(columns, Cell::default());
    start
}

/// A mean, and what it varies by where there are several.
fn varied(spread: Option<Spread>) -> String {
    match spread {
        Some(Spread { mean, std, count }) if count > 1 && std > 0.0 => {
            format!("{} ± {}", number(Some(mean)), number(Some(std)))
        }
        spread => number(spread.map(|spread| spread.mean)),
    }
}

/// Three digits, or all of those before the point.
pub(super) fn number(value: Option<f64>) -> String {
    let Some(value) = value else { return "-".to_owned() };
    if value == 0.0 {
        return "0".to_owned();
    }
    let digits = 2 - value.abs().max(1e-3).log10().floor() as i32;
    match usize::try_from(digits) {
        Ok(digits) if digits > 0 => format!("{value:.digits$}"),
        _ => grouped(value),
    }
}
