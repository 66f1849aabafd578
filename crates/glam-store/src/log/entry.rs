//! One frame of the log: one observation.
//!
//! A log file is a header and then frames, one after the other, each with the sequence number
//! after that of the frame before. A frame is a fixed part, the weight where it is not 1, the
//! input's floats, and the target: floats, or a label's bytes up to the end of the frame.

use std::io::Write;

use glam_core::{Label, MAX_LABEL_BYTES, MISSING, Target, Targets};

use crate::bytes::{of_floats, put, u32_at, u64_at, wide};

/// Where the fields of a frame lie.
pub(crate) mod layout {
    /// Bytes of the whole frame.
    pub(crate) const LENGTH: usize = 0;
    pub(crate) const CHECKSUM: usize = LENGTH + 4;
    pub(crate) const SEQUENCE: usize = CHECKSUM + 4;
    pub(crate) const UNFLUSHED: usize = SEQUENCE + 8;
    pub(crate) const KIND: usize = UNFLUSHED + 4;
    /// Bytes of the fixed part.
    pub(crate) const FIXED: usize = KIND + 4;
}
use layout::{CHECKSUM, FIXED, KIND, LENGTH, SEQUENCE, UNFLUSHED};

/// The target is numbers.
pub(crate) const KIND_NUMBERS: u32 = 1;
/// The target is a label.
pub(crate) const KIND_LABEL: u32 = 2;
/// The target is numbers, and a weight comes first.
pub(crate) const KIND_WEIGHTED_NUMBERS: u32 = 3;
/// The target is a label, and a weight comes first.
pub(crate) const KIND_WEIGHTED_LABEL: u32 = 4;
/// The observation was erased; zeros stand where it was.
pub(crate) const KIND_ERASED: u32 = 5;

/// Bytes of a weight.
const WEIGHT_BYTES: usize = size_of::<f32>();

/// What the frames of one memory look like.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Layout {
    /// The checksum of the memory's number, from which every frame's goes on: a frame of another
    /// memory never passes for one of this.
    seed: u32,
    pub(crate) inputs: usize,
    /// Numbers in a target; `None` for labels.
    pub(crate) targets: Option<usize>,
}

/// The fixed part of a frame.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Fixed {
    pub(crate) length: usize,
    pub(crate) checksum: u32,
    pub(crate) sequence: u64,
    /// How many frames directly before this one were not known to be on the disk when it was
    /// made. All frames before those were.
    pub(crate) unflushed: u32,
    pub(crate) kind: u32,
}

impl Fixed {
    /// Reads the fixed part from `bytes`, which must hold [`FIXED`] bytes.
    pub(crate) fn read(bytes: &[u8]) -> Self {
        Self {
            length: u32_at(bytes, LENGTH) as usize,
            checksum: u32_at(bytes, CHECKSUM),
            sequence: u64_at(bytes, SEQUENCE),
            unflushed: u32_at(bytes, UNFLUSHED),
            kind: u32_at(bytes, KIND),
        }
    }

    /// Whether a weight stands before the input.
    fn is_weighted(&self) -> bool {
        matches!(self.kind, KIND_WEIGHTED_NUMBERS | KIND_WEIGHTED_LABEL)
    }

    /// The last sequence number that was known to be on the disk when the frame was made.
    pub(crate) fn flushed(&self) -> u64 {
        self.sequence.saturating_sub(1).saturating_sub(self.unflushed.into())
    }
}

impl Layout {
    pub(crate) fn new(memory: u64, inputs: usize, targets: Option<usize>) -> Self {
        Self { seed: crc32c::crc32c(&memory.to_le_bytes()), inputs, targets }
    }

    /// The targets as a configuration names them.
    pub(crate) fn kind_of_targets(&self) -> Targets {
        // At most `glam_core::MAX_TARGETS`.
        self.targets.map_or(Targets::Labels, |targets| Targets::Numbers(targets as u32))
    }

    fn input_bytes(&self) -> usize {
        self.inputs * size_of::<f32>()
    }

    /// Bytes of the shortest frame.
    pub(crate) fn shortest(&self) -> usize {
        FIXED + self.input_bytes() + self.targets.map_or(1, |targets| targets * size_of::<f32>())
    }

    /// Bytes of the longest frame without a weight.
    fn longest_plain(&self) -> usize {
        self.shortest() + self.targets.map_or(MAX_LABEL_BYTES - 1, |_| 0)
    }

    /// Bytes of the longest frame: a few megabytes at the limits of a configuration.
    pub(crate) fn longest(&self) -> usize {
        self.longest_plain() + WEIGHT_BYTES
    }

    /// Whether a frame of this memory can have this fixed part.
    pub(crate) fn admits(&self, fixed: &Fixed) -> bool {
        let lengths = match (fixed.kind, self.targets) {
            (KIND_NUMBERS, Some(_)) | (KIND_LABEL, None) => self.shortest()..=self.longest_plain(),
            (KIND_WEIGHTED_NUMBERS, Some(_)) | (KIND_WEIGHTED_LABEL, None) => {
                self.shortest() + WEIGHT_BYTES..=self.longest()
            }
            (KIND_ERASED, _) => self.shortest()..=self.longest(),
            _ => return false,
        };
        // The numbers before and after an observation's must be numbers too.
        (1..u64::MAX).contains(&fixed.sequence) && lengths.contains(&fixed.length)
    }

