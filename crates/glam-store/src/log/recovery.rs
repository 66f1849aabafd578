//! Where the log ends after a crash.

use super::entry::Layout;
use super::entry::layout::FIXED;
use crate::bytes::wide;

/// The unit in which a disk writes, or loses what was written: see the assumptions about the
/// medium in `docs/design.md`.
pub(crate) const SECTOR_BYTES: usize = 512;

/// What bytes that are no whole frame mean.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// The crash cut the log here: nothing from here on was ever known to be on the disk.
    Torn,
    /// Damage: the log goes on at byte `next` of the file with observation `next_sequence`.
    Damaged { next: u64, next_sequence: u64 },
}

/// Judges `rest`, the bytes from `offset` to the end of a log file, at whose start there is no
/// whole frame although observation `sequence` must follow.
///
/// Without a whole frame behind it, it is the torn end. With one, it is damage, with one exception:
/// a system that loses power may have written later bytes of a group that was never flushed and
/// lost earlier ones. Then no frame behind says that observation `sequence` was flushed, and what
/// was lost reads as zeros.
pub(crate) fn judge(rest: &[u8], layout: Layout, offset: u64, sequence: u64) -> Verdict {
    let largest = sequence.saturating_add(layout.most_frames(rest.len()));
    let mut first = None;
    let mut flushed = false;
    let mut at = 1;
    while at + FIXED <= rest.len() {
        let found = layout
            .whole(&rest[at..])
            .filter(|fixed| fixed.sequence > sequence && fixed.sequence <= largest);
        match found {
            Some(fixed) => {
                first.get_or_insert((at, fixed.sequence));
                flushed |= fixed.flushed() >= sequence;
                at += fixed.length;
            }
            None => at += 1,
        }
    }
    match first {
        Some((at, next_sequence)) if flushed || !is_lost(&rest[..at], offset) => {
            Verdict::Damaged { next: offset + wide(at), next_sequence }
        }
        _ => Verdict::Torn,
    }
}

/// Whether a part of `gap`, which starts at byte `offset` of the file, was never written: what it has
/// of its first sector is zero, or a whole sector after that, or its first fixed part. The sector in
/// which it ends holds the beginning of a whole frame, so that one was written.
fn is_lost(gap: &[u8], offset: u64) -> bool {
    let zero = |bytes: &[u8]| bytes.iter().all(|&byte| byte == 0);
    let into_sector = (offset % wide(SECTOR_BYTES)) as usize;
    let to_boundary = SECTOR_BYTES - into_sector;
    let begins = |bytes: usize| gap.get(..bytes).is_some_and(zero);
    if begins(FIXED) || begins(to_boundary) {
        return true;
    }
    gap.get(to_boundary..).is_some_and(|sectors| sectors.chunks_exact(SECTOR_BYTES).any(zero))
}

#[cfg(test)]
mod tests {
    use super::*;
    use glam_core::Target;

    const LAYOUT_INPUTS: usize = 200;

    fn layout() -> Layout {
        Layout::new(7, LAYOUT_INPUTS, Some(1))
    }

    /// Frames 1 to `count`, flushed up to `flushed` when the later ones were made.
    fn frames(count: u64, flushed: u64) -> (Vec<u8>, usize) {
        let mut bytes = Vec::new();
        for sequence in 1..=count {
            let unflushed = (sequence - 1 - flushed.min(sequence - 1)) as u32;
            let x = [sequence as f32; LAYOUT_INPUTS];
            layout().encode(sequence, unflushed, &x, Target::Numbers(&[1.0]), 1.0, &mut bytes);
        }
        let length = bytes.len() / count as usize;
        (bytes, length)
    }

    #[test]
    fn a_bad_frame_at_the_end_is_torn() {
        let (mut bytes, length) = frames(3, 0);
        bytes[2 * length + 40] ^= 1;
        assert_eq!(judge(&bytes[2 * length..], layout(), 0, 3), Verdict::Torn);
    }

    #[test]
    fn a_flipped_bit_before_whole_frames_is_damage() {
        let (bytes, length) = frames(3, 0);
        for at in 0..length {
            let mut bytes = bytes.clone();
            bytes[at] ^= 0x10;
            let damaged = Verdict::Damaged { next: 100 + length as u64, next_sequence: 2 };
            assert_eq!(judge(&bytes, layout(), 100, 1), damaged, "{at}");
        }
    }

    #[test]
    fn a_lost_sector_is_torn_where_nothing_behind_it_was_flushed() {
        let (bytes, length) = frames(4, 0);
        // The file's sector 1, when the first of these frames starts at byte 300 of it.
        let mut lost = bytes.clone();
        lost[212..212 + SECTOR_BYTES].fill(0);
        assert_eq!(judge(&lost, layout(), 300, 1), Verdict::Torn);
        // The same bytes are damage where a later frame says that they were on the disk.
        let (bytes, _) = frames(4, 1);
        let mut lost = bytes;
        lost[212..212 + SECTOR_BYTES].fill(0);
        let damaged = Verdict::Damaged { next: 300 + length as u64, next_sequence: 2 };
        assert_eq!(judge(&lost, layout(), 300, 1), damaged);
    }

    #[test]
    fn a_lost_sector_is_told_though_only_the_beginning_of_a_frame_was_in_it() {
        // The sector held the first eight bytes of frame 1; the next, with the rest, was written. As
        // those bytes are no whole fixed part, the log was called damaged.
        let (bytes, _) = frames(3, 0);
        let mut lost = bytes;
        lost[..8].fill(0);
        let offset = wide(2 * SECTOR_BYTES - 8);
        assert_eq!(judge(&lost, layout(), offset, 1), Verdict::Torn);
        // Eight bytes in the middle of a sector are no sector that was lost.
        let (bytes, length) = frames(3, 0);
        let mut damaged = bytes;
        damaged[..8].fill(0);
        let next = wide(2 * SECTOR_BYTES + length);
        let verdict = Verdict::Damaged { next, next_sequence: 2 };
        assert_eq!(judge(&damaged, layout(), wide(2 * SECTOR_BYTES), 1), verdict);
    }

    #[test]
    fn a_frame_with_a_number_that_cannot_follow_is_not_looked_at() {
        let (mut bytes, length) = frames(1, 0);
        let mut far = Vec::new();
        let x = [0.0; LAYOUT_INPUTS];
        layout().encode(1000, 0, &x, Target::Numbers(&[1.0]), 1.0, &mut far);
        bytes.truncate(length - 1);
        bytes.extend(far);
        assert_eq!(judge(&bytes, layout(), 0, 1), Verdict::Torn);
    }
}
