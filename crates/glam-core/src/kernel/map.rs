//! A slot's linear map W: one row of `n` padded floats an output.

use super::simd::{Lane, Simd};
use super::{lanes, lanes_mut};

/// Adds W phi to `sums`, one group an output; their totals are the outputs.
#[inline(always)]
pub(crate) fn accumulate<S: Simd>(simd: S, weights: &[f32], phi: &[Lane], sums: &mut [Lane]) {
    for (sum, row) in sums.iter_mut().zip(lanes(weights).chunks_exact(phi.len())) {
        let mut total = simd.load(sum);
        for (weight, phi) in row.iter().zip(phi) {
            total = simd.add_product(total, simd.load(weight), simd.load(phi));
        }
        simd.store(total, sum);
    }
}

/// W += e u' with one error an output.
#[inline(always)]
pub(crate) fn correct<S: Simd>(simd: S, weights: &mut [f32], u: &[Lane], errors: &[f32]) {
    for (&error, row) in errors.iter().zip(lanes_mut(weights).chunks_exact_mut(u.len())) {
        let error = simd.splat(error);
        for (weight, u) in row.iter_mut().zip(u) {
            let corrected = simd.add_product(simd.load(weight), simd.load(u), error);
            simd.store(corrected, weight);
        }
    }
}
