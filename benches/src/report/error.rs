//! Why a report could not be made.

use std::path::{Path, PathBuf};

/// Why a report could not be made. A trial that fails is none of these: it is kept as a failure.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReportError {
    /// A file or folder cannot be read or written.
    #[error("{}: {source}", path.display())]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// What the operating system said.
        source: std::io::Error,
    },
    /// The folder holds what another run found.
    #[error(
        "{} holds the trials of another run ({found}; this one is {wanted}). Give another --out, or \
         remove the file to measure anew.",
        path.display()
    )]
    OtherRun {
        /// The file of trials.
        path: PathBuf,
        /// What that run was.
        found: String,
        /// What this run is.
        wanted: String,
    },
    /// A file of trials or results is not what was written.
    #[error("{}, line {line}, is not what a run has written: {source}", path.display())]
    Malformed {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: usize,
        /// What is wrong with it.
        source: serde_json::Error,
    },
    /// Results are of another form.
    #[error("{}: results of format {found}, and this program reads format {wanted}", path.display())]
    Format {
        /// The file.
        path: PathBuf,
        /// The number of its form.
        found: u32,
        /// The number of the form that is read.
        wanted: u32,
    },
    /// A chart or a picture cannot be drawn.
    #[error("the chart \"{chart}\" cannot be drawn: {reason}")]
    Drawing {
        /// Its title.
        chart: String,
        /// What the drawing library said.
        reason: String,
    },
}

impl ReportError {
    pub(crate) fn io(path: &Path) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.to_owned();
        |source| Self::Io { path, source }
    }
}
