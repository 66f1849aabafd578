//! Data at the edges of what people have.

#![expect(clippy::unwrap_used, reason = "a helper of tests may fail as a test may")]

mod consolidated;

use glam_memory::{Memory, Precision};

/// A number in [-1, 1) that depends on nothing but `n`: splitmix64.
fn noise(n: u64) -> f32 {
    let mut z = n.wrapping_add(1).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    ((z ^ (z >> 31)) >> 40) as f32 / (1 << 23) as f32 - 1.0
}

/// Row number `row` of `inputs` inputs.
fn row(row: u64, inputs: usize) -> Vec<f32> {
    (0..inputs as u64).map(|input| noise(row << 20 | input)).collect()
}

/// Reads with spreads; fails unless every number is finite and every spread positive.
fn read(memory: &Memory, x: &[f32]) -> Vec<f32> {
    let (mean, std) = memory.read_with_std(x).unwrap();
    assert!(mean.iter().all(|mean| mean.is_finite()), "{mean:?}");
    assert!(std.iter().all(|std| std.is_finite() && *std > 0.0), "{std:?}");
    let told = memory.explain(x).unwrap();
    assert!(told.matrix.iter().chain(&told.bias).all(|value| value.is_finite()));
    mean
}

/// nMSE of target 0 over `count` fresh rows.
fn nmse(memory: &Memory, count: u64, cue: impl Fn(u64) -> (Vec<f32>, f32)) -> f64 {
    let (mut squares, mut deviations) = (0.0, 0.0);
    for fresh in 0..count {
        let (x, y) = cue(1_000_000 + fresh);
        squares += f64::from(read(memory, &x)[0] - y).powi(2);
        deviations += f64::from(y).powi(2);
    }
    squares / deviations
}

#[test]
fn constant_inputs_beside_one_that_moves_change_nothing_much() {
    for constant in [0.0, 1.0, -1e-30, 1e30, f32::MAX] {
        for precision in [Precision::Full, Precision::Diagonal] {
            let memory = Memory::builder(4).precision(precision).in_memory().unwrap();
            let cue = |index| {
                let x = noise(index);
                (vec![constant, x, constant, constant], (3.0 * x).sin())
            };
            for index in 0..1500 {
                let (x, y) = cue(index);
                memory.write(&x, y).unwrap();
            }
            let error = nmse(&memory, 100, cue);
            assert!(error < 0.05, "{constant} {precision:?}: {error}");
            // The constant moves after all.
            for other in [0.0, f32::MAX, f32::MIN, f32::MIN_POSITIVE, f32::NAN] {
                read(&memory, &[other; 4]);
                memory.write(&[other; 4], 0.5).unwrap();
                read(&memory, &[other; 4]);
            }
        }
    }
}

#[test]
fn nothing_but_constant_inputs_or_one_row_for_ever_gives_the_mean() {
    for inputs in [1, 3, 40] {
        let memory = Memory::builder(inputs).in_memory().unwrap();
        let x = row(1, inputs);
        for index in 0..1500 {
            memory.write(&x, 10.0 + noise(index)).unwrap();
        }
        let mean = (0..1500).map(|index| f64::from(10.0 + noise(index))).sum::<f64>() / 1500.0;
        // The standard error of the mean of the last hundreds of rows is below 0.05; a memory
        // that is an average of all rows is nearer.
        assert!((f64::from(read(&memory, &x)[0]) - mean).abs() < 0.15, "{inputs}");
        read(&memory, &row(2, inputs));
    }
}

#[test]
fn the_same_row_again_and_again_does_not_make_it_blow_up() {
    let memory = Memory::builder(5).in_memory().unwrap();
    for index in 0..3000 {
        // Ten rows, each three hundred times.
        let x = row(index % 10, 5);
        memory.write(&x, x[0] * x[1]).unwrap();
    }
    for index in 0..10 {
        let x = row(index, 5);
        assert!((read(&memory, &x)[0] - x[0] * x[1]).abs() < 0.02);
    }
    read(&memory, &[100.0; 5]);
}

#[test]
fn inputs_that_are_copies_of_each_other_do_no_harm() {
    let memory = Memory::builder(8).in_memory().unwrap();
    let cue = |index| {
        let [a, b] = [noise(2 * index), noise(2 * index + 1)];
        (vec![a, a, b, a, -a, 1e6 * b, b, a], a * b)
    };
    for index in 0..2000 {
        let (x, y) = cue(index);
        memory.write(&x, y).unwrap();
    }
    let error = nmse(&memory, 100, cue);
    assert!(error < 0.1, "{error}");
}

#[test]
fn one_row_and_two_rows_are_recalled() {
    for inputs in [1, 2, 30, 1000] {
        for precision in [Precision::Full, Precision::Diagonal] {
            let memory = Memory::builder(inputs).precision(precision).in_memory().unwrap();
            let (one, two) = (row(1, inputs), row(2, inputs));
            memory.write(&one, 5.0).unwrap();
            assert!((read(&memory, &one)[0] - 5.0).abs() < 1e-4);
            read(&memory, &two);
            memory.write(&two, 6.0).unwrap();
            assert!((read(&memory, &one)[0] - 5.0).abs() < 0.3);
            assert!((read(&memory, &two)[0] - 6.0).abs() < 0.3);
            read(&memory, &vec![f32::NAN; inputs]);
            read(&memory, &vec![f32::MAX; inputs]);
        }
    }
    let memory = Memory::builder(2).labels().in_memory().unwrap();
    memory.write(&[1.0, 2.0], "only").unwrap();
    assert_eq!(memory.classify(&[1.0, 2.0]).unwrap().label, "only");
    memory.write(&[2.0, 1.0], "other").unwrap();
    assert_eq!(memory.classify(&[2.0, 1.0]).unwrap().label, "other");
    assert_eq!(memory.classify(&[1.0, 2.0]).unwrap().label, "only");
}

