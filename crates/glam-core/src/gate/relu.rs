//! The decisions of a trained net's units: gates that are entangled with the net.

use std::ops::Range;

use super::{Draw, Gate, Sample};
use crate::basis::Units;
use crate::config::MAX_DEPTH;
use crate::error::Result;
use crate::rng::Rng;
use crate::wire::{Reader, Writer};

pub(super) const TAG: u8 = 5;

/// `depth` units of a net; the decisions are whether their sums are positive. Units that are
/// on about as often as off, in the rows that it is drawn from, are drawn first.
#[derive(Debug, PartialEq)]
pub(super) struct Relu {
    /// Decisions; those that the net has no unit for are 0.
    depth: u8,
    units: Vec<u32>,
    /// The normalised value of 0 of each.
    zeros: Vec<f32>,
}

/// The units of a layer, counted from 1, or of all where `layer` is 0 or the net has no such layer.
pub(super) fn units_of(units: &Units, layer: u32) -> impl Iterator<Item = u32> + '_ {
    let ranges: &[Range<u32>] = match (layer as usize).checked_sub(1) {
        Some(one) if one < units.layers.len() => &units.layers[one..=one],
        _ => &units.layers,
    };
    ranges.iter().cloned().flatten()
}

impl Draw for Relu {
    fn draw(layer: u32, depth: u8, _: &[u32], sample: Sample<'_>, rng: &mut Rng) -> Self {
        let Some(units) = sample.units else { return Self { depth, units: vec![], zeros: vec![] } };
        let rows = sample.len().max(1) as f32;
        let mut ranked: Vec<(f32, u32)> = units_of(units, layer)
            .map(|unit| {
                let zero = units.zeros[unit as usize];
                let on = (0..sample.len()).filter(|&row| sample.row(row)[unit as usize] > zero);
                let share = on.count() as f32 / rows;
                // The largest of unit^(1/w) as in a weighted reservoir would need a power; a product
                // prefers undecided units as well, and is the same on every machine.
                (rng.unit() * (share * (1.0 - share) + 1e-6), unit)
            })
            .collect();
        ranked.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
        let drawn: Vec<u32> = ranked.iter().take(depth.into()).map(|&(_, unit)| unit).collect();
        let zeros = drawn.iter().map(|&unit| units.zeros[unit as usize]).collect();
        Self { depth, units: drawn, zeros }
    }

    fn decode(reader: &mut Reader<'_>, inputs: usize) -> Result<Self> {
        let depth = reader.u8()?;
        let (units, zeros) = (reader.u32s()?, reader.f32s()?);
        let fits = depth <= MAX_DEPTH && units.len() == zeros.len();
        let fits = fits && units.len() <= depth.into();
        if !fits || units.iter().any(|&unit| unit as usize >= inputs) {
            return Err(reader.damaged("a gate of a net's units has wrong ones"));
        }
        Ok(Self { depth, units, zeros })
    }

    fn numbers(_: u32, depth: u8, _: usize) -> usize {
        2 * usize::from(depth)
    }
}

impl Gate for Relu {
    fn depth(&self) -> u8 {
        self.depth
    }

    #[inline]
    fn path(&self, z: &[f32]) -> u32 {
        let units = self.units.iter().zip(&self.zeros);
        let path =
            units.fold(0, |path, (&unit, &zero)| path << 1 | u32::from(z[unit as usize] > zero));
        path << (usize::from(self.depth) - self.units.len())
    }

    fn tag(&self) -> u8 {
        TAG
    }

    fn encode(&self, writer: &mut Writer) {
        writer.u8(self.depth);
        writer.u32s(&self.units);
        writer.f32s(&self.zeros);
    }
}
