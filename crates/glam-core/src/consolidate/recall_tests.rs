//! Consolidating for recall against the least squares solution in f64.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU32, Ordering};

use super::tests::{Pair, goals, history as history_of, observations, weights, written_out};
use super::*;
use crate::config::{Config, Targets};
use crate::gate::Family;
use crate::label::Labels;
use crate::observation::Target;
use crate::rng::Rng;
use crate::scratch::Scratch;
use crate::solve_oracle::ridge;

const INPUTS: usize = 12;

type Pairs = Vec<(Vec<f32>, f32)>;

/// Pairs that tell nothing of one another.
fn pairs(count: usize) -> Pairs {
    let mut rng = Rng::new(3, 9);
    let mut normal = || rng.normal();
    (0..count).map(|_| ((0..INPUTS).map(|_| normal()).collect(), normal())).collect()
}

fn written(pairs: &Pairs) -> (Model, Observations) {
    let config = Config::builder(INPUTS, Targets::Numbers(1))
        .tables(4)
        .levels([2])
        .families([Family::Hadamard])
        .build()
        .unwrap();
    let mut model = Model::new(config);
    let mut history = Observations::new();
    for (x, y) in pairs {
        model.write(x, Target::Numbers(&[*y])).unwrap();
        history.add(&Labels::default(), x, Target::Numbers(&[*y]), 1.0).unwrap();
    }
    (model, history)
}

/// The mean square error on the pairs, in variances of the values.
fn error(model: &Model, pairs: &Pairs) -> f64 {
    let (mut scratch, mut out) = (Scratch::default(), [0.0]);
    let mut sums = [0.0; 3];
    for (x, y) in pairs {
        model.recall().read(x, &mut scratch, &mut out).unwrap();
        let (y, miss) = (f64::from(*y), f64::from(out[0] - y));
        sums = [sums[0] + miss * miss, sums[1] + y, sums[2] + y * y];
    }
    let count = pairs.len() as f64;
    sums[0] / (sums[2] - sums[1] * sums[1] / count)
}

fn consolidated(model: &Model, history: &Observations) -> Model {
    model.consolidate_for_recall(history, &Serial, &|_| Flow::Continue).unwrap()
}

fn floats(model: &Model) -> Vec<u32> {
    let lines = model.state().weights.to_vec().unwrap();
    lines.iter().flat_map(|line| line.0.map(f32::to_bits)).collect()
}

#[test]
fn pairs_that_fit_are_recalled_exactly_where_one_pass_does_not() {
    // 17 slots of 13 floats, of which those of four tables say what the root's do as well.
    let pairs = pairs(100);
    let (model, history) = written(&pairs);
    let recalls = consolidated(&model, &history);
    assert!(error(&model, &pairs) > 0.1, "{}", error(&model, &pairs));
    // A solve ends at a ten thousandth of a spread, squared.
    assert!(error(&recalls, &pairs) < 2e-8, "{}", error(&recalls, &pairs));
    let decision = recalls.report().decision.unwrap();
    assert!(decision.is_consolidated() && decision.folds == 0, "{decision:?}");
    assert_eq!((decision.rows, decision.trials.len()), (100, 1));
    assert!((decision.trials[0].error - error(&recalls, &pairs)).abs() < 1e-8, "{decision:?}");
}

