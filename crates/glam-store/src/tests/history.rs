//! The history, and observations with a weight in it.

use std::fs;
use std::path::Path;

use glam_core::{Config, Model, Targets};

use super::{assert_reads_same, assert_same, observation, on, target, temporary, tiny, write};
use crate::{Error, History, Reader, Result, Store, verify};

const NUMBERS: Targets = Targets::Numbers(super::OUTPUTS as u32);

/// The weight of observation `sequence`: plain ones between others.
fn weight(sequence: u64) -> f32 {
    [1.0, 2.5, 1e-6, 1.0, 1e6][(sequence % 5) as usize]
}

/// Writes the next `count` observations, each with its weight, to log and model.
fn write_weighted(store: &mut Store, model: &mut Model, count: u64) -> Result<()> {
    for _ in 0..count {
        let sequence = model.recall().sequence() + 1;
        let (x, y, class) = observation(sequence);
        let target = target(model.recall().config(), &y, class);
        store.append(sequence, &x, target, weight(sequence))?;
        model.write_weighted(&x, target, weight(sequence))?;
    }
    Ok(())
}

/// Fails unless the history is the observations 1 to `count`.
fn check(mut history: History, config: &Config, count: u64, weight: fn(u64) -> f32) {
    assert_eq!(history.last(), count);
    for sequence in 1..=count {
        let (x, y, class) = observation(sequence);
        let found = history.next().unwrap().unwrap();
        assert_eq!((found.sequence, found.x), (sequence, &x[..]));
        assert_eq!(found.weight, weight(sequence));
        match (found.target, target(config, &y, class)) {
            (glam_core::Target::Label(found), glam_core::Target::Label(label)) => {
                assert_eq!(found.text(), label.text());
            }
            (found, target) => assert_eq!(found, target),
        }
    }
    assert!(history.next().unwrap().is_none());
    assert!(history.next().unwrap().is_none());
}

#[test]
fn the_history_is_every_observation_in_order_over_all_log_files() {
    for targets in [NUMBERS, Targets::Labels] {
        let (_temporary, directory) = temporary();
        let config = tiny(targets);
        let (mut store, mut model) = Store::create(&directory, config.clone()).unwrap();
        check(store.history().unwrap(), &config, 0, weight);
        store.set_log_sizes(500, 0);
        let mut count = 0;
        for round in 1..=6 {
            write_weighted(&mut store, &mut model, 7).unwrap();
            count += 7;
            // Some is still buffered.
            check(store.history().unwrap(), &config, count, weight);
            if round % 2 == 0 {
                store.checkpoint(&mut model).unwrap();
                check(store.history().unwrap(), &config, count, weight);
            }
        }
        assert!(directory.join("log-3").exists());
        drop(store);
        check(Reader::open(&directory).unwrap().history().unwrap(), &config, count, weight);
        check(Store::open(&directory).unwrap().0.history().unwrap(), &config, count, weight);
    }
}

#[test]
fn a_history_beside_a_writer_stays_at_its_moment() {
    let (_temporary, directory) = temporary();
    let config = tiny(NUMBERS);
    let (mut store, mut model) = Store::create(&directory, config.clone()).unwrap();
    store.set_log_sizes(500, 0);
    write_weighted(&mut store, &mut model, 9).unwrap();
    store.checkpoint(&mut model).unwrap();
    write_weighted(&mut store, &mut model, 4).unwrap();
    store.flush().unwrap();
    let reader = Reader::open(&directory).unwrap();
    let (read, written) = (reader.history().unwrap(), store.history().unwrap());
    // More observations, in the file and behind it.
    write_weighted(&mut store, &mut model, 20).unwrap();
    store.checkpoint(&mut model).unwrap();
    write_weighted(&mut store, &mut model, 5).unwrap();
    store.flush().unwrap();
    check(read, &config, 13, weight);
    check(written, &config, 13, weight);
    check(reader.history().unwrap(), &config, 13, weight);
    check(store.history().unwrap(), &config, 38, weight);
    check(Reader::open(&directory).unwrap().history().unwrap(), &config, 38, weight);
}

