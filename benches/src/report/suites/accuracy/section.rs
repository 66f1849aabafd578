//! What is shown of accuracy.

use super::super::common::{percent, rises, short};
use super::super::tally::{SETTINGS, Tally, distinct, failure_row, settings, tallies};
use super::published::RMSE;
use super::{ID, mlp};
use crate::report::{
    Axis, Bars, Block, Cell, Chart, Drawing, Mark, Results, Section, Series, Spread, Table,
};

/// The net whose accuracy is to be reached, and nets of its size.
const GOAL: &str = "MLP 256, 20 epochs";
const GOAL_NET: &str = "MLP 256, ";
const ONE_PASS: &str = "GLAM, one pass";
const CONSOLIDATED: &str = "GLAM, consolidated";

/// One learner's line in a table: a net has one for each number of passes.
pub(in super::super) struct Line {
    pub(in super::super) name: String,
    pub(in super::super) measure: Option<Spread>,
    pub(in super::super) seconds: Option<Spread>,
    bytes: Option<Spread>,
    likelihood: Option<Spread>,
    /// Shares of test rows inside of 90 % intervals, or calibration errors.
    calibration: Option<Spread>,
    failures: Vec<String>,
}

/// The measure of a set, by the figures that its trials have.
pub(in super::super) fn measure_of(tallies: &[Tally<'_>], set: &str) -> Option<&'static str> {
    let has =
        |name: &str| tallies.iter().any(|tally| tally.set == set && tally.spread(name).is_some());
    ["rmse", "nmse", "accuracy"].into_iter().find(|name| has(name))
}

/// All lines of a set.
pub(in super::super) fn lines(tallies: &[Tally<'_>], set: &str) -> Vec<Line> {
    let Some(measure) = measure_of(tallies, set) else { return Vec::new() };
    let mut lines = Vec::new();
    for tally in tallies.iter().filter(|tally| tally.set == set) {
        let line = Line {
            name: tally.learner.to_owned(),
            measure: tally.spread(measure),
            seconds: tally.spread("seconds"),
            bytes: tally.spread("bytes"),
            likelihood: tally.spread("log likelihood"),
            calibration: tally.spread("covered").or(tally.spread("calibration error")),
            failures: tally.failures().into_iter().map(str::to_owned).collect(),
        };
        let judged = tally.found().map(|trial| trial.found.points.len()).max().unwrap_or(0);
        if judged < 2 || !tally.learner.starts_with("MLP") {
            lines.push(line);
            continue;
        }
        for (place, epochs) in mlp::EPOCHS.into_iter().enumerate().take(judged) {
            let at = |value: fn(&crate::report::Point) -> f64| {
                Spread::of(
                    tally.found().filter_map(|trial| trial.found.points.get(place)).map(value),
                )
            };
            let s = if epochs == 1 { "" } else { "s" };
            lines.push(Line {
                name: format!("{}, {epochs} epoch{s}", tally.learner),
                measure: at(|point| point.measure),
                seconds: at(|point| point.seconds),
                bytes: line.bytes,
                likelihood: None,
                calibration: None,
                failures: line.failures.clone(),
            });
        }
    }
    lines
}

/// What is shown.
#[must_use]
pub fn section(results: &Results) -> Section {
    let tallies = tallies(results, ID);
    let sets = distinct(tallies.iter().map(|tally| tally.set));
    let mut blocks = vec![Block::Text(
        "Every learner gets the same training rows and is judged on test rows that no choice has seen. \
         GLAM has **one default setting** for all sets; each row is written once, one at a time, and then \
         the memory is consolidated (its search ends after 30 s where there are 10,000 rows or more; in a \
         quick run it keeps its tables and levels). The nets are trained by Adam in batches of 64, or \
         smaller ones where there are few rows, on all cores, their learning rate chosen from four on a \
         held-out tenth, and with it whether inputs of pictures and embeddings are scaled one by one or as one; \
         that search is not in their seconds, and where all seeds have the same rows it is made once. With 20,000 \
         rows or more 100 epochs are shown of 256 units alone, on one seed. Likelihoods and calibration of GLAM are those that it tells; of \
         the others those of a normal distribution as wide as their errors on a held-out tenth, or, for \
         labels, of a softmax whose temperature makes that tenth likeliest. MB are those that a learner needs to learn \
         on: GLAM's maps, covariances and table, a net's weights, all rows of the neighbours. \
         ± is the standard deviation over three seeds, or over the stored splits of the UCI sets. Learners \
         that draw nothing run once."
            .to_owned(),
    )];
    blocks.extend(time_chart(&tallies, &sets).map(Block::Chart));
    blocks.push(Block::Table(overview(&tallies, &sets)));
    for set in &sets {
        blocks.push(Block::Heading((*set).to_owned()));
        blocks.push(Block::Table(table(&tallies, set)));
    }
    let setting =
        |tally: &Tally<'_>| Some(format!("{}, {}: {}", tally.set, tally.learner, tally.setting()?));
    blocks.extend(settings(SETTINGS, tallies.iter().filter_map(setting)));
    if sets.iter().any(|set| RMSE.iter().any(|(name, ..)| name == set)) {
        blocks.push(Block::Heading("What others published".to_owned()));
        blocks.push(Block::Table(published(&tallies)));
    }
    Section { id: ID.to_owned(), title: "Accuracy".to_owned(), blocks }
}

/// Seconds to the accuracy of the net of 256 units after 20 epochs, of the net and of GLAM.
pub(in super::super) struct Reached {
    pub(in super::super) set: String,
    /// The accuracy or error to reach.
    pub(in super::super) goal: f64,
    pub(in super::super) net: f64,
    /// Nothing where it was not reached.
    pub(in super::super) glam: Option<f64>,
    /// By writing alone, or only once consolidated.
    pub(in super::super) one_pass: bool,
}

pub(in super::super) fn reached(tallies: &[Tally<'_>], set: &str) -> Option<Reached> {
    let measure = measure_of(tallies, set)?;
    let lines = lines(tallies, set);
    let goal = lines.iter().find(|line| line.name == GOAL)?.measure?.mean;
    let is_reached = |value: f64| if rises(measure) { value >= goal } else { value <= goal };
    // The net may be there sooner.
    let of_size = lines.iter().filter(|line| line.name.starts_with(GOAL_NET));
    let in_time = of_size.filter(|line| line.measure.is_some_and(|found| is_reached(found.mean)));
    let net = in_time.filter_map(|line| Some(line.seconds?.mean)).reduce(f64::min)?;
    let of = |learner: &str| tallies.iter().find(|t| t.set == set && t.learner == learner);
    // The mean curve over seeds: checkpoints are at the same rows.
    let mut glam = None;
    if let Some(tally) = of(ONE_PASS) {
        let trials: Vec<_> = tally.found().collect();
        let places = trials.iter().map(|trial| trial.found.points.len()).min().unwrap_or(0);
        let at = |place: usize, value: fn(&crate::report::Point) -> f64| {
            let values = trials.iter().map(|trial| value(&trial.found.points[place]));
            values.sum::<f64>() / trials.len() as f64
        };
        // From where it stays there.
        let missed = (0..places).rposition(|place| !is_reached(at(place, |point| point.measure)));
        let first = missed.map_or(0, |place| place + 1);
        glam = (first < places).then(|| at(first, |point| point.seconds));
    }
    let one_pass = glam.is_some();
    if let (None, Some(tally)) = (glam, of(CONSOLIDATED)) {
        let good = tally.spread(measure).is_some_and(|spread| is_reached(spread.mean));
        glam = tally.spread("seconds").filter(|_| good).map(|spread| spread.mean);
    }
    Some(Reached { set: set.to_owned(), goal, net, glam, one_pass })
}

fn time_chart(tallies: &[Tally<'_>], sets: &[&str]) -> Option<Chart> {
    let all: Vec<Reached> = sets.iter().filter_map(|set| reached(tallies, set)).collect();
    if all.is_empty() {
        return None;
    }
    let bars = |value: &dyn Fn(&Reached) -> Option<f64>| -> Vec<(f64, f64)> {
        let each = all.iter().enumerate();
        each.filter_map(|(place, reached)| Some((place as f64, value(reached)?))).collect()
    };
    let series = |name: &str, ours: bool, points| Series {
        name: name.to_owned(),
        ours,
        points,
        spread: Vec::new(),
    };
    let rows = all.iter().map(|reached| {
        let Reached { set, goal, net, glam, one_pass } = reached;
        let how = if *one_pass { "one pass" } else { "consolidated" };
        let (time, ratio) = match glam {
            Some(glam) => (format!("{} ({how})", short(*glam)), short(net / glam)),
            None => ("not reached".to_owned(), "-".to_owned()),
        };
        let best = glam.is_some_and(|glam| glam <= *net);
        vec![
            set.clone().into(),
            short(*goal).into(),
            Cell { text: time, best },
            Cell { text: short(*net), best: !best },
            ratio.into(),
        ]
    });
    Some(Chart {
        title: "Seconds to the accuracy of the MLP".to_owned(),
        caption: "The accuracy, or error, to reach is that of the MLP of 256 units after 20 epochs; its \
                  time is that of the fewest epochs, of those in the tables, that reach it, on all cores. \
                  GLAM's is that of its one pass up to where it reaches it and stays there, on one thread, \
                  or where it does not, of writing and consolidating, on all cores. No \
                  bar: not reached. The last column is how many times as fast GLAM is."
            .to_owned(),
        drawing: Drawing::Bars(Bars {
            value: Axis { label: "seconds".to_owned(), log: true, range: None },
            groups: all.iter().map(|reached| reached.set.clone()).collect(),
            series: vec![
                series("GLAM", true, bars(&|reached| reached.glam)),
                series("MLP 256", false, bars(&|reached| Some(reached.net))),
            ],
            marks: Vec::<Mark>::new(),
        }),
        table: Table {
            caption: String::new(),
            columns: ["set", "to reach", "GLAM, s", "MLP, s", "times"].map(str::to_owned).to_vec(),
            rows: rows.collect(),
        },
    })
}

/// The line whose measure is best.
fn best<'a>(lines: impl Iterator<Item = &'a Line>, measure: &str) -> Option<&'a Line> {
    let value = |line: &Line| line.measure.map_or(f64::NAN, |spread| spread.mean);
    let known = lines.filter(|line| line.measure.is_some());
    if rises(measure) {
        known.max_by(|a, b| value(a).total_cmp(&value(b)))
    } else {
        known.min_by(|a, b| value(a).total_cmp(&value(b)))
    }
}

fn overview(tallies: &[Tally<'_>], sets: &[&str]) -> Table {
    let mut columns = vec!["set".to_owned(), "measure".to_owned()];
    let shown = [ONE_PASS, CONSOLIDATED, "best MLP", "LightGBM", "k nearest neighbours"];
    columns.extend(shown.map(str::to_owned));
    let rows = sets.iter().map(|set| {
        let lines = lines(tallies, set);
        let measure = measure_of(tallies, set).unwrap_or("nothing");
        let of = |name: &str| match name {
            "best MLP" => best(lines.iter().filter(|line| line.name.starts_with("MLP")), measure),
            name => lines.iter().find(|line| line.name == name),
        };
        let top = best(shown.iter().filter_map(|name| of(name)), measure).map(|line| &line.name);
        let mut row: Vec<Cell> = vec![(*set).into(), measure.into()];
        row.extend(shown.iter().map(|name| match of(name) {
            Some(line) if line.measure.is_some() => {
                Cell { text: varied(line.measure), best: top == Some(&line.name) }
            }
            _ => "-".into(),
        }));
        row
    });
    Table {
        caption: "The best MLP is that of all sizes and numbers of epochs that is best on the test rows: \
                  more than a user can choose. Errors for values (less is better), accuracy for labels."
            .to_owned(),
        columns,
        rows: rows.collect(),
    }
}

/// A mean and what it varies by, three digits each.
fn varied(spread: Option<Spread>) -> String {
    match spread {
        None => "-".to_owned(),
        Some(Spread { mean, count: 1, .. }) => fixed(mean),
        Some(Spread { mean, std, .. }) => format!("{} ± {}", fixed(mean), short(std)),
    }
}

/// Four digits behind the point below 1, three digits else.
fn fixed(value: f64) -> String {
    if value.abs() < 1.0 { format!("{value:.4}") } else { short(value) }
}

fn table(tallies: &[Tally<'_>], set: &str) -> Table {
    let measure = measure_of(tallies, set).unwrap_or("nothing");
    let lines = lines(tallies, set);
    let top = best(lines.iter(), measure).map(|line| line.name.clone());
    let calibration = if rises(measure) { "calibration error" } else { "in 90 % intervals" };
    let columns: Vec<String> = ["learner", measure, "log likelihood", calibration, "seconds", "MB"]
        .map(str::to_owned)
        .to_vec();
    let mut rows: Vec<Vec<Cell>> = Vec::new();
    for line in &lines {
        if line.measure.is_some() {
            let calibration = match line.calibration {
                Some(spread) if rises(measure) => fixed(spread.mean),
                Some(spread) => percent(spread.mean),
                None => "-".to_owned(),
            };
            let short_mean = |spread: Option<Spread>, unit: f64| {
                spread.map_or("-".to_owned(), |spread| short(spread.mean / unit))
            };
            let best = Some(&line.name) == top.as_ref();
            rows.push(vec![
                line.name.clone().into(),
                Cell { text: varied(line.measure), best },
                line.likelihood.map_or("-".to_owned(), |spread| short(spread.mean)).into(),
                calibration.into(),
                short_mean(line.seconds, 1.0).into(),
                short_mean(line.bytes, 1e6).into(),
            ]);
        }
        rows.extend(
            line.failures.iter().map(|why| failure_row(line.name.clone(), why, columns.len())),
        );
    }
    for tally in tallies.iter().filter(|t| t.set == set && lines.is_empty()) {
        let each = tally.failures().into_iter();
        rows.extend(each.map(|why| failure_row(tally.learner.to_owned(), why, columns.len())));
    }
    Table { caption: String::new(), columns, rows }
}

fn published(tallies: &[Tally<'_>]) -> Table {
    let of = |set: &str, learner: &str| {
        tallies.iter().find(|t| t.set == set && t.learner == learner).and_then(|t| t.spread("rmse"))
    };
    let rows = RMSE.iter().filter(|(set, ..)| of(set, CONSOLIDATED).is_some()).map(
        |&(set, dropout, least, by)| {
            vec![
                set.into(),
                varied(of(set, ONE_PASS)).into(),
                varied(of(set, CONSOLIDATED)).into(),
                short(dropout).into(),
                format!("{} ({by})", short(least)).into(),
            ]
        },
    );
    Table {
        caption: "RMSE. Published: over all 20 stored splits, Monte Carlo dropout as tuned by Mukhoti et \
                  al. (2018), and the best that papers comparing on these sets quote. Here: over the \
                  first three, which are easier on boston, concrete and yacht; GLAM's defaults were chosen \
                  while looking at them."
            .to_owned(),
        columns: ["set", ONE_PASS, CONSOLIDATED, "MC dropout", "best published"]
            .map(str::to_owned)
            .to_vec(),
        rows: rows.collect(),
    }
}
