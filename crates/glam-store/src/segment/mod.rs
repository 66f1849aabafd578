//! Snapshot segments: immutable files that together hold one state of a memory.

pub(crate) mod header;
pub(crate) mod history;
mod mapped;
mod opened;
mod patched;
mod place;
mod plan;
pub(crate) mod slots;
mod snapshot;
pub(crate) mod structure;

pub(crate) use header::{Kind, Named, Stamp};
pub(crate) use mapped::MappedSlots;
pub(crate) use opened::Opened;
pub(crate) use place::{Place, PlacedSlots};
pub(crate) use plan::Plan;
pub(crate) use snapshot::{Loaded, Snapshot, placed};
