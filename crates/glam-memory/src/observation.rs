//! What a write takes as its target.

use glam_core::{Label, Target};

/// The target of a write: numbers or a label, from whatever Rust value holds them.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Observed<'a>(Kind<'a>);

#[derive(Debug, Clone, Copy, PartialEq)]
enum Kind<'a> {
    /// A single number, kept here so that it can be lent as a slice.
    One([f32; 1]),
    Whole(Target<'a>),
}

impl Observed<'_> {
    /// The target to hand to the learner.
    pub(crate) fn target(&self) -> Target<'_> {
        match &self.0 {
            Kind::One(number) => Target::Numbers(number),
            Kind::Whole(target) => *target,
        }
    }
}

impl From<f32> for Observed<'_> {
    fn from(number: f32) -> Self {
        Self(Kind::One([number]))
    }
}

impl<'a, const N: usize> From<&'a [f32; N]> for Observed<'a> {
    fn from(numbers: &'a [f32; N]) -> Self {
        Self(Kind::Whole(Target::Numbers(numbers)))
    }
}

/// A label in a batch: text or an integer, behind a reference.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Labelled<'a>(Label<'a>);

impl<'a> Labelled<'a> {
    pub(crate) fn label(self) -> Label<'a> {
        self.0
    }
}

impl<'a> From<&'a &str> for Labelled<'a> {
    fn from(label: &'a &str) -> Self {
        Self(Label::from(*label))
    }
}

macro_rules! observed {
    ($($kind:ty => $target:expr),* $(,)?) => {$(
        impl<'a> From<$kind> for Observed<'a> {
            fn from(value: $kind) -> Self {
                let target: fn($kind) -> Target<'a> = $target;
                Self(Kind::Whole(target(value)))
            }
        }
    )*};
}
observed! {
    &'a [f32] => |numbers| Target::Numbers(numbers),
    &'a Vec<f32> => |numbers| Target::Numbers(numbers),
    Target<'a> => |target| target,
    Label<'a> => Target::Label,
    &'a str => |label| Target::Label(label.into()),
    &'a String => |label| Target::Label(label.into()),
}

macro_rules! labels {
    ($($kind:ty),*) => {$(
        impl From<$kind> for Observed<'_> {
            fn from(label: $kind) -> Self {
                Self(Kind::Whole(Target::Label(label.into())))
            }
        }

        impl<'a> From<&'a $kind> for Labelled<'a> {
            fn from(label: &'a $kind) -> Self {
                Self((*label).into())
            }
        }
    )*};
}
labels!(i64, i32, i16, i8, u32, u16, u8);

impl<'a> From<&'a String> for Labelled<'a> {
    fn from(label: &'a String) -> Self {
        Self(label.into())
    }
}
