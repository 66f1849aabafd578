//! What was written is there again, bit for bit, and goes on as if nothing had been closed.

use std::fs;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use glam_core::{Config, Precision, Targets};
use proptest::prelude::*;

use super::life::place;
use super::simulated::{Loss, Simulated};
use super::{assert_reads_same, assert_same, file_names, learn, numbers, oracle, temporary, write};
use crate::disk::Directory;
use crate::{Durability, Reader, Store, verify};

#[test]
fn what_was_flushed_is_there_after_a_drop_without_close() {
    let (_temporary, directory) = temporary();
    let (mut store, mut model) = Store::create(&directory, numbers()).unwrap();
    write(&mut store, &mut model, 30).unwrap();
    store.flush().unwrap();
    assert_eq!((store.sequence(), store.flushed()), (30, 30));
    drop(store);
    let (store, reopened) = Store::open(&directory).unwrap();
    assert_same(&reopened, &model);
    assert_eq!((store.sequence(), store.flushed()), (30, 30));
}

#[test]
fn a_drop_hands_over_what_was_not_flushed() {
    let (_temporary, directory) = temporary();
    let (mut store, mut model) = Store::create(&directory, super::labels()).unwrap();
    write(&mut store, &mut model, 30).unwrap();
    assert_eq!(store.flushed(), 0);
    drop(store);
    assert_same(&Store::open(&directory).unwrap().1, &model);
}

#[test]
fn a_model_closed_and_reopened_stays_bit_equal_to_one_never_closed() {
    for targets in [Targets::Numbers(super::OUTPUTS as u32), Targets::Labels] {
        for precision in [Precision::Full, Precision::Diagonal] {
            // Inside the warm-up, at its last observation, and after it.
            for count in [1, 300, 1023, 1024, 1400] {
                let config = Config::builder(super::INPUTS, targets)
                    .precision(precision)
                    .tables(4)
                    .levels([1, 3])
                    .build()
                    .unwrap();
                let (_temporary, directory) = temporary();
                let (mut store, mut model) = Store::create(&directory, config.clone()).unwrap();
                write(&mut store, &mut model, count).unwrap();
                store.close(&mut model).unwrap();
                let mut never_closed = model;

                let reader = Reader::open(&directory).unwrap();
                assert!(reader.is_mapped());
                assert_reads_same(&reader, &never_closed);
                let (mut store, mut model) = Store::open(&directory).unwrap();
                assert_same(&model, &never_closed);
                write(&mut store, &mut model, 500).unwrap();
                learn(&mut never_closed, 500);
                assert_same(&model, &never_closed);
                drop(store);
                // The same by replay over the snapshot, and by replay of everything.
                assert_same(&Store::open(&directory).unwrap().1, &never_closed);
                assert_same(&Store::rebuild(&directory).unwrap().1, &never_closed);
            }
        }
    }
}

#[test]
fn a_memory_without_observations_can_be_kept() {
    let (_temporary, directory) = temporary();
    let (mut store, mut model) = Store::create(&directory, numbers()).unwrap();
    store.checkpoint(&mut model).unwrap();
    store.close(&mut model).unwrap();
    let reader = Reader::open(&directory).unwrap();
    assert_eq!((reader.sequence(), reader.generation(), reader.is_mapped()), (0, 1, true));
    assert!(verify(&directory).unwrap().is_sound());
    let (mut store, mut model) = Store::open(&directory).unwrap();
    write(&mut store, &mut model, 3).unwrap();
    store.close(&mut model).unwrap();
    assert_same(&Store::open(&directory).unwrap().1, &oracle(&numbers(), 3));
}

#[test]
fn closing_makes_a_checkpoint_only_where_something_changed() {
    let (_temporary, directory) = temporary();
    let (mut store, mut model) = Store::create(&directory, numbers()).unwrap();
    write(&mut store, &mut model, 3).unwrap();
    store.close(&mut model).unwrap();
    let manifest = fs::read(directory.join("MANIFEST")).unwrap();
    let (store, mut model) = Store::open(&directory).unwrap();
    store.close(&mut model).unwrap();
    assert_eq!(fs::read(directory.join("MANIFEST")).unwrap(), manifest);
    let expected = [
        "LOCK",
        "MANIFEST",
        "MANIFEST.copy",
        "covariances-1",
        "history-1",
        "log-1",
        "structure-1",
        "weights-1",
    ];
    assert_eq!(file_names(&directory), expected);
}

