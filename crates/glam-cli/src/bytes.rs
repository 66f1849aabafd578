//! Bytes on the command line: `65536`, `64K`, `16M`, `2G`.

use glam_memory::core::MIN_MAX_BYTES;

/// The number of bytes that `text` stands for.
pub(crate) fn parse(text: &str) -> Result<u64, String> {
    let (digits, unit) = match text.as_bytes().last().map(u8::to_ascii_uppercase) {
        Some(b'K') => (&text[..text.len() - 1], 1 << 10),
        Some(b'M') => (&text[..text.len() - 1], 1 << 20),
        Some(b'G') => (&text[..text.len() - 1], 1 << 30),
        _ => (text, 1),
    };
    let number = digits.parse::<u64>().ok().and_then(|number| number.checked_mul(unit));
    number.ok_or_else(|| "give a number of bytes, or one with K, M or G, such as 64M".to_owned())
}

/// [`parse`], for what a memory may take.
pub(crate) fn limit(text: &str) -> Result<u64, String> {
    match parse(text)? {
        bytes if bytes < MIN_MAX_BYTES => Err(format!("at least {MIN_MAX_BYTES} bytes, 64K")),
        bytes => Ok(bytes),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_are_powers_of_1024() {
        for (text, bytes) in [
            ("0", 0),
            ("65536", 65_536),
            ("64K", 65_536),
            ("64k", 65_536),
            ("3M", 3 << 20),
            ("2G", 2 << 30),
        ] {
            assert_eq!(parse(text), Ok(bytes));
        }
        for text in ["", "K", "-1", "1.5M", "64 M", "64MB", "18446744073709551615K", "\u{130}"] {
            assert!(parse(text).is_err(), "{text}");
            assert!(limit(text).is_err(), "{text}");
        }
        assert_eq!((limit("64K"), limit("1G")), (Ok(65_536), Ok(1 << 30)));
        assert!(limit("63K").is_err() && limit("0").is_err());
    }
}
