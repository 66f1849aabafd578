//! What a matrix of measures says; the definitions are in the parent.

/// The mean measure over all tasks after the last one.
#[must_use]
pub fn average(matrix: &[Vec<f64>]) -> f64 {
    mean(matrix.last().into_iter().flatten().copied())
}

/// How much of the best earlier measure is lost at the end, on average over all tasks but the last. NaN
/// of less than two tasks.
#[must_use]
pub fn forgetting(matrix: &[Vec<f64>]) -> f64 {
    let Some((last, earlier)) = matrix.split_last() else { return f64::NAN };
    let lost = |task: usize| {
        let best = earlier.iter().map(|row| row[task]).fold(f64::NEG_INFINITY, f64::max);
        best - last[task]
    };
    mean((0..earlier.len()).map(lost))
}

/// The final measure less the one just after the task was learned, on average over all tasks but the
/// last. NaN of less than two tasks.
#[must_use]
pub fn backward_transfer(matrix: &[Vec<f64>]) -> f64 {
    let Some((last, earlier)) = matrix.split_last() else { return f64::NAN };
    mean(earlier.iter().enumerate().map(|(task, row)| last[task] - row[task]))
}

fn mean(values: impl Iterator<Item = f64>) -> f64 {
    let (count, sum) = values.fold((0_usize, 0.0), |(count, sum), value| (count + 1, sum + value));
    sum / count as f64
}
