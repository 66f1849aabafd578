//! `code` and **strong** within a text.

/// A piece of a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Span<'a> {
    /// As it stands.
    Plain(&'a str),
    /// Between backticks.
    Code(&'a str),
    /// Between double asterisks; may hold code.
    Strong(&'a str),
}

/// The pieces of a text. A mark that nothing closes stands for itself.
pub(super) fn spans(text: &str) -> Vec<Span<'_>> {
    let mut spans = Vec::new();
    let mut plain = 0;
    let mut at = 0;
    while let Some(rest) = text.get(at..).filter(|rest| !rest.is_empty()) {
        let found = between(rest, "`")
            .map(|inner| (Span::Code(inner), inner.len() + 2))
            .or_else(|| between(rest, "**").map(|inner| (Span::Strong(inner), inner.len() + 4)));
        if let Some((span, length)) = found {
            if plain < at {
                spans.push(Span::Plain(&text[plain..at]));
            }
            spans.push(span);
            at += length;
            plain = at;
        } else {
            at += rest.chars().next().map_or(1, char::len_utf8);
        }
    }
    if plain < text.len() {
        spans.push(Span::Plain(&text[plain..]));
    }
    spans
}

/// The whole text, if it is code from end to end: a command.
pub(super) fn command(text: &str) -> Option<&str> {
    match spans(text.trim())[..] {
        [Span::Code(command)] => Some(command),
        _ => None,
    }
}

fn between<'a>(text: &'a str, mark: &str) -> Option<&'a str> {
    let inner = text.strip_prefix(mark)?;
    let inner = &inner[..inner.find(mark)?];
    (!inner.is_empty()).then_some(inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_that_are_closed_are_spans() {
        use Span::{Code, Plain, Strong};
        assert_eq!(spans("a `b` **c**"), [Plain("a "), Code("b"), Plain(" "), Strong("c")]);
        assert_eq!(spans("`a**b` **c `d`**"), [Code("a**b"), Plain(" "), Strong("c `d`")]);
        for open in ["2 ** 3", "`", "``", "****", "é`", ""] {
            let want = if open.is_empty() { vec![] } else { vec![Plain(open)] };
            assert_eq!(spans(open), want);
        }
        assert_eq!(command(" `glam --help` "), Some("glam --help"));
        assert_eq!(command("`a` and `b`"), None);
    }
}
