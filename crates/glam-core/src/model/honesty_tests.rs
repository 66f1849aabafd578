//! What a memory says about its own answers, against what comes true.

use super::*;
use crate::config::Targets;
use crate::rng::Rng;

const INPUTS: usize = 2;

fn config(targets: Targets) -> Config {
    Config::builder(INPUTS, targets).tables(32).build().unwrap()
}

fn cue(rng: &mut Rng) -> [f32; INPUTS] {
    std::array::from_fn(|_| 4.0 * rng.unit() - 2.0)
}

/// Noise of .05 on the left and 1 on the right of a smooth function; the second target has noise
/// with heavy tails everywhere.
fn targets(x: &[f32; INPUTS], rng: &mut Rng) -> [f32; 2] {
    let noise = if x[0] < 0.0 { 0.05 } else { 1.0 };
    let jump = if rng.below(20) == 0 { 10.0 } else { 0.2 };
    [(x[0] * x[1]).sin() * 3.0 + noise * rng.normal(), x[1] + jump * rng.normal()]
}

fn numbers(rows: usize) -> (Model, Rng) {
    let mut rng = Rng::new(21, 0);
    let mut model = Model::new(config(Targets::Numbers(2)));
    for _ in 0..rows {
        let x = cue(&mut rng);
        let y = targets(&x, &mut rng);
        model.write(&x, (&y).into()).unwrap();
    }
    (model, rng)
}

#[test]
fn intervals_hold_the_share_that_they_promise_young_and_old() {
    for rows in [300, 4000] {
        let (model, mut rng) = numbers(rows);
        let (mut scratch, mut out) = (Scratch::default(), [0.0; 2]);
        for level in [0.5, 0.9] {
            let mut inside = [0.0; 2];
            for _ in 0..2000 {
                let x = cue(&mut rng);
                let y = targets(&x, &mut rng);
                let mut intervals = [(0.0, 0.0); 2];
                let (recall, covariances) = (model.recall(), model.covariances());
                recall
                    .read_with_interval(
                        covariances,
                        &x,
                        level,
                        &mut scratch,
                        &mut out,
                        &mut intervals,
                    )
                    .unwrap();
                for k in 0..2 {
                    let (low, high) = intervals[k];
                    assert!(low <= out[k] && out[k] <= high);
                    inside[k] += f64::from(u8::from((low..=high).contains(&y[k]))) / 2000.0;
                }
            }
            // The share is known from `rows` errors at best: four standard errors of that, and of
            // the 2,000 that judge.
            let error = |n: f64| 4.0 * (level * (1.0 - level) / n).sqrt();
            let bound = error(rows.min(2000) as f64) + error(2000.0);
            for share in inside {
                assert!((share - level).abs() < bound, "{rows} {level}: {inside:?} {bound}");
            }
        }
    }
}

#[test]
fn intervals_keep_up_with_errors_that_shrink_while_a_memory_warms_up() {
    // Nothing but the function is to be learned, so every row makes errors smaller: what a fit said
    // of them is too much in the end. From one fit to the next, at 192 and 256 rows.
    let (memories, stops, cues) = (12, [192, 208, 224, 240, 255], 80);
    let (mut inside, mut asked) = (0.0, 0.0_f64);
    for seed in 0..memories {
        let mut rng = Rng::new(31, seed);
        let truth = |x: &[f32; INPUTS]| [(0.5 * x[0] - x[1]).exp()];
        let mut model = Model::new(config(Targets::Numbers(1)));
        for rows in stops {
            while model.recall().sequence() < rows {
                let x = cue(&mut rng);
                model.write(&x, (&truth(&x)).into()).unwrap();
            }
            for _ in 0..cues {
                let x = cue(&mut rng);
                let (mut out, mut interval) = ([0.0], [(0.0, 0.0)]);
                let (recall, covariances) = (model.recall(), model.covariances());
                let scratch = &mut Scratch::default();
                recall
                    .read_with_interval(covariances, &x, 0.5, scratch, &mut out, &mut interval)
                    .unwrap();
                let (low, high) = interval[0];
                inside += f64::from(u8::from((low..=high).contains(&truth(&x)[0])));
                asked += 1.0;
            }
        }
    }
    // Each memory knows the middle of its errors from about 200 of them.
    let error = (0.25_f64 / 200.0 / memories as f64).sqrt() + (0.25 / asked).sqrt();
    assert!((inside / asked - 0.5).abs() < 3.0 * error, "{} {error}", inside / asked);
}

