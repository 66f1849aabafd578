//! Observations that are erased, and what a crash leaves on the way.

use std::fs;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

use glam_core::{Config, Model, Targets};

use super::{
    assert_reads_same, assert_same, copy, file_names, numbers, observation, on, oracle, target,
    temporary, tiny, write,
};
use crate::bytes::{of_floats, put};
use crate::erasure::layout as intent;
use crate::log::{self, HEADER_BYTES};
use crate::manifest::Manifest;
use crate::{Error, History, Reader, Store, verify};

const NUMBERS: Targets = Targets::Numbers(super::OUTPUTS as u32);

/// A model that wrote the first `count` observations but for those in `erased`, which it skipped.
fn without(config: &Config, count: u64, erased: &[u64]) -> Model {
    let mut model = Model::new(config.clone());
    for sequence in 1..=count {
        if erased.contains(&sequence) {
            model.skip();
        } else {
            let (x, y, class) = observation(sequence);
            model.write(&x, target(config, &y, class)).unwrap();
        }
    }
    model
}

/// The model that a history makes, and its sequence numbers.
fn rebuilt(config: &Config, mut history: History) -> (Model, Vec<u64>) {
    let mut model = Model::new(config.clone());
    let mut found = Vec::new();
    while let Some(next) = history.next().unwrap() {
        while model.recall().sequence() + 1 < next.sequence {
            model.skip();
        }
        model.write_weighted(next.x, next.target, next.weight).unwrap();
        found.push(next.sequence);
    }
    while model.recall().sequence() < history.last() {
        model.skip();
    }
    (model, found)
}

/// Erases an observation to the end.
fn erase(store: &mut Store, config: &Config, sequence: u64) -> Model {
    store.erase(sequence).unwrap();
    let (mut model, _) = rebuilt(config, store.history().unwrap());
    store.checkpoint(&mut model).unwrap();
    store.finish_erase().unwrap();
    model
}

/// Where the frame of observation `sequence` starts and ends in a log file whose first it is not.
fn frame(directory: &Path, sequence: u64) -> (String, usize, usize) {
    let manifest = Manifest::read(&on(directory)).unwrap();
    let found = log::locate(&on(directory), &manifest, sequence, sequence).unwrap();
    let start = found.offset as usize;
    (format!("log-{}", found.log), start, start + found.fixed.length)
}

#[test]
fn an_erased_observation_is_gone_from_model_log_and_snapshot() {
    for targets in [NUMBERS, Targets::Labels] {
        let config = tiny(targets);
        // Rolled into several files; the last observations are in no snapshot.
        let (temporary, directory) = temporary();
        let (mut store, mut model) = Store::create(&directory, config.clone()).unwrap();
        store.set_log_sizes(400, 0);
        for _ in 0..3 {
            write(&mut store, &mut model, 12).unwrap();
            store.checkpoint(&mut model).unwrap();
        }
        write(&mut store, &mut model, 4).unwrap();
        drop(store);
        assert!(directory.join("log-3").exists());
        for sequence in 1..=40 {
            let copied = temporary.path().join(format!("copy-{sequence}"));
            copy(&directory, &copied);
            let (mut store, _) = Store::open(&copied).unwrap();
            let (file, start, end) = frame(&copied, sequence);
            let before = fs::read(copied.join(&file)).unwrap();
            let model = erase(&mut store, &config, sequence);
            assert_same(&model, &without(&config, 40, &[sequence]));
            drop(store);

            // Nothing of the observation is left in any file, and nothing else has changed.
            let after = fs::read(copied.join(&file)).unwrap();
            assert_eq!(after.len(), before.len());
            assert_eq!(after[..start], before[..start]);
            assert_eq!(after[end..], before[end..]);
            assert!(after[start + 24..end].iter().all(|&byte| byte == 0));
            let (x, ..) = observation(sequence);
            let payload = of_floats(&x);
            for name in file_names(&copied) {
                let bytes = fs::read(copied.join(&name)).unwrap();
                assert!(!bytes.windows(payload.len()).any(|found| found == payload), "{name}");
            }

            let reader = Reader::open(&copied).unwrap();
            assert_reads_same(&reader, &model);
            let (again, found) = rebuilt(&config, reader.history().unwrap());
            assert_same(&again, &model);
            assert_eq!(found, (1..=40).filter(|&found| found != sequence).collect::<Vec<_>>());
            assert_same(&Store::open(&copied).unwrap().1, &model);
            assert_same(&Store::rebuild(&copied).unwrap().1, &model);
            let verification = verify(&copied).unwrap();
            assert!(verification.is_sound(), "{:?}", verification.damages);
            assert_eq!((verification.frames, verification.erased), (39, 1));
        }
    }
}

