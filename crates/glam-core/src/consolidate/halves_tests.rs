//! The halves of a solve against loops in f64, a dense solve, and the solve in one process; and the
//! laws of merging.

use super::sums::{Maps, Sums};
use super::tests::{INPUTS, goals, history, observations, weights, written_out};
use super::*;
use crate::config::{Config, Targets};
use crate::kernel::LANES;
use crate::label::{Label, Labels};
use crate::observation::Target;
use crate::rng::Rng;
use crate::solve_oracle::ridge;

const ROWS: usize = 60;
const LAMBDA: f64 = 0.3;
/// Slots that a row has active: the root, and two levels of three tables.
const ACTIVE: usize = 7;

fn model(rows: &[([f32; INPUTS], [f32; 2])]) -> Model {
    let config = Config::builder(INPUTS, Targets::Numbers(2)).tables(3).levels([1, 2]);
    let mut model = Model::new(config.build().unwrap());
    for (x, y) in rows {
        model.write(x, y.into()).unwrap();
    }
    model
}

/// A memory of two classes with its observations, one of them without an input.
fn labelled() -> (Model, Observations) {
    let config = Config::builder(INPUTS, Targets::Labels).tables(3).levels([1, 2]);
    let mut model = Model::new(config.build().unwrap());
    let mut history = Observations::new();
    for (row, (mut x, y)) in observations(21, ROWS).into_iter().enumerate() {
        let label = Target::Label(Label::Text(if y[0] > 0.0 { "up" } else { "down" }));
        if row == 5 {
            x[1] = f32::NAN;
        }
        model.write(&x, label).unwrap();
        history.add(model.recall().labels(), &x, label, 1.0 + row as f32).unwrap();
    }
    (model, history)
}

/// Deals the rows of `whole` to so many parts, each row at random.
fn dealt(whole: &Observations, parts: usize, outputs: usize, rng: &mut Rng) -> Vec<Observations> {
    let mut dealt = vec![Observations::new(); parts];
    for row in 0..whole.len() {
        let (x, kept, weight) = whole.get(row, INPUTS, outputs);
        dealt[rng.below(parts)].push(x, kept, weight);
    }
    dealt
}

/// Merges parts in pairs, drawn until one is left.
fn merged(mut parts: Vec<Sums>, rng: &mut Rng) -> Sums {
    while parts.len() > 1 {
        let part = parts.swap_remove(rng.below(parts.len()));
        let other = rng.below(parts.len());
        parts[other].merge(&part).unwrap();
    }
    parts.pop().unwrap()
}

/// A solve by the halves over parts of the rows.
fn solved(model: &Model, parts: &[Observations], lambda: f64, iterations: usize) -> Maps {
    let recall = model.recall();
    let mut rng = Rng::new(22, 1);
    let mut sum = |part: &dyn Fn(&Observations) -> Result<Sums>| {
        merged(parts.iter().map(|rows| part(rows).unwrap()).collect(), &mut rng)
    };
    let grams = sum(&|rows| recall.gram_sums(rows));
    let moments = sum(&|rows| recall.residual_sums(rows, None));
    let product = |maps: &Maps| Ok::<_, Error>(sum(&|rows| recall.product_sums(rows, maps)));
    conjugate_gradients(&grams, &moments, lambda, iterations, product).unwrap()
}

type Sum<'a> = &'a dyn Fn(&Observations) -> Result<Sums>;

#[test]
fn merging_gives_the_same_bits_however_rows_are_dealt_and_parts_are_merged() {
    let rows = observations(23, ROWS);
    let (classes, classed) = labelled();
    for (model, whole) in [(model(&rows), history(&rows)), (classes, classed)] {
        let recall = model.recall();
        let maps = solved(&model, std::slice::from_ref(&whole), LAMBDA, 3);
        let kinds: [Sum<'_>; 4] = [
            &|rows| recall.gram_sums(rows),
            &|rows| recall.residual_sums(rows, None),
            &|rows| recall.residual_sums(rows, Some(&maps)),
            &|rows| recall.product_sums(rows, &maps),
        ];
        let mut rng = Rng::new(24, 1);
        for sum in kinds {
            let expected = sum(&whole).unwrap();
            assert_eq!(expected.rows(), ROWS as u64);
            // Of more parts than rows, some are empty.
            for parts in [1, 2, 3, 7, ROWS + 20] {
                for _ in 0..4 {
                    let dealt = dealt(&whole, parts, recall.outputs(), &mut rng);
                    let sums = dealt.iter().map(|part| sum(part).unwrap()).collect();
                    let merged = merged(sums, &mut rng);
                    assert!(merged == expected && merged.to_bytes() == expected.to_bytes());
                }
            }
            // Nothing is what changes nothing, from either side.
            let mut nothing = sum(&Observations::new()).unwrap();
            assert_eq!((nothing.rows(), nothing.keys().len()), (0, 0));
            let mut same = expected.clone();
            same.merge(&nothing).unwrap();
            nothing.merge(&expected).unwrap();
            assert!(same == expected && nothing == expected);
        }
    }
}

