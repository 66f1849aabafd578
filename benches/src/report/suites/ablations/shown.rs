//! The section.

use super::ID;
use super::changes::DEFAULT;
use crate::report::suites::tally::{Tally, distinct, failure_row, settings, shown, tallies};
use crate::report::{
    Axis, Bars, Block, Cell, Chart, Drawing, Mark, Results, Section, Series, Spread, Table,
};

const QUESTION: &str = "A memory by default is made of many decisions: how many tables, how they are cut, what \
    a slot keeps, what is rehearsed. Here each is changed alone, and the rows are written once, one at a time. \
    What makes the error grow was earning something; what does not could go. Differences smaller than ± say \
    nothing. This is for those who change GLAM; who uses it can skip it. A table hashes x to one of its slots, \
    each of which keeps one linear map; at level n it has up to 2^n. A view is the inputs that a map sees, and \
    gates are what hashes.";

const METHOD: [&str; 9] = [
    "Tables, levels and views are changed against what the memory picks by itself on the set; a view is halved \
     or doubled with its bias, so that it fills whole groups of lanes. Nothing is chosen by test rows.",
    "\"One variance an input\" is `Precision::Diagonal`, the only other way that a slot can keep its \
     covariance. There is none with one variance a slot.",
    "\"One linear map\" is a single table of level 0 over all inputs: least squares, row by row.",
    "\"Nothing rehearsed\" is `Rehearse::Fixed(0)`. It is measured where rows are in an order that matters: \
     the arm is written in the order of time everywhere here, banking77 once class after class.",
    "Memories of many inputs have hyperplanes on 4 inputs by default, those of few trees on 1, on 2 and on all \
     inputs.",
    "Consolidating comes on top of the default: with its own gates (`regates` 0, `as_it_is`), with gates drawn \
     anew, and as by default, which also tries other structures. All these stop where the error on rows held \
     out is least. \"Not stopped early\" is `consolidate_for_recall`, which moves their thresholds to where they \
     halve the rows and goes on until what was written is recalled.",
    "Where the error is that of the default to the last digit, nothing that consolidating tried was better on \
     the rows held out, and the memory stayed as it was.",
    "Means and standard deviations over three seeds of the memory, of kin8nm and concrete over three splits with \
     one seed. A quick run has one seed, and so have the changes on the arm, banking77 and Fashion-MNIST, but not their \
     default: how far its seeds lie apart is what a difference must be held against. Fashion-MNIST is cut to its first 20,000 training rows, for the sake \
     of time, and in a quick run the arm to every tenth row; four times the tables are not tried on banking77, \
     nor in a quick run, which tries few changes.",
    "Seconds are those of writing, and of consolidating where that comes on top; MB are what the memory takes \
     then. In a quick run, Friedman #1 has ten uniform inputs, of which five matter, and noise of spread 1 in the rows written; \
     the test rows are without it.",
];

const CAPTION: &str = "1 is the default; **more is worse**. The error is the root mean square error of one \
    output, the normalised mean square error of several, the share of wrong labels.";

/// The section of this suite.
#[must_use]
pub fn section(results: &Results) -> Section {
    let tallies = tallies(results, ID);
    let mut blocks = vec![Block::Text(QUESTION.to_owned())];
    if tallies.is_empty() {
        blocks.push(Block::Text("No trial of this suite was kept.".to_owned()));
    } else {
        let sets = distinct(tallies.iter().map(|tally| tally.set));
        let of = |set: &str| -> Vec<&Tally<'_>> {
            tallies.iter().filter(|tally| tally.set == set).collect()
        };
        blocks.push(Block::Chart(bars(&tallies, &sets)));
        blocks.extend(sets.iter().map(|set| Block::Table(table(set, &of(set)))));
        let default = |set: &&str| {
            let default = of(set).into_iter().find(|tally| tally.learner == DEFAULT)?;
            Some(format!("{set}: {}", default.setting()?))
        };
        blocks.push(Block::Heading("How it was measured".to_owned()));
        blocks.push(Block::List(METHOD.map(str::to_owned).to_vec()));
        let picks = sets.iter().filter_map(default);
        blocks.extend(settings("What the default picks, of the first seed", picks));
    }
    let title = "Which idea earns what".to_owned();
    Section { id: ID.to_owned(), title, blocks }
}

/// The measure of a tally, with its name.
fn measured(tally: &Tally<'_>) -> Option<(&'static str, Spread)> {
    let names = ["rmse", "nmse", "accuracy"];
    names.into_iter().find_map(|name| Some((name, tally.spread(name)?)))
}

/// The mean error: of labels the share of wrong ones.
fn error(tally: &Tally<'_>) -> Option<f64> {
    measured(tally).map(|(name, spread)| match name {
        "accuracy" => 1.0 - spread.mean,
        _ => spread.mean,
    })
}

