//! Slots: the table from keys to slot numbers, and the flat arenas that hold their floats.

use std::hash::BuildHasher;

use bytemuck::{Pod, Zeroable};
use hashbrown::HashMap;

use crate::error::{Error, Result};
use crate::kernel::simd::prefetch;

/// The most slots of one memory.
pub const MAX_SLOTS: usize = 1 << 28;

/// Sixteen floats on a 64-byte boundary: the unit in which arenas and files hold slots, so that a
/// slot never shares a cache line with another.
#[derive(Debug, Clone, Copy, PartialEq, Default, Pod, Zeroable)]
#[repr(C, align(64))]
pub struct Line(pub [f32; 16]);

/// Floats in a [`Line`].
pub const LINE_FLOATS: usize = 16;

/// Lines that are asked for ahead; the machine's own prefetcher follows longer slots by itself.
const PREFETCH_LINES: usize = 20;

/// How many lines hold `floats` floats.
pub(crate) fn lines_for(floats: usize) -> usize {
    floats.div_ceil(LINE_FLOATS)
}

/// Where a slot's floats are kept: a memory's own arena, or a mapped file.
pub trait SlotLines: Send + Sync {
    /// The lines of slot number `slot`.
    ///
    /// # Errors
    /// [`Error::DamagedSlot`] where the bytes of a file do not match their checksum;
    /// [`Error::Damaged`] where there is no such slot.
    fn slot(&self, slot: u32) -> Result<&[Line]>;

    /// Asks for a slot's first lines to be brought near, as a read of it is coming up. A hint:
    /// doing nothing is right, and so is a slot that does not exist.
    #[inline(always)]
    fn prefetch(&self, slot: u32) {
        let _ = slot;
    }
}

/// A memory's own slots: one contiguous block, all equally long.
#[derive(Debug, Clone, Default)]
pub struct Arena {
    lines: Vec<Line>,
    stride: usize,
}

impl Arena {
    /// An empty arena whose slots are `stride` lines long.
    pub(crate) fn new(stride: usize) -> Self {
        Self { lines: Vec::new(), stride }
    }

    /// An arena over `lines`, which must hold exactly `slots` slots.
    pub(crate) fn from_lines(lines: Vec<Line>, stride: usize, slots: usize) -> Result<Self> {
        if Some(lines.len()) == stride.checked_mul(slots) {
            Ok(Self { lines, stride })
        } else {
            Err(Error::Damaged { what: "the slots do not fill their file", at: lines.len() * 64 })
        }
    }

    pub(crate) fn lines(&self) -> &[Line] {
        &self.lines
    }

    pub(crate) fn stride(&self) -> usize {
        self.stride
    }

    /// Appends a slot of zeros and returns its floats.
    pub(crate) fn push(&mut self) -> &mut [f32] {
        let start = self.lines.len();
        self.lines.resize(start + self.stride, Line::default());
        bytemuck::cast_slice_mut(&mut self.lines[start..])
    }

    pub(crate) fn floats_mut(&mut self, slot: u32) -> &mut [f32] {
        let start = slot as usize * self.stride;
        bytemuck::cast_slice_mut(&mut self.lines[start..start + self.stride])
    }

    pub(crate) fn floats(&self, slot: u32) -> &[f32] {
        let start = slot as usize * self.stride;
        bytemuck::cast_slice(&self.lines[start..start + self.stride])
    }

    /// Makes every slot `stride` lines long, the new lines zero.
    pub(crate) fn widen(&mut self, stride: usize) {
        if stride <= self.stride {
            return;
        }
        let slots = self.lines.len() / self.stride.max(1);
        let mut wide = vec![Line::default(); slots * stride];
        for (new, old) in wide.chunks_exact_mut(stride).zip(self.lines.chunks_exact(self.stride)) {
            new[..self.stride].copy_from_slice(old);
        }
        self.lines = wide;
        self.stride = stride;
    }

