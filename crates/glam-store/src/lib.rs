//! The files of GLAM, a gated linear associative memory: log, snapshots, manifest, recovery, locks.
//!
//! A memory is a directory. Every observation is appended to its *log*; a *checkpoint* writes the
//! model as a *snapshot*, immutable files of which it writes those slots that changed; the
//! *manifest*, replaced atomically, names the snapshot and the place in the log from which
//! observations are replayed over it. This crate
//! knows bytes and slots, not learning: that is `glam-core`.
//!
//! It is **not** what most programs want to depend on: that is `glam-memory`, which keeps a model
//! and its files together.
//!
//! [`Store`] is the one writer of a directory: [`Store::create`] and [`Store::open`] hand out the
//! model too, [`Store::append`] logs what the caller writes to it, [`Store::flush`] hands the log
//! to the disk, [`Store::checkpoint`] makes the next opening cheap ([`Store::begin_checkpoint`] does so
//! beside writes), [`Store::erase`] takes an observation out of the history,
//! [`Store::forget_history`] drops its beginning. [`Reader`] reads beside it, in
//! any number of processes, from mapped weights. [`History`] gives every observation back.
//! [`verify`] checks every byte, [`repair`] saves what can be saved, [`backup`] copies. All of them reach
//! files through a [`disk::Disk`].
//!
//! ```
//! use glam_core::{Config, Scratch, Targets};
//! use glam_store::{Reader, Store};
//!
//! # let temporary = tempfile::tempdir()?;
//! # let directory = temporary.path().join("sine");
//! let config = Config::builder(1, Targets::Numbers(1)).build()?;
//! let (mut store, mut model) = Store::create(&directory, config)?;
//! for i in 0..1000 {
//!     let x = [(i * 37 % 1000) as f32 / 100.0];
//!     let y = [x[0].sin()];
//!     store.append(model.recall().sequence() + 1, &x, (&y).into(), 1.0)?;
//!     model.write(&x, (&y).into())?;
//! }
//! store.close(&mut model)?;
//!
//! let reader = Reader::open(&directory)?;
//! let mut out = [0.0];
//! reader.read(&[2.0], &mut Scratch::default(), &mut out)?;
//! assert!((out[0] - 2.0_f32.sin()).abs() < 0.05);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # What is lost when
//! - After [`Store::flush`] or [`Store::checkpoint`] returns: nothing, whatever happens.
//! - The [`Store`] is dropped without [`Store::close`]: nothing, unless the system then stops.
//! - The process ends without a drop: what was appended after the last flush and was still in this
//!   crate's buffer (256 KiB, or one observation where that is larger).
//! - The system stops: what was appended after the last flush.
//!
//! What is lost is always an end of the history; the next opening finds the observations before it,
//! and the model that they make, bit for bit on the same kind of processor. With
//! [`Durability::Synced`], which is kept with the memory, the caller flushes before it acknowledges.
//!
//! # Maps
//! A [`Reader`], and a [`Store`] that was opened, map segments into memory. This crate never changes
//! a segment that a manifest has named, but a program that truncates one while it is mapped ends the
//! processes that have it mapped with SIGBUS, and one that overwrites it can change what was already
//! checked: leave the directory to this crate. Where that cannot be trusted, and on network file
//! systems, use [`disk::Unmapped`], which reads segments instead; maps are the default because an
//! opening then costs the keys and not the slots.
//!
//! # Limits
//! Little-endian targets only. The format is described in `docs/design.md`.

mod backup;
mod bytes;
mod check;
mod checkpoint;
mod create;
pub mod disk;
mod durability;
mod erasure;
mod error;
mod files;
mod history;
mod lock;
mod log;
mod manifest;
mod names;
mod net;
mod reader;
mod record;
mod repair;
mod salvage;
mod segment;
mod store;
mod strays;
#[cfg(test)]
mod tests;
mod verify;
mod view;

pub use backup::{Backup, backup, backup_on};
pub use checkpoint::{Checkpoint, Written};
pub use durability::Durability;
pub use error::{Error, Result};
pub use files::Files;
pub use history::{History, Observation};
pub use reader::Reader;
pub use repair::{Repair, repair, repair_on};
pub use store::{Flush, Store};
pub use verify::{Damage, Place, Verification, verify, verify_on};

/// The version of the format that this crate reads and writes.
pub const FORMAT_VERSION: u32 = 3;

/// The oldest version whose logs this crate reads, and whose memories it can therefore rebuild.
pub const OLDEST_VERSION: u32 = 1;
