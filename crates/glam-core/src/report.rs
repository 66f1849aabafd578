//! What a memory says about itself.

use serde::Serialize;

use crate::config::Config;
use crate::picks::Picks;

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

/// The state of a memory in numbers.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Report {
    /// The configuration it was made with.
    pub config: Config,
    /// What it works with; `None` before the first write.
    pub picks: Option<Picks>,
    /// Observations written; the sequence number of the last.
    pub sequence: u64,
    /// Numbers in a prediction.
    pub outputs: usize,
    /// Observations still gathered before the normaliser and the gates are fixed; `None` once
    /// they are.
    pub warming_up: Option<usize>,
    /// Slots by level.
    pub levels: Vec<LevelCount>,
    /// Slots in all.
    pub slots: usize,
    /// Bytes of weights, covariances, the slot table, and the warm-up observations in memory.
    pub weight_bytes: usize,
    /// Bytes of covariances.
    pub covariance_bytes: usize,
    /// Bytes of the slot table and its keys.
    pub table_bytes: usize,
    /// Lag-one correlation of recent prequential errors, 0 to 1: how alike neighbours in the
    /// stream are.
    pub alike: f64,
    /// The noise that the next write assumes, in variances of the target.
    pub noise: f64,
}
