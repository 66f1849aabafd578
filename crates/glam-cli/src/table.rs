//! Rows of CSV, each with the line it starts on.

use std::io::Read;

use csv_core::ReadRecordResult;

use crate::error::{Error, Fault, Place, Result};
use crate::lines::{Line, Lines, MAX_ROW_BYTES};

/// The mark that some programs put in front of UTF-8.
const BYTE_ORDER_MARK: &[u8] = b"\xEF\xBB\xBF";

/// The fields of a row, without the spaces around them.
#[derive(Debug, Clone, Default)]
pub(crate) struct Record {
    /// The line it starts on, counted from 1.
    pub(crate) line: u64,
    bytes: Vec<u8>,
    /// Where each field ends in `bytes`.
    ends: Vec<usize>,
}

impl Record {
    pub(crate) fn len(&self) -> usize {
        self.ends.len()
    }

    pub(crate) fn field(&self, column: usize) -> &[u8] {
        let start = column.checked_sub(1).map_or(0, |before| self.ends[before]);
        let field = self.bytes[start..self.ends[column]].trim_ascii();
        // ` "1"`: quotes after a space are part of the field to CSV, and meant as quotes.
        match field {
            [b'"', inner @ .., b'"'] => inner.trim_ascii(),
            _ => field,
        }
    }

    pub(crate) fn fields(&self) -> impl Iterator<Item = &[u8]> {
        (0..self.len()).map(|column| self.field(column))
    }
}

/// A file of rows that all have as many columns as the first.
pub(crate) struct Table<R> {
    file: String,
    lines: Lines<R>,
    parser: csv_core::Reader,
    text: Vec<u8>,
    record: Record,
    /// Line and columns of the first row.
    first: Option<(u64, usize)>,
    /// A blank line after which no row may follow.
    blank: Option<u64>,
}

impl<R: Read> Table<R> {
    /// A table read from `reader`, called `file` in messages.
    pub(crate) fn new(file: &str, reader: R) -> Self {
        Self {
            file: file.to_owned(),
            lines: Lines::new(reader),
            parser: csv_core::Reader::new(),
            text: Vec::new(),
            record: Record::default(),
            first: None,
            blank: None,
        }
    }

    /// Reads the next row; false at the end.
    pub(crate) fn advance(&mut self) -> Result<bool> {
        loop {
            self.text.clear();
            if !self.append_line()? {
                return Ok(false);
            }
            let line = self.lines.number();
            if line == 1 && self.text.starts_with(BYTE_ORDER_MARK) {
                self.text.drain(..BYTE_ORDER_MARK.len());
            }
            if self.text.trim_ascii().is_empty() {
                self.blank.get_or_insert(line);
                continue;
            }
            if let Some(blank) = self.blank {
                return Err(self.fault(Some(blank), None, Fault::BlankLine));
            }
            self.record.line = line;
            if self.first.is_none() && self.text.contains(&0) {
                return Err(self.fault(Some(line), None, Fault::NotText));
            }
            self.parse()?;
            self.check_width()?;
            return Ok(true);
        }
    }

    /// The row that [`Table::advance`] read.
    pub(crate) fn record(&self) -> &Record {
        &self.record
    }

    /// Bytes read so far.
    pub(crate) fn bytes(&self) -> u64 {
        self.lines.bytes()
    }

    /// True where reading on may wait for whoever writes the file.
    pub(crate) fn must_wait(&self) -> bool {
        self.lines.must_wait()
    }

    /// A fault of this file.
    pub(crate) fn fault(&self, line: Option<u64>, column: Option<usize>, fault: Fault) -> Error {
        Error::at(Place { file: self.file.clone(), line, column, name: None }, fault)
    }

    fn append_line(&mut self) -> Result<bool> {
        match self.lines.append_to(&mut self.text) {
            Ok(Line::Read) => Ok(true),
            Ok(Line::End) => Ok(false),
            Ok(Line::TooLong) => {
                let max = MAX_ROW_BYTES as u64;
                Err(self.fault(Some(self.lines.number()), None, Fault::TooLong { max }))
            }
            Err(error) => Err(self.fault(Some(self.lines.number() + 1), None, Fault::Io(error))),
        }
    }

