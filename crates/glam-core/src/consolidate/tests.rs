//! The joint solve against a dense one in f64, and the laws of consolidating.

use super::*;
use crate::config::{Config, Precision, Targets};
use crate::kernel::simd::{Kernel, dispatch};
use crate::kernel::{LANES, Simd, Step};
use crate::label::{Label, Labels};
use crate::observation::Target;
use crate::recall::prior_variance;
use crate::rng::Rng;
use crate::scratch::Scratch;
use crate::solve_oracle;
use crate::solve_oracle::ridge;

pub(super) const INPUTS: usize = 3;

/// Rows of a function that bends along one direction, with a little noise.
pub(super) fn observations(seed: u64, count: usize) -> Vec<([f32; INPUTS], [f32; 2])> {
    let mut rng = Rng::new(seed, 5);
    (0..count)
        .map(|_| {
            let x: [f32; INPUTS] = std::array::from_fn(|_| 2.0 * rng.unit() - 1.0);
            let bend = (3.0 * (x[0] + 0.5 * x[1])).sin();
            (x, [bend + 0.05 * rng.normal(), 10.0 * x[2] - bend])
        })
        .collect()
}

pub(super) fn history(rows: &[([f32; INPUTS], [f32; 2])]) -> Observations {
    let mut history = Observations::new();
    for (row, (x, y)) in rows.iter().enumerate() {
        let weight = [1.0, 0.5, 2.0][row % 3];
        history.add(&Labels::default(), x, y.into(), weight).unwrap();
    }
    history
}

fn written(precision: Precision, rows: &[([f32; INPUTS], [f32; 2])]) -> Model {
    // What is set is not searched for, which keeps these small.
    let config = Config::builder(INPUTS, Targets::Numbers(2))
        .precision(precision)
        .tables(16)
        .levels([2, 4])
        .build()
        .unwrap();
    let mut model = Model::new(config);
    for (x, y) in rows {
        model.write(x, y.into()).unwrap();
    }
    model
}

fn error(model: &Model, rows: &[([f32; INPUTS], [f32; 2])]) -> f64 {
    let (mut scratch, mut out) = (Scratch::default(), [0.0; 2]);
    let mut sum = 0.0;
    for (x, y) in rows {
        model.recall().read(x, &mut scratch, &mut out).unwrap();
        sum += f64::from(out[0] - y[0]).powi(2) + f64::from((out[1] - y[1]) / 10.0).powi(2);
    }
    (sum / rows.len() as f64).sqrt()
}

fn bits(model: &Model) -> ([Vec<u8>; 2], Vec<u64>, Vec<u32>) {
    let state = model.state();
    let lines = [state.weights, state.covariances].map(|slots| slots.to_vec().unwrap()).concat();
    let floats = lines.iter().flat_map(|line| line.0.map(f32::to_bits)).collect();
    ([state.structure, state.history], state.keys.to_vec(), floats)
}

/// Two threads that take whatever comes next.
pub(super) struct Pair;

impl Workers for Pair {
    fn run(&self, count: usize, task: &(dyn Fn(usize) + Sync)) {
        let next = std::sync::atomic::AtomicUsize::new(0);
        std::thread::scope(|scope| {
            for _ in 0..2 {
                scope.spawn(|| {
                    loop {
                        let number = next.fetch_add(1, Ordering::Relaxed);
                        if number >= count {
                            return;
                        }
                        task(number);
                    }
                });
            }
        });
    }
}

fn go_on(_: &Progress<'_>) -> Flow {
    Flow::Continue
}

