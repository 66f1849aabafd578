//! Forgetting: P <- keep P + (1 - keep) p I, a covariance drawn towards the prior p I.
//!
//! Source: "linear forgetting" (R. Kulhavy and M. B. Zarrop, "On a general concept of forgetting",
//! International Journal of Control, 1993), which is the "back to the prior" forgetting of
//! S. Van Vaerenbergh, M. Lazaro-Gredilla and I. Santamaria, "Kernel recursive least-squares
//! tracker for time-varying regression", IEEE Transactions on Neural Networks and Learning Systems,
//! 2012, without its shrinking of the mean: a map that is not asked stays as it was.
//!
//! **It cannot wind up.** Where P <= p I (the difference is positive semi-definite), so is
//! keep P + (1 - keep) p I <= p I; an update takes u u' / S away, which leaves it so; and a slot
//! starts at p I. Hence P <= p I and trace(P) <= n p after any number of writes, excited or not. The
//! customary P / lambda grows without bound in directions that no input excites.
//!
//! **Rounding cannot pile up.** A relaxation multiplies whatever error P carries by keep, so that after
//! any number of them it is at most that of one stretch between two, over 1 - keep: the error
//! after 10^8 writes is bounded by what it may be after a few relaxations.
//!
//! A multiple of the identity has no short form in U D U', so the factors are made anew. That is safe
//! in f32, other than for a P alone: every eigenvalue of the relaxed P is at least (1 - keep) p, so
//! its condition is at most 1 / (1 - keep), and each new D_j, a Schur complement, is at least (1 - keep)
//! p as well, which the code enforces against rounding. No factor can overflow: an element of U is at most
//! sqrt(P_ii / D_j) <= 1 / sqrt(1 - keep).
//!
//! Costs n³ / 3 multiplications and additions, eight at a time: as much as n / 6 updates. The
//! caller relaxes a slot at most a fixed number of times a window.

use super::full::width;
use super::lanes_mut;
use super::simd::{LANES, Lane, Simd};

/// Relaxes U D U'. `old` is working memory as long as the covariance.
#[inline(always)]
pub(crate) fn full<S: Simd>(
    simd: S,
    covariance: &mut [f32],
    n: usize,
    keep: f32,
    variance: f32,
    old: &mut [Lane],
) {
    let fresh = (1.0 - keep) * variance;
    let groups = n.div_ceil(LANES);
    let covariance = lanes_mut(covariance);
    let old = &mut old[..covariance.len()];
    old.copy_from_slice(covariance);
    let (old_d, old) = old.split_at(groups);
    let (d, columns) = covariance.split_at_mut(groups);
    let old_d = old_d.as_flattened();
    let d = d.as_flattened_mut();
    // From the last column on, each column of P, less what the later new columns stand for.
    let mut end = columns.len();
    for j in (0..n).rev() {
        let start = end - width(j);
        let (own, later) = columns[start..].split_at_mut(width(j));
        own.fill([0.0; LANES]);
        let (mut at, mut old_at) = (0, start);
        for k in j..n {
            let column = &old[old_at..];
            old_at += width(k);
            let share = simd.splat(keep * old_d[k] * column[j / LANES][j % LANES]);
            if k == j {
                for (own, column) in own.iter_mut().zip(column) {
                    simd.store(simd.mul(simd.load(column), share), own);
                }
                continue;
            }
            let new = &later[at..];
            at += width(k);
            let taken = simd.splat(-d[k] * new[j / LANES][j % LANES]);
            for ((own, column), new) in own.iter_mut().zip(column).zip(new) {
                let sum = simd.add_product(simd.load(own), simd.load(column), share);
                simd.store(simd.add_product(sum, simd.load(new), taken), own);
            }
        }
        let (group, lane) = (j / LANES, j % LANES);
        d[j] = (own[group][lane] + fresh).clamp(fresh, variance);
        let inverse = simd.splat(1.0 / d[j]);
        own.iter_mut().for_each(|own| simd.store(simd.mul(simd.load(own), inverse), own));
        own[group][lane] = 1.0;
        own[group][lane + 1..].fill(0.0);
        end = start;
    }
}

/// Relaxes a diagonal; the padding meets zeros of phi alone, so that its value is of no account.
#[inline(always)]
pub(crate) fn diagonal<S: Simd>(simd: S, covariance: &mut [f32], keep: f32, variance: f32) {
    let (keep, fresh) = (simd.splat(keep), simd.splat((1.0 - keep) * variance));
    for p in lanes_mut(covariance) {
        simd.store(simd.add_product(fresh, simd.load(p), keep), p);
    }
}

/// The trace of U D U': the sum over j of D_j times the squares of column j.
#[cfg(test)]
pub(crate) fn trace(covariance: &[f32], n: usize) -> f64 {
    let lanes = super::lanes(covariance);
    let mut at = n.div_ceil(LANES);
    (0..n)
        .map(|j| {
            let column = &lanes[at..at + width(j)];
            at += width(j);
            let squares = column.as_flattened().iter().map(|&u| f64::from(u) * f64::from(u));
            f64::from(covariance[j]) * squares.sum::<f64>()
        })
        .sum()
}
