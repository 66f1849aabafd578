//! Training a trained net further by stochastic gradient descent, as one would on the device.

use candle_core::{D, Tensor, Var};
use candle_nn::{Optimizer, SGD, loss, ops};
use ndarray::{Array2, ArrayView2};

use super::algorithm::tensor;
use super::network::Network;
use super::{Mlp, MlpError};
use crate::data::Targets;
use crate::peers::scaler::Scaler;

/// A copy of a net, in the units that it was trained in, whose weights go on being trained.
pub struct Tuner {
    network: Network,
    x_scaler: Scaler,
    y_scaler: Option<Scaler>,
    optimizer: SGD,
}

impl Tuner {
    /// A copy of `net` with `outputs` outputs, those that it does not have beginning at 0, to be
    /// trained with one learning rate: all layers, or the last alone.
    ///
    /// # Errors
    ///
    /// Returns an error if the weights cannot be copied.
    pub fn new(net: &Mlp, outputs: usize, rate: f64, last_alone: bool) -> Result<Self, MlpError> {
        let network = net.network.copied(outputs)?;
        let variables: Vec<Var> = network.variables();
        let first = if last_alone { variables.len().saturating_sub(2) } else { 0 };
        let optimizer = SGD::new(variables[first..].to_vec(), rate)?;
        let (x_scaler, y_scaler) = (net.x_scaler.clone(), net.y_scaler.clone());
        Ok(Self { network, x_scaler, y_scaler, optimizer })
    }

    /// One step on a batch: cross-entropy of labels, mean square error of values.
    ///
    /// # Errors
    ///
    /// Returns an error if shapes do not fit.
    pub fn step(&mut self, x: ArrayView2<'_, f32>, y: &Targets) -> Result<(), MlpError> {
        let loss = loss(&self.network, &self.x_scaler, self.y_scaler.as_ref(), x, y)?;
        Ok(self.optimizer.backward_step(&loss)?)
    }

    /// Values, or the probability of each label, of shape `(rows, outputs)`.
    ///
    /// # Errors
    ///
    /// Returns an error if shapes do not fit.
    pub fn recall(&self, x: ArrayView2<'_, f32>) -> Result<Array2<f32>, MlpError> {
        outputs(&self.network, &self.x_scaler, self.y_scaler.as_ref(), x)
    }
}

/// The loss on a batch in its own units: cross-entropy of labels, mean square error of values.
pub(super) fn loss(
    network: &Network,
    x_scaler: &Scaler,
    y_scaler: Option<&Scaler>,
    x: ArrayView2<'_, f32>,
    y: &Targets,
) -> Result<Tensor, MlpError> {
    let out = network.forward(&tensor(&x_scaler.apply(x))?)?;
    Ok(match (y, y_scaler) {
        (Targets::Values(values), Some(scaler)) => {
            loss::mse(&out, &tensor(&scaler.apply(values.view()))?)?
        }
        (Targets::Values(values), None) => loss::mse(&out, &tensor(values)?)?,
        (Targets::Labels { labels, .. }, _) => {
            loss::cross_entropy(&out, &Tensor::new(labels.as_slice(), out.device())?)?
        }
    })
}

/// Values in their own units, or the probability of each label where nothing scales the outputs.
pub(super) fn outputs(
    network: &Network,
    x_scaler: &Scaler,
    y_scaler: Option<&Scaler>,
    x: ArrayView2<'_, f32>,
) -> Result<Array2<f32>, MlpError> {
    let mut out = network.forward(&tensor(&x_scaler.apply(x))?)?;
    if y_scaler.is_none() {
        out = ops::softmax(&out, D::Minus1)?;
    }
    let (rows, columns) = out.dims2()?;
    let values = out.flatten_all()?.to_vec1::<f32>()?;
    let shaped = Array2::from_shape_vec((rows, columns), values);
    let out = shaped.map_err(|_| MlpError::Rows { x_rows: x.nrows(), y_rows: rows })?;
    Ok(match y_scaler {
        Some(scaler) => scaler.invert(out),
        None => out,
    })
}
