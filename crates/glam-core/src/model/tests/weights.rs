//! Observations that count more or less than one.

use super::*;

#[test]
fn a_weight_divides_the_noise() {
    // One write leaves the share r = N / (N + c) of the error, c = sum of phi' P phi and N the
    // noise; with N / w in the place of N it is 1 / (1 + w (1 / r - 1)).
    let rows = rows(31, 500);
    let model = written(small(Precision::Full), &rows[..400]);
    let mut scratch = Scratch::default();
    let mut out = [0.0; 2];
    for (x, y) in &rows[400..] {
        let y = [y[0] + 3e3, y[1]];
        let left = |weight: f32, out: &mut [f32; 2], scratch: &mut Scratch| {
            let mut model = resume(&model);
            let before = model.write_weighted(x, (&y).into(), weight).unwrap()[0];
            model.recall().read(x, scratch, out).unwrap();
            f64::from(y[0] - out[0]) / f64::from(y[0] - before)
        };
        let one = left(1.0, &mut out, &mut scratch);
        for weight in [1e-3, 0.5, 2.0, 8.0] {
            let expected = 1.0 / (1.0 + f64::from(weight) * (1.0 / one - 1.0));
            let got = left(weight, &mut out, &mut scratch);
            // The error is about as large as the prediction, which is rounded some 50 times.
            assert!((got - expected).abs() < 100.0 * f64::from(f32::EPSILON), "{got} {expected}");
        }
        // Twice the same: exact for one slot; for more, whose covariances say nothing of each
        // other, between twice the first step and that of a weight of 2. The noise moves a little
        // with the errors in between.
        let mut twice = resume(&model);
        let before = twice.write(x, (&y).into()).unwrap()[0];
        twice.write(x, (&y).into()).unwrap();
        twice.recall().read(x, &mut scratch, &mut out).unwrap();
        let twice = f64::from(y[0] - out[0]) / f64::from(y[0] - before);
        let two = left(2.0, &mut out, &mut scratch);
        assert!(twice > 0.98 * one * one && twice < 1.02 * two, "{} {twice} {two}", one * one);
    }
}

#[test]
fn a_weight_out_of_range_is_refused_and_changes_no_bit() {
    let mut model = written(small(Precision::Full), &rows(32, 80));
    let before = bits(&model);
    let (x, y) = ([0.5; INPUTS], [1.0, 2.0]);
    for bad in [0.0, -1.0, 0.99e-6, 1.01e6, f32::NAN, f32::INFINITY, -0.0] {
        let refused = model.write_weighted(&x, (&y).into(), bad).unwrap_err();
        assert_eq!(refused, Error::Weight { got: bad.to_string() });
        let (x, y) = (ndarray::arr2(&[x, x]), ndarray::arr2(&[y, y]));
        assert!(model.write_batch_weighted(x.view(), y.view(), &[1.0, bad]).is_err());
        assert!(model.write_batch_weighted(x.view(), y.view(), &[1.0]).is_err());
    }
    assert_eq!(bits(&model), before);
    for edge in [1e-6, 1e6] {
        model.write_weighted(&x, (&y).into(), edge).unwrap();
    }
}

#[test]
fn weights_survive_the_warm_up_a_restore_and_a_batch() {
    let rows = rows(33, 200);
    let weight = |row: usize| [1.0, 3.0, 0.1][row % 3];
    let mut whole = Model::new(small(Precision::Full));
    for (row, (x, y)) in rows.iter().enumerate() {
        if [1, 17, 63, 64, 150].contains(&row) {
            whole = resume(&whole);
        }
        whole.write_weighted(x, y.into(), weight(row)).unwrap();
    }
    let mut batch = Model::new(small(Precision::Full));
    let x = ndarray::Array2::from_shape_fn((200, INPUTS), |(i, j)| rows[i].0[j]);
    let y = ndarray::Array2::from_shape_fn((200, 2), |(i, j)| rows[i].1[j]);
    let weights: Vec<f32> = (0..200).map(weight).collect();
    batch.write_batch_weighted(x.view(), y.view(), &weights).unwrap();
    assert_eq!(bits(&whole), bits(&batch));
    assert_ne!(bits(&whole), bits(&written(small(Precision::Full), &rows)));
    let mut even = Model::new(small(Precision::Full));
    even.write_batch_weighted(x.view(), y.view(), &[1.0; 200]).unwrap();
    assert_eq!(bits(&even), bits(&written(small(Precision::Full), &rows)));
}

#[test]
fn weights_of_any_size_leave_the_memory_finite() {
    for precision in [Precision::Full, Precision::Diagonal] {
        let mut rng = Rng::new(34, 0);
        let mut model = Model::new(small(precision));
        for (x, y) in rows(34, 3000) {
            let weight = 10_f32.powf(12.0 * rng.unit() - 6.0).clamp(1e-6, 1e6);
            model.write_weighted(&x, (&y).into(), weight).unwrap();
        }
        let state = model.state();
        let mut lines =
            state.weights.iter().chain(state.covariances.iter()).flat_map(Result::unwrap);
        assert!(lines.all(|line| line.0.iter().all(|float| float.is_finite())));
        let (mut out, mut variance) = ([0.0; 2], [0.0; 2]);
        for (x, _) in rows(35, 100) {
            let recall = model.recall();
            let (covariances, scratch) = (model.covariances(), &mut Scratch::default());
            recall.read_with_variance(covariances, &x, scratch, &mut out, &mut variance).unwrap();
            assert!(out[0].abs() < 1e4 && out[1].abs() < 1e-1, "{out:?}");
            assert!(variance.iter().all(|&variance| variance > 0.0 && variance.is_finite()));
        }
    }
}