#[test]
fn the_log_goes_on_in_a_new_file_once_it_is_large() {
    let (_temporary, directory) = temporary();
    let (mut store, mut model) = Store::create(&directory, numbers()).unwrap();
    store.set_log_sizes(400, 0);
    for _ in 0..4 {
        write(&mut store, &mut model, 20).unwrap();
        store.checkpoint(&mut model).unwrap();
    }
    write(&mut store, &mut model, 20).unwrap();
    store.flush().unwrap();
    let files = store.files().unwrap();
    assert_eq!(files.log_files, 5);
    drop(store);
    let verification = verify(&directory).unwrap();
    assert!(verification.is_sound(), "{:?}", verification.damages);
    assert_eq!(verification.frames, 100);
    assert_eq!(verification.bytes, files.total());
    assert_same(&Store::open(&directory).unwrap().1, &model);
    assert_same(&Store::rebuild(&directory).unwrap().1, &model);
    assert_reads_same(&Reader::open(&directory).unwrap(), &model);
}

#[test]
fn files_and_reports_agree_between_the_sides() {
    let (_temporary, directory) = temporary();
    let (mut store, mut model) = Store::create(&directory, numbers()).unwrap();
    write(&mut store, &mut model, 1200).unwrap();
    store.checkpoint(&mut model).unwrap();
    let reader = Reader::open(&directory).unwrap();
    assert_eq!(reader.files().unwrap(), store.files().unwrap());
    assert_eq!((reader.directory(), store.directory()), (directory.as_path(), directory.as_path()));
    let (mut mapped, kept) = (reader.report(), model.report());
    // What is allocated differs, what is held does not.
    mapped.table_bytes = kept.table_bytes;
    assert_eq!(mapped, kept);
}

/// What a user of a store does.
#[derive(Debug, Clone)]
enum Step {
    Write(u64),
    Flush,
    Checkpoint,
    Drop,
    Close,
    Rebuild,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => (1..90_u64).prop_map(Step::Write),
        1 => Just(Step::Flush),
        2 => Just(Step::Checkpoint),
        1 => Just(Step::Drop),
        1 => Just(Step::Close),
        1 => Just(Step::Rebuild),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, ..ProptestConfig::default() })]

    #[test]
    fn any_order_of_steps_keeps_every_observation(
        steps in prop::collection::vec(step(), 1..14),
        with_labels: bool,
    ) {
        let targets =
            if with_labels { Targets::Labels } else { Targets::Numbers(super::OUTPUTS as u32) };
        let config =
            Config::builder(super::INPUTS, targets).tables(3).levels([2]).warm_up(64).build().unwrap();
        let (_temporary, directory) = temporary();
        let (mut store, mut model) = Store::create(&directory, config.clone()).unwrap();
        for step in steps {
            store.set_log_sizes(2000, 0);
            match step {
                Step::Write(count) => write(&mut store, &mut model, count).unwrap(),
                Step::Flush => store.flush().unwrap(),
                Step::Checkpoint => store.checkpoint(&mut model).unwrap(),
                Step::Drop => {
                    drop(store);
                    (store, model) = Store::open(&directory).unwrap();
                }
                Step::Close => {
                    store.close(&mut model).unwrap();
                    (store, model) = Store::open(&directory).unwrap();
                }
                Step::Rebuild => {
                    drop(store);
                    (store, model) = Store::rebuild(&directory).unwrap();
                }
            }
            if model.recall().sequence() > 0 {
                store.flush().unwrap();
                assert_reads_same(&Reader::open(&directory).unwrap(), &model);
            }
        }
        assert_same(&model, &oracle(&config, model.recall().sequence()));
        store.close(&mut model).unwrap();
        let verification = verify(&directory).unwrap();
        prop_assert!(verification.is_sound(), "{:?}", verification.damages);
        prop_assert_eq!(verification.frames, model.recall().sequence());
    }
}

#[test]
fn a_creation_that_is_cut_leaves_no_memory_of_another_durability() {
    let found = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&found);
    let disk = Simulated::new().with_hook(move |disk| {
        for loss in [Loss::Nothing, Loss::All] {
            if let Ok((store, _)) = Store::open_on(Arc::new(disk.crashed(loss)), place()) {
                assert_eq!(store.durability(), Durability::Synced);
                count.fetch_add(1, Ordering::Relaxed);
            }
        }
    });
    let directory = Directory::new(Arc::new(disk), place());
    let (store, _) = Store::create_in(directory, numbers(), Durability::Synced).unwrap();
    assert_eq!(store.durability(), Durability::Synced);
    // Once the manifest has its name there is a memory, though its name is not yet on the disk.
    assert!(found.load(Ordering::Relaxed) > 0);
}
