//! The table from keys to slot numbers.

use std::hash::BuildHasher;

use hashbrown::HashMap;

use super::MAX_SLOTS;
use crate::error::{Error, Result};

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

    /// Every key is given the number `to`\[its slot\] instead: for reads alone, as keys stay in the
    /// order of slots.
    pub(crate) fn point_to(&mut self, to: &[u32]) {
        self.slots.values_mut().for_each(|slot| *slot = to[*slot as usize]);
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
}
