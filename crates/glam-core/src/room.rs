//! The byte limit: how many slots it leaves room for, and which slot gives way to a new one.
//!
//! What `max_bytes` bounds is shared out once and for all: the kept observations (those of the
//! warm-up, then those that are rehearsed) get at most a quarter, the slots and their table the rest.
//! The number of slots that fit follows from the structure and the number of outputs, so that the
//! same writes evict the same slots wherever they are made. All is counted as allocated. While an
//! arena grows, its old and its new block lie side by side for a moment; that is not counted, nor are the
//! marks of what changed, two bits a slot.
//!
//! **Which slot goes.** Sixteen slots are drawn, from the seed and the number of evictions so far;
//! those that the current input has active stay. Of the others the one goes whose *usefulness*
//! |W|² (1 - mean of D_j / p) is least: |W|² is what its map adds to predictions, and the second
//! factor how much of its prior it has overcome, so that a large map that rests on little is not
//! kept for its size. Measured on 24 tables of which the limit holds a half, error after 6,000 rows
//! over that without a limit: 1.2 by this, by |W|² or by |W|² times the information gained, 1.35 by what
//! was learned alone, 3.0 at random. Where three rows in four fall into a small part of the space it is
//! ahead of |W|² alone by 1 to 7 per cent.

use crate::config::{Config, Rehearse, Targets};
use crate::error::{Error, Result};
use crate::model::weight_lines;
use crate::noise::Noise;
use crate::picks::Picks;
use crate::recall::prior_variance;
use crate::rng::Rng;
use crate::scratch::Active;
use crate::slots::{Arena, Line, MAX_SLOTS, SlotTable, table_bytes};
use crate::window::covariance_lines;
use crate::wire::{Reader, Writer};

/// Slots that are compared when one has to go.
const CANDIDATES: usize = 16;
/// The most bytes a slot of what else grows with the slots: a float, in a list that doubles.
const LOCAL_BYTES: usize = 8;
/// The stream of draws.
const EVICT_STREAM: u64 = 0x4576_6963;
/// Kept observations get at most one part in so many.
const KEPT_PART: u64 = 4;

/// Bytes of one kept observation, as allocated.
fn row_bytes(config: &Config) -> u64 {
    let targets = match config.targets() {
        // The target, and what was told about it, in a list that grows by doubling.
        Targets::Numbers(targets) => 3 * u64::from(targets) + 2,
        Targets::Labels => 0,
    };
    4 * (config.inputs() as u64 + targets + 2)
}

/// Observations that are gathered before the normaliser and the gates are fixed: those that were
/// asked for, fewer where they would take more than their part.
pub(crate) fn warm_up(config: &Config) -> usize {
    let rows = config.max_bytes().map(|most| (most / KEPT_PART / row_bytes(config)).max(1));
    rows.map_or(config.warm_up(), |rows| rows.min(config.warm_up() as u64) as usize)
}

/// Bytes of observations that may be kept to be rehearsed.
pub(crate) fn history_bytes(config: &Config) -> u64 {
    // A row as allocated is at most a third longer than what history_bytes counts of it.
    let most = config.max_bytes().map_or(u64::MAX, |most| most / KEPT_PART / 4 * 3);
    config.history_bytes().min(most)
}

/// How many slots over `n` features the limit leaves room for; `None` without a limit.
pub(crate) fn slot_limit(config: &Config, n: usize, outputs: usize) -> Option<usize> {
    let most = config.max_bytes()?;
    let warm_up = warm_up(config) as u64 * row_bytes(config);
    let rehearsed = match config.rehearse() {
        Rehearse::Fixed(0) => 0,
        _ => history_bytes(config).div_ceil(3) * 4,
    };
    let left = most.saturating_sub(warm_up.max(rehearsed));
    let (low, high) = (0, (left / slot_bytes(config, n, outputs)).min(MAX_SLOTS as u64));
    let fits = |slots: u64| {
        slots * slot_bytes(config, n, outputs) + table_bytes(slots as usize) as u64 <= left
    };
    Some(partition(low, high, fits) as usize)
}