#[test]
fn a_memory_goes_on_after_erasures_and_can_lose_everything() {
    let config = numbers();
    let (_temporary, directory) = temporary();
    let (mut store, mut model) = Store::create(&directory, config.clone()).unwrap();
    write(&mut store, &mut model, 10).unwrap();
    let mut erased = Vec::new();
    for sequence in [10, 1, 5, 4] {
        model = erase(&mut store, &config, sequence);
        erased.push(sequence);
        write(&mut store, &mut model, 1).unwrap();
        let expected = without(&config, 10 + erased.len() as u64, &erased);
        assert_same(&model, &expected);
    }
    store.close(&mut model).unwrap();
    let (mut store, reopened) = Store::open(&directory).unwrap();
    assert_same(&reopened, &model);
    for sequence in (1..=14).filter(|sequence| !erased.contains(sequence)) {
        model = erase(&mut store, &config, sequence);
    }
    assert_same(&model, &without(&config, 14, &(1..=14).collect::<Vec<_>>()));
    store.close(&mut model).unwrap();
    let reader = Reader::open(&directory).unwrap();
    assert_eq!((reader.sequence(), reader.report().slots), (14, 0));
    let (mut store, mut model) = Store::open(&directory).unwrap();
    write(&mut store, &mut model, 1).unwrap();
    assert_same(&model, &without(&config, 15, &(1..=14).collect::<Vec<_>>()));
    store.close(&mut model).unwrap();
    assert!(verify(&directory).unwrap().is_sound());
}

#[test]
fn what_cannot_be_erased_is_refused_and_nothing_changes() {
    let config = tiny(NUMBERS);
    let (_temporary, directory) = temporary();
    let (mut store, mut model) = Store::create(&directory, config.clone()).unwrap();
    assert!(matches!(store.erase(1), Err(Error::NoObservation { sequence: 1, last: 0, .. })));
    write(&mut store, &mut model, 5).unwrap();
    model = erase(&mut store, &config, 3);
    let files = || -> Vec<(String, Vec<u8>)> {
        let read = |name: String| (name.clone(), fs::read(directory.join(name)).unwrap());
        file_names(&directory).into_iter().map(read).collect()
    };
    let before = files();
    for sequence in [0, 6, u64::MAX] {
        let refused = store.erase(sequence).unwrap_err();
        assert!(matches!(refused, Error::NoObservation { last: 5, .. }), "{refused}");
    }
    assert!(matches!(store.erase(3), Err(Error::Erased { sequence: 3, .. })));
    store.finish_erase().unwrap();
    // The intent cannot be written.
    fs::create_dir(directory.join("ERASE.new")).unwrap();
    assert!(matches!(store.erase(2), Err(Error::Io { .. })));
    fs::remove_dir(directory.join("ERASE.new")).unwrap();
    assert_eq!(files(), before);
    write(&mut store, &mut model, 1).unwrap();
    assert_same(&model, &without(&config, 6, &[3]));

    // Without a checkpoint the snapshot may still hold it.
    store.erase(2).unwrap();
    assert!(matches!(store.finish_erase(), Err(Error::NotCheckpointed { .. })));
    assert!(directory.join("ERASE").exists());
    let (mut model, _) = rebuilt(&config, store.history().unwrap());
    store.checkpoint(&mut model).unwrap();
    assert!(directory.join("ERASE").exists());
    store.finish_erase().unwrap();
    store.finish_erase().unwrap();
    assert!(!directory.join("ERASE").exists());
}

