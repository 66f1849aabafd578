//! Where errors are larger and where smaller than the covariances claim.

use crate::error::Result;
use crate::exp::exp_of_negative;
use crate::scratch::Active;
use crate::wire::{Reader, Writer};

/// The share of the surprise by which the logarithm at a cue moves.
const RATE: f64 = 0.3;
/// The share of itself that a key's number loses in the same step, so that what is not confirmed
/// fades.
const FADE: f64 = 0.015;
/// What is kept of an error's square in units of its variance, so that one wild target does not
/// make a whole region uncertain.
const MOST: f64 = 6.0;
/// Writes over which the mean of the squares that were kept forgets.
const WINDOW: f64 = 256.0;
/// The logarithm of the factor at a cue stays within this of 0.
const LIMIT: f64 = 6.0;
/// The largest number that a key can come to: every step is at most this much of it.
const KEY_LIMIT: f32 = (RATE * MOST / FADE) as f32;

/// A factor for the variance that is claimed at a cue: the exponential of the mean of one number a
/// key. Every key of a cue moves up where the cue's error was larger than expected and down where
/// it was smaller, so neighbours, which share keys, learn from each other's errors, as they do
/// about the function itself.
///
/// Covariances tell where observations are few. They do not tell where the function is hard or its
/// targets noisy; this does.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Local {
    /// One a slot, or fewer where the last slots have none; 0 says nothing.
    logs: Vec<f32>,
    /// Decaying mean of the squares that were kept: what is expected.
    expected: f64,
}

impl Default for Local {
    fn default() -> Self {
        Self { logs: Vec::new(), expected: 1.0 }
    }
}

impl Local {
    /// The factor where the slots of `active` are active.
    #[inline(always)]
    pub(crate) fn factor(&self, active: &[Active]) -> f64 {
        let known = active.iter().filter_map(|active| self.logs.get(active.slot? as usize));
        let sum: f64 = known.copied().map(f64::from).sum();
        exp((sum / active.len().max(1) as f64).clamp(-LIMIT, LIMIT))
    }

    /// Learns from an error whose square is `ratio` times the variance that was claimed, this
    /// factor included.
    #[inline(always)]
    pub(crate) fn observe(&mut self, active: &[Active], ratio: f64) {
        let kept = ratio.min(MOST);
        self.expected += (kept - self.expected) / WINDOW;
        let step = (RATE * (kept - self.expected)) as f32;
        let keep = (1.0 - FADE) as f32;
        for slot in active.iter().filter_map(|active| active.slot) {
            let slot = slot as usize;
            if slot >= self.logs.len() {
                self.logs.resize(slot + 1, 0.0);
            }
            self.logs[slot] = self.logs[slot] * keep + step;
        }
    }

    /// Forgets slot number `slot`, which begins anew.
    pub(crate) fn forget(&mut self, slot: u32) {
        if let Some(log) = self.logs.get_mut(slot as usize) {
            *log = 0.0;
        }
    }

    /// Takes slot number `slot` out; number `last`, the last one, takes its place.
    pub(crate) fn remove(&mut self, slot: u32, last: u32) {
        let moved = self.logs.get(last as usize).copied().unwrap_or(0.0);
        if let Some(log) = self.logs.get_mut(slot as usize) {
            *log = moved;
        }
        self.logs.truncate(last as usize);
    }

    /// The numbers of other slots: slot number i has what number `before`(i) had, if there was one.
    pub(crate) fn renumber(&mut self, slots: usize, before: impl Fn(usize) -> Option<u32>) {
        let log = |slot: usize| self.logs.get(before(slot)? as usize).copied();
        self.logs = (0..slots).map(|slot| log(slot).unwrap_or(0.0)).collect();
    }

    /// Bytes as allocated.
    pub(crate) fn bytes(&self) -> usize {
        self.logs.capacity() * size_of::<f32>()
    }

    pub(crate) fn encode(&self, writer: &mut Writer) {
        writer.f64s(&[self.expected]);
        writer.f32s(&self.logs);
    }

