//! Gates of several tables at once: each decision of a gate waits for the one before it, those of
//! other gates do not.

use super::Gate;
use super::halfspace::HalfSpaces;
use crate::kernel::{LANES, Lane, Simd};

/// Gates that are walked at once.
pub(crate) const ABREAST: usize = LANES;

/// How a gate finds its path through half-spaces.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Walk<'a> {
    pub(super) depth: u8,
    /// Whether a decision says which half-space is next, in heap order; otherwise they are taken in
    /// turn.
    pub(super) is_tree: bool,
    pub(super) half_spaces: &'a HalfSpaces,
}

impl Walk<'_> {
    /// Walks that are alike can be taken abreast.
    pub(crate) fn kind(&self) -> (u8, bool, usize) {
        (self.depth, self.is_tree, self.half_spaces.width())
    }

    #[inline(always)]
    fn node(&self, level: u8, path: u32) -> usize {
        if self.is_tree { (1 << level) - 1 + path as usize } else { usize::from(level) }
    }
}

/// [`Gate::path`] of gates whose walks are alike, bit for bit.
#[inline(always)]
pub(crate) fn paths<S: Simd>(simd: S, gates: [&dyn Gate; ABREAST], z: &[f32]) -> [u32; ABREAST] {
    let none = HalfSpaces::NONE;
    let mut walks = [Walk { depth: 0, is_tree: false, half_spaces: &none }; ABREAST];
    // Loops, not maps of arrays: these are not inlined into what is compiled for the vector unit.
    for (walk, gate) in walks.iter_mut().zip(gates) {
        match gate.walk() {
            Some(known) => *walk = known,
            None => return gates.map(|gate| gate.path(z)),
        }
    }
    match walks[0].half_spaces.width() {
        1 => few::<1>(&walks, z),
        2 => few::<2>(&walks, z),
        3 => few::<3>(&walks, z),
        4 => few::<4>(&walks, z),
        _ => many(simd, &walks, z),
    }
}

#[inline(always)]
fn few<const W: usize>(walks: &[Walk<'_>; ABREAST], z: &[f32]) -> [u32; ABREAST] {
    let mut paths = [0; ABREAST];
    for level in 0..walks[0].depth {
        for (path, walk) in paths.iter_mut().zip(walks) {
            let node = walk.node(level, *path);
            *path = *path << 1 | walk.half_spaces.decide_few::<W>(node, z);
        }
    }
    paths
}

#[inline(always)]
fn many<S: Simd>(simd: S, walks: &[Walk<'_>; ABREAST], z: &[f32]) -> [u32; ABREAST] {
    let mut paths = [0; ABREAST];
    for level in 0..walks[0].depth {
        let (mut nodes, mut sums) = ([0; ABREAST], [simd.splat(0.0); ABREAST]);
        for (place, walk) in walks.iter().enumerate() {
            nodes[place] = walk.node(level, paths[place]);
            sums[place] = walk.half_spaces.lane_sums(simd, nodes[place], z);
        }
        let mut projected: Lane = [0.0; LANES];
        simd.store(simd.totals(sums), &mut projected);
        for (place, path) in paths.iter_mut().enumerate() {
            let threshold = walks[place].half_spaces.threshold(nodes[place]);
            *path = *path << 1 | u32::from(projected[place] > threshold);
        }
    }
    paths
}
