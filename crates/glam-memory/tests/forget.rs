//! Forgetting: as if it had never been written.

#![expect(clippy::unwrap_used, reason = "a helper of tests may fail as a test may")]

use std::path::Path;

use glam_memory::{Error, Memory, store};
use proptest::prelude::*;

/// The kinds of memory that are tried: numbers with gaps and weights, or labels.
#[derive(Debug, Clone, Copy)]
enum Kind {
    Numbers,
    Labels,
}

fn make(kind: Kind, directory: Option<&Path>) -> Memory {
    let builder = Memory::builder(2).targets(2).tables(4).levels([1, 3]).warm_up(32);
    let builder = match kind {
        Kind::Numbers => builder,
        Kind::Labels => builder.labels(),
    };
    match directory {
        Some(directory) => builder.create(directory).unwrap(),
        None => builder.in_memory().unwrap(),
    }
}

/// Writes row number `index` of a stream.
fn write(memory: &Memory, kind: Kind, index: usize) {
    let mut x = [(index * 37 % 101) as f32 / 50.0 - 1.0, (index * 53 % 97) as f32 / 50.0 - 1.0];
    let mut y = [(3.0 * x[0]).sin() + x[0] * x[1], x[1] - x[0]];
    let class = format!("class {}", index / 20 + usize::from(x[0] > x[1]));
    if index % 5 == 2 {
        x[index % 2] = f32::NAN;
        y[index % 2] = f32::NAN;
    }
    let weight = [1.0, 1.0, 3.0, 0.25][index % 4];
    match kind {
        Kind::Numbers => memory.write_weighted(&x, &y, weight).unwrap(),
        Kind::Labels => memory.write_weighted(&x, class.as_str(), weight).unwrap(),
    }
}

/// A memory without files that was given the first `count` rows but for those forgotten.
fn never_had(kind: Kind, count: usize, forgotten: &[usize]) -> Memory {
    let memory = make(kind, None);
    (0..count).filter(|index| !forgotten.contains(index)).for_each(|i| write(&memory, kind, i));
    memory
}

/// The bits of many reads, with their spreads; nothing from an empty memory.
fn answers(memory: &Memory) -> Vec<u32> {
    let mut bits = Vec::new();
    for cue in 0..30 {
        let cue = [cue as f32 / 15.0 - 1.0, (cue * 7 % 30) as f32 / 15.0 - 1.0];
        match memory.read_with_std(&cue) {
            Ok((mean, std)) => bits.extend(mean.iter().chain(&std).map(|value| value.to_bits())),
            Err(error) => assert_eq!(error.to_string(), of_an_empty_memory()),
        }
    }
    bits
}

fn of_an_empty_memory() -> String {
    glam_memory::core::Error::Empty.to_string()
}

fn assert_same(memory: &Memory, expected: &Memory) {
    assert_eq!(memory.labels(), expected.labels());
    assert_eq!(answers(memory), answers(expected));
}

#[test]
fn any_row_is_forgotten_as_if_it_had_never_been_written() {
    for kind in [Kind::Numbers, Kind::Labels] {
        // Within the warm-up, at its end, and after it.
        for count in [1, 2, 20, 32, 33, 80] {
            for row in [0, count / 2, count - 1] {
                let temporary = tempfile::tempdir().unwrap();
                let directory = temporary.path().join("memory");
                let memory = make(kind, Some(&directory));
                (0..count).for_each(|index| write(&memory, kind, index));
                memory.forget(row as u64 + 1).unwrap();
                assert_eq!(memory.sequence(), count as u64);
                assert_same(&memory, &never_had(kind, count, &[row]));
                // Going on, and opened again with the snapshot or without it.
                (count..count + 40).for_each(|index| write(&memory, kind, index));
                let expected = never_had(kind, count + 40, &[row]);
                assert_same(&memory, &expected);
                memory.close().unwrap();
                assert_same(&Memory::open_read_only(&directory).unwrap(), &expected);
                assert_same(&Memory::open(&directory).unwrap(), &expected);
                assert_same(&Memory::rebuild(&directory).unwrap(), &expected);
                assert!(glam_memory::verify(&directory).unwrap().is_sound());
            }
        }
    }
}

