//! Gates: an input goes in, a string of decisions comes out.
//!
//! To add a family: one file beside this one with a type that implements [`Gate`], a variant of
//! [`Family`], and an arm for it in each of the four functions below.

mod halfspace;
mod hyperplane;
mod root;
mod tree;

use crate::config::Family;
use crate::error::Result;
use crate::rng::Rng;
use crate::slopes::Slopes;
use crate::wire::{Reader, Writer};

pub(crate) use root::Root;

/// A function from a normalised input to `depth` decisions.
pub(crate) trait Gate: Send + Sync + std::fmt::Debug {
    /// How many decisions.
    fn depth(&self) -> u8;

    /// The decisions, the first in the highest of `depth` bits: a key of level l is the number
    /// shifted right by `depth` - l.
    fn path(&self, z: &[f32]) -> u32;

    /// The family's tag in saved bytes.
    fn tag(&self) -> u8;

    /// Appends the parameters, without the tag.
    fn encode(&self, writer: &mut Writer);
}

/// What a gate is drawn from: rows of normalised inputs, and what is known of the function.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Sample<'a> {
    /// The rows one after another, `inputs` floats each.
    pub(crate) rows: &'a [f32],
    /// Floats in a row; at least 1.
    pub(crate) inputs: usize,
    /// Where the function is steep; `None` while nothing is known of it.
    pub(crate) slopes: Option<&'a Slopes>,
}

impl<'a> Sample<'a> {
    pub(crate) fn len(&self) -> usize {
        self.rows.len() / self.inputs
    }

    pub(crate) fn row(&self, index: usize) -> &'a [f32] {
        &self.rows[index * self.inputs..][..self.inputs]
    }
}

/// Draws a gate of `family` with `depth` decisions on the inputs `view`.
pub(crate) fn draw(
    family: Family,
    depth: u8,
    view: &[u32],
    sample: Sample<'_>,
    rng: &mut Rng,
) -> Box<dyn Gate> {
    match family {
        Family::Hyperplane { inputs } => {
            Box::new(hyperplane::Hyperplane::draw(inputs, depth, view, sample, rng))
        }
        Family::Tree { inputs } => Box::new(tree::Tree::draw(inputs, depth, view, sample, rng)),
    }
}

/// Appends what a family is: its gates' tag and its setting.
pub(crate) fn encode_family(family: Family, writer: &mut Writer) {
    let (tag, inputs) = match family {
        Family::Hyperplane { inputs } => (hyperplane::TAG, inputs),
        Family::Tree { inputs } => (tree::TAG, inputs),
    };
    writer.u8(tag);
    writer.u32(inputs);
}

/// Reads a family back.
pub(crate) fn decode_family(reader: &mut Reader<'_>) -> Result<Family> {
    let (tag, inputs) = (reader.u8()?, reader.u32()?);
    match tag {
        hyperplane::TAG => Ok(Family::Hyperplane { inputs }),
        tree::TAG => Ok(Family::Tree { inputs }),
        _ => Err(reader.damaged("a gate family is unknown")),
    }
}

/// Reads a gate back, tag first.
pub(crate) fn decode(reader: &mut Reader<'_>, inputs: usize) -> Result<Box<dyn Gate>> {
    match reader.u8()? {
        root::TAG => Ok(Box::new(Root)),
        hyperplane::TAG => Ok(Box::new(hyperplane::Hyperplane::decode(reader, inputs)?)),
        tree::TAG => Ok(Box::new(tree::Tree::decode(reader, inputs)?)),
        _ => Err(reader.damaged("a gate is of an unknown family")),
    }
}

/// Appends a gate, tag first.
pub(crate) fn encode(gate: &dyn Gate, writer: &mut Writer) {
    writer.u8(gate.tag());
    gate.encode(writer);
}

#[cfg(test)]
mod tests;
