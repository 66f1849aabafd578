//! The section.

use super::ID;
use super::streams::Kind;
use crate::report::suites::common::grouped;
use crate::report::suites::tally::{
    SETTINGS, Tally, distinct, failure_row, settings, shown, tallies,
};
use crate::report::{
    Axis, Block, Cell, Chart, Drawing, Lines, Mark, Results, Section, Series, Spread, Table,
};

/// The heads of the table of figures.
const COLUMNS: [&str; 5] = ["stream", "learner", "accuracy", "of the last half", "rows a second"];

/// The section of this suite.
#[must_use]
pub fn section(results: &Results) -> Section {
    let tallies = tallies(results, ID);
    let mut blocks = vec![Block::Text(QUESTION.to_owned())];
    if tallies.is_empty() {
        blocks.push(Block::Text("No trial of this suite was kept.".to_owned()));
    } else {
        blocks.push(Block::Table(figures(&tallies)));
        blocks.extend(distinct(tallies.iter().map(|tally| tally.set)).into_iter().filter_map(
            |set| {
                let of = tallies.iter().filter(|tally| tally.set == set);
                lines(set, &of.collect::<Vec<_>>())
            },
        ));
        blocks.push(Block::Heading("How it was measured".to_owned()));
        blocks.push(Block::List(METHOD.map(str::to_owned).to_vec()));
        blocks.extend(settings(SETTINGS, tallies.iter().filter_map(setting)));
    }
    let title = "A rule that changes: predicting each row before learning it".to_owned();
    Section { id: ID.to_owned(), title, blocks }
}

const QUESTION: &str = "What was true of a stream last month may be wrong today. A memory that forgets \
    nothing holds on to it; one with a window of so many writes lets it go. Who predicts the next row \
    best?";

const METHOD: [&str; 6] = [
    "Rows come in the order of time. Each is predicted, then learned; accuracy is the share of rows that \
     were predicted right, the first of all counted as wrong.",
    "Two rules look at no input: the label stays what it was, and the label that was most frequent so \
     far. A learner that is not ahead of them is not worth running on that stream.",
    "GLAM has its default settings but for the window, which is not chosen for a stream: 100 and \
     none, in a full run 1,000 too, are shown for all. Memory and MLP are shown with the label before as one more \
     input too, as a user can give it who is told it in time; River's models are not.",
    "The MLP takes a step of gradient descent on every row. The kind of step and its rate are what was \
     right most often on the first tenth of the stream, which gives the scales of its inputs too; then \
     it begins anew. That search is not on the clock.",
    "Models of River, for which a Python has to be given, run once, have the defaults of River, and run as programs of their own \
     that keep their own clock.",
    "Seeds move the draws of memories and nets. After ± stands the standard deviation over seeds.",
];

/// Every figure of every learner; why trials failed stands in rows of its own.
fn figures(tallies: &[Tally<'_>]) -> Table {
    let mut rows = Vec::new();
    for tally in tallies {
        let highest = |figure: &str| {
            let same = tallies.iter().filter(|other| other.set == tally.set);
            let means = same.filter_map(|other| Some(other.spread(figure)?.mean));
            means.fold(f64::NEG_INFINITY, f64::max)
        };
        let of = |figure: &str| {
            let spread = tally.spread(figure);
            let best = spread.is_some_and(|of| of.mean >= highest(figure));
            Cell { text: shown(spread, 4), best }
        };
        if tally.found().count() > 0 {
            // The rules predict without learning: their speed says nothing.
            let speed = tally.spread("rows per second").filter(|_| tally.setting().is_some());
            rows.push(vec![
                Cell::from(tally.set),
                Cell::from(tally.learner),
                of("accuracy"),
                of("accuracy of the last half"),
                Cell::from(speed.map_or("-".to_owned(), |of| grouped(of.mean))),
            ]);
        }
        for why in tally.failures() {
            let mut row = failure_row(tally.learner.to_owned(), why, COLUMNS.len() - 1);
            row.insert(0, Cell::from(tally.set));
            rows.push(row);
        }
    }
    Table {
        caption: "Accuracy where each row is predicted before it is learned (prequential)."
            .to_owned(),
        columns: COLUMNS.map(str::to_owned).to_vec(),
        rows,
    }
}

/// A line a learner over the rows of one stream, in steps of a fiftieth.
fn lines(set: &str, tallies: &[&Tally<'_>]) -> Option<Block> {
    let series: Vec<Series> = tallies.iter().filter_map(|tally| line(tally)).collect();
    let longest = series.iter().max_by_key(|series| series.points.len())?.clone();
    let mut columns = vec!["rows".to_owned()];
    columns.extend(series.iter().map(|series| series.name.clone()));
    // The drawing has them all.
    let fifths = longest.points.iter().enumerate().skip(4).step_by(5);
    let rows = fifths.map(|(place, (x, _))| {
        let value = |series: &Series| series.points.get(place).map(|&(_, y)| format!("{y:.3}"));
        let mut row = vec![Cell::from(grouped(*x))];
        row.extend(series.iter().map(|series| Cell::from(value(series).unwrap_or_default())));
        row
    });
    let table = Table { caption: String::new(), columns, rows: rows.collect() };
    Some(Block::Chart(Chart {
        title: format!("Accuracy along {set}"),
        caption: "Of each fiftieth of the stream alone, of which the table has every fifth; mean of seeds.".to_owned(),
        drawing: Drawing::Lines(Lines {
            x: Axis { label: "rows".to_owned(), log: false, range: None },
            y: Axis { label: "accuracy".to_owned(), log: false, range: None },
            series,
            marks: marks(set, longest.points.last().map_or(0.0, |&(rows, _)| rows)),
        }),
        table,
    }))
}

/// Where the rule is known to change: after each third of the generated rows.
fn marks(set: &str, rows: f64) -> Vec<Mark> {
    let changes: &[f64] = if set == Kind::Turning.set() { &[1.0, 2.0] } else { &[] };
    let mark = |third: &f64| Mark { at: third * rows / 3.0, label: "another rule".to_owned() };
    changes.iter().map(mark).collect()
}

/// The mean over seeds; nothing where there is no point, or seeds differ in number of points.
fn line(tally: &Tally<'_>) -> Option<Series> {
    let seeds: Vec<_> = tally.found().map(|trial| &trial.found.points).collect();
    let first = seeds.first().filter(|points| !points.is_empty())?;
    if seeds.iter().any(|points| points.len() != first.len()) {
        return None;
    }
    let spreads = first.iter().enumerate().filter_map(|(place, point)| {
        Some((point.rows, Spread::of(seeds.iter().map(|points| points[place].measure))?))
    });
    let points = spreads.map(|(x, of)| (x, of.mean)).collect();
    let ours = tally.learner.starts_with("GLAM");
    Some(Series { name: tally.learner.to_owned(), ours, points, spread: Vec::new() })
}

fn setting(tally: &Tally<'_>) -> Option<String> {
    Some(format!("{}, {}: {}.", tally.set, tally.learner, tally.setting()?))
}
