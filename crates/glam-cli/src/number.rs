//! Numbers as text.

use std::fmt;

use crate::error::Fault;
use crate::message::quoted;

/// The number in a field, or what is wrong with it.
pub(crate) fn parse(field: &[u8]) -> Result<f32, Fault> {
    if field.is_empty() {
        return Err(Fault::Missing);
    }
    let text = String::from_utf8_lossy(field);
    match text.parse::<f32>() {
        Ok(number) if number.is_finite() => Ok(number),
        // `inf` and `infinity` hold an i and are no digits.
        Ok(number) if number.is_infinite() && text.contains(|c: char| c.is_ascii_digit()) => {
            Err(Fault::OutOfRange { text: quoted(&text) })
        }
        Ok(_) => Err(Fault::NotFinite { text: quoted(&text) }),
        Err(_) => Err(Fault::NotANumber { text: quoted(&text), hint: hint(&text) }),
    }
}

/// True where a field reads as a number, be it one that is refused.
pub(crate) fn is_like(field: &[u8]) -> bool {
    std::str::from_utf8(field).is_ok_and(|text| text.parse::<f32>().is_ok())
}

/// True where a field would be a number if it were written without separators, or with a decimal
/// point.
pub(crate) fn is_miswritten(field: &[u8]) -> bool {
    std::str::from_utf8(field).is_ok_and(|text| separators(text).is_some())
}

/// What may have gone wrong with `text`.
fn hint(text: &str) -> &'static str {
    if text.contains([';', '\t']) {
        "columns must be separated by commas"
    } else {
        separators(text).unwrap_or("correct it or remove the row")
    }
}

/// What to do about the separators in `text`, where it is a number but for them.
fn separators(text: &str) -> Option<&'static str> {
    let with = |from: char, to: &str| text.replace(from, to).parse::<f32>().is_ok();
    if with(',', ".") {
        Some("write decimals with a point and no separators")
    } else if with(' ', "") || with('_', "") || with(',', "") {
        Some("write numbers without separators")
    } else {
        None
    }
}

/// Writes the fewest digits that give the same `f32` again; very small and very large numbers with
/// an exponent.
pub(crate) struct Shortest(pub(crate) f32);

impl fmt::Display for Shortest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let size = self.0.abs();
        if size == 0.0 || (1e-5..1e16).contains(&size) || !size.is_finite() {
            write!(f, "{}", self.0)
        } else {
            write!(f, "{:e}", self.0)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_finite_f32_is_refused_with_its_reason() {
        for (text, number) in [("1", 1.0), ("-2.5e3", -2500.0), ("+.5", 0.5), ("3.", 3.0)] {
            assert_eq!(parse(text.as_bytes()).unwrap(), number);
        }
        let largest = f32::MAX.to_string();
        assert_eq!(parse(largest.as_bytes()).unwrap(), f32::MAX);
        assert!(matches!(parse(b""), Err(Fault::Missing)));
        for text in ["nan", "NaN", "-nan", "inf", "-Infinity"] {
            assert!(matches!(parse(text.as_bytes()), Err(Fault::NotFinite { .. })), "{text}");
        }
        for text in ["1e39", "-1e39", "3.5e38"] {
            assert!(matches!(parse(text.as_bytes()), Err(Fault::OutOfRange { .. })), "{text}");
        }
        for text in ["abc", "1;2", "0x10", "1,5", "1_000", "--1", "\u{fffd}"] {
            assert!(matches!(parse(text.as_bytes()), Err(Fault::NotANumber { .. })), "{text}");
        }
        assert!(matches!(parse(b"\xff1"), Err(Fault::NotANumber { .. })));
    }

    #[test]
    fn a_number_written_reads_back_the_same() {
        let mut bits = 0x9E37_79B9_u32;
        for _ in 0..10_000 {
            bits = bits.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let number = f32::from_bits(bits);
            if number.is_finite() {
                let text = Shortest(number).to_string();
                assert_eq!(parse(text.as_bytes()).unwrap().to_bits(), bits, "{text}");
                assert!(text.len() <= 20, "{text}");
            }
        }
    }
}
