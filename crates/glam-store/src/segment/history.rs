//! `history-<generation>`: the header, the observations that are kept to be rehearsed. Their bytes are
//! the model's own affair.

use std::io::Write;

use glam_core::{SavedModel, SavedRecall};

use super::header::{BYTES, Header, Kind, Stamp};
use super::opened::Opened;
use crate::bytes::wide;
use crate::check;
use crate::disk::Directory;
use crate::error::{Error, Result};
use crate::manifest::Segment;

/// Writes the history segment that holds `body`.
pub(crate) fn write(directory: &Directory, stamp: Stamp, body: &[u8]) -> Result<Segment> {
    let (size, body_checksum) = (wide(body.len()), crc32c::crc32c(body));
    let header = Header { stamp, count: 0, size, body_checksum }.encode(Kind::History);
    directory.replace(Kind::History.name(stamp.generation), |file| {
        file.write_all(&header)?;
        file.write_all(body)
    })?;
    Ok(Segment::of(&header, wide(BYTES + body.len())))
}

/// The length that a history segment has by its header; `None` where no file can be so long, or
/// where it counts what it does not have.
pub(super) fn length(header: &Header) -> Option<u64> {
    wide(BYTES).checked_add(header.size).filter(|_| header.count == 0)
}

/// Reads the body, checked against its checksum.
pub(crate) fn read(opened: &Opened) -> Result<Vec<u8>> {
    let body = opened.read_body()?;
    let expected = opened.header.body_checksum;
    check::sum(opened.path(), "the kept observations", expected, crc32c::crc32c(&body))?;
    Ok(body)
}

/// Reads the body and joins it to the memory that `saved` is of.
pub(crate) fn join(saved: SavedRecall, opened: &Opened) -> Result<SavedModel> {
    saved
        .with_history(&read(opened)?)
        .map_err(|source| Error::Damaged { path: opened.path().to_owned(), source })
}
