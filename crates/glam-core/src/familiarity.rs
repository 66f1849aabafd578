//! How well a memory knows the surroundings of a cue.

use serde::Serialize;

/// How much of a cue a memory has seen, as [`Recall::familiarity`](crate::Recall::familiarity)
/// tells it.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Familiarity {
    /// Keys of the cue that have a slot: something was written to them.
    pub known_keys: usize,
    /// Keys of the cue, the root's included.
    pub keys: usize,
    /// 1 - (sum of phi' P phi) / (the same under the prior), over the cue's keys: the share of the
    /// memory's doubt about this cue that observations have taken away, 0 to 1. A key without a
    /// slot is in doubt as before any data.
    pub seen: f32,
}

impl Familiarity {
    /// From what the cue's keys claim together, now and under the prior.
    pub(crate) fn new(known_keys: usize, keys: usize, claimed: f32, prior: f32) -> Self {
        let doubt = if prior > 0.0 { claimed / prior } else { 1.0 };
        Self { known_keys, keys, seen: (1.0 - doubt).clamp(0.0, 1.0) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn doubt_is_seen_from_its_other_side_and_stays_between_nought_and_one() {
        assert_eq!(Familiarity::new(0, 9, 2.0, 2.0).seen, 0.0);
        assert_eq!(Familiarity::new(9, 9, 0.5, 2.0).seen, 0.75);
        // Rounding may claim a little more than the prior did.
        assert_eq!(Familiarity::new(3, 9, 2.000_001, 2.0).seen, 0.0);
        assert_eq!(Familiarity::new(0, 0, 0.0, 0.0).seen, 0.0);
    }
}