    /// The checksum of a frame: everything in it but the checksum itself.
    pub(crate) fn checksum(&self, frame: &[u8]) -> u32 {
        let begun = crc32c::crc32c_append(self.seed, &frame[..CHECKSUM]);
        crc32c::crc32c_append(begun, &frame[SEQUENCE..])
    }

    /// The whole frame at the start of `bytes`, if there is one.
    pub(crate) fn whole(&self, bytes: &[u8]) -> Option<Fixed> {
        let fixed = Fixed::read(bytes.get(..FIXED)?);
        let frame = self.admits(&fixed).then(|| bytes.get(..fixed.length))??;
        (self.checksum(frame) == fixed.checksum).then_some(fixed)
    }

    /// Appends a frame to `buffer`, without an allocation where the buffer has room. The caller
    /// has checked the observation.
    pub(crate) fn encode(
        &self,
        sequence: u64,
        unflushed: u32,
        x: &[f32],
        target: Target<'_>,
        weight: f32,
        buffer: &mut Vec<u8>,
    ) {
        let start = buffer.len();
        buffer.resize(start + FIXED, 0);
        // A plain observation's frame is what it was before there were weights.
        let weighted = weight != 1.0;
        if weighted {
            buffer.extend_from_slice(&weight.to_le_bytes());
        }
        put_values(x, buffer);
        let kind = match target {
            Target::Numbers(y) => {
                put_values(y, buffer);
                KIND_NUMBERS
            }
            Target::Label(Label::Integer(number)) => {
                // Writing to a vector cannot fail.
                let _ = write!(buffer, "{number}");
                KIND_LABEL
            }
            Target::Label(label) => {
                buffer.extend_from_slice(label.text().as_bytes());
                KIND_LABEL
            }
            _ => KIND_LABEL,
        };
        let kind = match kind {
            KIND_NUMBERS if weighted => KIND_WEIGHTED_NUMBERS,
            KIND_LABEL if weighted => KIND_WEIGHTED_LABEL,
            kind => kind,
        };
        let frame = &mut buffer[start..];
        // At most `longest`, which fits.
        let length = frame.len() as u32;
        put(frame, LENGTH, &length.to_le_bytes());
        put(frame, SEQUENCE, &sequence.to_le_bytes());
        put(frame, UNFLUSHED, &unflushed.to_le_bytes());
        put(frame, KIND, &kind.to_le_bytes());
        let checksum = self.checksum(frame);
        put(frame, CHECKSUM, &checksum.to_le_bytes());
    }

    /// The frame that stands in the place of frame `fixed` once its observation is erased: as long,
    /// with the same sequence number, and zeros for the rest.
    pub(crate) fn encode_erased(&self, fixed: &Fixed) -> Vec<u8> {
        let mut frame = vec![0; fixed.length.max(FIXED)];
        // At most `longest`, which fits.
        let length = frame.len() as u32;
        put(&mut frame, LENGTH, &length.to_le_bytes());
        put(&mut frame, SEQUENCE, &fixed.sequence.to_le_bytes());
        put(&mut frame, UNFLUSHED, &fixed.unflushed.to_le_bytes());
        put(&mut frame, KIND, &KIND_ERASED.to_le_bytes());
        let checksum = self.checksum(&frame);
        put(&mut frame, CHECKSUM, &checksum.to_le_bytes());
        frame
    }

    /// The most frames that fit in `bytes` bytes.
    pub(crate) fn most_frames(&self, bytes: usize) -> u64 {
        wide(bytes / self.shortest())
    }

    /// The weight, and the bytes of the input and of the target, in a whole frame.
    pub(crate) fn split<'a>(&self, frame: &'a [u8]) -> (f32, &'a [u8], &'a [u8]) {
        let (weight, start) = match Fixed::read(frame).is_weighted() {
            true => (f32::from_bits(u32_at(frame, FIXED)), FIXED + WEIGHT_BYTES),
            false => (1.0, FIXED),
        };
        let rest = &frame[start.min(frame.len())..];
        let (x, y) = rest.split_at(self.input_bytes().min(rest.len()));
        (weight, x, y)
    }
}

