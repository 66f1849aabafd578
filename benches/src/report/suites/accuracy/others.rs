//! What else a user would pick.

use std::path::Path;
use std::time::Instant;

use ndarray::Axis;

use super::super::common::{NO_PYTHON, Result, judge, measure, rises};
use super::has_labels;
use crate::data::{Dataset, Targets, held_out_tenth};
use crate::peers::features::{FeatureParams, FeatureRidge};
use crate::peers::mlp::InputScale;
use crate::peers::neighbours::Neighbours;
use crate::peers::ridge::{Ridge, RidgeParams};
use crate::race::Course;
use crate::race::process::{LIGHTGBM, SKLEARN_MLP, run_script};
use crate::report::{Found, Plan, Point};

/// Penalties of the ridge on random features, of summed errors of features as they are.
const PENALTIES: [f64; 5] = [1e-2, 1e-1, 1.0, 1e1, 1e2];
/// Seconds that LightGBM may spend on choosing its settings.
const LIGHTGBM_SECONDS: f64 = 60.0;

pub(super) fn ridge(set: &Dataset, seed: u64) -> Result<Found> {
    let params = RidgeParams { seed, ..RidgeParams::default() };
    let ridge = Ridge::fit(&params, set.train_x.view(), &set.train_y)?;
    let (name, value) = measure(set, ridge.predict(set.test_x.view()).view());
    Ok(Found::default()
        .with(name, value)
        .with("seconds", ridge.train_seconds)
        .with("search seconds", ridge.search_seconds)
        .with("bytes", ridge.parameter_bytes() as f64)
        .set(format!("penalty {}", ridge.penalty)))
}

pub(super) fn features(set: &Dataset, plan: Plan, seed: u64) -> Result<Found> {
    let count = plan.pick(500, 2_000);
    let params =
        FeatureParams { features: count, input_scale: InputScale::usual(&set.train_y), seed };
    let started = Instant::now();
    let split = held_out_tenth(set.train_x.nrows(), seed);
    let mut ridge = FeatureRidge::new(&params, set.train_x.view(), &set.train_y);
    let kept_x = set.train_x.select(Axis(0), &split.kept);
    ridge.learn(kept_x.view(), &set.train_y.select(&split.kept));
    let held_x = set.train_x.select(Axis(0), &split.held_out);
    let held_y = set.train_y.select(&split.held_out);
    let mut best: Option<(f64, f64)> = None;
    for penalty in PENALTIES {
        // Too small a penalty for features that say the same is none to choose.
        if ridge.solve(penalty).is_err() {
            continue;
        }
        let (name, value) = judge(&held_y, ridge.recall(held_x.view()).view());
        let error = if rises(name) { -value } else { value };
        if best.is_none_or(|(least, _)| error < least) {
            best = Some((error, penalty));
        }
    }
    let (_, penalty) = best.ok_or("no penalty was tried")?;
    // The sums go on with what was held out.
    ridge.learn(held_x.view(), &held_y);
    ridge.solve(penalty)?;
    let seconds = started.elapsed().as_secs_f64();
    let (name, value) = measure(set, ridge.recall(set.test_x.view()).view());
    Ok(Found::default()
        .with(name, value)
        .with("seconds", seconds)
        .with("bytes", ridge.bytes() as f64)
        .set(format!("{count} features, penalty {penalty}")))
}

pub(super) fn neighbours(set: &Dataset, seed: u64) -> Result<Found> {
    let started = Instant::now();
    let kept = Neighbours::choosing(
        set.train_x.view(),
        &set.train_y,
        InputScale::usual(&set.train_y),
        seed,
    );
    let seconds = started.elapsed().as_secs_f64();
    let (name, value) = measure(set, kept.recall(set.test_x.view()).view());
    Ok(Found::default()
        .with(name, value)
        .with("seconds", seconds)
        .with("bytes", kept.bytes() as f64)
        .set(format!("k {}, exact, all rows kept", kept.number)))
}

pub(super) fn lightgbm(set: &Dataset, python: Option<&Path>) -> Result<Found> {
    by_script(set, python, LIGHTGBM, LIGHTGBM_SECONDS, 1)
}

pub(super) fn sklearn(set: &Dataset, python: Option<&Path>) -> Result<Found> {
    by_script(set, python, SKLEARN_MLP, 600.0, 5)
}

/// What a Python program came to, checked against what it recalled.
fn by_script(
    set: &Dataset,
    python: Option<&Path>,
    script: &'static str,
    seconds: f64,
    passes: usize,
) -> Result<Found> {
    let python = python.ok_or(NO_PYTHON)?;
    // Not to be reached: the script goes on to its end.
    let goal = if has_labels(set) { 2.0 } else { -1.0 };
    let course = Course::new(set.clone(), goal, seconds, passes)?;
    let outcome = run_script(&course, script, python, script)?;
    let last = outcome.points.last().ok_or("it printed no checkpoint")?;
    let (name, value) = match &set.test_y {
        Targets::Labels { .. } => ("accuracy", last.measure),
        // A course judges a single target by its nMSE too, over the same rows.
        Targets::Values(truth) if truth.ncols() == 1 => {
            ("rmse", (last.measure * f64::from(truth.var(0.0))).sqrt())
        }
        Targets::Values(_) => ("nmse", last.measure),
    };
    Ok(Found {
        points: vec![Point { rows: last.rows as f64, seconds: last.seconds, measure: value }],
        ..Found::default()
    }
    .with(name, value)
    .with("seconds", last.seconds)
    .with("search seconds", outcome.search_seconds.unwrap_or(0.0))
    .set(outcome.setting))
}
