//! A slot's linear map W: one row of `n` padded floats an output.

use super::{Lane, add_product, add_scaled, lanes, lanes_mut};

/// Adds W phi to `sums`, one lane group an output; their totals are the outputs.
#[inline(always)]
pub(crate) fn accumulate(weights: &[f32], phi: &[f32], sums: &mut [Lane]) {
    let phi = lanes(phi);
    let rows = lanes(weights).chunks_exact(phi.len());
    for (sum, row) in sums.iter_mut().zip(rows) {
        for (weight, phi) in row.iter().zip(phi) {
            add_product(sum, weight, phi);
        }
    }
}

/// W += e u' with one error an output.
#[inline(always)]
pub(crate) fn correct(weights: &mut [f32], u: &[f32], errors: &[f32]) {
    let u = lanes(u);
    let rows = lanes_mut(weights).chunks_exact_mut(u.len());
    for (&error, row) in errors.iter().zip(rows) {
        for (weight, u) in row.iter_mut().zip(u) {
            add_scaled(weight, u, error);
        }
    }
}
