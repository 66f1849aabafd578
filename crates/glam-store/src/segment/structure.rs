//! `structure-<generation>`: the header, the structure block, the keys, and where
//! their slots lie.

use std::io::Write;

use super::header::{BYTES, Header, Kind, Stamp};
use super::opened::Opened;
use super::place::Place;
use crate::bytes::wide;
use crate::check;
use crate::disk::Directory;
use crate::error::Result;
use crate::manifest::Segment;

/// Bytes of a key.
pub(crate) const KEY_BYTES: usize = 8;
/// Bytes of a place.
pub(crate) const PLACE_BYTES: usize = size_of::<Place>();

/// Writes the structure segment: the structure block, the keys, and where their slots lie.
pub(crate) fn write(
    directory: &Directory,
    stamp: Stamp,
    block: &[u8],
    keys: &[u64],
    places: &[Place],
) -> Result<Segment> {
    let parts: [&[u8]; 3] = [block, bytemuck::cast_slice(keys), bytemuck::cast_slice(places)];
    let body_checksum = parts.iter().fold(0, |sum, part| crc32c::crc32c_append(sum, part));
    let (count, size) = (wide(keys.len()), wide(block.len()));
    let header = Header { stamp, count, size, body_checksum }.encode(Kind::Structure);
    directory.replace(Kind::Structure.name(stamp.generation), |file| {
        file.write_all(&header)?;
        parts.iter().try_for_each(|part| file.write_all(part))
    })?;
    let bytes: usize = parts.iter().map(|part| part.len()).sum();
    Ok(Segment::of(&header, wide(BYTES + bytes)))
}

/// The length that a structure segment has by its header; `None` where no file can be so long.
pub(super) fn length(header: &Header) -> Option<u64> {
    let keys = header.count.checked_mul(wide(KEY_BYTES + PLACE_BYTES))?;
    wide(BYTES).checked_add(header.size)?.checked_add(keys)
}

/// The body of a structure segment.
#[derive(Debug)]
pub(crate) struct Body {
    pub(crate) block: Vec<u8>,
    pub(crate) keys: Vec<u64>,
    pub(crate) places: Vec<Place>,
}

/// Reads the structure block, the keys and the places, checked against their checksum.
pub(crate) fn read(opened: &Opened) -> Result<Body> {
    let mut block = opened.read_body()?;
    let header = &opened.header;
    let checksum = crc32c::crc32c(&block);
    check::sum(opened.path(), "the structure and the keys", header.body_checksum, checksum)?;
    // The length of the whole file was checked when it was opened, so the parts are inside.
    let keys = block.split_off((header.size as usize).min(block.len()));
    let (keys, places) = keys.split_at(keys.len() / (KEY_BYTES + PLACE_BYTES) * KEY_BYTES);
    let keys = keys.chunks_exact(KEY_BYTES).map(bytemuck::pod_read_unaligned).collect();
    let places = places.chunks_exact(PLACE_BYTES).map(bytemuck::pod_read_unaligned).collect();
    Ok(Body { block, keys, places })
}
