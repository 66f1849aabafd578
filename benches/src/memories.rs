//! Memories for data sets, and how both are judged.

use std::error::Error;

use glam_memory::{Builder, Memory};
use ndarray::{Array2, ArrayView2};

use crate::data::{Dataset, Targets};
use crate::metrics::{accuracy, largest, mean_nmse, rmse};

type Result<T> = std::result::Result<T, Box<dyn Error>>;

/// A memory with default settings for the set, still to be made.
pub fn builder(set: &Dataset) -> Builder {
    let builder = Memory::builder(set.train_x.ncols());
    match &set.train_y {
        Targets::Values(values) => builder.targets(values.ncols()),
        Targets::Labels { .. } => builder.labels(),
    }
}

/// Writes one training row.
///
/// # Errors
///
/// Returns an error if the memory refuses it.
pub fn write_row(memory: &Memory, set: &Dataset, row: usize) -> Result<()> {
    let x = set.train_x.row(row);
    let x = x.as_slice().ok_or("the inputs are not in row order")?;
    match &set.train_y {
        Targets::Values(values) => {
            let y = values.row(row);
            memory.write(x, y.as_slice().ok_or("the targets are not in row order")?)?;
        }
        Targets::Labels { labels, names } => {
            let name = names.get(labels[row] as usize).ok_or("a label has no name")?;
            memory.write(x, name)?;
        }
    }
    Ok(())
}

/// What the memory recalls at the test rows: values, or a score for each of the set's labels in the
/// set's order. A label that was never written scores least.
///
/// # Errors
///
/// Returns an error if the memory refuses a cue, or holds a label that the set has not.
pub fn recall(memory: &Memory, set: &Dataset) -> Result<Array2<f32>> {
    in_order(memory, set, memory.read_batch(set.test_x.view())?)
}

/// What a memory said, a row a cue, with its labels in the set's order. A label that was never written
/// scores least.
///
/// # Errors
///
/// Returns an error if the memory holds a label that the set has not.
pub fn in_order(memory: &Memory, set: &Dataset, said: Array2<f32>) -> Result<Array2<f32>> {
    match &set.test_y {
        Targets::Values(_) => Ok(said),
        Targets::Labels { names, .. } => {
            let mut scores = Array2::from_elem((said.nrows(), names.len()), f32::NEG_INFINITY);
            for (from, to) in places(memory, names)?.into_iter().enumerate() {
                scores.column_mut(to).assign(&said.column(from));
            }
            Ok(scores)
        }
    }
}

/// The place in `names` of every label of the memory, in the memory's order.
///
/// # Errors
///
/// Returns an error if the memory holds a label that the set has not.
pub fn places(memory: &Memory, names: &[String]) -> Result<Vec<usize>> {
    let place = |label: &String| names.iter().position(|name| name == label);
    let found: Option<Vec<usize>> = memory.labels().iter().map(place).collect();
    found.ok_or_else(|| "the memory holds a label that the set has not".into())
}

/// The set's measure by name, "rmse" of a single target, "nmse" of several, "accuracy" of labels, and
/// its value for what was recalled at the test rows.
#[must_use]
pub fn measure(set: &Dataset, recalled: ArrayView2<'_, f32>) -> (&'static str, f64) {
    judge(&set.test_y, recalled)
}

/// [`measure`] against any truth.
#[must_use]
pub fn judge(truth: &Targets, recalled: ArrayView2<'_, f32>) -> (&'static str, f64) {
    match truth {
        Targets::Values(truth) if truth.ncols() == 1 => ("rmse", rmse(recalled, truth.view())),
        Targets::Values(truth) => ("nmse", mean_nmse(recalled, truth.view())),
        Targets::Labels { labels, .. } => ("accuracy", accuracy(&largest(recalled), labels)),
    }
}

/// Bytes that the memory takes: maps, covariances and the slot table.
///
/// # Errors
///
/// Returns an error if the memory cannot be inspected.
pub fn memory_bytes(memory: &Memory) -> Result<f64> {
    let report = memory.inspect()?.report;
    Ok((report.weight_bytes + report.covariance_bytes + report.table_bytes) as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_come_in_the_order_of_the_set_and_one_never_written_scores_least() {
        let names: Vec<String> = ["a", "b", "c"].map(str::to_owned).to_vec();
        let labels = |labels| Targets::Labels { labels, names: names.clone() };
        let x = Array2::from_shape_fn((60, 1), |(row, _)| (row % 2) as f32);
        let set = Dataset {
            name: "made up".into(),
            train_x: x.clone(),
            // The third, then the first; never the second.
            train_y: labels((0..60).map(|row| 2 - 2 * (row % 2)).collect()),
            test_x: ndarray::array![[0.0], [1.0]],
            test_y: labels(vec![2, 0]),
        };
        let memory = builder(&set).in_memory().unwrap();
        (0..60).try_for_each(|row| write_row(&memory, &set, row)).unwrap();
        let said = recall(&memory, &set).unwrap();
        assert_eq!(measure(&set, said.view()), ("accuracy", 1.0));
        assert!(said.column(1).iter().all(|&score| score == f32::NEG_INFINITY));
        let other = Targets::Labels { labels: vec![0, 0], names: vec!["d".to_owned()] };
        assert!(recall(&memory, &Dataset { test_y: other, ..set }).is_err());
    }
}