#[test]
fn what_was_missing_from_the_start_is_learned_when_it_comes() {
    let memory = Memory::builder(2).targets(2).in_memory().unwrap();
    let (nan, unknown) = ([f32::NAN; 2], [f32::NAN, 1.0]);
    memory.write(&nan, &unknown).unwrap();
    assert!((read(&memory, &nan)[1] - 1.0).abs() < 1e-4);
    // The second input and the first target are missing until the memory has warmed up.
    for index in 0..1100 {
        let x = noise(index);
        memory.write(&[x, f32::NAN], &[f32::NAN, x]).unwrap();
    }
    let truth = |x: &[f32]| [x[0] - x[1], x[0]];
    for index in 0..3000 {
        let x = row(index, 2);
        memory.write(&x, &truth(&x)).unwrap();
    }
    let (mut squares, mut told) = ([0.0; 2], 0.0);
    for index in 0..100 {
        let x = row(1_000_000 + index, 2);
        let read = read(&memory, &x);
        let errors = [0, 1].map(|target| f64::from(read[target] - truth(&x)[target]));
        squares.iter_mut().zip(errors).for_each(|(sum, error)| *sum += error * error);
        told += f64::from(truth(&x)[0]).powi(2);
    }
    assert!(squares.iter().all(|squares| squares / told < 0.01), "{squares:?} of {told}");
}

#[test]
fn one_input_is_enough() {
    let memory = Memory::builder(1).in_memory().unwrap();
    let cue = |index| {
        let x = noise(index);
        (vec![x], (5.0 * x).sin())
    };
    for index in 0..2000 {
        let (x, y) = cue(index);
        memory.write(&x, y).unwrap();
    }
    let error = nmse(&memory, 200, cue);
    assert!(error < 0.01, "{error}");
}

#[test]
fn ten_thousand_inputs_and_a_few_hundred_rows_go_in_and_come_out() {
    const INPUTS: usize = 10_000;
    let temporary = tempfile::tempdir().unwrap();
    let directory = temporary.path().join("memory");
    let memory = Memory::builder(INPUTS).create(&directory).unwrap();
    // Every input says a little of the one number that decides.
    let cue = |index: u64| {
        let y = noise(index);
        let x = row(index, INPUTS).into_iter().enumerate();
        let tell = |(place, own): (usize, f32)| own + if place % 2 == 0 { y } else { -y };
        (x.map(tell).collect::<Vec<f32>>(), y)
    };
    for index in 0..300 {
        let (mut x, y) = cue(index);
        x[(index as usize * 31) % INPUTS] = f32::NAN;
        memory.write(&x, y).unwrap();
    }
    let error = nmse(&memory, 40, cue);
    assert!(error < 0.1, "{error}");
    let (x, _) = cue(7);
    let before = memory.read(&x).unwrap();
    memory.close().unwrap();
    assert_eq!(Memory::open(&directory).unwrap().read(&x).unwrap(), before);
    assert_eq!(Memory::open_read_only(&directory).unwrap().read(&x).unwrap(), before);
}

#[test]
fn a_thousand_targets_of_all_scales_are_learned_as_each_would_be_alone() {
    const TARGETS: usize = 1000;
    let make = |targets| {
        let builder = Memory::builder(3).targets(targets).tables(16).levels([4]).warm_up(256);
        builder.in_memory().unwrap()
    };
    // From 1e-6 to 1e9, each with an offset of its own size.
    let scale = |target: usize| 10_f32.powf(15.0 * target as f32 / (TARGETS - 1) as f32 - 6.0);
    let value = |x: &[f32], target: usize| {
        let phase = (target % 4) as f32;
        scale(target) * ((2.0 * x[0] + phase).sin() + x[1] * x[2] + 0.5)
    };
    let together = make(TARGETS);
    let chosen = [0, 1, 333, 502, 998, 999];
    let alone = chosen.map(|_| make(1));
    for index in 0..600 {
        let x = row(index, 3);
        let y: Vec<f32> = (0..TARGETS).map(|target| value(&x, target)).collect();
        together.write(&x, &y).unwrap();
        for (memory, target) in alone.iter().zip(chosen) {
            memory.write(&x, y[target]).unwrap();
        }
    }
    let mut squares = vec![0.0; TARGETS];
    let mut single = chosen.map(|_| 0.0);
    for index in 0..100 {
        let x = row(1_000_000 + index, 3);
        let read = read(&together, &x);
        for (target, squares) in squares.iter_mut().enumerate() {
            let error = f64::from(read[target] - value(&x, target)) / f64::from(scale(target));
            *squares += error * error;
        }
        for ((memory, target), squares) in alone.iter().zip(chosen).zip(&mut single) {
            let error = memory.read(&x).unwrap()[0] - value(&x, target);
            *squares += (f64::from(error) / f64::from(scale(target))).powi(2);
        }
    }
    let rmse = |squares: f64| (squares / 100.0).sqrt();
    assert!(squares.iter().all(|&squares| rmse(squares) < 0.2));
    for (&single, target) in single.iter().zip(chosen) {
        // Together, the noise follows the errors of all targets, alone those of one: their lag-one
        // correlations, of 600 independent errors, are within a few times 1 / sqrt(600) of nought,
        // which moves the noise by a tenth and the error by less.
        let ratio = rmse(squares[target]) / rmse(single);
        assert!((0.9..1.1).contains(&ratio), "target {target}: {ratio}");
    }
}
