//! What can go wrong in the learning half.

use thiserror::Error;

use crate::net::NetError;

/// Why a configuration, an observation, a cue or a saved state was refused.
///
/// A refused call changes nothing: the model is bit for bit what it was.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum Error {
    /// A long piece of work was told to stop; nothing was changed.
    #[error("stopped before it was done; the memory is as it was")]
    Cancelled,
    /// A row has the wrong number of values.
    #[error("{what} has {got} values, this memory takes {expected}")]
    Length {
        /// Which row: `"input"` or `"target"`.
        what: &'static str,
        /// How many values the memory takes.
        expected: usize,
        /// How many were given.
        got: usize,
    },
    /// A value is infinite. NaN stands for a missing value.
    #[error(
        "{what} value {index} is infinite; give a finite number, or NaN where the value is missing"
    )]
    NotFinite {
        /// Which row: `"input"` or `"target"`.
        what: &'static str,
        /// The position of the value in the row, counted from 0.
        index: usize,
    },
    /// An observation without a target.
    #[error("no target of the observation is known, all are NaN; leave the row out")]
    NoTarget,
    /// The weight of an observation is out of range.
    #[error(
        "the weight is {got}, it must be a number from 1e-6 to 1e6; 1 is that of a plain write"
    )]
    Weight {
        /// The weight that was given.
        got: String,
    },
    /// A memory of labels was given numbers, or the reverse.
    #[error("this memory learns {expected}, the observation holds {got}")]
    TargetKind {
        /// What the memory was made for.
        expected: &'static str,
        /// What was given.
        got: &'static str,
    },
    /// A class label is empty or too long.
    #[error("a label has {got} bytes, allowed are 1 to {max}")]
    LabelLength {
        /// Bytes of the label that was given.
        got: usize,
        /// The largest length allowed, in bytes.
        max: usize,
    },
    /// One more class than a memory can hold.
    #[error("the memory holds {max} classes already, the most it can; the new label was refused")]
    TooManyLabels {
        /// The largest number of classes.
        max: usize,
    },
    /// A setting is outside its range.
    #[error("{setting} is {got}, it must be {rule}")]
    Setting {
        /// The setting's name.
        setting: &'static str,
        /// The value that was given.
        got: String,
        /// The range that is allowed.
        rule: &'static str,
    },
    /// A read of a memory into which nothing was ever written.
    #[error("nothing has been written to this memory yet; write one observation first")]
    Empty,
    /// An input that the memory's net cannot take.
    #[error(transparent)]
    Net(NetError),
    /// Sums, maps or parts of them that do not belong together.
    #[error(
        "{what} is {got}, expected {expected}: what goes into one solve must come from one memory, \
         from the same rows, and each sum be merged with its own kind"
    )]
    Unlike {
        /// What differs.
        what: &'static str,
        /// What it is in the sums that were there before.
        expected: u64,
        /// What it is in those that were given.
        got: u64,
    },
    /// A sum over rows might leave its range.
    #[error(
        "a sum over {rows} rows may reach 2^67 in units of the normaliser, the end of its range; \
         give all rows smaller weights, or the maps smaller numbers"
    )]
    SumRange {
        /// Rows that were to be summed.
        rows: u64,
    },
    /// The slot table is full.
    #[error("the memory holds {max} slots, the most it can; make it with fewer tables or levels")]
    TooManySlots {
        /// The largest number of slots.
        max: usize,
    },
    /// The byte limit cannot hold even the slots of one input.
    #[error(
        "max_bytes is {max_bytes}, the {active} slots of one input take {needed} bytes with what is \
         kept beside them; raise it, or make the memory with fewer tables, levels or inputs a view"
    )]
    TooLittleRoom {
        /// The limit.
        max_bytes: u64,
        /// What it would have to be, about.
        needed: u64,
        /// Slots that one input has active.
        active: usize,
    },
    /// The machine has no memory for the slots.
    #[error("there is no memory for {bytes} bytes of slots; nothing was changed")]
    NoMemory {
        /// What was asked for.
        bytes: usize,
    },
    /// Saved state that cannot be a state of this memory.
    #[error("the saved state is damaged: {what} at byte {at}")]
    Damaged {
        /// What is wrong.
        what: &'static str,
        /// Where in the saved bytes.
        at: usize,
    },
    /// A slot read from a file does not match its checksum.
    #[error(
        "slot {slot} is damaged (checksum {got:08x}, expected {expected:08x}); \
         run `glam verify`, then `glam rebuild`, which makes the snapshot anew from the log"
    )]
    DamagedSlot {
        /// The slot's number.
        slot: u32,
        /// The checksum stored beside it.
        expected: u32,
        /// The checksum of the bytes found.
        got: u32,
    },
}

/// The result of this crate's calls.
pub type Result<T, E = Error> = std::result::Result<T, E>;
