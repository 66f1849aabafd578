//! Half-spaces on a few inputs, the decisions of the sparse families.

use super::Sample;
use crate::error::Result;
use crate::rng::Rng;
use crate::wire::{Reader, Writer};

/// Thresholds lie between these quantiles of the values they divide, so that no side stays empty.
const QUANTILES: (f32, f32) = (0.3, 0.7);

/// Half-spaces w.z > t, all on the same number of inputs.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct HalfSpaces {
    width: usize,
    inputs: Vec<u32>,
    weights: Vec<f32>,
    thresholds: Vec<f32>,
}

impl HalfSpaces {
    /// An empty list for half-spaces on `width` inputs of a view; 0 stands for the whole view.
    pub(super) fn on(width: u32, view: &[u32]) -> Self {
        let width = match width as usize {
            0 => view.len(),
            some => some.min(view.len()),
        };
        Self { width, inputs: Vec::new(), weights: Vec::new(), thresholds: Vec::new() }
    }

    pub(super) fn len(&self) -> usize {
        self.thresholds.len()
    }

    /// Draws one more half-space: its inputs from `pool` (the view, in any order), its weights normal
    /// (1 on a single input), its threshold a random quantile of the rows named. Inputs are drawn
    /// evenly and weights independently, or both as the slopes say where there are some.
    pub(super) fn draw(
        &mut self,
        pool: &mut [u32],
        sample: Sample<'_>,
        rows: impl Iterator<Item = usize>,
        rng: &mut Rng,
    ) {
        let index = self.len();
        match sample.slopes {
            Some(slopes) if self.width == slopes.inputs() => {
                self.inputs.extend(0..slopes.inputs() as u32);
                slopes.direction(rng, &mut self.weights);
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
        let share = draw_share(rng);
        self.thresholds.push(0.0);
        let values = rows.map(|row| self.project(index, sample.row(row))).collect();
        self.thresholds[index] = quantile(values, share);
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
        self.thresholds.push(0.0);
        let values = (0..sample.len()).map(|row| f64::from(self.project(index, sample.row(row))));
        let count = sample.len().max(1) as f64;
        let mean = values.clone().sum::<f64>() / count;
        let variance = values.map(|value| (value - mean) * (value - mean)).sum::<f64>() / count;
        // A projection that never moved has no unit of its own.
        let scale = if variance > 1e-12 { 1.0 / variance.sqrt() } else { 1.0 };
        let weights = &mut self.weights[index * self.width..];
        weights.iter_mut().for_each(|weight| *weight *= scale as f32);
        self.thresholds[index] = (mean * scale) as f32;
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

    /// w.z of half-space `index`.
    #[inline(always)]
    fn project(&self, index: usize, z: &[f32]) -> f32 {
        let range = index * self.width..(index + 1) * self.width;
        let (weights, inputs) = (&self.weights[range.clone()], &self.inputs[range]);
        // Four sums side by side: on many inputs one sum would wait for itself at every step.
        let (weight_fours, weight_rest) = weights.as_chunks::<4>();
        let (input_fours, input_rest) = inputs.as_chunks::<4>();
        let mut sums = [0.0; 4];
        for (weights, inputs) in weight_fours.iter().zip(input_fours) {
            for lane in 0..4 {
                sums[lane] += weights[lane] * z[inputs[lane] as usize];
            }
        }
        let rest = weight_rest.iter().zip(input_rest);
        let rest: f32 = rest.map(|(weight, &input)| weight * z[input as usize]).sum();
        ((sums[0] + sums[1]) + (sums[2] + sums[3])) + rest
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
        writer.f32s(&self.weights);
        writer.f32s(&self.thresholds);
    }

    /// Reads exactly `count` half-spaces on inputs below `inputs`.
    pub(super) fn decode(reader: &mut Reader<'_>, inputs: usize, count: usize) -> Result<Self> {
        let decoded = Self {
            width: reader.u32()? as usize,
            inputs: reader.u32s()?,
            weights: reader.f32s()?,
            thresholds: reader.f32s()?,
        };
        let floats = decoded.width.checked_mul(count);
        let fits = decoded.thresholds.len() == count
            && Some(decoded.inputs.len()) == floats
            && Some(decoded.weights.len()) == floats
            && decoded.inputs.iter().all(|&input| (input as usize) < inputs);
        if fits { Ok(decoded) } else { Err(reader.damaged("a gate has a wrong size")) }
    }
}

/// Draws the share of rows below a threshold.
pub(super) fn draw_share(rng: &mut Rng) -> f32 {
    QUANTILES.0 + (QUANTILES.1 - QUANTILES.0) * rng.unit()
}

/// The value below which the given share of `values` lies, interpolated; 0 where there is none.
pub(super) fn quantile(mut values: Vec<f32>, share: f32) -> f32 {
    values.sort_unstable_by(f32::total_cmp);
    let Some(last) = values.len().checked_sub(1) else {
        return 0.0;
    };
    let place = share * last as f32;
    let below = (place as usize).min(last);
    let above = (below + 1).min(last);
    let part = place - below as f32;
    values[below] * (1.0 - part) + values[above] * part
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_interpolate_between_neighbours() {
        assert_eq!(quantile(vec![], 0.5), 0.0);
        assert_eq!(quantile(vec![4.0], 0.3), 4.0);
        assert_eq!(quantile(vec![3.0, 1.0, 2.0], 0.5), 2.0);
        assert_eq!(quantile(vec![0.0, 10.0], 0.25), 2.5);
    }
}
