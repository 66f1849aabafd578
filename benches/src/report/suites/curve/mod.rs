//! Learning curves online: every row is predicted, then learned, once; the prequential error against the
//! rows seen and against seconds.

mod net;
mod section;
#[cfg(test)]
mod tests;

use std::time::Instant;

use ndarray::Axis;

use self::net::Net;
use super::common::{Result, Sets, reordered, stored};
use super::generated::clusters;
use crate::data::{DataError, Dataset, Targets, shuffled_indices};
use crate::race::Course;
use crate::race::course::Answer;
use crate::race::online::OnlineLearner;
use crate::race::online_learners::{Glam, Line, Nearest};
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
        Plan::Quick => vec![("clusters", |seed| Ok(clusters(16, 1_200, 1, seed)))],
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
            for learner in LEARNERS {
                runner.trial(Key::new(ID, "", name, learner, seed), || {
                    let set = sets.get(name, seed, || read(seed))?;
                    let course = Course::new((*set).clone(), 0.0, f64::INFINITY, 1)?;
                    prequential(&course, &mut *made(learner, &course, seed)?)
                })?;
            }
        }
    }
    Ok(())
}

/// The learners, by the names that they are shown by.
const LEARNERS: [&str; 4] =
    ["GLAM", "MLP 256, row by row", "recursive least squares", "nearest neighbour"];

fn made(learner: &str, course: &Course, seed: u64) -> Result<Box<dyn OnlineLearner>> {
    Ok(match learner {
        "GLAM" => Box::new(Glam::seeded(course, seed)?),
        "recursive least squares" => Box::new(Line::new(course)?),
        "nearest neighbour" => Box::new(Nearest::new(course)?),
        _ => Box::new(Net::choosing(course.set(), seed)?),
    })
}

/// The errors that a learner makes just before it learns a row, window by window: the share of wrong
/// labels, or the mean square error over the variance of the whole stream.
fn prequential(course: &Course, learner: &mut dyn OnlineLearner) -> Result<Found> {
    let mut found = Found::default();
    let set = course.set();
    let variances: Vec<f64> = match &set.train_y {
        Targets::Values(values) => {
            values.axis_iter(Axis(1)).map(|y| f64::from(y.var(0.0)).max(1e-30)).collect()
        }
        Targets::Labels { .. } => Vec::new(),
    };
    let (mut window, mut counted, mut next, mut total) = (0.0, 0, FIRST_WINDOW, 0.0);
    let rows = course.row_count();
    let mut before = vec![0.0; course.output_count()];
    // Choosing a setting was off the clock, as in the other suites.
    let mut seconds = 0.0;
    for row in 0..rows {
        let (x, y) = course.row(row);
        let resumed = Instant::now();
        learner.predict_then_learn(x, y, &mut before)?;
        seconds += resumed.elapsed().as_secs_f64();
        window += match y {
            Answer::Label(label) => {
                let best = (0..before.len()).max_by(|&a, &b| before[a].total_cmp(&before[b]));
                f64::from(u8::from(best != Some(label as usize)))
            }
            Answer::Values(truth) => {
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
