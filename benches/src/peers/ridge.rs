//! Ridge regression in closed form: the best straight line through everything.
//!
//! Labels are recalled as rows with a single 1; the largest output names the label. Inputs and
//! targets are scaled to mean 0 and spread 1. The penalty is chosen on a held-out tenth of the
//! training rows, then the fit is repeated on all of them.

use std::time::Instant;

use faer::linalg::matmul::matmul;
use faer::linalg::solvers::{LltError, Solve};
use faer::{Accum, Mat, Par, Side};
use ndarray::{Array2, ArrayView2, Axis};

use super::scaler::{Scaler, first_row_not_finite};
use crate::data::{Targets, held_out_tenth};
use crate::metrics::{accuracy, largest};

/// Rows that are multiplied at a time, to bound the memory of their f64 copies.
const CHUNK_ROWS: usize = 4_096;

/// What the user decides.
#[derive(Clone, Debug)]
pub struct RidgeParams {
    /// The penalties to choose from, on inputs of spread 1 and summed errors. Each must be positive.
    pub penalties: Vec<f64>,
    /// Draws the held-out tenth.
    pub seed: u64,
}

impl Default for RidgeParams {
    fn default() -> Self {
        Self { penalties: vec![1e-2, 1e-1, 1.0, 1e1, 1e2, 1e3, 1e4], seed: 0 }
    }
}

/// Why ridge regression failed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RidgeError {
    /// There is nothing to choose from, or a penalty is not positive and finite.
    #[error("penalties must be at least one, each positive and finite: got {0:?}")]
    Penalties(Vec<f64>),
    /// Inputs and targets differ in number of rows, or are too few.
    #[error(
        "{x_rows} rows of inputs and {y_rows} of targets; equal numbers, at least 2, are needed"
    )]
    Rows {
        /// Rows of inputs.
        x_rows: usize,
        /// Rows of targets.
        y_rows: usize,
    },
    /// An input or a target is infinite or not a number.
    #[error("every input and target must be finite; row {row} is not")]
    NotFinite {
        /// The first such row.
        row: usize,
    },
    /// The normal equations are not positive definite: the penalty is too small for the inputs.
    #[error("the normal equations have no solution ({0:?}): choose from larger penalties")]
    Unsolvable(LltError),
}

/// A fitted straight line.
#[derive(Clone, Debug)]
pub struct Ridge {
    weights: Array2<f32>,
    x_scaler: Scaler,
    y_scaler: Scaler,
    /// The penalty that was chosen.
    pub penalty: f64,
    /// Seconds for choosing the penalty.
    pub search_seconds: f64,
    /// Seconds for the fit on all training rows.
    pub train_seconds: f64,
}

impl Ridge {
    /// Fits `x`, of shape `(rows, inputs)`.
    ///
    /// # Errors
    ///
    /// Returns an error if the parameters or shapes are unusable, or an input is not finite.
    pub fn fit(
        params: &RidgeParams,
        x: ArrayView2<'_, f32>,
        y: &Targets,
    ) -> Result<Self, RidgeError> {
        let usable = |&penalty: &f64| penalty.is_finite() && penalty > 0.0;
        if params.penalties.is_empty() || !params.penalties.iter().all(usable) {
            return Err(RidgeError::Penalties(params.penalties.clone()));
        }
        if x.nrows() != y.row_count() || x.nrows() < 2 {
            return Err(RidgeError::Rows { x_rows: x.nrows(), y_rows: y.row_count() });
        }
        if let Some(row) = first_row_not_finite(x, y) {
            return Err(RidgeError::NotFinite { row });
        }
        let start = Instant::now();
        let values = y.to_values();
        let x_scaler = Scaler::each_column(x);
        let y_scaler = Scaler::each_column(values.view());
        let (x, values) = (x_scaler.apply(x), y_scaler.apply(values.view()));
        let scale_seconds = start.elapsed().as_secs_f64();

        let start = Instant::now();
        let penalty = choose_penalty(params, &x, &values, y)?;
        let search_seconds = start.elapsed().as_secs_f64();

        let start = Instant::now();
        let weights = Normal::of(x.view(), values.view()).solve(penalty)?;
        let train_seconds = scale_seconds + start.elapsed().as_secs_f64();
        Ok(Self { weights, x_scaler, y_scaler, penalty, search_seconds, train_seconds })
    }

    /// Recalls values, of shape `(rows, outputs)`.
    #[must_use]
    pub fn predict(&self, x: ArrayView2<'_, f32>) -> Array2<f32> {
        self.y_scaler.invert(self.x_scaler.apply(x).dot(&self.weights))
    }

    /// Recalls labels.
    #[must_use]
    pub fn predict_labels(&self, x: ArrayView2<'_, f32>) -> Vec<u32> {
        largest(self.predict(x).view())
    }

    /// Bytes of the weights and the offsets.
    #[must_use]
    pub fn parameter_bytes(&self) -> usize {
        (self.weights.len() + self.weights.ncols()) * size_of::<f32>()
    }
}

