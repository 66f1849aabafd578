//! A full covariance as P = U D U', U unit upper triangular, D diagonal: Bierman's form of
//! recursive least squares.
//!
//! Why this form: written as P -= u u' / S, rounding can push P out of the positive semi-definite
//! cone, after which the variance phi' P phi turns negative and the update diverges. Here
//! phi' P phi = sum_j D_j f_j² with f = U' phi, a sum of squares, and an update multiplies each D_j by
//! a ratio in (0, 1]; no rounding can make either negative, in f32, after any number of writes. It
//! touches the same n (n + 1) / 2 floats as a packed symmetric P, with the same count of operations.
//!
//! Source: G. J. Bierman, "Factorization Methods for Discrete Sequential Estimation", 1977,
//! chapter V; the rank-one update is that of Agee and Turner. Compared in tests with a dense f64 P.
//!
//! Layout of a slot, in lanes of eight floats: D, padded; then column 1, 2, ... of U above its
//! diagonal, column j padded from j floats to whole lanes. The padding, and every float of a column
//! at or below the diagonal, is zero and stays zero.

use super::{LANES, Lane, Step, add_product, add_scaled, lanes, lanes_mut, total};

/// The smallest variance a direction may reach: far below anything data can justify, far above
/// where f32 loses precision.
const LEAST_VARIANCE: f32 = 1e-30;

/// Floats of a slot over `n` features.
pub(crate) fn floats(n: usize) -> usize {
    let columns: usize = (1..n).map(|j| j.next_multiple_of(LANES)).sum();
    n.next_multiple_of(LANES) + columns
}

/// phi' P phi, with f = U' phi and v = D f left in `step`.
#[inline(always)]
pub(crate) fn spread(covariance: &[f32], n: usize, step: &mut Step<'_>) -> f32 {
    let (diagonal, columns) = covariance.split_at(n.next_multiple_of(LANES));
    let phi = lanes(step.phi);
    step.f.copy_from_slice(step.phi);
    let mut columns = lanes(columns);
    for j in 1..n {
        let (column, rest) = columns.split_at(j.div_ceil(LANES));
        columns = rest;
        let mut sum = [0.0; LANES];
        for (column, phi) in column.iter().zip(phi) {
            add_product(&mut sum, column, phi);
        }
        step.f[j] += total(&sum);
    }
    let mut sum = [0.0; LANES];
    let parts = lanes(diagonal).iter().zip(lanes(step.f));
    for (v, (d, f)) in lanes_mut(step.v).iter_mut().zip(parts) {
        for lane in 0..LANES {
            v[lane] = d[lane] * f[lane];
        }
        add_product(&mut sum, v, f);
    }
    total(&sum)
}

/// The update for a noise of `rest` = S - phi' P phi; u = P phi with the P before the update.
#[inline(always)]
pub(crate) fn update(covariance: &mut [f32], n: usize, step: &Step<'_>, rest: f32, u: &mut [f32]) {
    let (diagonal, columns) = covariance.split_at_mut(n.next_multiple_of(LANES));
    u.fill(0.0);
    u[0] = step.v[0];
    // alpha_j = rest + sum of f_i v_i up to i = j, so every alpha is at least rest > 0.
    let mut alpha = rest + step.f[0] * step.v[0];
    diagonal[0] = (diagonal[0] * (rest / alpha)).max(LEAST_VARIANCE);
    let mut columns = lanes_mut(columns);
    for j in 1..n {
        let (column, others) = columns.split_at_mut(j.div_ceil(LANES));
        columns = others;
        let (f, v) = (step.f[j], step.v[j]);
        let back = -f / alpha;
        for (column, u) in column.iter_mut().zip(lanes_mut(u)) {
            let before: Lane = *column;
            add_scaled(column, u, back);
            add_scaled(u, &before, v);
        }
        u[j] = v;
        let next = alpha + f * v;
        diagonal[j] = (diagonal[j] * (alpha / next)).max(LEAST_VARIANCE);
        alpha = next;
    }
}