/// The rows in the lifted space written out: one column a slot of `keys` and feature.
pub(super) fn written_out(structure: &Structure, normalised: &Rows, keys: &[u64]) -> Vec<f64> {
    let n = structure.n();
    let columns = keys.len() * n;
    let mut dense = vec![0.0; normalised.count * columns];
    let mut phi = vec![[0.0; LANES]; structure.width()];
    for row in 0..normalised.count {
        for (number, table) in structure.tables().iter().enumerate() {
            structure.features()[table.feature() as usize].fill(normalised.z(row), &mut phi);
            table.keys(number, normalised.z(row), |key| {
                let slot = keys.iter().position(|&known| known == key).unwrap();
                for i in 0..n {
                    dense[row * columns + slot * n + i] = f64::from(phi.as_flattened()[i]);
                }
            });
        }
    }
    dense
}

/// One output of all rows.
pub(super) fn goals(normalised: &Rows, output: usize) -> Vec<f64> {
    let mut goal = vec![0.0; normalised.outputs];
    let mut one = |row| {
        normalised.goal(row, &mut goal);
        f64::from(goal[output])
    };
    (0..normalised.count).map(&mut one).collect()
}

pub(super) fn weights(normalised: &Rows) -> Vec<f64> {
    (0..normalised.count).map(|row| f64::from(normalised.weight(row))).collect()
}

#[test]
fn conjugate_gradients_come_to_the_ridge_solution_of_the_lifted_rows() {
    comes_to_the_ridge_solution(&observations(1, 60));
}

#[test]
fn a_target_that_is_not_known_is_no_row_of_its_output() {
    let mut rows = observations(1, 60);
    rows.iter_mut().step_by(4).for_each(|(_, y)| y[1] = f32::NAN);
    comes_to_the_ridge_solution(&rows);
}

fn comes_to_the_ridge_solution(rows: &[([f32; INPUTS], [f32; 2])]) {
    let history = history(rows);
    let config = Config::builder(INPUTS, Targets::Numbers(2))
        .tables(3)
        .levels([1, 2])
        .families([crate::gate::Family::Tree { inputs: 2 }])
        .build()
        .unwrap();
    let structure = Structure::fit(&config, history.rows(), history.targets(), 2);
    let normalised = Rows::new(None, structure.normaliser(), &history, INPUTS, 2);
    let lifted = Lifted::new(&structure, &normalised, &Serial);
    let lambda = 0.3;
    let grams = Grams::new(&lifted, &Serial);
    let inverses = Inverses::new(&grams, lifted.slots(), lambda, &Serial);
    let held = Held::None { iterations: 400 };
    let solved = solve(&lifted, &inverses, lambda, held, &Serial, &|| true).unwrap();

    let (n, lanes) = (structure.n(), structure.width() * LANES);
    let columns = lifted.slots() * n;
    let dense = written_out(&structure, &normalised, &lifted.keys);
    let weights = weights(&normalised);
    for output in 0..2 {
        let mut goals = goals(&normalised, output);
        let known = goals.iter().zip(&weights);
        let weights: Vec<f64> =
            known.map(|(goal, weight)| if goal.is_nan() { 0.0 } else { *weight }).collect();
        goals.iter_mut().filter(|goal| goal.is_nan()).for_each(|goal| *goal = 0.0);
        let expected = ridge(&dense, &goals, &weights, columns, lambda);
        for (slot, map) in solved.weights.chunks_exact(2 * lanes).enumerate() {
            for i in 0..n {
                let (got, expected) = (f64::from(map[output * lanes + i]), expected[slot * n + i]);
                // The gradient of f32 sums over 60 rows of 7 slots is right to about
                // 60 x 7 x epsilon; the solution moves by at most that over lambda.
                let bound = 60.0 * 7.0 * f64::from(f32::EPSILON) / lambda;
                assert!((got - expected).abs() < bound, "{got} {expected} {bound}");
            }
        }
    }
}

