//! A full covariance as P = U D U', U unit upper triangular, D diagonal: Bierman's form of
//! recursive least squares.
//!
//! Why this form: written as P -= u u' / S, rounding can push P out of the positive semi-definite
//! cone, after which the variance phi' P phi turns negative and the update diverges. Here
//! phi' P phi = sum_j D_j f_j² with f = U' phi, a sum of squares, and an update multiplies each D_j by
//! a ratio in (0, 1]; no rounding can make either negative, in f32, after any number of writes. It
//! touches about the n (n + 1) / 2 floats of a packed symmetric P, with the same count of operations.
//!
//! Source: G. J. Bierman, "Factorization Methods for Discrete Sequential Estimation", 1977,
//! chapter V; the rank-one update is that of Agee and Turner. Compared in tests with a dense f64 P.
//!
//! Layout of a slot, in groups of eight floats: D, padded; then the columns 0, 1, ... of U with
//! their unit diagonal, column j padded from j + 1 floats to whole groups. Every float of a column
//! below its diagonal, padding included, is zero and stays zero; the diagonal is one and stays one.
//! D's padding meets zeros of f alone, so that its value is of no account.

use super::simd::{LANES, Lane, Simd};
use super::{Step, lanes, lanes_mut};

/// The smallest variance a direction may reach: far below anything data can justify, far above
/// where f32 loses precision.
const LEAST_VARIANCE: f32 = 1e-30;

/// Groups of column `j`.
#[inline(always)]
pub(super) fn width(j: usize) -> usize {
    j / LANES + 1
}

/// Floats of a slot over `n` features.
pub(crate) fn floats(n: usize) -> usize {
    n.next_multiple_of(LANES) + (0..n).map(|j| LANES * width(j)).sum::<usize>()
}

/// Sets a slot of zeros to `variance` times the identity.
pub(crate) fn reset(covariance: &mut [f32], n: usize, variance: f32) {
    covariance[..n].fill(variance);
    let mut column = n.next_multiple_of(LANES);
    for j in 0..n {
        covariance[column + j] = 1.0;
        column += LANES * width(j);
    }
}

/// phi' P phi, with f = U' phi and v = D f left in `step`.
#[inline(always)]
pub(crate) fn spread<S: Simd>(simd: S, covariance: &[f32], n: usize, step: &mut Step<'_>) -> f32 {
    let (diagonal, mut columns) = lanes(covariance).split_at(n.div_ceil(LANES));
    let mut claimed = simd.splat(0.0);
    for (block, d) in diagonal.iter().enumerate() {
        let count = LANES.min(n - block * LANES);
        let (own, rest) = columns.split_at(count * (block + 1));
        columns = rest;
        // The number of groups as a constant for narrow views keeps phi in registers.
        let sums = match block {
            0 => dots::<S, 1>(simd, own, step.phi),
            1 => dots::<S, 2>(simd, own, step.phi),
            2 => dots::<S, 3>(simd, own, step.phi),
            _ => wide_dots(simd, own, step.phi, block + 1),
        };
        // f of eight columns.
        let f = simd.totals(sums);
        let v = simd.mul(simd.load(d), f);
        claimed = simd.add_product(claimed, f, v);
        simd.store(f, &mut step.f[block]);
        simd.store(v, &mut step.v[block]);
    }
    simd.total(claimed)
}

/// The products of up to eight columns of W groups with phi, summed group by group.
#[inline(always)]
fn dots<S: Simd, const W: usize>(simd: S, columns: &[Lane], phi: &[Lane]) -> [S::V; LANES] {
    let zero = simd.splat(0.0);
    let phi: [S::V; W] = std::array::from_fn(|group| simd.load(&phi[group]));
    let mut sums = [zero; LANES];
    for (sum, column) in sums.iter_mut().zip(columns.as_chunks::<W>().0) {
        *sum = (0..W)
            .fold(zero, |sum, group| simd.add_product(sum, simd.load(&column[group]), phi[group]));
    }
    sums
}

/// [`dots`] for any number of groups.
#[inline(always)]
fn wide_dots<S: Simd>(simd: S, columns: &[Lane], phi: &[Lane], width: usize) -> [S::V; LANES] {
    let mut sums = [simd.splat(0.0); LANES];
    for (sum, column) in sums.iter_mut().zip(columns.chunks_exact(width)) {
        for (column, phi) in column.iter().zip(phi) {
            *sum = simd.add_product(*sum, simd.load(column), simd.load(phi));
        }
    }
    sums
}

