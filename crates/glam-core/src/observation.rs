//! One observation: an input, and what belongs to it.

use std::ops::RangeInclusive;

use crate::config::Targets;
use crate::error::{Error, Result};
use crate::label::{Label, MAX_LABEL_BYTES};

/// What a missing value is kept as: one NaN of all, so that the bits of a memory depend on nothing
/// but what was written. Any NaN may be given.
pub const MISSING: f32 = f32::from_bits(0x7FC0_0000);

/// The weights that an observation can have; the noise and the prior stay comparable in between.
pub const WEIGHTS: RangeInclusive<f32> = 1e-6..=1e6;

/// What belongs to an input: numbers or a class.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub enum Target<'a> {
    /// One number a target; NaN where it is not known.
    Numbers(&'a [f32]),
    /// A class label.
    Label(Label<'a>),
}

impl<'a> From<&'a [f32]> for Target<'a> {
    fn from(numbers: &'a [f32]) -> Self {
        Self::Numbers(numbers)
    }
}

impl<'a, const N: usize> From<&'a [f32; N]> for Target<'a> {
    fn from(numbers: &'a [f32; N]) -> Self {
        Self::Numbers(numbers)
    }
}

impl<'a> From<&'a Vec<f32>> for Target<'a> {
    fn from(numbers: &'a Vec<f32>) -> Self {
        Self::Numbers(numbers)
    }
}

impl<'a> From<Label<'a>> for Target<'a> {
    fn from(label: Label<'a>) -> Self {
        Self::Label(label)
    }
}

impl Target<'_> {
    /// Fails where no memory of these `targets` takes this target, whatever it has learned.
    ///
    /// # Errors
    /// [`Error::TargetKind`], [`Error::Length`], [`Error::NotFinite`], [`Error::NoTarget`],
    /// [`Error::LabelLength`].
    pub fn check(self, targets: Targets) -> Result<()> {
        match (targets, self) {
            (Targets::Numbers(targets), Self::Numbers(y)) => {
                check_row("target", y, targets as usize)?;
                let known = y.iter().any(|y| !y.is_nan());
                known.then_some(()).ok_or(Error::NoTarget)
            }
            (Targets::Labels, Self::Label(Label::Text(text))) => {
                let (got, max) = (text.len(), MAX_LABEL_BYTES);
                let allowed = (1..=max).contains(&got);
                allowed.then_some(()).ok_or(Error::LabelLength { got, max })
            }
            (Targets::Labels, Self::Label(Label::Integer(_))) => Ok(()),
            (Targets::Numbers(_), Self::Label(_)) => {
                Err(Error::TargetKind { expected: "numbers", got: "a label" })
            }
            (Targets::Labels, Self::Numbers(_)) => {
                Err(Error::TargetKind { expected: "labels", got: "numbers" })
            }
        }
    }
}

/// Fails unless `x` is an input of a memory that takes `inputs` numbers: so many values, each
/// finite, or NaN where it is missing.
///
/// # Errors
/// [`Error::Length`], [`Error::NotFinite`].
pub fn check_input(x: &[f32], inputs: usize) -> Result<()> {
    check_row("input", x, inputs)
}

/// Fails unless `weight` is within [`WEIGHTS`].
///
/// # Errors
/// [`Error::Weight`].
pub fn check_weight(weight: f32) -> Result<()> {
    let allowed = WEIGHTS.contains(&weight);
    allowed.then_some(()).ok_or_else(|| Error::Weight { got: weight.to_string() })
}

/// Fails unless `values` has `expected` values, none of them infinite.
fn check_row(what: &'static str, values: &[f32], expected: usize) -> Result<()> {
    if values.len() != expected {
        return Err(Error::Length { what, expected, got: values.len() });
    }
    match values.iter().position(|value| value.is_infinite()) {
        Some(index) => Err(Error::NotFinite { what, index }),
        None => Ok(()),
    }
}

/// The value with any NaN as [`MISSING`].
pub(crate) fn canonical(value: f32) -> f32 {
    if value.is_nan() { MISSING } else { value }
}
