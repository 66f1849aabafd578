//! Finding one observation.

use super::chain::growing;
use super::entry::Fixed;
use super::reader::{Content, Frames};
use crate::disk::Directory;
use crate::error::{Error, Result};
use crate::manifest::Manifest;

/// Where an observation's frame lies.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Located {
    /// The number of its log file.
    pub(crate) log: u64,
    /// The byte at which it starts.
    pub(crate) offset: u64,
    pub(crate) fixed: Fixed,
}

/// Finds observation `sequence` of a history that ends with number `last`. Costs one pass over its
/// log file.
///
/// # Errors
/// [`Error::NoObservation`] where there is none of that number, [`Error::Erased`] where it was
/// erased, [`Error::HistoryDropped`] where it is retained no longer.
pub(crate) fn locate(
    directory: &Directory,
    manifest: &Manifest,
    sequence: u64,
    last: u64,
) -> Result<Located> {
    let none = || Error::NoObservation { path: directory.path().to_owned(), sequence, last };
    if !(1..=last).contains(&sequence) {
        return Err(none());
    }
    for number in (manifest.first_log..=growing(directory, manifest)?).rev() {
        let mut frames = Frames::open(directory, manifest, number)?;
        if frames.header().first_sequence > sequence {
            continue;
        }
        if number == manifest.log && sequence > manifest.sequence {
            frames.seek(manifest.log_offset, manifest.sequence)?;
        }
        loop {
            let offset = frames.offset();
            let Some(content) = frames.advance()? else { return Err(none()) };
            match (frames.fixed().filter(|fixed| fixed.sequence == sequence), content) {
                (Some(fixed), Content::Observation) => {
                    return Ok(Located { log: number, offset, fixed });
                }
                (Some(_), Content::Erased) => {
                    return Err(Error::Erased { path: frames.path().to_owned(), sequence });
                }
                (None, _) => {}
            }
        }
    }
    let first = Frames::open(directory, manifest, manifest.first_log)?.header().first_sequence;
    Err(Error::HistoryDropped { path: directory.path().to_owned(), first })
}
