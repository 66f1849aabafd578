//! Recall of the nearest row that was inserted, by an approximate index (HNSW).
//!
//! The distance is Euclidean on scaled inputs. The index draws the layers of its rows at random
//! without a seed, so that two runs differ a little.

use hnsw_rs::prelude::{DistL2, Hnsw};
use ndarray::ArrayView2;

use super::scaler::Scaler;

/// What the user decides; the defaults are those that the literature starts from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NeighbourParams {
    /// Links of a row, at most 256.
    pub links: usize,
    /// Candidates kept while a row is inserted.
    pub insert_candidates: usize,
    /// Candidates kept while a cue is looked up.
    pub search_candidates: usize,
}

impl Default for NeighbourParams {
    fn default() -> Self {
        Self { links: 16, insert_candidates: 200, search_candidates: 64 }
    }
}

/// Why the nearest neighbour could not be recalled.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum NeighbourError {
    /// The numbers of links or candidates are out of their range.
    #[error("links must be 2 to 256, candidates at least 1: got {0:?}")]
    Params(NeighbourParams),
    /// A row or cue has another number of inputs or targets than the rows before.
    #[error("a row of {inputs} inputs and {outputs} outputs where {expected:?} were expected")]
    Width {
        /// Its inputs.
        inputs: usize,
        /// Its targets.
        outputs: usize,
        /// The right numbers.
        expected: (usize, usize),
    },
    /// Nothing was inserted yet.
    #[error("the index is empty")]
    Empty,
}

/// The layers of the index, as its paper has them for up to some millions of rows.
const LAYERS: usize = 16;

/// Rows, and the index over them.
pub struct Neighbour {
    params: NeighbourParams,
    scaler: Scaler,
    index: Hnsw<'static, f32, DistL2>,
    inputs: usize,
    /// The targets of the rows, one after the other.
    values: Vec<f32>,
    outputs: usize,
    row_count: usize,
}

impl Neighbour {
    /// An empty index for about as many rows as `x` has, whose scales are taken from them: one mean
    /// and one spread for all inputs if `one_scale`, else one for each.
    ///
    /// # Errors
    ///
    /// Returns an error if the parameters are out of their range.
    pub fn new(
        params: NeighbourParams,
        x: ArrayView2<'_, f32>,
        one_scale: bool,
        outputs: usize,
    ) -> Result<Self, NeighbourError> {
        let candidates = params.insert_candidates.min(params.search_candidates);
        if !(2..=256).contains(&params.links) || candidates == 0 {
            return Err(NeighbourError::Params(params));
        }
        let NeighbourParams { links, insert_candidates, .. } = params;
        let index = Hnsw::new(links, x.nrows().max(1), LAYERS, insert_candidates, DistL2 {});
        let scaler = if one_scale { Scaler::all_columns(x) } else { Scaler::each_column(x) };
        let inputs = x.ncols();
        Ok(Self { params, scaler, index, inputs, values: Vec::new(), outputs, row_count: 0 })
    }

    /// Inserts one row.
    ///
    /// # Errors
    ///
    /// Returns an error if the row has another width.
    pub fn learn(&mut self, x: &[f32], y: &[f32]) -> Result<(), NeighbourError> {
        self.check(x.len(), y.len())?;
        self.index.insert_slice((&self.scaled(x), self.row_count));
        self.values.extend_from_slice(y);
        self.row_count += 1;
        Ok(())
    }

    /// Recalls the targets of the row that is nearest to the cue.
    ///
    /// # Errors
    ///
    /// Returns an error if the cue or the output has another width, or nothing was inserted.
    pub fn recall(&self, x: &[f32], out: &mut [f32]) -> Result<(), NeighbourError> {
        self.check(x.len(), out.len())?;
        let row = self.nearest(x)?;
        out.copy_from_slice(&self.values[row * self.outputs..][..self.outputs]);
        Ok(())
    }

    /// The number of the row that is nearest to the cue, counted in the order of insertion.
    ///
    /// # Errors
    ///
    /// Returns an error if the cue has another width, or nothing was inserted.
    pub fn nearest(&self, x: &[f32]) -> Result<usize, NeighbourError> {
        self.check(x.len(), self.outputs)?;
        let found = self.index.search(&self.scaled(x), 1, self.params.search_candidates);
        found.first().map(|neighbour| neighbour.d_id).ok_or(NeighbourError::Empty)
    }

    fn scaled(&self, x: &[f32]) -> Vec<f32> {
        let units = self.scaler.units();
        x.iter().zip(units).map(|(value, (mean, spread))| (value - mean) / spread).collect()
    }

    fn check(&self, inputs: usize, outputs: usize) -> Result<(), NeighbourError> {
        let expected = (self.inputs, self.outputs);
        if (inputs, outputs) == expected {
            return Ok(());
        }
        Err(NeighbourError::Width { inputs, outputs, expected })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::Array2;

    /// The nearest row by looking at all of them: what the index is checked against.
    fn nearest_of_all(rows: &Array2<f32>, cue: &[f32]) -> Option<usize> {
        let distance = |row: ndarray::ArrayView1<'_, f32>| {
            row.iter().zip(cue).map(|(a, b)| (a - b).powi(2)).sum::<f32>()
        };
        let distances = rows.rows().into_iter().map(distance).enumerate();
        distances.min_by(|a, b| a.1.total_cmp(&b.1)).map(|(row, _)| row)
    }

    fn rows() -> Array2<f32> {
        Array2::from_shape_fn((400, 6), |(row, column)| {
            ((row * 7 + 1) as f32 * (column as f32 + 1.3)).sin()
        })
    }

    fn filled(x: &Array2<f32>) -> Neighbour {
        let mut index = Neighbour::new(NeighbourParams::default(), x.view(), true, 1).unwrap();
        for (row, x) in x.rows().into_iter().enumerate() {
            index.learn(x.as_slice().unwrap(), &[row as f32]).unwrap();
        }
        index
    }

    #[test]
    fn a_row_that_was_inserted_is_its_own_nearest() {
        let x = rows();
        let index = filled(&x);
        for (row, x) in x.rows().into_iter().enumerate() {
            assert_eq!(index.nearest(x.as_slice().unwrap()).unwrap(), row);
            let mut out = [0.0];
            index.recall(x.as_slice().unwrap(), &mut out).unwrap();
            assert_eq!(out, [row as f32]);
        }
    }

    #[test]
    fn nearly_all_cues_find_the_nearest_of_all_rows() {
        let x = rows();
        let index = filled(&x);
        let cues = Array2::from_shape_fn((200, 6), |(row, column)| {
            ((row * 11 + 3) as f32 * (column as f32 + 0.4)).cos()
        });
        let right = |cue: &[f32]| Some(index.nearest(cue).unwrap()) == nearest_of_all(&x, cue);
        let found = cues.rows().into_iter().filter(|cue| right(cue.as_slice().unwrap())).count();
        // 64 candidates among 400 rows: missing one in ten would be a wrong use of the index.
        assert!(found >= 180, "{found}");
    }

    #[test]
    fn empty_indexes_other_widths_and_unusable_parameters_are_refused() {
        let x = rows();
        let index = Neighbour::new(NeighbourParams::default(), x.view(), false, 1).unwrap();
        assert!(matches!(index.nearest(&[0.0; 6]), Err(NeighbourError::Empty)));
        assert!(matches!(index.nearest(&[0.0; 5]), Err(NeighbourError::Width { .. })));
        let params = NeighbourParams { links: 257, ..Default::default() };
        let index = Neighbour::new(params, x.view(), false, 1);
        assert!(matches!(index, Err(NeighbourError::Params(_))));
    }
}
