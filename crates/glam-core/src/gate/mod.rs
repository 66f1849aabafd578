//! Gates: an input goes in, a string of decisions comes out.
//!
//! To add a family: one file beside this one, with a type that implements [`Gate`] and [`Draw`] and
//! with a `TAG` that no other file has, its `mod`, and its line in `families!` below. The enum
//! [`Family`], drawing, saving and counting all come from that line.

mod abreast;
mod hadamard;
mod halfspace;
mod hyperplane;
mod relu;
mod relu_hash;
mod root;
mod tree;
mod winner_take_all;

use std::ops::Range;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::basis::Units;
use crate::error::Result;
use crate::rng::Rng;
use crate::slopes::Slopes;
use crate::wire::{Reader, Writer};

pub(crate) use abreast::{Abreast, Walk};
pub(crate) use root::Root;

/// A function from a normalised input to `depth` decisions.
pub(crate) trait Gate: Send + Sync + std::fmt::Debug {
    /// How many decisions.
    fn depth(&self) -> u8;

    /// The decisions, the first in the highest of `depth` bits: a key of level l is the number
    /// shifted right by `depth` - l.
    fn path(&self, z: &[f32]) -> u32;

    /// The gate that would have been drawn from other rows, by the same slopes and with the same random
    /// numbers, where only its thresholds would be others and it knows how to find them.
    fn placed_again(&self, sample: Sample<'_>, rng: &mut Rng) -> Option<Arc<dyn Gate>> {
        let _ = (sample, rng);
        None
    }

    /// The gate whose every decision parts the rows that reach it in halves, as nearly as they can be, where
    /// only its thresholds would be others; none where it has none to move.
    fn evened(&self, sample: Sample<'_>) -> Option<Arc<dyn Gate>> {
        let _ = sample;
        None
    }

    /// How it goes through half-spaces, so that several gates can be walked at once; `None` where
    /// it does not, or knows no such way.
    fn walk(&self) -> Option<Walk<'_>> {
        None
    }

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
    /// The units of the net that the memory is built on, where there is one.
    pub(crate) units: Option<&'a Units>,
}

impl<'a> Sample<'a> {
    pub(crate) fn len(&self) -> usize {
        self.rows.len() / self.inputs
    }

    /// Which inputs views may see.
    pub(crate) fn seen(&self) -> Range<usize> {
        self.units.map_or(0..self.inputs, |units| units.basis.seen())
    }

    pub(crate) fn row(&self, index: usize) -> &'a [f32] {
        &self.rows[index * self.inputs..][..self.inputs]
    }
}

