//! The arithmetic of a write and a read, one slot at a time, in f32.

mod diagonal;
mod full;
pub(crate) mod map;
mod relax;
pub(crate) mod simd;

use crate::config::Precision;
pub(crate) use simd::{LANES, Lane, Simd};

/// The whole groups of a slice; what is left over is ignored, and there is none where slices are
/// padded.
#[inline(always)]
pub(crate) fn lanes(floats: &[f32]) -> &[Lane] {
    floats.as_chunks::<LANES>().0
}

/// The whole groups of a slice, to be changed.
#[inline(always)]
pub(crate) fn lanes_mut(floats: &mut [f32]) -> &mut [Lane] {
    floats.as_chunks_mut::<LANES>().0
}

/// One slot's part of a write: what the first pass over its covariance leaves for the second.
///
/// All slices are `n` floats padded to whole groups, the padding zero.
#[derive(Debug)]
pub(crate) struct Step<'a> {
    /// phi of the slot's feature.
    pub(crate) phi: &'a [Lane],
    /// Filled by the first pass, used by the second.
    pub(crate) f: &'a mut [Lane],
    /// Filled by the first pass, used by the second.
    pub(crate) v: &'a mut [Lane],
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
        match self {
            Self::Full => full::reset(covariance, n, variance),
            Self::Diagonal => covariance[..n].fill(variance),
        }
    }

    /// Sets a slot of zeros to a covariance given as n x n numbers.
    pub(crate) fn set(self, slot: &mut [f32], n: usize, covariance: &[f64]) {
        match self {
            Self::Full => full::set(slot, n, covariance),
            Self::Diagonal => {
                for (i, slot) in slot.iter_mut().take(n).enumerate() {
                    *slot = covariance[i * n + i] as f32;
                }
            }
        }
    }

    /// phi' P phi, never negative; leaves in `step` what [`Precision::update`] needs.
    #[inline(always)]
    pub(crate) fn spread<S: Simd>(
        self,
        simd: S,
        covariance: &[f32],
        n: usize,
        step: &mut Step<'_>,
    ) -> f32 {
        match self {
            Self::Full => full::spread(simd, covariance, n, step),
            Self::Diagonal => diagonal::spread(simd, covariance, step),
        }
    }

    /// P <- `keep` P + (1 - `keep`) `variance` I; `old` is working memory of at least
    /// [`Precision::floats`].
    #[inline(always)]
    pub(crate) fn relax<S: Simd>(
        self,
        simd: S,
        covariance: &mut [f32],
        n: usize,
        keep: f32,
        variance: f32,
        old: &mut [Lane],
    ) {
        match self {
            Self::Full => relax::full(simd, covariance, n, keep, variance, old),
            Self::Diagonal => relax::diagonal(simd, covariance, keep, variance),
        }
    }

    /// P -= u u' / S with u = P phi, which is left in `u`; `step` is as [`Precision::spread`] left
    /// it, `rest` and `total` are S without and with this slot's spread.
    #[inline(always)]
    #[expect(clippy::too_many_arguments, reason = "the operands of one formula")]
    pub(crate) fn update<S: Simd>(
        self,
        simd: S,
        covariance: &mut [f32],
        n: usize,
        step: &Step<'_>,
        rest: f32,
        total: f32,
        u: &mut [Lane],
    ) {
        match self {
            Self::Full => full::update(simd, covariance, n, step, rest, u),
            Self::Diagonal => diagonal::update(simd, covariance, step, total, u),
        }
    }
}

#[cfg(test)]
mod tests;
