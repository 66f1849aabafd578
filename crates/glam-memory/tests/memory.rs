//! The front door: a model test of its whole life, and what a user would trip over.

#![expect(clippy::unwrap_used, reason = "a helper of tests may fail as a test may")]

use std::path::Path;

use glam_memory::{Error, Memory, Precision};
use ndarray::{Array2, arr2};
use proptest::prelude::*;

type Row = ([f32; 2], f32);

fn truth(x: [f32; 2]) -> f32 {
    (3.0 * x[0]).sin() + x[0] * x[1]
}

fn row(index: usize) -> Row {
    let x = [(index * 37 % 101) as f32 / 50.0 - 1.0, (index * 53 % 97) as f32 / 50.0 - 1.0];
    (x, truth(x))
}

fn answers(memory: &Memory) -> Vec<u32> {
    let cues = (0..40).map(|cue| row(cue * 7 + 3).0);
    let mut bits = Vec::new();
    for cue in cues {
        let (mean, spread) = memory.read_with_std(&cue).unwrap();
        bits.extend(mean.iter().chain(&spread).map(|value| value.to_bits()));
    }
    bits
}

fn small(directory: Option<&Path>) -> Memory {
    let builder = Memory::builder(2).tables(5).levels([3]).warm_up(32);
    match directory {
        Some(directory) => builder.create(directory).unwrap(),
        None => builder.in_memory().unwrap(),
    }
}

/// One thing that a program may do with a memory.
#[derive(Debug, Clone)]
enum Step {
    Write(usize),
    WriteBatch(usize),
    Refused,
    Flush,
    Checkpoint,
    CloseAndOpen,
    DropAndOpen,
    OpenReadOnly,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        6 => (1..30_usize).prop_map(Step::Write),
        2 => (1..10_usize).prop_map(Step::WriteBatch),
        1 => Just(Step::Refused),
        1 => Just(Step::Flush),
        1 => Just(Step::Checkpoint),
        1 => Just(Step::CloseAndOpen),
        1 => Just(Step::DropAndOpen),
        1 => Just(Step::OpenReadOnly),
    ];
    prop::collection::vec(step, 1..24)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    /// Whatever happens to the files, the memory is the one without files that got the same rows.
    #[test]
    fn a_memory_in_files_equals_one_without_through_its_whole_life(steps in steps()) {
        let temporary = tempfile::tempdir().unwrap();
        let directory = temporary.path().join("memory");
        let model = small(None);
        let mut memory = small(Some(&directory));
        let mut next = 0;
        for step in steps {
            match step {
                Step::Write(count) => {
                    for (x, y) in (next..next + count).map(row) {
                        memory.write(&x, y).unwrap();
                        model.write(&x, y).unwrap();
                    }
                    next += count;
                }
                Step::WriteBatch(count) => {
                    let rows: Vec<Row> = (next..next + count).map(row).collect();
                    let x = Array2::from_shape_fn((count, 2), |(i, j)| rows[i].0[j]);
                    let y = Array2::from_shape_fn((count, 1), |(i, _)| rows[i].1);
                    memory.write_batch(x.view(), y.view()).unwrap();
                    rows.iter().for_each(|(x, y)| model.write(x, *y).unwrap());
                    next += count;
                }
                Step::Refused => {
                    prop_assert!(memory.write(&[f32::INFINITY, 0.0], 1.0).is_err());
                    prop_assert!(memory.write(&[0.0, 0.0], f32::NAN).is_err());
                    prop_assert!(memory.write(&[0.0], 1.0).is_err());
                    prop_assert!(memory.write(&[0.0, 1.0], "a").is_err());
                }
                Step::Flush => memory.flush().unwrap(),
                Step::Checkpoint => memory.checkpoint().unwrap(),
                Step::CloseAndOpen => {
                    memory.close().unwrap();
                    memory = Memory::open(&directory).unwrap();
                }
                Step::DropAndOpen => {
                    memory.flush().unwrap();
                    drop(memory);
                    memory = Memory::open(&directory).unwrap();
                }
                Step::OpenReadOnly => {
                    memory.flush().unwrap();
                    let reader = Memory::open_read_only(&directory).unwrap();
                    prop_assert_eq!(reader.sequence(), next as u64);
                    if next > 0 {
                        prop_assert_eq!(answers(&reader), answers(&model));
                    }
                    prop_assert!(matches!(reader.write(&[0.0; 2], 0.0), Err(Error::ReadOnly)));
                }
            }
            prop_assert_eq!(memory.sequence(), next as u64);
            if next > 0 {
                prop_assert_eq!(answers(&memory), answers(&model));
            }
        }
    }
}