/// How a family's gates are made, counted and read back. `inputs` in [`Draw::draw`] and
/// [`Draw::numbers`] is the number in the family's variant, 0 where it has none.
trait Draw: Gate + Sized + 'static {
    /// Draws a gate with `depth` decisions on the inputs `view`.
    fn draw(inputs: u32, depth: u8, view: &[u32], sample: Sample<'_>, rng: &mut Rng) -> Self;

    /// Reads the parameters back, of a memory of `inputs` inputs; refuses what could make
    /// [`Gate::path`] fail.
    fn decode(reader: &mut Reader<'_>, inputs: usize) -> Result<Self>;

    /// Numbers that a gate on a view of `view` inputs is made of, at most.
    fn numbers(inputs: u32, depth: u8, view: usize) -> usize;
}

/// Makes the enum of all families and what must know each of them. A line is the variant's
/// documentation, its name, its number of inputs if it has one, its name in text and its file.
macro_rules! families {
    ($($(#[$doc:meta])* $name:ident $({ $setting:ident })? = $text:literal in $file:ident;)*) => {
        /// How a table's gate decides.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
        #[non_exhaustive]
        pub enum Family {
            $(
                $(#[$doc])*
                $name $({
                    /// `inputs`: inputs of the view that one comparison looks at; 0 stands for all of
                    /// them. `layer`: the deciding layer of the net, counted from 1; 0 stands for all.
                    $setting: u32,
                })?,
            )*
        }

        impl Family {
            /// The family's name.
            pub fn name(self) -> &'static str {
                match self {
                    $(Self::$name $({ $setting: _ })? => $text,)*
                }
            }

            /// The number in the variant.
            fn setting(self) -> Option<u32> {
                match self {
                    $(Self::$name $({ $setting })? => [$(Some($setting),)? None][0],)*
                }
            }

            fn tag(self) -> u8 {
                match self {
                    $(Self::$name $({ $setting: _ })? => $file::TAG,)*
                }
            }

            /// The family with this tag and this number of inputs.
            fn of(tag: u8, setting: u32) -> Option<Self> {
                match tag {
                    $($file::TAG => Some(Self::$name $({ $setting: setting })?),)*
                    _ => None,
                }
            }

            /// Numbers that a gate of `depth` decisions on `view` inputs is made of, at most.
            pub(crate) fn numbers(self, depth: u8, view: usize) -> usize {
                let inputs = self.setting().unwrap_or(0);
                match self {
                    $(Self::$name { .. } => <$file::$name as Draw>::numbers(inputs, depth, view),)*
                }
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
            let inputs = family.setting().unwrap_or(0);
            match family {
                $(Family::$name { .. } => {
                    Box::new(<$file::$name as Draw>::draw(inputs, depth, view, sample, rng))
                })*
            }
        }

        /// Reads a gate back, tag first.
        pub(crate) fn decode(reader: &mut Reader<'_>, inputs: usize) -> Result<Box<dyn Gate>> {
            match reader.u8()? {
                root::TAG => Ok(Box::new(Root)),
                $($file::TAG => Ok(Box::new(<$file::$name as Draw>::decode(reader, inputs)?)),)*
                _ => Err(reader.damaged("a gate is of an unknown family")),
            }
        }
    };
}

// Saved configurations count the variants: a new one goes last, and none ever leaves.
families! {
    /// One half-space a level for the whole table: the cheapest.
    Hyperplane { inputs } = "hyperplane" in hyperplane;
    /// One half-space a node of a binary tree: follows the data closest.
    Tree { inputs } = "tree" in tree;
    /// Sign flips and a fast Walsh-Hadamard transform of the view, one coordinate a level for the
    /// whole table: every decision looks at the whole view, at O(v log v) for all together.
    Hadamard = "Hadamard" in hadamard;
    /// The winner of four sparse projections for every two decisions: sparse activation as the
    /// key. An odd depth takes from the last group only in which half of it the winner is.
    WinnerTakeAll { inputs } = "winner-take-all" in winner_take_all;
    /// Units of the net that the memory is built on ([`Basis`](crate::Basis)), one a level for the whole
    /// table: entangled with the net.
    Relu { layer } = "ReLU" in relu;
    /// A hash of all decisions of the net that the memory is built on: a slot for each of its linear
    /// regions, but for chance. At one level; the bits of a hash have no order of importance.
    ReluHash { layer } = "ReLU pattern" in relu_hash;
}

impl Family {
    /// Inputs that one comparison looks at, 0 for the whole view; `None` where a family has no such
    /// setting.
    pub fn inputs(self) -> Option<u32> {
        self.setting().filter(|_| !self.needs_basis())
    }

    /// The layer of the net whose decisions it is, counted from 1, 0 for all; `None` where a family is
    /// not a net's.
    pub fn layer(self) -> Option<u32> {
        self.setting().filter(|_| self.needs_basis())
    }

    /// Whether it decides as the net does that the memory is built on.
    pub(crate) fn needs_basis(self) -> bool {
        matches!(self, Self::Relu { .. } | Self::ReluHash { .. })
    }
}

/// Appends what a family is: its gates' tag and its number of inputs, 0 where it has none.
pub(crate) fn encode_family(family: Family, writer: &mut Writer) {
    writer.u8(family.tag());
    writer.u32(family.setting().unwrap_or(0));
}

/// Reads a family back.
pub(crate) fn decode_family(reader: &mut Reader<'_>) -> Result<Family> {
    let (tag, setting) = (reader.u8()?, reader.u32()?);
    let known = Family::of(tag, setting);
    // A family without the setting is saved with a 0 there.
    let known = known.filter(|family| family.setting().unwrap_or(0) == setting);
    known.ok_or(reader.damaged("a gate family is unknown"))
}

/// Appends a gate, tag first.
pub(crate) fn encode(gate: &dyn Gate, writer: &mut Writer) {
    writer.u8(gate.tag());
    gate.encode(writer);
}

#[cfg(test)]
mod tests;
