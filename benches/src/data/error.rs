//! Why a data set could not be read.

use std::path::{Path, PathBuf};

use super::folder::DATA_VARIABLE;
use super::packed::PackedError;

/// Why a data set could not be read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DataError {
    /// A file of the set is not there.
    #[error(
        "data file {} is missing. Set {DATA_VARIABLE} to the folder that holds the data sets \
         (it is then looked for in ${DATA_VARIABLE}/{}).",
        path.display(),
        relative.display()
    )]
    Missing {
        /// Where it was looked for.
        path: PathBuf,
        /// Its place inside the data folder.
        relative: PathBuf,
    },
    /// A file that the repository itself ships is not there.
    #[error("data file {} is missing. It is part of the repository: restore the checkout.", path.display())]
    MissingFromCheckout {
        /// Where it was looked for.
        path: PathBuf,
    },
    /// A file is there but cannot be read or written.
    #[error("data file {}: {source}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What the operating system or the decoder said.
        source: std::io::Error,
    },
    /// A file's content is not what its format promises.
    #[error("data file {}: {reason}", path.display())]
    Malformed {
        /// The file.
        path: PathBuf,
        /// What is wrong, with the numbers.
        reason: String,
    },
    /// The packed file cannot be decoded.
    #[error("data file {}: {source}", path.display())]
    Packed {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        source: PackedError,
    },
    /// No set of this name is stored.
    #[error("no data set is named {name:?}; the stored ones are {known}")]
    UnknownName {
        /// The name that was asked for.
        name: String,
        /// The names that exist.
        known: String,
    },
}

impl DataError {
    /// A file whose content is not what its format promises.
    pub(crate) fn malformed(path: &Path, reason: impl Into<String>) -> Self {
        Self::Malformed { path: path.to_owned(), reason: reason.into() }
    }
}