#[test]
fn a_history_says_where_the_log_is_damaged() {
    let (_temporary, directory) = temporary();
    let (mut store, mut model) = Store::create(&directory, tiny(NUMBERS)).unwrap();
    write_weighted(&mut store, &mut model, 6).unwrap();
    store.checkpoint(&mut model).unwrap();
    write_weighted(&mut store, &mut model, 1).unwrap();
    store.flush().unwrap();
    drop(store);
    let path = directory.join("log-1");
    let log = fs::read(&path).unwrap();
    // The snapshot covers it, so that a reader opens; the history does not.
    let mut bytes = log.clone();
    bytes[crate::log::HEADER_BYTES + 50] ^= 1;
    fs::write(&path, &bytes).unwrap();
    let mut history = Reader::open(&directory).unwrap().history().unwrap();
    let damaged = std::iter::from_fn(|| history.next().map(|found| found.map(drop)).transpose());
    let errors: Vec<_> = damaged.take(9).filter_map(Result::err).collect();
    assert!(matches!(errors[0], Error::DamagedFrame { .. }), "{errors:?}");
    // A file that was cut short beside the reader.
    fs::write(&path, &log).unwrap();
    let reader = Reader::open(&directory).unwrap();
    fs::write(&path, &log[..log.len() - 1]).unwrap();
    let mut history = reader.history().unwrap();
    for _ in 0..6 {
        history.next().unwrap();
    }
    let short = history.next().unwrap_err();
    assert!(matches!(short, Error::Sequence { expected: 7, got: 6, .. }), "{short}");
}

#[test]
fn weighted_observations_are_replayed_bit_for_bit() {
    for targets in [NUMBERS, Targets::Labels] {
        let (_temporary, directory) = temporary();
        let (mut store, mut model) = Store::create(&directory, tiny(targets)).unwrap();
        write_weighted(&mut store, &mut model, 30).unwrap();
        store.checkpoint(&mut model).unwrap();
        // The snapshot is still warming up: its weights are in it.
        write_weighted(&mut store, &mut model, 30).unwrap();
        store.flush().unwrap();
        assert_reads_same(&Reader::open(&directory).unwrap(), &model);
        drop(store);
        assert_same(&Store::open(&directory).unwrap().1, &model);
        assert_same(&Store::rebuild(&directory).unwrap().1, &model);
        let verification = verify(&directory).unwrap();
        assert!(verification.is_sound());
        assert_eq!((verification.frames, verification.erased), (60, 0));
    }
}

#[test]
fn a_weight_of_one_makes_the_same_log_and_a_bad_one_none() {
    let (temporary, directory) = temporary();
    let (mut store, mut model) = Store::create(&directory, tiny(NUMBERS)).unwrap();
    write(&mut store, &mut model, 3).unwrap();
    store.flush().unwrap();
    let log = |directory: &Path| fs::read(directory.join("log-1")).unwrap();
    let before = log(&directory);
    let (x, y, _) = observation(4);
    for bad in [0.0, -1.0, 0.9e-6, 1.1e6, f32::NAN, f32::INFINITY] {
        let refused = store.append(4, &x, (&y).into(), bad).unwrap_err();
        assert!(matches!(refused, Error::Core(glam_core::Error::Weight { .. })));
    }
    store.flush().unwrap();
    assert_eq!(log(&directory), before);
    drop(store);
    // A weight that is out of range in a frame whose checksum is right.
    let forged = temporary.path().join("forged");
    let (mut store, mut model) = Store::create(&forged, tiny(NUMBERS)).unwrap();
    write_weighted(&mut store, &mut model, 3).unwrap();
    drop(store);
    let mut bytes = log(&forged);
    let layout = crate::manifest::Manifest::read(&on(&forged))
        .map(|manifest| crate::log::Header::new(manifest.memory, &manifest.config, 1, 1).layout())
        .unwrap();
    let start = crate::log::HEADER_BYTES;
    let frame = &mut bytes[start..start + layout.longest()];
    frame[24..28].copy_from_slice(&f32::NAN.to_le_bytes());
    let checksum = layout.checksum(frame);
    frame[4..8].copy_from_slice(&checksum.to_le_bytes());
    fs::write(forged.join("log-1"), bytes).unwrap();
    let refused = Store::open(&forged).unwrap_err();
    assert!(matches!(refused, Error::Malformed { what: "a weight is out of range", .. }));
    assert_eq!(verify(&forged).unwrap().damages.len(), 1);
}
