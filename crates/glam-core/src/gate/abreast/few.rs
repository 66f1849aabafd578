//! Trees whose half-spaces are on one to four inputs: a decision takes few numbers, all side by side,
//! and those of eight gates are made in turn.

use super::{Cue, Walk};
use crate::kernel::LANES;

/// A half-space on W inputs.
#[derive(Debug, Clone)]
struct Node<const W: usize> {
    inputs: [u32; W],
    weights: [f32; W],
    threshold: f32,
}

impl<const W: usize> Node<W> {
    /// Summed as in `HalfSpaces::project_few`.
    #[inline(always)]
    fn decide(&self, z: Cue<'_>) -> u32 {
        let mut products = [0.0; W];
        for ((product, weight), &input) in products.iter_mut().zip(self.weights).zip(&self.inputs) {
            *product = weight * z.0[input as usize];
        }
        let mut sum = products[0];
        if W == 4 {
            sum = (sum + products[1]) + (products[2] + products[3]);
        } else {
            for product in &products[1..] {
                sum += product;
            }
        }
        u32::from(sum > self.threshold)
    }
}

/// For each gate its nodes.
#[derive(Debug, Clone)]
pub(super) struct Few<const W: usize> {
    /// Nodes of a gate.
    count: usize,
    nodes: Vec<Node<W>>,
}

impl<const W: usize> Few<W> {
    pub(super) fn of(walks: &[Walk<'_>]) -> Self {
        let count = walks.first().map_or(0, |walk| walk.half_spaces.len());
        let node = |(inputs, weights, threshold): (&[u32], &[f32], f32)| Node {
            inputs: std::array::from_fn(|place| inputs[place]),
            weights: std::array::from_fn(|place| weights[place]),
            threshold,
        };
        let all = walks.iter().flat_map(|walk| (0..count).map(|one| walk.half_spaces.parts(one)));
        Self { count, nodes: all.map(node).collect() }
    }

    #[inline(always)]
    pub(super) fn walk(&self, depth: u8, z: Cue<'_>, paths: &mut [[u32; LANES]]) {
        let blocks = self.nodes.chunks_exact((LANES * self.count).max(1));
        for (path, nodes) in paths.iter_mut().zip(blocks) {
            let mut found = [0; LANES];
            for level in 0..depth {
                let first = (1 << level) - 1;
                for (gate, found) in found.iter_mut().enumerate() {
                    let node = &nodes[gate * self.count + first + *found as usize];
                    *found = *found << 1 | node.decide(z);
                }
            }
            *path = found;
        }
    }
}
