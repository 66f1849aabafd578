//! Correcting checksums, so that what lies behind them is reached. The offsets are those of
//! `docs/design.md`.

use super::disk::Files;

const MANIFEST_GENERATION: usize = 24;
const MANIFEST_STRUCTURE: (usize, usize) = (64, 80);
const MANIFEST_HISTORY: (usize, usize) = (72, 84);
const MANIFEST_COUNT: usize = 92;
const MANIFEST_SEGMENTS: usize = 96;
const ENTRY_BYTES: usize = 32;
const ENTRY_WEIGHTS: (usize, usize) = (8, 24);
const ENTRY_COVARIANCES: (usize, usize) = (16, 28);
const MOST_SEGMENTS: usize = 32;

const SEGMENT_COUNT: usize = 40;
const SEGMENT_SIZE: usize = 48;
const SEGMENT_BODY: usize = 56;
const SEGMENT_CHECKSUM: usize = 60;
const SEGMENT_HEADER: usize = 64;
const LINE: usize = 64;

const LOG_CHECKSUM: usize = 44;
/// Bytes of a log header.
pub(super) const LOG_HEADER: usize = 48;
/// Bytes of a frame before its input.
pub(super) const FRAME_HEADER: usize = 24;
const FRAME_CHECKSUM: usize = 4;
const FRAME_SEQUENCE: usize = 8;

const ERASE_CHECKSUM: usize = 52;
/// Where every file but the lock has the number of its memory.
const MEMORY: usize = 16;
/// The number that all memories here get, so that the same bytes always make the same files.
const NUMBER: u64 = 0x474C_414D_4655_5A5A;

/// The number in the four bytes at `at`; 0 where `bytes` end before.
pub(super) fn u32_at(bytes: &[u8], at: usize) -> u32 {
    let found = bytes.get(at..at.saturating_add(4)).and_then(|found| found.try_into().ok());
    found.map_or(0, u32::from_le_bytes)
}

/// The number in the eight bytes at `at`; 0 where `bytes` end before.
pub(super) fn u64_at(bytes: &[u8], at: usize) -> u64 {
    u64::from(u32_at(bytes, at)) | u64::from(u32_at(bytes, at + 4)) << 32
}

/// Writes `field` at `at`, where there is room for it.
pub(super) fn put(bytes: &mut [u8], at: usize, field: &[u8]) {
    if let Some(place) = bytes.get_mut(at..at.saturating_add(field.len())) {
        place.copy_from_slice(field);
    }
}

/// Writes the checksum of the `at` bytes before `at` there.
fn sum(bytes: &mut [u8], at: usize) {
    if let Some(before) = bytes.get(..at) {
        let checksum = crc32c::crc32c(before);
        put(bytes, at, &checksum.to_le_bytes());
    }
}

/// Corrects every checksum of the files, those of single slots where `slots` says so.
pub(super) fn forge(files: &mut Files, slots: bool) {
    for (name, bytes) in files.iter_mut() {
        match name.split_once('-').map_or(name.as_str(), |(kind, _)| kind) {
            "structure" | "history" => segment(bytes, None),
            "weights" | "covariances" => segment(bytes, Some(slots)),
            "log" => log(bytes, false),
            "ERASE" => sum(bytes, ERASE_CHECKSUM),
            _ => {}
        }
    }
    let Some(mut manifest) = files.remove("MANIFEST") else { return };
    let generation = u64_at(&manifest, MANIFEST_GENERATION);
    let mut name = |file: String, (bytes_at, checksum_at): (usize, usize)| {
        if let Some(bytes) = files.get(&file) {
            put(&mut manifest, bytes_at, &(bytes.len() as u64).to_le_bytes());
            let checksum = u32_at(bytes, SEGMENT_CHECKSUM);
            put(&mut manifest, checksum_at, &checksum.to_le_bytes());
        }
    };
    name(format!("structure-{generation}"), MANIFEST_STRUCTURE);
    name(format!("history-{generation}"), MANIFEST_HISTORY);
    for entry in 0..(u32_at(&manifest, MANIFEST_COUNT) as usize).min(MOST_SEGMENTS) {
        let at = MANIFEST_SEGMENTS + entry * ENTRY_BYTES;
        let number = u64_at(&manifest, at);
        let mut name = |kind: &str, (bytes_at, checksum_at): (usize, usize)| {
            if let Some(bytes) = files.get(&format!("{kind}-{number}")) {
                put(&mut manifest, at + bytes_at, &(bytes.len() as u64).to_le_bytes());
                let checksum = u32_at(bytes, SEGMENT_CHECKSUM);
                put(&mut manifest, at + checksum_at, &checksum.to_le_bytes());
            }
        };
        name("weights", ENTRY_WEIGHTS);
        name("covariances", ENTRY_COVARIANCES);
    }
    seal(&mut manifest);
    files.insert("MANIFEST".to_owned(), manifest);
}

