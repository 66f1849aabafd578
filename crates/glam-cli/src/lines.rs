//! A file, line by line, in bounded space.

use std::io::{self, BufRead, BufReader, Read};

/// The longest row, in bytes: the widest memory's inputs at full length fit.
pub(crate) const MAX_ROW_BYTES: usize = 64 << 20;
const BUFFER_BYTES: usize = 1 << 17;

/// Reads lines and counts them.
#[derive(Debug)]
pub(crate) struct Lines<R> {
    reader: BufReader<R>,
    number: u64,
    bytes: u64,
}

/// How a line ended.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Line {
    /// It was appended, without its line end.
    Read,
    /// There is no line any more.
    End,
    /// It would not fit.
    TooLong,
}

impl<R: Read> Lines<R> {
    pub(crate) fn new(reader: R) -> Self {
        Self { reader: BufReader::with_capacity(BUFFER_BYTES, reader), number: 0, bytes: 0 }
    }

    /// Appends the next line to `row`, which may grow to [`MAX_ROW_BYTES`].
    pub(crate) fn append_to(&mut self, row: &mut Vec<u8>) -> io::Result<Line> {
        let room = (MAX_ROW_BYTES + 2).saturating_sub(row.len());
        let read = self.reader.by_ref().take(room as u64).read_until(b'\n', row)?;
        self.bytes += read as u64;
        if read == 0 && room > 0 {
            return Ok(Line::End);
        }
        self.number += 1;
        if row.last() == Some(&b'\n') {
            row.pop();
            if row.last() == Some(&b'\r') {
                row.pop();
            }
        }
        Ok(if row.len() > MAX_ROW_BYTES { Line::TooLong } else { Line::Read })
    }

    /// The number of the last line read, counted from 1.
    pub(crate) fn number(&self) -> u64 {
        self.number
    }

    /// Bytes read so far.
    pub(crate) fn bytes(&self) -> u64 {
        self.bytes
    }

    /// True where the next line is not here yet: reading it may wait for whoever writes it.
    pub(crate) fn must_wait(&self) -> bool {
        self.reader.buffer().is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(text: &[u8]) -> Vec<Vec<u8>> {
        let mut lines = Lines::new(text);
        let mut all = Vec::new();
        loop {
            let mut line = Vec::new();
            match lines.append_to(&mut line).unwrap() {
                Line::Read => all.push(line),
                Line::End => break,
                Line::TooLong => panic!("too long"),
            }
        }
        assert_eq!(lines.bytes(), text.len() as u64);
        assert_eq!(lines.number(), all.len() as u64);
        all
    }

    #[test]
    fn unix_and_windows_line_ends_are_equal() {
        assert_eq!(lines(b"a\r\n\r\nb\nc"), [&b"a"[..], b"", b"b", b"c"]);
        assert!(lines(b"").is_empty());
    }

    #[test]
    fn a_line_may_have_the_largest_length_and_no_byte_more() {
        for (length, expected) in [(MAX_ROW_BYTES, Line::Read), (MAX_ROW_BYTES + 1, Line::TooLong)]
        {
            for end in [&b""[..], b"\n", b"\r\n"] {
                let text = io::repeat(b'1').take(length as u64).chain(end);
                let mut row = Vec::new();
                assert_eq!(Lines::new(text).append_to(&mut row).unwrap(), expected, "{length}");
            }
        }
    }
}
