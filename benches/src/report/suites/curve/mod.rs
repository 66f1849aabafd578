//! Learning curves online: every row is predicted, then learned, once; the prequential error against the
//! rows seen and against seconds.

mod learners;
mod section;
#[cfg(test)]
mod tests;

use std::time::Instant;

use ndarray::Axis;

use self::learners::{Online, glam, line, nearest, net};
use super::common::{Result, Sets, reordered, stored};
use super::generated::clusters;
use crate::data::{DataError, Dataset, Targets, shuffled_indices};
use crate::report::{Found, Key, Plan, Point, ReportError, Runner};
pub use section::section;

/// The suite's name.
pub const ID: &str = "curve";

/// Rows of a stream, at most.
const MOST_ROWS: usize = 20_000;
/// The first window, in rows; each further one ends at half as many rows more.
const FIRST_WINDOW: usize = 100;

type Read = fn(u64) -> std::result::Result<Dataset, DataError>;

fn streams(plan: Plan) -> Vec<(&'static str, Read)> {
    fn shuffled(name: &str, seed: u64) -> std::result::Result<Dataset, DataError> {
        let set = stored(name, seed)?;
        let mut order = shuffled_indices(set.train_x.nrows(), seed);
        order.truncate(MOST_ROWS);
        Ok(reordered(set, &order))
    }
    match plan {
        Plan::Quick => vec![("clusters", |seed| Ok(clusters(16, 2_000, 1, seed)))],
        Plan::Full => vec![
            ("kin8nm", |seed| shuffled("kin8nm", seed)),
            ("robot arm, in time order", |seed| {
                let set = stored("robot_arm", seed)?;
                let rows: Vec<usize> = (0..set.train_x.nrows().min(MOST_ROWS)).collect();
                Ok(reordered(set, &rows))
            }),
            ("Fashion-MNIST", |seed| shuffled("fashion_mnist", seed)),
            ("banking77", |seed| shuffled("banking77", seed)),
        ],
    }
}

/// Measures.
///
/// # Errors
///
/// Returns an error if the file of trials cannot be written.
pub fn run(runner: &mut Runner) -> std::result::Result<(), ReportError> {
    let mut sets = Sets::default();
    for (name, read) in streams(runner.plan()) {
        for seed in 1..=3 {
            type Make = fn(&Dataset, u64) -> Result<Box<dyn Online>>;
            let learners: [(&str, Make); 4] = [
                ("GLAM", glam),
                ("MLP 256, row by row", net),
                ("recursive least squares", line),
                ("nearest neighbour", nearest),
            ];
            for (learner, make) in learners {
                runner.trial(Key::new(ID, "", name, learner, seed), || {
                    let set = sets.get(name, seed, || read(seed))?;
                    prequential(&set, |set| make(set, seed))
                })?;
            }
        }
    }
    Ok(())
}

/// The errors that a learner makes just before it learns a row, window by window: the share of wrong
/// labels, or the mean square error over the variance of the whole stream.
fn prequential(
    set: &Dataset,
    make: impl FnOnce(&Dataset) -> Result<Box<dyn Online>>,
) -> Result<Found> {
    let mut found = Found::default();
    let mut before = Vec::new();
    let variances: Vec<f64> = match &set.train_y {
        Targets::Values(values) => {
            values.axis_iter(Axis(1)).map(|y| f64::from(y.var(0.0)).max(1e-30)).collect()
        }
        Targets::Labels { .. } => Vec::new(),
    };
    let (mut window, mut counted, mut next, mut total) = (0.0, 0, FIRST_WINDOW, 0.0);
    let rows = set.train_x.nrows();
    let mut seconds = 0.0;
    // Choosing a setting is off the clock, as in the other suites.
    let mut learner = make(set)?;
    for row in 0..rows {
        let resumed = Instant::now();
        learner.predict_then_learn(set, row, &mut before)?;
        seconds += resumed.elapsed().as_secs_f64();
        window += match &set.train_y {
            Targets::Labels { labels, .. } => {
                let best = (0..before.len()).max_by(|&a, &b| before[a].total_cmp(&before[b]));
                f64::from(u8::from(best != Some(labels[row] as usize)))
            }
            Targets::Values(values) => {
                let truth = values.row(row);
                // What says nothing yet says the middle of nothing.
                before.resize(truth.len(), 0.0);
                let each = before.iter().zip(truth).zip(&variances);
                let sum: f64 = each.map(|((b, t), v)| f64::from(b - t).powi(2) / v).sum();
                sum / variances.len() as f64
            }
        };
        counted += 1;
        if row + 1 == next || row + 1 == rows {
            total += window;
            let measure = window / f64::from(counted);
            found.points.push(Point { rows: (row + 1) as f64, seconds, measure });
            (window, counted, next) = (0.0, 0, next + next / 2);
        }
    }
    let last = found.points.last().map_or(f64::NAN, |point| point.measure);
    Ok(found
        .with("prequential error", total / rows.max(1) as f64)
        .with("last window", last)
        .with("seconds", seconds)
        .with("rows a second", rows as f64 / seconds.max(1e-9))
        .set(learner.setting()))
}