#[test]
fn a_memory_learns_and_is_shared_between_threads() {
    let memory = Memory::builder(2).in_memory().unwrap();
    (0..1500).map(row).for_each(|(x, y)| memory.write(&x, y).unwrap());
    std::thread::scope(|scope| {
        for reader in 0..2 {
            let memory = &memory;
            scope.spawn(move || {
                for cue in (reader..400).step_by(2).map(|index| row(index * 11).0) {
                    assert!((memory.read(&cue).unwrap()[0] - truth(cue)).abs() < 0.3);
                }
            });
        }
        scope.spawn(|| (1500..1800).map(row).for_each(|(x, y)| memory.write(&x, y).unwrap()));
    });
    assert_eq!(memory.sequence(), 1800);
}

#[test]
fn scores_equal_the_errors_of_the_reads() {
    let memory = small(None);
    (0..300).map(row).for_each(|(x, y)| memory.write(&x, y).unwrap());
    let x = Array2::from_shape_fn((50, 2), |(i, j)| row(i * 3).0[j]);
    let y = Array2::from_shape_fn((50, 1), |(i, _)| row(i * 3).1);
    let score = memory.score(x.view(), y.view()).unwrap();
    let squares = (0..50).map(|i| {
        let (cue, y) = row(i * 3);
        f64::from(memory.read(&cue).unwrap()[0] - y).powi(2)
    });
    assert!((score.rmse[0] - (squares.sum::<f64>() / 50.0).sqrt()).abs() < 1e-6);
    assert!(score.mean_nmse.unwrap() < 0.2, "{score:?}");
    assert!(matches!(
        memory.score(x.view(), Array2::zeros((49, 1)).view()),
        Err(Error::Rows { inputs: 50, targets: 49 })
    ));
}

#[test]
fn labels_are_text_or_integers_and_need_not_be_known() {
    for precision in [Precision::Full, Precision::Diagonal] {
        let memory = Memory::builder(2).labels().precision(precision).in_memory().unwrap();
        let side = |x: &[f32; 2]| if x[0] > 0.0 { "right" } else { "left" };
        (0..300).map(row).for_each(|(x, _)| memory.write(&x, side(&x)).unwrap());
        let hits = (0..100)
            .map(|i| row(i * 3 + 1).0)
            .filter(|x| memory.classify(x).unwrap().label == side(x));
        assert!(hits.count() >= 95);
        memory.write(&[0.0, 0.0], 7).unwrap();
        memory.write(&[0.0, 0.0], "7").unwrap();
        assert_eq!(memory.labels().len(), 3);
        assert_eq!(memory.labels()[2], "7");
    }
    let memory = Memory::builder(1).labels().in_memory().unwrap();
    let x = arr2(&[[1.0], [2.0], [1.0]]);
    memory.write_label_batch(x.view(), &["one", "two", "one"]).unwrap();
    assert_eq!(memory.score_labels(x.view(), &["one", "two", "one"]).unwrap().accuracy, Some(1.0));
    let empty_label = memory.write_label_batch(x.view(), &["one", "", "one"]);
    assert!(matches!(empty_label, Err(Error::Row { row: 1, .. })));
    assert_eq!(memory.sequence(), 3);
}

