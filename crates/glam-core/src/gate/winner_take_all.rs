//! The winners of groups of sparse projections: sparse activation as the key.
//!
//! In a layer of which only the largest of every four units stays active, the pattern of active
//! units is the key. Source of the hash on single inputs: Yagnik et al., "The power of comparative
//! reasoning" (ICCV 2011).

use super::halfspace::HalfSpaces;
use super::{Draw, Gate, Sample};
use crate::config::MAX_DEPTH;
use crate::error::Result;
use crate::rng::Rng;
use crate::wire::{Reader, Writer};

pub(super) const TAG: u8 = 4;

/// Projections of a group; the winner's place is two decisions.
const GROUP: usize = 4;
/// Groups that are drawn at most for one that is kept.
const DRAWS: usize = 8;

/// For every two decisions four projections, each centred and scaled by its mean and its spread
/// over the sample; the place of the largest, 0 to 3, is the two decisions, the first of equals.
///
/// Where the depth is odd, the last group gives its first decision alone: whether the winner is
/// among its first two projections or its last two. A key that ends within a group means the same.
#[derive(Debug, PartialEq)]
pub(super) struct WinnerTakeAll {
    depth: u8,
    projections: HalfSpaces,
}

fn projection_count(depth: u8) -> usize {
    GROUP * usize::from(depth).div_ceil(2)
}

impl WinnerTakeAll {
    /// The place of the largest projection of the group whose first one is `first`.
    #[inline(always)]
    fn winner(projections: &HalfSpaces, first: usize, z: &[f32]) -> u32 {
        let mut best = (0, projections.excess(first, z));
        for place in 1..GROUP {
            let value = projections.excess(first + place, z);
            if value > best.1 {
                best = (place as u32, value);
            }
        }
        best.0
    }
}

impl Draw for WinnerTakeAll {
    /// Projections that share inputs are not independent, and some groups have a winner that
    /// hardly ever wins: such a group is drawn again, and the most even one is kept.
    fn draw(inputs: u32, depth: u8, view: &[u32], sample: Sample<'_>, rng: &mut Rng) -> Self {
        let mut projections = HalfSpaces::on(inputs, view, projection_count(depth));
        let mut pool = view.to_vec();
        while projections.len() < projection_count(depth) {
            let mut best: Option<(usize, HalfSpaces)> = None;
            for _ in 0..DRAWS {
                let mut group = HalfSpaces::on(inputs, view, GROUP);
                (0..GROUP).for_each(|_| group.draw_standardised(&mut pool, sample, rng));
                let mut wins = [0; GROUP];
                for row in 0..sample.len() {
                    wins[Self::winner(&group, 0, sample.row(row)) as usize] += 1;
                }
                // Rows that the two likelier decisions hold beyond half, first and second bit.
                let first = (wins[0] + wins[1]).max(wins[2] + wins[3]);
                let largest = wins.iter().copied().max().unwrap_or(0);
                let uneven = first.max(2 * largest);
                if best.as_ref().is_none_or(|(least, _)| uneven < *least) {
                    best = Some((uneven, group));
                }
                // No winner has more than three eighths, no half more than five.
                if 8 * first <= 5 * sample.len() && 8 * largest <= 3 * sample.len() {
                    break;
                }
            }
            if let Some((_, group)) = best {
                projections.append(group);
            }
        }
        Self { depth, projections }
    }

    fn decode(reader: &mut Reader<'_>, inputs: usize) -> Result<Self> {
        let depth = reader.u8()?;
        if depth > MAX_DEPTH {
            return Err(reader.damaged("a gate is too deep"));
        }
        let projections = HalfSpaces::decode(reader, inputs, projection_count(depth))?;
        Ok(Self { depth, projections })
    }

    fn numbers(inputs: u32, depth: u8, view: usize) -> usize {
        HalfSpaces::numbers(inputs, view, projection_count(depth))
    }
}

impl Gate for WinnerTakeAll {
    fn depth(&self) -> u8 {
        self.depth
    }