#[test]
fn consolidating_is_better_than_one_pass_and_the_same_on_any_number_of_threads() {
    let rows = observations(2, 400);
    let test = observations(3, 300);
    for precision in [Precision::Full, Precision::Diagonal] {
        let model = written(precision, &rows);
        let options = Options { regates: 1, as_it_is: false };
        let one = model.consolidate(&history(&rows), options, &Serial, &go_on).unwrap();
        let two = model.consolidate(&history(&rows), options, &Pair, &go_on).unwrap();
        assert!(bits(&one) == bits(&two));
        assert!(error(&one, &test) < error(&model, &test));
        assert_eq!(one.recall().sequence(), model.recall().sequence());
        let decision = one.report().decision.unwrap();
        assert_eq!((decision.rows, decision.sequence), (400, 400));
        assert!(decision.trials.iter().any(|trial| trial.regates == 1));
        assert!(decision.trials.iter().any(|trial| trial.accepted));
    }
}

#[test]
fn a_memory_that_set_nothing_tries_every_candidate() {
    let rows = observations(10, 60);
    let mut model = Model::new(Config::builder(INPUTS, Targets::Numbers(2)).build().unwrap());
    for (x, y) in &rows {
        model.write(x, y.into()).unwrap();
    }
    let options = Options { regates: 0, as_it_is: false };
    let solved = model.consolidate(&history(&rows), options, &Pair, &go_on).unwrap();
    let trials = solved.report().decision.unwrap().trials;
    let names: Vec<&str> = trials.iter().map(|trial| trial.name.as_str()).collect();
    assert_eq!(names, ["sparse", "dense 6", "dense 4", "mixed", "as written"]);
}

#[test]
fn gates_are_kept_until_the_history_was_renewed() {
    for window in [None, Some(200)] {
        let config = Config::builder(INPUTS, Targets::Numbers(2)).tables(8).levels([3]);
        let config = window.map_or(config.clone(), |window| config.window(window));
        let mut model = Model::new(config.build().unwrap());
        let rows = observations(5, 1300);
        let mut names = Vec::new();
        for upto in [400, 500, 1300] {
            for (x, y) in &rows[model.recall().sequence() as usize..upto] {
                model.write(x, y.into()).unwrap();
            }
            let history = history(&rows[..upto]);
            model = model
                .consolidate(&history, Options::default(), &Serial, &|_| Flow::Finish)
                .unwrap();
            names.push(model.report().decision.unwrap().trials[0].name.clone());
        }
        assert_eq!(names, ["as it is", "kept gates", "as it is"], "{window:?}");
    }
}

#[test]
fn a_window_leaves_what_came_before_it_out_of_the_solution() {
    let sign = |rows: &[([f32; INPUTS], [f32; 2])], sign: f32| -> Vec<_> {
        rows.iter().map(|(x, y)| (*x, y.map(|y| sign * y))).collect()
    };
    // The world turns over: what was y is -y.
    let rows = [sign(&observations(2, 300), 1.0), sign(&observations(3, 300), -1.0)].concat();
    let test = sign(&observations(4, 200), -1.0);
    let solved = |window: Option<u32>| {
        let config = Config::builder(INPUTS, Targets::Numbers(2)).tables(16).levels([2, 4]);
        let config = window.map_or(config.clone(), |window| config.window(window));
        let mut model = Model::new(config.build().unwrap());
        for (x, y) in &rows {
            model.write(x, y.into()).unwrap();
        }
        let options = Options { regates: 0, as_it_is: false };
        let solved = model.consolidate(&history(&rows), options, &Serial, &go_on).unwrap();
        error(&solved, &test)
    };
    let (never, forgets) = (solved(None), solved(Some(50)));
    assert!(forgets < 0.5 * never, "{forgets} {never}");
}

#[test]
fn only_what_the_byte_limit_has_room_for_is_tried() {
    let rows = observations(12, 300);
    for bytes in [300_000, 1_000_000, 8_000_000] {
        let config = Config::builder(INPUTS, Targets::Numbers(2)).max_bytes(bytes).build().unwrap();
        let mut model = Model::new(config);
        for (x, y) in &rows {
            model.write(x, y.into()).unwrap();
        }
        let options = Options { regates: 0, as_it_is: false };
        let solved = model.consolidate(&history(&rows), options, &Pair, &go_on).unwrap();
        let report = solved.report();
        // What was judged is what is kept.
        assert_eq!(report.evictions, 0, "{bytes}: {:?}", report.decision);
        let held = report.weight_bytes + report.covariance_bytes + report.table_bytes;
        assert!(held as u64 <= bytes, "{held} {bytes}");
    }
}