#[test]
fn a_memory_of_numbers_has_no_class_and_an_empty_one_no_answer() {
    let memory = Memory::builder(1).in_memory().unwrap();
    let empty = memory.read(&[1.0]).unwrap_err();
    assert!(matches!(empty, Error::Core(glam_memory::core::Error::Empty)), "{empty}");
    memory.write(&[1.0], 2.0).unwrap();
    assert!(memory.classify(&[1.0]).is_err());
}

#[test]
fn errors_say_where_and_what_to_do() {
    let temporary = tempfile::tempdir().unwrap();
    let directory = temporary.path().join("memory");
    let missing = Memory::open(&directory).unwrap_err().to_string();
    assert!(missing.contains(directory.to_str().unwrap()), "{missing}");
    let memory = Memory::builder(3).create(&directory).unwrap();
    let locked = Memory::open(&directory).unwrap_err().to_string();
    assert!(locked.contains(&std::process::id().to_string()), "{locked}");
    let again = Memory::builder(3).create(&directory);
    assert!(again.is_err());
    let wrong = memory.write(&[1.0], 1.0).unwrap_err().to_string();
    assert_eq!(wrong, "input has 1 values, this memory takes 3");
    drop(memory);
    assert_eq!(Memory::open(&directory).unwrap().sequence(), 0);
}

#[test]
fn an_inspection_tells_what_was_picked() {
    let temporary = tempfile::tempdir().unwrap();
    let directory = temporary.path().join("memory");
    let memory = Memory::builder(2).create(&directory).unwrap();
    (0..40).map(row).for_each(|(x, y)| memory.write(&x, y).unwrap());
    memory.checkpoint().unwrap();
    let inspection = memory.inspect().unwrap();
    assert_eq!(inspection.directory.as_deref(), Some(directory.as_path()));
    assert_eq!(inspection.report.warming_up, Some(40));
    let picks = inspection.report.picks.unwrap();
    assert_eq!((picks.tables, picks.view, picks.root), (256, 2, true));
    let on_disk: u64 = std::fs::read_dir(&directory)
        .unwrap()
        .map(|entry| entry.unwrap().metadata().unwrap().len())
        .sum();
    let files = inspection.files.unwrap();
    // All but the lock file.
    assert!(files.total() <= on_disk && on_disk <= files.total() + 64, "{files:?} {on_disk}");
}

#[test]
fn a_memory_can_be_sent_and_shared() {
    fn check<T: Send + Sync + Unpin>() {}
    check::<Memory>();
}

/// A batch that held more new classes than there was room for put a row into the log that no
/// memory would take again; it must be refused as a whole, and the files must go on.
#[test]
fn a_batch_with_too_many_new_classes_is_refused_whole() {
    let temporary = tempfile::tempdir().unwrap();
    let directory = temporary.path().join("memory");
    let memory =
        Memory::builder(1).labels().tables(1).levels([1]).warm_up(2).create(&directory).unwrap();
    let limit = glam_memory::core::MAX_LABELS as u32;
    let fill: Vec<u32> = (0..limit - 1).collect();
    let x = Array2::from_elem((fill.len(), 1), 1.0);
    memory.write_label_batch(x.view(), &fill).unwrap();
    let log = |directory: &Path| std::fs::metadata(directory.join("log-1")).unwrap().len();
    memory.flush().unwrap();
    let before = log(&directory);
    let refused =
        memory.write_label_batch(arr2(&[[1.0], [1.0], [1.0]]).view(), &["0", "new", "newer"]);
    assert!(matches!(refused, Err(Error::Row { row: 2, .. })), "{refused:?}");
    memory.flush().unwrap();
    assert_eq!(log(&directory), before);
    memory.write(&[1.0], "new").unwrap();
    assert!(memory.write(&[1.0], "newer").is_err());
    memory.close().unwrap();
    assert_eq!(Memory::open(&directory).unwrap().sequence(), u64::from(limit));
}

