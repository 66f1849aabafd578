//! Drift: when a slot was last brought up to date, and how much it forgets since.
//!
//! With a window of n writes, each write keeps 1 - 1/n of what a covariance has learned, whether or
//! not the slot is active: what was learned at once is forgotten over about n writes. Only active
//! slots are touched, so a slot keeps its *stamp*, the sequence number up to which it has
//! forgotten, and catches up when it is active: forgetting composes, k writes keep (1 - 1/n)^k,
//! and a covariance that is not active is not looked at by any write. To spare work and roundings a slot
//! catches up only once it is a sixteenth of a window behind.
//!
//! A slot's stamp stands behind its covariance, as two floats of 24 bits each, which hold it exactly.

use crate::config::Config;
use crate::kernel::{LANES, Lane, Simd};
use crate::recall::prior_variance;
use crate::slots::lines_for;

/// A slot catches up when it is this part of a window behind.
const STEPS: u64 = 16;
/// Bits of a stamp that one float holds.
const BITS: u32 = 24;
/// Floats of a stamp: a whole group, so that the covariance before it stays one of whole groups.
const STAMP_FLOATS: usize = LANES;

/// Lines of a slot's covariance over `n` features, its stamp included.
pub(crate) fn covariance_lines(config: &Config, n: usize) -> usize {
    let stamp = if config.window().is_some() { STAMP_FLOATS } else { 0 };
    lines_for(config.precision().floats(n) + stamp)
}

/// Marks a slot as up to date at sequence number `now`.
pub(crate) fn stamp(config: &Config, covariance: &mut [f32], n: usize, now: u64) {
    let at = config.precision().floats(n);
    if config.window().is_some()
        && let Some([low, high]) = covariance.get_mut(at..at + 2)
    {
        let mask = (1 << BITS) - 1;
        (*low, *high) = ((now & mask) as f32, (now >> BITS & mask) as f32);
    }
}

/// The sequence number that a slot is up to date with.
pub(crate) fn stamped(covariance: &[f32], at: usize) -> u64 {
    match covariance.get(at..at + 2) {
        Some(&[low, high]) => low as u64 | (high as u64) << BITS,
        _ => 0,
    }
}

/// Lets a slot's covariance forget up to sequence number `now`, where it is far enough behind.
#[inline(always)]
pub(crate) fn catch_up<S: Simd>(
    simd: S,
    config: &Config,
    covariance: &mut [f32],
    n: usize,
    now: u64,
    old: &mut [Lane],
) {
    let Some(window) = config.window() else {
        return;
    };
    let floats = config.precision().floats(n);
    let behind = now.saturating_sub(stamped(covariance, floats));
    if behind == 0 || behind.saturating_mul(STEPS) < u64::from(window) {
        return;
    }
    let keep = kept(window, behind);
    let covariance_only = &mut covariance[..floats];
    config.precision().relax(simd, covariance_only, n, keep, prior_variance(n), old);
    stamp(config, covariance, n, now);
}

/// (1 - 1/window)^writes, by squaring: multiplications alone, the same on every machine.
fn kept(window: u32, writes: u64) -> f32 {
    let (mut kept, mut power, mut rest) = (1.0, 1.0 - 1.0 / f64::from(window), writes);
    while rest > 0 {
        if rest & 1 == 1 {
            kept *= power;
        }
        power *= power;
        rest >>= 1;
    }
    kept as f32
}
