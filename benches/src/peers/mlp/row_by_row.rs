//! A net that learns a stream one row at a time, as whoever predicts and corrects does.

use ndarray::{Array2, ArrayView2};
use rayon::{ThreadPool, ThreadPoolBuilder};

use super::{MlpError, Stepwise, StepwiseParams};
use crate::data::Targets;

/// A net and the one thread that it works on: a row is no work to share, and the threads of a pool spin
/// while they wait for their part of it.
pub struct RowByRow {
    net: Stepwise,
    thread: ThreadPool,
}

impl RowByRow {
    /// A net with its first weights. See [`Stepwise::new`] for what is taken from `x` and `y`.
    ///
    /// # Errors
    ///
    /// Returns an error if the tensor library refuses the shapes, or the thread cannot be started.
    pub fn new(
        params: &StepwiseParams,
        x: ArrayView2<'_, f32>,
        y: &Targets,
    ) -> Result<Self, MlpError> {
        let thread = ThreadPoolBuilder::new().num_threads(1).build()?;
        Ok(Self { net: Stepwise::new(params, x, y)?, thread })
    }

    /// One step on a row, of shape `(1, inputs)`.
    ///
    /// # Errors
    ///
    /// Returns an error if shapes do not fit.
    pub fn learn(&mut self, x: ArrayView2<'_, f32>, y: &Targets) -> Result<(), MlpError> {
        let net = &mut self.net;
        self.thread.install(|| net.step(x, y))
    }

    /// Values, or the probability of each label, of shape `(rows, outputs)`.
    ///
    /// # Errors
    ///
    /// Returns an error if shapes do not fit.
    pub fn recall(&self, x: ArrayView2<'_, f32>) -> Result<Array2<f32>, MlpError> {
        self.thread.install(|| self.net.recall(x))
    }
}
