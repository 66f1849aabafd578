//! Data at the edges of what people have, consolidated.

use glam_memory::{Builder, Flow, Memory, Options, Precision};

use crate::{noise, read, row};

/// Gates that are set, so that one way is tried and a test takes a moment.
fn small(inputs: usize) -> Builder {
    Memory::builder(inputs).tables(8).levels([1, 2])
}

/// nMSE of each target over a hundred fresh rows of `function`, when `count` were written and then
/// consolidated. Fails unless what was consolidated comes back from the files bit for bit, and can be
/// written to and consolidated again.
fn nmse(builder: Builder, count: u64, function: impl Fn(u64) -> (Vec<f32>, Vec<f32>)) -> Vec<f64> {
    let temporary = tempfile::tempdir().unwrap();
    let directory = temporary.path().join("memory");
    let targets = function(0).1.len();
    let memory = builder.targets(targets).create(&directory).unwrap();
    for (x, y) in (0..count).map(&function) {
        memory.write(&x, y.as_slice()).unwrap();
    }
    let options = Options { regates: 1, as_it_is: false };
    let decision = memory.consolidate(options, &|_| Flow::Continue).unwrap();
    assert!(decision.trials.iter().all(|trial| trial.error.is_finite()), "{decision:?}");
    let fresh: Vec<_> = (0..100).map(|fresh| function(1_000_000 + fresh)).collect();
    let (mut squares, mut sums, mut own) =
        (vec![0.0; targets], vec![0.0; targets], vec![0.0; targets]);
    let mut answers = Vec::new();
    for (x, y) in &fresh {
        let mean = read(&memory, x);
        for target in 0..targets {
            squares[target] += f64::from(mean[target] - y[target]).powi(2);
            sums[target] += f64::from(y[target]);
            own[target] += f64::from(y[target]).powi(2);
        }
        answers.push(mean);
    }
    drop(memory);
    let memory = Memory::open(&directory).unwrap();
    assert!(fresh.iter().map(|(x, _)| read(&memory, x)).eq(answers));
    for (x, y) in fresh.iter().take(5) {
        memory.write(x, y.as_slice()).unwrap();
        read(&memory, x);
    }
    for far in [f32::NAN, f32::MAX, f32::MIN, 0.0] {
        read(&memory, &vec![far; fresh[0].0.len()]);
    }
    memory.consolidate(Options { regates: 0, as_it_is: true }, &|_| Flow::Continue).unwrap();
    memory.close().unwrap();
    assert!(glam_memory::verify(&directory).unwrap().is_sound());
    let spread = |target: usize| own[target] - sums[target] * sums[target] / fresh.len() as f64;
    (0..targets).map(|target| squares[target] / spread(target)).collect()
}

#[test]
fn one_row_and_two() {
    for inputs in [1, 2, 30] {
        let temporary = tempfile::tempdir().unwrap();
        let memory = small(inputs).create(temporary.path().join("memory")).unwrap();
        let options = Options { regates: 1, as_it_is: false };
        let (one, two) = (row(1, inputs), row(2, inputs));
        memory.write(&one, 5.0).unwrap();
        memory.consolidate(options, &|_| Flow::Continue).unwrap();
        // The mean of all rows: there is nothing else to know.
        assert!((read(&memory, &one)[0] - 5.0).abs() < 1e-4);
        read(&memory, &two);
        memory.write(&two, 6.0).unwrap();
        read(&memory, &two);
        memory.consolidate(options, &|_| Flow::Continue).unwrap();
        let (one, two) = (read(&memory, &one)[0], read(&memory, &two)[0]);
        // Shrunk towards their mean, no further.
        let between = 5.0 - 1e-3..6.0 + 1e-3;
        assert!(between.contains(&one) && between.contains(&two) && one <= two, "{one} {two}");
    }
}

#[test]
fn constant_inputs_beside_one_that_moves() {
    for constant in [0.0, -1e-30, f32::MAX] {
        for precision in [Precision::Full, Precision::Diagonal] {
            let builder = small(4).precision(precision);
            let error = nmse(builder, 400, |index| {
                let x = noise(index);
                (vec![constant, x, constant, constant], vec![(3.0 * x).sin()])
            });
            assert!(error[0] < 0.05, "{constant} {precision:?}: {error:?}");
        }
    }
}

#[test]
fn constant_targets_beside_one_that_moves() {
    let error = nmse(small(2), 300, |index| {
        let x = row(index, 2);
        let y = vec![7.0, x[0] * x[1], 0.0];
        (x, y)
    });
    assert!(error[1] < 0.1, "{error:?}");
}

#[test]
fn inputs_that_are_copies_of_each_other() {
    let error = nmse(small(8), 400, |index| {
        let [a, b] = [noise(2 * index), noise(2 * index + 1)];
        (vec![a, a, b, a, -a, 1e6 * b, b, a], vec![a * b])
    });
    assert!(error[0] < 0.1, "{error:?}");
}

#[test]
fn targets_of_1e_6_and_1e6_side_by_side() {
    let error = nmse(small(2), 300, |index| {
        let x = row(index, 2);
        let y = (2.0 * x[0]).sin() + x[1];
        let targets = vec![1e-6 * y, 1e6 * y, y];
        (x, targets)
    });
    // In units of their own all three are the same numbers but for their last bits; conjugate
    // gradients take them side by side.
    for target in [0, 1] {
        assert!((error[target] / error[2] - 1.0).abs() < 0.01, "{error:?}");
    }
    assert!(error[2] < 0.02, "{error:?}");
}

#[test]
fn one_input() {
    let error = nmse(Memory::builder(1).tables(16), 300, |index| {
        let x = noise(index);
        (vec![x], vec![(5.0 * x).sin()])
    });
    assert!(error[0] < 0.1, "{error:?}");
}

#[test]
fn ten_thousand_inputs_and_a_few_rows() {
    // Every input says a little of the one number that decides.
    let error = nmse(Memory::builder(10_000).tables(16), 60, |index| {
        let y = noise(index);
        let x = row(index, 10_000).into_iter().enumerate();
        let tell = |(place, own): (usize, f32)| own + if place % 2 == 0 { y } else { -y };
        (x.map(tell).collect(), vec![y])
    });
    assert!(error[0] < 0.2, "{error:?}");
}

#[test]
fn a_thousand_targets_and_a_few_rows() {
    let error = nmse(Memory::builder(3).tables(4).levels([1]), 40, |index| {
        let x = row(index, 3);
        let phase = |target: u16| f32::from(target % 4);
        let y = (0..1000).map(|target| (x[0] + phase(target)).sin() + x[1]).collect();
        (x, y)
    });
    assert!(error.iter().all(|&error| error < 0.05), "{error:?}");
}
