//! The plain multilayer perceptron, as a competent user would train it.
//!
//! Adam, batches of 64 (of a twentieth of the rows, 8 at least, where that is less); the learning rate is
//! the best of four, and the scale of the inputs of pictures and embeddings the better of two, on a held-out
//! tenth, by 20 epochs over at most 15,000 rows. Trained on
//! all rows for 1, 5, 20 and 100 epochs, or, early stopped, on nine tenths until the other has not become
//! better for ten epochs, a hundred at most, and five times as long where rows are few.

use std::collections::HashMap;
use std::ops::ControlFlow;

use ndarray::{Array2, Axis};

use super::super::common::{Result, rises};
use super::sureness::with_sureness;
use crate::data::{Dataset, held_out_tenth, shuffled_indices};
use crate::memories::{judge, measure};
use crate::peers::mlp::{Choice, MlpParams, RowOrder, choose_rate_and_scale, fit_by_steps};
use crate::report::{Found, Plan, Point};

/// Passes after which a net is judged.
pub(super) const EPOCHS: [usize; 4] = [1, 5, 20, 100];
/// Passes by which a learning rate is chosen.
const SEARCH_EPOCHS: usize = 20;
/// Passes of a net that is stopped early, at most.
const MOST_EPOCHS: usize = 100;
/// Passes without a better error on what is held out after which a net is stopped.
const PATIENCE: usize = 10;
/// Rows below which a pass is so short that both are five times as many.
const FEW_ROWS: usize = 2_000;
/// Rows from which on the nets of one seed alone make the most passes, for the sake of time.
const MANY_ROWS: usize = 55_000;
/// Rows that a learning rate is chosen on, at most.
const SEARCH_ROWS: usize = 15_000;

pub(super) fn sizes(plan: Plan) -> impl Iterator<Item = &'static [usize]> {
    let sizes: [&'static [usize]; 3] = [&[64], &[256], &[128, 128]];
    sizes.into_iter().take(plan.pick(2, 3))
}

pub(super) fn name(size: &[usize]) -> String {
    let units: Vec<String> = size.iter().map(usize::to_string).collect();
    format!("MLP {}", units.join("x"))
}

/// The rates and scales that were chosen, for each set, each size, and each number of rows that are other
/// rows.
#[derive(Default)]
pub(super) struct Rates(HashMap<(String, u64, Vec<usize>), Choice>);

impl Rates {
    pub(super) fn of(
        &mut self,
        name: &str,
        seed: u64,
        size: &[usize],
        set: &Dataset,
    ) -> Result<Choice> {
        let key = (name.to_owned(), seed, size.to_vec());
        if let Some(&known) = self.0.get(&key) {
            return Ok(known);
        }
        let order = shuffled_indices(set.train_x.nrows(), 0);
        let rows = &order[..order.len().min(SEARCH_ROWS)];
        let params = MlpParams { epochs: SEARCH_EPOCHS, seed, ..params(set, size) }.check()?;
        let x = set.train_x.select(Axis(0), rows);
        let choice = choose_rate_and_scale(&params, x.view(), &set.train_y.select(rows))?;
        self.0.insert(key, choice);
        Ok(choice)
    }
}

fn params(set: &Dataset, size: &[usize]) -> MlpParams {
    MlpParams {
        hidden: size.to_vec(),
        order: RowOrder::Shuffled,
        batch_rows: (set.train_x.nrows() / 20).clamp(8, 64),
        ..MlpParams::default()
    }
}

/// Passes over the set that a net makes.
fn most_epochs(set: &Dataset, seed: u64) -> usize {
    let all = seed == 1 || set.train_x.nrows() < MANY_ROWS;
    EPOCHS[EPOCHS.len() - if all { 1 } else { 2 }]
}

