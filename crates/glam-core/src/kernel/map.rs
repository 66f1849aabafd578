//! A slot's linear map W: one row of `n` padded floats an output.

use super::simd::{Lane, Simd};
use super::{lanes, lanes_mut};

/// Adds W phi to `sums`, one group an output; their totals are the outputs.
#[inline(always)]
pub(crate) fn accumulate<S: Simd>(simd: S, weights: &[f32], phi: &[Lane], sums: &mut [Lane]) {
    // The number of groups as a constant for narrow views keeps phi in registers.
    match phi.len() {
        1 => accumulate_fixed::<S, 1>(simd, weights, phi, sums),
        2 => accumulate_fixed::<S, 2>(simd, weights, phi, sums),
        3 => accumulate_fixed::<S, 3>(simd, weights, phi, sums),
        width => {
            for (sum, row) in sums.iter_mut().zip(lanes(weights).chunks_exact(width)) {
                let mut total = simd.load(sum);
                for (weight, phi) in row.iter().zip(phi) {
                    total = simd.add_product(total, simd.load(weight), simd.load(phi));
                }
                simd.store(total, sum);
            }
        }
    }
}

#[inline(always)]
fn accumulate_fixed<S: Simd, const W: usize>(
    simd: S,
    weights: &[f32],
    phi: &[Lane],
    sums: &mut [Lane],
) {
    let phi: [S::V; W] = std::array::from_fn(|group| simd.load(&phi[group]));
    for (sum, row) in sums.iter_mut().zip(lanes(weights).as_chunks::<W>().0) {
        let total = (0..W).fold(simd.load(sum), |total, group| {
            simd.add_product(total, simd.load(&row[group]), phi[group])
        });
        simd.store(total, sum);
    }
}

/// W += e u' with one error an output.
#[inline(always)]
pub(crate) fn correct<S: Simd>(simd: S, weights: &mut [f32], u: &[Lane], errors: &[f32]) {
    match u.len() {
        1 => correct_fixed::<S, 1>(simd, weights, u, errors),
        2 => correct_fixed::<S, 2>(simd, weights, u, errors),
        3 => correct_fixed::<S, 3>(simd, weights, u, errors),
        width => {
            for (&error, row) in errors.iter().zip(lanes_mut(weights).chunks_exact_mut(width)) {
                let error = simd.splat(error);
                for (weight, u) in row.iter_mut().zip(u) {
                    let corrected = simd.add_product(simd.load(weight), simd.load(u), error);
                    simd.store(corrected, weight);
                }
            }
        }
    }
}

#[inline(always)]
fn correct_fixed<S: Simd, const W: usize>(
    simd: S,
    weights: &mut [f32],
    u: &[Lane],
    errors: &[f32],
) {
    let u: [S::V; W] = std::array::from_fn(|group| simd.load(&u[group]));
    for (&error, row) in errors.iter().zip(lanes_mut(weights).as_chunks_mut::<W>().0) {
        let error = simd.splat(error);
        for group in 0..W {
            let corrected = simd.add_product(simd.load(&row[group]), u[group], error);
            simd.store(corrected, &mut row[group]);
        }
    }
}
