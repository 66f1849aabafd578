//! Which slots a checkpoint writes, and which old segments it leaves behind.

use super::place::Place;

/// What a checkpoint writes as its new slot segment.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Plan {
    /// The slots to write, rising; their places in the list are their positions in the new segment.
    pub(crate) write: Vec<u32>,
    /// The old segments that still hold slots, rising, by their places in the old list. The new segment
    /// comes behind them, where anything is written.
    pub(crate) keep: Vec<usize>,
    /// Where each slot lies afterwards.
    pub(crate) places: Vec<Place>,
}

impl Plan {
    /// The plan for a snapshot of `slots` slots of which those in `changed` (rising) changed since the
    /// one whose slots lie at `places` in segments of `sizes` slots each. A slot that has no place
    /// counts as changed.
    ///
    /// A segment is left behind, its slots that are still used written anew, where it uses no more than
    /// twice as many as the new segment has without them, or less than half of its own. So files hold
    /// at most twice the slots that there are beside the newest, each segment more than twice the
    /// slots of all newer ones together used, and there are never more than 29 of them: a slot is
    /// copied about once in each doubling of what was written since it changed.
    pub(crate) fn new(
        places: &[Place],
        sizes: &[usize],
        changed: impl Iterator<Item = u32>,
        slots: usize,
    ) -> Self {
        let mut moves = vec![false; slots];
        moves.iter_mut().skip(places.len()).for_each(|moves| *moves = true);
        for slot in changed {
            if let Some(moves) = moves.get_mut(slot as usize) {
                *moves = true;
            }
        }
        let mut used = vec![0_usize; sizes.len()];
        for (place, moves) in places.iter().zip(&moves) {
            if let (Some(used), false) = (used.get_mut(place.segment as usize), moves) {
                *used += 1;
            }
        }
        let mut count = moves.iter().filter(|moves| **moves).count();
        let mut keep = vec![true; sizes.len()];
        // Newest first: what is taken up makes the new segment larger.
        while let Some(segment) = (0..sizes.len()).rev().find(|&segment| {
            keep[segment] && (used[segment] <= 2 * count || 2 * used[segment] < sizes[segment])
        }) {
            keep[segment] = false;
            count += used[segment];
        }
        for (place, moves) in places.iter().zip(&mut moves) {
            *moves |= !keep.get(place.segment as usize).copied().unwrap_or(false);
        }
        let kept: Vec<usize> = (0..sizes.len()).filter(|&segment| keep[segment]).collect();
        let mut renumbered = vec![0; sizes.len()];
        for (new, &old) in kept.iter().enumerate() {
            renumbered[old] = new as u32;
        }
        let mut write = Vec::with_capacity(count);
        let places = (0..slots)
            .map(|slot| match places.get(slot) {
                Some(place) if !moves[slot] => {
                    Place { segment: renumbered[place.segment as usize], ..*place }
                }
                _ => {
                    // There are at most `glam_core::MAX_SLOTS`.
                    write.push(slot as u32);
                    Place { segment: kept.len() as u32, position: write.len() as u32 - 1 }
                }
            })
            .collect();
        Self { write, keep: kept, places }
    }
}

impl Plan {
    /// The plan that writes all of `slots` slots and leaves every segment behind.
    pub(crate) fn all(sizes: &[usize], slots: usize) -> Self {
        Self::new(&[], sizes, std::iter::empty(), slots)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Checks a plan against what it must keep: each slot lies where its newest content is.
    fn check(
        contents: &mut Vec<Vec<(u32, u64)>>,
        places: &mut Vec<Place>,
        changed: &[u32],
        slots: usize,
        now: u64,
        truth: &mut Vec<u64>,
    ) {
        truth.resize(slots, now);
        changed.iter().for_each(|&slot| truth[slot as usize] = now);
        let sizes: Vec<usize> = contents.iter().map(Vec::len).collect();
        let plan = Plan::new(places, &sizes, changed.iter().copied(), slots);
        let new = plan.write.iter().map(|&slot| (slot, truth[slot as usize])).collect::<Vec<_>>();
        *contents = plan.keep.iter().map(|&old| contents[old].clone()).collect();
        if !new.is_empty() {
            contents.push(new);
        }
        *places = plan.places;
        assert_eq!(places.len(), slots);
        for (slot, place) in places.iter().enumerate() {
            let found = contents[place.segment as usize][place.position as usize];
            assert_eq!(found, (slot as u32, truth[slot]));
        }
        let stored: usize = contents.iter().map(Vec::len).sum();
        let newest = contents.last().map_or(0, Vec::len);
        assert!(stored <= 2 * slots + newest, "{stored} stored, {slots} used");
        assert!(contents.len() <= 29);
    }

    proptest! {
        #[test]
        fn every_slot_lies_where_its_newest_content_is(
            steps in proptest::collection::vec((0usize..12, proptest::collection::vec(any::<u32>(), 0..40)), 1..60),
        ) {
            let (mut contents, mut places, mut truth) = (Vec::new(), Vec::new(), Vec::new());
            let mut slots = 0;
            for (now, (more, changed)) in (1..).zip(steps) {
                slots += more;
                let mut changed: Vec<u32> = match slots {
                    0 => Vec::new(),
                    _ => changed.iter().map(|slot| slot % slots as u32).collect(),
                };
                changed.sort_unstable();
                changed.dedup();
                check(&mut contents, &mut places, &changed, slots, now, &mut truth);
            }
        }
    }

    #[test]
    fn a_few_changes_to_many_slots_write_a_few() {
        let places: Vec<Place> = (0..1000).map(|position| Place { segment: 0, position }).collect();
        let plan = Plan::new(&places, &[1000], [3, 5].into_iter(), 1000);
        assert_eq!((plan.write, plan.keep), (vec![3, 5], vec![0]));
        assert_eq!(plan.places[5], Place { segment: 1, position: 1 });
        assert_eq!(plan.places[4], Place { segment: 0, position: 4 });
    }

    #[test]
    fn all_of_them_leave_every_segment_behind() {
        let plan = Plan::all(&[3, 5], 4);
        assert_eq!((plan.write, plan.keep), (vec![0, 1, 2, 3], vec![]));
    }

    #[test]
    fn nothing_changed_writes_nothing() {
        let places: Vec<Place> = (0..10).map(|position| Place { segment: 0, position }).collect();
        let plan = Plan::new(&places, &[10], std::iter::empty(), 10);
        assert_eq!((plan.write, plan.keep, plan.places), (vec![], vec![0], places));
    }
}
