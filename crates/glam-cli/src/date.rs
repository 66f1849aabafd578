//! Dates and times, told from other text so that they are not taken for categories.

/// True where a field reads as a date, a time of day, or both.
pub(crate) fn is_like(field: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(field) else { return false };
    if is_date(text) || is_time(text) {
        return true;
    }
    match text.split_once(['T', 't', ' ']) {
        Some((date, time)) => is_date(date) && is_time(time.trim_start()),
        None => false,
    }
}

/// `2024-01-31`, `31.01.2024`, `31/01/2024`, `1/31/24`.
fn is_date(text: &str) -> bool {
    let by = |separator: char| {
        let parts: Vec<&str> = text.splitn(4, separator).collect();
        let &[first, second, third] = parts.as_slice() else { return false };
        let two = |part: &str| number(part, 2).is_some();
        let four = |part: &str| part.len() == 4 && number(part, 4).is_some();
        // Two-digit years only with slashes: `1.2.3` and `1-2-3` are more often something else.
        let year_last = four(third) || (separator == '/' && two(third));
        (four(first) && day_and_month(second, third)) || (year_last && day_and_month(first, second))
    };
    ['-', '/', '.'].into_iter().any(by)
}

/// True where one of the two can be a month and the other a day of it.
fn day_and_month(a: &str, b: &str) -> bool {
    match (number(a, 2), number(b, 2)) {
        (Some(a), Some(b)) => (1..=31).contains(&a.max(b)) && (1..=12).contains(&a.min(b)),
        _ => false,
    }
}

/// `12:30`, `12:30:15`, `12:30:15.5`, with `Z`, `+01:00`, `-0500`, `AM` or `pm` behind it.
fn is_time(text: &str) -> bool {
    let lower = text.to_ascii_lowercase();
    let end = lower.find(|c: char| !(c.is_ascii_digit() || c == ':' || c == '.'));
    let (time, zone) = lower.split_at(end.unwrap_or(lower.len()));
    let mut parts = time.splitn(3, ':');
    let hour = parts.next().and_then(|hour| number(hour, 2)).is_some_and(|hour| hour <= 24);
    let sixty = |part: &str| part.len() == 2 && number(part, 2).is_some_and(|part| part < 60);
    let minute = parts.next().is_some_and(sixty);
    let second = parts.next().is_none_or(|second| {
        let (whole, fraction) = second.split_once('.').unwrap_or((second, "0"));
        sixty(whole) && fraction.bytes().all(|byte| byte.is_ascii_digit())
    });
    hour && minute && second && is_zone(zone.trim_start())
}

fn is_zone(text: &str) -> bool {
    match text.strip_prefix(['+', '-']) {
        Some(offset) => {
            let offset = offset.replace(':', "");
            matches!(offset.len(), 2 | 4) && number(&offset, 4).is_some()
        }
        None => matches!(text, "" | "z" | "utc" | "am" | "pm" | "a.m." | "p.m."),
    }
}

/// The number of one to `digits` digits and nothing else.
fn number(text: &str, digits: usize) -> Option<u32> {
    let fits = (1..=digits).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit());
    fits.then(|| text.parse().ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_and_times_are_told_from_other_text() {
        for text in [
            "2024-01-31",
            "2024/1/31",
            "31/01/2024",
            "1/31/24",
            "31.01.2024",
            "2024-01-31T12:30:00Z",
            "2024-01-31 12:30:00.123456",
            "2024-01-31T12:30:00+01:00",
            "31/01/2024 9:05 PM",
            "12:30",
            "12:30:15",
            "9:05am",
        ] {
            assert!(is_like(text.as_bytes()), "{text}");
        }
        for text in [
            "",
            "red",
            "1.2.3",
            "10.0.0.1",
            "1-2-3",
            "2024-13-32",
            "2024-01",
            "31/01",
            "12:60",
            "25:00",
            "16:9",
            "1:2",
            "a:b",
            "12:30x",
            "2024-01-31x",
            "T",
            "2024-01-31T",
            "555-01-2024",
            "\u{e9}:30",
            ":",
            "://",
            "+",
        ] {
            assert!(!is_like(text.as_bytes()), "{text}");
        }
        assert!(!is_like(b"\xff"));
    }
}
