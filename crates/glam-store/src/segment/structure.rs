//! `structure-<generation>`: the header, the structure block, the keys.

use std::io::Write;

use glam_core::State;

use super::header::{BYTES, Header, Kind, Stamp};
use super::opened::Opened;
use crate::bytes::wide;
use crate::check;
use crate::disk::Directory;
use crate::error::Result;
use crate::manifest::Segment;

/// Bytes of a key.
pub(crate) const KEY_BYTES: usize = 8;

/// Writes the structure segment of `state`.
pub(crate) fn write(directory: &Directory, stamp: Stamp, state: &State<'_>) -> Result<Segment> {
    let keys: &[u8] = bytemuck::cast_slice(&state.keys);
    let body_checksum = crc32c::crc32c_append(crc32c::crc32c(&state.structure), keys);
    let (count, size) = (wide(state.keys.len()), wide(state.structure.len()));
    let header = Header { stamp, count, size, body_checksum }.encode(Kind::Structure);
    directory.replace(Kind::Structure.name(stamp.generation), |file| {
        file.write_all(&header)?;
        file.write_all(&state.structure)?;
        file.write_all(keys)
    })?;
    Ok(Segment::of(&header, wide(BYTES + state.structure.len() + keys.len())))
}

/// The length that a structure segment has by its header; `None` where no file can be so long.
pub(super) fn length(header: &Header) -> Option<u64> {
    let keys = header.count.checked_mul(wide(KEY_BYTES))?;
    wide(BYTES).checked_add(header.size)?.checked_add(keys)
}

/// Reads the structure block and the keys, checked against their checksum.
pub(crate) fn read(opened: &Opened) -> Result<(Vec<u8>, Vec<u64>)> {
    let mut block = opened.read_body()?;
    let header = &opened.header;
    let checksum = crc32c::crc32c(&block);
    check::sum(opened.path(), "the structure and the keys", header.body_checksum, checksum)?;
    // The length of the whole file was checked when it was opened, so the block is inside.
    let keys = block.split_off((header.size as usize).min(block.len()));
    let keys = keys.chunks_exact(KEY_BYTES).map(bytemuck::pod_read_unaligned).collect();
    Ok((block, keys))
}