/// Appends values, any NaN as the one that stands for a missing value.
fn put_values(values: &[f32], buffer: &mut Vec<u8>) {
    let start = buffer.len();
    buffer.extend_from_slice(of_floats(values));
    for (place, _) in values.iter().enumerate().filter(|(_, value)| value.is_nan()) {
        put(buffer, start + place * size_of::<f32>(), &MISSING.to_le_bytes());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bytes_of_a_frame_are_frozen() {
        let layout = Layout::new(0x0102_0304_0506_0708, 1, Some(2));
        let mut buffer = Vec::new();
        layout.encode(5, 3, &[1.0], Target::Numbers(&[-2.0, 0.5]), 1.0, &mut buffer);
        let frozen = [
            36, 0, 0, 0, // length
            0, 0, 0, 0, // checksum, held below
            5, 0, 0, 0, 0, 0, 0, 0, // sequence number
            3, 0, 0, 0, // frames before it that were not flushed
            1, 0, 0, 0, // kind: numbers
            0, 0, 0x80, 0x3F, // x
            0, 0, 0, 0xC0, 0, 0, 0, 0x3F, // y
        ];
        assert_eq!(buffer[..CHECKSUM], frozen[..CHECKSUM]);
        assert_eq!(buffer[SEQUENCE..], frozen[SEQUENCE..]);
        let mut covered = vec![8, 7, 6, 5, 4, 3, 2, 1];
        covered.extend_from_slice(&frozen[..CHECKSUM]);
        covered.extend_from_slice(&frozen[SEQUENCE..]);
        assert_eq!(u32_at(&buffer, CHECKSUM), crc32c::crc32c(&covered));
        assert_eq!(layout.whole(&buffer).map(|fixed| fixed.flushed()), Some(1));
        assert_eq!((layout.shortest(), layout.longest()), (36, 40));

        let mut weighted = Vec::new();
        layout.encode(5, 3, &[1.0], Target::Numbers(&[-2.0, 0.5]), 0.5, &mut weighted);
        let mut expected = frozen[..CHECKSUM].to_vec();
        expected[LENGTH] = 40;
        assert_eq!(weighted[..CHECKSUM], expected);
        expected = frozen[SEQUENCE..].to_vec();
        expected[KIND - SEQUENCE] = 3;
        expected.splice(FIXED - SEQUENCE..FIXED - SEQUENCE, [0, 0, 0, 0x3F]);
        assert_eq!(weighted[SEQUENCE..], expected);
        assert!(layout.whole(&weighted).is_some());
        let (weight, x, y) = layout.split(&weighted);
        assert_eq!((weight, x, y), (0.5, &frozen[24..28], &frozen[28..]));
    }

    #[test]
    fn the_bytes_of_an_erased_frame_are_frozen() {
        let layout = Layout::new(1, 1, Some(2));
        let mut buffer = Vec::new();
        layout.encode(5, 3, &[1.0], Target::Numbers(&[-2.0, 0.5]), 0.5, &mut buffer);
        let erased = layout.encode_erased(&Fixed::read(&buffer));
        assert_eq!(erased[..CHECKSUM], buffer[..CHECKSUM]);
        assert_eq!(erased[SEQUENCE..KIND], buffer[SEQUENCE..KIND]);
        assert_eq!(erased[KIND..FIXED], [5, 0, 0, 0]);
        assert_eq!(erased[FIXED..], [0; 16]);
        assert_eq!(u32_at(&erased, CHECKSUM), layout.checksum(&erased));
        assert_eq!(layout.whole(&erased).map(|fixed| fixed.flushed()), Some(1));
    }

    #[test]
    fn a_label_frame_holds_the_digits_of_an_integer() {
        let layout = Layout::new(1, 2, None);
        let (mut text, mut number) = (Vec::new(), Vec::new());
        for (weight, more) in [(1.0, 0), (2.0, 4)] {
            text.clear();
            number.clear();
            layout.encode(1, 0, &[1.0, 2.0], Label::Text("-70").into(), weight, &mut text);
            layout.encode(1, 0, &[1.0, 2.0], Label::Integer(-70).into(), weight, &mut number);
            assert_eq!(text, number);
            assert_eq!(text.len(), layout.shortest() + 2 + more);
            let (found, _, label) = layout.split(&text);
            assert_eq!((found, label), (weight, &b"-70"[..]));
            assert!(layout.whole(&text).is_some());
        }
    }

    #[test]
    fn every_nan_is_logged_as_the_same_bits() {
        let layout = Layout::new(1, 2, Some(1));
        let [mut one, mut other] = [const { Vec::new() }; 2];
        let odd = f32::from_bits(0xFFC0_1234);
        layout.encode(1, 0, &[f32::NAN, 1.0], Target::Numbers(&[odd]), 1.0, &mut one);
        layout.encode(1, 0, &[odd, 1.0], Target::Numbers(&[f32::NAN]), 1.0, &mut other);
        assert_eq!(one, other);
        assert_eq!(one[FIXED..], [0, 0, 0xC0, 0x7F, 0, 0, 0x80, 0x3F, 0, 0, 0xC0, 0x7F]);
    }

    #[test]
    fn a_frame_of_another_memory_is_none() {
        let (ours, theirs) = (Layout::new(1, 1, Some(1)), Layout::new(2, 1, Some(1)));
        let mut buffer = Vec::new();
        ours.encode(1, 0, &[1.0], Target::Numbers(&[2.0]), 1.0, &mut buffer);
        assert!(ours.whole(&buffer).is_some());
        assert!(theirs.whole(&buffer).is_none());
    }
}
