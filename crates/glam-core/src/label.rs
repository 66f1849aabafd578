//! Class labels: text or integers, kept as text, in order of first appearance.

use std::borrow::Cow;

use hashbrown::HashMap;

use crate::config::{Config, Targets};
use crate::error::{Error, Result};
use crate::observation::Target;
use crate::slots::FixedState;

/// The longest label, in bytes.
pub const MAX_LABEL_BYTES: usize = 256;
/// The most classes one memory can hold.
pub const MAX_LABELS: usize = 16_384;

/// A class label: text, or an integer that stands for its decimal digits (so `7` and `"7"` are the
/// same class).
///
/// ```
/// use glam_core::Label;
/// assert_eq!(Label::from(7).text(), Label::from("7").text());
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Label<'a> {
    /// A label as text, 1 to [`MAX_LABEL_BYTES`] bytes.
    Text(&'a str),
    /// A label as an integer.
    Integer(i64),
}

impl<'a> Label<'a> {
    /// The text that names the class.
    pub fn text(&self) -> Cow<'a, str> {
        match *self {
            Self::Text(text) => Cow::Borrowed(text),
            Self::Integer(number) => Cow::Owned(number.to_string()),
        }
    }
}

impl<'a> From<&'a str> for Label<'a> {
    fn from(text: &'a str) -> Self {
        Self::Text(text)
    }
}

impl<'a> From<&'a String> for Label<'a> {
    fn from(text: &'a String) -> Self {
        Self::Text(text)
    }
}

macro_rules! label_from_integers {
    ($($kind:ty),*) => {$(
        impl From<$kind> for Label<'_> {
            fn from(number: $kind) -> Self {
                Self::Integer(i64::from(number))
            }
        }
    )*};
}
label_from_integers!(i64, i32, i16, i8, u32, u16, u8);

/// The decimal digits of an integer label, written without an allocation.
struct Digits {
    bytes: [u8; 20],
    start: usize,
}

impl Digits {
    fn of(number: i64) -> Self {
        let mut digits = Self { bytes: [0; 20], start: 20 };
        let mut rest = number.unsigned_abs();
        loop {
            digits.start -= 1;
            digits.bytes[digits.start] = b'0' + (rest % 10) as u8;
            rest /= 10;
            if rest == 0 {
                break;
            }
        }
        if number < 0 {
            digits.start -= 1;
            digits.bytes[digits.start] = b'-';
        }
        digits
    }

    fn as_str(&self) -> &str {
        std::str::from_utf8(&self.bytes[self.start..]).unwrap_or_default()
    }
}

/// The set of classes seen so far; the position of a label is the output it is learned on.
#[derive(Debug, Clone, Default)]
pub struct Labels {
    names: Vec<String>,
    index: HashMap<String, u32, FixedState>,
}

impl Labels {
    /// Those of the net that a memory of labels is built on; none where there is no net.
    pub(crate) fn of_basis(config: &Config) -> Self {
        let mut labels = Self::default();
        if let (Targets::Labels, Some(basis)) = (config.targets(), config.basis()) {
            for name in basis.net().labels().iter().filter(|_| basis.starts()) {
                // The net has seen to it that each is a label and stands once.
                let _ = labels.insert(Label::Text(name));
            }
        }
        labels
    }

    /// The labels in order of first appearance.
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// How many classes there are.
    pub fn len(&self) -> usize {
        self.names.len()
    }

    /// True when no label was ever written.
    pub fn is_empty(&self) -> bool {
        self.names.is_empty()
    }

    /// The position of `label`, if it was ever written. No allocation.
    pub fn position(&self, label: Label<'_>) -> Option<usize> {
        let found = match label {
            Label::Text(text) => self.index.get(text),
            Label::Integer(number) => self.index.get(Digits::of(number).as_str()),
        };
        found.map(|&position| position as usize)
    }

    /// Refuses a label that [`Labels::insert`] would refuse.
    pub(crate) fn check(&self, label: Label<'_>) -> Result<()> {
        Target::Label(label).check(Targets::Labels)?;
        if self.names.len() >= MAX_LABELS && self.position(label).is_none() {
            return Err(Error::TooManyLabels { max: MAX_LABELS });
        }
        Ok(())
    }

    /// The position of `label`, added at the end where it is new.
    pub(crate) fn insert(&mut self, label: Label<'_>) -> Result<usize> {
        if let Some(position) = self.position(label) {
            return Ok(position);
        }
        self.check(label)?;
        let name = label.text().into_owned();
        let position = self.names.len();
        self.index.insert(name.clone(), position as u32);
        self.names.push(name);
        Ok(position)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn integers_and_their_digits_are_one_class() {
        let mut labels = Labels::default();
        for number in [0, 7, -7, i64::MAX, i64::MIN] {
            let position = labels.insert(Label::Integer(number)).unwrap();
            let text = number.to_string();
            assert_eq!(labels.position(Label::Text(&text)), Some(position));
            assert_eq!(Digits::of(number).as_str(), text);
        }
        assert_eq!(labels.len(), 5);
    }

    #[test]
    fn label_length_is_refused_at_its_limits_and_changes_nothing() {
        let mut labels = Labels::default();
        let long = "x".repeat(MAX_LABEL_BYTES + 1);
        assert!(labels.insert(Label::Text(&long[1..])).is_ok());
        for bad in ["", long.as_str()] {
            assert_eq!(
                labels.insert(Label::Text(bad)),
                Err(Error::LabelLength { got: bad.len(), max: MAX_LABEL_BYTES })
            );
        }
        assert_eq!(labels.len(), 1);
    }
}