    /// Of a memory of `slots` slots.
    pub(crate) fn decode(reader: &mut Reader<'_>, slots: usize) -> Result<Self> {
        let (expected, logs) = (reader.f64s()?, reader.f32s()?);
        match *expected.as_slice() {
            [expected] if logs.len() <= slots && logs.iter().all(|log| log.abs() <= KEY_LIMIT) => {
                Ok(Self { logs, expected })
            }
            _ => Err(reader.damaged("the local sizes of errors are out of range")),
        }
    }
}

/// e^x.
fn exp(x: f64) -> f64 {
    if x > 0.0 { 1.0 / exp_of_negative(-x) } else { exp_of_negative(x) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng::Rng;

    fn active(slots: &[u32]) -> Vec<Active> {
        let each = |&slot| Active { key: u64::from(slot), slot: Some(slot), feature: 0 };
        slots.iter().map(each).collect()
    }

    #[test]
    fn a_slot_that_gives_way_leaves_nothing_to_the_next() {
        let mut local = Local::default();
        for (slot, ratio) in [(0, 5.0), (1, 3.0), (2, 0.1), (3, 4.0)] {
            local.observe(&active(&[slot]), ratio);
        }
        let last = local.factor(&active(&[3]));
        assert!(local.factor(&active(&[0])) > 1.0 && last > 1.0);
        local.forget(0);
        assert_eq!(local.factor(&active(&[0])), 1.0);
        local.remove(1, 3);
        assert_eq!((local.factor(&active(&[1])), local.logs.len()), (last, 3));
        local.remove(2, 2);
        assert_eq!(local.logs.len(), 2);
        // Slots that have no number yet.
        local.forget(9);
        local.remove(1, 5);
        assert_eq!(local.factor(&active(&[1])), 1.0);
    }

    #[test]
    fn a_region_of_large_errors_gets_a_large_factor_and_its_neighbour_half_of_it() {
        // Slots 0 and 1 belong to a loud region, 3 and 4 to a quiet one, 2 to both.
        let (loud, quiet) = (active(&[0, 1, 2]), active(&[2, 3, 4]));
        let mut local = Local::default();
        let mut rng = Rng::new(4, 0);
        for _ in 0..4000 {
            for (cue, variance) in [(&loud, 9.0), (&quiet, 1.0)] {
                let error = f64::from(rng.normal());
                local.observe(cue, error * error * variance / local.factor(cue));
            }
        }
        // Fading takes something off the ratio of 9; noise in the last steps moves it by e^.6.
        let ratio = local.factor(&loud) / local.factor(&quiet);
        assert!((3.0..=20.0).contains(&ratio), "{ratio}");
        // A key that was never seen says nothing.
        assert_eq!(local.factor(&active(&[7])), 1.0);
        assert_eq!(local.factor(&[Active { key: 1, slot: None, feature: 0 }]), 1.0);
        assert_eq!(local.factor(&[]), 1.0);
    }

    #[test]
    fn no_error_takes_a_key_beyond_its_limit() {
        let cue = active(&[0]);
        for ratio in [0.0, f64::INFINITY] {
            let mut local = Local::default();
            (0..2000).for_each(|i| local.observe(&cue, if i % 3 == 0 { 1.0 } else { ratio }));
            assert!(local.logs[0].abs() <= KEY_LIMIT);
            assert!(local.factor(&cue).is_finite() && local.factor(&cue) > 0.0);
        }
    }

    #[test]
    fn it_survives_its_bytes_and_hostile_ones_are_refused() {
        let bytes = |local: &Local| {
            let mut writer = Writer::default();
            local.encode(&mut writer);
            writer.finish()
        };
        let mut local = Local::default();
        local.observe(&active(&[2, 0]), 4.0);
        let saved = bytes(&local);
        assert_eq!(Local::decode(&mut Reader::new(&saved), 3).as_ref(), Ok(&local));
        assert!(Local::decode(&mut Reader::new(&saved), 2).is_err());
        for end in 0..saved.len() {
            assert!(Local::decode(&mut Reader::new(&saved[..end]), 3).is_err());
        }
        let wild = Local { logs: vec![1e6], expected: 1.0 };
        assert!(Local::decode(&mut Reader::new(&bytes(&wild)), 3).is_err());
    }
}