/// Corrects the checksum at the end of a manifest.
pub(super) fn seal(manifest: &mut [u8]) {
    sum(manifest, manifest.len().saturating_sub(4));
}

/// Corrects the checksums of a segment; `slots` says whether those of its slots too, where it has any.
fn segment(bytes: &mut [u8], slots: Option<bool>) {
    let mut end = bytes.len();
    if let Some(each) = slots {
        let count = u64_at(bytes, SEGMENT_COUNT) as usize;
        let size = (u64_at(bytes, SEGMENT_SIZE) as usize).saturating_mul(LINE);
        let sums = count.saturating_mul(4).saturating_add(SEGMENT_HEADER);
        end = sums.checked_next_multiple_of(LINE).unwrap_or(usize::MAX);
        if each && size > 0 {
            for slot in 0..count.min(bytes.len() / 4) {
                let start = slot.saturating_mul(size).saturating_add(end);
                let Some(lines) = bytes.get(start..start.saturating_add(size)) else { break };
                let checksum = crc32c::crc32c(lines);
                put(bytes, SEGMENT_HEADER + 4 * slot, &checksum.to_le_bytes());
            }
        }
    }
    if let Some(body) = bytes.get(SEGMENT_HEADER..end) {
        let checksum = crc32c::crc32c(body);
        put(bytes, SEGMENT_BODY, &checksum.to_le_bytes());
    }
    sum(bytes, SEGMENT_CHECKSUM);
}

/// Corrects the checksums of a log file as far as lengths lead from frame to frame; where `count` says
/// so, the sequence numbers too.
pub(super) fn log(bytes: &mut [u8], count: bool) {
    sum(bytes, LOG_CHECKSUM);
    let Some(memory) = bytes.get(MEMORY..MEMORY + 8) else { return };
    let seed = crc32c::crc32c(memory);
    let mut sequence = u64_at(bytes, 32);
    let mut at = LOG_HEADER;
    while at + FRAME_HEADER <= bytes.len() {
        let length = u32_at(bytes, at) as usize;
        if !(FRAME_HEADER..=bytes.len() - at).contains(&length) {
            break;
        }
        let frame = &mut bytes[at..at + length];
        if count {
            put(frame, FRAME_SEQUENCE, &sequence.to_le_bytes());
        }
        let begun = crc32c::crc32c_append(seed, &frame[..FRAME_CHECKSUM]);
        let checksum = crc32c::crc32c_append(begun, &frame[FRAME_SEQUENCE..]);
        put(frame, FRAME_CHECKSUM, &checksum.to_le_bytes());
        sequence = sequence.wrapping_add(1);
        at += length;
    }
}

/// Gives all files the same memory's number.
pub(super) fn name_memory(files: &mut Files) {
    for (name, bytes) in files.iter_mut() {
        if name != "LOCK" {
            put(bytes, MEMORY, &NUMBER.to_le_bytes());
        }
    }
    forge(files, false);
}
