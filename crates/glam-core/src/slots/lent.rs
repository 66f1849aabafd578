//! Slots that stand in a base, a saved state, until they are first changed.

use std::sync::Arc;

use super::{Line, SlotLines};
use crate::error::{Error, Result};

/// In [`Lent::places`]: the slot stands in the base.
const IN_BASE: u32 = u32::MAX;

/// What an arena over a base knows of it: where each slot stands.
#[derive(Debug, Clone)]
pub(super) struct Lent {
    base: Arc<dyn SlotLines>,
    /// The place in the arena of every slot, those that were copied first coming first.
    places: Vec<u32>,
    /// Slots that stand in the base.
    left: usize,
}

impl Lent {
    /// `slots` slots that all stand in `base`.
    pub(super) fn new(base: Arc<dyn SlotLines>, slots: usize) -> Self {
        Self { base, places: vec![IN_BASE; slots], left: slots }
    }

    pub(super) fn slots(&self) -> usize {
        self.places.len()
    }

    pub(super) fn left(&self) -> usize {
        self.left
    }

    pub(super) fn rebase(&mut self, base: Arc<dyn SlotLines>) {
        self.base = base;
    }

    /// Where in the arena a slot stands; `None` for one in the base, and for one that there is not.
    #[inline(always)]
    pub(super) fn place(&self, slot: u32) -> Option<usize> {
        let place = *self.places.get(slot as usize)?;
        (place != IN_BASE).then_some(place as usize)
    }

    /// A slot in the base, which must be `stride` lines long.
    #[inline(never)]
    pub(super) fn slot(&self, slot: u32, stride: usize) -> Result<&[Line]> {
        let missing = Error::Damaged { what: "a slot is missing", at: slot as usize * stride * 64 };
        if slot as usize >= self.places.len() {
            return Err(missing);
        }
        let lines = self.base.slot(slot)?;
        if lines.len() == stride { Ok(lines) } else { Err(missing) }
    }

    pub(super) fn prefetch(&self, slot: u32) {
        if (slot as usize) < self.places.len() {
            self.base.prefetch(slot);
        }
    }

    /// Slot number `slot`, which stood in the base, now stands at `place`.
    pub(super) fn give(&mut self, slot: u32, place: usize) {
        if let Some(at) = self.places.get_mut(slot as usize) {
            // There are at most `MAX_SLOTS` slots.
            *at = place as u32;
            self.left -= 1;
        }
    }

    /// One more slot, which stands at `place`.
    pub(super) fn push(&mut self, place: usize) {
        self.places.push(place as u32);
    }

    /// Puts `lines`, which hold every slot, into the order of their numbers, in place.
    pub(super) fn settle(mut self, lines: &mut [Line], stride: usize) {
        for start in 0..self.places.len() {
            // Along a cycle: what stands here moves on until it comes to its place.
            let mut here = start;
            loop {
                let from = std::mem::replace(&mut self.places[here], here as u32) as usize;
                if from == start {
                    break;
                }
                (0..stride).for_each(|line| lines.swap(here * stride + line, from * stride + line));
                here = from;
            }
        }
    }

    /// Bytes as allocated.
    pub(super) fn bytes(&self) -> usize {
        self.places.capacity() * size_of::<u32>()
    }
}
