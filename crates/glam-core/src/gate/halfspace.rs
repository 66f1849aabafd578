//! Half-spaces on a few inputs, the decisions of the sparse families.

use super::Sample;
use crate::error::Result;
use crate::kernel::simd::Portable;
use crate::kernel::{LANES, Lane, Simd};
use crate::rng::{NORMAL_DRAWS, Rng};
use crate::wire::{Reader, Writer};

/// Thresholds lie between these quantiles of the values they divide, so that no side stays empty.
const QUANTILES: (f32, f32) = (0.3, 0.7);

/// Inputs up to which a half-space is summed one product after the other.
pub(super) const FEW: usize = 4;

/// Working memory of drawing half-spaces one after the other, and what the last was drawn from.
#[derive(Debug, Default)]
pub(super) struct Work {
    /// w.z of each row named, in their order.
    pub(super) values: Vec<f32>,
    pub(super) threshold: f32,
    numbers: Vec<f32>,
}

/// Half-spaces w.z > t, all on the same number of inputs.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct HalfSpaces {
    width: usize,
    /// Inputs of each, in rising order where `from_first`.
    inputs: Vec<u32>,
    /// `stride` of each, zeros after the first `width`.
    weights: Vec<f32>,
    thresholds: Vec<f32>,
    /// Whether each is on the inputs 0, 1 ... `width` - 1, so that none has to be picked.
    from_first: bool,
}

impl HalfSpaces {
    /// An empty list for `count` half-spaces on `width` inputs of a view; 0 stands for the whole view.
    pub(super) fn on(width: u32, view: &[u32], count: usize) -> Self {
        let width = match width as usize {
            0 => view.len(),
            some => some.min(view.len()),
        };
        let from_first = width == view.len() && are_first(view);
        let (inputs, thresholds) = (Vec::with_capacity(count * width), Vec::with_capacity(count));
        let mut empty = Self { width, inputs, weights: Vec::new(), thresholds, from_first };
        empty.weights.reserve_exact(count * empty.stride());
        empty
    }

    /// Weights of one, with what they are padded by.
    #[inline(always)]
    fn stride(&self) -> usize {
        if self.width > FEW { self.width.next_multiple_of(LANES) } else { self.width }
    }

    pub(super) fn len(&self) -> usize {
        self.thresholds.len()
    }

    /// Draws one more half-space: its inputs from `pool` (the view, in any order), its weights normal
    /// (1 on a single input), its threshold a random quantile of the rows named. Inputs are drawn
    /// evenly and weights independently, or both as the slopes say where there are some. Leaves what
    /// was drawn from in `work`.
    pub(super) fn draw(
        &mut self,
        pool: &mut [u32],
        sample: Sample<'_>,
        rows: impl Iterator<Item = usize>,
        rng: &mut Rng,
        work: &mut Work,
    ) {
        let index = self.len();
        match sample.slopes {
            Some(slopes) if self.width == slopes.inputs() => {
                self.inputs.extend(0..slopes.inputs() as u32);
                slopes.direction(rng, &mut work.numbers, &mut self.weights);
            }
            Some(slopes) => {
                let chosen = slopes.choose(pool, self.width, rng);
                self.inputs.extend_from_slice(chosen);
                for &input in chosen {
                    let weight = if self.width == 1 { 1.0 } else { rng.normal() };
                    self.weights.push(weight * slopes.steepness(input));
                }
            }
            None => {
                self.inputs.extend_from_slice(rng.choose(pool, self.width));
                for _ in 0..self.width {
                    self.weights.push(if self.width == 1 { 1.0 } else { rng.normal() });
                }
            }
        }
        self.settle(index, &mut work.numbers);
        self.thresholds.push(0.0);
        self.place(index, sample, rows, rng, work);
    }

    /// Places the threshold of half-space `index` at a random quantile of the rows named, as
    /// [`HalfSpaces::draw`] does where `rng` stands before the draws for it. Those for the inputs and
    /// the weights are skipped, as they do not depend on the rows.
    pub(super) fn place_again(
        &mut self,
        index: usize,
        sample: Sample<'_>,
        rows: impl Iterator<Item = usize>,
        rng: &mut Rng,
        work: &mut Work,
    ) {
        let all = sample.slopes.is_some_and(|slopes| self.width == slopes.inputs());
        let choices = if all { 0 } else { self.width };
        let normals = if all || self.width > 1 { self.width } else { 0 };
        rng.skip(choices + normals * NORMAL_DRAWS);
        self.place(index, sample, rows, rng, work);
    }