    /// Before one more slot is added: makes room for twice as many, at most `limit`.
    pub(crate) fn grow(&mut self, limit: usize) {
        if self.lines.len() + self.stride > self.lines.capacity() {
            let slots = self.lines.len() / self.stride.max(1);
            let more = slots.max(8).min(limit.saturating_sub(slots));
            self.lines.reserve_exact(more * self.stride);
        }
    }

    /// Takes a slot out; the last one takes its number.
    pub(crate) fn remove(&mut self, slot: u32) {
        let start = slot as usize * self.stride;
        let last = self.lines.len() - self.stride;
        self.lines.copy_within(last.., start);
        self.lines.truncate(last);
    }

    /// Gives back what is allocated beyond the slots.
    pub(crate) fn trim(&mut self) {
        self.lines.shrink_to_fit();
    }

    /// Bytes of the slots.
    pub(crate) fn bytes(&self) -> usize {
        size_of_val(self.lines.as_slice())
    }

    /// Bytes as allocated.
    pub(crate) fn allocated(&self) -> usize {
        self.lines.capacity() * size_of::<Line>()
    }
}

impl SlotLines for Arena {
    #[inline]
    fn slot(&self, slot: u32) -> Result<&[Line]> {
        let start = slot as usize * self.stride;
        self.lines
            .get(start..start + self.stride)
            .ok_or(Error::Damaged { what: "a slot is missing", at: start * 64 })
    }

    #[inline(always)]
    fn prefetch(&self, slot: u32) {
        let start = slot as usize * self.stride;
        let lines = self.lines.get(start..start + self.stride.min(PREFETCH_LINES));
        lines.unwrap_or_default().iter().for_each(prefetch);
    }
}

/// What a slot is for: a table, a level of it, and the bits that its gate gave.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Key {
    /// The table's number.
    pub table: u32,
    /// How many decisions the key holds; 0 is the whole space.
    pub level: u8,
    /// The decisions, the first one in the highest of `level` bits.
    pub bits: u32,
}

impl Key {
    /// The key as the slot table's number: table in the top 24 bits, level in 8, decisions in 32.
    pub fn pack(self) -> u64 {
        u64::from(self.table) << 40 | u64::from(self.level) << 32 | u64::from(self.bits)
    }

    /// The key behind a slot table's number.
    pub fn unpack(packed: u64) -> Self {
        Self { table: (packed >> 40) as u32, level: (packed >> 32) as u8, bits: packed as u32 }
    }
}

/// A hasher whose seeds are fixed: nothing in a memory may depend on one run's randomness.
#[derive(Debug, Clone, Copy, Default)]
pub struct FixedState;

impl BuildHasher for FixedState {
    type Hasher = ahash::AHasher;

    #[inline]
    fn build_hasher(&self) -> Self::Hasher {
        ahash::RandomState::with_seeds(
            0x243F_6A88_85A3_08D3,
            0x1319_8A2E_0370_7344,
            0xA409_3822_299F_31D0,
            0x082E_FA98_EC4E_6C89,
        )
        .build_hasher()
    }
}

/// The slot table: packed key to slot number, and the keys in slot order.
#[derive(Debug, Clone, Default)]
pub(crate) struct SlotTable {
    slots: HashMap<u64, u32, FixedState>,
    keys: Vec<u64>,
}

impl SlotTable {
    /// A table over saved keys, slot 0 first. Refuses a key that appears twice.
    pub(crate) fn from_keys(keys: Vec<u64>) -> Result<Self> {
        if keys.len() > MAX_SLOTS {
            return Err(Error::TooManySlots { max: MAX_SLOTS });
        }
        let mut slots = HashMap::with_capacity_and_hasher(keys.len(), FixedState);
        for (slot, &key) in keys.iter().enumerate() {
            if slots.insert(key, slot as u32).is_some() {
                return Err(Error::Damaged { what: "a key stands twice", at: slot * 8 });
            }
        }
        Ok(Self { slots, keys })
    }

