//! Missing inputs and targets that are not known.

use super::*;

const NAN: f32 = f32::NAN;

/// Rows of which some values are missing: never both targets.
fn patchy(seed: u64, count: usize) -> Vec<([f32; INPUTS], [f32; 2])> {
    let mut rng = Rng::new(seed, 5);
    let mut rows = rows(seed, count);
    for (x, y) in &mut rows {
        x.iter_mut().filter(|_| rng.below(4) == 0).for_each(|x| *x = NAN);
        match rng.below(4) {
            0 => y[0] = NAN,
            1 => y[1] = NAN,
            _ => {}
        }
    }
    rows
}

#[test]
fn a_missing_input_is_the_mean_bit_for_bit() {
    // The first row is the mean of the warm-up's known values: it is fitted to 64 rows of which
    // the rest come in pairs around it.
    let mut rng = Rng::new(21, 0);
    let mut rows = rows(21, 300);
    for pair in rows[..64].chunks_exact_mut(2) {
        pair[1].0 = pair[0].0.map(|x| -x);
    }
    let mut model = written(small(Precision::Full), &rows[..64]);
    assert!(model.warm_up.done());
    let mean = model.recall.structure.as_ref().unwrap().normaliser().input_mean().to_vec();
    let mut filled = resume(&model);
    let mut scratch = Scratch::default();
    let (mut one, mut other) = ([0.0; 2], [0.0; 2]);
    for (x, y) in &rows[64..] {
        let missing: Vec<bool> = x.iter().map(|_| rng.below(3) == 0).collect();
        let with = |value: &dyn Fn(usize) -> f32| -> Vec<f32> {
            (0..INPUTS).map(|i| if missing[i] { value(i) } else { x[i] }).collect()
        };
        let (gaps, means) = (with(&|_| NAN), with(&|i| mean[i]));
        model.recall().read(&gaps, &mut scratch, &mut one).unwrap();
        filled.recall().read(&means, &mut scratch, &mut other).unwrap();
        assert_eq!(one.map(f32::to_bits), other.map(f32::to_bits));
        model.write(&gaps, y.into()).unwrap();
        filled.write(&means, y.into()).unwrap();
    }
    // The kept observations differ, as they should: one holds NaN where the other holds the mean.
    let (model, filled) = (bits(&model), bits(&filled));
    let ([model_structure, model_history], [structure, history]) = (&model.0, &filled.0);
    assert!(model_structure == structure && model_history != history);
    assert_eq!((model.1, model.2), (filled.1, filled.2));
}

#[test]
fn an_explanation_gives_a_missing_input_no_slope_and_the_rest_adds_up() {
    let model = written(small(Precision::Full), &patchy(22, 600));
    let mut scratch = Scratch::default();
    for (x, _) in patchy(23, 60) {
        let told = model.recall().explain(&x, &mut scratch).unwrap();
        for k in 0..2 {
            let known = (0..INPUTS).filter(|&j| !x[j].is_nan());
            let sum = known.map(|j| told.matrix[[k, j]] * f64::from(x[j])).sum::<f64>();
            let scale = model.recall.structure.as_ref().unwrap().normaliser().target_scale(k);
            // As where nothing is missing: the f32 sum over 13 slots of 4 features.
            let bound = f64::from(200.0 * f32::EPSILON * scale);
            assert!((sum + told.bias[k] - f64::from(told.prediction[k])).abs() < bound);
            assert!((0..INPUTS).all(|j| !x[j].is_nan() || told.matrix[[k, j]] == 0.0));
        }
    }
}

#[test]
fn an_unknown_target_leaves_its_output_as_it_was_and_changes_nothing_for_the_others() {
    let rows = rows(24, 400);
    let model = written(small(Precision::Full), &rows[..200]);
    let (mut partly, mut wholly) = (resume(&model), resume(&model));
    let row_of = |model: &Model, output: usize| -> Vec<u32> {
        let width = model.recall.structure.as_ref().unwrap().width() * LANES;
        let slots = 0..model.recall.slots.len() as u32;
        let rows = slots.flat_map(|slot| {
            model.recall.weights.floats(slot).unwrap()[output * width..][..width].to_vec()
        });
        // 0 and -0 are one weight.
        rows.map(|weight| (weight + 0.0).to_bits()).collect()
    };
    // One slot set for all, so that the noise, which looks at all errors, is the same in both.
    for (x, y) in &rows[200..] {
        let slots = model.recall.slots.len();
        let known = partly.recall.slots.len();
        partly.write(x, (&[y[0], NAN]).into()).unwrap();
        let before = row_of(&model, 1);
        let after = row_of(&partly, 1);
        assert_eq!(before[..], after[..before.len()]);
        assert!(after[before.len()..].iter().all(|&bits| bits == 0), "{slots} {known}");
        wholly.write(x, y.into()).unwrap();
    }
    assert_ne!(row_of(&partly, 0), row_of(&model, 0));
    // The error statistics of the unknown output stand still.
    let before = model.recall.noise.predictive(1, 1.0);
    assert_eq!(partly.recall.noise.predictive(1, 1.0), before);
    assert_ne!(wholly.recall.noise.predictive(1, 1.0), before);
}

