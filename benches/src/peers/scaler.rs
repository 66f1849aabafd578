//! Means and spreads, fitted on the training rows.

use ndarray::{Array1, Array2, ArrayView2, Axis};

use crate::data::Targets;

/// Shifts and scales columns to mean 0 and spread 1.
#[derive(Clone, Debug)]
pub(super) struct Scaler {
    mean: Array1<f32>,
    spread: Array1<f32>,
}

impl Scaler {
    /// Every column has its own mean and spread; a constant column keeps its unit.
    pub(super) fn each_column(values: ArrayView2<'_, f32>) -> Self {
        let (mean, variance): (Vec<f64>, Vec<f64>) =
            values.columns().into_iter().map(|column| moments(column.iter().copied())).unzip();
        Self {
            mean: mean.iter().map(|&mean| mean as f32).collect(),
            spread: variance.iter().map(|&variance| spread(variance)).collect(),
        }
    }

    /// All columns share one mean and one spread.
    pub(super) fn all_columns(values: ArrayView2<'_, f32>) -> Self {
        let (mean, variance) = moments(values.iter().copied());
        Self {
            mean: Array1::from_elem(values.ncols(), mean as f32),
            spread: Array1::from_elem(values.ncols(), spread(variance)),
        }
    }

    /// Scaled values, in standard layout.
    pub(super) fn apply(&self, values: ArrayView2<'_, f32>) -> Array2<f32> {
        let mut scaled = values.as_standard_layout().into_owned();
        for mut row in scaled.rows_mut() {
            row -= &self.mean;
            row /= &self.spread;
        }
        scaled
    }

    /// Mean and spread of each column.
    pub(super) fn units(&self) -> impl Iterator<Item = (&f32, &f32)> {
        self.mean.iter().zip(&self.spread)
    }

    /// The way back.
    pub(super) fn invert(&self, mut scaled: Array2<f32>) -> Array2<f32> {
        for mut row in scaled.axis_iter_mut(Axis(0)) {
            row *= &self.spread;
            row += &self.mean;
        }
        scaled
    }
}

/// The first row with an input or a target that is infinite or not a number.
pub(super) fn first_row_not_finite(x: ArrayView2<'_, f32>, y: &Targets) -> Option<usize> {
    let first = |values: ArrayView2<'_, f32>| {
        values.rows().into_iter().position(|row| row.iter().any(|value| !value.is_finite()))
    };
    let in_targets = match y {
        Targets::Values(values) => first(values.view()),
        Targets::Labels { .. } => None,
    };
    [first(x), in_targets].into_iter().flatten().min()
}

fn moments(values: impl Iterator<Item = f32> + Clone) -> (f64, f64) {
    let count = values.clone().count().max(1) as f64;
    let mean = values.clone().map(f64::from).sum::<f64>() / count;
    let variance = values.map(|value| (f64::from(value) - mean).powi(2)).sum::<f64>() / count;
    (mean, variance)
}

/// The spread to divide by. Below a rounding error of f32 a column counts as constant.
fn spread(variance: f64) -> f32 {
    let spread = variance.sqrt() as f32;
    if spread > f32::EPSILON { spread } else { 1.0 }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::array;

    #[test]
    fn scaled_columns_have_mean_zero_and_spread_one_and_come_back() {
        let values = array![[1.0, 7.0, 100.0], [3.0, 7.0, 300.0]];
        let scaler = Scaler::each_column(values.view());
        let scaled = scaler.apply(values.view());
        assert_eq!(scaled, array![[-1.0, 0.0, -1.0], [1.0, 0.0, 1.0]]);
        assert_eq!(scaler.invert(scaled), values);
    }

    #[test]
    fn one_scale_for_all_columns_keeps_their_proportions() {
        let values = array![[0.0, 4.0], [0.0, 4.0]];
        let scaled = Scaler::all_columns(values.view()).apply(values.view());
        assert_eq!(scaled, array![[-1.0, 1.0], [-1.0, 1.0]]);
    }
}
