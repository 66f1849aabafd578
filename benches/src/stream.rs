//! A stream of rows without an end: a smooth function of inputs that lie near a plane, the same at
//! every run, any row of it at once.

use crate::data::shuffled_indices;

/// Directions of the plane.
const PLANE: usize = 6;
/// Numbers that are drawn once and used again and again.
const NUMBERS: usize = 1 << 20;

/// Rows of `inputs` numbers in and `outputs` numbers out.
#[derive(Debug, Clone)]
pub struct Stream {
    inputs: usize,
    outputs: usize,
    numbers: Vec<usize>,
}

impl Stream {
    /// A stream of rows of that width.
    #[must_use]
    pub fn new(inputs: usize, outputs: usize) -> Self {
        Self { inputs, outputs, numbers: shuffled_indices(NUMBERS, 1) }
    }

    /// A number between -1 and 1, one fixed one for each place and turn.
    fn number(&self, place: usize) -> f32 {
        // Each turn through the numbers shifts them, so that rows further apart do not repeat.
        let (turn, place) = (place / NUMBERS, place % NUMBERS);
        let shifted = (self.numbers[place] + turn * 1_299_709) % NUMBERS;
        shifted as f32 / (NUMBERS / 2) as f32 - 1.0
    }

    /// Row number `row`: what goes in and what belongs to it.
    #[must_use]
    pub fn row(&self, row: usize) -> (Vec<f32>, Vec<f32>) {
        let z: [f32; PLANE] = std::array::from_fn(|k| self.number(row * PLANE + k));
        let input = |input: usize| {
            let place = |k| 7919 * (input * PLANE + k) % NUMBERS;
            let mixed: f32 = z.iter().enumerate().map(|(k, z)| z * self.number(place(k))).sum();
            mixed + 0.1 * self.number(row * 13 + input * 17)
        };
        let output = |output: usize| (3.0 * z[output % PLANE] + z[(output + 1) % PLANE]).sin();
        ((0..self.inputs).map(input).collect(), (0..self.outputs).map(output).collect())
    }

    /// Rows `first` to `first + count` - 1.
    #[must_use]
    pub fn rows(&self, first: usize, count: usize) -> Vec<(Vec<f32>, Vec<f32>)> {
        (first..first + count).map(|row| self.row(row)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_is_the_same_whenever_it_is_asked_for_and_no_other() {
        let stream = Stream::new(5, 2);
        let rows = stream.rows(10, 3);
        assert_eq!((rows.len(), rows[0].0.len(), rows[0].1.len()), (3, 5, 2));
        assert_eq!(rows[1], Stream::new(5, 2).row(11));
        // One turn through the numbers later.
        for row in [0, 7, 1000] {
            assert_ne!(stream.row(row), stream.row(row + NUMBERS));
            assert_ne!(stream.row(row), stream.row(row + NUMBERS / 2));
        }
        let (x, y) = stream.row(5_000_000);
        assert!(x.iter().chain(&y).all(|value| value.is_finite() && value.abs() < 10.0));
    }
}