#[test]
fn writes_go_on_from_a_consolidated_memory_and_make_it_better() {
    let rows = observations(4, 2000);
    let test = observations(5, 300);
    let mut model = Model::new(Config::builder(INPUTS, Targets::Numbers(2)).build().unwrap());
    for (x, y) in &rows[..300] {
        model.write(x, y.into()).unwrap();
    }
    let options = Options { regates: 0, as_it_is: false };
    let mut consolidated =
        model.consolidate(&history(&rows[..300]), options, &Serial, &go_on).unwrap();
    let before = error(&consolidated, &test);
    let mut worst: f64 = 0.0;
    for chunk in rows[300..].chunks(100) {
        for (x, y) in chunk {
            consolidated.write(x, y.into()).unwrap();
        }
        worst = worst.max(error(&consolidated, &test));
    }
    // Covariances in step with the weights: no write throws the memory back.
    assert!(worst < before, "{before} {worst}");

    // And a restored one goes on bit for bit.
    let state = consolidated.state();
    let mut restored = Model::restore(
        consolidated.recall().config().clone(),
        &state.structure,
        state.keys.to_vec(),
        state.weights.to_vec().unwrap(),
        state.covariances.to_vec().unwrap(),
        &state.history,
    )
    .unwrap();
    for (x, y) in &rows[..50] {
        consolidated.write(x, y.into()).unwrap();
        restored.write(x, y.into()).unwrap();
    }
    assert!(bits(&consolidated) == bits(&restored));
    assert_eq!(consolidated.report().decision, restored.report().decision);
}

/// phi' P phi of one slot.
struct Spread<'a> {
    precision: Precision,
    covariance: &'a [f32],
    n: usize,
    phi: [f32; LANES],
}

impl Kernel for Spread<'_> {
    type Output = f32;

    fn run<S: Simd>(self, simd: S) -> f32 {
        let (phi, mut f, mut v) = ([self.phi], [[0.0; LANES]], [[0.0; LANES]]);
        let mut step = Step { phi: &phi, f: &mut f, v: &mut v };
        self.precision.spread(simd, self.covariance, self.n, &mut step)
    }
}

