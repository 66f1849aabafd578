//! Passes against loops in f64 over one row after the other, and inverses against one matrix at a time.

use super::inverses::{Grams, Inverses, inverse};
use super::*;
use crate::config::{Config, Targets};
use crate::kernel::LANES;
use crate::rng::Rng;

const OUTPUTS: usize = 2;

/// More rows than a block has.
const ROWS: usize = 2100;

/// Calls `check` with lifted rows of `inputs` inputs, and for every row its slots and features.
fn lifted(inputs: usize, tables: usize, check: impl Fn(&Lifted<'_>, &[Vec<(usize, Vec<f64>)>])) {
    let config = Config::builder(inputs, Targets::Numbers(OUTPUTS as u32))
        .tables(tables)
        .levels([1, 3])
        .view(inputs)
        .build()
        .unwrap();
    let mut rng = Rng::new(inputs as u64, 3);
    let mut history = Observations::new();
    for row in 0..ROWS {
        let x: Vec<f32> = (0..inputs).map(|_| rng.normal()).collect();
        let weight = [1.0, 0.5, 2.0][row % 3];
        history
            .add(&Default::default(), &x, [x[0], x[1] * x[0]].as_slice().into(), weight)
            .unwrap();
    }
    let structure = Structure::fit(&config, history.rows(), history.targets(), OUTPUTS);
    let rows = Rows::new(None, structure.normaliser(), &history, inputs, OUTPUTS);
    let lifted = Lifted::new(&structure, &rows, &Serial);
    let n = structure.n();
    let mut phi = vec![[0.0; LANES]; structure.width()];
    let active = (0..ROWS).map(|row| {
        let mut active = Vec::new();
        for (number, table) in structure.tables().iter().enumerate() {
            structure.features()[table.feature() as usize].fill(rows.z(row), &mut phi);
            let phi: Vec<f64> = phi.as_flattened()[..n].iter().map(|&phi| phi.into()).collect();
            table.keys(number, rows.z(row), |key| {
                let slot = lifted.keys.iter().position(|&known| known == key).unwrap();
                active.push((slot, phi.clone()));
            });
        }
        active
    });
    check(&lifted, &active.collect::<Vec<_>>());
}

/// Maps of one group, of two, and of more than are kept in registers; a feature that all tables share,
/// and few enough of them that it is not kept.
const SHAPES: [(usize, usize); 4] = [(3, 40), (12, 40), (12, 4), (40, 4)];

fn near(got: f32, expected: f64, terms: usize, largest: f64) {
    let bound = terms as f64 * f64::from(f32::EPSILON) * largest;
    assert!((f64::from(got) - expected).abs() <= bound, "{got} {expected} {bound}");
}

#[test]
fn a_pass_to_the_rows_sums_their_active_maps_and_one_back_what_they_leave_to_each_slot() {
    for (inputs, tables) in SHAPES {
        lifted(inputs, tables, |lifted, active| {
            let (n, lanes) = (lifted.structure.n(), lifted.structure.width() * LANES);
            let mut rng = Rng::new(4, 4);
            let mut weights = vec![0.0; lifted.floats()];
            for map in weights.chunks_exact_mut(lanes) {
                map[..n].iter_mut().for_each(|weight| *weight = rng.normal());
            }
            let mut values = vec![0.0; ROWS * OUTPUTS];
            for (number, block) in lifted.blocks.iter().enumerate() {
                let range = block.rows.start * OUTPUTS..block.rows.end * OUTPUTS;
                lifted.gather(number, &weights, &mut values[range]);
            }
            let mut back = vec![0.0; lifted.floats()];
            for (number, piece) in lifted.pieces.iter().enumerate() {
                let range = piece.slots.start * lifted.stride()..piece.slots.end * lifted.stride();
                lifted.scatter(number, &values, &mut back[range]);
            }
            let mut expected = vec![0.0; lifted.floats()];
            let mut sizes = vec![0.0; lifted.floats()];
            for (row, active) in active.iter().enumerate() {
                for output in 0..OUTPUTS {
                    let value = values[row * OUTPUTS + output];
                    let (mut sum, mut size) = (0.0, 0.0);
                    for (slot, phi) in active {
                        let first = (slot * OUTPUTS + output) * lanes;
                        for (i, phi) in phi.iter().enumerate() {
                            let product = f64::from(weights[first + i]) * phi;
                            (sum, size) = (sum + product, size + product.abs());
                            let product = f64::from(value) * phi;
                            expected[first + i] += product;
                            sizes[first + i] += product.abs();
                        }
                    }
                    near(value, sum, active.len() * n, size);
                }
            }
            for ((&got, &expected), &size) in back.iter().zip(&expected).zip(&sizes) {
                near(got, expected, ROWS, size);
            }
        });
    }
}

#[test]
fn inverses_of_eight_slots_at_once_are_those_of_one_at_a_time() {
    for (inputs, tables) in SHAPES {
        lifted(inputs, tables, |lifted, _| {
            let (n, lambda) = (lifted.structure.n(), 0.03);
            let grams = Grams::new(lifted, &Serial);
            let inverses = Inverses::new(&grams, lifted.slots(), lambda, &Serial);
            for slot in 0..lifted.slots() {
                let expected = inverse(&grams.dense(slot), n, lambda);
                let largest = expected.iter().fold(0.0, |most: f64, value| most.max(value.abs()));
                let got = &inverses.floats[slot * n * n..][..n * n];
                // Both in f64, so that they differ by the rounding to f32.
                got.iter().zip(expected).for_each(|(&got, value)| near(got, value, 1, largest));
            }
        });
    }
}
