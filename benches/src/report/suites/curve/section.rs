//! What is shown of learning curves.

use super::super::common::short;
use super::super::tally::{Tally, distinct, failure_row, shown, tallies};
use super::ID;
use crate::report::{
    Axis, Block, Chart, Drawing, Lines, Point, Results, Section, Series, Spread, Table,
};

/// What is shown.
#[must_use]
pub fn section(results: &Results) -> Section {
    let tallies = tallies(results, ID);
    let sets = distinct(tallies.iter().map(|tally| tally.set));
    let mut blocks = vec![Block::Text(
        "Every row is predicted, then learned, once, by every learner: what a program sees that learns \
         while it runs. The error is that of the window since the point before: the share of wrong labels, \
         or the mean square error over the variance of the stream (1 is as good as its mean). Lines are \
         means over three seeds. The net chooses its rate, and the scale of the inputs of pictures and embeddings, beforehand on the first 1,000 rows, off the clock; \
         all but the index learn on one thread, and all peers take the scales of inputs from the whole \
         stream."
            .to_owned(),
    )];
    for set in sets {
        let of: Vec<&Tally<'_>> = tallies.iter().filter(|tally| tally.set == set).collect();
        blocks.push(Block::Heading(set.to_owned()));
        let rows = chart(&of, set, "rows seen", |point| point.rows);
        blocks.push(Block::Chart(Chart { table: by_rows(&of), ..rows }));
        let seconds = chart(&of, set, "seconds of predicting and learning", |point| point.seconds);
        blocks.push(Block::Chart(Chart { table: in_all(&of), ..seconds }));
    }
    Section { id: ID.to_owned(), title: "Learning curves, online".to_owned(), blocks }
}

/// The mean over seeds of every point, and its standard deviation.
fn points(tally: &Tally<'_>, x: fn(&Point) -> f64) -> Vec<(f64, Spread)> {
    let trials: Vec<_> = tally.found().collect();
    let count = trials.iter().map(|trial| trial.found.points.len()).min().unwrap_or(0);
    let at = |place: usize| trials.iter().map(move |trial| &trial.found.points[place]);
    let each = (0..count).filter_map(|place| {
        let x = Spread::of(at(place).map(x))?.mean;
        Some((x, Spread::of(at(place).map(|point| point.measure))?))
    });
    each.collect()
}

fn chart(of: &[&Tally<'_>], set: &str, x: &str, value: fn(&Point) -> f64) -> Chart {
    let series = of.iter().map(|tally| {
        let points = points(tally, value);
        Series {
            name: tally.learner.to_owned(),
            ours: tally.learner == "GLAM",
            spread: points.iter().map(|(_, spread)| spread.std).collect(),
            points: points.into_iter().map(|(x, spread)| (x, spread.mean)).collect(),
        }
    });
    Chart {
        title: format!("{set}: prequential error by {x}"),
        caption: String::new(),
        drawing: Drawing::Lines(Lines {
            x: Axis { label: x.to_owned(), log: true, range: None },
            y: Axis { label: "error in the window".to_owned(), log: true, range: None },
            series: series.collect(),
            marks: Vec::new(),
        }),
        table: Table::default(),
    }
}

/// Every third point, as a phone has room for.
fn by_rows(of: &[&Tally<'_>]) -> Table {
    let first = of.iter().find(|tally| !points(tally, |point| point.rows).is_empty());
    let all = first.map_or(Vec::new(), |tally| points(tally, |point| point.rows));
    let places: Vec<usize> = (0..all.len()).rev().step_by(3).collect();
    let mut columns = vec!["rows seen".to_owned()];
    columns.extend(places.iter().rev().map(|&place| short(all[place].0)));
    let mut rows = Vec::new();
    for tally in of {
        let points = points(tally, |point| point.rows);
        if !points.is_empty() {
            let mut row = vec![tally.learner.into()];
            row.extend(places.iter().rev().map(|&place| {
                points.get(place).map_or("-".to_owned(), |(_, spread)| short(spread.mean)).into()
            }));
            rows.push(row);
        }
        let each = tally.failures().into_iter();
        rows.extend(each.map(|why| failure_row(tally.learner.to_owned(), why, columns.len())));
    }
    rows.iter_mut().for_each(|row| row.resize(columns.len(), "".into()));
    Table { caption: "Errors in the window up to so many rows, which may begin at a point that is left out here; the last may be short.".to_owned(), columns, rows }
}

fn in_all(of: &[&Tally<'_>]) -> Table {
    let columns = ["learner", "over the whole stream", "last window", "seconds", "rows a second"];
    let mut rows = Vec::new();
    for tally in of {
        if tally.spread("seconds").is_some() {
            let mean =
                |name| tally.spread(name).map_or("-".to_owned(), |spread| short(spread.mean));
            rows.push(vec![
                tally.learner.into(),
                shown(tally.spread("prequential error"), 4).into(),
                shown(tally.spread("last window"), 4).into(),
                mean("seconds").into(),
                mean("rows a second").into(),
            ]);
        }
        let each = tally.failures().into_iter();
        rows.extend(each.map(|why| failure_row(tally.learner.to_owned(), why, columns.len())));
    }
    Table { caption: String::new(), columns: columns.map(str::to_owned).to_vec(), rows }
}
