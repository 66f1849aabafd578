//! How well a memory recalls rows that it is shown.

use serde::Serialize;

/// Errors over a set of rows.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Score {
    /// Rows compared.
    pub rows: u64,
    /// Root mean square error of each target, in its own unit, over the rows in which it is known;
    /// NaN where it is known in none.
    pub rmse: Vec<f64>,
    /// Mean square error of each target over its variance in these rows; `None` where the target
    /// is constant there.
    pub nmse: Vec<Option<f64>>,
    /// The mean of those that there are.
    pub mean_nmse: Option<f64>,
    /// Mean absolute error of each target, as `rmse`.
    pub mae: Vec<f64>,
    /// Share of rows whose highest score is the right class; only for labels.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub accuracy: Option<f64>,
}

/// Sums that make a [`Score`] row by row, in constant space.
///
/// ```
/// use glam_memory::Scorer;
/// let mut scorer = Scorer::default();
/// scorer.numbers(&[1.0], &[2.0]);
/// scorer.numbers(&[3.0], &[3.0]);
/// assert_eq!(scorer.score().mae, [0.5]);
/// ```
#[derive(Debug, Clone, Default)]
pub struct Scorer {
    rows: u64,
    right: Option<u64>,
    targets: Vec<Sums>,
}

#[derive(Debug, Clone, Copy, Default)]
struct Sums {
    known: u64,
    squares: f64,
    absolute: f64,
    mean: f64,
    deviations: f64,
}

impl Scorer {
    /// Counts a prediction of numbers against the truth. A truth of NaN is not known and skipped.
    pub fn numbers(&mut self, predicted: &[f32], truth: &[f32]) {
        self.rows += 1;
        self.targets.resize(truth.len(), Sums::default());
        let pairs = predicted.iter().zip(truth);
        for (sums, (&predicted, &truth)) in self.targets.iter_mut().zip(pairs) {
            if truth.is_nan() {
                continue;
            }
            sums.known += 1;
            let (predicted, truth) = (f64::from(predicted), f64::from(truth));
            sums.squares += (predicted - truth).powi(2);
            sums.absolute += (predicted - truth).abs();
            // Welford's running variance.
            let before = truth - sums.mean;
            sums.mean += before / sums.known as f64;
            sums.deviations += before * (truth - sums.mean);
        }
    }

    /// Counts a predicted class that was right or wrong.
    pub fn class(&mut self, right: bool) {
        self.rows += 1;
        *self.right.get_or_insert(0) += u64::from(right);
    }

    /// Rows counted so far.
    pub fn rows(&self) -> u64 {
        self.rows
    }

    /// The errors over the rows counted so far.
    pub fn score(&self) -> Score {
        // 0 / 0 is NaN: a target that is known in no row has no error.
        let each = |sum: fn(&Sums) -> f64| {
            self.targets.iter().map(move |sums| sum(sums) / sums.known as f64)
        };
        let nmse: Vec<Option<f64>> = self
            .targets
            .iter()
            .map(|sums| (sums.deviations > 0.0).then(|| sums.squares / sums.deviations))
            .collect();
        let known: Vec<f64> = nmse.iter().flatten().copied().collect();
        Score {
            rows: self.rows,
            rmse: each(|sums| sums.squares).map(f64::sqrt).collect(),
            mean_nmse: (!known.is_empty()).then(|| known.iter().sum::<f64>() / known.len() as f64),
            nmse,
            mae: each(|sums| sums.absolute).collect(),
            accuracy: self.right.map(|right| right as f64 / self.rows as f64),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_equal_their_definitions() {
        let truth = [1.0_f32, 2.0, 4.0, 9.0];
        let predicted = [1.5_f32, 2.0, 3.0, 9.0];
        let mut scorer = Scorer::default();
        for (predicted, truth) in predicted.iter().zip(&truth) {
            scorer.numbers(&[*predicted, 7.0], &[*truth, 7.0]);
        }
        let score = scorer.score();
        let mse = (0.25 + 1.0) / 4.0;
        let variance = [9.0_f64, 4.0, 0.0, 25.0].iter().sum::<f64>() / 4.0;
        assert_eq!(score.rows, 4);
        assert!((score.rmse[0] - f64::sqrt(mse)).abs() < 1e-12);
        assert!((score.nmse[0].unwrap() - mse / variance).abs() < 1e-12);
        assert_eq!(score.mae[0], 1.5 / 4.0);
        assert_eq!((score.nmse[1], score.accuracy), (None, None));
        assert_eq!(score.mean_nmse, score.nmse[0]);
    }

    #[test]
    fn a_truth_that_is_not_known_counts_as_if_its_row_were_not_there() {
        let (mut some, mut only) = (Scorer::default(), Scorer::default());
        for row in 0..9_u8 {
            let (predicted, truth) = (f32::from(row) * 0.9, f32::from(row * row));
            let known = row % 3 == 0;
            some.numbers(
                &[predicted, 1.0, 2.0],
                &[if known { truth } else { f32::NAN }, 3.0, f32::NAN],
            );
            if known {
                only.numbers(&[predicted], &[truth]);
            }
        }
        let (some, only) = (some.score(), only.score());
        assert_eq!(
            (some.rmse[0], some.mae[0], some.nmse[0]),
            (only.rmse[0], only.mae[0], only.nmse[0])
        );
        assert_eq!((some.rows, some.rmse[1], some.nmse[2]), (9, 2.0, None));
        assert!(some.rmse[2].is_nan() && some.mae[2].is_nan());
    }

    #[test]
    fn accuracy_counts_right_classes() {
        let mut scorer = Scorer::default();
        [true, true, false, true].into_iter().for_each(|right| scorer.class(right));
        assert_eq!(scorer.score().accuracy, Some(0.75));
        assert!(scorer.score().rmse.is_empty());
    }
}