#[test]
fn sums_are_those_of_loops_in_f64() {
    let rows = observations(25, ROWS);
    let (classes, classed) = labelled();
    for (model, whole) in [(model(&rows), history(&rows)), (classes, classed)] {
        let recall = model.recall();
        let structure = recall.structure.as_ref().unwrap();
        let n = structure.n();
        let maps = solved(&model, std::slice::from_ref(&whole), LAMBDA, 3);
        let normalised = Rows::new(None, structure.normaliser(), &whole, INPUTS, 2);
        let (keys, weights) = (maps.keys(), weights(&normalised));
        let dense = written_out(structure, &normalised, keys);
        let columns = keys.len() * n;
        // Each row's term is right to the roundings of its prediction and a few more, of the sizes
        // of what goes into it; their sum to as many as there are rows, and each is rounded to the
        // grid. The loops here add up in another order.
        let roundings = 2.0 * (ROWS + ACTIVE * n + 8) as f64 * f64::EPSILON;
        let close = |sums: &Sums, key: u64, place: usize, term: &dyn Fn(usize) -> [f64; 2]| {
            let expected: f64 = (0..ROWS).map(|row| term(row)[0]).sum();
            let size: f64 = (0..ROWS).map(|row| term(row)[1].abs()).sum();
            let bound = roundings * size + ROWS as f64 * 0.5_f64.powi(61);
            let got = sums.get(key).unwrap().nth(place).unwrap();
            assert!((got - expected).abs() <= bound, "{got} {expected} {bound}");
        };
        let phi = |row: usize, slot: usize, i: usize| dense[row * columns + slot * n + i];
        // A prediction, and the size of its terms.
        let predicted = |row: usize, output: usize| {
            let mut sums = [0.0, 0.0];
            for (slot, &key) in keys.iter().enumerate() {
                for (i, w) in maps.get(key).unwrap()[output * n..][..n].iter().enumerate() {
                    let product: f64 = w * phi(row, slot, i);
                    sums = [sums[0] + product, sums[1] + product.abs()];
                }
            }
            sums
        };
        let predictions: Vec<[[f64; 2]; 2]> =
            (0..ROWS).map(|row| [predicted(row, 0), predicted(row, 1)]).collect();

        let prediction = |row: usize, output: usize| predictions[row][output];

        let grams = recall.gram_sums(&whole).unwrap();
        let moments = recall.residual_sums(&whole, None).unwrap();
        let residuals = recall.residual_sums(&whole, Some(&maps)).unwrap();
        let products = recall.product_sums(&whole, &maps).unwrap();
        assert!(grams.keys().eq(keys.iter().copied()));
        assert!(grams.get(u64::MAX).is_none() && maps.get(u64::MAX).is_none());
        for (slot, &key) in keys.iter().enumerate() {
            let mut place = 0;
            for i in 0..n {
                for j in i..n {
                    let product = |row| weights[row] * phi(row, slot, i) * phi(row, slot, j);
                    close(&grams, key, place, &|row| [product(row); 2]);
                    place += 1;
                }
            }
            assert_eq!(grams.get(key).unwrap().len(), place);
            for output in 0..2 {
                let goals = goals(&normalised, output);
                for i in 0..n {
                    let place = output * n + i;
                    let by = |row| weights[row] * phi(row, slot, i);
                    close(&moments, key, place, &|row| [by(row) * goals[row]; 2]);
                    close(&products, key, place, &|row| {
                        let [sum, size] = prediction(row, output);
                        [by(row) * sum, by(row) * size]
                    });
                    close(&residuals, key, place, &|row| {
                        let ([sum, size], goal) = (prediction(row, output), goals[row]);
                        [by(row) * (goal - sum), by(row) * (goal.abs() + size)]
                    });
                }
            }
        }
    }
}