    #[inline]
    fn path(&self, z: &[f32]) -> u32 {
        let firsts = (0..self.projections.len()).step_by(GROUP);
        let path =
            firsts.fold(0, |path, first| path << 2 | Self::winner(&self.projections, first, z));
        path >> (self.depth % 2)
    }

    fn tag(&self) -> u8 {
        TAG
    }

    fn encode(&self, writer: &mut Writer) {
        writer.u8(self.depth);
        self.projections.encode(writer);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn normals(count: usize, seed: u64) -> Vec<f32> {
        let mut rng = Rng::new(seed, 0);
        (0..count).map(|_| rng.normal()).collect()
    }

    #[test]
    fn paths_equal_a_naive_search_for_the_largest() {
        for (inputs, depth) in [(1, 3), (1, 8), (2, 7), (3, 14), (0, 4), (4, 1)] {
            let rows = normals(6 * 100, 4);
            let sample = Sample { rows: &rows, inputs: 6, slopes: None, units: None };
            let view = [5, 1, 3, 0];
            let gate = WinnerTakeAll::draw(inputs, depth, &view, sample, &mut Rng::new(7, 0));
            let mut writer = Writer::default();
            gate.projections.encode(&mut writer);
            let bytes = writer.finish();
            let mut reader = Reader::new(&bytes);
            let width = reader.u32().unwrap() as usize;
            let (ids, weights, offsets) =
                (reader.u32s().unwrap(), reader.f32s().unwrap(), reader.f32s().unwrap());
            assert_eq!(offsets.len(), 4 * usize::from(depth).div_ceil(2));
            for row in 0..sample.len() {
                let z = sample.row(row);
                let mut bits = Vec::new();
                let mut close = false;
                for first in (0..offsets.len()).step_by(4) {
                    let values: Vec<(f64, f64)> = (first..first + 4)
                        .map(|projection| {
                            let terms = (projection * width..(projection + 1) * width)
                                .map(|i| f64::from(weights[i]) * f64::from(z[ids[i] as usize]));
                            let offset = f64::from(offsets[projection]);
                            let size: f64 = terms.clone().map(f64::abs).sum();
                            (terms.sum::<f64>() - offset, size + offset.abs())
                        })
                        .collect();
                    let order = |&a: &usize, &b: &usize| values[a].0.total_cmp(&values[b].0);
                    let mut places: Vec<usize> = (0..4).collect();
                    places.sort_by(|a, b| order(b, a));
                    let (winner, second) = (places[0], places[1]);
                    // Two sums of `width` products, each rounded: they may change places.
                    let size = values.iter().map(|value| value.1).fold(0.0, f64::max);
                    let bound = size * (width + 1) as f64 * f64::from(f32::EPSILON);
                    close |= values[winner].0 - values[second].0 <= 2.0 * bound;
                    bits.extend([winner / 2, winner % 2]);
                }
                let path = bits[..depth.into()].iter().fold(0, |path, bit| path << 1 | bit);
                assert!(close || gate.path(z) as usize == path, "{inputs} {depth} row {row}");
            }
        }
    }

    #[test]
    fn every_winner_wins_about_as_often() {
        // Inputs with different means and spreads: without centring, one would always win.
        let mut rows = normals(8 * 2000, 6);
        for row in rows.chunks_exact_mut(8) {
            row.iter_mut().enumerate().for_each(|(i, z)| *z = *z * (1.0 + i as f32) + 3.0);
        }
        let sample = Sample { rows: &rows, inputs: 8, slopes: None, units: None };
        let view: Vec<u32> = (0..8).collect();
        for inputs in [0, 1, 2, 4] {
            for seed in 0..10 {
                let rng = &mut Rng::new(seed, 3);
                let gate = WinnerTakeAll::draw(inputs, 2, &view, sample, rng);
                let mut counts = [0; 4];
                (0..2000).for_each(|row| counts[gate.path(sample.row(row)) as usize] += 1);
                // The rule by which a group is kept, if one of eight keeps it.
                assert!(counts.iter().all(|&count| count <= 750), "{inputs} {seed} {counts:?}");
            }
        }
    }
}
