//! A modern Hopfield network: the mean of what all stored rows recall, weighted by the softmax of how alike
//! their cues are (Ramsauer et al., "Hopfield networks is all you need", 2020), in one step.

use ndarray::{Array2, ArrayView2, Axis};

/// Rows that are kept as they are.
pub struct Hopfield {
    x: Array2<f32>,
    y: Array2<f32>,
    sharpness: f32,
}

impl Hopfield {
    /// Keeps the rows. Likeness is the product of two cues, times `sharpness`.
    #[must_use]
    pub fn new(x: Array2<f32>, y: Array2<f32>, sharpness: f32) -> Self {
        Self { x, y, sharpness }
    }

    /// Values, of shape `(rows, outputs)`.
    #[must_use]
    pub fn recall(&self, cues: ArrayView2<'_, f32>) -> Array2<f32> {
        let mut alike = cues.dot(&self.x.t());
        for mut row in alike.axis_iter_mut(Axis(0)) {
            let most = row.fold(f32::NEG_INFINITY, |a, &b| a.max(b));
            row.mapv_inplace(|value| (self.sharpness * (value - most)).exp());
            let sum = row.sum();
            row /= sum;
        }
        alike.dot(&self.y)
    }

    /// Floats that it holds.
    #[must_use]
    pub fn floats(&self) -> usize {
        self.x.len() + self.y.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::array;

    #[test]
    fn sharp_it_recalls_the_nearest_and_blunt_the_mean() {
        let (x, y) = (array![[1.0, 1.0], [1.0, -1.0]], array![[2.0], [6.0]]);
        let recall = |sharpness| {
            let net = Hopfield::new(x.clone(), y.clone(), sharpness);
            net.recall(array![[0.9, 0.8]].view())[[0, 0]]
        };
        assert!((recall(50.0) - 2.0).abs() < 1e-5);
        assert!((recall(0.0) - 4.0).abs() < 1e-5);
        // Products 1.7 and .1: weights e^1.7 and e^.1.
        let expected =
            (2.0 * 1.7_f32.exp() + 6.0 * 0.1_f32.exp()) / (1.7_f32.exp() + 0.1_f32.exp());
        assert!((recall(1.0) - expected).abs() < 1e-5);
    }
}
