//! The whole write and read against a naive f64 learner, and the laws that a memory keeps.

use std::collections::HashMap;

use proptest::prelude::*;

use super::*;
use crate::config::{ConfigBuilder, Precision, Rehearse, Targets};
use crate::gate::Family;
use crate::recall::prior_variance;
use crate::rng::Rng;
use crate::saved::SavedRecall;

mod base;
mod missing;
mod redraw;
mod room;
mod skip;
mod weights;
mod window;

const INPUTS: usize = 3;

/// A smooth function with two targets of very different scale, and some noise.
fn row(rng: &mut Rng) -> ([f32; INPUTS], [f32; 2]) {
    let x = std::array::from_fn(|_| 4.0 * rng.unit() - 2.0);
    let [a, b, c] = x;
    let y = [1e3 * (a * b).sin() + 20.0 * rng.normal(), 1e-3 * (c - a) + 1e-5 * rng.normal()];
    (x, y)
}

fn rows(seed: u64, count: usize) -> Vec<([f32; INPUTS], [f32; 2])> {
    let mut rng = Rng::new(seed, 77);
    (0..count).map(|_| row(&mut rng)).collect()
}

fn small(precision: Precision) -> Config {
    small_builder(precision).build().unwrap()
}

fn small_builder(precision: Precision) -> ConfigBuilder {
    let families = [Family::Tree { inputs: 0 }, Family::Hyperplane { inputs: 2 }];
    Config::builder(INPUTS, Targets::Numbers(2))
        .precision(precision)
        .families(families)
        .tables(6)
        .levels([2, 4])
        .warm_up(64)
}

fn written(config: Config, rows: &[([f32; INPUTS], [f32; 2])]) -> Model {
    let mut model = Model::new(config);
    for (x, y) in rows {
        model.write(x, y.into()).unwrap();
    }
    model
}

/// Every bit of a model.
fn bits(model: &Model) -> ([Vec<u8>; 2], Vec<u64>, Vec<u32>) {
    let state = model.state();
    let lines = [state.weights, state.covariances].map(|slots| slots.to_vec().unwrap()).concat();
    let floats = lines.iter().flat_map(|line| line.0.map(f32::to_bits)).collect();
    ([state.structure, state.history], state.keys.to_vec(), floats)
}

/// The learner of the design, written for reading: dense matrices in f64, one map a key.
struct Naive<'a> {
    structure: &'a Structure,
    precision: Precision,
    /// Of every key: W (outputs by n) and P (n by n).
    slots: HashMap<u64, (Vec<f64>, Vec<f64>)>,
    noise: Noise,
    window: Option<u32>,
    /// The sequence number of the observation before.
    now: u64,
    /// Of every key: the sequence number up to which it has forgotten.
    stamps: HashMap<u64, u64>,
}

impl<'a> Naive<'a> {
    fn new(structure: &'a Structure, config: &Config, outputs: usize) -> Self {
        let mut noise = Noise::new(config.targets());
        noise.widen(outputs);
        let (precision, window) = (config.precision(), config.window());
        let (slots, stamps) = (HashMap::new(), HashMap::new());
        Self { structure, precision, slots, noise, window, now: 0, stamps }
    }
}

