//! A segment of slots, mapped: each slot is checked when it is first touched.

use std::sync::atomic::{AtomicU64, Ordering};

use super::header::BYTES;
use super::opened::Opened;
use super::slots::{CHECKSUM_BYTES, LINE_BYTES, Layout, check_slot, check_table};
use crate::bytes::u32_at;
use crate::check;
use crate::disk::DiskMap;
use crate::error::Result;
use glam_core::{Line, SlotLines, check_slot_floats};

/// The slots of a mapped file.
#[derive(Debug)]
pub(crate) struct MappedSlots {
    map: Box<dyn DiskMap>,
    layout: Layout,
    /// One bit a slot: set once its bytes were found to match their checksum.
    checked: Box<[AtomicU64]>,
}

impl MappedSlots {
    /// Maps a segment. Reads the slots' checksums and no slot.
    pub(crate) fn map(opened: &Opened) -> Result<Self> {
        let layout = opened.slots()?;
        let map = opened.file.map()?;
        // The length was checked at opening; the map is what is indexed.
        check::length(opened.path(), layout.end as u64, map.bytes().len() as u64)?;
        check_table(opened, map.bytes().get(BYTES..layout.start).unwrap_or_default())?;
        let checked = (0..layout.slots.div_ceil(64)).map(|_| AtomicU64::new(0)).collect();
        Ok(Self { map, layout, checked })
    }

    pub(crate) fn slots(&self) -> usize {
        self.layout.slots
    }

    /// Lines of a slot.
    pub(crate) fn lines(&self) -> usize {
        self.layout.lines
    }
}

impl SlotLines for MappedSlots {
    #[inline]
    fn slot(&self, slot: u32) -> glam_core::Result<&[Line]> {
        let slot = slot as usize;
        let missing =
            || glam_core::Error::Damaged { what: "a slot is missing", at: slot * LINE_BYTES };
        // A bit outside the layout cannot be set, so it is refused here.
        let word = self.checked.get(slot / 64).ok_or_else(missing)?;
        if slot >= self.layout.slots {
            return Err(missing());
        }
        let bytes = self.layout.lines * LINE_BYTES;
        let start = self.layout.start + slot * bytes;
        let bytes = self.map.bytes().get(start..start + bytes).ok_or_else(missing)?;
        let lines = bytemuck::try_cast_slice(bytes).map_err(|_| missing())?;
        let bit = 1 << (slot % 64);
        // Relaxed: the bit only says that a check of bytes that do not change came out well.
        if word.load(Ordering::Relaxed) & bit == 0 {
            let expected = u32_at(self.map.bytes(), BYTES + slot * CHECKSUM_BYTES);
            check_slot(slot, bytes, expected)?;
            // There are at most `glam_core::MAX_SLOTS` slots.
            check_slot_floats(slot as u32, lines)?;
            word.fetch_or(bit, Ordering::Relaxed);
        }
        Ok(lines)
    }
}