    /// Splits `text`, and the lines after it that belong to a quoted field, into fields.
    fn parse(&mut self) -> Result<()> {
        let line = self.record.line;
        self.parser.reset();
        let (mut parsed, mut bytes, mut fields) = (0, 0, 0);
        let before = self.record.len();
        self.text.push(b'\n');
        loop {
            self.record.bytes.resize(self.text.len(), 0);
            self.record.ends.resize((fields.max(before) + 1).next_power_of_two(), 0);
            let (result, read, wrote, ended) = self.parser.read_record(
                &self.text[parsed..],
                &mut self.record.bytes[bytes..],
                &mut self.record.ends[fields..],
            );
            (parsed, bytes, fields) = (parsed + read, bytes + wrote, fields + ended);
            match result {
                // A field is never longer than its text, so only the ends can be full.
                ReadRecordResult::OutputFull | ReadRecordResult::OutputEndsFull => {}
                ReadRecordResult::InputEmpty => {
                    if !self.append_line()? {
                        return Err(self.fault(Some(line), Some(fields), Fault::OpenQuote));
                    }
                    self.text.push(b'\n');
                }
                ReadRecordResult::Record | ReadRecordResult::End => break,
            }
        }
        self.record.bytes.truncate(bytes);
        self.record.ends.truncate(fields);
        if parsed < self.text.len() {
            return Err(self.fault(Some(line), fields.checked_sub(1), Fault::CarriageReturn));
        }
        Ok(())
    }

    fn check_width(&mut self) -> Result<()> {
        let (line, got) = (self.record.line, self.record.len());
        let (first, expected) = *self.first.get_or_insert((line, got));
        if got == expected {
            return Ok(());
        }
        let (wide_expected, wide_got) = (expected as u64, got as u64);
        let fault = if got < expected {
            Fault::TooFew { expected: wide_expected, got: wide_got, first }
        } else {
            Fault::TooMany { expected: wide_expected, got: wide_got, first }
        };
        Err(self.fault(Some(line), Some(got.min(expected)), fault))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every row as its line and its fields, or the message of the first fault.
    fn rows(text: &str) -> Result<Vec<(u64, Vec<String>)>, String> {
        let mut table = Table::new("t.csv", text.as_bytes());
        let mut rows = Vec::new();
        while table.advance().map_err(|error| error.to_string())? {
            let record = table.record();
            let fields = record.fields().map(|field| String::from_utf8_lossy(field).into_owned());
            rows.push((record.line, fields.collect()));
        }
        Ok(rows)
    }

    fn row(line: u64, fields: &[&str]) -> (u64, Vec<String>) {
        (line, fields.iter().map(|&field| field.to_owned()).collect())
    }

    #[test]
    fn marks_line_ends_quotes_and_spaces_do_not_matter() {
        let expected = [row(1, &["a", "b"]), row(2, &["1", "2"]), row(3, &["3", "4"])];
        for text in [
            "a,b\n1,2\n3,4",
            "a,b\r\n1,2\r\n3,4\r\n",
            "\u{feff}a,b\n1,2\n3,4\n\n \n",
            " a ,b\t\n\"1\", \"2\"\n 3 ,  4 \r\n\r\n",
        ] {
            assert_eq!(rows(text).unwrap(), expected, "{text:?}");
        }
    }

    #[test]
    fn a_row_has_the_line_it_starts_on_also_after_a_quoted_line_end() {
        let text = "a,\"x\r\ny\"\n1,\"2,\"\"5\"\n5\" pipe,3\n";
        let expected =
            [row(1, &["a", "x\ny"]), row(3, &["1", "2,\"5"]), row(4, &["5\" pipe", "3"])];
        assert_eq!(rows(text).unwrap(), expected);
    }

    #[test]
    fn rows_of_any_width_are_split() {
        for columns in [1, 15, 16, 17, 1000] {
            let text = vec!["1"; columns].join(",");
            assert_eq!(rows(&text).unwrap()[0].1.len(), columns);
        }
        assert_eq!(rows(",,\n1,,2").unwrap(), [row(1, &["", "", ""]), row(2, &["1", "", "2"])]);
    }

    #[test]
    fn what_is_no_table_is_refused_with_its_line() {
        for (text, expected) in [
            ("1,2\n3\n", "t.csv, line 2, column 2: the value is missing: this row has 1 column"),
            ("1,2\n3,4,5\n", "t.csv, line 2, column 3: one value too many: this row has 3 columns"),
            ("1\n\n2\n", "t.csv, line 2: a blank line"),
            ("\n1\n", "t.csv, line 1: a blank line"),
            ("1\n\"2\n3\n", "t.csv, line 2, column 1: a quote that opens here is never closed"),
            ("1\0,2\n", "t.csv, line 1: this is no text in UTF-8"),
            ("1,2\r3,4\r", "t.csv, line 1, column 2: a carriage return"),
        ] {
            let message = rows(text).unwrap_err();
            assert!(message.starts_with(expected), "{message}");
        }
    }
}
