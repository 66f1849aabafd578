//! Generated data sets, for runs that need none from elsewhere.

use ndarray::{Array2, Axis};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use crate::data::{Dataset, Targets};

/// Draws from a standard normal distribution, by the transform of Box and Muller (1958).
pub(super) fn normal(rng: &mut ChaCha8Rng) -> f32 {
    let radius = (-2.0 * (1.0 - rng.random::<f64>()).ln()).sqrt();
    (radius * (std::f64::consts::TAU * rng.random::<f64>()).cos()) as f32
}

/// A generator for this seed and stream of draws.
pub(super) fn rng(seed: u64, stream: u64) -> ChaCha8Rng {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    rng.set_stream(stream);
    rng
}

/// Friedman's first function (1991) of ten inputs between 0 and 1, of which five count. Training rows have
/// noise of variance 1, test rows of the given standard deviation: with 1 no learner comes below an RMSE
/// of 1.
pub(super) fn friedman(train: usize, test: usize, test_noise: f32, seed: u64) -> Dataset {
    let mut rng = rng(seed, 1);
    let x = Array2::from_shape_simple_fn((train + test, 10), || rng.random::<f32>());
    let smooth = x.map_axis(Axis(1), |x| {
        10.0 * (std::f32::consts::PI * x[0] * x[1]).sin()
            + 20.0 * (x[2] - 0.5).powi(2)
            + 10.0 * x[3]
            + 5.0 * x[4]
    });
    let noise = |row| if row < train { 1.0 } else { test_noise };
    let noisy = smooth.iter().enumerate().map(|(row, y)| y + noise(row) * normal(&mut rng));
    let y = noisy.collect::<ndarray::Array1<f32>>().insert_axis(Axis(1));
    cut("Friedman #1", x, Targets::Values(y), train)
}

/// Ten classes of three clusters each in `inputs` dimensions: a class is no half-space.
pub(super) fn clusters(inputs: usize, train: usize, test: usize, seed: u64) -> Dataset {
    const CLASSES: usize = 10;
    const CLUSTERS: usize = 3;
    // Centres are those of the set, rows those of the seed.
    let mut of_set = rng(0, 2);
    let centres =
        Array2::from_shape_simple_fn((CLASSES * CLUSTERS, inputs), || 0.8 * normal(&mut of_set));
    let mut rng = rng(seed, 3);
    let mut labels = Vec::with_capacity(train + test);
    let mut x = Array2::zeros((train + test, inputs));
    for mut x in x.rows_mut() {
        let cluster = rng.random_range(0..CLASSES * CLUSTERS);
        labels.push((cluster % CLASSES) as u32);
        x.iter_mut().zip(centres.row(cluster)).for_each(|(x, &c)| *x = c + normal(&mut rng));
    }
    let names = (0..CLASSES).map(|class| format!("class {class}")).collect();
    cut("clusters", x, Targets::Labels { labels, names }, train)
}

fn cut(name: &str, x: Array2<f32>, y: Targets, train: usize) -> Dataset {
    let (first, rest): (Vec<usize>, Vec<usize>) = (0..x.nrows()).partition(|&row| row < train);
    Dataset {
        name: name.to_owned(),
        train_x: x.select(Axis(0), &first),
        train_y: y.select(&first),
        test_x: x.select(Axis(0), &rest),
        test_y: y.select(&rest),
    }
}