impl Naive<'_> {
    /// Key and phi of every active slot.
    fn active(&self, x: &[f32]) -> Vec<(u64, Vec<f64>)> {
        let mut z = vec![0.0; x.len()];
        self.structure.normaliser().inputs(x, &mut z);
        let mut active = Vec::new();
        for (number, table) in self.structure.tables().iter().enumerate() {
            let feature = &self.structure.features()[table.feature() as usize];
            let scale = f64::from(feature.scale());
            let view = feature.view();
            let mut phi: Vec<f64> = view
                .iter()
                .map(|&input| scale * f64::from(z[input as usize]) / (view.len() as f64).sqrt())
                .collect();
            phi.push(scale);
            table.keys(number, &z, |key| active.push((key, phi.clone())));
        }
        active
    }

    /// Predicts, then learns; gives the prediction in normalised units.
    fn write(&mut self, x: &[f32], y: &[f32], weight: f32, first: bool) -> Vec<f64> {
        let n = self.structure.n();
        let active = self.active(x);
        let prior = f64::from(prior_variance(n));
        let mut predicted = vec![0.0; y.len()];
        let mut claimed = f64::from(self.noise.variance() / weight);
        let mut steps = Vec::new();
        for (key, phi) in &active {
            let (w, p) = self.slots.entry(*key).or_insert_with(|| {
                let mut p = vec![0.0; n * n];
                (0..n).for_each(|i| p[i * n + i] = prior);
                (vec![0.0; y.len() * n], p)
            });
            for (k, predicted) in predicted.iter_mut().enumerate() {
                *predicted += (0..n).map(|j| w[k * n + j] * phi[j]).sum::<f64>();
            }
            let stamp = self.stamps.entry(*key).or_insert(self.now);
            let behind = self.now - *stamp;
            if let Some(window) = self.window.filter(|&window| 16 * behind >= u64::from(window)) {
                let keep = (1.0 - 1.0 / f64::from(window)).powf(behind as f64);
                p.iter_mut().for_each(|p| *p *= keep);
                (0..n).for_each(|i| p[i * n + i] += (1.0 - keep) * prior);
                *stamp = self.now;
            }
            let u: Vec<f64> = (0..n).map(|i| (0..n).map(|j| p[i * n + j] * phi[j]).sum()).collect();
            claimed += u.iter().zip(phi).map(|(u, phi)| u * phi).sum::<f64>();
            steps.push(u);
        }
        let target = |k: usize| f64::from(self.structure.normaliser().target(k, y[k]));
        let errors: Vec<f64> = (0..y.len()).map(|k| target(k) - predicted[k]).collect();
        if first {
            let errors: Vec<f32> = errors.iter().map(|&error| error as f32).collect();
            // No keys: what is local has no part in learning.
            self.noise.observe(&errors, claimed as f32, &[]);
        }
        for ((key, _), u) in active.iter().zip(&steps) {
            let Some((w, p)) = self.slots.get_mut(key) else { continue };
            for (k, error) in errors.iter().enumerate() {
                (0..n).for_each(|j| w[k * n + j] += error * u[j] / claimed);
            }
            for i in 0..n {
                for j in 0..n {
                    if self.precision == Precision::Full || i == j {
                        p[i * n + j] -= u[i] * u[j] / claimed;
                    }
                }
            }
        }
        predicted
    }
}

#[test]
fn every_prediction_equals_that_of_a_naive_f64_learner() {
    let even = |_: usize| 1.0;
    let uneven = |row: usize| [1.0, 0.25, 2.0, 0.01, 4.0][row % 5];
    let weights: [fn(usize) -> f32; 2] = [even, uneven];
    let precisions = [Precision::Full, Precision::Diagonal].into_iter();
    let windows = precisions.flat_map(|p| [None, Some(2), Some(150)].map(|window| (p, window)));
    for ((precision, window), weight) in windows.flat_map(|pair| weights.map(|w| (pair, w))) {
        let builder = small_builder(precision).rehearse(Rehearse::Fixed(0));
        let config = match window {
            Some(window) => builder.window(window).build().unwrap(),
            None => builder.build().unwrap(),
        };
        let rows = rows(1, 1500);
        let mut model = Model::new(config.clone());
        for (row, (x, y)) in rows[..64].iter().enumerate() {
            model.write_weighted(x, y.into(), weight(row)).unwrap();
        }
        let structure =
            Structure::fit(&config, &flat(&rows[..64], |r| &r.0), &flat(&rows[..64], |r| &r.1), 2);
        let mut naive = Naive::new(&structure, &config, 2);
        // The fit to the warm-up takes place within its last write.
        naive.now = 63;
        for pass in 0..fit::PASSES {
            for (row, (x, y)) in rows[..64].iter().enumerate() {
                naive.write(x, y, weight(row), pass == 0);
            }
        }
        let normaliser = structure.normaliser();
        // One write rounds each of about n + slots sums; errors of earlier writes are contracted by
        // the correction, so that they add up like a random walk over the writes at most.
        let operations = (structure.n() * structure.active()) as f64;
        let mut worst: f64 = 0.0;
        for (write, (x, y)) in rows[64..].iter().enumerate() {
            naive.now = 64 + write as u64;
            let expected = naive.write(x, y, weight(64 + write), true);
            let before = model.write_weighted(x, y.into(), weight(64 + write)).unwrap();
            let bound =
                f64::from(f32::EPSILON) * operations * ((fit::PASSES * 64 + write) as f64).sqrt();
            for k in 0..2 {
                let got = (before[k] - normaliser.target_mean(k)) / normaliser.target_scale(k);
                let error = (f64::from(got) - expected[k]).abs();
                worst = worst.max(error / bound);
                assert!(
                    error <= bound,
                    "{precision:?} {window:?} write {write}: {error} over {bound}"
                );
            }
        }
        // The bound is of the right order: a tenth of it would not always hold a hundred times over.
        assert!(worst > 1e-3, "{worst}");
        assert_eq!(model.recall.slots.len(), naive.slots.len());
    }
}

