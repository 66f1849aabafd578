//! Random sign flips and a fast Walsh-Hadamard transform: every decision looks at the whole view,
//! and all of them together cost O(v log v) where half-spaces on all v inputs cost O(v) each.
//!
//! Source of the construction: Ailon and Chazelle, "The fast Johnson-Lindenstrauss transform"
//! (SIAM J. Comput. 2009); as the hash of a table, Andoni et al., "Practical and optimal LSH for
//! angular distance" (2015).

use std::sync::Arc;

use super::halfspace::{draw_share, middle, quantile};
use super::{Draw, Gate, Sample};
use crate::config::{MAX_DEPTH, MAX_VIEW};
use crate::error::Result;
use crate::rng::Rng;
use crate::wire::{Reader, Writer};

pub(super) const TAG: u8 = 3;

/// Views up to this long are transformed in a small block of the stack: clearing a large one would
/// cost more than the transform.
const SHORT_VIEW: usize = 64;

/// The view times random signs, padded with zeros to a power of two and transformed, once a round;
/// a decision is one coordinate's side of its threshold. A round gives as many decisions as it has
/// coordinates, so there is more than one only where the depth exceeds the padded view.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Hadamard {
    depth: u8,
    view: Vec<u32>,
    /// +1 or -1 for each input of the view, round after round.
    signs: Vec<f32>,
    /// The coordinate of each decision, distinct within a round.
    coordinates: Vec<u32>,
    thresholds: Vec<f32>,
}

fn rounds(depth: u8, view: usize) -> usize {
    usize::from(depth).div_ceil(view.next_power_of_two())
}

/// Multiplies `values`, a power of two of them, by the Hadamard matrix of that size: entry (i, j)
/// is -1 where i and j have an odd number of bits in common, else 1.
#[inline(always)]
fn transform(values: &mut [f32]) {
    let mut half = 1;
    while half < values.len() {
        for block in values.chunks_exact_mut(2 * half) {
            let (low, high) = block.split_at_mut(half);
            for (low, high) in low.iter_mut().zip(high) {
                (*low, *high) = (*low + *high, *low - *high);
            }
        }
        half *= 2;
    }
}

impl Hadamard {
    /// Coordinates of a round.
    fn size(&self) -> usize {
        self.view.len().next_power_of_two()
    }

    /// Leaves round `round` of `z` in `work`, which must be [`Hadamard::size`] long.
    #[inline(always)]
    fn round(&self, round: usize, z: &[f32], work: &mut [f32]) {
        let (used, padding) = work.split_at_mut(self.view.len());
        let signs = &self.signs[round * self.view.len()..];
        for ((work, &input), sign) in used.iter_mut().zip(&self.view).zip(signs) {
            *work = z[input as usize] * sign;
        }
        padding.fill(0.0);
        transform(work);
    }

    #[inline(always)]
    fn path_with(&self, z: &[f32], work: &mut [f32]) -> u32 {
        let mut path = 0;
        let rounds = self.coordinates.chunks(work.len()).zip(self.thresholds.chunks(work.len()));
        for (round, (coordinates, thresholds)) in rounds.enumerate() {
            self.round(round, z, work);
            for (&coordinate, &threshold) in coordinates.iter().zip(thresholds) {
                path = path << 1 | u32::from(work[coordinate as usize] > threshold);
            }
        }
        path
    }
}

impl Draw for Hadamard {
    fn draw(_inputs: u32, depth: u8, view: &[u32], sample: Sample<'_>, rng: &mut Rng) -> Self {
        // No configuration has a longer view; the transform's block ends there.
        let view = view[..view.len().min(MAX_VIEW)].to_vec();
        let signs = (0..rounds(depth, view.len()) * view.len())
            .map(|_| if rng.below(2) == 0 { 1.0 } else { -1.0 })
            .collect();
        let (coordinates, thresholds) = (Vec::new(), Vec::new());
        let mut gate = Self { depth, view, signs, coordinates, thresholds };
        let mut pool: Vec<u32> = (0..gate.size() as u32).collect();
        let mut work = vec![0.0; sample.len() * gate.size()];
        for round in 0..rounds(depth, gate.view.len()) {
            for (row, work) in work.chunks_exact_mut(gate.size()).enumerate() {
                gate.round(round, sample.row(row), work);
            }
            let left = usize::from(depth) - gate.coordinates.len();
            for &coordinate in rng.choose(&mut pool, left) {
                let values = work.iter().skip(coordinate as usize).step_by(gate.size());
                let mut values: Vec<f32> = values.copied().collect();
                gate.coordinates.push(coordinate);
                gate.thresholds.push(quantile(&mut values, draw_share(rng)));
            }
        }
        gate
    }