/// Trained on all rows, judged on the way.
pub(super) fn by_epochs(set: &Dataset, size: &[usize], chosen: Choice, seed: u64) -> Result<Found> {
    let epochs = most_epochs(set, seed);
    let params =
        MlpParams { epochs, seed, ..params(set, size) }.check()?.scaled(chosen.input_scale);
    let (batch, rate) = (params.get().batch_rows, chosen.learning_rate);
    let rows = set.train_x.nrows();
    let mut points = Vec::new();
    let net = fit_by_steps(&params, rate, set.train_x.view(), &set.train_y, &mut |net, now| {
        if now.rows_seen.is_multiple_of(rows) && EPOCHS.contains(&(now.rows_seen / rows)) {
            let measure = measure(set, net.predict(set.test_x.view())?.view()).1;
            points.push(Point { rows: now.rows_seen as f64, seconds: now.seconds, measure });
        }
        Ok(ControlFlow::Continue(()))
    })?;
    let (name, value) = measure(set, net.predict(set.test_x.view())?.view());
    let found = Found { points, ..Found::default() };
    Ok(found
        .with(name, value)
        .with("seconds", net.train_seconds)
        .with("search seconds", chosen.seconds)
        .with("bytes", net.parameter_bytes() as f64)
        .set(format!("rate {rate}, {}, batches of {batch}, all cores", chosen.input_scale.name())))
}

/// The best pass by what is held out, as it recalls the test rows and the held-out ones.
struct Best {
    measure: f64,
    epoch: usize,
    seconds: f64,
    test: Array2<f32>,
    held: Array2<f32>,
}

/// Trained on nine tenths until the other does not become better.
pub(super) fn early_stopped(set: &Dataset, chosen: Choice, seed: u64) -> Result<Found> {
    let split = held_out_tenth(set.train_x.nrows(), seed);
    let x = set.train_x.select(Axis(0), &split.kept);
    let y = set.train_y.select(&split.kept);
    let held_x = set.train_x.select(Axis(0), &split.held_out);
    let held_y = set.train_y.select(&split.held_out);
    let longer = if set.train_x.nrows() < FEW_ROWS { 5 } else { 1 };
    let (epochs, patience) = (longer * MOST_EPOCHS, longer * PATIENCE);
    let params =
        MlpParams { epochs, seed, ..params(set, &[256]) }.check()?.scaled(chosen.input_scale);
    let mut best: Option<Best> = None;
    let mut stopped = 0.0;
    let net = fit_by_steps(&params, chosen.learning_rate, x.view(), &y, &mut |net, now| {
        stopped = now.seconds;
        if !now.rows_seen.is_multiple_of(x.nrows()) {
            return Ok(ControlFlow::Continue(()));
        }
        let epoch = now.rows_seen / x.nrows();
        let held = net.predict(held_x.view())?;
        let (name, measure) = judge(&held_y, held.view());
        let is_better = best.as_ref().is_none_or(|best| match rises(name) {
            true => measure > best.measure,
            false => measure < best.measure,
        });
        if is_better {
            let test = net.predict(set.test_x.view())?;
            best = Some(Best { measure, epoch, seconds: now.seconds, test, held });
        }
        let since = best.as_ref().map_or(0, |best| epoch - best.epoch);
        Ok(if since >= patience { ControlFlow::Break(()) } else { ControlFlow::Continue(()) })
    })?;
    let best = best.ok_or("the net was never judged")?;
    let (name, value) = measure(set, best.test.view());
    let rows = (best.epoch * x.nrows()) as f64;
    let found = Found::default()
        .with(name, value)
        .with("seconds", stopped)
        .with("search seconds", chosen.seconds)
        .with("epochs", best.epoch as f64)
        .with("bytes", net.parameter_bytes() as f64)
        .set(format!(
            "rate {}, {}, at most {epochs} epochs, the best by a tenth",
            chosen.learning_rate,
            chosen.input_scale.name()
        ));
    let found = with_sureness(found, set, (&held_y, best.held.view()), best.test.view());
    Ok(Found { points: vec![Point { rows, seconds: best.seconds, measure: value }], ..found })
}