    /// Places the threshold of half-space `index` where it halves the rows named, as nearly as their
    /// values let it.
    pub(super) fn halve(
        &mut self,
        index: usize,
        sample: Sample<'_>,
        rows: impl Iterator<Item = usize>,
        work: &mut Work,
    ) {
        work.values.clear();
        work.values.extend(rows.map(|row| self.project(index, sample.row(row))));
        work.threshold = middle(&work.values, &mut work.numbers).unwrap_or(self.thresholds[index]);
        self.thresholds[index] = work.threshold;
    }

    #[inline(always)]
    fn place(
        &mut self,
        index: usize,
        sample: Sample<'_>,
        rows: impl Iterator<Item = usize>,
        rng: &mut Rng,
        work: &mut Work,
    ) {
        let share = draw_share(rng);
        work.values.clear();
        work.values.extend(rows.map(|row| self.project(index, sample.row(row))));
        work.threshold = match work.values[..] {
            [only] => only,
            _ => {
                work.numbers.clear();
                work.numbers.extend_from_slice(&work.values);
                quantile(&mut work.numbers, share)
            }
        };
        self.thresholds[index] = work.threshold;
    }

    /// Draws one more projection with normal weights, such that what it exceeds its threshold by
    /// has mean 0 and variance 1 over the sample.
    pub(super) fn draw_standardised(
        &mut self,
        pool: &mut [u32],
        sample: Sample<'_>,
        rng: &mut Rng,
    ) {
        let index = self.len();
        self.inputs.extend_from_slice(rng.choose(pool, self.width));
        self.weights.extend((0..self.width).map(|_| rng.normal()));
        self.settle(index, &mut Vec::new());
        self.thresholds.push(0.0);
        let values = (0..sample.len()).map(|row| f64::from(self.project(index, sample.row(row))));
        let count = sample.len().max(1) as f64;
        let mean = values.clone().sum::<f64>() / count;
        let variance = values.map(|value| (value - mean) * (value - mean)).sum::<f64>() / count;
        // A projection that never moved has no unit of its own.
        let scale = if variance > 1e-12 { 1.0 / variance.sqrt() } else { 1.0 };
        let first = index * self.stride();
        let weights = &mut self.weights[first..];
        weights.iter_mut().for_each(|weight| *weight *= scale as f32);
        self.thresholds[index] = (mean * scale) as f32;
    }

    /// Puts the inputs of half-space `index`, the last one, in order, and pads its weights.
    fn settle(&mut self, index: usize, numbers: &mut Vec<f32>) {
        let (stride, first) = (self.stride(), index * self.width);
        let (inputs, weights) = (&mut self.inputs[first..], &mut self.weights[index * stride..]);
        if self.from_first {
            // The inputs are 0 to `width` - 1, each once.
            numbers.clear();
            numbers.resize(self.width, 0.0);
            for ((place, input), weight) in (0..).zip(inputs).zip(&*weights) {
                numbers[*input as usize] = *weight;
                *input = place;
            }
            weights.copy_from_slice(numbers);
        }
        self.weights.resize((index + 1) * stride, 0.0);
    }

    /// Appends half-spaces on as many inputs.
    pub(super) fn append(&mut self, mut other: Self) {
        self.inputs.append(&mut other.inputs);
        self.weights.append(&mut other.weights);
        self.thresholds.append(&mut other.thresholds);
    }

    /// Numbers that `count` half-spaces on `width` inputs of a view are made of.
    pub(super) fn numbers(width: u32, view: usize, count: usize) -> usize {
        let width = if width == 0 { view } else { view.min(width as usize) };
        count * (2 * width + 1)
    }

    /// w.z of half-space `index`: one sum where it looks at few inputs, otherwise eight, of every eighth
    /// product, so that they do not wait for each other.
    #[inline(always)]
    fn project(&self, index: usize, z: &[f32]) -> f32 {
        match self.width {
            1 => self.project_few::<1>(index, z),
            2 => self.project_few::<2>(index, z),
            3 => self.project_few::<3>(index, z),
            4 => self.project_few::<4>(index, z),
            _ => Portable.total(self.lane_sums(index, z)),
        }
    }

