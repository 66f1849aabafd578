//! Random nets, cues for them, and a dense layer read row by row.

use glam_memory::core::net::{Activation, Layer, Net, NetError, Output};
use ndarray::Array2;
use pulp::{Arch, Simd, WithSimd};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// Draws that make one nearly normal number.
const DRAWS: usize = 12;

/// Random numbers that are the same at every run.
#[derive(Debug, Clone)]
pub struct Draws(ChaCha8Rng);

impl Draws {
    /// The stream of `seed`.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self(ChaCha8Rng::seed_from_u64(seed))
    }

    /// A number that is nearly normal, of mean 0 and variance 1.
    pub fn normal(&mut self) -> f32 {
        (0..DRAWS).map(|_| self.0.random_range(0.0_f32..1.0)).sum::<f32>() - 6.0
    }

    /// Whether something of chance `share` happens.
    pub fn happens(&mut self, share: f64) -> bool {
        self.0.random_range(0.0..1.0) < share
    }

    /// `count` independent cues of `inputs` normal numbers.
    pub fn cues(&mut self, inputs: usize, count: usize) -> Vec<Vec<f32>> {
        (0..count).map(|_| (0..inputs).map(|_| self.normal()).collect()).collect()
    }

    /// `count` cues, each one the one before and `step` times a normal number on each input.
    pub fn walk(&mut self, inputs: usize, count: usize, step: f32) -> Vec<Vec<f32>> {
        let mut x: Vec<f32> = (0..inputs).map(|_| self.normal()).collect();
        let mut next = || {
            x.iter_mut().for_each(|x| *x += step * self.normal());
            x.clone()
        };
        (0..count).map(|_| next()).collect()
    }
}

/// A net of `sizes`, from the inputs to the outputs, of normal weights with variance 2 / inputs (He et
/// al. 2015) and biases of spread 0.1; `activation` follows all layers but the last.
///
/// # Errors
/// As of `Net::new`.
pub fn random_net(sizes: &[usize], activation: Activation, seed: u64) -> Result<Net, NetError> {
    let mut draws = Draws::new(seed);
    let mut inputs = sizes.first().copied().unwrap_or(0);
    let mut layers = Vec::new();
    for (number, &sums) in sizes.iter().enumerate().skip(1) {
        let spread = (2.0 / inputs.max(1) as f32).sqrt();
        let weights = Array2::from_shape_fn((sums, inputs), |_| spread * draws.normal());
        let bias: Vec<f32> = (0..sums).map(|_| 0.1 * draws.normal()).collect();
        let activation = if number + 1 == sizes.len() { Activation::Linear } else { activation };
        inputs = sums * activation.values();
        layers.push(Layer::new(weights.view(), &bias, activation)?);
    }
    Net::new(layers, Output::Linear)
}

/// Floats that are worked on side by side.
const WIDE: usize = 8;
/// Sums of a row that do not wait for each other.
const SUMS: usize = 4;

/// A layer's weights row by row, each row padded, as a dense layer is commonly read.
#[derive(Debug, Clone)]
pub struct Rows {
    rows: Vec<f32>,
    bias: Vec<f32>,
    stride: usize,
}

impl Rows {
    /// The rows of `layer`.
    #[must_use]
    pub fn new(layer: &Layer) -> Self {
        let stride = layer.inputs().next_multiple_of(WIDE * SUMS);
        let mut rows = vec![0.0; stride * layer.sums()];
        for (row, weights) in rows.chunks_exact_mut(stride).zip(layer.weights().rows()) {
            row.iter_mut().zip(weights).for_each(|(to, &weight)| *to = weight);
        }
        Self { rows, bias: layer.bias().to_vec(), stride }
    }

    /// `x` padded as rows are.
    #[must_use]
    pub fn pad(&self, x: &[f32]) -> Vec<f32> {
        let mut padded = x.to_vec();
        padded.resize(self.stride, 0.0);
        padded
    }

    /// One dot product a row, of every weight, into `out`; `x` is padded.
    pub fn read(&self, x: &[f32], out: &mut [f32]) {
        struct Dot<'a>(&'a Rows, &'a [f32], &'a mut [f32]);
        impl WithSimd for Dot<'_> {
            type Output = ();

            #[inline(always)]
            fn with_simd<S: Simd>(self, _: S) {
                let Self(rows, x, out) = self;
                let x = x.as_chunks::<WIDE>().0.as_chunks::<SUMS>().0;
                let each = rows.rows.chunks_exact(rows.stride).zip(&rows.bias);
                for ((row, bias), out) in each.zip(out) {
                    let row = row.as_chunks::<WIDE>().0.as_chunks::<SUMS>().0;
                    let mut sums = [[0.0_f32; WIDE]; SUMS];
                    for (row, x) in row.iter().zip(x) {
                        for ((sums, row), x) in sums.iter_mut().zip(row).zip(x) {
                            for ((sum, weight), x) in sums.iter_mut().zip(row).zip(x) {
                                *sum = weight.mul_add(*x, *sum);
                            }
                        }
                    }
                    *out = bias + sums.as_flattened().iter().sum::<f32>();
                }
            }
        }
        Arch::new().dispatch(Dot(self, x, out));
    }
}

#[cfg(test)]
mod tests {
    use glam_memory::core::net::Activations;

    use super::*;

    #[test]
    fn rows_give_what_columns_give() {
        let net = random_net(&[37, 21], Activation::Relu, 3).unwrap();
        let rows = Rows::new(&net.layers()[0]);
        let mut activations = Activations::default();
        for x in Draws::new(1).cues(37, 20) {
            net.logits(&x, &mut activations).unwrap();
            let mut out = vec![0.0; 21];
            rows.read(&rows.pad(&x), &mut out);
            for (out, other) in out.iter().zip(activations.layer(0)) {
                assert!((out - other).abs() < 1e-4, "{out} {other}");
            }
        }
    }

    #[test]
    fn nets_and_cues_are_drawn_alike_at_every_run() {
        let net = |seed| random_net(&[3, 4, 2], Activation::TwoSided, seed).unwrap();
        assert_eq!(net(5), net(5));
        assert_ne!(net(5), net(6));
        assert_eq!(net(5).layers()[1].inputs(), 8);
        assert_eq!(Draws::new(2).cues(3, 4), Draws::new(2).cues(3, 4));
        let walk = Draws::new(2).walk(3, 50, 0.01);
        let steps = walk.windows(2).map(|pair| (pair[0][1] - pair[1][1]).abs());
        assert!(steps.clone().all(|step| step < 0.06) && steps.fold(0.0, f32::max) > 0.01);
    }
}