fn choose_penalty(
    params: &RidgeParams,
    x: &Array2<f32>,
    values: &Array2<f32>,
    y: &Targets,
) -> Result<f64, RidgeError> {
    let split = held_out_tenth(x.nrows(), params.seed);
    let rows = |all: &Array2<f32>, rows: &[usize]| all.select(Axis(0), rows);
    let normal = Normal::of(rows(x, &split.kept).view(), rows(values, &split.kept).view());
    let (held_x, held_values) = (rows(x, &split.held_out), rows(values, &split.held_out));
    let held_y = y.select(&split.held_out);

    let mut best = (f64::INFINITY, params.penalties[0]);
    for &penalty in &params.penalties {
        let recalled = held_x.dot(&normal.solve(penalty)?);
        let loss = match &held_y {
            Targets::Values(_) => {
                (&recalled - &held_values).iter().map(|&error| f64::from(error).powi(2)).sum()
            }
            Targets::Labels { labels, .. } => 1.0 - accuracy(&largest(recalled.view()), labels),
        };
        if loss < best.0 {
            best = (loss, penalty);
        }
    }
    Ok(best.1)
}

/// The normal equations.
pub(super) struct Normal {
    gram: Mat<f64>,
    moment: Mat<f64>,
}

impl Normal {
    /// Those of no rows.
    pub(super) fn new(inputs: usize, outputs: usize) -> Self {
        Self { gram: Mat::zeros(inputs, inputs), moment: Mat::zeros(inputs, outputs) }
    }

    fn of(x: ArrayView2<'_, f32>, y: ArrayView2<'_, f32>) -> Self {
        let mut normal = Self::new(x.ncols(), y.ncols());
        normal.add(x, y);
        normal
    }

    /// With more rows.
    pub(super) fn add(&mut self, x: ArrayView2<'_, f32>, y: ArrayView2<'_, f32>) {
        for (x, y) in
            x.axis_chunks_iter(Axis(0), CHUNK_ROWS).zip(y.axis_chunks_iter(Axis(0), CHUNK_ROWS))
        {
            let (x, y) = (to_faer(x), to_faer(y));
            let xt = x.transpose();
            matmul(self.gram.as_mut(), Accum::Add, xt, x.as_ref(), 1.0, Par::rayon(0));
            matmul(self.moment.as_mut(), Accum::Add, xt, y.as_ref(), 1.0, Par::rayon(0));
        }
    }

    /// Bytes of the sums.
    pub(super) fn bytes(&self) -> usize {
        let numbers = |sums: &Mat<f64>| sums.nrows() * sums.ncols();
        (numbers(&self.gram) + numbers(&self.moment)) * size_of::<f64>()
    }

    pub(super) fn solve(&self, penalty: f64) -> Result<Array2<f32>, RidgeError> {
        let mut gram = self.gram.clone();
        for index in 0..gram.nrows() {
            gram[(index, index)] += penalty;
        }
        let weights = gram.llt(Side::Lower).map_err(RidgeError::Unsolvable)?.solve(&self.moment);
        let shape = (weights.nrows(), weights.ncols());
        Ok(Array2::from_shape_fn(shape, |(row, column)| weights[(row, column)] as f32))
    }
}

fn to_faer(values: ArrayView2<'_, f32>) -> Mat<f64> {
    Mat::from_fn(values.nrows(), values.ncols(), |row, column| f64::from(values[[row, column]]))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn inputs() -> Array2<f32> {
        // Three columns that do not depend on each other.
        Array2::from_shape_fn((200, 3), |(row, column)| {
            ((row * 7 + 1) as f32 * (column as f32 + 1.3)).sin() * 10.0_f32.powi(column as i32)
        })
    }

    #[test]
    fn a_straight_line_is_recovered() {
        let x = inputs();
        let y = x.dot(&ndarray::array![[2.0, 0.0], [-1.0, 1.0], [0.5, 3.0]]) + 7.0;
        let params = RidgeParams { penalties: vec![1e-6], seed: 0 };
        let ridge = Ridge::fit(&params, x.view(), &Targets::Values(y.clone())).unwrap();
        // Products of f32 with three digits before the point: an error of 1e-3 is 1e-6 of the range.
        for (recalled, truth) in ridge.predict(x.view()).iter().zip(&y) {
            assert!((recalled - truth).abs() < 1e-3, "{recalled} {truth}");
        }
    }

    #[test]
    fn labels_on_either_side_of_a_plane_are_recovered() {
        let x = inputs();
        let labels: Vec<u32> = x.column(0).iter().map(|&value| u32::from(value > 0.0)).collect();
        let names = vec!["low".into(), "high".into()];
        let y = Targets::Labels { labels: labels.clone(), names };
        let ridge = Ridge::fit(&RidgeParams::default(), x.view(), &y).unwrap();
        let right = accuracy(&ridge.predict_labels(x.view()), &labels);
        // Least squares on 0 and 1 leans towards far points, so a few near the plane are missed.
        assert!(right > 0.9, "{right}");
    }

    #[test]
    fn unusable_parameters_and_shapes_are_refused() {
        let x = inputs();
        let y = Targets::Values(Array2::zeros((199, 1)));
        let fit = |penalties: Vec<f64>, y: &Targets| {
            Ridge::fit(&RidgeParams { penalties, seed: 0 }, x.view(), y).map(|_| ()).unwrap_err()
        };
        assert!(matches!(fit(vec![1.0], &y), RidgeError::Rows { x_rows: 200, y_rows: 199 }));
        assert!(matches!(fit(vec![], &y), RidgeError::Penalties(_)));
        assert!(matches!(fit(vec![0.0], &y), RidgeError::Penalties(_)));
        assert!(matches!(fit(vec![f64::NAN], &y), RidgeError::Penalties(_)));
    }
}
