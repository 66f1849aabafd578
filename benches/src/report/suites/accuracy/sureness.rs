//! How sure a learner that says nothing of its errors may be, by those that it made on what was held out.

use ndarray::{Array2, ArrayView1, ArrayView2};

use crate::data::{Dataset, Targets};
use crate::metrics::{calibration_error, largest, log_likelihood};
use crate::report::Found;

/// A probability of less counts as this much: a single wrong answer that was sure would decide the mean.
pub(super) const LEAST_PROBABILITY: f64 = 1e-6;
/// Of a normal distribution nine tenths lie within so many standard deviations.
const NINE_TENTHS: f32 = 1.645;

/// The log likelihood and the calibration of what was recalled at the test rows. Values have a normal
/// distribution of the spread of the errors on held-out rows; labels the softmax of scores over the
/// temperature, of eleven, that makes held-out labels likeliest (Guo et al., "On calibration of modern
/// neural networks", 2017).
pub(super) fn with_sureness(
    found: Found,
    set: &Dataset,
    (held_y, held): (&Targets, ArrayView2<'_, f32>),
    recalled: ArrayView2<'_, f32>,
) -> Found {
    match (held_y, &set.test_y) {
        (Targets::Values(held_y), Targets::Values(truth)) => {
            of_values(found, (held_y, held), (truth, recalled))
        }
        (Targets::Labels { labels: held_labels, .. }, Targets::Labels { labels, .. }) => {
            let temperatures = (-7..=3).map(|power| 2.0_f64.powi(power));
            let likelihood = |t: &f64| mean_log_share(held, held_labels, *t);
            let best = temperatures.max_by(|a, b| likelihood(a).total_cmp(&likelihood(b)));
            of_labels(found, labels, recalled, best.unwrap_or(1.0))
        }
        _ => found,
    }
}

fn of_values(
    found: Found,
    (held_y, held): (&Array2<f32>, ArrayView2<'_, f32>),
    (truth, recalled): (&Array2<f32>, ArrayView2<'_, f32>),
) -> Found {
    let (mut likelihood, mut covered) = (0.0, 0.0);
    for output in 0..truth.ncols() {
        let errors = &held.column(output) - &held_y.column(output);
        let std = (errors.dot(&errors) / errors.len() as f32).sqrt();
        let (means, truth) = (recalled.column(output).to_vec(), truth.column(output).to_vec());
        likelihood += log_likelihood(&means, &vec![std; means.len()], &truth);
        let near = |(mean, truth): &(&f32, &f32)| (**mean - **truth).abs() <= NINE_TENTHS * std;
        covered += means.iter().zip(&truth).filter(near).count() as f64 / truth.len() as f64;
    }
    let outputs = truth.ncols() as f64;
    found.with("log likelihood", likelihood / outputs).with("covered", covered / outputs)
}

fn of_labels(found: Found, labels: &[u32], scores: ArrayView2<'_, f32>, temperature: f64) -> Found {
    let share = |scores| (1.0 / sum_of_exponentials(scores, temperature)) as f32;
    let confidence: Vec<f32> = scores.rows().into_iter().map(share).collect();
    let right: Vec<bool> =
        largest(scores).iter().zip(labels).map(|(one, label)| one == label).collect();
    found
        .with("log likelihood", mean_log_share(scores, labels, temperature))
        .with("calibration error", calibration_error(&confidence, &right))
}

/// The sum of exp((score - largest) / temperature).
fn sum_of_exponentials(scores: ArrayView1<'_, f32>, temperature: f64) -> f64 {
    let most = scores.fold(f32::NEG_INFINITY, |a, &b| a.max(b));
    scores.iter().map(|score| (f64::from(score - most) / temperature).exp()).sum()
}

/// The mean logarithm of the labels' shares.
fn mean_log_share(scores: ArrayView2<'_, f32>, labels: &[u32], temperature: f64) -> f64 {
    let each = scores.rows().into_iter().zip(labels).map(|(scores, &label)| {
        let most = scores.fold(f32::NEG_INFINITY, |a, &b| a.max(b));
        let own = (f64::from(scores[label as usize] - most) / temperature).exp();
        (own / sum_of_exponentials(scores, temperature)).max(LEAST_PROBABILITY).ln()
    });
    each.sum::<f64>() / labels.len().max(1) as f64
}

#[cfg(test)]
mod tests {
    use ndarray::array;

    use super::*;

    fn set(test_y: Targets) -> Dataset {
        let x = Array2::zeros((test_y.row_count(), 1));
        Dataset {
            name: "made up".into(),
            train_x: x.clone(),
            train_y: test_y.clone(),
            test_x: x,
            test_y,
        }
    }

    #[test]
    fn values_are_as_far_off_as_held_out_ones_were() {
        let truth = Array2::zeros((4, 1));
        let held = array![[1.0], [-1.0], [1.0], [-1.0]];
        let held_y = Targets::Values(truth.clone());
        let recalled = array![[0.0], [1.0], [1.6], [1.7]];
        let set = set(Targets::Values(truth));
        let found = with_sureness(Found::default(), &set, (&held_y, held.view()), recalled.view());
        assert_eq!(found.figures["covered"], 0.75);
        let squares = 1.0 + 1.6_f64.powi(2) + 1.7_f64.powi(2);
        let expected = -0.5 * (squares / 4.0 + (2.0 * std::f64::consts::PI).ln());
        assert!((found.figures["log likelihood"] - expected).abs() < 1e-6, "{found:?}");
    }

    #[test]
    fn labels_are_as_sure_as_held_out_ones_were_right() {
        let names = vec!["a".to_owned(), "b".to_owned()];
        let labels = |labels: Vec<u32>| Targets::Labels { labels, names: names.clone() };
        // Always surer of the first by one, right three times out of four.
        let scores = Array2::from_shape_fn((4, 2), |(_, label)| 1.0 - label as f32);
        let y = labels(vec![0, 0, 0, 1]);
        let found =
            with_sureness(Found::default(), &set(y.clone()), (&y, scores.view()), scores.view());
        // Of the temperatures 1 comes next to 1 / ln 3, at which the shares are 3/4 and 1/4.
        let share = 1.0 / (1.0 + (-1.0_f64).exp());
        let expected = (3.0 * share.ln() + (1.0 - share).ln()) / 4.0;
        assert!((found.figures["log likelihood"] - expected).abs() < 1e-9, "{found:?}");
        assert!((found.figures["calibration error"] - (0.75 - share).abs()).abs() < 1e-6);
    }
}
