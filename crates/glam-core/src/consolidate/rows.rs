//! The observations that a solve goes over, in units of the normaliser.

use crate::normaliser::Normaliser;
use crate::observations::Observations;

/// Normalised observations, flat.
#[derive(Debug, Clone, Default)]
pub(crate) struct Rows {
    /// Inputs, `inputs` floats a row.
    pub(crate) z: Vec<f32>,
    pub(crate) inputs: usize,
    /// What is to be predicted.
    pub(crate) targets: Goals,
    pub(crate) outputs: usize,
    /// Weight of each row; empty where all are 1.
    pub(crate) weights: Vec<f32>,
    pub(crate) count: usize,
}

/// Targets of a solve.
#[derive(Debug, Clone)]
pub(crate) enum Goals {
    /// Normalised numbers, flat; NaN where one is not known.
    Numbers(Vec<f32>),
    /// The class of each row: its output is to be 1, the others 0.
    Classes(Vec<u32>),
}

impl Default for Goals {
    fn default() -> Self {
        Self::Numbers(Vec::new())
    }
}

impl Rows {
    /// Normalises `history`.
    pub(crate) fn new(
        normaliser: &Normaliser,
        history: &Observations,
        inputs: usize,
        outputs: usize,
    ) -> Self {
        let x = history.rows();
        let mut z = vec![0.0; x.len()];
        for (x, z) in x.chunks_exact(inputs).zip(z.chunks_exact_mut(inputs)) {
            normaliser.inputs(x, z);
        }
        let targets = if history.classes().is_empty() {
            let numbers = history
                .targets()
                .iter()
                .enumerate()
                .map(|(place, &y)| normaliser.target(place % outputs.max(1), y));
            Goals::Numbers(numbers.collect())
        } else {
            Goals::Classes(history.classes().to_vec())
        };
        let weights = if history.weights().iter().all(|&weight| weight == 1.0) {
            Vec::new()
        } else {
            history.weights().to_vec()
        };
        Self { z, inputs, targets, outputs, weights, count: history.len() }
    }

    /// The normalised input of row `row`.
    #[inline(always)]
    pub(crate) fn z(&self, row: usize) -> &[f32] {
        &self.z[row * self.inputs..][..self.inputs]
    }

    /// Writes the targets of row `row` into `goal`.
    #[inline(always)]
    pub(crate) fn goal(&self, row: usize, goal: &mut [f32]) {
        match &self.targets {
            Goals::Numbers(numbers) => {
                goal.copy_from_slice(&numbers[row * self.outputs..][..self.outputs]);
            }
            Goals::Classes(classes) => {
                goal.fill(0.0);
                if let Some(goal) = goal.get_mut(classes[row] as usize) {
                    *goal = 1.0;
                }
            }
        }
    }

    #[inline(always)]
    pub(crate) fn weight(&self, row: usize) -> f32 {
        self.weights.get(row).copied().unwrap_or(1.0)
    }
}
