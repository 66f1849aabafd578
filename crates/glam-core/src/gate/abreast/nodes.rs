//! Gates whose half-spaces are on many inputs: lanes are the products of one half-space, and the
//! decisions of eight gates are added up and compared at once.

use super::{Cue, Walk};
use crate::kernel::{LANES, Lane, Simd};

/// Blocks of gates that go from level to level together: enough decisions that do not wait for each
/// other, few enough that what they share of a cache line is still there at the next level.
const TOGETHER: usize = 2;

/// For each gate and each of its half-spaces: `groups` groups of weights, as many of inputs unless these
/// are all there are in order, and one threshold.
#[derive(Debug, Clone)]
pub(super) struct Nodes {
    is_tree: bool,
    groups: usize,
    /// Half-spaces of a gate.
    count: usize,
    inputs: Vec<[u32; LANES]>,
    weights: Vec<Lane>,
    thresholds: Vec<f32>,
}

impl Nodes {
    pub(super) fn of(walks: &[Walk<'_>], first: &Walk<'_>) -> Self {
        let half_spaces = first.half_spaces;
        let groups = half_spaces.width().div_ceil(LANES);
        let mut nodes = Self {
            is_tree: first.is_tree,
            groups,
            count: half_spaces.len(),
            inputs: Vec::new(),
            weights: Vec::new(),
            thresholds: Vec::new(),
        };
        for walk in walks {
            for node in 0..nodes.count {
                let (inputs, weights, threshold) = walk.half_spaces.parts(node);
                // Padded by weights of zero on the first input, which is finite.
                nodes.weights.extend(padded(weights, groups));
                if !half_spaces.are_on_all_in_order() {
                    nodes.inputs.extend(padded(inputs, groups));
                }
                nodes.thresholds.push(threshold);
            }
        }
        nodes
    }

    #[inline(always)]
    pub(super) fn walk<S: Simd>(&self, simd: S, depth: u8, z: Cue<'_>, paths: &mut [[u32; LANES]]) {
        // The number of groups as a constant keeps the cue in registers.
        match (self.groups, self.inputs.is_empty()) {
            (1, true) => self.walk_by(simd, depth, InOrder::<S, 1>::of(simd, z), paths),
            (2, true) => self.walk_by(simd, depth, InOrder::<S, 2>::of(simd, z), paths),
            (3, true) => self.walk_by(simd, depth, InOrder::<S, 3>::of(simd, z), paths),
            (_, true) => self.walk_by(simd, depth, Wide(z.0.as_chunks::<LANES>().0), paths),
            (_, false) => self.walk_by(simd, depth, Picked(z), paths),
        }
    }

    #[inline(always)]
    fn walk_by<S: Simd>(
        &self,
        simd: S,
        depth: u8,
        sums_by: impl Sums<S>,
        paths: &mut [[u32; LANES]],
    ) {
        for (chunk, paths) in paths.chunks_mut(TOGETHER).enumerate() {
            for level in 0..depth {
                let first = if self.is_tree { (1 << level) - 1 } else { usize::from(level) };
                for (block, path) in paths.iter_mut().enumerate() {
                    let gate = (chunk * TOGETHER + block) * LANES;
                    let (mut sums, mut thresholds) = ([simd.splat(0.0); LANES], [0.0; LANES]);
                    for lane in 0..LANES {
                        let within = if self.is_tree { path[lane] as usize } else { 0 };
                        let node = (gate + lane) * self.count + first + within;
                        thresholds[lane] = self.thresholds[node];
                        sums[lane] = sums_by.sums(simd, self, node);
                    }
                    simd.decide(simd.totals(sums), simd.load(&thresholds), path);
                }
            }
        }
    }
}

/// `values` in whole groups, the rest zero.
fn padded<T: Copy + Default>(values: &[T], groups: usize) -> impl Iterator<Item = [T; LANES]> {
    (0..groups).map(move |group| {
        std::array::from_fn(|lane| values.get(group * LANES + lane).copied().unwrap_or_default())
    })
}

/// How the eight sums of w.z of a half-space are made, which are those of `HalfSpaces::lane_sums`.
trait Sums<S: Simd> {
    fn sums(&self, simd: S, nodes: &Nodes, node: usize) -> S::V;
}

/// The cue itself, G groups, is what every half-space looks at.
struct InOrder<S: Simd, const G: usize>([S::V; G]);

impl<S: Simd, const G: usize> InOrder<S, G> {
    #[inline(always)]
    fn of(simd: S, z: Cue<'_>) -> Self {
        let mut values = [simd.splat(0.0); G];
        for (value, z) in values.iter_mut().zip(z.0.as_chunks::<LANES>().0) {
            *value = simd.load(z);
        }
        Self(values)
    }
}

impl<S: Simd, const G: usize> Sums<S> for InOrder<S, G> {
    #[inline(always)]
    fn sums(&self, simd: S, nodes: &Nodes, node: usize) -> S::V {
        let mut sums = simd.splat(0.0);
        for (weights, values) in nodes.weights.as_chunks::<G>().0[node].iter().zip(self.0) {
            sums = simd.add_product(sums, simd.load(weights), values);
        }
        sums
    }
}

/// The same of any length.
struct Wide<'a>(&'a [Lane]);

impl<S: Simd> Sums<S> for Wide<'_> {
    #[inline(always)]
    fn sums(&self, simd: S, nodes: &Nodes, node: usize) -> S::V {
        let mut sums = simd.splat(0.0);
        for (weights, values) in
            nodes.weights[node * nodes.groups..].iter().zip(self.0).take(nodes.groups)
        {
            sums = simd.add_product(sums, simd.load(weights), simd.load(values));
        }
        sums
    }
}

/// Every half-space has inputs of its own.
struct Picked<'a>(Cue<'a>);

impl<S: Simd> Sums<S> for Picked<'_> {
    #[inline(always)]
    fn sums(&self, simd: S, nodes: &Nodes, node: usize) -> S::V {
        let own = node * nodes.groups..(node + 1) * nodes.groups;
        let mut sums = simd.splat(0.0);
        for (weights, inputs) in nodes.weights[own.clone()].iter().zip(&nodes.inputs[own]) {
            let values = self.0.gather(inputs);
            sums = simd.add_product(sums, simd.load(weights), simd.load(&values));
        }
        sums
    }
}