#[test]
fn pairs_that_do_not_fit_are_recalled_as_well_as_least_squares_can() {
    let pairs = pairs(600);
    let (model, history) = written(&pairs);
    let recalls = consolidated(&model, &history);
    let structure = recalls.recall.structure.as_ref().unwrap();
    let rows = Rows::new(None, structure.normaliser(), &history, INPUTS, 1);
    let keys: Vec<u64> = recalls.recall.slots.keys().to_vec();
    let dense = written_out(structure, &rows, &keys);
    let (goals, weights) = (goals(&rows, 0), weights(&rows));
    let columns = keys.len() * structure.n();
    let best = ridge(&dense, &goals, &weights, columns, 1e-6);
    let said =
        dense.chunks_exact(columns).map(|row| row.iter().zip(&best).map(|(a, b)| a * b).sum());
    let misses = goals.iter().zip(said).map(|(goal, said): (&f64, f64)| (goal - said).powi(2));
    let least = misses.sum::<f64>() / 600.0;
    let own = {
        let mean = goals.iter().sum::<f64>() / 600.0;
        goals.iter().map(|goal| (goal - mean).powi(2)).sum::<f64>() / 600.0
    };
    let (got, least) = (error(&recalls, &pairs), least / own);
    // A solve ends where a third more iterations gain less than a hundredth.
    assert!(least > 0.3 && got >= least * 0.999 && got < least * 1.02, "{got} {least}");
}

#[test]
fn threads_change_no_bits_nor_does_solving_again() {
    let pairs = pairs(140);
    let (model, history) = written(&pairs);
    let one = consolidated(&model, &history);
    let two = model.consolidate_for_recall(&history, &Pair, &|_| Flow::Continue).unwrap();
    assert!(floats(&one) == floats(&two));
    let again = one.solve_again(&history, &Serial, &|_| Flow::Continue).unwrap();
    assert!(floats(&one) == floats(&again));
}

#[test]
fn a_stop_and_an_empty_history_are_errors_and_change_nothing() {
    let pairs = pairs(100);
    let (model, history) = written(&pairs);
    let before = floats(&model);
    let stopped = model.consolidate_for_recall(&history, &Serial, &|_| Flow::Stop);
    assert!(matches!(stopped, Err(Error::Cancelled)));
    let none = model.consolidate_for_recall(&Observations::new(), &Serial, &|_| Flow::Continue);
    assert!(matches!(none, Err(Error::Empty)));
    assert!(floats(&model) == before);
}

#[test]
fn slots_get_as_many_rows_each_as_gates_can_give_them() {
    let pairs = pairs(400);
    let (model, history) = written(&pairs);
    let found = consolidated(&model, &history);
    let rows = |model: &Model| {
        let (structure, mut counts) = (model.recall.structure.as_ref().unwrap(), HashMap::new());
        let mut z = vec![0.0; INPUTS.next_multiple_of(8)];
        for (x, _) in &pairs {
            structure.normaliser().inputs(x, &mut z[..INPUTS]);
            for (number, table) in structure.tables().iter().enumerate() {
                table.keys(number, &z, |key| *counts.entry(key).or_insert(0_usize) += 1);
            }
        }
        // The root sees all.
        counts.retain(|_, count| *count < pairs.len());
        (*counts.values().min().unwrap(), *counts.values().max().unwrap())
    };
    // Each of two decisions halves 400 rows; both together are independent but for chance.
    let (least, most) = rows(&found);
    assert!(least > 70 && most < 130, "{least} {most}");
    let (least, most) = rows(&model);
    assert!(least < 60 && most > 140, "{least} {most}");
}

#[test]
fn finishing_early_takes_what_is_best_so_far() {
    let pairs = pairs(150);
    let (model, history) = written(&pairs);
    let after = |most: u32| {
        let seen = AtomicU32::new(0);
        let watch = |_: &Progress<'_>| match seen.fetch_add(1, Ordering::Relaxed) >= most {
            true => Flow::Finish,
            false => Flow::Continue,
        };
        let found = model.consolidate_for_recall(&history, &Serial, &watch).unwrap();
        let iterations = found.recall.structure.as_ref().unwrap().decision().iterations;
        (iterations, error(&found, &pairs))
    };
    let [none, few, all] = [0, 5, u32::MAX].map(after);
    assert_eq!((none.0, few.0), (1, 5));
    assert!(all.0 > 5, "{all:?}");
    assert!(none.1 > 2.0 * few.1 && few.1 > 2.0 * all.1, "{none:?} {few:?} {all:?}");
}

