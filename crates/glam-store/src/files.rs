//! How large a memory's files are.

use crate::bytes::wide;
use crate::disk::Directory;
use crate::error::Result;
use crate::manifest::Manifest;
use crate::names::Name;

/// Bytes of a memory's files, by kind.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize)]
#[non_exhaustive]
pub struct Files {
    /// Bytes of the manifest and its copy.
    pub manifest: u64,
    /// Bytes of the net that the memory is built on.
    pub net: u64,
    /// Bytes of the snapshot's structure and keys.
    pub structure: u64,
    /// Bytes of the snapshot's weights, with slots that newer files have replaced.
    pub weights: u64,
    /// Bytes of the snapshot's covariances, likewise.
    pub covariances: u64,
    /// How many slot segments there are: a file of weights and one of covariances each.
    pub segments: u64,
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
        self.manifest + self.net + snapshot + self.log
    }

    pub(crate) fn of(directory: &Directory, manifest: &Manifest) -> Result<Self> {
        let mut files = Self {
            net: manifest.net.map_or(0, |net| net.bytes),
            structure: manifest.structure.bytes,
            weights: manifest.segments.iter().map(|segment| segment.weights.bytes).sum(),
            covariances: manifest.segments.iter().map(|segment| segment.covariances.bytes).sum(),
            segments: wide(manifest.segments.len()),
            history: manifest.history.bytes,
            ..Self::default()
        };
        for found in directory.list()? {
            match found.name {
                Name::Manifest | Name::ManifestCopy => files.manifest += found.bytes,
                Name::Log(_) => {
                    files.log += found.bytes;
                    files.log_files += 1;
                }
                _ => {}
            }
        }
        Ok(files)
    }
}
