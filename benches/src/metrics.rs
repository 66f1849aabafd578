//! The figures that recalled values and labels are judged by.

use ndarray::{ArrayView1, ArrayView2, Axis};

/// Root mean square error over all rows and outputs.
///
/// # Panics
///
/// Panics if the shapes differ.
#[must_use]
pub fn rmse(recalled: ArrayView2<'_, f32>, truth: ArrayView2<'_, f32>) -> f64 {
    assert_eq!(recalled.dim(), truth.dim(), "recalled and true values differ in shape");
    let sum: f64 = recalled.iter().zip(truth).map(|(&a, &b)| square(a, b)).sum();
    (sum / truth.len() as f64).sqrt()
}

/// Mean square error of each output, divided by that output's variance on the same rows.
///
/// 0 is perfect; 1 is what recalling the mean would give. An output without variance gives NaN or
/// infinity.
///
/// # Panics
///
/// Panics if the shapes differ.
#[must_use]
pub fn nmse(recalled: ArrayView2<'_, f32>, truth: ArrayView2<'_, f32>) -> Vec<f64> {
    assert_eq!(recalled.dim(), truth.dim(), "recalled and true values differ in shape");
    let outputs = recalled.axis_iter(Axis(1)).zip(truth.axis_iter(Axis(1)));
    outputs.map(|(recalled, truth)| mean_square(recalled, truth) / variance(truth)).collect()
}

/// The mean of [`nmse`] over the outputs.
///
/// # Panics
///
/// Panics if the shapes differ.
#[must_use]
pub fn mean_nmse(recalled: ArrayView2<'_, f32>, truth: ArrayView2<'_, f32>) -> f64 {
    let each = nmse(recalled, truth);
    each.iter().sum::<f64>() / each.len() as f64
}

/// The share of rows whose label is right.
///
/// # Panics
///
/// Panics if the lengths differ.
#[must_use]
pub fn accuracy(recalled: &[u32], truth: &[u32]) -> f64 {
    assert_eq!(recalled.len(), truth.len(), "recalled and true labels differ in number");
    let right = recalled.iter().zip(truth).filter(|(a, b)| a == b).count();
    right as f64 / truth.len() as f64
}

/// The index of the largest number of each row; the first of several equal ones.
#[must_use]
pub fn largest(scores: ArrayView2<'_, f32>) -> Vec<u32> {
    let index_of_largest = |row: ArrayView1<'_, f32>| {
        let mut best = (0_u32, f32::NEG_INFINITY);
        for (index, &score) in (0_u32..).zip(row) {
            if score > best.1 {
                best = (index, score);
            }
        }
        best.0
    };
    scores.rows().into_iter().map(index_of_largest).collect()
}

fn square(a: f32, b: f32) -> f64 {
    (f64::from(a) - f64::from(b)).powi(2)
}

fn mean_square(recalled: ArrayView1<'_, f32>, truth: ArrayView1<'_, f32>) -> f64 {
    let sum: f64 = recalled.iter().zip(truth).map(|(&a, &b)| square(a, b)).sum();
    sum / truth.len() as f64
}

fn variance(values: ArrayView1<'_, f32>) -> f64 {
    let count = values.len() as f64;
    let mean = values.iter().map(|&value| f64::from(value)).sum::<f64>() / count;
    values.iter().map(|&value| (f64::from(value) - mean).powi(2)).sum::<f64>() / count
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::{Array2, array};

    #[test]
    fn perfect_recall_has_no_error() {
        let truth = array![[1.0, 5.0], [2.0, -3.0], [4.0, 0.0]];
        assert_eq!(rmse(truth.view(), truth.view()), 0.0);
        assert_eq!(nmse(truth.view(), truth.view()), vec![0.0, 0.0]);
    }

    #[test]
    fn recalling_the_mean_has_an_nmse_of_one() {
        let truth = array![[1.0, 10.0], [3.0, 30.0]];
        let mean = array![[2.0, 20.0], [2.0, 20.0]];
        assert_eq!(nmse(mean.view(), truth.view()), vec![1.0, 1.0]);
        assert_eq!(mean_nmse(mean.view(), truth.view()), 1.0);
    }

    #[test]
    fn the_figures_agree_with_a_hand_count() {
        // Errors 1, -1 and 2, 0; variances 4 and 1.
        let truth = array![[0.0, 1.0], [4.0, 3.0]];
        let recalled = array![[1.0, 3.0], [3.0, 3.0]];
        assert_eq!(rmse(recalled.view(), truth.view()), 1.5_f64.sqrt());
        assert_eq!(nmse(recalled.view(), truth.view()), vec![0.25, 2.0]);
        assert_eq!(mean_nmse(recalled.view(), truth.view()), 1.125);
    }

    #[test]
    fn nmse_does_not_change_with_the_unit() {
        let truth = array![[1.0], [2.0], [6.0]];
        let recalled = array![[1.5], [2.5], [5.0]];
        let scaled = |values: &Array2<f32>| values.mapv(|value| value * 8.0 + 16.0);
        assert_eq!(
            mean_nmse(recalled.view(), truth.view()),
            mean_nmse(scaled(&recalled).view(), scaled(&truth).view())
        );
    }

    #[test]
    fn accuracy_is_the_share_of_right_labels() {
        assert_eq!(accuracy(&[1, 2, 3, 4], &[1, 0, 3, 0]), 0.5);
    }

    #[test]
    fn the_first_of_equal_scores_wins_and_nan_never_does() {
        let scores = array![[0.0, 2.0, 2.0], [f32::NAN, -5.0, -7.0]];
        assert_eq!(largest(scores.view()), vec![1, 1]);
    }
}
