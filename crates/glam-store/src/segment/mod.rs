//! Snapshot segments: a generation of immutable files that together hold one state of a memory.

pub(crate) mod header;
pub(crate) mod history;
mod mapped;
mod opened;
pub(crate) mod slots;
mod snapshot;
pub(crate) mod structure;

pub(crate) use header::{Kind, Stamp};
pub(crate) use mapped::MappedSlots;
pub(crate) use opened::Opened;
pub(crate) use snapshot::{Snapshot, write};
