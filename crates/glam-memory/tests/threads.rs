//! What is shared out over threads is what one thread makes, bit for bit.

#![expect(clippy::unwrap_used, reason = "a helper of tests may fail as a test may")]

use std::path::Path;

use glam_memory::{Error, Flow, Memory, Options};
use ndarray::{Array2, s};

const INPUTS: usize = 3;

fn inputs(rows: usize) -> Array2<f32> {
    Array2::from_shape_fn((rows, INPUTS), |(row, input)| {
        ((row * 37 + input * 53) % (101 + 6 * input)) as f32 / 50.0 - 1.0
    })
}

fn outputs(x: &Array2<f32>) -> Array2<f32> {
    Array2::from_shape_fn((x.nrows(), 2), |(row, output)| {
        let x = x.row(row);
        if output == 0 { (3.0 * x[0]).sin() + x[1] * x[2] } else { x[0] * x[1] }
    })
}

fn learned(memory: Memory) -> Memory {
    learned_from(memory, 600)
}

fn learned_from(memory: Memory, rows: usize) -> Memory {
    let x = inputs(rows);
    memory.write_batch(x.view(), outputs(&x).view()).unwrap();
    memory
}

fn bits(numbers: impl IntoIterator<Item = f32>) -> Vec<u32> {
    numbers.into_iter().map(f32::to_bits).collect()
}

#[test]
fn batches_of_any_length_on_any_number_of_threads_are_reads_one_by_one() {
    let mut memory = learned(Memory::builder(INPUTS).targets(2).in_memory().unwrap());
    let cues = inputs(131);
    let (mut means, mut stds) = (Vec::new(), Vec::new());
    for cue in cues.rows() {
        let (mean, std) = memory.read_with_std(&cue.to_vec()).unwrap();
        means.extend(bits(mean));
        stds.extend(bits(std));
    }
    for threads in [1, 2, 3, 7, 0] {
        memory = memory.with_threads(threads);
        for rows in [0, 1, 31, 32, 33, 64, 131] {
            let cues = cues.slice(s![..rows, ..]);
            let read = memory.read_batch(cues).unwrap();
            assert_eq!(read.dim(), (rows, 2));
            assert_eq!(bits(read), means[..2 * rows], "{rows} rows, {threads} threads");
            let (read, std) = memory.read_batch_with_std(cues).unwrap();
            assert_eq!(bits(read), means[..2 * rows], "{rows} rows, {threads} threads");
            assert_eq!(bits(std), stds[..2 * rows], "{rows} rows, {threads} threads");
        }
    }
    // Columns side by side, as a view of a transposed array has them.
    let transposed = cues.t().as_standard_layout().to_owned();
    assert_eq!(bits(memory.read_batch(transposed.t()).unwrap()), means);
}

#[test]
fn a_batch_fails_as_its_first_wrong_row_does() {
    let memory = learned(Memory::builder(INPUTS).targets(2).in_memory().unwrap()).with_threads(3);
    let mut cues = inputs(200);
    cues[[170, 0]] = f32::INFINITY;
    cues[[70, 2]] = f32::NEG_INFINITY;
    let alone = memory.read(&cues.row(70).to_vec()).unwrap_err().to_string();
    assert_ne!(alone, memory.read(&cues.row(170).to_vec()).unwrap_err().to_string());
    assert_eq!(memory.read_batch(cues.view()).unwrap_err().to_string(), alone);
    assert_eq!(memory.read_batch_with_std(cues.view()).unwrap_err().to_string(), alone);
    let narrow = Array2::zeros((40, INPUTS - 1));
    assert!(matches!(memory.read_batch(narrow.view()), Err(Error::Core(_))));
    // A memory of labels that has none yet has rows of no columns.
    let numbers = Memory::builder(INPUTS).in_memory().unwrap();
    let labels = Memory::builder(INPUTS).labels().in_memory().unwrap();
    for empty in [numbers, labels].map(|memory| memory.with_threads(2)) {
        let read = empty.read_batch(inputs(40).view());
        assert!(matches!(read, Err(Error::Core(glam_memory::core::Error::Empty))), "{read:?}");
    }
}

#[test]
fn a_memory_consolidates_and_forgets_to_the_same_bits_on_any_number_of_threads() {
    let temporary = tempfile::tempdir().unwrap();
    let after = |threads: usize| {
        let directory = temporary.path().join(threads.to_string());
        let create = |path: &Path| Memory::builder(INPUTS).targets(2).create(path).unwrap();
        let memory = learned_from(create(&directory), 160).with_threads(threads);
        let options = Options { regates: 0, ..Options::default() };
        let decision = memory.consolidate(options, &|_| Flow::Continue).unwrap();
        assert!(decision.is_consolidated());
        memory.forget(17).unwrap();
        bits(memory.read_batch(inputs(50).view()).unwrap())
    };
    let alone = after(1);
    assert_eq!(after(2), alone);
    assert_eq!(after(5), alone);
}