fn flat<'a, const N: usize, T>(rows: &'a [T], part: impl Fn(&'a T) -> &'a [f32; N]) -> Vec<f32> {
    rows.iter().flat_map(|row| *part(row)).collect()
}

#[test]
fn the_same_seed_and_writes_give_the_same_bits_and_another_seed_others() {
    let rows = rows(2, 400);
    let config = |seed| Config::builder(INPUTS, Targets::Numbers(2)).seed(seed).build().unwrap();
    let [one, two, other] = [1, 1, 2].map(|seed| bits(&written(config(seed), &rows)));
    assert_eq!(one, two);
    assert_ne!(one.0, other.0);
}

#[test]
fn a_memory_is_of_use_from_its_first_write() {
    let config = Config::builder(1, Targets::Numbers(1)).build().unwrap();
    let mut model = Model::new(config);
    let mut scratch = Scratch::default();
    let mut out = [0.0];
    assert_eq!(model.recall().read(&[3.0], &mut scratch, &mut out), Err(Error::Empty));
    assert_eq!(model.write(&[3.0], (&[8.0]).into()).unwrap(), [0.0]);
    model.recall().read(&[3.0], &mut scratch, &mut out).unwrap();
    assert!((out[0] - 8.0).abs() < 1e-5, "{out:?}");
    // A straight line is known, near enough, after a few points.
    for i in 0..16 {
        let x = (i * 5 % 16) as f32;
        model.write(&[x], (&[2.0 * x + 2.0]).into()).unwrap();
    }
    model.recall().read(&[7.5], &mut scratch, &mut out).unwrap();
    assert!((out[0] - 17.0).abs() < 1.0, "{out:?}");
}

#[test]
fn warming_up_forgets_no_observation() {
    // The fit at the end of the warm-up is to all 64 rows: the same as a memory that gets them in
    // a state restored half way.
    let rows = rows(3, 64);
    let whole = written(small(Precision::Full), &rows);
    let half = written(small(Precision::Full), &rows[..40]);
    let mut resumed = resume(&half);
    for (x, y) in &rows[40..] {
        resumed.write(x, y.into()).unwrap();
    }
    assert_eq!(bits(&whole), bits(&resumed));
    assert!(whole.warm_up.done());
}

fn resume(model: &Model) -> Model {
    let state = model.state();
    Model::restore(
        model.recall().config().clone(),
        &state.structure,
        state.keys.to_vec(),
        state.weights.to_vec().unwrap(),
        state.covariances.to_vec().unwrap(),
        &state.history,
    )
    .unwrap()
}

#[test]
fn a_restored_model_goes_on_bit_for_bit() {
    let rows = rows(4, 300);
    for precision in [Precision::Full, Precision::Diagonal] {
        for stop in [0, 1, 2, 33, 63, 64, 65, 200] {
            let mut model = written(small(precision), &rows[..stop]);
            let mut resumed = resume(&model);
            assert_eq!(bits(&model), bits(&resumed), "{stop}");
            for (x, y) in &rows[stop..] {
                let before = model.write(x, y.into()).unwrap().to_vec();
                assert_eq!(before, resumed.write(x, y.into()).unwrap());
            }
            assert_eq!(bits(&model), bits(&resumed), "{stop}");
        }
    }
}