#[test]
fn what_cannot_be_forgotten_is_refused() {
    let memory = make(Kind::Numbers, None);
    write(&memory, Kind::Numbers, 0);
    assert!(matches!(memory.forget(1), Err(Error::NoHistory)));
    let temporary = tempfile::tempdir().unwrap();
    let directory = temporary.path().join("memory");
    let memory = make(Kind::Numbers, Some(&directory));
    (0..5).for_each(|index| write(&memory, Kind::Numbers, index));
    memory.forget(2).unwrap();
    let before = answers(&memory);
    for absent in [0, 6, u64::MAX] {
        let refused = memory.forget(absent).unwrap_err();
        assert!(matches!(refused, Error::Store(store::Error::NoObservation { .. })), "{refused}");
    }
    assert!(matches!(memory.forget(2), Err(Error::Store(store::Error::Erased { .. }))));
    let reader = Memory::open_read_only(&directory).unwrap();
    assert!(matches!(reader.forget(1), Err(Error::ReadOnly)));
    assert_eq!(answers(&memory), before);
    write(&memory, Kind::Numbers, 5);
    assert_eq!(memory.sequence(), 6);
}

#[test]
fn a_memory_that_forgot_everything_is_empty_and_learns_again() {
    for kind in [Kind::Numbers, Kind::Labels] {
        let temporary = tempfile::tempdir().unwrap();
        let directory = temporary.path().join("memory");
        let memory = make(kind, Some(&directory));
        (0..3).for_each(|index| write(&memory, kind, index));
        (1..=3).for_each(|sequence| memory.forget(sequence).unwrap());
        assert_same(&memory, &make(kind, None));
        memory.close().unwrap();
        let memory = Memory::open(&directory).unwrap();
        assert_eq!(memory.sequence(), 3);
        (3..50).for_each(|index| write(&memory, kind, index));
        assert_same(&memory, &never_had(kind, 50, &[0, 1, 2]));
    }
}

/// One thing that a program may do with a memory that forgets.
#[derive(Debug, Clone)]
enum Step {
    Write(usize),
    /// Forgets the row at this share of the history, if it is there still.
    Forget(f64),
    Checkpoint,
    DropAndOpen,
    OpenReadOnly,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        4 => (1..25_usize).prop_map(Step::Write),
        3 => (0.0..1.0).prop_map(Step::Forget),
        1 => Just(Step::Checkpoint),
        1 => Just(Step::DropAndOpen),
        1 => Just(Step::OpenReadOnly),
    ];
    prop::collection::vec(step, 1..20)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 16, ..ProptestConfig::default() })]

    /// Whatever is forgotten, and when, the memory is the one that was never given those rows.
    #[test]
    fn a_memory_that_forgets_equals_one_that_never_had_the_rows(
        steps in steps(), with_labels: bool
    ) {
        let kind = if with_labels { Kind::Labels } else { Kind::Numbers };
        let temporary = tempfile::tempdir().unwrap();
        let directory = temporary.path().join("memory");
        let mut memory = make(kind, Some(&directory));
        let (mut next, mut forgotten) = (0, Vec::new());
        for step in steps {
            match step {
                Step::Write(count) => {
                    (next..next + count).for_each(|index| write(&memory, kind, index));
                    next += count;
                }
                Step::Forget(share) => {
                    let row = (share * next as f64) as usize;
                    let result = memory.forget(row as u64 + 1);
                    if row < next && !forgotten.contains(&row) {
                        result.unwrap();
                        forgotten.push(row);
                    } else {
                        prop_assert!(result.is_err());
                    }
                }
                Step::Checkpoint => memory.checkpoint().unwrap(),
                Step::DropAndOpen => {
                    memory.flush().unwrap();
                    drop(memory);
                    memory = Memory::open(&directory).unwrap();
                }
                Step::OpenReadOnly => {
                    memory.flush().unwrap();
                    let reader = Memory::open_read_only(&directory).unwrap();
                    assert_same(&reader, &never_had(kind, next, &forgotten));
                }
            }
            assert_same(&memory, &never_had(kind, next, &forgotten));
            prop_assert_eq!(memory.sequence(), next as u64);
        }
    }
}
