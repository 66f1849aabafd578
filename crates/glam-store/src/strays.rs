//! Files that a crash left and no manifest names.

use std::path::PathBuf;

use crate::FORMAT_VERSION;
use crate::bytes::wide;
use crate::disk::Directory;
use crate::error::{Error, Result};
use crate::log::{self, Frames, HEADER_BYTES};
use crate::manifest::Manifest;
use crate::names::Name;

/// Finds unfinished files, segments that the manifest does not name, and log files before the first
/// that it names.
///
/// # Errors
/// Where a log file that holds observations does not follow the others: no crash leaves that.
pub(crate) fn find(directory: &Directory, manifest: &Manifest) -> Result<Vec<PathBuf>> {
    let growing = log::growing(directory, manifest)?;
    let mut strays = Vec::new();
    for found in directory.list()? {
        let stray = match found.name {
            // A file of that name beside a memory without a net is somebody's.
            Name::Manifest | Name::ManifestCopy | Name::Lock | Name::Net | Name::Erase => false,
            Name::Structure(generation) | Name::History(generation) => {
                generation != manifest.generation
            }
            // An earlier version's manifest names them by its generation.
            Name::Weights(number) | Name::Covariances(number)
                if manifest.version < FORMAT_VERSION =>
            {
                number != manifest.generation
            }
            Name::Weights(number) | Name::Covariances(number) => {
                !manifest.segments.iter().any(|segment| segment.number == number)
            }
            Name::Log(number) if number > growing => {
                if found.bytes > wide(HEADER_BYTES) && !is_leftover(directory, manifest, number)? {
                    let what = "the log file before this one is missing, yet it goes on";
                    return Err(Error::Malformed {
                        path: found.path,
                        what,
                        at: wide(HEADER_BYTES),
                    });
                }
                true
            }
            Name::Log(number) => number < manifest.first_log,
            Name::Unfinished => true,
        };
        if stray {
            strays.push(found.path);
        }
    }
    Ok(strays)
}

/// Whether a log file that does not follow the others was left by a repair that was cut. Such a one, or
/// the first of several that follow one another, begins no later than behind the snapshot; one
/// before which a file is missing begins later, since that file held observations.
fn is_leftover(directory: &Directory, manifest: &Manifest, number: u64) -> Result<bool> {
    let mut first = number;
    while first > manifest.log + 1 && directory.has(Name::Log(first - 1)) {
        first -= 1;
    }
    let frames = Frames::open(directory, manifest, first)?;
    Ok(frames.header().first_sequence <= manifest.sequence + 1)
}

/// Removes what was found. What cannot be removed does no harm.
pub(crate) fn remove(directory: &Directory, strays: &[PathBuf]) {
    for stray in strays {
        let _ = directory.disk().remove(stray);
    }
}
