//! A covariance that keeps its diagonal only: one variance a feature.
//!
//! p_j -= (p_j phi_j)² / S is written p_j *= 1 - p_j phi_j² / S. As S is at least the noise plus
//! p_j phi_j², the factor lies in (0, 1]: a variance falls and stays positive.

use super::simd::{Lane, Simd};
use super::{Step, lanes, lanes_mut};

/// phi' P phi, with p phi left in `step.v`.
#[inline(always)]
pub(crate) fn spread<S: Simd>(simd: S, covariance: &[f32], step: &mut Step<'_>) -> f32 {
    let mut claimed = simd.splat(0.0);
    for ((p, phi), v) in lanes(covariance).iter().zip(step.phi).zip(step.v.iter_mut()) {
        let phi = simd.load(phi);
        let product = simd.mul(simd.load(p), phi);
        claimed = simd.add_product(claimed, product, phi);
        simd.store(product, v);
    }
    simd.total(claimed)
}

/// The update for a total of `total` = S; leaves in `u` P phi with the P before the update.
#[inline(always)]
pub(crate) fn update<S: Simd>(
    simd: S,
    covariance: &mut [f32],
    step: &Step<'_>,
    total: f32,
    u: &mut [Lane],
) {
    let (zero, one, shrink) = (simd.splat(0.0), simd.splat(1.0), simd.splat(-1.0 / total));
    let parts = lanes_mut(covariance).iter_mut().zip(step.v.iter()).zip(step.phi);
    for (((p, v), phi), u) in parts.zip(u) {
        let v = simd.load(v);
        let part = simd.mul(simd.mul(v, simd.load(phi)), shrink);
        // Rounding may bring the factor to 0 exactly; never past it.
        let factor = simd.max(simd.add(one, part), zero);
        simd.store(simd.mul(simd.load(p), factor), p);
        simd.store(v, u);
    }
}
