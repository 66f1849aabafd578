//! Rows of a shape, and the clock.

use std::time::Instant;

use ndarray::{Array2, ArrayView2};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::Failure;
use crate::data::{Dataset, Targets};
use crate::metrics::{accuracy, largest, mean_nmse};
use crate::stream::Stream;
use crate::timing::median;

/// Observations until a memory is warm, by default.
pub(super) const WARM_UP: usize = 1024;
/// Rows that are timed at once.
pub(super) const PART: usize = 64;
/// Cues that no learner was shown.
const CUES: usize = 1024;

/// How many numbers go in, and what comes out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Shape {
    pub(super) inputs: usize,
    outputs: usize,
    labels: bool,
}

impl Shape {
    /// All that are measured; the first alone in a quick run.
    pub(super) const ALL: [Self; 4] = [
        Self { inputs: 8, outputs: 1, labels: false },
        Self { inputs: 18, outputs: 6, labels: false },
        Self { inputs: 384, outputs: 77, labels: true },
        Self { inputs: 784, outputs: 10, labels: true },
    ];
    /// The shape that grows.
    pub(super) const GROWN: Self = Self::ALL[0];

    pub(super) fn name(self) -> String {
        let of = match (self.labels, self.outputs) {
            (true, _) => "labels",
            (false, 1) => "value",
            (false, _) => "values",
        };
        format!("{} inputs, {} {of}", self.inputs, self.outputs)
    }

    pub(super) fn stream(self) -> Stream {
        Stream::new(self.inputs, if self.labels { 0 } else { self.outputs })
    }

    /// So many rows of the stream, and cues from further on in it. A label is the largest of as many random
    /// sums of the inputs.
    pub(super) fn rows(self, rows: usize) -> Dataset {
        let stream = self.stream();
        let of = |first: usize, count: usize| {
            let mut x = Array2::zeros((count, self.inputs));
            let mut y = Array2::zeros((count, self.outputs));
            for (place, row) in (first..first + count).enumerate() {
                let (inputs, outputs) = stream.row(row);
                x.row_mut(place).assign(&ndarray::ArrayView1::from(&inputs));
                if !self.labels {
                    y.row_mut(place).assign(&ndarray::ArrayView1::from(&outputs));
                }
            }
            let targets = if self.labels { self.label(x.view()) } else { Targets::Values(y) };
            (x, targets)
        };
        let (train_x, train_y) = of(0, rows);
        let (test_x, test_y) = of(rows, CUES);
        Dataset { name: self.name(), train_x, train_y, test_x, test_y }
    }

    fn label(self, x: ArrayView2<'_, f32>) -> Targets {
        let mut rng = ChaCha8Rng::seed_from_u64(1);
        let shape = (self.inputs, self.outputs);
        let sums = Array2::from_shape_simple_fn(shape, || rng.random::<f32>() - 0.5);
        let names = (0..self.outputs).map(|label| format!("label {label}")).collect();
        Targets::Labels { labels: largest(x.dot(&sums).view()), names }
    }
}

/// The middle of what a row takes, in microseconds, timed [`PART`] rows at once; too few rows are one part.
pub(super) fn micros(
    rows: std::ops::Range<usize>,
    mut work: impl FnMut(usize) -> Result<(), Failure>,
) -> Result<f64, Failure> {
    let mut times = Vec::new();
    let mut first = rows.start;
    while first < rows.end {
        let end = if rows.end - first < 2 * PART { rows.end } else { first + PART };
        let start = Instant::now();
        for row in first..end {
            work(row)?;
        }
        times.push(1e6 * start.elapsed().as_secs_f64() / (end - first) as f64);
        first = end;
    }
    Ok(median(&times))
}

/// Row `row` of a matrix.
pub(super) fn row(x: &Array2<f32>, row: usize) -> Result<&[f32], Failure> {
    let width = x.ncols();
    let all = x.as_slice().ok_or("the rows are not one after another")?;
    all.get(row * width..(row + 1) * width).ok_or_else(|| "there is no such row".into())
}

/// How wrong what was recalled at the cues is: mean normalised square error of values, share of wrong
/// labels.
pub(super) fn error(set: &Dataset, recalled: ArrayView2<'_, f32>) -> Result<f64, Failure> {
    let error = match &set.test_y {
        Targets::Values(truth) => mean_nmse(recalled, truth.view()),
        Targets::Labels { labels, .. } => 1.0 - accuracy(&largest(recalled), labels),
    };
    if error.is_finite() { Ok(error) } else { Err("what was recalled is not a number".into()) }
}

/// The same; an error where it is not smaller than that of the best constant: then nothing was learned, and
/// what it took means nothing.
pub(super) fn learned(set: &Dataset, recalled: ArrayView2<'_, f32>) -> Result<f64, Failure> {
    let constant = match &set.test_y {
        Targets::Values(_) => 1.0,
        Targets::Labels { labels, names } => {
            let count = |class: u32| labels.iter().filter(|&&label| label == class).count();
            let most = (0..names.len() as u32).map(count).max().unwrap_or(0);
            1.0 - most as f64 / labels.len() as f64
        }
    };
    let error = error(set, recalled)?;
    if error < constant {
        return Ok(error);
    }
    Err(format!("nothing was learned: error {error:.3}, of a constant {constant:.3}").into())
}

/// The name of that error among the figures.
pub(super) fn error_name(set: &Dataset) -> &'static str {
    match &set.test_y {
        Targets::Values(_) => "nmse",
        Targets::Labels { .. } => "wrong",
    }
}
