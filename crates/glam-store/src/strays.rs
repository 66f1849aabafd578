//! Files that a crash left and no manifest names.

use std::path::PathBuf;

use crate::bytes::wide;
use crate::disk::Directory;
use crate::error::{Error, Result};
use crate::log::HEADER_BYTES;
use crate::manifest::Manifest;
use crate::names::Name;

/// Finds unfinished files, segments of other generations than the manifest's, and the empty log
/// file of a checkpoint that never came to replace the manifest.
///
/// # Errors
/// Where a log file that the manifest does not know holds observations: no crash leaves that.
pub(crate) fn find(directory: &Directory, manifest: &Manifest) -> Result<Vec<PathBuf>> {
    let mut strays = Vec::new();
    for found in directory.list()? {
        let stray = match found.name {
            Name::Manifest | Name::Lock | Name::Erase => false,
            Name::Structure(generation)
            | Name::Weights(generation)
            | Name::Covariances(generation)
            | Name::History(generation) => generation != manifest.generation,
            Name::Log(number) if number > manifest.log => {
                if found.bytes > wide(HEADER_BYTES) {
                    let what = "the manifest does not know this log file, yet it goes on";
                    return Err(Error::Malformed {
                        path: found.path,
                        what,
                        at: wide(HEADER_BYTES),
                    });
                }
                true
            }
            Name::Log(_) => false,
            Name::Unfinished => true,
        };
        if stray {
            strays.push(found.path);
        }
    }
    Ok(strays)
}

/// Removes what was found. What cannot be removed does no harm.
pub(crate) fn remove(directory: &Directory, strays: &[PathBuf]) {
    for stray in strays {
        let _ = directory.disk().remove(stray);
    }
}