#[test]
fn covariances_are_those_of_rows_worth_the_claimed_noise_each() {
    let rows = observations(6, 120);
    for precision in [Precision::Full, Precision::Diagonal] {
        let model = written(precision, &rows);
        let options = Options { regates: 0, as_it_is: true };
        let solved = model.consolidate(&history(&rows), options, &Serial, &go_on).unwrap();
        let structure = solved.recall.structure.as_ref().unwrap();
        let normalised = Rows::new(None, structure.normaliser(), &history(&rows), INPUTS, 2);
        let keys = solved.state().keys.to_vec();
        let (dense, weights) = (written_out(structure, &normalised, &keys), weights(&normalised));
        let n = structure.n();
        // Gram of a slot, row by row.
        let gram = |slot: usize| {
            let mut gram = vec![0.0; n * n];
            for (row, weight) in dense.chunks_exact(keys.len() * n).zip(&weights) {
                let phi = &row[slot * n..][..n];
                for i in 0..n {
                    for j in 0..n {
                        gram[i * n + j] += weight * phi[i] * phi[j];
                    }
                }
            }
            gram
        };
        let grams: Vec<Vec<f64>> = (0..keys.len()).map(gram).collect();
        let prior = f64::from(prior_variance(n));
        // (I / p + Gram / S)^-1.
        let posterior = |gram: &[f64], claimed: f64| {
            let mut precise: Vec<f64> = gram.iter().map(|value| value / claimed).collect();
            (0..n).for_each(|i| precise[i * n + i] += 1.0 / prior);
            solve_oracle::inverse(&precise, n)
        };
        // S: the noise and the weighted mean over rows of what their slots claim, phi' P phi.
        let noise = f64::from(model.recall.noise.variance());
        let claim = |claimed: f64| {
            let products = grams.iter().map(|gram| {
                posterior(gram, claimed).iter().zip(gram).map(|(p, g)| p * g).sum::<f64>()
            });
            noise + products.sum::<f64>() / weights.iter().sum::<f64>()
        };
        let mut claimed = 2.0 * noise;
        (0..finish::ROUNDS).for_each(|_| claimed = claim(claimed));
        // In step: a claim is concave in S, so its slope at the start is the steepest, and each
        // round leaves at most that share of what was missing.
        let mut fixed = claimed;
        (0..200).for_each(|_| fixed = claim(fixed));
        let (low, high) = (fixed.min(2.0 * noise), fixed.max(2.0 * noise));
        let slope = (claim(low * 1.001) - claim(low)) / (low * 0.001);
        let left = slope.powi(finish::ROUNDS as i32) * (high - low);
        assert!((claimed - fixed).abs() < left + 1e-9 && left < 0.1 * fixed, "{left} of {fixed}");

        for (slot, gram) in grams.iter().enumerate() {
            let expected = posterior(gram, claimed);
            let quadratic = |i: usize, j: usize| {
                let mut phi = [0.0; LANES];
                phi[i] += 1.0;
                phi[j] += 1.0;
                let covariance = solved.covariances.floats(slot as u32).unwrap();
                f64::from(dispatch(Spread { precision, covariance, n, phi }))
            };
            // f32 sums over 120 rows are right to 120 epsilon of the sum of their terms, at most
            // the trace; P dGram P / S is then at most that times p² / S. As much again for S, and
            // the factors of P, n products an entry, in f32.
            let trace: f64 = (0..n).map(|i| gram[i * n + i]).sum();
            let moved = 120.0 * f64::from(f32::EPSILON) * trace * prior / claimed;
            let bound = prior * (2.0 * moved + 16.0 * f64::from(f32::EPSILON));
            for i in 0..n {
                let got = quadratic(i, i) / 4.0;
                assert!((got - expected[i * n + i]).abs() < bound, "{got} {expected:?} {bound}");
                for j in 0..i {
                    // Of a diagonal covariance nothing else is kept.
                    let got = (quadratic(i, j) - (quadratic(i, i) + quadratic(j, j)) / 4.0) / 2.0;
                    let expected = match precision {
                        Precision::Full => expected[i * n + j],
                        Precision::Diagonal => 0.0,
                    };
                    assert!((got - expected).abs() < 3.0 * bound, "{got} {expected} {bound}");
                }
            }
        }
    }
}

#[test]
fn a_stop_changes_nothing_and_a_finish_keeps_the_best_so_far() {
    let rows = observations(7, 200);
    let model = written(Precision::Full, &rows);
    let before = bits(&model);
    let history = history(&rows);
    let stopped = model.consolidate(&history, Options::default(), &Serial, &|_| Flow::Stop);
    assert_eq!(stopped.err(), Some(Error::Cancelled));
    assert!(bits(&model) == before);
    let finished = model.consolidate(&history, Options::default(), &Serial, &|_| Flow::Finish);
    let trials = finished.unwrap().report().decision.unwrap().trials;
    assert_eq!((trials.len(), trials[1].name.as_str()), (2, "as written"));
    let nothing = Model::new(model.recall().config().clone());
    let empty = nothing.consolidate(&history, Options::default(), &Serial, &go_on);
    assert_eq!(empty.err(), Some(Error::Empty));
}

