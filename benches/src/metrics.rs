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

/// Expected calibration error: the mean over rows of the distance between a row's confidence and
/// the share of right answers among the rows whose confidence lies in the same of 15 equally wide
/// bins (Guo et al. 2017).
///
/// # Panics
///
/// Panics if the lengths differ, or there is no row.
#[must_use]
pub fn calibration_error(confidence: &[f32], right: &[bool]) -> f64 {
    const BINS: usize = 15;
    assert_eq!(confidence.len(), right.len(), "confidences and answers differ in number");
    assert!(!confidence.is_empty(), "there is no row");
    // Sums of confidence less right answers: a bin's distance times its rows.
    let mut bins = [0.0; BINS];
    for (&confidence, &right) in confidence.iter().zip(right) {
        // A bin holds its upper edge, so that 1 falls into the last.
        let bin = (f64::from(confidence) * BINS as f64).ceil() as usize;
        bins[bin.clamp(1, BINS) - 1] += f64::from(confidence) - f64::from(u8::from(right));
    }
    bins.iter().map(|sum: &f64| sum.abs()).sum::<f64>() / confidence.len() as f64
}

/// The share of truths that lie in their interval, ends included.
///
/// # Panics
///
/// Panics if the lengths differ, or there is no row.
#[must_use]
pub fn coverage(intervals: &[(f32, f32)], truth: &[f32]) -> f64 {
    assert_eq!(intervals.len(), truth.len(), "intervals and truths differ in number");
    assert!(!truth.is_empty(), "there is no row");
    let inside = intervals.iter().zip(truth).filter(|((low, high), y)| (low..=high).contains(y));
    inside.count() as f64 / truth.len() as f64
}

/// The mean log density, in nats and the target's own unit, that Gaussians give to the truths.
///
/// # Panics
///
/// Panics if the lengths differ, or there is no row.
#[must_use]
pub fn log_likelihood(means: &[f32], stds: &[f32], truth: &[f32]) -> f64 {
    assert_eq!((means.len(), stds.len()), (truth.len(), truth.len()), "lengths differ");
    assert!(!truth.is_empty(), "there is no row");
    let each = means.iter().zip(stds).zip(truth).map(|((&mean, &std), &y)| {
        let std = f64::from(std);
        let z = (f64::from(y) - f64::from(mean)) / std;
        -0.5 * z * z - std.ln() - 0.5 * (2.0 * std::f64::consts::PI).ln()
    });
    each.sum::<f64>() / truth.len() as f64
}

/// The probability that a score of `above` is larger than one of `below`, ties counted half: the
/// area under the curve of hits against false alarms.
///
/// # Panics
///
/// Panics if either is empty or holds NaN.
#[must_use]
pub fn auroc(above: &[f32], below: &[f32]) -> f64 {
    assert!(!above.is_empty() && !below.is_empty(), "there is no score");
    assert!(above.iter().chain(below).all(|score| !score.is_nan()), "a score is NaN");
    let mut sorted = below.to_vec();
    sorted.sort_by(f32::total_cmp);
    let halves = above.iter().map(|score| {
        let smaller = sorted.partition_point(|other| other < score);
        let not_larger = sorted.partition_point(|other| other <= score);
        smaller + not_larger
    });
    halves.sum::<usize>() as f64 / (2 * above.len() * below.len()) as f64
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

    #[test]
    fn the_calibration_error_agrees_with_a_hand_count() {
        // Sure and right: none. Always .5 sure and right half of the time: none.
        assert_eq!(calibration_error(&[1.0, 1.0], &[true, true]), 0.0);
        assert_eq!(calibration_error(&[0.5, 0.5], &[true, false]), 0.0);
        // Two bins: one row at 0.25 that is right (off by .75), three at 1 of which one is right
        // (off by 2 / 3).
        let got = calibration_error(&[0.25, 1.0, 1.0, 1.0], &[true, true, false, false]);
        assert!((got - (0.75 + 2.0) / 4.0).abs() < 1e-12, "{got}");
        assert_eq!(calibration_error(&[0.0], &[false]), 0.0);
    }

    #[test]
    fn coverage_counts_both_ends() {
        let intervals = [(0.0, 1.0), (0.0, 1.0), (2.0, 3.0), (-1.0, 0.0)];
        assert_eq!(coverage(&intervals, &[0.0, 1.0, 3.5, -0.5]), 0.75);
    }

    #[test]
    fn the_log_likelihood_is_that_of_the_density() {
        // At the mean of a standard normal 1 / sqrt(2 pi); one of its stds away e^-.5 of that, and
        // a unit ten times as wide makes a density a tenth.
        let at_mean = log_likelihood(&[3.0], &[1.0], &[3.0]);
        assert!((at_mean - (-0.918_938_533_2)).abs() < 1e-9, "{at_mean}");
        let away = log_likelihood(&[3.0, 3.0], &[1.0, 10.0], &[4.0, 13.0]);
        assert!((away - (at_mean - 0.5 - 0.5 * 10.0_f64.ln())).abs() < 1e-9);
    }

    #[test]
    fn auroc_equals_the_count_over_all_pairs() {
        assert_eq!(auroc(&[2.0, 3.0], &[0.0, 1.0]), 1.0);
        assert_eq!(auroc(&[0.0], &[1.0]), 0.0);
        assert_eq!(auroc(&[1.0, 1.0], &[1.0]), 0.5);
        let (above, below) = ([0.5, 2.0, 2.0, 7.0], [2.0, 1.0, 0.5]);
        let pairs = above.iter().flat_map(|a| below.iter().map(move |b| (a, b)));
        let count = |(a, b)| if a > b { 1.0 } else { f64::from(u8::from(a == b)) / 2.0 };
        assert_eq!(auroc(&above, &below), pairs.map(count).sum::<f64>() / 12.0);
    }
}