/// Bytes of a slot without its place in the table.
fn slot_bytes(config: &Config, n: usize, outputs: usize) -> u64 {
    let width = n.div_ceil(crate::kernel::LANES);
    let lines = weight_lines(width, outputs) + covariance_lines(config, n);
    (lines * size_of::<Line>() + LOCAL_BYTES) as u64
}

/// The largest number from `low` to `high` that fits, where all below it do; `low` where none does.
fn partition(mut low: u64, mut high: u64, fits: impl Fn(u64) -> bool) -> u64 {
    while low < high {
        let middle = low + (high - low).div_ceil(2);
        if fits(middle) {
            low = middle;
        } else {
            high = middle - 1;
        }
    }
    low
}

/// Fails where the limit cannot hold the `active` slots of one input.
pub(crate) fn check(config: &Config, n: usize, outputs: usize, active: usize) -> Result<()> {
    match (config.max_bytes(), slot_limit(config, n, outputs)) {
        (Some(max_bytes), Some(limit)) if limit < active => {
            let slots = active as u64 * slot_bytes(config, n, outputs) + table_bytes(active) as u64;
            let needed = slots + (max_bytes / KEPT_PART).max(row_bytes(config));
            Err(Error::TooLittleRoom { max_bytes, needed, active })
        }
        _ => Ok(()),
    }
}

/// Fails where the limit cannot hold what a memory would pick for `outputs` outputs.
pub(crate) fn check_picks(config: &Config, outputs: usize) -> Result<()> {
    let picks = Picks::choose(config, outputs);
    check(config, picks.view + 1, outputs, picks.active())
}

/// The slots that there is room for, and what was lost for want of it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Room {
    limit: usize,
    evictions: u64,
    /// Sum of the squares of the maps that were evicted.
    squares: f64,
}

impl Default for Room {
    fn default() -> Self {
        Self { limit: usize::MAX, evictions: 0, squares: 0.0 }
    }
}

/// The parts of a memory that slots are made of.
pub(crate) struct Parts<'a> {
    pub(crate) slots: &'a mut SlotTable,
    pub(crate) weights: &'a mut Arena,
    pub(crate) covariances: &'a mut Arena,
    pub(crate) noise: &'a mut Noise,
}

impl Room {
    /// For a memory that starts anew with a structure over `n` features.
    pub(crate) fn new(config: &Config, n: usize, outputs: usize) -> Self {
        let mut room = Self::default();
        room.fit(config, n, outputs);
        room
    }

    /// Takes the limit from the number of outputs.
    pub(crate) fn fit(&mut self, config: &Config, n: usize, outputs: usize) {
        self.limit = slot_limit(config, n, outputs).unwrap_or(usize::MAX);
    }

    pub(crate) fn evictions(&self) -> u64 {
        self.evictions
    }

    pub(crate) fn squares(&self) -> f64 {
        self.squares
    }

    /// A slot of zeros for `key`: a new one, or that of a key which gives way. `active` are the
    /// keys of the current input, in order.
    ///
    /// # Errors
    /// Those of a slot in a base that is damaged; nothing was changed then. There are none where
    /// [`Room::is_near`] was asked before, and all slots are owned where it is.
    pub(crate) fn open(
        &mut self,
        config: &Config,
        n: usize,
        active: &[Active],
        key: u64,
        parts: &mut Parts<'_>,
    ) -> Result<u32> {
        let Parts { slots, weights, covariances, .. } = parts;
        if slots.len() < self.limit {
            if self.limit < usize::MAX {
                weights.grow(self.limit);
                covariances.grow(self.limit);
            }
            weights.push();
            covariances.push();
            return Ok(slots.insert(key, self.limit));
        }
        let slot = self.least_useful(config, n, active, parts)?;
        let Parts { slots, weights, covariances, noise } = parts;
        let (weights, covariance) = (weights.floats_mut(slot)?, covariances.floats_mut(slot)?);
        self.count(weights);
        slots.replace(slot, key, self.limit);
        noise.forget_slot(slot);
        weights.fill(0.0);
        covariance.fill(0.0);
        Ok(slot)
    }