#[test]
fn an_output_that_is_never_known_changes_no_bit_of_another() {
    let alone = Config::builder(INPUTS, Targets::Numbers(1)).tables(6).levels([2, 4]).warm_up(64);
    let both = Config::builder(INPUTS, Targets::Numbers(2)).tables(6).levels([2, 4]).warm_up(64);
    let (mut alone, mut both) =
        (Model::new(alone.build().unwrap()), Model::new(both.build().unwrap()));
    let mut scratch = Scratch::default();
    for (x, y) in patchy(25, 400).into_iter().filter(|(_, y)| !y[0].is_nan()) {
        alone.write(&x, (&[y[0]]).into()).unwrap();
        both.write(&x, (&[y[0], NAN]).into()).unwrap();
        let (mut one, mut two, mut spread) = ([0.0], [0.0; 2], [0.0; 2]);
        alone.recall().read(&x, &mut scratch, &mut one).unwrap();
        let covariances = both.covariances();
        both.recall()
            .read_with_variance(covariances, &x, &mut scratch, &mut two, &mut spread)
            .unwrap();
        assert_eq!(one[0].to_bits(), two[0].to_bits());
        assert!(two[1] == 0.0 && spread.iter().all(|spread| spread.is_finite()));
    }
}

#[test]
fn rows_with_gaps_survive_the_warm_up_a_restore_and_the_choice_of_nan() {
    let rows = patchy(26, 200);
    let odd = |value: f32| if value.is_nan() { f32::from_bits(0xFFC0_0123) } else { value };
    for stop in [1, 33, 63, 64, 150] {
        let mut model = written(small(Precision::Full), &rows[..stop]);
        let mut other = Model::new(small(Precision::Full));
        for (x, y) in &rows[..stop] {
            other.write(&x.map(odd), (&y.map(odd)).into()).unwrap();
        }
        assert_eq!(bits(&model), bits(&other));
        let mut resumed = resume(&model);
        for (x, y) in &rows[stop..] {
            model.write(x, y.into()).unwrap();
            resumed.write(x, y.into()).unwrap();
        }
        assert_eq!(bits(&model), bits(&resumed));
    }
}

#[test]
fn what_is_known_is_learned_in_spite_of_gaps() {
    // A plane of three inputs with a fifth of all values missing: what is missing is drawn
    // independently, so that the best guess for it is its mean.
    let mut rng = Rng::new(27, 0);
    let config = Config::builder(INPUTS, Targets::Numbers(2)).tables(4).levels([1]).warm_up(64);
    let mut model = Model::new(config.build().unwrap());
    let plane = |x: &[f32; INPUTS]| [x[0] + 2.0 * x[1], x[2] - x[0]];
    for _ in 0..4000 {
        let whole: [f32; INPUTS] = std::array::from_fn(|_| rng.normal());
        let mut y = plane(&whole);
        let x = whole.map(|x| if rng.below(5) == 0 { NAN } else { x });
        if rng.below(3) == 0 {
            y[rng.below(2)] = NAN;
        }
        model.write(&x, (&y).into()).unwrap();
    }
    let mut out = [0.0; 2];
    let mut squares = 0.0;
    for _ in 0..500 {
        let x: [f32; INPUTS] = std::array::from_fn(|_| rng.normal());
        model.recall().read(&x, &mut Scratch::default(), &mut out).unwrap();
        let y = plane(&x);
        squares += (out[0] - y[0]).powi(2) / 5.0 + (out[1] - y[1]).powi(2) / 2.0;
    }
    // A memory that had learned nothing would be at 1.
    assert!(squares / 1000.0 < 0.05, "{}", squares / 1000.0);
}
