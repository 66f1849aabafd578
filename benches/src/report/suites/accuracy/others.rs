//! What else a user would pick.

use std::path::Path;
use std::time::Instant;

use ndarray::{Array2, Axis};

use super::super::common::{NO_PYTHON, Result, rises};
use super::has_labels;
use super::sureness::with_sureness;
use crate::data::{Dataset, Targets, held_out_tenth};
use crate::memories::{judge, measure};
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

/// A tenth of the training rows, and the others.
struct Held {
    kept_x: Array2<f32>,
    kept_y: Targets,
    x: Array2<f32>,
    y: Targets,
}

impl Held {
    fn of(set: &Dataset, seed: u64) -> Self {
        let split = held_out_tenth(set.train_x.nrows(), seed);
        let (x, y) = (&set.train_x, &set.train_y);
        Self {
            kept_x: x.select(Axis(0), &split.kept),
            kept_y: y.select(&split.kept),
            x: x.select(Axis(0), &split.held_out),
            y: y.select(&split.held_out),
        }
    }
}

pub(super) fn ridge(set: &Dataset, seed: u64) -> Result<Found> {
    let params = RidgeParams { seed, ..RidgeParams::default() };
    let ridge = Ridge::fit(&params, set.train_x.view(), &set.train_y)?;
    let recalled = ridge.predict(set.test_x.view());
    let (name, value) = measure(set, recalled.view());
    let found = Found::default()
        .with(name, value)
        .with("seconds", ridge.train_seconds)
        .with("search seconds", ridge.search_seconds)
        .with("bytes", ridge.parameter_bytes() as f64)
        .set(format!("penalty {}", ridge.penalty));
    // Off the clock: the same on nine tenths, for what the other says of its errors.
    let held = Held::of(set, seed);
    let params = RidgeParams { penalties: vec![ridge.penalty], seed };
    let part = Ridge::fit(&params, held.kept_x.view(), &held.kept_y)?.predict(held.x.view());
    Ok(with_sureness(found, set, (&held.y, part.view()), recalled.view()))
}

pub(super) fn features(set: &Dataset, plan: Plan, seed: u64) -> Result<Found> {
    let count = plan.pick(500, 2_000);
    let params =
        FeatureParams { features: count, input_scale: InputScale::usual(&set.train_y), seed };
    let started = Instant::now();
    let held = Held::of(set, seed);
    let mut ridge = FeatureRidge::new(&params, set.train_x.view(), &set.train_y);
    ridge.learn(held.kept_x.view(), &held.kept_y);
    let mut best: Option<(f64, f64, Array2<f32>)> = None;
    for penalty in PENALTIES {
        // Too small a penalty for features that say the same is none to choose.
        if ridge.solve(penalty).is_err() {
            continue;
        }
        let part = ridge.recall(held.x.view());
        let (name, value) = judge(&held.y, part.view());
        let error = if rises(name) { -value } else { value };
        if best.as_ref().is_none_or(|(least, ..)| error < *least) {
            best = Some((error, penalty, part));
        }
    }
    let (_, penalty, part) = best.ok_or("no penalty was tried")?;
    // The sums go on with what was held out.
    ridge.learn(held.x.view(), &held.y);
    ridge.solve(penalty)?;
    let seconds = started.elapsed().as_secs_f64();
    let recalled = ridge.recall(set.test_x.view());
    let (name, value) = measure(set, recalled.view());
    let found = Found::default()
        .with(name, value)
        .with("seconds", seconds)
        .with("bytes", ridge.bytes() as f64)
        .set(format!("{count} features, penalty {penalty}"));
    Ok(with_sureness(found, set, (&held.y, part.view()), recalled.view()))
}

pub(super) fn neighbours(set: &Dataset, seed: u64) -> Result<Found> {
    let started = Instant::now();
    let scale = InputScale::usual(&set.train_y);
    let kept = Neighbours::choosing(set.train_x.view(), &set.train_y, scale, seed);
    let seconds = started.elapsed().as_secs_f64();
    let recalled = kept.recall(set.test_x.view());
    let (name, value) = measure(set, recalled.view());
    let found = Found::default()
        .with(name, value)
        .with("seconds", seconds)
        .with("bytes", kept.bytes() as f64)
        .set(format!("k {}, exact, all rows kept", kept.number));
    let held = Held::of(set, seed);
    let part = Neighbours::new(held.kept_x.view(), &held.kept_y, scale, kept.number);
    let part = part.recall(held.x.view());
    Ok(with_sureness(found, set, (&held.y, part.view()), recalled.view()))
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
    let mut found = Found {
        points: vec![Point { rows: last.rows as f64, seconds: last.seconds, measure: value }],
        ..Found::default()
    }
    .with(name, value)
    .with("seconds", last.seconds)
    .with("search seconds", outcome.search_seconds.unwrap_or(0.0))
    .set(outcome.setting);
    if let Some(bytes) = outcome.bytes {
        found = found.with("bytes", bytes);
    }
    Ok(match outcome.scores {
        Some(scores) => {
            let held_y = set.train_y.select(&scores.held_out);
            with_sureness(found, set, (&held_y, scores.held.view()), scores.test.view())
        }
        None => found,
    })
}