#[test]
fn labels_missing_values_one_row_and_constants_are_consolidated() {
    let config = Config::builder(2, Targets::Labels).tables(16).levels([3]).build().unwrap();
    let mut model = Model::new(config);
    let mut history = Observations::new();
    let mut rng = Rng::new(8, 8);
    for row in 0..300 {
        let x = [if row % 7 == 0 { f32::NAN } else { rng.normal() }, 3.0];
        let label = Target::Label(Label::Text(if x[0] > 0.0 { "up" } else { "down" }));
        model.write(&x, label).unwrap();
        history.add(model.recall().labels(), &x, label, 1.0).unwrap();
        if row == 0 || row == 1 || row == 299 {
            let options = Options { regates: 1, as_it_is: false };
            let solved = model.consolidate(&history, options, &Serial, &go_on).unwrap();
            let mut out = vec![0.0; model.recall().outputs()];
            solved.recall().read(&[1.5, 3.0], &mut Scratch::default(), &mut out).unwrap();
            assert!(out.iter().all(|score| score.is_finite()));
            if row == 299 {
                let up = model.recall().labels().position(Label::Text("up")).unwrap();
                assert!(out[up] > 0.8, "{out:?}");
            }
        }
    }
}

#[test]
fn solving_again_without_a_row_is_solving_without_it() {
    let rows = observations(9, 250);
    let model = written(Precision::Full, &rows);
    let options = Options { regates: 0, as_it_is: false };
    let whole = model.consolidate(&history(&rows), options, &Serial, &go_on).unwrap();
    // With every row it comes to the same slots.
    let again = whole.solve_again(&history(&rows), &Pair, &go_on).unwrap();
    assert!(bits(&whole).2 == bits(&again).2);
    // An outlier that is taken out leaves nothing: the slots are those of the other rows.
    let mut spoiled = rows.clone();
    spoiled[100].1 = [1e3, -1e3];
    let mut without = spoiled.clone();
    without.remove(100);
    let all = model.consolidate(&history(&spoiled), options, &Serial, &go_on).unwrap();
    let one = all.solve_again(&history(&without), &Serial, &go_on).unwrap();
    spoiled[100].1 = [-1e3, 1e3];
    let mut other = spoiled.clone();
    other.remove(100);
    let two = all.solve_again(&history(&other), &Serial, &go_on).unwrap();
    assert!(bits(&one) == bits(&two));
    assert!(bits(&one).2 != bits(&all).2);
}

#[test]
fn solving_again_is_the_ridge_solution_of_what_is_left() {
    let mut rows = observations(11, 80);
    rows[33].1 = [30.0, -30.0];
    let config = Config::builder(INPUTS, Targets::Numbers(2)).tables(3).levels([1, 2]);
    let mut model = Model::new(config.build().unwrap());
    for (x, y) in &rows {
        model.write(x, y.into()).unwrap();
    }
    let options = Options { regates: 1, as_it_is: false };
    let mut all = model.consolidate(&history(&rows), options, &Serial, &go_on).unwrap();
    // As many iterations as the solution takes: what is compared is not where it was stopped.
    let lambda = 0.3;
    let decision = all.report().decision.unwrap();
    let decision = Decision { lambda, iterations: 400, ..decision };
    all.recall.structure = all.recall.structure.take().map(|old| old.with_decision(decision));

    // The history without the outlier, its weights those that its rows had.
    let whole = history(&rows);
    let mut left = Observations::new();
    for (row, (x, y)) in rows.iter().enumerate().filter(|(row, _)| *row != 33) {
        left.add(&Labels::default(), x, y.into(), whole.weights()[row]).unwrap();
    }
    let without = all.solve_again(&left, &Serial, &go_on).unwrap();
    let structure = without.recall.structure.as_ref().unwrap();
    let normalised = Rows::new(None, structure.normaliser(), &left, INPUTS, 2);
    let keys = without.state().keys.to_vec();
    let (n, lanes) = (structure.n(), structure.width() * LANES);
    let dense = written_out(structure, &normalised, &keys);
    // Units and gates are those that all rows had chosen.
    let before = all.recall.structure.as_ref().unwrap();
    let same = Rows::new(None, before.normaliser(), &left, INPUTS, 2);
    assert!(dense == written_out(before, &same, &keys));
    let mut farthest: f64 = 0.0;
    for output in 0..2 {
        let goals = goals(&normalised, output);
        let expected = ridge(&dense, &goals, &weights(&normalised), keys.len() * n, lambda);
        for (slot, key) in keys.iter().enumerate() {
            for i in 0..n {
                let expected = expected[slot * n + i];
                let got = f64::from(
                    without.recall.weights.floats(slot as u32).unwrap()[output * lanes + i],
                );
                // As above, with 79 rows of 7 slots.
                let bound = 79.0 * 7.0 * f64::from(f32::EPSILON) / lambda;
                assert!((got - expected).abs() < bound, "{got} {expected} {bound}");
                if let Some(old) = all.recall.slots.get(*key) {
                    let old = all.recall.weights.floats(old).unwrap()[output * lanes + i];
                    farthest = farthest.max((f64::from(old) - expected).abs());
                }
            }
        }
    }
    // The outlier had mattered.
    assert!(farthest > 0.1, "{farthest}");
}

