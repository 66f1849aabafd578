//! From a chosen structure to slots that can be read from and written to.

use super::inverses::{Grams, inverse};
use super::lifted::Lifted;
use super::workers::{Workers, collect};
use crate::config::Config;
use crate::recall::prior_variance;
use crate::slots::Arena;
use crate::window;

/// Rounds in which the claimed variance and the covariances are brought into step.
pub(super) const ROUNDS: usize = 6;

/// The slots of a solved structure.
pub(crate) struct Slots {
    pub(crate) keys: Vec<u64>,
    pub(crate) weights: Arena,
    pub(crate) covariances: Arena,
}

/// Makes the slots of maps that were solved over all rows.
///
/// A covariance is what the slot's own rows leave of its prior when each of them is worth an
/// observation of noise S, (I / p + Gram / S)^-1, with S the mean claim over all rows: what
/// mean-field recursive least squares comes to, in one step. S depends on the covariances; a few
/// rounds bring both into step.
pub(crate) fn finish(
    (lifted, grams): (&Lifted<'_>, &Grams),
    solution: &[f32],
    (config, now): (&Config, u64),
    noise: f64,
    weight_lines: usize,
    workers: &dyn Workers,
) -> Option<Slots> {
    let mut weights = Arena::new(weight_lines);
    for map in solution.chunks_exact(lifted.stride().max(1)) {
        weights.push()[..map.len()].copy_from_slice(map);
    }
    let n = lifted.structure.n();
    let prior = f64::from(prior_variance(n));
    let slots = lifted.slots();
    let pieces = 16.min(slots.max(1));
    let mut claimed = 2.0 * noise;
    let total: f64 =
        (0..lifted.rows.count).map(|row| f64::from(lifted.rows.weight(row))).sum::<f64>().max(1.0);
    for _ in 0..ROUNDS {
        let parts = collect(workers, pieces, |piece| {
            let range = slots * piece / pieces..slots * (piece + 1) / pieces;
            range.map(|slot| spread(&grams.dense(slot), n, prior, claimed)).sum::<f64>()
        });
        claimed = noise + parts.into_iter().sum::<f64>() / total;
    }
    let stride = window::covariance_lines(config, n);
    let parts = collect(workers, pieces, |piece| {
        let range = slots * piece / pieces..slots * (piece + 1) / pieces;
        let mut part = Arena::new(stride);
        for slot in range {
            let covariance = posterior(&grams.dense(slot), n, prior, claimed);
            let slot = part.push();
            config.precision().set(slot, n, &covariance);
            window::stamp(config, slot, n, now);
        }
        part
    });
    let lines = parts.into_iter().flat_map(Arena::into_lines).collect();
    let covariances = Arena::from_lines(lines, stride, slots).ok()?;
    Some(Slots { keys: lifted.keys.clone(), weights, covariances })
}

/// (I / prior + gram / claimed)^-1.
fn posterior(gram: &[f64], n: usize, prior: f64, claimed: f64) -> Vec<f64> {
    let mut covariance = inverse(gram, n, claimed / prior);
    covariance.iter_mut().for_each(|value| *value *= claimed);
    covariance
}

/// Sum over a slot's rows of phi' P phi = trace(P Gram) = S (n - trace(P) / p).
fn spread(gram: &[f64], n: usize, prior: f64, claimed: f64) -> f64 {
    let covariance = posterior(gram, n, prior, claimed);
    let trace: f64 = (0..n).map(|i| covariance[i * n + i]).sum();
    (claimed * (n as f64 - trace / prior)).max(0.0)
}
