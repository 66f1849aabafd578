//! Little-endian bytes of saved state: a writer, and a reader that checks every length first.

use crate::error::{Error, Result};
use crate::observation::MISSING;

/// Appends values to a buffer.
#[derive(Debug, Default)]
pub(crate) struct Writer {
    bytes: Vec<u8>,
}

impl Writer {
    pub(crate) fn finish(self) -> Vec<u8> {
        self.bytes
    }

    pub(crate) fn u8(&mut self, value: u8) {
        self.bytes.push(value);
    }

    pub(crate) fn u32(&mut self, value: u32) {
        self.bytes.extend_from_slice(&value.to_le_bytes());
    }

    pub(crate) fn u64(&mut self, value: u64) {
        self.bytes.extend_from_slice(&value.to_le_bytes());
    }

    pub(crate) fn u128(&mut self, value: u128) {
        self.bytes.extend_from_slice(&value.to_le_bytes());
    }

    pub(crate) fn f64(&mut self, value: f64) {
        self.u64(value.to_bits());
    }

    pub(crate) fn f32s(&mut self, values: &[f32]) {
        self.u32(values.len() as u32);
        for value in values {
            self.u32(value.to_bits());
        }
    }

    pub(crate) fn f64s(&mut self, values: &[f64]) {
        self.u32(values.len() as u32);
        for &value in values {
            self.f64(value);
        }
    }

    pub(crate) fn u32s(&mut self, values: &[u32]) {
        self.u32(values.len() as u32);
        for &value in values {
            self.u32(value);
        }
    }

    pub(crate) fn text(&mut self, text: &str) {
        self.u32(text.len() as u32);
        self.bytes.extend_from_slice(text.as_bytes());
    }
}

/// Takes values from bytes that may be hostile: nothing is allocated beyond what the bytes hold.
#[derive(Debug, Clone)]
pub(crate) struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Reader<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, at: 0 }
    }

    pub(crate) fn damaged(&self, what: &'static str) -> Error {
        Error::Damaged { what, at: self.at }
    }

    fn take(&mut self, count: usize) -> Result<&'a [u8]> {
        let end = self.at.checked_add(count).ok_or(self.damaged("a length overflows"))?;
        let taken = self.bytes.get(self.at..end).ok_or(self.damaged("the bytes end early"))?;
        self.at = end;
        Ok(taken)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N]> {
        let taken = self.take(N)?;
        taken.try_into().map_err(|_| self.damaged("the bytes end early"))
    }

    pub(crate) fn u8(&mut self) -> Result<u8> {
        Ok(self.array::<1>()?[0])
    }

    pub(crate) fn u32(&mut self) -> Result<u32> {
        Ok(u32::from_le_bytes(self.array()?))
    }

    pub(crate) fn u64(&mut self) -> Result<u64> {
        Ok(u64::from_le_bytes(self.array()?))
    }

    pub(crate) fn u128(&mut self) -> Result<u128> {
        Ok(u128::from_le_bytes(self.array()?))
    }

    pub(crate) fn f64(&mut self) -> Result<f64> {
        let value = f64::from_bits(self.u64()?);
        if value.is_finite() { Ok(value) } else { Err(self.damaged("a number is not finite")) }
    }

    /// `count` values of `size` bytes each, as the raw bytes.
    fn list(&mut self, size: usize) -> Result<&'a [u8]> {
        let count = self.u32()? as usize;
        let bytes = count.checked_mul(size).ok_or(self.damaged("a length overflows"))?;
        self.take(bytes)
    }

    pub(crate) fn f32s(&mut self) -> Result<Vec<f32>> {
        self.floats(|value| value.is_finite())
    }

    /// Numbers of which some may be missing.
    pub(crate) fn values(&mut self) -> Result<Vec<f32>> {
        self.floats(|value| value.is_finite() || value.to_bits() == MISSING.to_bits())
    }

    fn floats(&mut self, allowed: impl Fn(f32) -> bool) -> Result<Vec<f32>> {
        let values: Vec<f32> = self
            .list(4)?
            .chunks_exact(4)
            .map(|b| f32::from_le_bytes([b[0], b[1], b[2], b[3]]))
            .collect();
        if values.iter().all(|&value| allowed(value)) {
            Ok(values)
        } else {
            Err(self.damaged("a number is not finite"))
        }
    }

    pub(crate) fn f64s(&mut self) -> Result<Vec<f64>> {
        let count = self.list(8)?.len() / 8;
        self.at -= count * 8;
        (0..count).map(|_| self.f64()).collect()
    }

    pub(crate) fn u32s(&mut self) -> Result<Vec<u32>> {
        let bytes = self.list(4)?;
        Ok(bytes.chunks_exact(4).map(|b| u32::from_le_bytes([b[0], b[1], b[2], b[3]])).collect())
    }

    pub(crate) fn text(&mut self) -> Result<&'a str> {
        let bytes = self.list(1)?;
        std::str::from_utf8(bytes).map_err(|_| self.damaged("a text is not UTF-8"))
    }

    /// Every byte must have been used.
    pub(crate) fn end(self) -> Result<()> {
        if self.at == self.bytes.len() { Ok(()) } else { Err(self.damaged("bytes are left over")) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_and_every_truncation_is_an_error() {
        let mut writer = Writer::default();
        writer.u8(3);
        writer.u64(1 << 40);
        writer.u128(1 << 100);
        writer.f32s(&[1.5, -2.0]);
        writer.f64s(&[0.25]);
        writer.u32s(&[7, 8, 9]);
        writer.text("née");
        let bytes = writer.finish();
        let read = |bytes: &[u8]| -> Result<()> {
            let mut reader = Reader::new(bytes);
            assert_eq!(reader.u8()?, 3);
            assert_eq!(reader.u64()?, 1 << 40);
            assert_eq!(reader.u128()?, 1 << 100);
            assert_eq!(reader.f32s()?, [1.5, -2.0]);
            assert_eq!(reader.f64s()?, [0.25]);
            assert_eq!(reader.u32s()?, [7, 8, 9]);
            assert_eq!(reader.text()?, "née");
            reader.end()
        };
        assert_eq!(read(&bytes), Ok(()));
        for end in 0..bytes.len() {
            assert!(read(&bytes[..end]).is_err(), "{end}");
        }
        let mut long = bytes.clone();
        long.push(0);
        assert!(read(&long).is_err());
    }

    #[test]
    fn a_length_of_four_billion_allocates_nothing() {
        let bytes = [0xFF; 8];
        assert!(Reader::new(&bytes).f32s().is_err());
        assert!(Reader::new(&bytes).text().is_err());
    }
}