/// The error over that of the default on the same set and seeds.
fn relative(tally: &Tally<'_>, others: &[&Tally<'_>]) -> Option<f64> {
    let default = others.iter().find(|other| other.learner == DEFAULT)?;
    let (name, _) = measured(tally)?;
    let of = |value: f64| if name == "accuracy" { 1.0 - value } else { value };
    // Over the seeds that both have: splits differ more than changes do.
    let known = default.values(name);
    let both = tally.values(name).into_iter().filter_map(|(seed, value)| {
        let (_, other) = known.iter().find(|(other, _)| *other == seed)?;
        Some((of(value), of(*other)))
    });
    let (ours, theirs) = both.fold((0.0, 0.0), |sums, one| (sums.0 + one.0, sums.1 + one.1));
    let ratio = ours / theirs;
    ratio.is_finite().then_some(ratio)
}

/// All changes on one set.
fn table(set: &str, tallies: &[&Tally<'_>]) -> Table {
    let measure = tallies.iter().find_map(|tally| measured(tally));
    let measure = measure.map_or("measure", |(name, _)| match name {
        "rmse" => "RMSE",
        "nmse" => "mean nMSE",
        other => other,
    });
    let columns = ["change", measure, "error, against the default", "seconds", "MB"];
    let least = tallies.iter().filter_map(|tally| error(tally)).min_by(f64::total_cmp);
    let mut rows = Vec::new();
    for tally in tallies {
        if let Some((_, spread)) = measured(tally) {
            let against = match relative(tally, tallies) {
                Some(_) if tally.learner == DEFAULT => String::new(),
                Some(ratio) => format!("{:+.1} %", 100.0 * (ratio - 1.0)),
                None => "-".to_owned(),
            };
            let digits = digits(spread.mean);
            let best = error(tally) == least;
            rows.push(vec![
                tally.learner.into(),
                Cell { text: shown(Some(spread), digits), best },
                against.into(),
                shown(tally.spread("seconds"), 2).into(),
                shown(tally.spread("MB").map(|spread| Spread { count: 1, ..spread }), 1).into(),
            ]);
        }
        let failures = tally.failures();
        let row = |why: &&str| failure_row(tally.learner.to_owned(), why, columns.len());
        rows.extend(failures.iter().map(row));
    }
    let columns = columns.map(str::to_owned).to_vec();
    let caption = format!(
        "{set}. Best in bold. The second column of errors is against the default on the same seeds or splits, not \
         against the mean of all of its seeds."
    );
    Table { caption, columns, rows }
}

/// Digits after the point that show four of a number, at most five.
fn digits(value: f64) -> usize {
    let before = value.abs().max(1e-3).log10().floor() as i32;
    usize::try_from((3 - before).clamp(1, 5)).unwrap_or(5)
}

/// Every change on every set, as errors over that of the default.
fn bars(tallies: &[Tally<'_>], sets: &[&str]) -> Chart {
    let learners = distinct(tallies.iter().map(|tally| tally.learner));
    let changes: Vec<&str> = learners.into_iter().filter(|&learner| learner != DEFAULT).collect();
    let ratio = |change: &str, set: &str| {
        let of: Vec<&Tally<'_>> = tallies.iter().filter(|tally| tally.set == set).collect();
        let tally = of.iter().find(|tally| tally.learner == change)?;
        relative(tally, &of)
    };
    let series = sets.iter().map(|set| {
        let point = |(i, change): (usize, &&str)| Some((i as f64, ratio(change, set)?));
        let points = changes.iter().enumerate().filter_map(point).collect();
        Series { name: (*set).to_owned(), ours: false, points, spread: Vec::new() }
    });
    let drawing = Drawing::Bars(Bars {
        value: Axis {
            label: "error relative to that of the default".to_owned(),
            log: true,
            range: None,
        },
        groups: changes.iter().map(|&change| change.to_owned()).collect(),
        series: series.collect(),
        marks: vec![Mark { at: 1.0, label: DEFAULT.to_owned() }],
    });
    let heads = std::iter::once("change").chain(sets.iter().copied()).map(str::to_owned);
    let row = |change: &&str| {
        let cell = |set: &&str| ratio(change, set).map_or("-".to_owned(), |r| format!("{r:.3}"));
        std::iter::once((*change).into()).chain(sets.iter().map(|set| cell(set).into())).collect()
    };
    let rows = changes.iter().map(row).collect();
    Chart {
        title: "Error of each change, over that of the default".to_owned(),
        caption: CAPTION.to_owned(),
        drawing,
        table: Table { caption: String::new(), columns: heads.collect(), rows },
    }
}