#[test]
fn whatever_an_overwrite_leaves_of_the_frame_is_erased_by_the_next_opening() {
    let config = tiny(NUMBERS);
    let (temporary, directory) = temporary();
    let (mut store, mut model) = Store::create(&directory, config.clone()).unwrap();
    write(&mut store, &mut model, 3).unwrap();
    store.checkpoint(&mut model).unwrap();
    write(&mut store, &mut model, 3).unwrap();
    store.flush().unwrap();
    drop(store);
    // In the snapshot, behind it, and the last of all, behind which nothing tells a torn end.
    for sequence in [2, 5, 6] {
        let erased = temporary.path().join(format!("erased-{sequence}"));
        copy(&directory, &erased);
        let (_, start, end) = frame(&erased, sequence);
        let old = fs::read(erased.join("log-1")).unwrap();
        let (mut store, _) = Store::open(&erased).unwrap();
        store.erase(sequence).unwrap();
        drop(store);
        let new = fs::read(erased.join("log-1")).unwrap();
        let expected = without(&config, 6, &[sequence]);
        let with = oracle(&config, 6);
        for cut in start..=end {
            for (first, second) in [(&new, &old), (&old, &new)] {
                let torn = [&first[..cut], &second[cut..]].concat();
                fs::write(erased.join("log-1"), &torn).unwrap();
                let verification = verify(&erased).unwrap();
                assert!(verification.is_sound(), "{cut}: {:?}", verification.damages);
                assert_eq!(verification.torn_bytes, 0);
                // A reader opens the memory with the observation or without it.
                let reader = Reader::open(&erased).unwrap();
                let whole = torn == old;
                let known = sequence <= 3 || whole;
                assert_reads_same(&reader, if known { &with } else { &expected });
                let (_, found) = rebuilt(&config, reader.history().unwrap());
                assert_eq!(found.contains(&sequence), whole);
                assert_eq!(found.len(), if whole { 6 } else { 5 });
                assert_eq!(fs::read(erased.join("log-1")).unwrap(), torn);

                let (store, model) = Store::open(&erased).unwrap();
                assert_same(&model, &expected);
                assert_eq!(fs::read(erased.join("log-1")).unwrap(), new);
                drop(store);
            }
        }
        // Any other frame that is bad is damage all the same.
        let mut bytes = new.clone();
        bytes[if sequence == 2 { end + 40 } else { start - 1 }] ^= 1;
        fs::write(erased.join("log-1"), &bytes).unwrap();
        assert!(Store::open(&erased).is_err());
        assert!(!verify(&erased).unwrap().is_sound());
    }
}

#[test]
fn a_crash_between_any_two_steps_leaves_the_memory_with_the_observation_or_without() {
    let config = tiny(Targets::Labels);
    let (temporary, directory) = temporary();
    let (mut store, mut model) = Store::create(&directory, config.clone()).unwrap();
    write(&mut store, &mut model, 4).unwrap();
    store.checkpoint(&mut model).unwrap();
    write(&mut store, &mut model, 4).unwrap();
    let mut moments = Vec::new();
    let mut moment = |name: &str| {
        let crashed = temporary.path().join(name);
        copy(&directory, &crashed);
        moments.push(crashed.clone());
        crashed
    };
    store.flush().unwrap();
    let before = moment("before");
    store.erase(3).unwrap();
    let bytes = fs::read(directory.join("ERASE")).unwrap();
    moment("overwritten");
    let (mut model, _) = rebuilt(&config, store.history().unwrap());
    moment("rebuilt");
    store.checkpoint(&mut model).unwrap();
    moment("checkpointed");
    store.finish_erase().unwrap();
    moment("finished");
    drop(store);
    // The intent half written, and whole with the frame as it was.
    let half = moment("half");
    copy(&before, &half);
    for name in file_names(&half) {
        if !before.join(&name).exists() {
            fs::remove_file(half.join(name)).unwrap();
        }
    }
    let intended = temporary.path().join("intended");
    copy(&half, &intended);
    fs::write(half.join("ERASE.new"), &bytes[..30]).unwrap();
    fs::write(intended.join("ERASE"), &bytes).unwrap();
    moments.push(intended);

    for crashed in moments {
        let name = crashed.file_name().unwrap().to_str().unwrap();
        let expected = match name {
            "before" | "half" => oracle(&config, 8),
            _ => without(&config, 8, &[3]),
        };
        assert!(verify(&crashed).unwrap().is_sound(), "{name}");
        Reader::open(&crashed).unwrap();
        // Opened and dropped, what was begun is still to be done; closed, it is done.
        let (store, found) = Store::open(&crashed).unwrap();
        assert_same(&found, &expected);
        drop(store);
        let (mut store, mut found) = Store::open(&crashed).unwrap();
        assert_same(&found, &expected);
        write(&mut store, &mut found, 2).unwrap();
        store.finish_erase().unwrap();
        store.close(&mut found).unwrap();
        assert!(!crashed.join("ERASE").exists() && !crashed.join("ERASE.new").exists(), "{name}");
        let reader = Reader::open(&crashed).unwrap();
        assert!(reader.is_mapped());
        assert_reads_same(&reader, &found);
        assert_same(&Store::open(&crashed).unwrap().1, &found);
        assert!(verify(&crashed).unwrap().is_sound(), "{name}");
    }
}

