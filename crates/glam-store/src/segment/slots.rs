//! `weights-<generation>` and `covariances-<generation>`: the header, the checksum of every slot,
//! zeros up to a whole line, the slots' lines.

use std::io::Write;

use glam_core::Line;

use super::header::{BYTES, Header, Kind, Stamp};
use super::opened::Opened;
use crate::bytes::wide;
use crate::check;
use crate::disk::Directory;
use crate::error::Result;
use crate::manifest::Segment;

/// Bytes of a slot's checksum.
pub(crate) const CHECKSUM_BYTES: usize = 4;
/// Bytes of a line; slots start at a multiple of it.
pub(crate) const LINE_BYTES: usize = size_of::<Line>();

/// Where the parts of a segment lie. Every sum was checked to fit the address space.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Layout {
    pub(crate) slots: usize,
    /// Lines of a slot.
    pub(crate) lines: usize,
    /// The byte at which slot 0 starts.
    pub(crate) start: usize,
    /// Bytes of the file.
    pub(crate) end: usize,
}

impl Layout {
    /// The layout by `header`; `None` where no file can be so long.
    pub(crate) fn of(header: &Header) -> Option<Self> {
        let slots = usize::try_from(header.count).ok()?;
        let lines = usize::try_from(header.size).ok()?;
        let table_end = slots.checked_mul(CHECKSUM_BYTES)?.checked_add(BYTES)?;
        let start = table_end.checked_next_multiple_of(LINE_BYTES)?;
        let bytes = slots.checked_mul(lines)?.checked_mul(LINE_BYTES)?;
        Some(Self { slots, lines, start, end: start.checked_add(bytes)? })
    }
}

/// Fails where the bytes of slot `slot` do not match their checksum.
pub(crate) fn check_slot(slot: usize, bytes: &[u8], expected: u32) -> glam_core::Result<()> {
    let got = crc32c::crc32c(bytes);
    if got == expected {
        Ok(())
    } else {
        // There are at most `glam_core::MAX_SLOTS` slots.
        Err(glam_core::Error::DamagedSlot { slot: slot as u32, expected, got })
    }
}

/// Writes a segment of the slots that `slot` gives for the numbers 0 to `count` - 1, each of
/// `lines` lines. Asks for each twice: first for its checksum.
pub(crate) fn write<'a>(
    directory: &Directory,
    stamp: Stamp,
    kind: Kind,
    count: usize,
    lines: usize,
    slot: &dyn Fn(usize) -> Result<&'a [Line]>,
) -> Result<Segment> {
    let mut table = Vec::with_capacity((count * CHECKSUM_BYTES).next_multiple_of(LINE_BYTES));
    for number in 0..count {
        table.extend(crc32c::crc32c(bytemuck::cast_slice(slot(number)?)).to_le_bytes());
    }
    // The header is one line, so lines stay aligned behind it.
    table.resize(table.len().next_multiple_of(LINE_BYTES), 0);
    let (body_checksum, size) = (crc32c::crc32c(&table), wide(lines));
    let header = Header { stamp, count: wide(count), size, body_checksum }.encode(kind);
    let mut refused = None;
    let replaced = directory.replace(kind.name(stamp.generation), |file| {
        file.write_all(&header)?;
        file.write_all(&table)?;
        for number in 0..count {
            match slot(number) {
                Ok(lines) => file.write_all(bytemuck::cast_slice(lines))?,
                Err(error) => {
                    refused = Some(error);
                    return Err(std::io::ErrorKind::InvalidData.into());
                }
            }
        }
        Ok(())
    });
    match refused {
        Some(error) => Err(error),
        None => {
            replaced?;
            let bytes = BYTES + table.len() + count * lines * LINE_BYTES;
            Ok(Segment::of(&header, wide(bytes)))
        }
    }
}

/// Fails where the slots' checksums, with the zeros behind them, do not match their own.
pub(crate) fn check_table(opened: &Opened, table: &[u8]) -> Result<()> {
    let expected = opened.header.body_checksum;
    check::sum(opened.path(), "the slots' checksums", expected, crc32c::crc32c(table))
}
