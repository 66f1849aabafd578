//! How large a memory's files are.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use crate::error::Result;
use crate::file::failed;
use crate::manifest::Manifest;
use crate::names::Name;

/// Bytes of a memory's files, by kind.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize)]
#[non_exhaustive]
pub struct Files {
    /// Bytes of the manifest.
    pub manifest: u64,
    /// Bytes of the snapshot's structure and keys.
    pub structure: u64,
    /// Bytes of the snapshot's weights.
    pub weights: u64,
    /// Bytes of the snapshot's covariances.
    pub covariances: u64,
    /// Bytes of the snapshot's observations that are kept to be rehearsed.
    pub history: u64,
    /// Bytes of all log files.
    pub log: u64,
    /// How many log files there are.
    pub log_files: u64,
}

impl Files {
    /// Bytes of all files.
    pub fn total(&self) -> u64 {
        let snapshot = self.structure + self.weights + self.covariances + self.history;
        self.manifest + snapshot + self.log
    }

    pub(crate) fn of(directory: &Path, manifest: &Manifest) -> Result<Self> {
        let path = Name::Manifest.in_directory(directory);
        let found = fs::metadata(&path).map_err(failed(&path, "read the file's size"))?;
        let mut files = Self {
            manifest: found.len(),
            structure: manifest.structure.bytes,
            weights: manifest.weights.bytes,
            covariances: manifest.covariances.bytes,
            history: manifest.history.bytes,
            ..Self::default()
        };
        for found in list(directory)?.iter().filter(|found| matches!(found.name, Name::Log(_))) {
            files.log += found.bytes;
            files.log_files += 1;
        }
        Ok(files)
    }
}

/// A file that bears a name of this crate's.
#[derive(Debug)]
pub(crate) struct Found {
    pub(crate) name: Name,
    pub(crate) path: PathBuf,
    pub(crate) bytes: u64,
}

/// The files in `directory` that bear names of this crate's.
pub(crate) fn list(directory: &Path) -> Result<Vec<Found>> {
    let listed = || failed(directory, "list the directory");
    let mut found = Vec::new();
    for entry in fs::read_dir(directory).map_err(listed())? {
        let entry = entry.map_err(listed())?;
        let Some(name) = Name::parse(&entry.file_name()) else { continue };
        let path = entry.path();
        match entry.metadata() {
            Ok(metadata) => found.push(Found { name, path, bytes: metadata.len() }),
            // A writer may have removed it meanwhile.
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(failed(&path, "read the file's size")(error)),
        }
    }
    Ok(found)
}
