//! What a memory tells about itself.

use std::path::PathBuf;

use glam_core::Report;
use glam_store::{Durability, Files};
use serde::Serialize;

use crate::error::Result;
use crate::memory::{Memory, State};

/// What a memory is, what it picked, and what it takes.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Inspection {
    /// Where its files are; `None` without files.
    pub directory: Option<PathBuf>,
    /// Settings, picks, slots and sizes in memory.
    #[serde(flatten)]
    pub report: Report,
    /// The labels, in order of first appearance; empty for numbers.
    pub labels: Vec<String>,
    /// Bytes of its files; `None` without files.
    pub files: Option<Files>,
    /// When a write returns, and what an opening has to do; `None` without files.
    pub log: Option<Log>,
}

/// The log of a memory in files.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Log {
    /// When a write returns.
    pub durability: Durability,
    /// The sequence number of the first observation that the history retains: 1, unless its beginning
    /// was dropped.
    pub first: u64,
    /// Observations behind the snapshot, which the next opening replays.
    pub behind: u64,
    /// Why the last checkpoint that the memory began by itself failed; `None` where it did not.
    pub checkpoint_failure: Option<String>,
}

impl Memory {
    /// What the memory is, what it picked, and what it takes.
    ///
    /// # Errors
    /// [`Error::Store`](crate::Error::Store) where the sizes of its files cannot be read.
    pub fn inspect(&self) -> Result<Inspection> {
        let labels = self.labels();
        let (directory, report, files, log) = match &*self.state.read() {
            State::Volatile(model) => (None, model.report(), None, None),
            State::Stored(model, stored) => {
                let store = &stored.store;
                let log = Log {
                    durability: store.durability(),
                    first: store.first()?,
                    behind: store.behind(),
                    checkpoint_failure: stored.failure().map(str::to_owned),
                };
                let directory = store.directory().to_path_buf();
                (Some(directory), model.report(), Some(store.files()?), Some(log))
            }
            State::ReadOnly(reader) => {
                let log = Log {
                    durability: reader.durability(),
                    first: reader.first()?,
                    behind: reader.behind(),
                    checkpoint_failure: None,
                };
                let directory = reader.directory().to_path_buf();
                (Some(directory), reader.report(), Some(reader.files()?), Some(log))
            }
        };
        Ok(Inspection { directory, report, labels, files, log })
    }
}
