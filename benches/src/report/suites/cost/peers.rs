//! What learners take that also learn one row at a time.

use std::ops::ControlFlow;

use ndarray::{Array2, s};

use super::Failure;
use super::rows::{PART, WARM_UP, error, error_name, micros, row};
use crate::data::{Dataset, Targets};
use crate::peers::mlp::{InputScale, MlpParams, RowOrder, fit_by_steps};
use crate::peers::neighbour::{Neighbour, NeighbourParams};
use crate::peers::recursive::Recursive;
use crate::report::Found;
use crate::timing::median;

/// Adam's usual learning rate: a step takes as long at any.
const RATE: f64 = 1e-3;
/// The penalty of recursive least squares, on inputs of spread 1.
const PENALTY: f64 = 1.0;

/// A net of two hidden layers of 128 that takes a step of Adam on every row once.
pub(super) fn mlp(set: &Dataset) -> Result<Found, Failure> {
    let params = MlpParams {
        hidden: vec![128, 128],
        batch_rows: 1,
        epochs: 1,
        learning_rates: vec![RATE],
        order: RowOrder::Given,
        input_scale: if share_a_unit(set) { InputScale::AllInputs } else { InputScale::EachInput },
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
    let (params, outputs) = (NeighbourParams::default(), set.train_y.width());
    let mut index = Neighbour::new(params, set.train_x.view(), share_a_unit(set), outputs)?;
    let y = set.train_y.to_values();
    let learn =
        |index: &mut Neighbour, at: usize| Ok(index.learn(row(&set.train_x, at)?, row(&y, at)?)?);
    let found = learned(set, &mut index, learn, |index, x, out| Ok(index.recall(x, out)?))?;
    let NeighbourParams { links, insert_candidates, search_candidates } = params;
    Ok(found.set(format!(
        "{links} links, {insert_candidates} candidates to insert, {search_candidates} to search"
    )))
}

/// Recursive least squares with one covariance of all inputs.
pub(super) fn recursive(set: &Dataset) -> Result<Found, Failure> {
    let y = set.train_y.to_values();
    let mut line = Recursive::new(PENALTY, set.train_x.view(), y.view())?;
    let learn =
        |line: &mut Recursive, at: usize| Ok(line.learn(row(&set.train_x, at)?, row(&y, at)?)?);
    let found = learned(set, &mut line, learn, |line, x, out| Ok(line.recall(x, out)?))?;
    Ok(found.set(format!("one f64 covariance, penalty {PENALTY}")))
}

/// Learns all rows, those that warm a memory up without the clock, and recalls all cues.
fn learned<L>(
    set: &Dataset,
    learner: &mut L,
    mut learn: impl FnMut(&mut L, usize) -> Result<(), Failure>,
    recall: impl Fn(&L, &[f32], &mut [f32]) -> Result<(), Failure>,
) -> Result<Found, Failure> {
    let warm = WARM_UP.min(set.train_x.nrows());
    (0..warm).try_for_each(|at| learn(learner, at))?;
    let write = micros(warm..set.train_x.nrows(), |at| learn(learner, at))?;
    let mut recalled = Array2::zeros((set.test_x.nrows(), set.test_y.width()));
    let read = micros(0..set.test_x.nrows(), |cue| {
        let mut out = recalled.row_mut(cue);
        let out = out.as_slice_mut().ok_or("the outputs are not in row order")?;
        recall(learner, row(&set.test_x, cue)?, out)
    })?;
    Ok(Found::default()
        .with("write us", write)
        .with("read us", read)
        .with(error_name(set), error(set, recalled.view())?))
}

/// Whether the inputs have one unit, as pixels and embeddings have: those of the sets of labels.
fn share_a_unit(set: &Dataset) -> bool {
    matches!(set.train_y, Targets::Labels { .. })
}
