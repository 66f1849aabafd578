//! Which ridge penalties are tried on gates that were drawn, and in what order.

use super::choose::MOST_ITERATIONS;
use super::inverses::{Grams, Inverses};
use super::lifted::Lifted;
use super::slopes_pass::slopes;
use super::solve::{Held, SIGNIFICANT, solve};
use super::workers::{Serial, Workers, collect};
use crate::slopes::Slopes;

/// The ridge lambdas that are tried, the largest first.
const LAMBDAS: [f64; 4] = [3.0, 0.3, 0.03, 0.003];
/// The one that is tried first where not all are.
const FIRST_LAMBDA: usize = 2;

/// What one lambda gave for one tenth held out.
pub(super) struct Judged {
    pub(super) lambda: f64,
    pub(super) trace: Vec<f64>,
    pub(super) held: Vec<f32>,
    pub(super) slopes: Option<Slopes>,
}

/// What lambdas are tried on: rows, and which of them are held out.
pub(super) struct Penalties<'a> {
    pub(super) lifted: &'a Lifted<'a>,
    pub(super) grams: &'a Grams,
    pub(super) marked: &'a [bool],
    pub(super) slopes_wanted: bool,
    pub(super) go_on: &'a (dyn Fn() -> bool + Sync),
}

impl Penalties<'_> {
    /// Solves with one lambda.
    pub(super) fn one(&self, lambda: f64, workers: &dyn Workers) -> Option<Judged> {
        let Self { lifted, grams, marked, slopes_wanted, go_on } = *self;
        let inverses = Inverses::new(grams, lifted.slots(), lambda, workers);
        let held = Held::Rows { marked, most: MOST_ITERATIONS };
        let solution = solve(lifted, &inverses, lambda, held, workers, go_on)?;
        let slopes = slopes_wanted.then(|| slopes(lifted, &solution.weights, workers));
        Some(Judged { lambda, trace: solution.trace, held: solution.held, slopes })
    }

    /// From the middle outwards while it helps.
    pub(super) fn outwards(&self, workers: &dyn Workers) -> Option<Vec<Judged>> {
        let least = |judged: &Judged| judged.trace.iter().copied().fold(f64::INFINITY, f64::min);
        let mut judged = vec![self.one(LAMBDAS[FIRST_LAMBDA], workers)?];
        let mut best = least(&judged[0]);
        let larger: Vec<f64> = LAMBDAS[..FIRST_LAMBDA].iter().rev().copied().collect();
        for side in [larger.as_slice(), &LAMBDAS[FIRST_LAMBDA + 1..]] {
            let before = judged.len();
            for &lambda in side {
                let next = self.one(lambda, workers)?;
                let error = least(&next);
                judged.push(next);
                if error >= best * SIGNIFICANT {
                    break;
                }
                best = error;
            }
            if judged.len() > before + 1 {
                break;
            }
        }
        Some(judged)
    }
}

/// All lambdas for each of the tenths, as every tenth must try the same, the largest first.
///
/// Each solve is a task: iterations differ several times over, and whoever has a short one takes the
/// next. The smallest lambda is begun with, as it takes the most iterations.
pub(super) fn every(tenths: &[Penalties<'_>], workers: &dyn Workers) -> Option<Vec<Vec<Judged>>> {
    let mut left = collect(workers, LAMBDAS.len() * tenths.len(), |number| {
        let (place, tenth) = (number / tenths.len(), number % tenths.len());
        tenths[tenth].one(LAMBDAS[LAMBDAS.len() - 1 - place], &Serial)
    });
    // From the last, which is the largest, and within a lambda from the last tenth.
    let mut judged: Vec<Vec<Judged>> = tenths.iter().map(|_| Vec::new()).collect();
    while !left.is_empty() {
        for judged in judged.iter_mut().rev() {
            judged.push(left.pop().flatten()?);
        }
    }
    Some(judged)
}
