//! What learners take that also learn one row at a time.

use std::ops::ControlFlow;

use ndarray::{Array2, s};

use super::Failure;
use super::rows::{PART, WARM_UP, error, error_name, micros, row};
use crate::data::Dataset;
use crate::peers::mlp::{InputScale, MlpParams, RowOrder, fit_by_steps};
use crate::race::online::OnlineLearner;
use crate::race::online_learners::{Line, Nearest};
use crate::race::{Course, RaceError};
use crate::report::Found;
use crate::timing::median;

/// Adam's usual learning rate: a step takes as long at any.
const RATE: f64 = 1e-3;

/// A net of two hidden layers of 128 that takes a step of Adam on every row once.
pub(super) fn mlp(set: &Dataset) -> Result<Found, Failure> {
    let params = MlpParams {
        hidden: vec![128, 128],
        batch_rows: 1,
        epochs: 1,
        learning_rates: vec![RATE],
        order: RowOrder::Given,
        input_scale: InputScale::usual(&set.train_y),
        thread_count: 1,
        ..MlpParams::default()
    };
    let (mut times, mut before) = (Vec::new(), 0.0);
    let mut watch = |_: &_, progress: crate::peers::mlp::Progress| {
        if progress.rows_seen.is_multiple_of(PART) {
            if progress.rows_seen > WARM_UP {
                times.push(1e6 * (progress.seconds - before) / PART as f64);
            }
            before = progress.seconds;
        }
        Ok(ControlFlow::Continue(()))
    };
    let net = fit_by_steps(&params.check()?, RATE, set.train_x.view(), &set.train_y, &mut watch)?;
    let one = rayon::ThreadPoolBuilder::new().num_threads(1).build()?;
    // Not the failure itself, which cannot go from one thread to another.
    let read = one.install(|| {
        micros(0..set.test_x.nrows(), |cue| {
            net.predict(set.test_x.slice(s![cue..=cue, ..]))?;
            Ok(())
        })
        .map_err(|failure| failure.to_string())
    })?;
    Ok(Found::default()
        .with("write us", median(&times))
        .with("read us", read)
        .with(error_name(set), error(set, net.predict(set.test_x.view())?.view())?)
        .set("128 x 128, ReLU, one step of Adam a row, one thread"))
}

/// An index of all rows.
pub(super) fn neighbour(set: &Dataset) -> Result<Found, Failure> {
    let course = course(set)?;
    learned(&course, &mut Nearest::new(&course)?)
}

/// Recursive least squares with one covariance of all inputs.
pub(super) fn recursive(set: &Dataset) -> Result<Found, Failure> {
    let course = course(set)?;
    learned(&course, &mut Line::new(&course)?)
}

fn course(set: &Dataset) -> Result<Course, RaceError> {
    Course::new(set.clone(), 0.0, f64::INFINITY, 1)
}

/// Learns all rows, those that warm a memory up without the clock, and recalls all cues.
fn learned(course: &Course, learner: &mut dyn OnlineLearner) -> Result<Found, Failure> {
    let (set, rows) = (course.set(), course.row_count());
    let warm = WARM_UP.min(rows);
    let mut learn = |at: usize| -> Result<(), Failure> {
        let (x, y) = course.row(at);
        Ok(learner.learn(x, y)?)
    };
    (0..warm).try_for_each(&mut learn)?;
    let write = micros(warm..rows, learn)?;
    let mut recalled = Array2::zeros((set.test_x.nrows(), set.test_y.width()));
    let read = micros(0..set.test_x.nrows(), |cue| {
        let mut out = recalled.row_mut(cue);
        let out = out.as_slice_mut().ok_or("the outputs are not in row order")?;
        Ok(learner.recall(row(&set.test_x, cue)?, out)?)
    })?;
    Ok(Found::default()
        .with("write us", write)
        .with("read us", read)
        .with(error_name(set), error(set, recalled.view())?)
        .set(learner.setting()))
}