#[test]
fn every_family_learns_and_goes_on_after_a_restore() {
    let rows = rows(15, 900);
    let hyperplane = Family::Hyperplane { inputs: 2 };
    let tree = Family::Tree { inputs: 2 };
    for family in [hyperplane, tree, Family::Hadamard, Family::WinnerTakeAll { inputs: 2 }] {
        let config = Config::builder(INPUTS, Targets::Numbers(2)).families([family]);
        let mut model = written(config.tables(32).warm_up(64).build().unwrap(), &rows[..600]);
        let mut resumed = resume(&model);
        let (mut squares, mut scale) = (0.0, 0.0);
        for (x, y) in &rows[600..] {
            let before = model.write(x, y.into()).unwrap().to_vec();
            assert_eq!(before, resumed.write(x, y.into()).unwrap(), "{family:?}");
            squares += f64::from(before[0] - y[0]).powi(2);
            scale += f64::from(y[0]).powi(2);
        }
        // The mean alone leaves 1, and a plane nearly as much: sin(a b) has no slope.
        assert!(squares / scale < 0.3, "{family:?}: {}", squares / scale);
        assert_eq!(bits(&model), bits(&resumed), "{family:?}");
    }
}

#[test]
fn a_refused_observation_changes_no_bit() {
    let mut model = written(small(Precision::Full), &rows(5, 100));
    let before = bits(&model);
    let x = [0.0; INPUTS];
    let refusals = [
        model.write(&[0.0; 2], (&[0.0; 2]).into()).unwrap_err(),
        model.write(&x, (&[0.0]).into()).unwrap_err(),
        model.write(&[0.0, f32::NEG_INFINITY, 0.0], (&[0.0; 2]).into()).unwrap_err(),
        model.write(&x, (&[0.0, f32::INFINITY]).into()).unwrap_err(),
        model.write(&x, Target::Label("a".into())).unwrap_err(),
        model.write(&x, (&[f32::NAN; 2]).into()).unwrap_err(),
    ];
    assert_eq!(refusals[0], Error::Length { what: "input", expected: 3, got: 2 });
    assert_eq!(refusals[2], Error::NotFinite { what: "input", index: 1 });
    assert_eq!(refusals[3], Error::NotFinite { what: "target", index: 1 });
    assert_eq!(refusals[5], Error::NoTarget);
    let batch = ndarray::arr2(&[[0.0; 3], [f32::INFINITY; 3]]);
    assert!(model.write_batch(batch.view(), ndarray::Array2::zeros((2, 2)).view()).is_err());
    assert!(model.write_batch(batch.view(), ndarray::Array2::zeros((1, 2)).view()).is_err());
    assert_eq!(bits(&model), before);
}

#[test]
fn batches_equal_single_calls() {
    let rows = rows(6, 200);
    let x = ndarray::Array2::from_shape_fn((200, INPUTS), |(i, j)| rows[i].0[j]);
    let y = ndarray::Array2::from_shape_fn((200, 2), |(i, j)| rows[i].1[j]);
    let single = written(small(Precision::Full), &rows);
    let mut batch = Model::new(small(Precision::Full));
    // A view that is not contiguous must do as well.
    let turned = x.t().as_standard_layout().into_owned();
    batch.write_batch(turned.t(), y.view()).unwrap();
    assert_eq!(bits(&single), bits(&batch));
    let (out, variance) =
        single.recall().read_batch_with_variance(single.covariances(), x.view()).unwrap();
    assert_eq!(out, single.recall().read_batch(turned.t()).unwrap());
    let mut scratch = Scratch::default();
    let (mut one, mut spread) = ([0.0; 2], [0.0; 2]);
    for (i, (x, _)) in rows.iter().enumerate() {
        let recall = single.recall();
        recall
            .read_with_variance(single.covariances(), x, &mut scratch, &mut one, &mut spread)
            .unwrap();
        assert_eq!(out.row(i).to_vec(), one);
        assert_eq!(variance.row(i).to_vec(), spread);
        assert!(spread.iter().all(|&variance| variance > 0.0 && variance.is_finite()));
    }
}

