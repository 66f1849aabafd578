//! Gates of many tables at once: each decision of a gate waits for the one before it, those of other
//! gates do not, and eight fit a register.
//!
//! What the half-spaces are made of is copied here in the order in which a walk needs it; the gates
//! themselves stay what is drawn and saved. Which order is best depends on the gates:
//! [`levels`], [`few`], [`nodes`]. All give the paths of [`Gate::path`](super::Gate::path), bit for bit.

mod few;
mod levels;
mod nodes;

use std::sync::Arc;

use super::Gate;
use super::halfspace::{FEW, HalfSpaces};
use crate::kernel::{LANES, Lane, Simd};
use few::Few;
use levels::Levels;
use nodes::Nodes;

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
    pub(crate) fn kind(&self) -> (u8, bool, usize, bool) {
        let Self { depth, is_tree, half_spaces } = self;
        (*depth, *is_tree, half_spaces.width(), half_spaces.are_on_all_in_order())
    }
}

/// Gates that are alike, in blocks of eight.
#[derive(Debug, Clone)]
pub(crate) struct Abreast {
    depth: u8,
    blocks: usize,
    /// One more than the last input that is looked at.
    reach: usize,
    layout: Layout,
}

#[derive(Debug, Clone)]
enum Layout {
    Levels(Levels),
    One(Few<1>),
    Two(Few<2>),
    Three(Few<3>),
    Four(Few<4>),
    Nodes(Nodes),
}

impl Abreast {
    /// `None` where the gates do not walk, are not alike, or do not fill blocks.
    pub(crate) fn of(gates: &[Arc<dyn Gate>]) -> Option<Self> {
        let walks: Vec<Walk<'_>> = gates.iter().map(|gate| gate.walk()).collect::<Option<_>>()?;
        let (blocks, rest) = walks.as_chunks::<LANES>();
        let first = walks.first()?;
        if !rest.is_empty() || walks.iter().any(|walk| walk.kind() != first.kind()) {
            return None;
        }
        let layout = match (first.is_tree, first.half_spaces.width()) {
            (false, 1..=FEW) => Layout::Levels(Levels::of(blocks, first)),
            (true, 1) => Layout::One(Few::of(&walks)),
            (true, 2) => Layout::Two(Few::of(&walks)),
            (true, 3) => Layout::Three(Few::of(&walks)),
            (true, 4) => Layout::Four(Few::of(&walks)),
            _ => Layout::Nodes(Nodes::of(&walks, first)),
        };
        let reach = walks.iter().map(|walk| walk.half_spaces.reach()).max()?;
        Some(Self { depth: first.depth, blocks: blocks.len(), reach, layout })
    }

    /// Gates.
    pub(crate) fn len(&self) -> usize {
        self.blocks * LANES
    }

    /// The path of each gate into `paths`, which has one group a block. `z` is padded with zeros to
    /// whole groups.
    #[inline(always)]
    pub(crate) fn paths<S: Simd>(&self, simd: S, z: &[f32], paths: &mut [[u32; LANES]]) {
        paths.fill([0; LANES]);
        // No caller gives less; if one did, the keys would be wrong, but nothing beyond `z` is read.
        if z.len() < self.reach {
            return;
        }
        let z = Cue(z);
        match &self.layout {
            Layout::Levels(levels) => levels.walk(simd, self.depth, z, paths),
            Layout::One(few) => few.walk(self.depth, z, paths),
            Layout::Two(few) => few.walk(self.depth, z, paths),
            Layout::Three(few) => few.walk(self.depth, z, paths),
            Layout::Four(few) => few.walk(self.depth, z, paths),
            Layout::Nodes(nodes) => nodes.walk(simd, self.depth, z, paths),
        }
    }
}

/// A cue that is as long as every input which a walk looks at demands: made by [`Abreast::paths`]
/// alone, which has seen to it.
#[derive(Clone, Copy)]
struct Cue<'a>(&'a [f32]);

impl Cue<'_> {
    /// The values at eight inputs of the walk that this cue was made for, or at 0 where it has any.
    #[inline(always)]
    fn gather(self, inputs: &[u32; LANES]) -> Lane {
        let mut values = [0.0; LANES];
        for (value, &input) in values.iter_mut().zip(inputs) {
            // SAFETY: `inputs` are those of half-spaces that `Abreast::of` was given, or 0 beside
            // one of them, and so below `reach`, one more than the largest of all; `paths` goes on to
            // walk only where the cue is at least that long. Checked each, a walk takes half as
            // long again.
            *value = unsafe { *self.0.get_unchecked(input as usize) };
        }
        values
    }
}