#[test]
fn writes_go_on_from_it() {
    let rows = observations(4, 300);
    let mut history = history_of(&rows);
    let config = Config::builder(3, Targets::Numbers(2)).tables(8).levels([3]).build().unwrap();
    let mut model = Model::new(config);
    for (x, y) in &rows {
        model.write(x, y.into()).unwrap();
    }
    let mut recalls = consolidated(&model, &history);
    let (x, y) = (&[0.1, 0.2, 0.3], [5.0, 5.0]);
    let mut misses = Vec::new();
    for _ in 0..30 {
        let before = recalls.write(x, Target::Numbers(&y)).unwrap();
        misses.push((before[0] - y[0]).abs());
        history.add(&Labels::default(), x, Target::Numbers(&y), 1.0).unwrap();
    }
    assert!(misses[29] < 0.5 * misses[0], "{misses:?}");
    // A second time it goes over what was written since as well.
    let again = consolidated(&recalls, &history);
    assert_eq!(again.report().decision.unwrap().rows, 330);
}

#[test]
fn of_several_writes_of_a_cue_the_last_is_recalled_and_forgetting_it_brings_the_one_before_back() {
    let first = pairs(60);
    let mut all = first.clone();
    all.extend(first.iter().step_by(2).map(|(x, y)| (x.clone(), y + 2.0)));
    let (model, history) = written(&all);
    let recalls = consolidated(&model, &history);
    let newest: Pairs = first
        .iter()
        .enumerate()
        .map(|(row, (x, y))| (x.clone(), if row % 2 == 0 { y + 2.0 } else { *y }))
        .collect();
    assert!(error(&recalls, &newest) < 1e-6, "{}", error(&recalls, &newest));
    // Without the second writes it is a memory of the first.
    let mut before = Observations::new();
    for (x, y) in &first {
        before.add(&Labels::default(), x, Target::Numbers(&[*y]), 1.0).unwrap();
    }
    let forgot = recalls.solve_again(&before, &Serial, &|_| Flow::Continue).unwrap();
    assert!(error(&forgot, &first) < 1e-6, "{}", error(&forgot, &first));
}

#[test]
fn of_every_target_the_last_that_is_known_counts() {
    let none = f32::NAN;
    let config = Config::builder(1, Targets::Numbers(2)).tables(1).levels([1]).build().unwrap();
    let mut model = Model::new(config);
    let mut history = Observations::new();
    let rows = [
        ([0.0], [1.0, 5.0]),
        ([1.0], [2.0, 6.0]),
        ([-0.0], [3.0, 7.0]),
        ([0.0], [4.0, none]),
        ([0.0], [none, 8.0]),
        ([1.0], [9.0, none]),
    ];
    for (row, (x, y)) in rows.iter().enumerate() {
        model.write(x, y.into()).unwrap();
        let weight = if row == 5 { 2.0 } else { 1.0 };
        history.add(&Labels::default(), x, y.into(), weight).unwrap();
    }
    let structure = model.recall.structure.as_ref().unwrap();
    let of = || Rows::new(None, structure.normaliser(), &history, 1, 2);
    let (before, mut rows) = (of(), of());
    rows.supersede();
    assert_eq!(rows.weights, [0.0, 1.0, 0.0, 1.0, 1.0, 2.0]);
    let known = |rows: &Rows, output: usize| -> Vec<bool> {
        goals(rows, output).iter().map(|goal| !goal.is_nan()).collect()
    };
    assert_eq!(known(&rows, 0), [false, false, false, true, false, true]);
    assert_eq!(known(&rows, 1), [false, true, false, false, true, false]);
    // What is still known is what it was.
    for output in 0..2 {
        let pairs = goals(&rows, output).into_iter().zip(goals(&before, output));
        assert!(pairs.filter(|(now, _)| !now.is_nan()).all(|(now, then)| now == then));
    }
}
