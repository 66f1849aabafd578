//! What a memory says about itself.

use serde::Serialize;

use crate::config::Config;
use crate::consolidate::Decision;
use crate::picks::Picks;
use crate::recall::Recall;
use crate::slots::{Key, SlotLines};

/// Slots at one level.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct LevelCount {
    /// The level; 0 is the root's.
    pub level: u8,
    /// Tables that have slots there.
    pub tables: usize,
    /// Slots there, over all tables.
    pub slots: usize,
    /// Slots of the table that has the fewest there.
    pub fewest: usize,
    /// Slots of the table that has the most there.
    pub most: usize,
}

/// Slots of one table at one level.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct TableCount {
    /// The table.
    pub table: u32,
    /// The level; 0 is the root's.
    pub level: u8,
    /// Slots there.
    pub slots: usize,
}

/// How many earlier observations a write learns again, and what decides it.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize)]
pub struct Rehearsing {
    /// Observations that the next write learns again.
    pub times: u32,
    /// The error at earlier observations over that at new ones, both before learning: above 1.15,
    /// what was learned is being lost. 0 while too few were looked at.
    pub forgetting: f64,
    /// How far the targets of the last few hundred observations are from those of all: near 0 in random
    /// order, below .1 nothing is rehearsed. Of numbers, the squared distance of the means in
    /// variances; of labels, of the shares of the classes in the squared length of all shares, less chance,
    /// so that half the classes at a time are about 1: from .4 on that alone calls for all there is. Where one
    /// class is most of what there is, labels are counted as numbers are.
    pub moved: f64,
}

/// The state of a memory in numbers.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Report {
    /// The configuration it was made with.
    pub config: Config,
    /// What it works with; `None` before the first write.
    pub picks: Option<Picks>,
    /// How that was chosen, where it was chosen by what was held out.
    pub decision: Option<Decision>,
    /// The sequence number of the last observation: how many were written, and skipped.
    pub sequence: u64,
    /// Numbers in a prediction.
    pub outputs: usize,
    /// Observations still gathered before the normaliser and the gates are fixed; `None` once
    /// they are.
    pub warming_up: Option<usize>,
    /// Slots by level.
    pub levels: Vec<LevelCount>,
    /// Slots of each table at each level, by level, then table; the root is the last table.
    pub tables: Vec<TableCount>,
    /// Slots in all.
    pub slots: usize,
    /// Bytes of weights in the memory's own arena. What stands in a saved state until it is written
    /// to ([`SavedModel::model_over`](crate::SavedModel::model_over)) is not counted; 4 bytes a slot
    /// that tell where it is are, while there are such slots. Under a byte limit bytes count as they are
    /// allocated, used or not, and that is room for every slot.
    pub weight_bytes: usize,
    /// Bytes of covariances, counted alike.
    pub covariance_bytes: usize,
    /// Bytes of the slot table, its keys, and the observations that are kept.
    pub table_bytes: usize,
    /// Slots that gave way to others, or to longer ones, for want of room.
    pub evictions: u64,
    /// Sum of the squares of the maps that were evicted, in normalised units: what was lost.
    pub evicted_squares: f64,
    /// Lag-one correlation of recent prequential errors, 0 to 1: how alike neighbours in the
    /// stream are.
    pub alike: f64,
    /// The noise that the next write assumes, in variances of the target.
    pub noise: f64,
    /// How many earlier observations are learned again.
    pub rehearsing: Rehearsing,
}

/// What the reading half does not know of itself, for [`Recall::report`].
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Sizes {
    /// Observations still gathered while the memory warms up; `None` once it has.
    pub warming_up: Option<usize>,
    /// Bytes that kept observations take in memory: those of the warm-up, and those to be rehearsed.
    pub kept_bytes: usize,
    /// Bytes of weights.
    pub weight_bytes: usize,
    /// Bytes of covariances.
    pub covariance_bytes: usize,
    /// How many earlier observations are learned again.
    pub rehearsing: Rehearsing,
}

impl<W: SlotLines> Recall<W> {
    /// The memory in numbers, with the `sizes` of what is kept beside the reading half.
    pub fn report(&self, sizes: &Sizes) -> Report {
        let mut keys: Vec<Key> = self.slots.keys().iter().map(|&k| Key::unpack(k)).collect();
        keys.sort_unstable_by_key(|key| (key.level, key.table));
        let tables: Vec<TableCount> = keys
            .chunk_by(|a, b| (a.level, a.table) == (b.level, b.table))
            .map(|keys| TableCount {
                table: keys[0].table,
                level: keys[0].level,
                slots: keys.len(),
            })
            .collect();
        let levels = tables
            .chunk_by(|a, b| a.level == b.level)
            .map(|tables| LevelCount {
                level: tables[0].level,
                tables: tables.len(),
                slots: tables.iter().map(|table| table.slots).sum(),
                fewest: tables.iter().map(|table| table.slots).min().unwrap_or(0),
                most: tables.iter().map(|table| table.slots).max().unwrap_or(0),
            })
            .collect();
        Report {
            config: self.config.clone(),
            picks: self.structure.as_ref().map(|structure| structure.picks().clone()),
            decision: self
                .structure
                .as_ref()
                .map(|structure| structure.decision().clone())
                .filter(|decision| !decision.trials.is_empty()),
            sequence: self.sequence,
            outputs: self.outputs(),
            warming_up: sizes.warming_up,
            levels,
            tables,
            slots: self.slots.len(),
            weight_bytes: sizes.weight_bytes,
            covariance_bytes: sizes.covariance_bytes,
            table_bytes: self.slots.bytes() + self.noise.slot_bytes() + sizes.kept_bytes,
            evictions: self.room.evictions(),
            evicted_squares: self.room.squares(),
            alike: self.noise.alike(),
            noise: f64::from(self.noise.variance()),
            rehearsing: sizes.rehearsing,
        }
    }
}