#[test]
fn an_explanation_is_the_map_that_was_read_and_its_shares_sum_to_one() {
    let rows = rows(7, 800);
    let model = written(small(Precision::Full), &rows);
    let mut scratch = Scratch::default();
    for (x, _) in rows.iter().step_by(9) {
        let told = model.recall().explain(x, &mut scratch).unwrap();
        let sum = |k: usize, x: &[f32]| {
            (0..INPUTS).map(|j| told.matrix[[k, j]] * f64::from(x[j])).sum::<f64>() + told.bias[k]
        };
        for k in 0..2 {
            let scale = model.recall.structure.as_ref().unwrap().normaliser().target_scale(k);
            let bound = 200.0 * f32::EPSILON * scale;
            assert!((sum(k, x) - f64::from(told.prediction[k])).abs() < f64::from(bound));
        }
        let shares: f64 = told.active.iter().map(|slot| slot.share).sum();
        assert!((shares - 1.0).abs() < 1e-9);
        assert_eq!(told.keys, 6 * 2 + 1);
        // A step so small that it crosses no gate changes the prediction by the slope.
        let mut near = *x;
        near[1] += 1e-4;
        let other = model.recall().explain(&near, &mut scratch).unwrap();
        if other.active.iter().map(|slot| slot.key).eq(told.active.iter().map(|slot| slot.key)) {
            let step = f64::from(near[1]) - f64::from(x[1]);
            let expected = f64::from(told.prediction[0]) + told.matrix[[0, 1]] * step;
            assert!((f64::from(other.prediction[0]) - expected).abs() < 0.05);
        }
    }
}

#[test]
fn a_cue_beyond_the_limit_is_explained_as_a_constant() {
    let model = written(small(Precision::Full), &rows(8, 300));
    let mut scratch = Scratch::default();
    let far = [1e30, 0.1, -0.1];
    let told = model.recall().explain(&far, &mut scratch).unwrap();
    assert!(told.prediction.iter().all(|value| value.is_finite()));
    assert_eq!(told.matrix[[0, 0]], 0.0);
    let sum: f64 =
        (1..3).map(|j| told.matrix[[0, j]] * f64::from(far[j])).sum::<f64>() + told.bias[0];
    assert!((sum - f64::from(told.prediction[0])).abs() < 0.5);
}

/// Writes `count` rows whose class is `classes[region of x]`.
fn classified(model: &mut Model, from: usize, count: usize, classes: &[&str]) {
    let mut rng = Rng::new(9, from as u64);
    for _ in 0..count {
        let x: [f32; INPUTS] = std::array::from_fn(|_| rng.normal());
        let class = classes[rng.below(classes.len())];
        model.write(&x, Target::Label(class.into())).unwrap();
    }
}

#[test]
fn a_class_that_comes_late_is_learned_as_if_it_had_been_known_from_the_start() {
    let config = || {
        Config::builder(INPUTS, Targets::Labels).tables(8).levels([3]).warm_up(64).build().unwrap()
    };
    let stages = [(0, &["a", "b"][..]), (1, &["a", "c", "b"]), (2, &["d", "e", "f", "a"])];
    let mut late = Model::new(config());
    stages.iter().for_each(|(from, classes)| classified(&mut late, *from, 150, classes));
    let mut early = Model::new(config());
    for class in late.recall.labels.names() {
        early.recall.labels.insert(class.into()).unwrap();
    }
    stages.iter().for_each(|(from, classes)| classified(&mut early, *from, 150, classes));
    assert_eq!(late.recall.labels.len(), 6);
    assert_eq!(late.recall.labels.names(), early.recall.labels.names());
    let mut scratch = Scratch::default();
    let mut rng = Rng::new(10, 0);
    for _ in 0..100 {
        let x: [f32; INPUTS] = std::array::from_fn(|_| rng.normal());
        let read = |model: &Model, scratch: &mut Scratch| {
            let (mut out, mut variance) = (vec![0.0; 6], vec![0.0; 6]);
            let recall = model.recall();
            recall
                .read_with_variance(model.covariances(), &x, scratch, &mut out, &mut variance)
                .unwrap();
            (out, variance)
        };
        assert_eq!(read(&late, &mut scratch), read(&early, &mut scratch));
    }
    assert_eq!(late.recall.noise, early.recall.noise);
}

