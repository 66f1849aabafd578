//! How the command speaks: lines on standard error, and numbers for people.

use std::fmt::Display;
use std::io::Write;

use crate::error::{Error, Result};

/// Characters of a text from a file that a message shows.
const SHOWN_CHARS: usize = 40;

/// Prints one line on standard error. Where nobody can read it, nobody is told.
pub(crate) fn say(text: &str) {
    let line: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    let _ = writeln!(std::io::stderr(), "glam: {line}");
}

/// Prints on standard output.
pub(crate) fn print(text: &str) -> Result<()> {
    let mut output = std::io::stdout().lock();
    output.write_all(text.as_bytes()).and_then(|()| output.flush()).map_err(Error::Output)
}

/// A text from a file, in quotes, on one line and shortened.
pub(crate) fn quoted(text: &str) -> String {
    let mut chars = text.chars();
    let shown: String = chars.by_ref().take(SHOWN_CHARS).collect();
    let rest = if chars.next().is_some() { "..." } else { "" };
    format!("\"{}{rest}\"", shown.escape_debug())
}

/// Names, quoted where they could be misread, and no more than `most` of them.
pub(crate) fn list(names: &[String], most: usize) -> String {
    let mut shown: Vec<String> = names.iter().take(most).map(|name| plain(name)).collect();
    if names.len() > most {
        shown.push(format!("and {} more", grouped(names.len() as u64 - most as u64)));
    }
    shown.join(", ")
}

/// A name as it is, or quoted where it has anything but visible characters and spaces inside.
fn plain(name: &str) -> String {
    let fits = name.chars().count() <= SHOWN_CHARS;
    if fits && !name.is_empty() && !name.contains([',', '"']) && !name.contains(char::is_control) {
        name.to_owned()
    } else {
        quoted(name)
    }
}

/// A count with thousands separators.
pub(crate) fn grouped(count: u64) -> String {
    let digits = count.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A count and its noun: `1 row`, `1,234 rows`.
pub(crate) fn counted(count: u64, noun: &str) -> String {
    format!("{} {noun}{}", grouped(count), if count == 1 { "" } else { "s" })
}

/// Rows a second.
pub(crate) fn speed(rows: u64, seconds: f64) -> String {
    let speed = rows as f64 / seconds.max(1e-9);
    let number = if speed < 10.0 { short(speed) } else { grouped(speed as u64) };
    format!("{number} rows/s")
}

/// Four significant digits.
pub(crate) fn short(value: f64) -> String {
    let size = value.abs();
    if size == 0.0 {
        "0".to_owned()
    } else if (1e-4..1e6).contains(&size) {
        let decimals = (3 - size.log10().floor() as i32).max(0) as usize;
        format!("{value:.decimals$}")
    } else {
        format!("{value:.3e}")
    }
}

/// [`short`], or a dash where there is no number.
pub(crate) fn short_or_dash(value: Option<f64>) -> String {
    value.map_or_else(|| "-".to_owned(), short)
}

/// A share of one in per cent.
pub(crate) fn percent(share: f64) -> String {
    format!("{:.2} %", 100.0 * share)
}

/// Lines of `name  value`, the values aligned.
pub(crate) fn aligned<V: Display>(pairs: &[(&str, V)]) -> String {
    let width = pairs.iter().map(|(name, _)| name.len()).max().unwrap_or(0);
    pairs.iter().map(|(name, value)| format!("  {name:width$}  {value}\n")).collect()
}

/// A table with right-aligned columns, the first one left-aligned.
pub(crate) fn table(rows: &[Vec<String>]) -> String {
    let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
    let widths: Vec<usize> = (0..columns)
        .map(|column| {
            let cells = rows.iter().filter_map(|row| row.get(column));
            cells.map(|cell| cell.chars().count()).max().unwrap_or(0)
        })
        .collect();
    let mut text = String::new();
    for row in rows {
        for (column, cell) in row.iter().enumerate() {
            let width = widths[column];
            let cell = match column {
                0 => format!("  {cell:width$}"),
                _ => format!("  {cell:>width$}"),
            };
            text.push_str(&cell);
        }
        text.truncate(text.trim_end_matches(' ').len());
        text.push('\n');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_are_grouped_by_thousands() {
        let texts = [0, 7, 999, 1_000, 12_345, 1_234_567].map(grouped);
        assert_eq!(texts, ["0", "7", "999", "1,000", "12,345", "1,234,567"]);
        assert_eq!((counted(1, "row"), counted(2, "row")), ("1 row".into(), "2 rows".into()));
    }

    #[test]
    fn a_low_speed_is_not_none() {
        assert_eq!([speed(3, 6.0), speed(30_000, 2.0)], ["0.5000 rows/s", "15,000 rows/s"]);
        assert!(speed(1, 0.0).ends_with(" rows/s"));
    }

    #[test]
    fn numbers_keep_four_digits() {
        let texts = [0.0, 0.012_345_6, 1.0, 123.456, 99_999.6, 1e-7, 1.5e9].map(short);
        assert_eq!(texts, ["0", "0.01235", "1.000", "123.5", "100000", "1.000e-7", "1.500e9"]);
    }

    #[test]
    fn a_text_from_a_file_stays_on_one_line() {
        assert_eq!(quoted("a\nb\"c"), r#""a\nb\"c""#);
        assert_eq!(quoted(&"x".repeat(41)).len(), SHOWN_CHARS + 5);
    }
}
