//! Readers beside a writer, and a second writer.

use std::sync::atomic::{AtomicBool, Ordering};

use glam_core::Scratch;

use super::{assert_reads_same, numbers, observation, oracle, temporary, write};
use crate::{Error, Reader, Store, verify};

#[test]
fn a_second_writer_is_refused_with_the_first_ones_process() {
    let (_temporary, directory) = temporary();
    let (store, mut model) = Store::create(&directory, numbers()).unwrap();
    let locked = |result: Result<(), Error>| match result {
        Err(Error::Locked { path, pid }) => {
            assert_eq!((path, pid), (directory.join("LOCK"), Some(std::process::id())));
        }
        other => panic!("{other:?}"),
    };
    locked(Store::open(&directory).map(drop));
    locked(Store::rebuild(&directory).map(drop));
    store.close(&mut model).unwrap();
    let (store, _) = Store::open(&directory).unwrap();
    locked(Store::open(&directory).map(drop));
    drop(store);
    Store::open(&directory).unwrap();
}

#[test]
fn a_reader_sees_what_was_flushed_and_maps_what_was_checkpointed() {
    let (_temporary, directory) = temporary();
    let (mut store, mut model) = Store::create(&directory, numbers()).unwrap();
    let reader = Reader::open(&directory).unwrap();
    let read = reader.read(&[0.0; 3], &mut Scratch::default(), &mut [0.0; 2]);
    assert!(matches!(read, Err(Error::Core(glam_core::Error::Empty))));
    write(&mut store, &mut model, 10).unwrap();
    // Still buffered.
    assert_eq!(Reader::open(&directory).unwrap().sequence(), 0);
    store.flush().unwrap();
    let reader = Reader::open(&directory).unwrap();
    assert!(!reader.is_mapped());
    assert_reads_same(&reader, &model);
    store.checkpoint(&mut model).unwrap();
    let reader = Reader::open(&directory).unwrap();
    assert!(reader.is_mapped());
    assert_reads_same(&reader, &model);
    write(&mut store, &mut model, 10).unwrap();
    store.flush().unwrap();
    let newer = Reader::open(&directory).unwrap();
    assert!(!newer.is_mapped());
    assert_reads_same(&newer, &model);
    assert_reads_same(&reader, &oracle(&numbers(), 10));
}

#[test]
fn a_reader_outlives_its_generation() {
    let (_temporary, directory) = temporary();
    let (mut store, mut model) = Store::create(&directory, numbers()).unwrap();
    write(&mut store, &mut model, 40).unwrap();
    store.checkpoint(&mut model).unwrap();
    // Nothing is touched, and no covariance mapped, before the files have lost their names.
    let reader = Reader::open(&directory).unwrap();
    write(&mut store, &mut model, 40).unwrap();
    store.checkpoint(&mut model).unwrap();
    assert!(!directory.join("weights-1").exists());
    assert_reads_same(&reader, &oracle(&numbers(), 40));
    assert_reads_same(&Reader::open(&directory).unwrap(), &model);
}

#[test]
fn batches_and_explanations_agree_with_the_model() {
    let (_temporary, directory) = temporary();
    let (mut store, mut model) = Store::create(&directory, numbers()).unwrap();
    write(&mut store, &mut model, 200).unwrap();
    store.checkpoint(&mut model).unwrap();
    let mapped = Reader::open(&directory).unwrap();
    let x = ndarray::Array2::from_shape_fn((9, 3), |(row, input)| observation(row as u64).0[input]);
    assert_eq!(mapped.read_batch(x.view()).unwrap(), model.recall().read_batch(x.view()).unwrap());
    assert_eq!(
        mapped.read_batch_with_variance(x.view()).unwrap(),
        model.recall().read_batch_with_variance(model.covariances(), x.view()).unwrap()
    );
    let mut scratch = Scratch::default();
    let cue = observation(3).0;
    assert_eq!(
        mapped.explain(&cue, &mut scratch).unwrap(),
        model.recall().explain(&cue, &mut scratch).unwrap()
    );
    assert!(mapped.check_input(&cue).is_ok());
    assert!(mapped.check_input(&cue[1..]).is_err());
    assert_eq!(mapped.config(), &numbers());
}

#[test]
fn readers_open_and_read_while_a_writer_checkpoints() {
    let (_temporary, directory) = temporary();
    let (mut store, mut model) = Store::create(&directory, numbers()).unwrap();
    store.set_log_sizes(20_000, 0);
    write(&mut store, &mut model, 20).unwrap();
    store.checkpoint(&mut model).unwrap();
    let oracles: Vec<Vec<f32>> = {
        let cue = observation(1).0;
        let mut model = oracle(&numbers(), 19);
        (20..=320)
            .map(|_| {
                super::learn(&mut model, 1);
                let mut out = vec![0.0; 2];
                model.recall().read(&cue, &mut Scratch::default(), &mut out).unwrap();
                out
            })
            .collect()
    };
    let done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                let cue = observation(1).0;
                let mut last = 0;
                while !done.load(Ordering::Relaxed) {
                    let reader = Reader::open(&directory).unwrap();
                    let mut out = [0.0; 2];
                    reader.read(&cue, &mut Scratch::default(), &mut out).unwrap();
                    assert!(reader.sequence() >= last);
                    last = reader.sequence();
                    assert_eq!(out, *oracles[last as usize - 20]);
                }
            });
        }
        scope.spawn(|| {
            while !done.load(Ordering::Relaxed) {
                let verification = verify(&directory).unwrap();
                assert!(verification.is_sound(), "{:?}", verification.damages);
            }
        });
        for round in 0..100 {
            write(&mut store, &mut model, 3).unwrap();
            if round % 3 == 0 {
                store.flush().unwrap()
            } else {
                store.checkpoint(&mut model).unwrap()
            }
        }
        done.store(true, Ordering::Relaxed);
    });
}
