//! The section.

use super::streams::Kind;
use super::{GLAM, ID, REPLAY};
use crate::report::suites::tally::{
    SETTINGS, Tally, distinct, failure_row, settings, shown, tallies,
};
use crate::report::{
    Axis, Bars, Block, Cell, Chart, Drawing, Results, Section, Series, Spread, Table,
};

/// The heads of the table of figures.
const COLUMNS: [&str; 6] = [
    "stream: learner",
    "average (more is better)",
    "forgetting (less)",
    "backward transfer (more)",
    "seconds",
    "MB",
];

/// The section of this suite.
#[must_use]
pub fn section(results: &Results) -> Section {
    let tallies = tallies(results, ID);
    let mut blocks = vec![Block::Text(QUESTION.to_owned())];
    if tallies.is_empty() {
        blocks.push(Block::Text("No trial of this suite was kept.".to_owned()));
    } else {
        blocks.extend(outcome(&tallies));
        blocks.extend(averages(&tallies));
        blocks.push(Block::Table(figures(&tallies)));
        blocks.extend(matrices(&tallies));
        blocks.push(Block::Heading("How it was measured".to_owned()));
        blocks.push(Block::List(METHOD.map(str::to_owned).to_vec()));
        blocks.extend(settings(SETTINGS, tallies.iter().filter_map(setting)));
    }
    let title = "Tasks one after the other: what is left of the first".to_owned();
    Section { id: ID.to_owned(), title, blocks }
}

const QUESTION: &str = "Rows come sorted by task, each once, and nobody says which task a row is of. A \
    net that follows such a stream by gradient descent forgets the first tasks over the last. How much \
    does each learner know of all of them at the end?";

const METHOD: [&str; 7] = [
    "After each task every learner is judged on the test rows of every task. The measure is accuracy \
     over all classes; of the robot arm it is 1 less the mean nMSE of the torques, which is below 0 \
     where recalling the mean would be better.",
    "**Average** is the mean of the measure over all tasks at the end. **Forgetting** is the mean, over \
     all tasks but the last, of the best measure on it after any earlier task less the final one \
     (Chaudhry et al., Riemannian Walk for Incremental Learning, ECCV 2018); less is better. **Backward \
     transfer** is the mean, over all tasks but the last, of the final measure on it less the one just \
     after it was learned (Lopez-Paz, Ranzato, Gradient Episodic Memory for Continual Learning, NIPS \
     2017); more is better. Who learned nothing has nothing to forget: read both beside the average.",
    "Seeds move the memory's draws, the nets' first weights, the features and the order of rows within \
     tasks. After ± stands the standard deviation over seeds.",
    "GLAM has its default settings and is written to row by row. Its bytes are those of weights, \
     covariances, tables and the rows it keeps for rehearsal.",
    "The MLP with replay may take as many bytes as GLAM took at the end of the same stream with the same \
     seed: for its weights, the two moments that Adam keeps of each, and a reservoir of f32 rows. Where \
     that is room for every row, as on banking77 and the robot arm, it keeps every row and takes a fraction. It replays up to 12 rows for a new one. New and replayed rows are mixed and \
     cut into batches of 64, one step each, which was better than one step on all of them.",
    "In the nets' favour: learning rate, the scale of inputs of pictures and embeddings, the number of replayed rows and the penalty of ridge regression \
     are chosen by the final average on a held-out tenth of the training rows of the same stream, on \
     seed 1, while GLAM chooses nothing; their inputs are scaled by all training rows before the first \
     is learned; they know the number of classes. In their disfavour: pixels could be kept as bytes, not \
     as f32; and the robot arm's held-out rows are from the same runs as the others, its test rows are not.",
    "Seconds are those of learning: on one thread, but for ridge regression, which uses all cores. That \
     keeps sums over all rows, so that no order matters to it: what it loses of a task it loses to \
     classes that come to compete, not to forgetting.",
];

