//! A net that learns a stream: whoever has the rows decides what each step is made on.

use candle_nn::{Optimizer, SGD};
use ndarray::{Array2, ArrayView2};

use super::adam::Adam;
use super::network::Network;
use super::tuning::{loss, outputs};
use super::{InputScale, MlpError};
use crate::data::Targets;
use crate::peers::scaler::Scaler;

/// How a step follows from a gradient.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Descent {
    /// Along the gradient, without momentum.
    Sgd,
    /// Adam with its usual decay rates and without weight decay.
    Adam,
}

/// What the user decides.
#[derive(Clone, Debug)]
pub struct StepwiseParams {
    /// Units of each hidden layer.
    pub hidden: Vec<usize>,
    /// How a step follows from a gradient.
    pub descent: Descent,
    /// The learning rate.
    pub rate: f64,
    /// How inputs are scaled.
    pub input_scale: InputScale,
    /// Draws the first weights.
    pub seed: u64,
}

enum Optimiser {
    Sgd(SGD),
    Adam(Adam),
}

/// A net that takes one step at a time.
pub struct Stepwise {
    network: Network,
    x_scaler: Scaler,
    /// None for labels, whose outputs are scores.
    y_scaler: Option<Scaler>,
    optimiser: Optimiser,
}

impl Stepwise {
    /// A net with its first weights. The scales and the number of outputs are taken from `x`, of shape
    /// `(rows, inputs)`, and `y`; nothing else is.
    ///
    /// # Errors
    ///
    /// Returns an error if the tensor library refuses the shapes.
    pub fn new(
        params: &StepwiseParams,
        x: ArrayView2<'_, f32>,
        y: &Targets,
    ) -> Result<Self, MlpError> {
        let sizes = [vec![x.ncols()], params.hidden.clone(), vec![y.width()]].concat();
        let network = Network::new(&sizes, params.seed)?;
        let variables = network.variables();
        let optimiser = match params.descent {
            Descent::Sgd => Optimiser::Sgd(SGD::new(variables, params.rate)?),
            Descent::Adam => Optimiser::Adam(Adam::new(variables, params.rate)),
        };
        let y_scaler = match y {
            Targets::Values(values) => Some(Scaler::each_column(values.view())),
            Targets::Labels { .. } => None,
        };
        Ok(Self { network, x_scaler: params.input_scale.scaler(x), y_scaler, optimiser })
    }

    /// One step on all rows of a batch: cross-entropy of labels, mean square error of values.
    ///
    /// # Errors
    ///
    /// Returns an error if shapes do not fit.
    pub fn step(&mut self, x: ArrayView2<'_, f32>, y: &Targets) -> Result<(), MlpError> {
        let loss = loss(&self.network, &self.x_scaler, self.y_scaler.as_ref(), x, y)?;
        match &mut self.optimiser {
            Optimiser::Sgd(sgd) => sgd.backward_step(&loss)?,
            Optimiser::Adam(adam) => adam.step(&loss.backward()?)?,
        }
        Ok(())
    }

    /// Values, or the probability of each label, of shape `(rows, outputs)`.
    ///
    /// # Errors
    ///
    /// Returns an error if shapes do not fit.
    pub fn recall(&self, x: ArrayView2<'_, f32>) -> Result<Array2<f32>, MlpError> {
        outputs(&self.network, &self.x_scaler, self.y_scaler.as_ref(), x)
    }

    /// Bytes of the weights and offsets, and of what the optimiser keeps of them.
    #[must_use]
    pub fn bytes(&self) -> usize {
        let copies = match self.optimiser {
            Optimiser::Sgd(_) => 1,
            // Two moments of each.
            Optimiser::Adam(_) => 3,
        };
        copies * self.network.parameter_bytes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metrics::{accuracy, largest, mean_nmse};
    use ndarray::Axis;

    fn rows() -> Array2<f32> {
        Array2::from_shape_fn((640, 2), |(row, column)| {
            ((row * 13 + 5) as f32 * (column as f32 + 0.7)).sin()
        })
    }

    fn params(descent: Descent, rate: f64) -> StepwiseParams {
        let input_scale = InputScale::EachInput;
        StepwiseParams { hidden: vec![16], descent, rate, input_scale, seed: 1 }
    }

    /// Ten passes in batches of 16.
    fn trained(params: &StepwiseParams, x: &Array2<f32>, y: &Targets) -> Stepwise {
        let mut net = Stepwise::new(params, x.view(), y).unwrap();
        for batch in (0..10 * x.nrows()).collect::<Vec<_>>().chunks(16) {
            let rows: Vec<usize> = batch.iter().map(|row| row % x.nrows()).collect();
            net.step(x.select(Axis(0), &rows).view(), &y.select(&rows)).unwrap();
        }
        net
    }

    #[test]
    fn labels_are_learned_by_both_kinds_of_steps() {
        let x = rows();
        let labels: Vec<u32> =
            x.rows().into_iter().map(|row| u32::from(row[0] * row[0] + row[1] > 0.5)).collect();
        let y = Targets::Labels { labels: labels.clone(), names: vec!["no".into(), "yes".into()] };
        for (descent, rate, copies) in [(Descent::Adam, 1e-2, 3), (Descent::Sgd, 0.3, 1)] {
            let net = trained(&params(descent, rate), &x, &y);
            let right = accuracy(&largest(net.recall(x.view()).unwrap().view()), &labels);
            assert!(right > 0.95, "{descent:?}: {right}");
            assert_eq!(net.bytes(), copies * 4 * (2 * 16 + 16 + 16 * 2 + 2));
        }
    }

    #[test]
    fn values_come_back_in_their_own_unit() {
        let x = rows();
        let y = x.map_axis(Axis(1), |row| 100.0 + 30.0 * row[0] * row[0]).insert_axis(Axis(1));
        let net = trained(&params(Descent::Adam, 1e-2), &x, &Targets::Values(y.clone()));
        let error = mean_nmse(net.recall(x.view()).unwrap().view(), y.view());
        assert!(error < 0.05, "{error}");
    }
}
