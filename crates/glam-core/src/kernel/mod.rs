//! The arithmetic of a write and a read, one slot at a time.
//!
//! Everything is plain f32 with sums in eight fixed lanes and no fused multiply-add, so that the
//! same code gives the same bits whatever vector width it is compiled for; [`pulp`] compiles it for
//! the widest that the machine has and picks it when the program runs.

pub(crate) mod diagonal;
pub(crate) mod full;
pub(crate) mod map;

use crate::config::Precision;

/// Floats that are summed side by side.
pub(crate) const LANES: usize = 8;

/// One group of lanes.
pub(crate) type Lane = [f32; LANES];

/// The whole lanes of a slice; what is left over is ignored, and there is none where slices are
/// padded.
#[inline(always)]
pub(crate) fn lanes(floats: &[f32]) -> &[Lane] {
    floats.as_chunks::<LANES>().0
}

/// The whole lanes of a slice, to be changed.
#[inline(always)]
pub(crate) fn lanes_mut(floats: &mut [f32]) -> &mut [Lane] {
    floats.as_chunks_mut::<LANES>().0
}

/// `sum` + `a` * `b`, lane by lane.
#[inline(always)]
pub(crate) fn add_product(sum: &mut Lane, a: &Lane, b: &Lane) {
    for lane in 0..LANES {
        sum[lane] += a[lane] * b[lane];
    }
}

/// `sum` + `a` * `factor`, lane by lane.
#[inline(always)]
pub(crate) fn add_scaled(sum: &mut Lane, a: &Lane, factor: f32) {
    for lane in 0..LANES {
        sum[lane] += a[lane] * factor;
    }
}

/// The sum of the lanes, always in this order.
#[inline(always)]
pub(crate) fn total(lane: &Lane) -> f32 {
    let [a, b, c, d, e, f, g, h] = *lane;
    ((a + e) + (c + g)) + ((b + f) + (d + h))
}

/// One slot's part of a write: what the first pass over its covariance leaves for the second.
///
/// All slices are `n` floats padded to whole lanes, the padding zero.
#[derive(Debug)]
pub(crate) struct Step<'a> {
    /// phi of the slot's feature.
    pub(crate) phi: &'a [f32],
    /// Filled by the first pass, used by the second.
    pub(crate) f: &'a mut [f32],
    /// Filled by the first pass, used by the second.
    pub(crate) v: &'a mut [f32],
}

impl Precision {
    /// Floats of a covariance over `n` features (bias included).
    pub(crate) fn floats(self, n: usize) -> usize {
        match self {
            Self::Full => full::floats(n),
            Self::Diagonal => n.next_multiple_of(LANES),
        }
    }

    /// Sets a slot's covariance to `variance` times the identity; `covariance` must be zero.
    pub(crate) fn reset(self, covariance: &mut [f32], n: usize, variance: f32) {
        // Both forms begin with one variance a feature, and zeros after it mean uncorrelated.
        covariance[..n].fill(variance);
    }

    /// phi' P phi, never negative; leaves in `step` what [`Precision::update`] needs.
    #[inline(always)]
    pub(crate) fn spread(self, covariance: &[f32], n: usize, step: &mut Step<'_>) -> f32 {
        match self {
            Self::Full => full::spread(covariance, n, step),
            Self::Diagonal => diagonal::spread(covariance, step),
        }
    }

    /// P -= u u' / S with u = P phi, which is left in `u`; `spread` is what
    /// [`Precision::spread`] gave and `total` is S.
    #[inline(always)]
    pub(crate) fn update(
        self,
        covariance: &mut [f32],
        n: usize,
        step: &Step<'_>,
        rest: f32,
        total: f32,
        u: &mut [f32],
    ) {
        match self {
            Self::Full => full::update(covariance, n, step, rest, u),
            Self::Diagonal => diagonal::update(covariance, step, total, u),
        }
    }
}

#[cfg(test)]
mod tests;
