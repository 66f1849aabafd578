//! The trials.

use std::path::Path;

use super::ID;
use super::learners::{Followed, Learner};
use super::streams::Kind;
use crate::prequential::{last_half, share};
use crate::report::suites::common::Once;
use crate::report::{Found, Key, Point, ReportError, Runner};

const SEEDS: [u64; 3] = [1, 2, 3];
/// Points of a stream.
const POINTS: usize = 50;

/// Measures every learner on every stream of the plan; River's models need a Python that has River.
///
/// # Errors
///
/// Returns an error if the file of trials cannot be written.
pub fn run(runner: &mut Runner, python: Option<&Path>) -> Result<(), ReportError> {
    for &kind in Kind::of(runner.plan()) {
        let stream = Once::default();
        for learner in Learner::of(runner.plan()) {
            let seeds: &[u64] = if learner.is_seeded() { &SEEDS } else { &SEEDS[..1] };
            for &seed in seeds {
                let key = Key::new(ID, "", kind.set(), &learner.name(), seed);
                runner.trial(key, || {
                    let stream = stream.get(|| kind.stream())?;
                    Ok(found(learner.follow(stream, seed, python)?))
                })?;
            }
        }
    }
    Ok(())
}

/// Figures of the whole stream, and one point for each fiftieth of it: the accuracy there alone.
pub(super) fn found(followed: Followed) -> Found {
    let Followed { right, seconds, setting } = followed;
    let rows = right.len();
    let each = rows.div_ceil(POINTS).max(1);
    let points = right.chunks(each).scan(0, |end, part| {
        *end += part.len();
        let seconds = seconds * *end as f64 / rows as f64;
        Some(Point { rows: *end as f64, seconds, measure: share(part) })
    });
    let points = points.collect();
    let found = Found::default()
        .with("accuracy", share(&right))
        .with("accuracy of the last half", share(last_half(&right)))
        .with("rows per second", rows as f64 / seconds)
        .set(setting);
    Found { points, ..found }
}
