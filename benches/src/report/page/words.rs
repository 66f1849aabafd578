//! Words in a drawing, where nothing breaks lines by itself.

/// The width of a letter beside the size of its font, of the fonts that browsers take; a little more
/// than the mean of a text.
pub(super) const LETTER: f64 = 0.56;

/// What a drawing or a table row can hold: characters that are no letters, line ends among them,
/// become spaces.
pub(super) fn clean(text: &str) -> String {
    text.chars().map(|c| if is_text(c) { c } else { ' ' }).collect()
}

/// XML has no other characters.
fn is_text(c: char) -> bool {
    !c.is_control() && !matches!(c, '\u{fffe}' | '\u{ffff}')
}

/// The text, cut where it is longer than so many letters.
pub(super) fn cut(text: &str, letters: usize) -> String {
    if text.chars().count() <= letters {
        return text.to_owned();
    }
    let kept: String = text.chars().take(letters.saturating_sub(1)).collect();
    format!("{}…", kept.trim_end())
}

/// Breaks a text into lines of so many letters, within a word where it is longer; the last line is cut
/// where they would be too many.
pub(super) fn wrap(text: &str, letters: usize, lines_max: usize) -> Vec<String> {
    let letters = letters.max(1);
    let mut lines = vec![String::new()];
    for word in text.split_whitespace() {
        let mut word: Vec<char> = word.chars().collect();
        while let Some(line) = lines.last_mut() {
            let used = line.chars().count();
            let gap = usize::from(used > 0);
            if used + gap + word.len() <= letters {
                line.extend(std::iter::repeat_n(' ', gap));
                line.extend(word);
                break;
            }
            if used == 0 {
                line.extend(word.drain(..letters));
            }
            lines.push(String::new());
        }
    }
    if lines.len() > lines_max {
        let rest = lines.split_off(lines_max.saturating_sub(1)).join(" ");
        lines.push(cut(&rest, letters));
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_no_longer_than_asked_for() {
        assert_eq!(wrap("robot arm, streamed", 10, 4), ["robot arm,", "streamed"]);
        assert_eq!(wrap("abcdefghijkl m", 5, 4), ["abcde", "fghij", "kl m"]);
        assert_eq!(wrap("a b c d e f", 1, 2), ["a", "…"]);
        assert_eq!(wrap("", 5, 2), [""]);
        let long = "x".repeat(10_000);
        assert!(wrap(&long, 15, 4).iter().all(|line| line.chars().count() <= 15));
        assert_eq!(wrap(&long, 15, 4).len(), 4);
    }

    #[test]
    fn what_xml_does_not_have_is_a_space() {
        assert_eq!(clean("a\u{0}b\nc\u{ffff}é"), "a b c é");
    }
}
