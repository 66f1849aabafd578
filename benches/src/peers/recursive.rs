//! Recursive least squares with one dense covariance: ridge regression, one row at a time.
//!
//! After n rows the weights are those of ridge regression on the same n rows. Inputs and targets
//! are scaled to mean 0 and spread 1; an offset is one more input. All of it is f64: in f32 the
//! covariance of a few hundred inputs loses its positive eigenvalues.

use faer::linalg::matmul::matmul;
use faer::{Accum, Mat, Par};
use ndarray::ArrayView2;

use super::scaler::Scaler;

/// Why recursive least squares failed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RecursiveError {
    /// The penalty is not positive and finite.
    #[error("the penalty must be positive and finite: got {0}")]
    Penalty(f64),
    /// A row has another number of inputs or targets than the rows that the scales were taken from.
    #[error("a row of {inputs} inputs and {outputs} outputs where {expected:?} were expected")]
    Width {
        /// Its inputs.
        inputs: usize,
        /// Its targets.
        outputs: usize,
        /// The right numbers.
        expected: (usize, usize),
    },
}

/// A line that is learned row by row.
#[derive(Clone, Debug)]
pub struct Recursive {
    x_scaler: Scaler,
    y_scaler: Scaler,
    /// One column, the offset's input last.
    features: Mat<f64>,
    covariance: Mat<f64>,
    /// Of shape `(inputs + 1, outputs)`.
    weights: Mat<f64>,
    gain: Mat<f64>,
    errors: Mat<f64>,
}

impl Recursive {
    /// A line through nothing yet. The scales are taken from `x` and `y`, of shape `(rows, inputs)`
    /// and `(rows, outputs)`; nothing else is.
    ///
    /// # Errors
    ///
    /// Returns an error unless the penalty is positive and finite.
    pub fn new(
        penalty: f64,
        x: ArrayView2<'_, f32>,
        y: ArrayView2<'_, f32>,
    ) -> Result<Self, RecursiveError> {
        if !(penalty.is_finite() && penalty > 0.0) {
            return Err(RecursiveError::Penalty(penalty));
        }
        let (width, outputs) = (x.ncols() + 1, y.ncols());
        Ok(Self {
            x_scaler: Scaler::each_column(x),
            y_scaler: Scaler::each_column(y),
            features: Mat::zeros(width, 1),
            covariance: Mat::from_fn(width, width, |row, column| {
                if row == column { penalty.recip() } else { 0.0 }
            }),
            weights: Mat::zeros(width, outputs),
            gain: Mat::zeros(width, 1),
            errors: Mat::zeros(1, outputs),
        })
    }

