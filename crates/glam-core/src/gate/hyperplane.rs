//! One half-space a level for the whole table: the cheapest gate, a locality-sensitive hash.

use std::sync::Arc;

use super::halfspace::{HalfSpaces, Work};
use super::{Draw, Gate, Sample, Walk};
use crate::config::MAX_DEPTH;
use crate::error::Result;
use crate::rng::Rng;
use crate::wire::{Reader, Writer};

pub(super) const TAG: u8 = 1;

/// `depth` half-spaces; the decisions are their sides, in order.
#[derive(Debug, PartialEq)]
pub(super) struct Hyperplane {
    depth: u8,
    levels: HalfSpaces,
}

impl Draw for Hyperplane {
    fn draw(inputs: u32, depth: u8, view: &[u32], sample: Sample<'_>, rng: &mut Rng) -> Self {
        let mut levels = HalfSpaces::on(inputs, view, depth.into());
        let (mut pool, mut work) = (view.to_vec(), Work::default());
        for _ in 0..depth {
            levels.draw(&mut pool, sample, 0..sample.len(), rng, &mut work);
        }
        Self { depth, levels }
    }

    fn decode(reader: &mut Reader<'_>, inputs: usize) -> Result<Self> {
        let depth = reader.u8()?;
        if depth > MAX_DEPTH {
            return Err(reader.damaged("a gate is too deep"));
        }
        Ok(Self { depth, levels: HalfSpaces::decode(reader, inputs, depth.into())? })
    }

    fn numbers(inputs: u32, depth: u8, view: usize) -> usize {
        HalfSpaces::numbers(inputs, view, depth.into())
    }
}

impl Gate for Hyperplane {
    fn depth(&self) -> u8 {
        self.depth
    }

    #[inline]
    fn path(&self, z: &[f32]) -> u32 {
        (0..usize::from(self.depth)).fold(0, |path, level| path << 1 | self.levels.decide(level, z))
    }

    fn evened(&self, sample: Sample<'_>) -> Option<Arc<dyn Gate>> {
        let (mut levels, mut work) = (self.levels.clone(), Work::default());
        for level in 0..levels.len() {
            levels.halve(level, sample, 0..sample.len(), &mut work);
        }
        Some(Arc::new(Self { depth: self.depth, levels }))
    }

    fn walk(&self) -> Option<Walk<'_>> {
        Some(Walk { depth: self.depth, is_tree: false, half_spaces: &self.levels })
    }

    fn tag(&self) -> u8 {
        TAG
    }

    fn encode(&self, writer: &mut Writer) {
        writer.u8(self.depth);
        self.levels.encode(writer);
    }
}
