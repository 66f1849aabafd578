//! A table from words to maps that never takes more than a number of bytes.

use std::hash::BuildHasher;

use hashbrown::HashTable;

use crate::kernel::Lane;
use crate::slots::FixedState;

/// What a cache hashes words with.
pub(super) type Hash = fn(&[u64]) -> u64;

/// The hash of every cache outside of tests.
pub(super) fn hash(words: &[u64]) -> u64 {
    FixedState.hash_one(words)
}

/// One map and the words that it belongs to.
#[derive(Debug, Clone)]
struct Slot {
    words: Box<[u64]>,
    /// The bias, then the columns, each of as many groups of lanes.
    map: Box<[Lane]>,
    /// Read since the hand passed it.
    used: bool,
}

impl Slot {
    fn bytes(words: usize, lanes: usize) -> usize {
        words * size_of::<u64>() + lanes * size_of::<Lane>()
    }
}

/// Maps by words. Where there is no room for another one, the clock's hand takes out the first that was
/// not read since it last came by (second chance; Corbató 1968).
#[derive(Debug, Clone)]
pub(super) struct Cache {
    slots: Vec<Slot>,
    /// Numbers of slots by the hash of their words, which are compared themselves.
    table: HashTable<u32>,
    hand: usize,
    /// Bytes of the words and maps of all slots.
    held: usize,
    max_bytes: usize,
    evictions: u64,
    hash: Hash,
}

impl Cache {
    pub(super) fn new(max_bytes: usize, hash: Hash) -> Self {
        Self {
            slots: Vec::new(),
            table: HashTable::new(),
            hand: 0,
            held: 0,
            max_bytes,
            evictions: 0,
            hash,
        }
    }

    /// The slot of `words`.
    #[inline]
    pub(super) fn find(&self, words: &[u64]) -> Option<u32> {
        let Self { slots, table, hash, .. } = self;
        table.find(hash(words), |&slot| *slots[slot as usize].words == *words).copied()
    }

    /// The bias and the columns of a slot of maps of `groups` groups of lanes.
    #[inline]
    pub(super) fn map(&self, slot: u32, groups: usize) -> (&[Lane], &[Lane]) {
        self.slots[slot as usize].map.split_at(groups)
    }

    /// Gives a slot its second chance.
    #[inline]
    pub(super) fn touch(&mut self, slot: u32) {
        self.slots[slot as usize].used = true;
    }

    pub(super) fn len(&self) -> usize {
        self.slots.len()
    }

    pub(super) fn evictions(&self) -> u64 {
        self.evictions
    }

    /// Bytes that are allocated.
    pub(super) fn bytes(&self) -> usize {
        self.held + self.slots.capacity() * size_of::<Slot>() + self.table.allocation_size()
    }

    /// Whether a map of that many lanes can be kept at all.
    pub(super) fn has_room(&self, words: usize, lanes: usize) -> bool {
        Slot::bytes(words, lanes) + least_index_bytes() <= self.max_bytes
    }

    /// Keeps `map` for `words`, which no slot may have yet; others go until there is room. `false` where
    /// there never is.
    pub(super) fn insert(&mut self, words: &[u64], map: Box<[Lane]>) -> bool {
        if !self.has_room(words.len(), map.len()) {
            return false;
        }
        let more = Slot::bytes(words.len(), map.len());
        while self.bytes() + more + self.growth() > self.max_bytes {
            if self.slots.is_empty() {
                // Nothing is left but what indexed it.
                self.slots = Vec::new();
                self.table = HashTable::new();
                break;
            }
            self.evict();
        }
        if self.slots.len() == self.slots.capacity() {
            self.slots.reserve_exact(more_slots(self.slots.len()));
        }
        let number = self.slots.len() as u32;
        self.slots.push(Slot { words: words.into(), map, used: false });
        let Self { slots, table, hash, .. } = self;
        table.insert_unique(hash(words), number, |&slot| hash(&slots[slot as usize].words));
        self.held += more;
        // Right behind the hand, which comes there last.
        self.swap(self.hand, number as usize);
        self.advance();
        true
    }

    /// Two slots change places.
    fn swap(&mut self, one: usize, other: usize) {
        if one == other {
            return;
        }
        self.renumber(one, u32::MAX);
        self.renumber(other, one as u32);
        self.slots.swap(one, other);
        let Self { slots, table, hash, .. } = self;
        let moved = hash(&slots[other].words);
        if let Some(number) = table.find_mut(moved, |&slot| slot == u32::MAX) {
            *number = other as u32;
        }
    }

    /// The table gives slot number `from` as `to` from here on.
    fn renumber(&mut self, from: usize, to: u32) {
        let Self { slots, table, hash, .. } = self;
        let place = hash(&slots[from].words);
        if let Some(number) = table.find_mut(place, |&slot| slot == from as u32) {
            *number = to;
        }
    }

    fn advance(&mut self) {
        self.hand = if self.hand + 1 < self.slots.len() { self.hand + 1 } else { 0 };
    }

    /// Bytes, at most, by which the next slot makes what indexes slots larger.
    fn growth(&self) -> usize {
        let slots = if self.slots.len() == self.slots.capacity() {
            more_slots(self.slots.len()) * size_of::<Slot>()
        } else {
            0
        };
        let full = self.table.len() == self.table.capacity();
        slots + if full { self.table.allocation_size() + LEAST_TABLE } else { 0 }
    }

