//! What the user decides, checked before anything runs.

use ndarray::ArrayView2;

use super::MlpError;
use crate::data::Targets;
use crate::peers::scaler::Scaler;

/// The order in which one epoch visits the rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RowOrder {
    /// A new random order every epoch.
    Shuffled,
    /// The order that the rows come in: what a learner from a stream gets.
    Given,
}

/// How inputs are brought to a common size.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InputScale {
    /// Each input gets mean 0 and spread 1: for inputs of different units.
    EachInput,
    /// One mean and one spread for all inputs: for pixels and embeddings, whose proportions carry
    /// meaning.
    AllInputs,
}

impl InputScale {
    /// What fits sets like those here: rows with labels are pixels and embeddings, whose inputs have one
    /// unit; rows with values are measurements of many.
    #[must_use]
    pub fn usual(y: &Targets) -> Self {
        match y {
            Targets::Labels { .. } => Self::AllInputs,
            Targets::Values(_) => Self::EachInput,
        }
    }

    /// Those that a net's is chosen from: both where inputs may have one unit, each input's own else.
    #[must_use]
    pub fn candidates(y: &Targets) -> &'static [Self] {
        match Self::usual(y) {
            Self::AllInputs => &[Self::EachInput, Self::AllInputs],
            Self::EachInput => &[Self::EachInput],
        }
    }

    /// As settings say it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::EachInput => "inputs scaled one by one",
            Self::AllInputs => "inputs scaled as one",
        }
    }

    /// The scales of these rows.
    pub(in crate::peers) fn scaler(self, x: ArrayView2<'_, f32>) -> Scaler {
        match self {
            Self::EachInput => Scaler::each_column(x),
            Self::AllInputs => Scaler::all_columns(x),
        }
    }
}

/// What the user decides. [`MlpParams::check`] makes it usable.
#[derive(Clone, Debug)]
pub struct MlpParams {
    /// Units of each hidden layer; empty for a linear model.
    pub hidden: Vec<usize>,
    /// Rows a batch.
    pub batch_rows: usize,
    /// Passes over the training rows; with `until_settled` at most.
    pub epochs: usize,
    /// Whether the learning rate falls wherever the training loss does not, and training ends once it has
    /// fallen far: to 1/64, by halves, each after ten passes that lower the least loss of a pass by less
    /// than a hundredth.
    pub until_settled: bool,
    /// The learning rates to choose from; with a single one nothing is searched.
    pub learning_rates: Vec<f64>,
    /// The order of the rows.
    pub order: RowOrder,
    /// How inputs are scaled.
    pub input_scale: InputScale,
    /// Draws the first weights, the orders and the held-out tenth.
    pub seed: u64,
    /// Threads for the search (one a candidate) and for the multiplications of the final fit.
    pub thread_count: usize,
}

impl Default for MlpParams {
    fn default() -> Self {
        Self {
            hidden: vec![128, 128],
            batch_rows: 64,
            epochs: 20,
            until_settled: false,
            learning_rates: vec![3e-4, 1e-3, 3e-3, 1e-2],
            order: RowOrder::Shuffled,
            input_scale: InputScale::EachInput,
            seed: 0,
            thread_count: std::thread::available_parallelism().map_or(1, usize::from),
        }
    }
}

impl MlpParams {
    /// Checks every parameter.
    ///
    /// # Errors
    ///
    /// Returns the first parameter that is out of its range.
    pub fn check(self) -> Result<ValidMlpParams, MlpError> {
        let counts = [
            ("batch_rows", self.batch_rows),
            ("epochs", self.epochs),
            ("thread_count", self.thread_count),
            ("hidden", self.hidden.iter().copied().min().unwrap_or(1)),
        ];
        if let Some(&(name, got)) = counts.iter().find(|&&(_, count)| count == 0) {
            let (expected, got) = ("at least 1", got.to_string());
            return Err(MlpError::Parameter { name, expected, got });
        }
        let usable = |&rate: &f64| rate.is_finite() && rate > 0.0;
        if self.learning_rates.is_empty() || !self.learning_rates.iter().all(usable) {
            return Err(MlpError::Parameter {
                name: "learning_rates",
                expected: "at least one, each positive and finite",
                got: format!("{:?}", self.learning_rates),
            });
        }
        Ok(ValidMlpParams(self))
    }
}

/// Parameters that can run.
#[derive(Clone, Debug)]
pub struct ValidMlpParams(MlpParams);

impl ValidMlpParams {
    /// The parameters.
    #[must_use]
    pub fn get(&self) -> &MlpParams {
        &self.0
    }

    /// These, with inputs of another scale.
    #[must_use]
    pub fn scaled(&self, input_scale: InputScale) -> Self {
        Self(MlpParams { input_scale, ..self.0.clone() })
    }

    /// How many batches a fit of `row_count` rows takes at most, the search included; no fewer but with
    /// `until_settled`.
    #[must_use]
    pub fn batch_count(&self, row_count: usize) -> u64 {
        let per_fit = |rows: usize| (rows.div_ceil(self.0.batch_rows) * self.0.epochs) as u64;
        let searched = match self.0.learning_rates.len() {
            1 => 0,
            candidates => {
                let kept = crate::data::held_out_tenth(row_count, self.0.seed).kept.len();
                per_fit(kept) * candidates as u64
            }
        };
        searched + per_fit(row_count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_edge_value_is_refused_by_name() {
        let zero_epochs = MlpParams { epochs: 0, ..Default::default() };
        let zero_rows = MlpParams { batch_rows: 0, ..Default::default() };
        let zero_threads = MlpParams { thread_count: 0, ..Default::default() };
        let zero_units = MlpParams { hidden: vec![8, 0], ..Default::default() };
        let no_rate = MlpParams { learning_rates: vec![], ..Default::default() };
        let nan_rate = MlpParams { learning_rates: vec![f64::NAN], ..Default::default() };
        for (params, expected) in [
            (zero_epochs, "epochs"),
            (zero_rows, "batch_rows"),
            (zero_threads, "thread_count"),
            (zero_units, "hidden"),
            (no_rate, "learning_rates"),
            (nan_rate, "learning_rates"),
        ] {
            match params.check() {
                Err(MlpError::Parameter { name, .. }) => assert_eq!(name, expected),
                other => panic!("{expected}: {other:?}"),
            }
        }
    }

    #[test]
    fn batches_are_counted_with_the_search() {
        let params = MlpParams {
            batch_rows: 10,
            epochs: 2,
            learning_rates: vec![1e-3, 1e-2],
            ..Default::default()
        };
        // 101 rows: 11 batches an epoch; 91 kept rows: 10 batches an epoch, for each of two rates.
        assert_eq!(params.check().unwrap().batch_count(101), 22 + 40);
    }
}