#[test]
fn the_spread_of_a_tiny_or_huge_target_is_in_its_own_unit() {
    for scale in [1e-30_f32, 1.0, 1e30] {
        let memory = small(None);
        (0..300).map(row).for_each(|(x, y)| memory.write(&x, y * scale).unwrap());
        let (mean, std) = memory.read_with_std(&[0.3, 0.4]).unwrap();
        assert!((mean[0] / scale - truth([0.3, 0.4])).abs() < 0.5, "{scale}: {mean:?}");
        assert!((1e-4..1.0).contains(&(std[0] / scale)), "{scale}: {std:?}");
        let (means, stds) = memory.read_batch_with_std(arr2(&[[0.3, 0.4]]).view()).unwrap();
        assert_eq!((means[[0, 0]], stds[[0, 0]]), (mean[0], std[0]));
    }
}

#[test]
fn open_or_create_makes_once_and_opens_what_has_the_right_shape() {
    let temporary = tempfile::tempdir().unwrap();
    let directory = temporary.path().join("memory");
    for run in 1..=2 {
        let memory = Memory::builder(2).open_or_create(&directory).unwrap();
        memory.write(&[1.0, 2.0], 3.0).unwrap();
        assert_eq!(memory.sequence(), run);
        memory.close().unwrap();
    }
    let other = Memory::builder(3).open_or_create(&directory);
    assert!(matches!(other, Err(Error::OtherShape { inputs: 2, asked_inputs: 3, .. })));
    assert!(Memory::builder(2).labels().open_or_create(&directory).is_err());
}

#[test]
fn open_or_create_makes_what_a_cut_creation_left_undone_and_spares_what_is_not_its_own() {
    let temporary = tempfile::tempdir().unwrap();
    let directory = temporary.path().join("memory");
    Memory::builder(2).create(&directory).unwrap().close().unwrap();
    // The manifest comes last: a process that is killed before leaves a lock and an empty log.
    std::fs::remove_file(directory.join("MANIFEST")).unwrap();
    std::fs::remove_file(directory.join("MANIFEST.copy")).unwrap();
    let memory = Memory::builder(2).open_or_create(&directory).unwrap();
    memory.write(&[1.0, 2.0], 3.0).unwrap();
    memory.close().unwrap();
    assert_eq!(Memory::open(&directory).unwrap().sequence(), 1);

    let foreign = temporary.path().join("foreign");
    std::fs::create_dir(&foreign).unwrap();
    std::fs::write(foreign.join("letter"), "dear").unwrap();
    let refused = Memory::builder(2).open_or_create(&foreign);
    assert!(matches!(refused, Err(Error::Store(glam_memory::store::Error::NotEmpty { .. }))));
    assert_eq!(std::fs::read_dir(&foreign).unwrap().count(), 1);
}

#[test]
fn weights_reach_the_model_and_the_files_and_the_history_gives_them_back() {
    let temporary = tempfile::tempdir().unwrap();
    let directory = temporary.path().join("memory");
    let weight = |index: usize| [1.0, 4.0, 0.5][index % 3];
    let (stored, volatile, batch) = (small(Some(&directory)), small(None), small(None));
    for (index, (x, y)) in (0..100).map(row).enumerate() {
        stored.write_weighted(&x, y, weight(index)).unwrap();
        volatile.write_weighted(&x, y, weight(index)).unwrap();
    }
    let x = Array2::from_shape_fn((100, 2), |(i, j)| row(i).0[j]);
    let y = Array2::from_shape_fn((100, 1), |(i, _)| row(i).1);
    let weights: Vec<f32> = (0..100).map(weight).collect();
    batch.write_batch_weighted(x.view(), y.view(), &weights).unwrap();
    assert_eq!(answers(&stored), answers(&volatile));
    assert_eq!(answers(&stored), answers(&batch));
    let plain = small(None);
    plain.write_batch_weighted(x.view(), y.view(), &[1.0; 100]).unwrap();
    let written = small(None);
    (0..100).map(row).for_each(|(x, y)| written.write(&x, y).unwrap());
    assert_eq!(answers(&plain), answers(&written));
    assert_ne!(answers(&plain), answers(&stored));

    let few = plain.write_batch_weighted(x.view(), y.view(), &weights[1..]);
    assert!(matches!(few, Err(Error::Weights { inputs: 100, weights: 99 })));
    let mut bad = weights.clone();
    bad[7] = 0.0;
    let bad = stored.write_batch_weighted(x.view(), y.view(), &bad);
    assert!(matches!(bad, Err(Error::Row { row: 7, .. })), "{bad:?}");
    assert!(stored.write_weighted(&[0.0; 2], 1.0, f32::NAN).is_err());
    assert_eq!(stored.sequence(), 100);

    stored.flush().unwrap();
    for memory in [&stored, &Memory::open_read_only(&directory).unwrap()] {
        let mut history = memory.history().unwrap();
        let mut count = 0;
        while let Some(found) = history.next().unwrap() {
            assert_eq!((found.x, found.weight), (&row(count).0[..], weight(count)));
            count += 1;
            assert_eq!(found.sequence, count as u64);
        }
        assert_eq!((count, memory.sequence()), (100, 100));
    }
    assert!(matches!(volatile.history(), Err(Error::NoHistory)));
}