    /// w.z of half-space `index` on W inputs, at least one.
    #[inline(always)]
    fn project_few<const W: usize>(&self, index: usize, z: &[f32]) -> f32 {
        let (weights, inputs) = (self.weights.as_chunks::<W>().0, self.inputs.as_chunks::<W>().0);
        let (weights, inputs) = (&weights[index], &inputs[index]);
        let product = |place: usize| weights[place] * z[inputs[place] as usize];
        match W {
            // In pairs, which do not wait for each other.
            4 => (product(0) + product(1)) + (product(2) + product(3)),
            _ => (1..W).fold(product(0), |sum, place| sum + product(place)),
        }
    }

    /// The eight sums of w.z of half-space `index`, which looks at more than a few inputs.
    #[inline(always)]
    fn lane_sums(&self, index: usize, z: &[f32]) -> Lane {
        let (stride, mut sums) = (self.stride(), [0.0; LANES]);
        let weights = self.weights[index * stride..][..stride].as_chunks::<LANES>().0;
        if self.from_first {
            let (whole, rest) = z[..self.width].as_chunks::<LANES>();
            for (weights, values) in weights.iter().zip(whole) {
                sums = Portable.add_product(sums, *weights, *values);
            }
            if let Some(weights) = weights.get(whole.len()) {
                let mut values = [0.0; LANES];
                values[..rest.len()].copy_from_slice(rest);
                sums = Portable.add_product(sums, *weights, values);
            }
            return sums;
        }
        let inputs = &self.inputs[index * self.width..][..self.width];
        for (weights, inputs) in weights.iter().zip(inputs.chunks(LANES)) {
            let mut values = [0.0; LANES];
            for (value, &input) in values.iter_mut().zip(inputs) {
                *value = z[input as usize];
            }
            sums = Portable.add_product(sums, *weights, values);
        }
        sums
    }

    pub(super) fn width(&self) -> usize {
        self.width
    }

    /// Whether each is on inputs 0, 1, 2 and so on, and that by more than a few.
    pub(super) fn are_on_all_in_order(&self) -> bool {
        self.from_first && self.width > FEW
    }

    /// One more than the last input that any looks at.
    pub(super) fn reach(&self) -> usize {
        self.inputs.iter().max().map_or(0, |&input| input as usize + 1)
    }

    /// Inputs, weights and threshold of half-space `index`.
    pub(super) fn parts(&self, index: usize) -> (&[u32], &[f32], f32) {
        let (width, stride) = (self.width, self.stride());
        let weights = &self.weights[index * stride..][..width];
        (&self.inputs[index * width..][..width], weights, self.thresholds[index])
    }

    /// w.z - t of half-space `index`.
    #[inline(always)]
    pub(super) fn excess(&self, index: usize, z: &[f32]) -> f32 {
        self.project(index, z) - self.thresholds[index]
    }

    /// The decision of half-space `index`, 0 or 1.
    #[inline(always)]
    pub(super) fn decide(&self, index: usize, z: &[f32]) -> u32 {
        u32::from(self.project(index, z) > self.thresholds[index])
    }

    pub(super) fn encode(&self, writer: &mut Writer) {
        writer.u32(self.width as u32);
        writer.u32s(&self.inputs);
        let rows = self.weights.chunks_exact(self.stride().max(1));
        let weights: Vec<f32> = rows.flat_map(|row| &row[..self.width]).copied().collect();
        writer.f32s(&weights);
        writer.f32s(&self.thresholds);
    }

    /// Reads exactly `count` half-spaces on inputs below `inputs`.
    pub(super) fn decode(reader: &mut Reader<'_>, inputs: usize, count: usize) -> Result<Self> {
        let (width, inputs_of) = (reader.u32()? as usize, reader.u32s()?);
        let (weights, thresholds) = (reader.f32s()?, reader.f32s()?);
        let floats = width.checked_mul(count);
        let fits = width <= inputs
            && thresholds.len() == count
            && Some(inputs_of.len()) == floats
            && Some(weights.len()) == floats
            && inputs_of.iter().all(|&input| (input as usize) < inputs);
        if !fits {
            return Err(reader.damaged("a gate has a wrong size"));
        }
        let from_first = inputs_of.chunks_exact(width.max(1)).all(are_first);
        let mut decoded =
            Self { width, inputs: inputs_of, weights: Vec::new(), thresholds, from_first };
        let stride = decoded.stride();
        decoded.weights.reserve_exact(count.saturating_mul(stride));
        for row in weights.chunks_exact(width.max(1)) {
            decoded.weights.extend_from_slice(row);
            decoded.weights.resize(decoded.weights.len() + stride - width, 0.0);
        }
        Ok(decoded)
    }
}

