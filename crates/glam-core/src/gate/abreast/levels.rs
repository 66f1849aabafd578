//! Gates with one half-space a level on a few inputs: lanes are gates.

use super::{Cue, Walk};
use crate::kernel::{LANES, Lane, Simd};

/// For each block and each level: `width` groups of inputs and of weights, one group of thresholds.
#[derive(Debug, Clone)]
pub(super) struct Levels {
    width: usize,
    inputs: Vec<[u32; LANES]>,
    weights: Vec<Lane>,
    thresholds: Vec<Lane>,
}

impl Levels {
    pub(super) fn of(blocks: &[[Walk<'_>; LANES]], first: &Walk<'_>) -> Self {
        let width = first.half_spaces.width();
        let (mut inputs, mut weights, mut thresholds) = (Vec::new(), Vec::new(), Vec::new());
        for block in blocks {
            for level in 0..usize::from(first.depth) {
                let parts = block.each_ref().map(|walk| walk.half_spaces.parts(level));
                for place in 0..width {
                    inputs.push(parts.map(|(inputs, ..)| inputs[place]));
                    weights.push(parts.map(|(_, weights, _)| weights[place]));
                }
                thresholds.push(parts.map(|(.., threshold)| threshold));
            }
        }
        Self { width, inputs, weights, thresholds }
    }

    #[inline(always)]
    pub(super) fn walk<S: Simd>(&self, simd: S, depth: u8, z: Cue<'_>, paths: &mut [[u32; LANES]]) {
        match self.width {
            1 => self.walk_on::<S, 1>(simd, depth, z, paths),
            2 => self.walk_on::<S, 2>(simd, depth, z, paths),
            3 => self.walk_on::<S, 3>(simd, depth, z, paths),
            _ => self.walk_on::<S, 4>(simd, depth, z, paths),
        }
    }

    /// On W inputs; the sums are those of `HalfSpaces::project_few`.
    #[inline(always)]
    fn walk_on<S: Simd, const W: usize>(
        &self,
        simd: S,
        depth: u8,
        z: Cue<'_>,
        paths: &mut [[u32; LANES]],
    ) {
        let (inputs, weights) = (self.inputs.as_chunks::<W>().0, self.weights.as_chunks::<W>().0);
        let mut levels = inputs.iter().zip(weights).zip(&self.thresholds);
        for path in paths {
            for ((inputs, weights), threshold) in levels.by_ref().take(depth.into()) {
                let mut products = [simd.splat(0.0); W];
                for ((product, inputs), weights) in products.iter_mut().zip(inputs).zip(weights) {
                    *product = simd.mul(simd.load(weights), simd.load(&z.gather(inputs)));
                }
                let mut sum = products[0];
                if W == 4 {
                    sum = simd.add(simd.add(sum, products[1]), simd.add(products[2], products[3]));
                } else {
                    for product in &products[1..] {
                        sum = simd.add(sum, *product);
                    }
                }
                simd.decide(sum, simd.load(threshold), path);
            }
        }
    }
}
