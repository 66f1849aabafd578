//! A memory for a data set: made, written, read and judged.

use std::error::Error;

use glam_memory::{Builder, Memory};
use ndarray::{Array2, ArrayView2};

use crate::data::{Dataset, Targets};
use crate::metrics::{accuracy, largest, mean_nmse, rmse};

/// A memory of the set's shape, with default settings.
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
/// Returns an error if the memory refuses the row.
pub fn write_row(memory: &Memory, set: &Dataset, row: usize) -> Result<(), Box<dyn Error>> {
    let x = set.train_x.row(row);
    let x = x.as_slice().ok_or("the inputs are not in row order")?;
    match &set.train_y {
        Targets::Values(values) => {
            let y = values.row(row);
            memory.write(x, y.as_slice().ok_or("the targets are not in row order")?)?;
        }
        Targets::Labels { labels, names } => memory.write(x, &names[labels[row] as usize])?,
    }
    Ok(())
}

/// What the memory recalls at the test rows: values, or the scores of labels, in the order of the set's
/// labels; one that the memory was never told has the least score.
///
/// # Errors
///
/// Returns an error if the memory cannot be read, or holds a label that the set has not.
pub fn recall(memory: &Memory, set: &Dataset) -> Result<Array2<f32>, Box<dyn Error>> {
    let recalled = memory.read_batch(set.test_x.view())?;
    let Targets::Labels { names, .. } = &set.test_y else { return Ok(recalled) };
    let mut scores = Array2::from_elem((recalled.nrows(), names.len()), f32::NEG_INFINITY);
    for (label, column) in memory.labels().iter().zip(recalled.columns()) {
        let place = names.iter().position(|name| name == label);
        let place = place.ok_or("the memory holds a label that the set has not")?;
        scores.column_mut(place).assign(&column);
    }
    Ok(scores)
}

/// The set's measure on its test rows, and its value for what was recalled: `rmse` of one output, the mean
/// `nmse` of several, the `accuracy` of labels.
pub fn measure(set: &Dataset, recalled: ArrayView2<'_, f32>) -> (&'static str, f64) {
    match &set.test_y {
        Targets::Values(truth) if truth.ncols() == 1 => ("rmse", rmse(recalled, truth.view())),
        Targets::Values(truth) => ("nmse", mean_nmse(recalled, truth.view())),
        Targets::Labels { labels, .. } => ("accuracy", accuracy(&largest(recalled), labels)),
    }
}

/// Bytes of memory that the memory takes: slots, their table, and the observations that it keeps.
///
/// # Errors
///
/// Returns an error if the memory cannot be inspected.
pub fn memory_bytes(memory: &Memory) -> Result<f64, Box<dyn Error>> {
    let report = memory.inspect()?.report;
    Ok((report.weight_bytes + report.covariance_bytes + report.table_bytes) as f64)
}