    fn decode(reader: &mut Reader<'_>, inputs: usize) -> Result<Self> {
        let gate = Self {
            depth: reader.u8()?,
            view: reader.u32s()?,
            signs: reader.f32s()?,
            coordinates: reader.u32s()?,
            thresholds: reader.f32s()?,
        };
        let (depth, view) = (usize::from(gate.depth), gate.view.len());
        let fits = gate.depth <= MAX_DEPTH
            && (1..=MAX_VIEW).contains(&view)
            && gate.view.iter().all(|&input| (input as usize) < inputs)
            && gate.signs.len() == rounds(gate.depth, view) * view
            && gate.signs.iter().all(|sign| sign.abs() == 1.0)
            && gate.coordinates.len() == depth
            && gate.coordinates.iter().all(|&coordinate| (coordinate as usize) < gate.size())
            && gate.thresholds.len() == depth;
        if fits { Ok(gate) } else { Err(reader.damaged("a gate has a wrong size")) }
    }

    fn numbers(_inputs: u32, depth: u8, view: usize) -> usize {
        (1 + rounds(depth, view)) * view + 2 * usize::from(depth)
    }
}

impl Gate for Hadamard {
    fn depth(&self) -> u8 {
        self.depth
    }

    fn path(&self, z: &[f32]) -> u32 {
        match self.size() {
            size @ ..=SHORT_VIEW => self.path_with(z, &mut [0.0; SHORT_VIEW][..size]),
            size => self.path_with(z, &mut [0.0; MAX_VIEW][..size]),
        }
    }

    fn evened(&self, sample: Sample<'_>) -> Option<Arc<dyn Gate>> {
        let mut gate = self.clone();
        let (size, mut sorted) = (self.size(), Vec::new());
        let mut work = vec![0.0; size];
        for (round, coordinates) in self.coordinates.chunks(size).enumerate() {
            // The coordinates that decide alone: rows may be many, and views wide.
            let mut values = vec![Vec::with_capacity(sample.len()); coordinates.len()];
            for row in 0..sample.len() {
                self.round(round, sample.row(row), &mut work);
                for (values, &coordinate) in values.iter_mut().zip(coordinates) {
                    values.push(work[coordinate as usize]);
                }
            }
            let thresholds = gate.thresholds.iter_mut().skip(round * size);
            for (values, threshold) in values.iter().zip(thresholds) {
                *threshold = middle(values, &mut sorted).unwrap_or(*threshold);
            }
        }
        Some(Arc::new(gate))
    }

    fn tag(&self) -> u8 {
        TAG
    }

