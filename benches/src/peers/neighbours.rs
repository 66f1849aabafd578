//! Recall of the nearest rows, all of which are looked at: exact, at the cost of a product with every row.
//!
//! The distance is Euclidean on scaled inputs. Of several rows the mean is recalled, of labels the share
//! that each has.

use ndarray::{Array1, Array2, ArrayView1, ArrayView2, Axis};
use rayon::prelude::*;

use super::mlp::InputScale;
use super::scaler::Scaler;
use crate::data::{Targets, shuffled_indices};

/// Cues that are compared with all rows at a time.
const CHUNK_CUES: usize = 128;
/// Numbers of neighbours that are chosen from.
const NUMBERS: [usize; 5] = [1, 3, 5, 10, 20];
/// Rows that the number of neighbours is chosen on, at most; each sees all rows but itself.
const CHOOSING: usize = 1_000;

/// Rows that are kept as they are.
pub struct Neighbours {
    scaler: Scaler,
    x: Array2<f32>,
    /// The square of each row.
    squares: Array1<f32>,
    y: Array2<f32>,
    /// How many of the nearest rows are recalled.
    pub number: usize,
}

impl Neighbours {
    /// Keeps the rows, of which the `number` nearest are recalled.
    #[must_use]
    pub fn new(x: ArrayView2<'_, f32>, y: &Targets, scale: InputScale, number: usize) -> Self {
        let scaler = scale.scaler(x);
        let x = scaler.apply(x);
        let squares = x.map_axis(Axis(1), |row| row.dot(&row));
        Self { scaler, x, squares, y: y.to_values(), number: number.max(1) }
    }

    /// Chooses how many of the nearest to recall, from 1, 3, 5, 10 and 20: those that recall up to
    /// 1,000 of the rows best from all others, by mean square error.
    #[must_use]
    pub fn choosing(x: ArrayView2<'_, f32>, y: &Targets, scale: InputScale, seed: u64) -> Self {
        let mut found = Self::new(x, y, scale, 1);
        let asked = shuffled_indices(x.nrows(), seed);
        let asked = &asked[..asked.len().min(CHOOSING)];
        let most = NUMBERS[NUMBERS.len() - 1];
        let nearest = found.nearest(found.x.select(Axis(0), asked).view(), most + 1);
        let error = |number: usize| {
            let each = asked.iter().zip(&nearest).map(|(&row, nearest)| {
                let others = nearest.iter().copied().filter(|&other| other != row).take(number);
                let miss = &found.mean(others) - &found.y.row(row);
                f64::from(miss.dot(&miss))
            });
            each.sum::<f64>()
        };
        let best = NUMBERS.into_iter().min_by(|&a, &b| error(a).total_cmp(&error(b)));
        found.number = best.unwrap_or(1);
        found
    }

    /// Values, or the share of each label, of shape `(rows, outputs)`.
    #[must_use]
    pub fn recall(&self, cues: ArrayView2<'_, f32>) -> Array2<f32> {
        let nearest = self.nearest(self.scaler.apply(cues).view(), self.number);
        let mut recalled = Array2::zeros((cues.nrows(), self.y.ncols()));
        for (mut row, nearest) in recalled.rows_mut().into_iter().zip(nearest) {
            row.assign(&self.mean(nearest.into_iter()));
        }
        recalled
    }

    /// Bytes of the rows and what they recall.
    #[must_use]
    pub fn bytes(&self) -> usize {
        (self.x.len() + self.squares.len() + self.y.len()) * size_of::<f32>()
    }

    fn mean(&self, rows: impl Iterator<Item = usize>) -> Array1<f32> {
        let (mut sum, mut count) = (Array1::zeros(self.y.ncols()), 0.0);
        for row in rows {
            sum += &self.y.row(row);
            count += 1.0;
        }
        sum / f32::max(count, 1.0)
    }

    /// The numbers of the nearest rows of each scaled cue, the nearest first, the first written first of
    /// equals.
    fn nearest(&self, cues: ArrayView2<'_, f32>, number: usize) -> Vec<Vec<usize>> {
        let chunks: Vec<_> = cues.axis_chunks_iter(Axis(0), CHUNK_CUES).collect();
        let found: Vec<Vec<Vec<usize>>> = chunks
            .into_par_iter()
            .map(|cues| {
                let products = cues.dot(&self.x.t());
                products.rows().into_iter().map(|row| self.least(row, number)).collect()
            })
            .collect();
        found.into_iter().flatten().collect()
    }

    fn least(&self, products: ArrayView1<'_, f32>, number: usize) -> Vec<usize> {
        // Less the square of the cue, which is the same for all.
        let far =
            products.iter().zip(&self.squares).map(|(product, square)| square - 2.0 * product);
        let mut far: Vec<(f32, usize)> = far.zip(0..).collect();
        let number = number.min(far.len());
        let order = |a: &(f32, usize), b: &(f32, usize)| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1));
        if number < far.len() {
            far.select_nth_unstable_by(number, order);
            far.truncate(number);
        }
        far.sort_unstable_by(order);
        far.into_iter().map(|(_, row)| row).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(count: usize) -> Array2<f32> {
        Array2::from_shape_fn((count, 3), |(row, column)| {
            ((row * 7 + 1) as f32 * (column as f32 + 1.3)).sin()
        })
    }

    #[test]
    fn the_nearest_are_those_of_a_naive_search() {
        let x = rows(300);
        let y = Array2::from_shape_fn((300, 1), |(row, _)| row as f32);
        let one = Neighbours::new(x.view(), &Targets::Values(y.clone()), InputScale::AllInputs, 1);
        assert_eq!(one.recall(x.view()), y);
        let three = Neighbours { number: 3, ..one };
        let cues = rows(40) + 0.05;
        for (cue, got) in cues.rows().into_iter().zip(three.recall(cues.view())) {
            let mut far: Vec<(f64, usize)> = x
                .rows()
                .into_iter()
                .map(|row| row.iter().zip(cue).map(|(a, b)| f64::from(a - b).powi(2)).sum())
                .zip(0..)
                .collect();
            far.sort_by(|a, b| a.0.total_cmp(&b.0));
            let mean = far[..3].iter().map(|&(_, row)| row as f32).sum::<f32>() / 3.0;
            assert!((got - mean).abs() < 1e-3, "{got} {mean}");
        }
    }

    #[test]
    fn one_neighbour_is_chosen_without_noise_and_many_under_it() {
        let x = rows(600);
        let drawn = shuffled_indices(600, 9);
        let value = |row: usize, noise: f32| x[[row, 0]] + noise * drawn[row] as f32 / 100.0;
        let chosen = |noise| {
            let y = Array2::from_shape_fn((600, 1), |(row, _)| value(row, noise));
            Neighbours::choosing(x.view(), &Targets::Values(y), InputScale::EachInput, 1).number
        };
        assert!(chosen(0.0) < chosen(1.0), "{} {}", chosen(0.0), chosen(1.0));
    }
}
