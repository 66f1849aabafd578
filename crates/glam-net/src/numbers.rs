//! Floating-point numbers in the formats that weights are stored in, read as f64.

use half::{bf16, f16};

/// How a number is stored; little-endian.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Format {
    F16,
    Bf16,
    F32,
    F64,
}

impl Format {
    fn bytes(self) -> usize {
        match self {
            Self::F16 | Self::Bf16 => 2,
            Self::F32 => 4,
            Self::F64 => 8,
        }
    }
}

/// Numbers as they are in a file, which need not be aligned.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Numbers<'a> {
    format: Format,
    bytes: &'a [u8],
}

impl<'a> Numbers<'a> {
    /// Nothing where `bytes` are not a whole number of numbers.
    pub(crate) fn new(format: Format, bytes: &'a [u8]) -> Option<Self> {
        bytes.len().is_multiple_of(format.bytes()).then_some(Self { format, bytes })
    }

    pub(crate) fn len(&self) -> usize {
        self.bytes.len() / self.format.bytes()
    }

    /// The number at `index`; NaN, which no net takes, behind the last.
    pub(crate) fn at(&self, index: usize) -> f64 {
        match self.format {
            Format::F16 => self.word(index).map(|word| f16::from_le_bytes(word).to_f64()),
            Format::Bf16 => self.word(index).map(|word| bf16::from_le_bytes(word).to_f64()),
            Format::F32 => self.word(index).map(|word| f64::from(f32::from_le_bytes(word))),
            Format::F64 => self.word(index).map(f64::from_le_bytes),
        }
        .unwrap_or(f64::NAN)
    }

    fn word<const N: usize>(&self, index: usize) -> Option<[u8; N]> {
        let start = index.checked_mul(N)?;
        self.bytes.get(start..start.checked_add(N)?)?.try_into().ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_format_is_read_wherever_it_lies() {
        let values = [1.5, -0.25, 1024.0];
        let stored: [(Format, Vec<u8>); 4] = [
            (Format::F16, values.iter().flat_map(|&v| f16::from_f64(v).to_le_bytes()).collect()),
            (Format::Bf16, values.iter().flat_map(|&v| bf16::from_f64(v).to_le_bytes()).collect()),
            (Format::F32, values.iter().flat_map(|&v| (v as f32).to_le_bytes()).collect()),
            (Format::F64, values.iter().flat_map(|&v: &f64| v.to_le_bytes()).collect()),
        ];
        for (format, bytes) in stored {
            let shifted: Vec<u8> = std::iter::once(0).chain(bytes).collect();
            let numbers = Numbers::new(format, &shifted[1..]).unwrap();
            assert_eq!(numbers.len(), 3);
            assert_eq!(values, std::array::from_fn(|index| numbers.at(index)));
            assert!(numbers.at(3).is_nan() && numbers.at(usize::MAX).is_nan());
            assert!(Numbers::new(format, &shifted).is_none());
        }
    }
}
