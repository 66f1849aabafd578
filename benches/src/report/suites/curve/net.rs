//! The net that learns row by row, among the learners of the race.

use ndarray::{Array2, ArrayView2, Axis};

use super::super::common::Result;
use crate::data::{Dataset, Targets, held_out_tenth};
use crate::metrics::{accuracy, largest, rmse};
use crate::peers::mlp::{Descent, InputScale, MlpError, RowByRow, StepwiseParams};
use crate::race::RaceError;
use crate::race::course::Answer;
use crate::race::online::OnlineLearner;

/// Learning rates that the net's is chosen from.
const RATES: [f64; 4] = [1e-4, 3e-4, 1e-3, 3e-3];
/// Rows from the beginning of the stream that it is chosen on, at most.
const SEARCH_ROWS: usize = 1_000;

/// 256 units, trained by Adam.
pub(super) struct Net {
    net: RowByRow,
    rate: f64,
    scale: InputScale,
}

impl Net {
    /// With the rate that is the best of four, and the scale of inputs that is the better of those that
    /// come into question, on a tenth of the first rows of the stream.
    pub(super) fn choosing(set: &Dataset, seed: u64) -> Result<Self> {
        let count = set.train_x.nrows().min(SEARCH_ROWS);
        let split = held_out_tenth(count, seed);
        let x = set.train_x.select(Axis(0), &split.held_out);
        let y = set.train_y.select(&split.held_out);
        let scales = InputScale::candidates(&set.train_y);
        let mut best: Option<(f64, f64, InputScale)> = None;
        for (rate, scale) in scales.iter().flat_map(|&scale| RATES.map(|rate| (rate, scale))) {
            let mut net = untrained(set, rate, scale, seed)?;
            for &row in &split.kept {
                let x = set.train_x.slice(ndarray::s![row..=row, ..]);
                net.learn(x, &set.train_y.select(&[row]))?;
            }
            let said = net.recall(x.view())?;
            let error = match &y {
                Targets::Values(truth) => rmse(said.view(), truth.view()),
                Targets::Labels { labels, .. } => 1.0 - accuracy(&largest(said.view()), labels),
            };
            if best.is_none_or(|(least, ..)| error < least) {
                best = Some((error, rate, scale));
            }
        }
        let (_, rate, scale) = best.ok_or("no rate was tried")?;
        Ok(Self { net: untrained(set, rate, scale, seed)?, rate, scale })
    }
}

fn untrained(set: &Dataset, rate: f64, input_scale: InputScale, seed: u64) -> Result<RowByRow> {
    let hidden = vec![256];
    let params = StepwiseParams { hidden, descent: Descent::Adam, rate, input_scale, seed };
    Ok(RowByRow::new(&params, set.train_x.view(), &set.train_y)?)
}

/// One row as a matrix.
fn row(x: &[f32]) -> std::result::Result<ArrayView2<'_, f32>, RaceError> {
    let wrong = |_| MlpError::Rows { x_rows: 0, y_rows: 1 };
    Ok(ArrayView2::from_shape((1, x.len()), x).map_err(wrong)?)
}

impl OnlineLearner for Net {
    fn learn(&mut self, x: &[f32], y: Answer<'_>) -> std::result::Result<(), RaceError> {
        let y = match y {
            // The net knows how many labels there are; their names are nothing to it.
            Answer::Label(label) => Targets::Labels { labels: vec![label], names: Vec::new() },
            Answer::Values(values) => {
                Targets::Values(Array2::from_shape_fn((1, values.len()), |(_, output)| {
                    values[output]
                }))
            }
        };
        Ok(self.net.learn(row(x)?, &y)?)
    }

    fn recall(&self, x: &[f32], out: &mut [f32]) -> std::result::Result<(), RaceError> {
        let said = self.net.recall(row(x)?)?;
        out.iter_mut().zip(&said).for_each(|(out, said)| *out = *said);
        Ok(())
    }

    fn setting(&self) -> String {
        format!("Adam, rate {}, {}, batches of one row", self.rate, self.scale.name())
    }
}