/// What a solve in f64 is right to: sums over rows, their active slots and all columns, of terms at
/// most `largest`, against a curvature of lambda at least.
fn bound(columns: usize, weights: &[f64], largest: f64) -> f64 {
    let roundings = ROWS as f64 * ACTIVE as f64 + columns as f64 * weights.iter().sum::<f64>();
    roundings * (f64::EPSILON + 0.5_f64.powi(60)) * largest / LAMBDA
}

#[test]
fn conjugate_gradients_by_halves_are_the_ridge_solution_and_the_one_of_one_process() {
    let rows = observations(26, ROWS);
    let whole = history(&rows);
    let options = Options { regates: 0, as_it_is: true };
    let mut model =
        model(&rows).consolidate(&whole, options, &Serial, &|_| Flow::Continue).unwrap();
    let decision = model.report().decision.unwrap();
    let mut rng = Rng::new(27, 1);
    for iterations in [1, 400] {
        // One iteration and as many as the solution takes: of few, rounding decides how far they
        // come.
        let decision =
            Decision { lambda: LAMBDA, iterations: iterations as u32, ..decision.clone() };
        model.recall.structure =
            model.recall.structure.take().map(|old| old.with_decision(decision));
        let in_process = model.solve_again(&whole, &Serial, &|_| Flow::Continue).unwrap();
        let maps = solved(&model, std::slice::from_ref(&whole), LAMBDA, iterations);
        for parts in [2, 5] {
            let parts = dealt(&whole, parts, 2, &mut rng);
            assert!(maps.to_bytes() == solved(&model, &parts, LAMBDA, iterations).to_bytes());
        }

        let structure = model.recall.structure.as_ref().unwrap();
        let normalised = Rows::new(None, structure.normaliser(), &whole, INPUTS, 2);
        let (n, lanes) = (structure.n(), structure.width() * LANES);
        let (keys, weights) = (maps.keys(), weights(&normalised));
        let columns = keys.len() * n;
        let dense = written_out(structure, &normalised, keys);
        let largest = maps.numbers.iter().fold(0.0, |most: f64, w| most.max(w.abs()));
        let single = f64::from(f32::EPSILON);
        let in_f32 = if iterations == 1 {
            // The moments, the Grams, the product with the inverse and the two sums of the step are
            // each right to a rounding for each row and active number, which the inverse multiplies
            // by its condition at most.
            let trace: f64 =
                (0..ROWS).map(|row| weights[row] * phi_square(&dense, row, columns)).sum();
            4.0 * (ROWS + ACTIVE * n) as f64 * single * (trace + LAMBDA) / LAMBDA * largest
        } else {
            // The gradient is right to a rounding for each row and active slot; the solution moves
            // by at most that over lambda.
            (ROWS * ACTIVE) as f64 * single / LAMBDA
        };
        let slots = &in_process.recall.slots;
        assert_eq!(slots.len(), keys.len());
        for output in 0..2 {
            let goals = goals(&normalised, output);
            let expected = ridge(&dense, &goals, &weights, columns, LAMBDA);
            for (slot, &key) in keys.iter().enumerate() {
                let single = in_process.recall.weights.floats(slots.get(key).unwrap()).unwrap();
                for i in 0..n {
                    let got = maps.get(key).unwrap()[output * n + i];
                    let single = f64::from(single[output * lanes + i]);
                    assert!((got - single).abs() < in_f32, "{got} {single} {in_f32}");
                    if iterations > 1 {
                        let (expected, bound) =
                            (expected[slot * n + i], bound(columns, &weights, largest.max(1.0)));
                        assert!((got - expected).abs() < bound, "{got} {expected} {bound}");
                    }
                }
            }
        }
    }
}

fn phi_square(dense: &[f64], row: usize, columns: usize) -> f64 {
    dense[row * columns..][..columns].iter().map(|phi| phi * phi).sum()
}