#[test]
fn one_erasure_may_follow_another_before_either_is_finished() {
    let config = tiny(NUMBERS);
    let (_temporary, directory) = temporary();
    let (mut store, mut model) = Store::create(&directory, config.clone()).unwrap();
    write(&mut store, &mut model, 6).unwrap();
    store.checkpoint(&mut model).unwrap();
    store.erase(2).unwrap();
    store.erase(4).unwrap();
    assert!(matches!(store.erase(2), Err(Error::Erased { .. })));
    drop(store);
    // The snapshot holds both; the one intent that is left is enough to distrust it.
    let (mut store, model) = Store::open(&directory).unwrap();
    assert_same(&model, &without(&config, 6, &[2, 4]));
    let mut model = erase(&mut store, &config, 6);
    assert_same(&model, &without(&config, 6, &[2, 4, 6]));
    store.close(&mut model).unwrap();
    assert!(!directory.join("ERASE").exists());
    assert_same(&Store::open(&directory).unwrap().1, &model);
}

#[test]
fn an_intent_that_is_damaged_or_names_another_frame_changes_nothing() {
    let config = tiny(NUMBERS);
    let (temporary, directory) = temporary();
    let (mut store, mut model) = Store::create(&directory, config).unwrap();
    write(&mut store, &mut model, 4).unwrap();
    store.flush().unwrap();
    let kept = fs::read(directory.join("log-1")).unwrap();
    store.erase(2).unwrap();
    drop(store);
    fs::write(directory.join("log-1"), &kept).unwrap();
    let bytes = fs::read(directory.join("ERASE")).unwrap();
    assert_eq!(bytes.len(), intent::BYTES);
    let refused = |bytes: &[u8], what: &dyn std::fmt::Debug| {
        fs::write(directory.join("ERASE"), bytes).unwrap();
        assert!(Store::open(&directory).is_err(), "{what:?}");
        assert_eq!(fs::read(directory.join("log-1")).unwrap(), kept, "{what:?}");
    };
    for bit in 0..8 * bytes.len() {
        let mut flipped = bytes.clone();
        flipped[bit / 8] ^= 1 << (bit % 8);
        refused(&flipped, &bit);
        assert!(!verify(&directory).unwrap().is_sound(), "{bit}");
    }
    (0..bytes.len()).for_each(|end| refused(&bytes[..end], &end));
    refused(&[&bytes[..], &[0]].concat(), &"longer");
    // With the right checksum, and another place or another frame.
    for field in [
        (intent::LENGTH, 4),
        (intent::MEMORY, 8),
        (intent::LOG, 8),
        (intent::OFFSET, 8),
        (intent::SEQUENCE, 8),
        (intent::UNFLUSHED, 4),
    ] {
        for value in [0, 1, 3, HEADER_BYTES as u64, 1 << 20, u64::MAX] {
            let mut forged = bytes.clone();
            put(&mut forged, field.0, &value.to_le_bytes()[..field.1]);
            if forged == bytes {
                continue;
            }
            let checksum = crc32c::crc32c(&forged[..intent::CHECKSUM]);
            put(&mut forged, intent::CHECKSUM, &checksum.to_le_bytes());
            refused(&forged, &(field, value));
        }
    }
    // That of another memory.
    let other = temporary.path().join("other");
    let (mut store, mut model) = Store::create(&other, tiny(NUMBERS)).unwrap();
    write(&mut store, &mut model, 4).unwrap();
    store.erase(2).unwrap();
    refused(&fs::read(other.join("ERASE")).unwrap(), &"other");
    fs::write(directory.join("ERASE"), &bytes).unwrap();
    Store::open(&directory).unwrap();
}

#[test]
fn readers_open_and_go_through_the_history_while_a_writer_erases() {
    let config = numbers();
    let (_temporary, directory) = temporary();
    let (mut store, mut model) = Store::create(&directory, config.clone()).unwrap();
    write(&mut store, &mut model, 60).unwrap();
    store.checkpoint(&mut model).unwrap();
    let done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while !done.load(Ordering::Relaxed) {
                let reader = Reader::open(&directory).unwrap();
                let mut history = reader.history().unwrap();
                while let Some(found) = history.next().unwrap() {
                    assert_eq!(found.x, observation(found.sequence).0);
                }
            }
        });
        scope.spawn(|| {
            while !done.load(Ordering::Relaxed) {
                let verification = verify(&directory).unwrap();
                assert!(verification.is_sound(), "{:?}", verification.damages);
                assert_eq!(verification.frames + verification.erased, 60);
            }
        });
        for sequence in 1..=60 {
            let sequence = sequence * 7 % 61;
            drop(erase(&mut store, &config, sequence));
        }
        done.store(true, Ordering::Relaxed);
    });
}