#[test]
fn fewer_rows_than_tenths_are_judged_by_those_that_hold_one() {
    for count in 1..12 {
        let rows = observations(12, count);
        let model = written(Precision::Full, &rows);
        let solved =
            model.consolidate(&history(&rows), Options::default(), &Serial, &go_on).unwrap();
        let trials = solved.report().decision.unwrap().trials;
        assert!(trials.iter().all(|trial| trial.error.is_finite()), "{count}: {trials:?}");
        // What it says of itself can be read back.
        let state = solved.state();
        let structure = state.structure.clone();
        let (keys, weights) = (state.keys.to_vec(), state.weights.to_vec().unwrap());
        let (covariances, history) = (state.covariances.to_vec().unwrap(), state.history.clone());
        let config = model.recall().config().clone();
        Model::restore(config, &structure, keys, weights, covariances, &history).unwrap();
    }
}

#[test]
fn many_classes_are_chosen_by_a_sketch_and_all_of_them_are_solved_for() {
    let classes = 40;
    let mut rng = Rng::new(8, 8);
    let centres: Vec<[f32; 6]> =
        (0..classes).map(|_| std::array::from_fn(|_| 3.0 * rng.normal())).collect();
    let config = Config::builder(6, Targets::Labels).tables(16).levels([1, 3]).build().unwrap();
    let (mut model, mut history) = (Model::new(config), Observations::new());
    let mut row = |row: usize| -> [f32; 6] {
        std::array::from_fn(|input| centres[row % classes][input] + rng.normal())
    };
    for number in 0..1200 {
        let (x, label) = (row(number), Label::Integer((number % classes) as i64));
        model.write(&x, Target::Label(label)).unwrap();
        history.add(model.recall().labels(), &x, Target::Label(label), 1.0).unwrap();
    }
    let options = Options { regates: 1, as_it_is: true };
    let solved = model.consolidate(&history, options, &Serial, &go_on).unwrap();
    assert!(bits(&solved) == bits(&model.consolidate(&history, options, &Pair, &go_on).unwrap()));
    let (mut scratch, mut out) = (Scratch::default(), vec![0.0; classes]);
    let (mut right, mut sure) = (0, 0.0);
    for number in 0..400 {
        solved.recall().probabilities(&row(number), &mut scratch, &mut out).unwrap();
        let best = (0..classes).max_by(|&a, &b| out[a].total_cmp(&out[b])).unwrap();
        right += usize::from(best == number % classes);
        sure += f64::from(out[best]);
    }
    // Centres are some 10 noises apart, so nearly all can be told; and what it says of itself is
    // within four standard errors of a share of 400, and the blur of a tenth of 1,200 rows.
    assert!(right > 340, "{right}");
    assert!((sure - right as f64).abs() < 4.0 * 20.0 / 2.0, "{sure} {right}");
}