#[test]
fn extreme_values_leave_the_memory_finite() {
    let mut model = written(small(Precision::Full), &rows(11, 100));
    let extremes = [0.0, -0.0, f32::MIN_POSITIVE, 1e-40, 1e10, -1e10, f32::MAX, f32::MIN];
    let mut rng = Rng::new(12, 0);
    for _ in 0..2000 {
        let x: [f32; INPUTS] = std::array::from_fn(|_| extremes[rng.below(8)]);
        let y: [f32; 2] = std::array::from_fn(|_| extremes[rng.below(8)] * 1e-3);
        model.write(&x, (&y).into()).unwrap();
    }
    let state = model.state();
    let mut lines = state.weights.iter().chain(state.covariances.iter()).flat_map(Result::unwrap);
    assert!(lines.all(|line| line.0.iter().all(|float| float.is_finite())));
}

#[test]
fn one_scratch_serves_memories_of_different_shapes() {
    let rows = rows(13, 100);
    let one = written(small(Precision::Full), &rows);
    let mut wide = Model::new(Config::builder(40, Targets::Numbers(1)).build().unwrap());
    for (x, y) in &rows {
        let x: Vec<f32> = x.iter().copied().cycle().take(40).collect();
        wide.write(&x, (&[y[0]]).into()).unwrap();
    }
    let mut shared = Scratch::default();
    for (x, _) in &rows {
        let wide_x: Vec<f32> = x.iter().copied().cycle().take(40).collect();
        let (mut a, mut b, mut c, mut d) = ([0.0; 2], [0.0; 2], [0.0], [0.0]);
        one.recall().read(x, &mut shared, &mut a).unwrap();
        wide.recall().read(&wide_x, &mut shared, &mut c).unwrap();
        one.recall().read(x, &mut Scratch::default(), &mut b).unwrap();
        wide.recall().read(&wide_x, &mut Scratch::default(), &mut d).unwrap();
        assert_eq!((a, c), (b, d));
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]

    /// Hostile bytes: an error, or a model that can be read and written without a panic.
    #[test]
    fn a_damaged_structure_never_panics(
        at in 0_usize..100_000, value in any::<u8>(), stop in prop::sample::select(vec![1, 20, 100])
    ) {
        let model = written(small(Precision::Full), &rows(14, stop));
        let state = model.state();
        let mut structure = state.structure.clone();
        let at = at % structure.len();
        structure[at] = value;
        let restored = Model::restore(
            model.recall().config().clone(),
            &structure,
            state.keys.to_vec(),
            state.weights.to_vec().unwrap(),
            state.covariances.to_vec().unwrap(),
            &state.history,
            );
        if let Ok(mut restored) = restored {
            let mut out = vec![0.0; restored.recall().outputs()];
            let _ = restored.recall().read(&[0.5; INPUTS], &mut Scratch::default(), &mut out);
            restored.write(&[0.5; INPUTS], (&[1.0, 2.0]).into()).unwrap();
        }
    }

    /// The same of the observations that are kept, with a write that rehearses all of them.
    #[test]
    fn a_damaged_history_never_panics(
        at in 0_usize..100_000, value in any::<u8>(), stop in prop::sample::select(vec![1, 20, 100])
    ) {
        let rehearse = Rehearse::Fixed(crate::config::MAX_REHEARSE);
        let config = small_builder(Precision::Full).rehearse(rehearse).build().unwrap();
        let model = written(config, &rows(14, stop));
        let state = model.state();
        let mut history = state.history.clone();
        let at = at % history.len();
        history[at] = value;
        let saved = SavedRecall::decode(
            model.recall().config().clone(), &state.structure, state.keys.to_vec()
        ).unwrap();
        if let Ok(saved) = saved.with_history(&history) {
            let mut restored =
                saved.model(state.weights.to_vec().unwrap(), state.covariances.to_vec().unwrap()).unwrap();
            restored.write(&[0.5; INPUTS], (&[1.0, 2.0]).into()).unwrap();
        }
    }
}
