//! GLAM: an embedded database that learns a function.
//!
//! A [`Memory`] stores associations (x, y) one at a time. Each write is learned on the spot, by least
//! squares, in microseconds; nothing is trained in epochs. A read recalls y for any cue x, seen or
//! not, with its uncertainty. The memory lives in a directory of crash-safe files that open at once
//! and that many processes can read.
//!
//! It is **not** a vector index (it stores no rows to search for, it sums linear maps), not a deep
//! learning framework (no gradients, no layers) and not a server.
//!
//! # A whole program
//! ```
//! use glam_memory::Memory;
//!
//! # let temporary = tempfile::tempdir()?;
//! # let directory = temporary.path().join("arm");
//! // Two inputs, one target; or `.labels()` to learn classes.
//! let memory = Memory::builder(2).targets(1).create(&directory)?;
//! for i in 0..2_000 {
//!     let x = [(i % 50) as f32 / 10.0, (i % 41) as f32 / 10.0];
//!     memory.write(&x, x[0].sin() * x[1])?; // learned when this returns
//! }
//! memory.close()?; // a snapshot, so that the next opening replays nothing
//!
//! let memory = Memory::open(&directory)?;
//! let (y, std) = memory.read_with_std(&[2.0, 3.0])?;
//! assert!((y[0] - 2.0_f32.sin() * 3.0).abs() < 0.2);
//! println!("{} +- {}", y[0], std[0]);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Which call for what
//! - One row: [`Memory::write`], [`Memory::read`]; a matrix of rows: [`Memory::write_batch`],
//!   [`Memory::read_batch`], [`Memory::read_batch_with_std`]. No allocation a row: [`Memory::read_into`].
//! - A row that counts more or less than one: [`Memory::write_weighted`]. Every row again:
//!   [`Memory::history`]. As if a row had never been: [`Memory::forget`].
//! - Classes: [`Builder::labels`], [`Memory::classify`]. A class need not be known beforehand.
//! - How sure: [`Memory::read_with_std`], [`Memory::read_with_interval`], of classes
//!   [`Memory::probabilities`]. How well known the surroundings are: [`Memory::familiarity`]. Why: [`Memory::explain`]. How well: [`Memory::score`].
//! - Files: [`Builder::create`], [`Memory::open`], [`Memory::open_read_only`], [`Memory::flush`],
//!   [`Memory::checkpoint`], [`Memory::close`], [`Memory::refresh`], [`verify`], [`repair`], [`backup`],
//!   [`Memory::compact`], [`Memory::forget_history`], [`Memory::rebuild`]. Without files:
//!   [`Builder::in_memory`]. On the disk before it returns: [`Builder::durability`].
//! - What it picked and what it takes: [`Memory::inspect`].
//!
//! # Missing values
//! NaN stands for a value that is missing. A missing input, of a write or of a cue, counts as that
//! input's mean. Of several targets, NaN is one that is not known: its output learns nothing from the
//! row, the others do. A row without any known target, and an infinite value, are refused; a label
//! cannot be missing.
//!
//! # What is lost when
//! Nothing that [`Memory::flush`], [`Memory::write_durable`], [`Memory::checkpoint`] or [`Memory::close`] has
//! returned for, nor, with [`Durability::Synced`], any [`Memory::write`], as long as the disk keeps
//! what it acknowledged. What was written since is lost with the machine, and up to 256 KiB of it
//! with the process where that is killed.
//!
//! # Costs
//! A write touches one slot a table: with the default settings 128 to 384 slots of a few hundred
//! bytes to a few kilobytes each, up to 513 once consolidated. Memory grows with the slots that were
//! ever active, up to a bound that the number of tables and levels sets; see [`Inspection`]. The
//! first 1,024 observations are kept and fitted to again as their number grows, from 64 on twice in
//! each doubling; those fifteen writes take longer, each as long as many thousands of others. From
//! then on nothing is kept in memory but slots and, up to 32 MiB, observations to rehearse; every
//! observation stays in the log, until [`Memory::forget`] overwrites it there.
//!
//! # Limits
//! 1. Numbers are `f32`. Targets with a large offset and a small spread lose digits.
//! 2. Inputs further than 16 spreads from the mean of the first 1,024 observations count as 16.
//! 3. What the first observations never showed is learned all the same, but in the units and
//!    regions that they set: shuffle a stream whose beginning is not like the rest, where you can.
//! 4. A target that none of the first 1,024 observations knew has no unit of its own: it is measured
//!    in 1, and counts as a million where it is larger.
//! 5. Little-endian machines.

mod builder;
mod commits;
mod consolidate;
mod error;
mod forget;
mod inspection;
mod memory;
mod observation;
mod read_batch;
mod score;
mod stored;
mod threads;
mod upkeep;
mod write_batch;

pub use builder::Builder;
pub use error::{Error, Result};
pub use glam_core::{
    ActiveSlot, Basis, Config, Deal, Decision, Explanation, Familiarity, Family, Flow, Key, Label,
    LevelCount, Options, Picks, Precision, Progress, Rehearse, Rehearsing, Report, TableCount,
    Target, Targets, Trial, Views, net,
};
pub use glam_store::disk;
pub use glam_store::{
    Backup, Damage, Durability, Files, History, Observation, Place, Repair, Verification, backup,
    repair, verify,
};
pub use inspection::{Inspection, Log};
pub use memory::{Class, Memory};
pub use observation::{Labelled, Observed};
pub use score::{Score, Scorer};
pub use {glam_core as core, glam_store as store, ndarray};
