//! Streams of labels in time order: each row is predicted just before it is learned.
//!
//! Every function says of each row whether it was predicted right. [`memory`] learns; the two rules,
//! [`previous_label`] and [`most_frequent`], do not look at inputs.

use glam_memory::core::{Config, Error, Model, Target, Targets};
use ndarray::{Array2, ArrayView2};

/// The share of rows that were predicted right; NaN of none.
#[must_use]
pub fn share(right: &[bool]) -> f64 {
    right.iter().filter(|&&right| right).count() as f64 / right.len() as f64
}

/// The later half of the rows, the larger one where they are odd.
#[must_use]
pub fn last_half(right: &[bool]) -> &[bool] {
    &right[right.len() / 2..]
}

/// The rule that the label stays what it was; wrong on the first row.
#[must_use]
pub fn previous_label(labels: &[u32]) -> Vec<bool> {
    (0..labels.len()).map(|row| row > 0 && labels[row] == labels[row - 1]).collect()
}

/// The rule of the label that was most frequent so far, the first of several; wrong on the first row.
#[must_use]
pub fn most_frequent(labels: &[u32]) -> Vec<bool> {
    let mut counts = vec![0_usize; labels.iter().max().map_or(0, |&label| label as usize + 1)];
    let is_right = |&label: &u32| {
        let most = counts.iter().copied().max().unwrap_or(0);
        let guess = counts.iter().position(|&count| count == most && count > 0);
        counts[label as usize] += 1;
        guess == Some(label as usize)
    };
    labels.iter().map(is_right).collect()
}

/// The inputs with the label before as one more: its number, and 0.5 before the first.
#[must_use]
pub fn with_previous(x: ArrayView2<'_, f32>, labels: &[u32]) -> Array2<f32> {
    let before = |row: usize| if row == 0 { 0.5 } else { labels[row - 1] as f32 };
    Array2::from_shape_fn((x.nrows(), x.ncols() + 1), |(row, column)| {
        x.get((row, column)).copied().unwrap_or_else(|| before(row))
    })
}

/// How a memory follows a stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Follow {
    /// Writes over which it forgets; `None` for a memory that forgets nothing.
    pub window: Option<u32>,
    /// Whether the label before is one more input, as [`with_previous`] puts it there.
    pub with_previous: bool,
    /// The memory's seed.
    pub seed: u64,
}

/// A memory with default settings but for the window; wrong on the first row.
///
/// # Errors
///
/// Returns an error if the window is out of its range, or the memory refuses a row.
pub fn memory(x: ArrayView2<'_, f32>, labels: &[u32], follow: Follow) -> Result<Vec<bool>, Error> {
    let inputs = x.ncols() + usize::from(follow.with_previous);
    let builder = Config::builder(inputs, Targets::Labels).seed(follow.seed);
    let builder = match follow.window {
        Some(writes) => builder.window(writes),
        None => builder,
    };
    let mut model = Model::new(builder.build()?);
    let more = follow.with_previous.then(|| with_previous(x, labels));
    let x = more.as_ref().map_or(x, |more| more.view());
    let mut input = Vec::with_capacity(inputs);
    let mut right = Vec::with_capacity(labels.len());
    for (row, (x, &label)) in x.rows().into_iter().zip(labels).enumerate() {
        input.clear();
        input.extend(x);
        let name = label.to_string();
        let scores = model.write(&input, Target::Label(name.as_str().into()))?;
        let best = scores.iter().enumerate().max_by(|a, b| a.1.total_cmp(b.1).then(b.0.cmp(&a.0)));
        let best = best.filter(|_| row > 0).map(|(class, _)| class);
        let found = model.recall().labels().position(name.as_str().into());
        right.push(best.is_some() && best == found);
    }
    Ok(right)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rules_agree_with_a_hand_count() {
        let labels = [1, 1, 0, 0, 0, 1];
        assert_eq!(previous_label(&labels), [false, true, false, true, true, false]);
        // Of two equal counts the first label is guessed.
        assert_eq!(most_frequent(&labels), [false, true, false, false, true, false]);
        assert_eq!(share(&previous_label(&labels)), 0.5);
        assert_eq!(last_half(&[true, false, true]), [false, true]);
        assert_eq!(most_frequent(&[]), [false; 0]);
    }

    #[test]
    fn the_label_before_stands_behind_the_inputs() {
        let x = Array2::from_shape_fn((3, 2), |(row, column)| (10 * row + column) as f32);
        let more = with_previous(x.view(), &[4, 5, 6]);
        assert_eq!(more, ndarray::array![[0.0, 1.0, 0.5], [10.0, 11.0, 4.0], [20.0, 21.0, 5.0]]);
    }

    #[test]
    fn the_label_before_helps_where_labels_alternate() {
        let labels: Vec<u32> = (0..3_000).map(|row| row % 2).collect();
        let x = Array2::zeros((labels.len(), 1));
        let right = |with_previous| {
            let follow = Follow { window: Some(100), with_previous, seed: 1 };
            share(last_half(&memory(x.view(), &labels, follow).unwrap()))
        };
        assert!(right(true) > 0.99);
        assert!(right(false) < 0.6);
    }
}