    #[inline]
    pub(crate) fn get(&self, key: u64) -> Option<u32> {
        self.slots.get(&key).copied()
    }

    /// The number that the next new key gets, for a caller that makes the slot's floats and sees to it
    /// that there are never more than `limit`.
    pub(crate) fn insert(&mut self, key: u64, limit: usize) -> u32 {
        let slot = self.keys.len() as u32;
        if limit < usize::MAX && self.keys.len() == self.keys.capacity() {
            let more = self.keys.len().max(8).min(limit.saturating_sub(self.keys.len()));
            self.keys.reserve_exact(more);
        }
        self.keys.push(key);
        self.slots.insert(key, slot);
        slot
    }

    /// Gives slot number `slot` to another key, where the table is full with `limit` slots.
    pub(crate) fn replace(&mut self, slot: u32, key: u64, limit: usize) {
        if let Some(old) = self.keys.get_mut(slot as usize) {
            // A removed key leaves its bucket marked; a map that is at most half full clears the
            // marks in place, where a fuller one would be allocated anew.
            if self.slots.allocation_size() < buckets(limit) * (size_of::<(u64, u32)>() + 1) {
                let mut wide =
                    HashMap::with_capacity_and_hasher(buckets(limit) / 8 * 7, FixedState);
                wide.extend(self.slots.drain());
                self.slots = wide;
            }
            self.slots.remove(old);
            self.slots.insert(key, slot);
            *old = key;
        }
    }

    /// Takes a slot out; the last one takes its number.
    pub(crate) fn remove(&mut self, slot: u32) {
        let key = self.keys.swap_remove(slot as usize);
        self.slots.remove(&key);
        if let Some(&moved) = self.keys.get(slot as usize) {
            self.slots.insert(moved, slot);
        }
    }

    /// Gives back what is allocated beyond the slots.
    pub(crate) fn trim(&mut self) {
        self.keys.shrink_to_fit();
        self.slots.shrink_to_fit();
    }

    pub(crate) fn keys(&self) -> &[u64] {
        &self.keys
    }

    pub(crate) fn len(&self) -> usize {
        self.keys.len()
    }

    /// Bytes of the table and the keys, as allocated.
    pub(crate) fn bytes(&self) -> usize {
        self.keys.capacity() * 8 + self.slots.allocation_size()
    }
}

/// Buckets, a power of two, of a map that `slots` keys fill half at most.
fn buckets(slots: usize) -> usize {
    (slots.max(8) * 16).div_ceil(7).next_power_of_two()
}

/// The most bytes of a table that never holds more than `slots` slots.
pub(crate) fn table_bytes(slots: usize) -> usize {
    // A bucket holds the pair and a control byte; a group of those stands behind the last, and
    // what is needed to align it.
    slots * size_of::<u64>() + buckets(slots) * (size_of::<(u64, u32)>() + 1) + 64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_survives_packing() {
        for key in [
            Key { table: 0, level: 0, bits: 0 },
            Key { table: 4095, level: 14, bits: 16_383 },
            Key { table: (1 << 24) - 1, level: 255, bits: u32::MAX },
        ] {
            assert_eq!(Key::unpack(key.pack()), key);
        }
    }

    #[test]
    fn a_key_that_stands_twice_is_damage() {
        assert!(SlotTable::from_keys(vec![1, 2, 3]).is_ok());
        assert!(SlotTable::from_keys(vec![1, 2, 1]).is_err());
    }

    #[test]
    fn widening_keeps_every_slot() {
        let mut arena = Arena::new(1);
        for value in [1.0, 2.0, 3.0] {
            arena.push()[5] = value;
        }
        arena.widen(3);
        for (slot, value) in [1.0, 2.0, 3.0].into_iter().enumerate() {
            let floats = arena.floats(slot as u32);
            assert_eq!(floats.len(), 48);
            assert_eq!(floats.iter().sum::<f32>(), value);
            assert_eq!(floats[5], value);
        }
    }
}
