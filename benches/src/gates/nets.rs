//! The nets whose decisions gates are.

use std::time::Instant;

use glam_memory::net::Net;
use ndarray::Array2;

use crate::adapt::AdaptError;
use crate::data::{Dataset, Targets};
use crate::metrics::{accuracy, largest, mean_nmse};
use crate::peers::mlp::{self, InputScale, Mlp, MlpParams};

/// A learning rate by which no weight moves.
const NO_RATE: f64 = 1e-30;

/// How a net is trained.
#[derive(Clone, Debug, PartialEq)]
pub struct Plan {
    /// Units of each hidden layer.
    pub hidden: Vec<usize>,
    /// Passes over the rows.
    pub epochs: usize,
    /// How its inputs are scaled.
    pub scale: InputScale,
}

/// A net trained on the rows that memories then learn, and the same net before it was trained.
pub struct Nets {
    /// Trained.
    pub trained: Net,
    /// With the weights that training began with.
    pub untrained: Net,
    /// Of the trained net on the test rows: accuracy of labels, mean nMSE of values.
    pub score: f64,
    /// Bytes of its weights.
    pub bytes: usize,
    /// Microseconds of training a row, over all passes.
    pub row_micros: f64,
}

impl Nets {
    /// Trains a net on the rows of `set`, with first weights and orders drawn by `seed`.
    ///
    /// # Errors
    ///
    /// Returns an error if the net cannot be trained.
    pub fn fit(set: &Dataset, plan: &Plan, seed: u64) -> Result<Self, AdaptError> {
        let names = match &set.train_y {
            Targets::Labels { names, .. } => names.clone(),
            Targets::Values(_) => Vec::new(),
        };
        let fit = |epochs: usize, rate: f64| -> Result<Mlp, AdaptError> {
            let params = MlpParams {
                hidden: plan.hidden.clone(),
                epochs,
                learning_rates: vec![rate],
                input_scale: plan.scale,
                seed,
                ..Default::default()
            };
            Ok(mlp::fit(&params.check()?, set.train_x.view(), &set.train_y)?)
        };
        let start = Instant::now();
        let trained = fit(plan.epochs, 1e-3)?;
        let seconds = start.elapsed().as_secs_f64();
        let recalled: Array2<f32> = trained.predict(set.test_x.view())?;
        Ok(Self {
            score: score(&recalled, &set.test_y),
            bytes: trained.parameter_bytes(),
            row_micros: 1e6 * seconds / set.train_x.nrows() as f64,
            trained: trained.to_net(&names)?,
            untrained: fit(1, NO_RATE)?.to_net(&names)?,
        })
    }
}

fn score(recalled: &Array2<f32>, truth: &Targets) -> f64 {
    match truth {
        Targets::Labels { labels, .. } => accuracy(&largest(recalled.view()), labels),
        Targets::Values(values) => mean_nmse(recalled.view(), values.view()),
    }
}
