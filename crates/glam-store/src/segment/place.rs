//! Where the slots of a snapshot lie: each in one of the slot segments, the newest that holds it.

use std::sync::Arc;

use bytemuck::{Pod, Zeroable};
use glam_core::{Line, SlotLines};

use super::mapped::MappedSlots;

/// Where a slot lies, as it stands in the structure segment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Pod, Zeroable)]
#[repr(C)]
pub(crate) struct Place {
    /// The place of the segment in the manifest's list.
    pub(crate) segment: u32,
    /// The slot's number in that segment.
    pub(crate) position: u32,
}

/// One half of a snapshot's slots, weights or covariances, in maps.
#[derive(Debug)]
pub(crate) struct PlacedSlots {
    places: Arc<[Place]>,
    maps: Vec<MappedSlots>,
}

impl PlacedSlots {
    /// The slots at `places` of `maps`, which are the segments in the manifest's order.
    pub(crate) fn new(places: Arc<[Place]>, maps: Vec<MappedSlots>) -> Self {
        Self { places, maps }
    }

    /// Bytes of all slots.
    pub(crate) fn bytes(&self) -> usize {
        let lines = self.maps.first().map_or(0, MappedSlots::lines);
        self.places.len() * lines * size_of::<Line>()
    }
}

impl SlotLines for PlacedSlots {
    #[inline]
    fn slot(&self, slot: u32) -> glam_core::Result<&[Line]> {
        let missing = glam_core::Error::Damaged { what: "a slot is missing", at: slot as usize };
        let Some(place) = self.places.get(slot as usize) else { return Err(missing) };
        let Some(map) = self.maps.get(place.segment as usize) else { return Err(missing) };
        map.slot(place.position).map_err(|error| match error {
            glam_core::Error::DamagedSlot { expected, got, .. } => {
                glam_core::Error::DamagedSlot { slot, expected, got }
            }
            error => error,
        })
    }
}
