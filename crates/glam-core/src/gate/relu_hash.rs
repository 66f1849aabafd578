//! A hash of a trained net's whole pattern: slots by the net's own linear regions.

use super::relu::units_of;
use super::{Draw, Gate, Sample};
use crate::config::MAX_DEPTH;
use crate::error::Result;
use crate::rng::Rng;
use crate::wire::{Reader, Writer};

pub(super) const TAG: u8 = 6;

/// `depth` bits of a hash of the decisions of all units of a layer, or of the net. Two inputs share a
/// slot where the net maps them by one linear map, and otherwise by chance only.
#[derive(Debug, PartialEq)]
pub(super) struct ReluHash {
    depth: u8,
    seed: u64,
    units: Vec<u32>,
    zeros: Vec<f32>,
}

/// The finaliser of splitmix64 (Steele, Lea and Flood 2014): every bit of the input moves every bit.
fn mix(mut word: u64) -> u64 {
    word = (word ^ word >> 30).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    word = (word ^ word >> 27).wrapping_mul(0x94D0_49BB_1331_11EB);
    word ^ word >> 31
}

impl Draw for ReluHash {
    fn draw(layer: u32, depth: u8, _: &[u32], sample: Sample<'_>, rng: &mut Rng) -> Self {
        let units: Vec<u32> =
            sample.units.map(|units| units_of(units, layer).collect()).unwrap_or_default();
        let zero = |&unit: &u32| sample.units.map_or(0.0, |units| units.zeros[unit as usize]);
        let zeros = units.iter().map(zero).collect();
        Self { depth, seed: u64::from(rng.unit().to_bits()), units, zeros }
    }

    fn decode(reader: &mut Reader<'_>, inputs: usize) -> Result<Self> {
        let (depth, seed) = (reader.u8()?, reader.u64()?);
        let (units, zeros) = (reader.u32s()?, reader.f32s()?);
        let fits = depth <= MAX_DEPTH && units.len() == zeros.len() && units.len() <= inputs;
        if !fits || units.iter().any(|&unit| unit as usize >= inputs) {
            return Err(reader.damaged("a gate of a net's pattern has wrong units"));
        }
        Ok(Self { depth, seed, units, zeros })
    }

    fn numbers(_: u32, _: u8, view: usize) -> usize {
        // Every unit may be in it; a view sees no more of them.
        4 + 2 * view
    }
}

impl Gate for ReluHash {
    fn depth(&self) -> u8 {
        self.depth
    }

    #[inline]
    fn path(&self, z: &[f32]) -> u32 {
        let on = |(&unit, &zero): (&u32, &f32)| u64::from(z[unit as usize] > zero);
        let chunks = self.units.chunks(64).zip(self.zeros.chunks(64));
        let hash = chunks.fold(self.seed, |hash, (units, zeros)| {
            let word = units.iter().zip(zeros).fold(0, |word, unit| word << 1 | on(unit));
            mix(hash.wrapping_add(0x9E37_79B9_7F4A_7C15) ^ word)
        });
        hash as u32 & ((1 << self.depth) - 1)
    }

    fn tag(&self) -> u8 {
        TAG
    }

    fn encode(&self, writer: &mut Writer) {
        writer.u8(self.depth);
        writer.u64(self.seed);
        writer.u32s(&self.units);
        writer.f32s(&self.zeros);
    }
}
