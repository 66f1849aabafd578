//! What a cell of an input column holds.

use crate::date;
use crate::error::Fault;
use crate::message::quoted;
use crate::number;

/// What stands in a cell for a value that is missing, in any case.
const MISSING: [&str; 6] = ["na", "n/a", "nan", "null", "none", "?"];

/// The content of a cell that may stand in an input column.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Cell {
    Missing,
    Number(f32),
    /// Neither: a category.
    Text,
}

/// True where the value of a cell is missing: it is empty, or says so.
pub(crate) fn is_missing(field: &[u8]) -> bool {
    field.is_empty() || MISSING.iter().any(|text| field.eq_ignore_ascii_case(text.as_bytes()))
}

/// What `field` holds, or what is wrong with it: a date, or a number as no number is written here.
pub(crate) fn parse(field: &[u8]) -> Result<Cell, Fault> {
    if is_missing(field) {
        return Ok(Cell::Missing);
    }
    match number::parse(field) {
        Ok(number) => Ok(Cell::Number(number)),
        Err(_) if date::is_like(field) => {
            let text = quoted(&String::from_utf8_lossy(field));
            Err(Fault::Date { text, ignore: None })
        }
        Err(Fault::NotANumber { .. }) if !number::is_miswritten(field) => Ok(Cell::Text),
        Err(fault) => Err(fault),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn missing_values_numbers_and_text_are_told_apart() {
        for text in ["", "NA", "na", "N/A", "n/a", "NaN", "nan", "NULL", "None", "?"] {
            assert_eq!(parse(text.as_bytes()).unwrap(), Cell::Missing, "{text}");
        }
        for (text, number) in [("0", 0.0), ("-1e3", -1000.0), ("20240131", 20_240_131.0)] {
            assert_eq!(parse(text.as_bytes()).unwrap(), Cell::Number(number));
        }
        for text in ["red", "-", "N.A.", "??", "n a", "1.2.3", "a;b", "1-2", "0x1F", "12:99"] {
            assert_eq!(parse(text.as_bytes()).unwrap(), Cell::Text, "{text}");
        }
    }

    #[test]
    fn what_is_a_number_badly_written_or_a_date_is_no_category() {
        for text in ["1,5", "1_000", "10 000", "inf", "-nan", "1e39"] {
            let fault = parse(text.as_bytes()).unwrap_err();
            assert!(!matches!(fault, Fault::Date { .. }), "{text}");
        }
        let fault = parse(b"2024-01-31").unwrap_err();
        assert!(matches!(fault, Fault::Date { .. }));
    }
}
