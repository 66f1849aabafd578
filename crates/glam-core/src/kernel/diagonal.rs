//! A covariance that keeps its diagonal only: one variance a feature.
//!
//! p_j -= (p_j phi_j)² / S is written p_j *= 1 - p_j phi_j² / S. As S is at least the noise plus
//! p_j phi_j², the factor lies in (0, 1]: a variance falls and stays positive.

use super::{LANES, Step, add_product, lanes, lanes_mut, total};

/// phi' P phi, with p phi left in `step.v`.
#[inline(always)]
pub(crate) fn spread(covariance: &[f32], step: &mut Step<'_>) -> f32 {
    let mut sum = [0.0; LANES];
    let parts = lanes(covariance).iter().zip(lanes(step.phi));
    for (v, (p, phi)) in lanes_mut(step.v).iter_mut().zip(parts) {
        for lane in 0..LANES {
            v[lane] = p[lane] * phi[lane];
        }
        add_product(&mut sum, v, phi);
    }
    total(&sum)
}

/// The update for a total of `total` = S; u = P phi with the P before the update.
#[inline(always)]
pub(crate) fn update(covariance: &mut [f32], step: &Step<'_>, total: f32, u: &mut [f32]) {
    u.copy_from_slice(step.v);
    let shrink = 1.0 / total;
    let parts = lanes(step.v).iter().zip(lanes(step.phi));
    for (p, (v, phi)) in lanes_mut(covariance).iter_mut().zip(parts) {
        for lane in 0..LANES {
            // Rounding may lift the quotient to 1 exactly; never past 0.
            p[lane] *= (1.0 - v[lane] * phi[lane] * shrink).max(0.0);
        }
    }
}