#[test]
fn a_target_that_is_not_known_pulls_at_nothing() {
    let mut rows = observations(28, ROWS);
    for row in (0..ROWS).step_by(4) {
        rows[row].1[1] = f32::NAN;
    }
    let (model, whole) = (model(&rows), history(&rows));
    let maps = solved(&model, &dealt(&whole, 3, 2, &mut Rng::new(29, 1)), LAMBDA, 400);
    let structure = model.recall.structure.as_ref().unwrap();
    let normalised = Rows::new(None, structure.normaliser(), &whole, INPUTS, 2);
    let (n, keys) = (structure.n(), maps.keys());
    let columns = keys.len() * n;
    let dense = written_out(structure, &normalised, keys);
    let residuals = model.recall().residual_sums(&whole, Some(&maps)).unwrap();
    let largest = maps.numbers.iter().fold(1.0, |most: f64, w| most.max(w.abs()));
    for output in 0..2 {
        // Rows without this target weigh nothing.
        let (mut goals, mut weights) = (goals(&normalised, output), weights(&normalised));
        let bound = bound(columns, &weights, largest);
        for (goal, weight) in goals.iter_mut().zip(&mut weights).filter(|(goal, _)| goal.is_nan()) {
            (*goal, *weight) = (0.0, 0.0);
        }
        let expected = ridge(&dense, &goals, &weights, columns, LAMBDA);
        for (slot, &key) in keys.iter().enumerate() {
            for i in 0..n {
                let got = maps.get(key).unwrap()[output * n + i];
                let expected = expected[slot * n + i];
                assert!((got - expected).abs() < bound, "{got} {expected} {bound}");
                // And the objective is level there.
                let slope = residuals.get(key).unwrap().nth(output * n + i).unwrap() - LAMBDA * got;
                assert!(slope.abs() < LAMBDA * bound, "{slope} {bound}");
            }
        }
    }
}

#[test]
fn what_does_not_belong_together_is_refused_and_changes_nothing() {
    let rows = observations(30, ROWS);
    let (model, whole) = (model(&rows), history(&rows));
    let recall = model.recall();
    let grams = recall.gram_sums(&whole).unwrap();
    let moments = recall.residual_sums(&whole, None).unwrap();
    let maps = solved(&model, std::slice::from_ref(&whole), LAMBDA, 2);
    let unlike = |error: Error, expected: &str| match error {
        Error::Unlike { what, .. } => assert_eq!(what, expected),
        other => panic!("{other}"),
    };
    let mut sums = grams.clone();
    unlike(sums.merge(&moments).unwrap_err(), "the kind of sum");
    // Another memory: other gates, though of the same shape.
    let other = self::model(&rows[..20]);
    let hash = "the hash of normaliser, gates and labels";
    unlike(sums.merge(&other.recall().gram_sums(&whole).unwrap()).unwrap_err(), hash);
    unlike(other.recall().product_sums(&whole, &maps).unwrap_err(), hash);
    assert!(sums == grams);

    // The rows of one part are missing from the moments, or from a product.
    let part = dealt(&whole, 2, 2, &mut Rng::new(31, 1)).remove(0);
    let few = recall.residual_sums(&part, None).unwrap();
    let none = |_: &Maps| Err(Error::Cancelled);
    let solve = |grams, moments, lambda| conjugate_gradients(grams, moments, lambda, 9, none);
    unlike(solve(&grams, &few, LAMBDA).unwrap_err(), "the number of rows");
    let product = |maps: &Maps| recall.product_sums(&part, maps);
    let missing = conjugate_gradients(&grams, &moments, LAMBDA, 9, product);
    unlike(missing.unwrap_err(), "the number of rows");
    unlike(solve(&moments, &moments, LAMBDA).unwrap_err(), "the kind of sum");
    assert_eq!(solve(&grams, &moments, LAMBDA), Err(Error::Cancelled));
    for lambda in [0.0, -1.0, f64::NAN, f64::INFINITY] {
        assert!(matches!(solve(&grams, &moments, lambda), Err(Error::Setting { .. })));
    }
    let nothing = Observations::new();
    let (no_grams, no_moments) =
        (recall.gram_sums(&nothing).unwrap(), recall.residual_sums(&nothing, None).unwrap());
    assert_eq!(solve(&no_grams, &no_moments, LAMBDA), Err(Error::Empty));

    // Observations that are none of this memory's.
    let refused = |x: &[f32], target: Target<'_>, weight: f32| {
        let (mut part, mut labels) = (Observations::new(), Labels::default());
        labels.insert(Label::Text("one")).unwrap();
        part.add(&labels, x, target, weight).unwrap();
        recall.gram_sums(&part).unwrap_err()
    };
    let (x, y) = ([0.0; INPUTS], [0.0; 2]);
    assert!(matches!(refused(&x[1..], (&y).into(), 1.0), Error::Length { .. }));
    assert!(matches!(refused(&x, (&[0.0]).into(), 1.0), Error::Length { .. }));
    assert!(matches!(refused(&x, (&y).into(), f32::NAN), Error::Weight { .. }));
    let label = Target::Label(Label::Text("one"));
    assert!(matches!(refused(&x, label, 1.0), Error::TargetKind { .. }));
    let (classes, mut classed) = labelled();
    assert!(matches!(classes.recall().gram_sums(&whole), Err(Error::TargetKind { .. })));
    classed.push(&x, crate::observations::Kept::Class(2), 1.0);
    assert!(matches!(classes.recall().gram_sums(&classed), Err(Error::TargetKind { .. })));
    let unwritten = Model::new(recall.config().clone());
    assert_eq!(unwritten.recall().gram_sums(&whole), Err(Error::Empty));
}

