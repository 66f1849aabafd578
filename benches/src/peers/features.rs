//! Ridge regression on random ReLU features: a net of one layer whose first weights stay as they were
//! drawn.
//!
//! Of the rows only sums are kept, so that rows may come in any order and any number of parts: what
//! is recalled afterwards is the same but for rounding. Inputs are scaled as those of the multilayer
//! perceptron; the last feature is 1.

use ndarray::{Array1, Array2, ArrayView2, Axis, s};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::mlp::InputScale;
use super::ridge::{Normal, RidgeError};
use super::scaler::Scaler;
use crate::data::Targets;

/// Rows whose features are made at a time.
const CHUNK_ROWS: usize = 4_096;

/// What the user decides.
#[derive(Clone, Copy, Debug)]
pub struct FeatureParams {
    /// How many features there are besides the 1.
    pub features: usize,
    /// How inputs are scaled.
    pub input_scale: InputScale,
    /// Draws the features.
    pub seed: u64,
}

/// Ridge regression on random features, from sums over rows.
pub struct FeatureRidge {
    x_scaler: Scaler,
    /// One column a feature.
    directions: Array2<f32>,
    offsets: Array1<f32>,
    normal: Normal,
    /// Of shape `(features + 1, outputs)`; 0 until they are solved for.
    weights: Array2<f32>,
}

impl FeatureRidge {
    /// Of no rows yet. The scales and the number of outputs are taken from `x`, of shape
    /// `(rows, inputs)`, and `y`; nothing else is.
    #[must_use]
    pub fn new(params: &FeatureParams, x: ArrayView2<'_, f32>, y: &Targets) -> Self {
        let mut rng = ChaCha8Rng::seed_from_u64(params.seed);
        let mut number = || rng.random::<f32>() * 2.0 - 1.0;
        // Uniform, with a variance of 1 of the sum over inputs of spread 1.
        let bound = (3.0 / x.ncols().max(1) as f32).sqrt();
        let shape = (x.ncols(), params.features);
        let directions = Array2::from_shape_simple_fn(shape, || bound * number());
        let offsets = Array1::from_shape_simple_fn(params.features, number);
        let width = params.features + 1;
        Self {
            x_scaler: params.input_scale.scaler(x),
            directions,
            offsets,
            normal: Normal::new(width, y.width()),
            weights: Array2::zeros((width, y.width())),
        }
    }

    /// Counts rows; recall follows once [`FeatureRidge::solve`] is called. A label is a row with a
    /// single 1.
    pub fn learn(&mut self, x: ArrayView2<'_, f32>, y: &Targets) {
        let values = y.to_values();
        let parts = x.axis_chunks_iter(Axis(0), CHUNK_ROWS);
        for (x, y) in parts.zip(values.axis_chunks_iter(Axis(0), CHUNK_ROWS)) {
            self.normal.add(self.features(x).view(), y);
        }
    }

    /// Solves for the weights of all rows so far.
    ///
    /// # Errors
    ///
    /// Returns an error if the penalty, on features and summed errors, is too small for the features.
    pub fn solve(&mut self, penalty: f64) -> Result<(), RidgeError> {
        self.weights = self.normal.solve(penalty)?;
        Ok(())
    }

    /// Values, or a score for each label, of shape `(rows, outputs)`.
    #[must_use]
    pub fn recall(&self, x: ArrayView2<'_, f32>) -> Array2<f32> {
        self.features(x).dot(&self.weights)
    }

    /// Bytes of the features, the sums and the weights.
    #[must_use]
    pub fn bytes(&self) -> usize {
        let numbers = self.directions.len() + self.offsets.len() + self.weights.len();
        numbers * size_of::<f32>() + self.normal.bytes()
    }

    fn features(&self, x: ArrayView2<'_, f32>) -> Array2<f32> {
        let mut features = Array2::ones((x.nrows(), self.offsets.len() + 1));
        let mut sums = self.x_scaler.apply(x).dot(&self.directions);
        sums += &self.offsets;
        sums.mapv_inplace(|sum| sum.max(0.0));
        features.slice_mut(s![.., ..self.offsets.len()]).assign(&sums);
        features
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metrics::mean_nmse;

    fn rows() -> (Array2<f32>, Targets) {
        let x = Array2::from_shape_fn((600, 2), |(row, column)| {
            ((row * 13 + 5) as f32 * (column as f32 + 0.7)).sin()
        });
        let y = x.map_axis(Axis(1), |row| row[0] * row[0] + 3.0 * row[1]).insert_axis(Axis(1));
        (x, Targets::Values(y))
    }

    fn params() -> FeatureParams {
        FeatureParams { features: 100, input_scale: InputScale::EachInput, seed: 1 }
    }

    #[test]
    fn rows_in_parts_and_in_another_order_give_the_same() {
        let (x, y) = rows();
        let Targets::Values(truth) = &y else { panic!("these are values") };
        let whole = {
            let mut ridge = FeatureRidge::new(&params(), x.view(), &y);
            ridge.learn(x.view(), &y);
            ridge.solve(1e-3).unwrap();
            ridge.recall(x.view())
        };
        assert!(mean_nmse(whole.view(), truth.view()) < 1e-3);
        let mut ridge = FeatureRidge::new(&params(), x.view(), &y);
        for part in (0..600).rev().collect::<Vec<_>>().chunks(70) {
            ridge.learn(x.select(Axis(0), part).view(), &y.select(part));
        }
        ridge.solve(1e-3).unwrap();
        let parts = ridge.recall(x.view());
        assert!(parts.iter().zip(&whole).all(|(a, b)| (a - b).abs() < 1e-3));
        assert_eq!(ridge.bytes(), 4 * (2 * 100 + 100 + 101) + 8 * (101 * 101 + 101));
    }
}