fn stream(tally: &Tally<'_>) -> String {
    format!("{}: {}", tally.part, tally.set)
}

fn streams(tallies: &[Tally<'_>]) -> Vec<String> {
    let names: Vec<String> = tallies.iter().map(stream).collect();
    distinct(names.iter().map(String::as_str)).into_iter().map(str::to_owned).collect()
}

fn of<'a, 'b>(tallies: &'b [Tally<'a>], name: &str, learner: &str) -> Option<&'b Tally<'a>> {
    tallies.iter().find(|tally| stream(tally) == name && tally.learner == learner)
}

fn average(tallies: &[Tally<'_>], name: &str, learner: &str) -> Option<Spread> {
    of(tallies, name, learner)?.spread("average")
}

/// Where GLAM stands against the net with replay, stream by stream.
fn outcome(tallies: &[Tally<'_>]) -> Option<Block> {
    let line = |name: String| {
        let ours = average(tallies, &name, GLAM)?;
        let theirs = average(tallies, &name, REPLAY)?;
        let ahead = ours.mean - theirs.mean;
        let word = if ahead >= 0.0 { "ahead of" } else { "behind" };
        let error = (ours.std.powi(2) / ours.count as f64
            + theirs.std.powi(2) / theirs.count as f64)
            .sqrt();
        let near =
            if ahead.abs() <= 2.0 * error { ", no more than two standard errors" } else { "" };
        let by = if ahead.abs() < 5e-4 {
            "level with".to_owned()
        } else {
            format!("{:.3} {word}", ahead.abs())
        };
        Some(format!("{name}: GLAM is **{by}** the MLP with replay{near}."))
    };
    let lines: Vec<String> = streams(tallies).into_iter().filter_map(line).collect();
    (!lines.is_empty()).then_some(Block::List(lines))
}

/// Bars of the streams that are judged by accuracy, and a table of all.
fn averages(tallies: &[Tally<'_>]) -> Option<Block> {
    let names = streams(tallies);
    let learners: Vec<&str> = distinct(tallies.iter().map(|tally| tally.learner));
    let is_drawn = |name: &&String| {
        let found =
            tallies.iter().find(|tally| stream(tally) == **name && tally.found().count() > 0);
        found.is_some_and(|tally| tally.set != Kind::Arm.set())
    };
    let groups: Vec<String> = names.iter().filter(is_drawn).cloned().collect();
    if groups.is_empty() {
        return None;
    }
    let series = learners.iter().map(|&learner| {
        let spreads = groups
            .iter()
            .enumerate()
            .filter_map(|(place, name)| Some((place as f64, average(tallies, name, learner)?)));
        let (points, spread) = spreads.map(|(x, of)| ((x, of.mean), of.std)).unzip();
        Series { name: learner.to_owned(), ours: learner == GLAM, points, spread }
    });
    let series = series.filter(|series| !series.points.is_empty()).collect();
    let rows = names.iter().map(|name| {
        let of: Vec<_> = learners.iter().map(|learner| average(tallies, name, learner)).collect();
        let best = of.iter().flatten().map(|of| of.mean).fold(f64::NEG_INFINITY, f64::max);
        let cell = |of: &Option<Spread>| Cell {
            text: shown(*of, 3),
            best: of.is_some_and(|of| of.mean >= best),
        };
        [vec![Cell::from(name.as_str())], of.iter().map(cell).collect()].concat()
    });
    let mut columns = vec!["stream".to_owned()];
    columns.extend(learners.iter().map(|&learner| learner.to_owned()));
    Some(Block::Chart(Chart {
        title: "Average over all tasks at the end of the stream".to_owned(),
        caption:
            "Accuracy, more is better; of the robot arm 1 less the mean nMSE; the error is the standard deviation over seeds. The \
                  robot arm, which is not judged by accuracy, is in the table alone."
                .to_owned(),
        drawing: Drawing::Bars(Bars {
            value: Axis { label: "accuracy".to_owned(), log: false, range: Some((0.0, 1.0)) },
            groups,
            series,
            marks: Vec::new(),
        }),
        table: Table { caption: String::new(), columns, rows: rows.collect() },
    }))
}

/// Every figure of every learner; why trials failed stands in rows of its own.
fn figures(tallies: &[Tally<'_>]) -> Table {
    let mut rows = Vec::new();
    for tally in tallies {
        let name = format!("{}: {}", stream(tally), tally.learner);
        let of = |figure: &str, unit: f64, digits: usize| {
            let spread = tally.spread(figure);
            let scaled = spread.map(|of| Spread { mean: of.mean / unit, std: of.std / unit, ..of });
            Cell::from(shown(scaled, digits))
        };
        if tally.found().count() > 0 {
            rows.push(vec![
                Cell::from(name.as_str()),
                of("average", 1.0, 3),
                of("forgetting", 1.0, 3),
                of("backward transfer", 1.0, 3),
                of("seconds", 1.0, 2),
                of("bytes", 1e6, 2),
            ]);
        }
        for why in tally.failures() {
            rows.push(failure_row(name.clone(), why, COLUMNS.len()));
        }
    }
    Table {
        caption: "What is left at the end, and what it cost".to_owned(),
        columns: COLUMNS.map(str::to_owned).to_vec(),
        rows,
    }
}

/// The matrices of GLAM and of the net with replay on Fashion-MNIST sorted by class, or on the first
/// stream that has any.
fn matrices(tallies: &[Tally<'_>]) -> Vec<Block> {
    let has_matrix = |tally: &&Tally<'_>| mean_matrix(tally).is_some();
    let fashion = tallies.iter().filter(|tally| tally.set == Kind::Fashion.set()).find(has_matrix);
    let Some(name) = fashion.or_else(|| tallies.iter().find(has_matrix)).map(stream) else {
        return Vec::new();
    };
    let table = |learner: &str| {
        let matrix = mean_matrix(of(tallies, &name, learner)?)?;
        let tasks = matrix.first().map_or(0, Vec::len);
        let mut columns = vec!["after task".to_owned()];
        columns.extend((1..=tasks).map(|task| format!("on task {task}")));
        let rows = matrix.iter().enumerate().map(|(after, row)| {
            let mut cells = vec![Cell::from((after + 1).to_string())];
            cells.extend(row.iter().map(|value| Cell::from(format!("{value:.3}"))));
            cells
        });
        let rows = rows.collect();
        let caption =
            format!("{learner}, {name}: the measure on each task after each, mean of seeds");
        Some(Block::Table(Table { caption, columns, rows }))
    };
    [GLAM, REPLAY].into_iter().filter_map(table).collect()
}

/// The mean over seeds; nothing where there is none, or they differ in shape.
fn mean_matrix(tally: &Tally<'_>) -> Option<Vec<Vec<f64>>> {
    let matrices: Vec<_> = tally.found().map(|trial| &trial.found.matrix).collect();
    let first = matrices.first().filter(|matrix| !matrix.is_empty())?;
    let shape = |matrix: &[Vec<f64>]| matrix.iter().map(Vec::len).collect::<Vec<_>>();
    if matrices.iter().any(|matrix| shape(matrix) != shape(first)) {
        return None;
    }
    let mut sum = vec![vec![0.0; 0]; first.len()];
    for (row, sums) in sum.iter_mut().enumerate() {
        *sums = vec![0.0; first[row].len()];
        for (column, sum) in sums.iter_mut().enumerate() {
            *sum = matrices.iter().map(|matrix| matrix[row][column]).sum::<f64>()
                / matrices.len() as f64;
        }
    }
    Some(sum)
}

fn setting(tally: &Tally<'_>) -> Option<String> {
    Some(format!("{}, {}: {}.", stream(tally), tally.learner, tally.setting()?))
}
