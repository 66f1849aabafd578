//! Reading many rows at once, and scoring them.

use glam_core::Explanation;
use ndarray::{Array2, ArrayView2, Axis};

use crate::error::{Error, Result};
use crate::memory::{Memory, State, best, with_recall};
use crate::observation::Labelled;
use crate::score::{Score, Scorer};

impl Memory {
    /// One read a row of `x` (cues by inputs), on all cores unless told otherwise
    /// ([`Memory::with_threads`]).
    ///
    /// # Errors
    /// As [`Memory::read`], for the first row that fails.
    pub fn read_batch(&self, x: ArrayView2<'_, f32>) -> Result<Array2<f32>> {
        let state = self.state.read();
        with_recall!(&*state, recall => {
            self.threads.rows(x, recall.outputs(), |x, scratch, out| {
                Ok(recall.read(x, scratch, out)?)
            })
        })
    }

    /// [`Memory::read_with_std`] for each row of `x` (cues by inputs): predictions and standard
    /// deviations, one row each.
    ///
    /// # Errors
    /// As [`Memory::read`], for the first row that fails.
    pub fn read_batch_with_std(
        &self,
        x: ArrayView2<'_, f32>,
    ) -> Result<(Array2<f32>, Array2<f32>)> {
        let state = &*self.state.read();
        let outputs = with_recall!(state, recall => recall.outputs());
        let both = self.threads.rows(x, 2 * outputs, |x, scratch, out| {
            let (mean, std) = out.split_at_mut(outputs);
            state.read_with_std(x, scratch, mean, std)
        })?;
        let (means, stds) = both.view().split_at(Axis(1), outputs);
        Ok((means.to_owned(), stds.to_owned()))
    }

    /// [`Memory::explain`] for each row of `x` (cues by inputs).
    ///
    /// # Errors
    /// As [`Memory::read`], for the first row that fails.
    pub fn explain_batch(&self, x: ArrayView2<'_, f32>) -> Result<Vec<Explanation>> {
        x.rows().into_iter().map(|x| self.explain(&x.to_vec())).collect()
    }

    /// How well the memory recalls `y` (rows by targets) at `x` (rows by inputs). Learns nothing.
    ///
    /// # Errors
    /// As [`Memory::read`], and [`Error::Rows`].
    pub fn score(&self, x: ArrayView2<'_, f32>, y: ArrayView2<'_, f32>) -> Result<Score> {
        if x.nrows() != y.nrows() {
            return Err(Error::Rows { inputs: x.nrows(), targets: y.nrows() });
        }
        let predicted = self.read_batch(x)?;
        if predicted.ncols() != y.ncols() {
            let (expected, got) = (predicted.ncols(), y.ncols());
            return Err(glam_core::Error::Length { what: "target", expected, got }.into());
        }
        let mut scorer = Scorer::default();
        for (predicted, truth) in predicted.rows().into_iter().zip(y.rows()) {
            scorer.numbers(&predicted.to_vec(), &truth.to_vec());
        }
        Ok(scorer.score())
    }

    /// The share of rows of `x` whose likeliest class is the one in `labels`.
    ///
    /// # Errors
    /// As [`Memory::classify`], and [`Error::Rows`].
    pub fn score_labels<'a, L>(&self, x: ArrayView2<'_, f32>, labels: &'a [L]) -> Result<Score>
    where
        &'a L: Into<Labelled<'a>>,
    {
        if x.nrows() != labels.len() {
            return Err(Error::Rows { inputs: x.nrows(), targets: labels.len() });
        }
        let names = self.labels();
        let mut scorer = Scorer::default();
        for (scores, label) in self.read_batch(x)?.rows().into_iter().zip(labels) {
            let found = best(&scores.to_vec()).and_then(|best| names.get(best));
            scorer.class(found.is_some_and(|found| *found == label.into().label().text()));
        }
        Ok(scorer.score())
    }
}