#[test]
fn a_weighted_write_that_predicts_is_the_read_before_and_the_weighted_write() {
    let make = || Memory::builder(2).in_memory().unwrap();
    let (predicting, plain) = (make(), make());
    let mut before = Vec::new();
    for i in 0..200_u16 {
        let x = [f32::from(i % 17), f32::from(i % 5)];
        let (y, weight) = (x[0] * x[1], f32::from(1 + i % 3) * 0.5);
        let expected = if i == 0 { vec![0.0] } else { plain.read(&x).unwrap() };
        predicting.write_weighted_predicting(&x, y, weight, &mut before).unwrap();
        plain.write_weighted(&x, y, weight).unwrap();
        assert_eq!(before, expected, "row {i}");
    }
    let x = [3.0, 2.5];
    assert_eq!(predicting.read(&x).unwrap(), plain.read(&x).unwrap());
    assert!(predicting.write_weighted_predicting(&x, 1.0, 0.0, &mut before).is_err());
}

#[test]
fn intervals_probabilities_and_familiarity_are_the_same_from_files() {
    let temporary = tempfile::tempdir().unwrap();
    let (numbers, labels) = (temporary.path().join("numbers"), temporary.path().join("labels"));
    let memory = Memory::builder(2).create(&numbers).unwrap();
    let classes = Memory::builder(2).labels().create(&labels).unwrap();
    let cue = |i: usize| [(i * 37 % 101) as f32 / 50.0 - 1.0, (i * 53 % 89) as f32 / 44.0 - 1.0];
    for i in 0..1500 {
        let x = cue(i);
        memory.write(&x, x[0] * x[1]).unwrap();
        classes.write(&x, if x[0] > x[1] { "below" } else { "above" }).unwrap();
    }
    let ask = |memory: &Memory, classes: &Memory, i: usize| {
        let x = cue(i);
        let (mean, intervals) = memory.read_with_interval(&x, 0.9).unwrap();
        let class = classes.classify(&x).unwrap();
        let probabilities = classes.probabilities(&x).unwrap();
        let largest = probabilities.iter().copied().fold(0.0, f32::max);
        assert_eq!(class.probability, largest);
        (mean, intervals, probabilities, class, memory.familiarity(&x).unwrap())
    };
    let before: Vec<_> = (0..50).map(|i| ask(&memory, &classes, i)).collect();
    memory.close().unwrap();
    classes.close().unwrap();
    let memory = Memory::open_read_only(&numbers).unwrap();
    let classes = Memory::open_read_only(&labels).unwrap();
    let after: Vec<_> = (0..50).map(|i| ask(&memory, &classes, i)).collect();
    assert_eq!(before, after);
    assert!(memory.probabilities(&cue(0)).is_err());
    assert!(classes.read_with_interval(&cue(0), 0.9).is_err());
    assert!(memory.read_with_interval(&cue(0), 90.0).is_err());
}
