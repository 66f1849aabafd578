//! Many outputs as few: what a search goes over in their place.

use crate::rng::Rng;

/// Outputs of a sketch. What is kept in the mean has, for one row, a standard deviation of up to
/// sqrt(2 / 16) of itself where outputs are mixed, and far less summed over many rows.
pub(super) const SKETCH: usize = 16;
/// The stream of draws.
const STREAM: u64 = 0x536B_6574;

/// Few outputs made of many such that errors summed over outputs stay what they are in the mean, and
/// so does the sum of squared slopes: what is chosen by these can be chosen several times cheaper.
#[derive(Debug, Clone)]
pub(crate) enum Sketch {
    /// Every output enters each of the few with a random sign (Achlioptas, "Database-friendly random
    /// projections", 2003): `SKETCH` signs an output, in units of 1 / sqrt(`SKETCH`).
    Mixed(Vec<f32>),
    /// Some of the outputs, and what each is multiplied by. Where targets are missing: one of many
    /// that are mixed would spoil the rest.
    Some(Vec<u32>, f32),
}

impl Sketch {
    pub(super) fn new(seed: u64, outputs: usize, gaps: bool) -> Self {
        let mut rng = Rng::new(seed, STREAM);
        if gaps {
            let mut pool: Vec<u32> = (0..outputs as u32).collect();
            let mut chosen = rng.choose(&mut pool, SKETCH.min(outputs)).to_vec();
            chosen.sort_unstable();
            let scale = (outputs as f32 / chosen.len().max(1) as f32).sqrt();
            return Self::Some(chosen, scale);
        }
        let size = 1.0 / (SKETCH as f32).sqrt();
        let sign = |rng: &mut Rng| if rng.below(2) == 0 { size } else { -size };
        Self::Mixed((0..outputs * SKETCH).map(|_| sign(&mut rng)).collect())
    }

    /// The few outputs that `numbers` are, into `few`, `SKETCH` long.
    pub(super) fn mix(&self, numbers: &[f32], few: &mut [f32]) {
        match self {
            Self::Mixed(signs) => {
                few.fill(0.0);
                let rows = numbers.iter().zip(signs.chunks_exact(SKETCH));
                for (y, signs) in rows.filter(|(y, _)| **y != 0.0) {
                    few.iter_mut().zip(signs).for_each(|(few, sign)| *few += y * sign);
                }
            }
            Self::Some(chosen, scale) => {
                for (few, &output) in few.iter_mut().zip(chosen) {
                    *few = scale * numbers[output as usize];
                }
            }
        }
    }
}