/// Whether `inputs` are 0, 1, 2 and so on.
fn are_first(inputs: &[u32]) -> bool {
    inputs.iter().zip(0..).all(|(&input, place)| input == place)
}

/// Draws the share of rows below a threshold.
pub(super) fn draw_share(rng: &mut Rng) -> f32 {
    QUANTILES.0 + (QUANTILES.1 - QUANTILES.0) * rng.unit()
}

/// A number between two of `values` that parts them most evenly; none where all are the same. `sorted` is
/// room for them.
pub(super) fn middle(values: &[f32], sorted: &mut Vec<f32>) -> Option<f32> {
    sorted.clear();
    sorted.extend_from_slice(values);
    let half = sorted.len() / 2;
    if sorted.is_empty() {
        return None;
    }
    let (_, &mut value, _) = sorted.select_nth_unstable_by(half, f32::total_cmp);
    // Those that are less go left of a cut below the value, and the value itself of one above it.
    let mut below = (0, f32::NEG_INFINITY);
    let mut above = (0, f32::INFINITY);
    for &other in values {
        if other < value {
            below = (below.0 + 1, below.1.max(other));
        } else if other > value {
            above = (above.0 + 1, above.1.min(other));
        }
    }
    // Of two neighbours the lower goes left and the upper right.
    let between = |low: f32, high: f32| {
        let middle = low / 2.0 + high / 2.0;
        if low <= middle && middle < high { middle } else { low }
    };
    match (below.0, above.0) {
        (0, 0) => None,
        (less, more) if less >= more => Some(between(below.1, value)),
        _ => Some(between(value, above.1)),
    }
}

/// The value below which the given share of `values` lies, interpolated; 0 where there is none. Leaves
/// `values` in another order.
pub(super) fn quantile(values: &mut [f32], share: f32) -> f32 {
    let Some(last) = values.len().checked_sub(1) else {
        return 0.0;
    };
    let place = share * last as f32;
    let below = (place as usize).min(last);
    let part = place - below as f32;
    let (_, &mut low, later) = values.select_nth_unstable_by(below, f32::total_cmp);
    let high = later.iter().copied().min_by(f32::total_cmp).unwrap_or(low);
    low * (1.0 - part) + high * part
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_middle_parts_values_as_evenly_as_they_can_be() {
        let parts = |values: &[f32]| {
            let middle = middle(values, &mut Vec::new())?;
            Some(values.iter().filter(|&&value| value > middle).count())
        };
        assert_eq!(parts(&[]), None);
        assert_eq!(parts(&[2.0; 5]), None);
        assert_eq!(parts(&[4.0, 1.0]), Some(1));
        assert_eq!(parts(&[3.0, 1.0, 2.0, 4.0]), Some(2));
        assert_eq!(parts(&[3.0, 1.0, 2.0]), Some(2));
        // Most are the same: the others part from them, those that are more.
        assert_eq!(parts(&[0.0, 0.0, 0.0, 0.0, 1.0]), Some(1));
        assert_eq!(parts(&[1.0, 1.0, 1.0, 0.0, 1.0]), Some(4));
        assert_eq!(parts(&[-1.0, 0.0, 0.0, 0.0, 1.0, 2.0]), Some(2));
        // Neighbours, between which there is no number.
        assert_eq!(parts(&[1.0, 1.0_f32.next_up()]), Some(1));
        assert_eq!(parts(&[f32::MIN, f32::MAX]), Some(1));
    }

    #[test]
    fn quantiles_interpolate_between_neighbours() {
        assert_eq!(quantile(&mut [], 0.5), 0.0);
        assert_eq!(quantile(&mut [4.0], 0.3), 4.0);
        assert_eq!(quantile(&mut [3.0, 1.0, 2.0], 0.5), 2.0);
        assert_eq!(quantile(&mut [0.0, 10.0], 0.25), 2.5);
        assert_eq!(quantile(&mut [7.0, 5.0, 5.0, 6.0], 1.0), 7.0);
        assert_eq!(quantile(&mut [7.0, 5.0, 5.0, 6.0], 0.0), 5.0);
    }
}