    /// Learns one row.
    ///
    /// # Errors
    ///
    /// Returns an error if the row's width is not the one that the scales were taken from.
    pub fn learn(&mut self, x: &[f32], y: &[f32]) -> Result<(), RecursiveError> {
        self.check(x.len(), y.len())?;
        for (place, (value, (mean, spread))) in
            self.features.col_as_slice_mut(0).iter_mut().zip(x.iter().zip(self.x_scaler.units()))
        {
            *place = f64::from((value - mean) / spread);
        }
        self.features[(x.len(), 0)] = 1.0;

        let features = self.features.as_ref();
        let product = |out: faer::MatMut<'_, f64>, left, right| {
            matmul(out, Accum::Replace, left, right, 1.0, Par::Seq);
        };
        product(self.gain.as_mut(), self.covariance.as_ref(), features);
        product(self.errors.as_mut(), features.transpose(), self.weights.as_ref());
        let reach: f64 = (0..features.nrows()).map(|k| features[(k, 0)] * self.gain[(k, 0)]).sum();
        for (output, (value, (mean, spread))) in y.iter().zip(self.y_scaler.units()).enumerate() {
            let target = f64::from((value - mean) / spread);
            self.errors[(0, output)] = target - self.errors[(0, output)];
        }
        let (gain, scale) = (self.gain.as_ref(), (1.0 + reach).recip());
        let add = |out: faer::MatMut<'_, f64>, right, factor| {
            matmul(out, Accum::Add, gain, right, factor, Par::Seq);
        };
        add(self.weights.as_mut(), self.errors.as_ref(), scale);
        add(self.covariance.as_mut(), gain.transpose(), -scale);
        Ok(())
    }

    /// Recalls the values of one cue.
    ///
    /// # Errors
    ///
    /// Returns an error if the cue's or the output's width is not that of the rows.
    pub fn recall(&self, x: &[f32], out: &mut [f32]) -> Result<(), RecursiveError> {
        self.check(x.len(), out.len())?;
        let mut features: Vec<f64> = Vec::with_capacity(x.len() + 1);
        let scaled = x.iter().zip(self.x_scaler.units());
        features.extend(scaled.map(|(value, (mean, spread))| f64::from((value - mean) / spread)));
        features.push(1.0);
        for ((output, place), (mean, spread)) in
            out.iter_mut().enumerate().zip(self.y_scaler.units())
        {
            let weights = self.weights.col_as_slice(output);
            let value: f64 = features.iter().zip(weights).map(|(x, weight)| x * weight).sum();
            *place = value as f32 * spread + mean;
        }
        Ok(())
    }

    /// How many values a cue recalls.
    #[must_use]
    pub fn output_count(&self) -> usize {
        self.weights.ncols()
    }

    fn check(&self, inputs: usize, outputs: usize) -> Result<(), RecursiveError> {
        let expected = (self.weights.nrows() - 1, self.weights.ncols());
        if (inputs, outputs) == expected {
            return Ok(());
        }
        Err(RecursiveError::Width { inputs, outputs, expected })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use faer::Side;
    use faer::linalg::solvers::Solve;
    use ndarray::Array2;

    fn rows() -> (Array2<f32>, Array2<f32>) {
        let x = Array2::from_shape_fn((300, 5), |(row, column)| {
            ((row * 7 + 1) as f32 * (column as f32 + 1.3)).sin() * 10.0_f32.powi(column as i32 - 2)
        });
        let y = Array2::from_shape_fn((300, 2), |(row, column)| {
            x[[row, column]] * 3.0 - (x[[row, 4]] * 0.1).cos() + column as f32
        });
        (x, y)
    }

    #[test]
    fn the_weights_are_those_of_the_normal_equations() {
        let ((x, y), penalty) = (rows(), 1.0);
        let mut line = Recursive::new(penalty, x.view(), y.view()).unwrap();
        for (x, y) in x.rows().into_iter().zip(y.rows()) {
            line.learn(x.as_slice().unwrap(), y.as_slice().unwrap()).unwrap();
        }
        let (x, y) = (line.x_scaler.apply(x.view()), line.y_scaler.apply(y.view()));
        let (count, width) = (x.nrows(), x.ncols() + 1);
        let features = Mat::from_fn(count, width, |row, column| {
            if column < x.ncols() { f64::from(x[[row, column]]) } else { 1.0 }
        });
        let targets = Mat::from_fn(count, y.ncols(), |row, column| f64::from(y[[row, column]]));
        let mut gram = features.transpose() * &features;
        let trace: f64 = (0..width).map(|index| gram[(index, index)]).sum();
        for index in 0..width {
            gram[(index, index)] += penalty;
        }
        let solved = gram.llt(Side::Lower).unwrap().solve(features.transpose() * &targets);
        // Each of the updates rounds sums of `width` products; an error in them is enlarged at most
        // by the condition of the normal equations, which the trace over the penalty bounds.
        let tolerance = f64::EPSILON * (count * width) as f64 * (trace + penalty) / penalty;
        let largest = solved.norm_max();
        let error = (&line.weights - &solved).norm_max();
        assert!(error <= tolerance * largest, "{error} {tolerance} {largest}");
        // The tolerance tells right from wrong.
        assert!(tolerance < 1e-8, "{tolerance}");
    }

    #[test]
    fn rows_of_another_width_and_unusable_penalties_are_refused() {
        let (x, y) = rows();
        let mut line = Recursive::new(1.0, x.view(), y.view()).unwrap();
        assert!(matches!(line.learn(&[0.0; 4], &[0.0; 2]), Err(RecursiveError::Width { .. })));
        assert!(matches!(line.recall(&[0.0; 5], &mut [0.0]), Err(RecursiveError::Width { .. })));
        for penalty in [0.0, -1.0, f64::NAN] {
            let line = Recursive::new(penalty, x.view(), y.view());
            assert!(matches!(line, Err(RecursiveError::Penalty(_))));
        }
    }
}