#[test]
fn spreads_of_weighted_rows_are_those_of_a_row_of_weight_one_from_the_first_fit_on() {
    // Held out in turn while the memory warms up, told as they came later: both in the units of S that
    // the weight makes, so that the spread does not jump where one takes over from the other.
    let mut rng = Rng::new(33, 0);
    let mut model = Model::new(config(Targets::Numbers(1)));
    let mut std_at = |rows: u64| {
        while model.recall().sequence() < rows {
            let x = cue(&mut rng);
            let y = [x[0] + 0.5 * x[1] + 0.3 * rng.normal()];
            model.write_weighted(&x, (&y).into(), 0.01).unwrap();
        }
        let (mut out, mut std, mut sum) = ([0.0], [0.0], 0.0);
        for place in 0..50 {
            let x = [place as f32 / 12.5 - 2.0, (place % 7) as f32 / 2.0 - 1.5];
            let (recall, covariances) = (model.recall(), model.covariances());
            let scratch = &mut Scratch::default();
            recall.read_with_std(covariances, &x, scratch, &mut out, &mut std).unwrap();
            sum += std[0] / 50.0;
        }
        sum
    };
    let (young, old) = (std_at(256), std_at(700));
    // A row of weight .01 has ten times the deviation of one of weight 1.
    assert!(young < 0.15 && young < 2.0 * old && old < 2.0 * young, "{young} {old}");
}

#[test]
fn spreads_are_wide_where_targets_are_noisy() {
    let (model, mut rng) = numbers(4000);
    let (mut scratch, mut out, mut std) = (Scratch::default(), [0.0; 2], [0.0; 2]);
    let mut mean = |side: f32| {
        let spreads = (0..200).map(|_| {
            let mut x = cue(&mut rng);
            x[0] = side * x[0].abs().max(0.3);
            let recall = model.recall();
            recall
                .read_with_std(model.covariances(), &x, &mut scratch, &mut out, &mut std)
                .unwrap();
            std[0]
        });
        spreads.sum::<f32>() / 200.0
    };
    let (quiet, loud) = (mean(-1.0), mean(1.0));
    // The covariances claim the same on both sides.
    assert!(loud > 1.5 * quiet, "{loud} {quiet}");
}

#[test]
fn levels_out_of_range_and_questions_of_the_wrong_kind_are_refused() {
    let (model, _) = numbers(50);
    let (recall, covariances) = (model.recall(), model.covariances());
    let (mut scratch, mut out, mut intervals) = (Scratch::default(), [0.0; 2], [(0.0, 0.0); 2]);
    for level in [0.0, 1.0, -0.1, 90.0, f64::NAN, f64::INFINITY] {
        let x = [0.5; INPUTS];
        let asked = recall.read_with_interval(
            covariances,
            &x,
            level,
            &mut scratch,
            &mut out,
            &mut intervals,
        );
        assert!(matches!(asked, Err(Error::Setting { setting: "level", .. })), "{level}");
    }
    let asked =
        recall.read_with_interval(covariances, &[0.5; 2], 0.5, &mut scratch, &mut out, &mut []);
    assert_eq!(asked, Err(Error::Length { what: "interval", expected: 2, got: 0 }));
    let asked = recall.probabilities(&[0.5; 2], &mut scratch, &mut out);
    assert!(matches!(asked, Err(Error::TargetKind { .. })));

    let mut labels = Model::new(config(Targets::Labels));
    let empty = labels.recall().familiarity(labels.covariances(), &[0.0; 2], &mut scratch);
    assert_eq!(empty, Err(Error::Empty));
    labels.write(&[0.0; 2], Target::Label("a".into())).unwrap();
    let asked = labels.recall().read_with_interval(
        labels.covariances(),
        &[0.5; 2],
        0.5,
        &mut scratch,
        &mut out[..1],
        &mut intervals[..1],
    );
    assert!(matches!(asked, Err(Error::TargetKind { .. })));
    // One class is certain.
    labels.recall().probabilities(&[0.5; 2], &mut scratch, &mut out[..1]).unwrap();
    assert_eq!(out[0], 1.0);
}

#[test]
fn probabilities_come_true_as_often_as_they_say() {
    // Left is a, right is b, and near the middle either, with the probability of a logistic curve.
    let mut rng = Rng::new(22, 0);
    let drawn = |rng: &mut Rng| {
        let x = cue(rng);
        let right = 1.0 / (1.0 + (-4.0 * x[0]).exp()) > rng.unit();
        (x, if right { "b" } else { "a" })
    };
    let mut model = Model::new(config(Targets::Labels));
    for _ in 0..4000 {
        let (x, class) = drawn(&mut rng);
        model.write(&x, Target::Label(class.into())).unwrap();
    }
    let (mut scratch, mut out) = (Scratch::default(), [0.0; 2]);
    let (mut said, mut right) = (0.0, 0.0);
    for _ in 0..4000 {
        let (x, class) = drawn(&mut rng);
        model.recall().probabilities(&x, &mut scratch, &mut out).unwrap();
        assert!((out[0] + out[1] - 1.0).abs() < 1e-6);
        let best = usize::from(out[1] > out[0]);
        said += f64::from(out[best]) / 4000.0;
        right += f64::from(u8::from(model.recall().labels().names()[best] == class)) / 4000.0;
    }
    // Four standard errors of a share of 4,000, and as much for the memory's own estimate.
    assert!((said - right).abs() < 8.0 * (0.25_f64 / 4000.0).sqrt(), "{said} {right}");
}

