//! Why a race could not be run.

use std::path::PathBuf;

use crate::peers::forest::ForestError;
use crate::peers::mlp::MlpError;
use crate::peers::neighbour::NeighbourError;
use crate::peers::recursive::RecursiveError;

/// Why a race could not be run.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RaceError {
    /// The set has no training rows, no test rows, or an array that is not in row order.
    #[error("{set}: {reason}")]
    Set {
        /// The set.
        set: String,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// The memory refused a row or a cue.
    #[error("memory: {0}")]
    Memory(#[from] glam_memory::Error),
    /// The multilayer perceptron failed.
    #[error("multilayer perceptron: {0}")]
    Mlp(#[from] MlpError),
    /// Recursive least squares failed.
    #[error("recursive least squares: {0}")]
    Recursive(#[from] RecursiveError),
    /// The nearest neighbour failed.
    #[error("nearest neighbour: {0}")]
    Neighbour(#[from] NeighbourError),
    /// The random forest failed.
    #[error("random forest: {0}")]
    Forest(#[from] ForestError),
    /// The threads could not be started.
    #[error("threads could not be started: {0}")]
    Threads(#[from] rayon::ThreadPoolBuildError),
    /// A file for a program, or the program itself, could not be read, written or started.
    #[error("{}: {source}", path.display())]
    Io {
        /// The file or program.
        path: PathBuf,
        /// What the operating system said.
        source: std::io::Error,
    },
    /// A program ended badly, or said something else than was agreed.
    #[error("{script}: {reason}")]
    Script {
        /// The script.
        script: &'static str,
        /// What went wrong, with the end of what it said.
        reason: String,
    },
    /// The memory holds a label that the set has not.
    #[error("the memory holds the label {0:?}, which was never written")]
    Label(String),
}
