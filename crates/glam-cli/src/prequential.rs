//! The prequential error: each row is predicted before it is learned.

use std::collections::HashMap;

use glam_memory::Scorer;

use crate::message::{percent, short_or_dash};
use crate::rows::Row;

/// Targets whose errors are listed one by one.
const LISTED: usize = 4;

/// Errors made on the rows of one `glam write`.
pub(crate) struct Prequential {
    scorer: Scorer,
    /// Output of each class.
    classes: HashMap<String, usize>,
    /// Whether there was nothing to predict from yet.
    empty: bool,
}

impl Prequential {
    /// For a memory that holds `sequence` observations and these classes.
    pub(crate) fn new(sequence: u64, labels: Vec<String>) -> Self {
        let classes = labels.into_iter().enumerate().map(|(output, label)| (label, output));
        Self { scorer: Scorer::default(), classes: classes.collect(), empty: sequence == 0 }
    }

    /// Counts a row of numbers and what was predicted for it.
    pub(crate) fn numbers(&mut self, predicted: &[f32], row: &Row) {
        if !std::mem::take(&mut self.empty) {
            self.scorer.numbers(predicted, &row.y);
        }
    }

    /// Counts a row with a label and the scores of the classes. A new class is always wrong.
    pub(crate) fn label(&mut self, scores: &[f32], row: &Row) {
        let known = self.classes.get(&row.label).copied();
        if known.is_none() {
            self.classes.insert(row.label.clone(), self.classes.len());
        }
        if !std::mem::take(&mut self.empty) {
            self.scorer.class(known.is_some() && known == highest(scores));
        }
    }

    /// In a few words, for the bar.
    pub(crate) fn brief(&self) -> String {
        let score = self.scorer.score();
        match score.accuracy {
            Some(accuracy) => format!("accuracy {}", percent(accuracy)),
            None => format!("nMSE {}", short_or_dash(score.mean_nmse)),
        }
    }

    /// In one line, for the end; `None` where no row was predicted.
    pub(crate) fn summary(&self) -> Option<String> {
        let score = self.scorer.score();
        if score.rows == 0 {
            return None;
        }
        if let Some(accuracy) = score.accuracy {
            return Some(format!("prequential accuracy {}", percent(accuracy)));
        }
        let mean = short_or_dash(score.mean_nmse);
        let text = match score.rmse.as_slice() {
            [rmse] => format!("prequential nMSE {mean}, RMSE {}", short_or_dash(known(*rmse))),
            errors if errors.len() <= LISTED => {
                let nmse: Vec<String> = score.nmse.iter().map(|n| short_or_dash(*n)).collect();
                let rmse: Vec<String> = errors.iter().map(|e| short_or_dash(known(*e))).collect();
                format!("prequential nMSE {}, RMSE {}", nmse.join(" "), rmse.join(" "))
            }
            errors => format!("prequential nMSE {mean}, the mean of {} targets", errors.len()),
        };
        Some(text)
    }
}

/// An error, where its target was known in any row.
pub(crate) fn known(error: f64) -> Option<f64> {
    (!error.is_nan()).then_some(error)
}

/// The position of the highest score, the first of equals.
pub(crate) fn highest(scores: &[f32]) -> Option<usize> {
    let better = |best: usize, next: usize| if scores[next] > scores[best] { next } else { best };
    (0..scores.len()).reduce(better)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(y: f32, label: &str) -> Row {
        Row { y: vec![y], label: label.to_owned(), ..Row::default() }
    }

    #[test]
    fn the_first_row_of_an_empty_memory_is_no_error() {
        let mut errors = Prequential::new(0, Vec::new());
        errors.numbers(&[0.0], &row(100.0, ""));
        assert_eq!(errors.summary(), None);
        errors.numbers(&[1.0], &row(1.5, ""));
        assert_eq!(errors.summary().unwrap(), "prequential nMSE -, RMSE 0.5000");
        let mut later = Prequential::new(1, Vec::new());
        later.numbers(&[0.0], &row(1.0, ""));
        assert!(later.summary().is_some());
    }

    #[test]
    fn a_new_class_is_wrong_and_right_from_then_on() {
        let mut errors = Prequential::new(5, vec!["a".to_owned()]);
        errors.label(&[0.9], &row(0.0, "a"));
        errors.label(&[-0.5, 0.0], &row(0.0, "b"));
        errors.label(&[0.5, 0.6], &row(0.0, "b"));
        errors.label(&[0.5, 0.5], &row(0.0, "b"));
        assert_eq!(errors.summary().unwrap(), "prequential accuracy 50.00 %");
    }
}
