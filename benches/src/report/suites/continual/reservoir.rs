//! Rows that are kept to be learned again: as many as some bytes hold, a fair sample of all.

use ndarray::{Array2, ArrayView1, ArrayView2, Axis};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::Failure;
use crate::data::Targets;

/// A reservoir (Vitter's algorithm R, 1985): every row so far is in it with the same probability.
pub(super) struct Reservoir {
    inputs: usize,
    x: Vec<f32>,
    y: Targets,
    kept: usize,
    capacity: usize,
    seen: usize,
    rng: ChaCha8Rng,
}

impl Reservoir {
    /// An empty one for rows like these in at most `bytes`, counting 4 bytes an input, a target and a
    /// label.
    pub(super) fn new(inputs: usize, like: &Targets, bytes: usize, seed: u64) -> Self {
        let capacity = bytes / row_bytes(inputs, like);
        let rng = ChaCha8Rng::seed_from_u64(seed);
        Self { inputs, x: Vec::new(), y: like.select(&[]), kept: 0, capacity, seen: 0, rng }
    }

    /// Offers every row of a batch.
    pub(super) fn offer(&mut self, x: ArrayView2<'_, f32>, y: &Targets) -> Result<(), Failure> {
        for (row, x) in x.rows().into_iter().enumerate() {
            self.offer_row(x, y, row)?;
        }
        Ok(())
    }

    fn offer_row(
        &mut self,
        x: ArrayView1<'_, f32>,
        y: &Targets,
        row: usize,
    ) -> Result<(), Failure> {
        self.seen += 1;
        if self.kept < self.capacity {
            self.x.extend(x);
            match (&mut self.y, y) {
                (Targets::Labels { labels: kept, .. }, Targets::Labels { labels, .. }) => {
                    kept.push(labels[row]);
                }
                (Targets::Values(kept), Targets::Values(values)) => {
                    kept.push_row(values.row(row))?
                }
                _ => return Err("labels were offered where values are kept".into()),
            }
            self.kept += 1;
            return Ok(());
        }
        let place = self.rng.random_range(0..self.seen);
        if place < self.kept {
            let start = place * self.inputs;
            self.x[start..start + self.inputs].iter_mut().zip(x).for_each(|(to, &from)| *to = from);
            match (&mut self.y, y) {
                (Targets::Labels { labels: kept, .. }, Targets::Labels { labels, .. }) => {
                    kept[place] = labels[row];
                }
                (Targets::Values(kept), Targets::Values(values)) => {
                    kept.row_mut(place).assign(&values.row(row));
                }
                _ => return Err("labels were offered where values are kept".into()),
            }
        }
        Ok(())
    }

    /// So many rows, each drawn from all that are kept; none where none is.
    pub(super) fn draw(&mut self, count: usize) -> Result<(Array2<f32>, Targets), Failure> {
        let count = if self.kept == 0 { 0 } else { count };
        let drawn: Vec<usize> = (0..count).map(|_| self.rng.random_range(0..self.kept)).collect();
        let kept = ArrayView2::from_shape((self.kept, self.inputs), &self.x)?;
        Ok((kept.select(Axis(0), &drawn), self.y.select(&drawn)))
    }

    /// Rows that are kept.
    pub(super) fn kept(&self) -> usize {
        self.kept
    }

    /// Bytes that they take.
    pub(super) fn bytes(&self) -> usize {
        self.kept * row_bytes(self.inputs, &self.y)
    }
}

fn row_bytes(inputs: usize, y: &Targets) -> usize {
    let targets = match y {
        Targets::Labels { .. } => 1,
        Targets::Values(values) => values.ncols(),
    };
    size_of::<f32>() * (inputs + targets)
}
