//! `weights-<generation>` and `covariances-<generation>`: the header, the checksum of every slot,
//! zeros up to a whole line, the slots' lines.

use std::io::Write;

use glam_core::Line;

use super::header::{BYTES, Header, Kind, Stamp};
use super::opened::Opened;
use crate::bytes::{u32_at, wide};
use crate::check;
use crate::disk::Directory;
use crate::error::{Error, Result};
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

    /// Bytes of all slots.
    pub(crate) fn bytes(&self) -> usize {
        self.end - self.start
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

/// Writes a segment of `count` slots of `lines_per_slot` lines.
pub(crate) fn write(
    directory: &Directory,
    stamp: Stamp,
    kind: Kind,
    count: usize,
    lines_per_slot: usize,
    lines: &[Line],
) -> Result<Segment> {
    let mut table = Vec::with_capacity((count * CHECKSUM_BYTES).next_multiple_of(LINE_BYTES));
    for slot in lines.chunks_exact(lines_per_slot.max(1)).take(count) {
        table.extend(crc32c::crc32c(bytemuck::cast_slice(slot)).to_le_bytes());
    }
    // The header is one line, so lines stay aligned behind it.
    table.resize(table.len().next_multiple_of(LINE_BYTES), 0);
    let (body_checksum, size) = (crc32c::crc32c(&table), wide(lines_per_slot));
    let header = Header { stamp, count: wide(count), size, body_checksum }.encode(kind);
    let lines: &[u8] = bytemuck::cast_slice(lines);
    directory.replace(kind.name(stamp.generation), |file| {
        file.write_all(&header)?;
        file.write_all(&table)?;
        file.write_all(lines)
    })?;
    Ok(Segment::of(&header, wide(BYTES + table.len() + lines.len())))
}

/// Reads every slot into memory, each checked against its checksum.
pub(crate) fn read(opened: &Opened) -> Result<Vec<Line>> {
    let layout = opened.slots()?;
    let table = read_table(opened, layout)?;
    let mut lines = vec![Line::default(); layout.slots * layout.lines];
    let bytes = bytemuck::cast_slice_mut(&mut lines);
    opened.file.read_exact(bytes, wide(layout.start), "read the slots")?;
    for (slot, lines) in lines.chunks_exact(layout.lines.max(1)).enumerate() {
        let expected = u32_at(&table, slot * CHECKSUM_BYTES);
        check_slot(slot, bytemuck::cast_slice(lines), expected)
            .map_err(|source| Error::Damaged { path: opened.path().to_owned(), source })?;
    }
    Ok(lines)
}

/// Reads the slots' checksums, checked against their own.
fn read_table(opened: &Opened, layout: Layout) -> Result<Vec<u8>> {
    let mut table = vec![0; layout.start - BYTES];
    opened.file.read_exact(&mut table, wide(BYTES), "read the slots' checksums")?;
    check_table(opened, &table)?;
    Ok(table)
}

/// Fails where the slots' checksums, with the zeros behind them, do not match their own.
pub(crate) fn check_table(opened: &Opened, table: &[u8]) -> Result<()> {
    let expected = opened.header.body_checksum;
    check::sum(opened.path(), "the slots' checksums", expected, crc32c::crc32c(table))
}