    /// Takes out, of slots that there must be, the first, from the hand on, that has had its second chance.
    fn evict(&mut self) {
        while let Some(slot) = self.slots.get_mut(self.hand).filter(|slot| slot.used) {
            slot.used = false;
            self.advance();
        }
        let (at, last) = (self.hand, self.slots.len() - 1);
        let Self { slots, table, hash, .. } = self;
        let gone = hash(&slots[at].words);
        if let Ok(entry) = table.find_entry(gone, |&slot| slot == at as u32) {
            entry.remove();
        }
        if at != last {
            self.renumber(last, at as u32);
        }
        let slot = self.slots.swap_remove(at);
        self.held -= Slot::bytes(slot.words.len(), slot.map.len());
        self.evictions += 1;
        // Past the one that was moved here, as it may be the newest.
        self.advance();
        // Fewer, larger maps need less of an index.
        if self.slots.capacity() > 16 && self.slots.len() < self.slots.capacity() / 4 {
            let keep = 2 * self.slots.len();
            self.slots.shrink_to(keep);
            let Self { slots, table, hash, .. } = self;
            table.shrink_to(keep, |&slot| hash(&slots[slot as usize].words));
        }
    }
}

/// The most bytes of a table of one slot: a few buckets, a group of control bytes and what aligns it.
const LEAST_TABLE: usize = 64;

/// How many slots there is room made for where `slots` are full.
fn more_slots(slots: usize) -> usize {
    slots / 2 + 4
}

/// Bytes of what indexes the first slot.
fn least_index_bytes() -> usize {
    more_slots(0) * size_of::<Slot>() + LEAST_TABLE
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::rng::Rng;

    #[test]
    fn it_holds_what_it_was_given_last_within_its_bytes_whatever_the_hash() {
        let hashes: [Hash; 3] = [hash, |_| 7, |words| words.len() as u64];
        for (seed, hash) in hashes.into_iter().enumerate() {
            for max_bytes in [0, 300, 1_000, 5_000, 60_000] {
                let mut rng = Rng::new(seed as u64, 5);
                let mut cache = Cache::new(max_bytes, hash);
                let mut given: BTreeMap<Vec<u64>, usize> = BTreeMap::new();
                let mut kept = 0;
                for number in 0..2_000 {
                    // Of two lengths, the one a prefix of the other; sizes grow with the length.
                    let first = rng.below(200) as u64;
                    let words = if rng.unit() < 0.5 { vec![first] } else { vec![first, 1] };
                    if let Some(slot) = cache.find(&words) {
                        let (bias, columns) = cache.map(slot, 1);
                        assert_eq!(bias[0][0] as usize, given[&words]);
                        assert_eq!(columns.len(), words.len() * 4);
                        cache.touch(slot);
                        kept += 1;
                    } else {
                        let mut map = vec![[0.0; 8]; 1 + words.len() * 4].into_boxed_slice();
                        map[0][0] = number as f32;
                        let room = cache.has_room(words.len(), map.len());
                        assert_eq!(cache.insert(&words, map), room);
                        assert_eq!(cache.find(&words).is_some(), room);
                        given.insert(words, number);
                    }
                    assert!(cache.bytes() <= max_bytes, "{} {max_bytes}", cache.bytes());
                    let each = cache.slots.iter();
                    let held: usize =
                        each.map(|slot| Slot::bytes(slot.words.len(), slot.map.len())).sum();
                    assert_eq!((held, cache.table.len()), (cache.held, cache.len()));
                }
                assert_eq!(kept > 50, max_bytes >= 5_000, "{kept} {max_bytes}");
            }
        }
    }

    #[test]
    fn a_slot_that_was_read_gets_a_second_chance() {
        let map = || vec![[0.0; 8]; 110].into_boxed_slice();
        let mut cache = Cache::new(20_000, hash);
        assert!((0..5).all(|word| cache.insert(&[word], map())));
        assert_eq!((cache.len(), cache.evictions()), (5, 0));
        cache.touch(cache.find(&[0]).unwrap());
        assert!(cache.insert(&[5], map()));
        let present: Vec<u64> = (0..6).filter(|&word| cache.find(&[word]).is_some()).collect();
        assert_eq!(present, [0, 2, 3, 4, 5]);
        // Room for one alone: all others go.
        assert!(cache.insert(&[6], vec![[0.0; 8]; 600].into_boxed_slice()));
        assert!(cache.find(&[6]).is_some() && cache.len() == 1 && cache.evictions() == 6);
        assert!(cache.bytes() <= 20_000);
    }

    #[test]
    fn the_newest_slots_are_not_the_first_to_go() {
        let map = || vec![[0.0; 8]; 110].into_boxed_slice();
        let mut cache = Cache::new(40_000, hash);
        for word in 0..500_u64 {
            assert!(cache.insert(&[word], map()));
            let newest = word.saturating_sub(4)..=word;
            assert!(newest.into_iter().all(|word| cache.find(&[word]).is_some()), "{word}");
        }
        assert!(cache.len() >= 9 && cache.evictions() > 480);
    }
}