#[test]
fn what_was_written_is_familiar_and_what_is_far_from_it_is_not() {
    let mut rng = Rng::new(23, 0);
    let mut model = Model::new(config(Targets::Numbers(1)));
    // A ring, with nothing in its middle and nothing outside.
    let mut on_ring = || loop {
        let x = cue(&mut rng);
        let radius = (x[0] * x[0] + x[1] * x[1]).sqrt();
        if radius > 0.5 && radius < 1.0 {
            return x;
        }
    };
    for _ in 0..2000 {
        let x = on_ring();
        model.write(&x, (&[x[0]]).into()).unwrap();
    }
    let mut scratch = Scratch::default();
    let mut seen =
        |x: &[f32]| model.recall().familiarity(model.covariances(), x, &mut scratch).unwrap();
    let keys = 32 + 1;
    let least = (0..200).map(|_| seen(&on_ring()).seen).fold(1.0, f32::min);
    let far = seen(&[30.0, -30.0]);
    assert_eq!(far.keys, keys);
    assert!(far.seen < least, "{far:?} {least}");
    assert!(seen(&[0.7, 0.0]).known_keys > keys / 2);
    for x in [[0.0, 0.0], [f32::MAX, f32::MIN], [1e-40, 0.7]] {
        let told = seen(&x);
        assert!((0.0..=1.0).contains(&told.seen) && told.known_keys <= told.keys, "{told:?}");
    }
}

#[test]
fn statistics_can_be_set_from_errors_on_rows_that_were_held_out() {
    let (mut model, mut rng) = numbers(1100);
    let std = |model: &Model| {
        let (mut out, mut std) = ([0.0; 2], [0.0; 2]);
        let (recall, covariances) = (model.recall(), model.covariances());
        recall
            .read_with_std(covariances, &[0.5, 0.5], &mut Scratch::default(), &mut out, &mut std)
            .unwrap();
        std
    };
    // Errors of exactly 2 and 7 everywhere, for which S claimed 1.
    let mut told = Told::default();
    let rows: Vec<_> = (0..3000).map(|_| (cue(&mut rng), [2.0_f32, -7.0])).collect();
    rows.iter().for_each(|_| told.push(&[0.0, 0.0], 1.0));
    let held_out = rows.iter().map(|(x, y)| (&x[..], Kept::Numbers(y)));
    model.recall.calibrate(held_out, &told, &mut Scratch::default());
    let (recall, covariances) = (model.recall(), model.covariances());
    let mut scratch = Scratch::default();
    let claimed =
        recall.read_claiming(covariances, &[0.5, 0.5], &mut scratch, &mut [0.0; 2]).unwrap();
    // Nothing is said to differ from place to place, so the factor stays 1: a prior that counts as
    // one of 256 and less later, and rates of a few hundredths on surprises of as much.
    let scale = claimed.sqrt();
    for (std, expected) in std(&model).into_iter().zip([2.0, 7.0]) {
        assert!((std / scale / expected - 1.0).abs() < 0.1, "{std} {scale} {expected}");
    }

    // Scores that mean nothing: the likeliest class is right as often as any.
    let mut labels = Model::new(config(Targets::Labels));
    for i in 0..200 {
        let x = cue(&mut rng);
        labels.write(&x, Target::Label(if i % 2 == 0 { "a" } else { "b" }.into())).unwrap();
    }
    let mut told = Told::default();
    (0..3000).for_each(|_| told.push(&[1.0, 0.0], 1.0));
    let held_out = rows.iter().enumerate().map(|(i, (x, _))| (&x[..], Kept::Class(i % 2)));
    labels.recall.calibrate(held_out, &told, &mut Scratch::default());
    let mut out = [0.0; 2];
    labels.recall().probabilities(&rows[0].0, &mut scratch, &mut out).unwrap();
    assert!((out[0] - 0.5).abs() < 0.1, "{out:?}");
}

#[test]
fn all_of_it_survives_the_bytes() {
    let (model, mut rng) = numbers(700);
    let state = model.state();
    let back = Model::restore(
        model.recall().config().clone(),
        &state.structure,
        state.keys.to_vec(),
        state.weights.to_vec().unwrap(),
        state.covariances.to_vec().unwrap(),
        &state.history,
    )
    .unwrap();
    let mut scratch = Scratch::default();
    for _ in 0..50 {
        let x = cue(&mut rng);
        let mut ask = |model: &Model| {
            let (mut out, mut intervals) = ([0.0; 2], [(0.0, 0.0); 2]);
            let (recall, covariances) = (model.recall(), model.covariances());
            recall
                .read_with_interval(covariances, &x, 0.8, &mut scratch, &mut out, &mut intervals)
                .unwrap();
            (out, intervals, recall.familiarity(covariances, &x, &mut scratch).unwrap())
        };
        assert_eq!(ask(&model), ask(&back));
    }
}