    /// Whether so many more slots may be the first that others have to give way to. The last eighth of
    /// the room counts as near: what an arena over a base needs to tell where its slots are fits there.
    pub(crate) fn is_near(&self, slots: usize, more: usize) -> bool {
        slots.saturating_add(more.max(self.limit / 8)) > self.limit
    }

    /// Evicts what there is no room for, and gives back the bytes.
    ///
    /// # Errors
    /// Those of a slot in a base that is damaged, where there is too little room; nothing was
    /// changed then.
    pub(crate) fn shrink(
        &mut self,
        config: &Config,
        n: usize,
        parts: &mut Parts<'_>,
    ) -> Result<()> {
        if parts.slots.len() > self.limit {
            parts.weights.own_all()?;
            parts.covariances.own_all()?;
        }
        while parts.slots.len() > self.limit {
            let slot = self.least_useful(config, n, &[], parts)?;
            let Parts { slots, weights, covariances, noise } = parts;
            self.count(weights.floats(slot)?);
            slots.remove(slot);
            noise.remove_slot(slot, slots.len() as u32);
            weights.remove(slot)?;
            covariances.remove(slot)?;
        }
        if self.limit < usize::MAX {
            parts.weights.trim();
            parts.covariances.trim();
            parts.slots.trim();
        }
        Ok(())
    }

    fn count(&mut self, weights: &[f32]) {
        self.evictions += 1;
        self.squares += squares(weights);
    }

    fn least_useful(
        &self,
        config: &Config,
        n: usize,
        active: &[Active],
        parts: &Parts<'_>,
    ) -> Result<u32> {
        let Parts { slots, weights, covariances, .. } = parts;
        let mut rng = Rng::new(config.seed() ^ EVICT_STREAM, self.evictions);
        let stays = |slot: usize| {
            let key = slots.keys()[slot];
            active.binary_search_by_key(&key, |active| active.key).is_ok()
        };
        let mut least: Option<(f64, usize)> = None;
        let mut last = 0;
        for _ in 0..CANDIDATES {
            let slot = rng.below(slots.len());
            last = slot;
            if stays(slot) {
                continue;
            }
            let (weights, covariance) =
                (weights.floats(slot as u32)?, covariances.floats(slot as u32)?);
            let use_of_it = usefulness(weights, covariance, n);
            if least.is_none_or(|(least, _)| use_of_it < least) {
                least = Some((use_of_it, slot));
            }
        }
        // All that were drawn are active: the next that is not. There is one, as not all active
        // keys have a slot and the limit is at least their number.
        let next = || (1..slots.len()).map(|step| (last + step) % slots.len()).find(|&s| !stays(s));
        Ok(least.map(|(_, slot)| slot).or_else(next).unwrap_or(last) as u32)
    }

    pub(crate) fn encode(&self, writer: &mut Writer) {
        writer.u64(self.evictions);
        writer.f64(self.squares);
    }

    pub(crate) fn decode(reader: &mut Reader<'_>) -> Result<Self> {
        let (evictions, squares) = (reader.u64()?, reader.f64()?);
        if squares < 0.0 {
            return Err(reader.damaged("a sum of squares is negative"));
        }
        Ok(Self { evictions, squares, ..Self::default() })
    }
}

fn squares(weights: &[f32]) -> f64 {
    weights.iter().map(|&weight| f64::from(weight) * f64::from(weight)).sum()
}

/// |W|² times the mean over the features of what is no longer uncertain.
fn usefulness(weights: &[f32], covariance: &[f32], n: usize) -> f64 {
    // Either precision begins with one variance a feature: the diagonal of P, or D of U D U'.
    let prior = f64::from(prior_variance(n));
    let left: f64 = covariance.iter().take(n).map(|&d| f64::from(d) / prior).sum();
    squares(weights) * (1.0 - left / n as f64).max(0.0)
}