#[test]
fn sums_that_may_leave_their_range_are_refused() {
    let rows = observations(32, ROWS);
    let (model, whole) = (model(&rows), history(&rows));
    let mut maps = solved(&model, std::slice::from_ref(&whole), LAMBDA, 2);
    for huge in [1e30, 1e300, f64::MAX] {
        maps.numbers.fill(huge);
        let sums = model.recall().product_sums(&whole, &maps);
        assert!(matches!(sums, Err(Error::SumRange { .. })), "{huge}");
    }
    // Each of these is within its range, and so are two of them; three are not, in any order.
    maps.numbers.fill(1.0);
    let sums = model.recall().product_sums(&whole, &maps).unwrap();
    let mut bytes = sums.to_bytes();
    bytes[REACH..][..16].copy_from_slice(&((i128::MAX / 5 * 2) as u128).to_le_bytes());
    let part = Sums::from_bytes(&bytes).unwrap();
    let mut two = part.clone();
    two.merge(&part).unwrap();
    let (mut left, mut right) = (two.clone(), part.clone());
    assert!(matches!(left.merge(&part), Err(Error::SumRange { .. })));
    assert!(matches!(right.merge(&two), Err(Error::SumRange { .. })));
    assert!(left == two && right == part);
}

/// Where the bound of sums stands in their bytes: after tag, kind, shape, hash and rows.
const REACH: usize = 1 + 1 + 4 + 4 + 8 + 8;

#[test]
fn bytes_come_back_and_hostile_ones_are_refused() {
    let rows = observations(33, 12);
    let (model, whole) = (model(&rows), history(&rows));
    let sums = model.recall().gram_sums(&whole).unwrap();
    let maps = solved(&model, std::slice::from_ref(&whole), LAMBDA, 2);
    let (bytes, mapped) = (sums.to_bytes(), maps.to_bytes());
    assert!(Sums::from_bytes(&bytes).as_ref() == Ok(&sums));
    assert!(Maps::from_bytes(&mapped).as_ref() == Ok(&maps));
    for end in 0..bytes.len() {
        assert!(Sums::from_bytes(&bytes[..end]).is_err(), "{end}");
    }
    for end in 0..mapped.len() {
        assert!(Maps::from_bytes(&mapped[..end]).is_err(), "{end}");
    }
    assert!(Sums::from_bytes(&mapped).is_err() && Maps::from_bytes(&bytes).is_err());
    let with = |bytes: &[u8], at: usize, new: &[u8]| {
        let mut hostile = bytes.to_vec();
        hostile[at..at + new.len()].copy_from_slice(new);
        hostile
    };
    let damaged = |bytes: &[u8]| matches!(Sums::from_bytes(bytes), Err(Error::Damaged { .. }));
    // A kind, a number of features and of outputs that there are not, and more slots than bytes.
    assert!(damaged(&with(&bytes, 1, &[9])));
    assert!(damaged(&with(&bytes, 2, &[0xFF; 4])) && damaged(&with(&bytes, 6, &[0; 4])));
    assert!(damaged(&with(&bytes, REACH + 16, &[0xFF; 8])));
    // A bound beyond the range, and one that a number exceeds.
    assert!(damaged(&with(&bytes, REACH, &[0xFF; 16])) && damaged(&with(&bytes, REACH, &[0; 16])));
    // Keys that do not rise, bytes that are left over.
    let stride = (bytes.len() - REACH - 24) / sums.keys().len();
    let first = bytes[REACH + 24..][..8].to_vec();
    assert!(damaged(&with(&bytes, REACH + 24 + stride, &first)));
    assert!(damaged(&[bytes.clone(), vec![0]].concat()));
    // A map that is no number.
    let infinite = f64::INFINITY.to_bits().to_le_bytes();
    assert!(Maps::from_bytes(&with(&mapped, mapped.len() - 8, &infinite)).is_err());
}