/// The update for a noise of `rest` = S - phi' P phi; leaves in `u` P phi with the P before the
/// update.
#[inline(always)]
pub(crate) fn update<S: Simd>(
    simd: S,
    covariance: &mut [f32],
    n: usize,
    step: &Step<'_>,
    rest: f32,
    u: &mut [Lane],
) {
    u.fill([0.0; LANES]);
    let (diagonal, mut columns) = lanes_mut(covariance).split_at_mut(n.div_ceil(LANES));
    // alpha_j = rest + sum of f_i v_i up to i = j, so no alpha is below the one before it.
    let mut alpha = rest;
    for (block, d) in diagonal.iter_mut().enumerate() {
        let (f, v) = (&step.f[block], &step.v[block]);
        let (mut before, mut after) = ([0.0; LANES], [0.0; LANES]);
        for lane in 0..LANES {
            before[lane] = alpha;
            alpha += f[lane] * v[lane];
            after[lane] = alpha;
        }
        let (before, after) = (simd.load(&before), simd.load(&after));
        let shrunk = simd.mul(simd.load(d), simd.div(before, after));
        simd.store(simd.max(shrunk, simd.splat(LEAST_VARIANCE)), d);
        let mut back = [0.0; LANES];
        simd.store(simd.div(simd.mul(simd.load(f), simd.splat(-1.0)), before), &mut back);
        let count = LANES.min(n - block * LANES);
        let (own, others) = columns.split_at_mut(count * (block + 1));
        columns = others;
        match block {
            0 => turn::<S, 1>(simd, own, &back, v, u),
            1 => turn::<S, 2>(simd, own, &back, v, u),
            2 => turn::<S, 3>(simd, own, &back, v, u),
            _ => wide_turn(simd, own, &back, v, &mut u[..=block]),
        }
    }
}

/// The update of up to eight columns of W groups: column += u back, u += column v, where column
/// stands for what it was. u is zero from the diagonal on, so a column stays as it is there, and
/// the diagonal's one sets u's own element to v.
#[inline(always)]
fn turn<S: Simd, const W: usize>(
    simd: S,
    columns: &mut [Lane],
    back: &Lane,
    v: &Lane,
    u: &mut [Lane],
) {
    let mut known: [S::V; W] = std::array::from_fn(|group| simd.load(&u[group]));
    for (column, (back, v)) in columns.as_chunks_mut::<W>().0.iter_mut().zip(back.iter().zip(v)) {
        let (back, v) = (simd.splat(*back), simd.splat(*v));
        for group in 0..W {
            let old = simd.load(&column[group]);
            simd.store(simd.add_product(old, known[group], back), &mut column[group]);
            known[group] = simd.add_product(known[group], old, v);
        }
    }
    for group in 0..W {
        simd.store(known[group], &mut u[group]);
    }
}

/// [`turn`] for as many groups as `u` has.
#[inline(always)]
fn wide_turn<S: Simd>(simd: S, columns: &mut [Lane], back: &Lane, v: &Lane, u: &mut [Lane]) {
    let width = u.len();
    for (column, (back, v)) in columns.chunks_exact_mut(width).zip(back.iter().zip(v)) {
        let (back, v) = (simd.splat(*back), simd.splat(*v));
        for (column, u) in column.iter_mut().zip(u.iter_mut()) {
            let (old, known) = (simd.load(column), simd.load(u));
            simd.store(simd.add_product(old, known, back), column);
            simd.store(simd.add_product(known, old, v), u);
        }
    }
}

/// Sets a slot of zeros to a covariance given as n x n numbers: P = U D U' from the last column to
/// the first (Bierman, appendix III.A).
pub(crate) fn set(slot: &mut [f32], n: usize, covariance: &[f64]) {
    reset(slot, n, 0.0);
    let mut p = covariance.to_vec();
    let starts: Vec<usize> = (0..n)
        .scan(n.next_multiple_of(LANES), |start, j| {
            let own = *start;
            *start += LANES * width(j);
            Some(own)
        })
        .collect();
    for j in (0..n).rev() {
        let d = p[j * n + j].max(f64::from(LEAST_VARIANCE));
        slot[j] = d as f32;
        let column: Vec<f64> = (0..j).map(|i| p[i * n + j] / d).collect();
        for (i, &u) in column.iter().enumerate() {
            slot[starts[j] + i] = u as f32;
            for k in 0..=i {
                p[k * n + i] -= column[k] * d * u;
            }
        }
    }
}
