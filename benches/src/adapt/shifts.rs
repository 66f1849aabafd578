//! Images as another camera might give them.

use ndarray::{Array2, ArrayView1, ArrayView2};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// A change of the world that a net was not trained for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Shift {
    /// Turned by so many degrees about the middle, counterclockwise; what comes in is black.
    Turned(f64),
    /// With Gaussian noise of so many times the range of a pixel on each.
    Noisy(f64),
}

impl Shift {
    /// A copy of `images`, one square image of pixels 0 to `white` a row, shifted.
    #[must_use]
    pub fn apply(self, images: ArrayView2<'_, f32>, white: f32, seed: u64) -> Array2<f32> {
        let side = (images.ncols() as f64).sqrt().round() as usize;
        let mut shifted = Array2::zeros(images.dim());
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        for (image, mut out) in images.rows().into_iter().zip(shifted.rows_mut()) {
            match self {
                Self::Turned(degrees) => {
                    for (place, pixel) in out.iter_mut().enumerate() {
                        *pixel = turned(image, side, place, degrees);
                    }
                }
                Self::Noisy(spread) => {
                    for (pixel, &value) in out.iter_mut().zip(image) {
                        // The sum of twelve uniform numbers has a variance of 1.
                        let sum: f64 = (0..12).map(|_| rng.random::<f64>()).sum();
                        *pixel = value + white * (spread * (sum - 6.0)) as f32;
                    }
                }
            }
        }
        shifted
    }
}

/// The pixel at `place` of the turned image: between four pixels, bilinear.
fn turned(image: ArrayView1<'_, f32>, side: usize, place: usize, degrees: f64) -> f32 {
    let (row, column) = ((place / side) as f64, (place % side) as f64);
    let middle = (side as f64 - 1.0) / 2.0;
    let (sine, cosine) = degrees.to_radians().sin_cos();
    let (down, right) = (row - middle, column - middle);
    let (from_row, from_column) =
        (middle + cosine * down + sine * right, middle - sine * down + cosine * right);
    let (top, left) = (from_row.floor(), from_column.floor());
    let at = |row: f64, column: f64| {
        let inside = |x: f64| x >= 0.0 && x < side as f64;
        if inside(row) && inside(column) {
            image[row as usize * side + column as usize]
        } else {
            0.0
        }
    };
    let (low, far) = ((from_row - top) as f32, (from_column - left) as f32);
    let above = at(top, left) * (1.0 - far) + at(top, left + 1.0) * far;
    let below = at(top + 1.0, left) * (1.0 - far) + at(top + 1.0, left + 1.0) * far;
    above * (1.0 - low) + below * low
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quarter_turn_moves_pixels_and_four_come_back() {
        let image = Array2::from_shape_fn((1, 9), |(_, place)| place as f32);
        let mut turned = Shift::Turned(90.0).apply(image.view(), 8.0, 0);
        // Rows of the turned image are columns of the image.
        let expected = [2.0, 5.0, 8.0, 1.0, 4.0, 7.0, 0.0, 3.0, 6.0];
        assert!(turned.iter().zip(expected).all(|(a, b)| (a - b).abs() < 1e-4), "{turned}");
        for _ in 0..3 {
            turned = Shift::Turned(90.0).apply(turned.view(), 8.0, 0);
        }
        assert!(turned.iter().zip(&image).all(|(a, b)| (a - b).abs() < 1e-3), "{turned}");
    }

    #[test]
    fn noise_has_the_spread_that_was_asked_for() {
        let image = Array2::zeros((1, 10_000));
        let noisy = Shift::Noisy(0.3).apply(image.view(), 200.0, 1);
        let variance = noisy.iter().map(|x| f64::from(x * x)).sum::<f64>() / 10_000.0;
        // The variance of 10,000 squares of spread 60 has a spread of 1.4 per cent.
        assert!((variance.sqrt() - 60.0).abs() < 2.0, "{variance}");
    }
}
