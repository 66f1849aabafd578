//! The memory.

use std::time::{Duration, Instant};

use glam_memory::{Flow, Memory, Options, Progress};

use super::super::common::Result;
use super::sureness::LEAST_PROBABILITY;
use crate::data::{Dataset, Targets};
use crate::memories::{builder, measure, memory_bytes, places, recall, write_row};
use crate::metrics::{calibration_error, coverage, log_likelihood};
use crate::report::{Found, Plan, Point};

/// Rows from which on the search of consolidating is ended after a while.
const MANY_ROWS: usize = 10_000;
const SEARCH: Duration = Duration::from_secs(30);
/// The first place at which a memory that learns is judged; each further one is at half as many rows more.
const FIRST_ROWS: usize = 250;
/// The level of the intervals.
const LEVEL: f64 = 0.9;

/// Every row written once, in order; judged on the way and at the end.
pub(super) fn one_pass(set: &Dataset, seed: u64) -> Result<Found> {
    let temporary = tempfile::tempdir()?;
    let memory = builder(set).seed(seed).create(temporary.path().join("memory"))?;
    let mut found = Found::default().set("defaults, one write at a time, on one thread");
    let (mut seconds, mut next) = (0.0, FIRST_ROWS);
    let rows = set.train_x.nrows();
    let mut resumed = Instant::now();
    for row in 0..rows {
        write_row(&memory, set, row)?;
        if row + 1 == next || row + 1 == rows {
            seconds += resumed.elapsed().as_secs_f64();
            next += next / 2;
            let measure = measure(set, recall(&memory, set)?.view()).1;
            found.points.push(Point { rows: (row + 1) as f64, seconds, measure });
            resumed = Instant::now();
        }
    }
    judged(found, &memory, set, seconds)
}

/// Every row written once, and then consolidated.
pub(super) fn consolidated(set: &Dataset, seed: u64, plan: Plan) -> Result<Found> {
    let temporary = tempfile::tempdir()?;
    let memory = builder(set).seed(seed).create(temporary.path().join("memory"))?;
    let started = Instant::now();
    for row in 0..set.train_x.nrows() {
        write_row(&memory, set, row)?;
    }
    let written = started.elapsed();
    let limit = (set.train_x.nrows() >= MANY_ROWS).then_some(SEARCH);
    // A quick run has no time for a search over families and levels.
    let as_it_is = plan == Plan::Quick;
    let options = Options { regates: plan.pick(0, 3), as_it_is };
    let watch = |_: &Progress<'_>| match limit {
        Some(limit) if started.elapsed() > written + limit => Flow::Finish,
        _ => Flow::Continue,
    };
    let decision = memory.consolidate(options, &watch)?;
    let seconds = started.elapsed().as_secs_f64();
    let trials = decision.trials.len();
    let limit = limit.map_or(String::new(), |l| format!(", search ended after {} s", l.as_secs()));
    let kept = if as_it_is { ", tables and levels kept" } else { "" };
    let found =
        Found::default().set(format!("defaults, {trials} trials{limit}{kept}, on all cores"));
    judged(found, &memory, set, seconds)
}

/// With the figures at the end.
fn judged(mut found: Found, memory: &Memory, set: &Dataset, seconds: f64) -> Result<Found> {
    let (name, value) = measure(set, recall(memory, set)?.view());
    let rows = set.train_x.nrows() as f64;
    if found.points.is_empty() {
        found.points.push(Point { rows, seconds, measure: value });
    }
    found = found.with(name, value).with("seconds", seconds).with("bytes", memory_bytes(memory)?);
    match &set.test_y {
        Targets::Values(truth) => {
            let (mut likelihood, mut covered) = (0.0, 0.0);
            let outputs = truth.ncols();
            let (mut means, mut stds) = (vec![Vec::new(); outputs], vec![Vec::new(); outputs]);
            let mut intervals = vec![Vec::new(); outputs];
            for x in set.test_x.rows() {
                let x = x.as_slice().ok_or("the inputs are not in row order")?;
                let (mean, std) = memory.read_with_std(x)?;
                let (_, interval) = memory.read_with_interval(x, LEVEL)?;
                for output in 0..outputs {
                    means[output].push(mean[output]);
                    stds[output].push(std[output]);
                    intervals[output].push(interval[output]);
                }
            }
            for output in 0..outputs {
                let truth = truth.column(output).to_vec();
                likelihood += log_likelihood(&means[output], &stds[output], &truth);
                covered += coverage(&intervals[output], &truth);
            }
            let outputs = outputs as f64;
            Ok(found
                .with("log likelihood", likelihood / outputs)
                .with("covered", covered / outputs))
        }
        Targets::Labels { labels, names } => {
            let places = places(memory, names)?;
            let (mut confidence, mut right, mut likelihood) = (Vec::new(), Vec::new(), 0.0);
            for (x, &label) in set.test_x.rows().into_iter().zip(labels) {
                let x = x.as_slice().ok_or("the inputs are not in row order")?;
                let shares = memory.probabilities(x)?;
                let best = (0..shares.len()).max_by(|&a, &b| shares[a].total_cmp(&shares[b]));
                let best = best.ok_or("the memory holds no label")?;
                confidence.push(shares[best]);
                right.push(places[best] == label as usize);
                let own = places.iter().position(|&place| place == label as usize);
                let share = own.map_or(0.0, |place| shares[place]);
                likelihood += f64::from(share).max(LEAST_PROBABILITY).ln();
            }
            let error = calibration_error(&confidence, &right);
            Ok(found
                .with("log likelihood", likelihood / labels.len() as f64)
                .with("calibration error", error))
        }
    }
}
