//! Slots of a damaged snapshot: those that are sound, and fresh ones in the place of the others.

use glam_core::{Line, SlotLines};

use super::place::PlacedSlots;

/// One half of a snapshot's slots, where those that are damaged have learned nothing.
#[derive(Debug)]
pub(crate) struct Patched {
    slots: PlacedSlots,
    fresh: Vec<Line>,
    /// Which slots are fresh, slot 0 first.
    is_fresh: Vec<bool>,
}

impl Patched {
    /// Reads every one of `count` slots; `fresh` takes the place of those that are damaged.
    pub(crate) fn new(slots: PlacedSlots, fresh: Vec<Line>, count: usize) -> Self {
        // There are at most `glam_core::MAX_SLOTS`.
        let is_fresh = (0..count).map(|slot| slots.slot(slot as u32).is_err()).collect();
        Self { slots, fresh, is_fresh }
    }

    /// The two halves, and how many slots are fresh: a slot that has lost one half has lost what the
    /// other means.
    pub(crate) fn joined(mut self, mut other: Self) -> (Self, Self, u64) {
        let mut lost = 0;
        for (a, b) in self.is_fresh.iter_mut().zip(&mut other.is_fresh) {
            let either = *a || *b;
            (*a, *b) = (either, either);
            lost += u64::from(either);
        }
        (self, other, lost)
    }
}

impl SlotLines for Patched {
    fn slot(&self, slot: u32) -> glam_core::Result<&[Line]> {
        match self.is_fresh.get(slot as usize) {
            Some(true) => Ok(&self.fresh),
            _ => self.slots.slot(slot),
        }
    }
}