    fn encode(&self, writer: &mut Writer) {
        writer.u8(self.depth);
        writer.u32s(&self.view);
        writer.f32s(&self.signs);
        writer.u32s(&self.coordinates);
        writer.f32s(&self.thresholds);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn normals(count: usize, seed: u64) -> Vec<f32> {
        let mut rng = Rng::new(seed, 0);
        (0..count).map(|_| rng.normal()).collect()
    }

    /// The dense matrix times `values`, in f64.
    fn dense(values: &[f32]) -> Vec<f64> {
        let sign = |i: usize, j: usize| if (i & j).count_ones() % 2 == 1 { -1.0 } else { 1.0 };
        let row = |i| values.iter().enumerate().map(move |(j, &v)| sign(i, j) * f64::from(v)).sum();
        (0..values.len()).map(row).collect()
    }

    #[test]
    fn the_transform_equals_the_dense_matrix_and_keeps_the_norm() {
        for size in (0..=10).map(|power| 1 << power) {
            let values = normals(size, size as u64);
            let mut fast = values.clone();
            transform(&mut fast);
            // log2(size) additions on the way to each coordinate, none larger than the sum of
            // absolute values.
            let absolute: f64 = values.iter().map(|&v| f64::from(v).abs()).sum();
            let bound = f64::from(size.ilog2()) * f64::from(f32::EPSILON) * absolute;
            for (fast, slow) in fast.iter().zip(dense(&values)) {
                assert!((f64::from(*fast) - slow).abs() <= bound, "{size}: {fast} {slow}");
            }
            let norm = |v: &[f32]| v.iter().map(|&v| f64::from(v).powi(2)).sum::<f64>();
            let (before, after) = (norm(&values), norm(&fast) / size as f64);
            let tolerance = 2.0 * bound * absolute;
            assert!((before - after).abs() <= tolerance, "{size}: {before} {after}");
            // Twice is the identity times the size.
            transform(&mut fast);
            for (twice, once) in fast.iter().zip(&values) {
                let scaled = f64::from(*twice) / size as f64;
                assert!((scaled - f64::from(*once)).abs() <= 2.0 * bound, "{size}");
            }
        }
    }

    #[test]
    fn paths_equal_a_walk_through_the_dense_matrix() {
        for (inputs, depth) in [(1, 5), (2, 14), (3, 9), (8, 8), (100, 14), (1024, 3)] {
            let rows = normals(inputs * 40, 5);
            let sample = Sample { rows: &rows, inputs, slopes: None, units: None };
            let view: Vec<u32> = (0..inputs as u32).rev().collect();
            let gate = Hadamard::draw(0, depth, &view, sample, &mut Rng::new(1, 1));
            let size = inputs.next_power_of_two();
            assert_eq!(gate.signs.len(), usize::from(depth).div_ceil(size) * inputs);
            for row in 0..sample.len() {
                let (mut path, mut close) = (0, false);
                for level in 0..usize::from(depth) {
                    let signs = &gate.signs[level / size * inputs..][..inputs];
                    let mut flipped: Vec<f32> = view
                        .iter()
                        .zip(signs)
                        .map(|(&i, sign)| sample.row(row)[i as usize] * sign)
                        .collect();
                    flipped.resize(size, 0.0);
                    let absolute: f64 = flipped.iter().map(|&v| f64::from(v).abs()).sum();
                    let value = dense(&flipped)[gate.coordinates[level] as usize];
                    let distance = value - f64::from(gate.thresholds[level]);
                    close |= distance.abs()
                        <= absolute * f64::from(f32::EPSILON) * f64::from(size.ilog2() + 1);
                    path = path << 1 | u32::from(distance > 0.0);
                }
                assert!(close || gate.path(sample.row(row)) == path, "{inputs} {depth} {row}");
            }
        }
    }

    #[test]
    fn no_key_holds_more_rows_than_independent_decisions_would_give_it() {
        // On 16 independent normal inputs the coordinates are independent as well, so a key of
        // level 4 holds at most .7^4 of the rows and at least .3^4; 4 standard errors beyond that.
        let rows = normals(16 * 4000, 9);
        let sample = Sample { rows: &rows, inputs: 16, slopes: None, units: None };
        let view: Vec<u32> = (0..16).collect();
        for seed in 0..20 {
            let gate = Hadamard::draw(0, 4, &view, sample, &mut Rng::new(seed, 0));
            let mut counts = [0.0_f64; 16];
            (0..4000).for_each(|row| counts[gate.path(sample.row(row)) as usize] += 1.0);
            for count in counts {
                let share = count / 4000.0;
                let error = 4.0 * (share.max(0.0081) / 4000.0).sqrt();
                assert!(share <= 0.7_f64.powi(4) + error && share >= 0.3_f64.powi(4) - error);
            }
        }
    }

    #[test]
    fn hostile_sizes_are_refused() {
        let rows = normals(5 * 10, 2);
        let sample = Sample { rows: &rows, inputs: 5, slopes: None, units: None };
        let drawn = || Hadamard::draw(0, 9, &[0, 1, 2, 3, 4], sample, &mut Rng::new(3, 0));
        let refused = |change: &dyn Fn(&mut Hadamard)| {
            let mut gate = drawn();
            change(&mut gate);
            let mut writer = Writer::default();
            gate.encode(&mut writer);
            Hadamard::decode(&mut Reader::new(&writer.finish()), 5).is_err()
        };
        assert!(!refused(&|_| ()));
        assert!(refused(&|gate| gate.depth = MAX_DEPTH + 1));
        assert!(refused(&|gate| gate.depth -= 1));
        assert!(refused(&|gate| gate.view = vec![]));
        assert!(refused(&|gate| gate.view = vec![0; MAX_VIEW + 1]));
        assert!(refused(&|gate| gate.view[2] = 5));
        assert!(refused(&|gate| gate.signs[3] = 0.5));
        assert!(refused(&|gate| gate.signs.truncate(9)));
        assert!(refused(&|gate| gate.coordinates[0] = 8));
        assert!(refused(&|gate| gate.thresholds.push(0.0)));
    }
}
