//! What can go wrong with a memory.

use thiserror::Error;

/// Why a call on a memory failed. A call that failed changed nothing.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum Error {
    /// The observation, the cue or the configuration was refused.
    #[error(transparent)]
    Core(#[from] glam_core::Error),
    /// The files could not be read or written.
    #[error(transparent)]
    Store(#[from] glam_store::Error),
    /// A write to a memory that was opened for reading.
    #[error("this memory was opened for reading; open it with `Memory::open` to write")]
    ReadOnly,
    /// A memory that takes other inputs or targets than those asked for.
    #[error(
        "this memory learns {targets:?} from {inputs} inputs, not {asked_targets:?} from \
         {asked_inputs}; open it as what it is, or choose another directory"
    )]
    OtherShape {
        /// Inputs of the memory that is there.
        inputs: usize,
        /// Targets of the memory that is there.
        targets: glam_core::Targets,
        /// Inputs asked for.
        asked_inputs: usize,
        /// Targets asked for.
        asked_targets: glam_core::Targets,
    },
    /// A memory that is built on another net than the one asked for, or on none.
    #[error(
        "this memory is built on another net than the one asked for, or on none; open it as what it \
         is, or choose another directory"
    )]
    OtherNet,
    /// A row of a batch was refused.
    #[error("row {row} of the batch: {source}")]
    Row {
        /// The row, counted from 0.
        row: usize,
        /// Why.
        source: glam_core::Error,
    },
    /// A batch whose parts have different numbers of rows.
    #[error("the batch has {inputs} inputs and {targets} targets")]
    Rows {
        /// Rows of inputs.
        inputs: usize,
        /// Rows of targets or labels.
        targets: usize,
    },
    /// A batch whose weights are not as many as its rows.
    #[error("the batch has {inputs} inputs and {weights} weights")]
    Weights {
        /// Rows of inputs.
        inputs: usize,
        /// Weights.
        weights: usize,
    },
    /// A memory without files was asked for its observations.
    #[error("a memory without files keeps no history; make it with `Builder::create`")]
    NoHistory,
}

/// The result of this crate's calls.
pub type Result<T, E = Error> = std::result::Result<T, E>;
