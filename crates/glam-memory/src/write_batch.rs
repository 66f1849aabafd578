//! Writing many rows at once.

use std::collections::BTreeSet;

use glam_core::{MAX_LABELS, Target};
use ndarray::ArrayView2;

use crate::error::{Error, Result};
use crate::memory::{Memory, State, with_recall};
use crate::observation::Labelled;

impl Memory {
    /// One write a row of `x` (observations by inputs) and `y` (observations by targets). Every row
    /// is checked before the first is written.
    ///
    /// # Errors
    /// [`Error::Rows`], [`Error::Row`] with nothing written; [`Error::Store`] where the log fails
    /// on the way, with the rows before it written.
    pub fn write_batch(&self, x: ArrayView2<'_, f32>, y: ArrayView2<'_, f32>) -> Result<()> {
        let rows: Vec<Vec<f32>> = y.rows().into_iter().map(|row| row.to_vec()).collect();
        self.write_rows(x, rows.iter().map(|row| Target::Numbers(row)), None)
    }

    /// [`Memory::write_batch`] with a weight a row, as [`Memory::write_weighted`] takes it.
    ///
    /// # Errors
    /// As [`Memory::write_batch`], and [`Error::Weights`].
    pub fn write_batch_weighted(
        &self,
        x: ArrayView2<'_, f32>,
        y: ArrayView2<'_, f32>,
        weights: &[f32],
    ) -> Result<()> {
        let rows: Vec<Vec<f32>> = y.rows().into_iter().map(|row| row.to_vec()).collect();
        self.write_rows(x, rows.iter().map(|row| Target::Numbers(row)), Some(weights))
    }

    /// [`Memory::write_batch`] with a label a row.
    ///
    /// # Errors
    /// As [`Memory::write_batch`].
    pub fn write_label_batch<'a, L>(&self, x: ArrayView2<'_, f32>, labels: &'a [L]) -> Result<()>
    where
        &'a L: Into<Labelled<'a>>,
    {
        self.write_rows(x, labels.iter().map(|label| Target::Label(label.into().label())), None)
    }

    fn write_rows<'a>(
        &self,
        x: ArrayView2<'_, f32>,
        targets: impl ExactSizeIterator<Item = Target<'a>> + Clone,
        weights: Option<&[f32]>,
    ) -> Result<()> {
        if x.nrows() != targets.len() {
            return Err(Error::Rows { inputs: x.nrows(), targets: targets.len() });
        }
        if let Some(weights) = weights.map(<[f32]>::len).filter(|&weights| weights != x.nrows()) {
            return Err(Error::Weights { inputs: x.nrows(), weights });
        }
        let weight = |row: usize| weights.map_or(1.0, |weights| weights[row]);
        let mut input = Vec::with_capacity(x.ncols());
        let mut state = self.state.write();
        let at = |row| {
            move |error| match error {
                Error::Core(source) => Error::Row { row, source },
                other => other,
            }
        };
        let mut new_labels = BTreeSet::new();
        for (row, (x, target)) in x.rows().into_iter().zip(targets.clone()).enumerate() {
            input.clear();
            input.extend(x);
            state.check(&input, target, weight(row)).map_err(at(row))?;
            if let Target::Label(label) = target {
                let known = with_recall!(&*state, recall => recall.labels());
                if known.position(label).is_none() {
                    new_labels.insert(label.text());
                    if known.len() + new_labels.len() > MAX_LABELS {
                        let source = glam_core::Error::TooManyLabels { max: MAX_LABELS };
                        return Err(Error::Row { row, source });
                    }
                }
            }
        }
        let learn = || -> Result<()> {
            for (row, (x, target)) in x.rows().into_iter().zip(targets).enumerate() {
                input.clear();
                input.extend(x);
                state.learn(&input, target, weight(row)).map_err(at(row))?;
            }
            Ok(())
        };
        let learned = learn();
        // What was written before a row that failed is waited for all the same.
        let waits = state.after_write();
        drop(state);
        let waited = self.wait(waits);
        learned.and(waited)
    }
}
