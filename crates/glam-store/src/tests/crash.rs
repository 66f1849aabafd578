//! Directories as a crash can leave them.

use std::fs;

use glam_core::{Config, Targets};

use super::{assert_reads_same, assert_same, copy, file_names, oracle, temporary, tiny, write};
use crate::log::HEADER_BYTES;
use crate::{Error, Reader, Store, verify};

const NUMBERS: Targets = Targets::Numbers(super::OUTPUTS as u32);

/// A log of `count` flushed observations and nothing else, and where its frames end.
fn logged(config: &Config, directory: &std::path::Path, count: u64) -> Vec<usize> {
    let (mut store, mut model) = Store::create(directory, config.clone()).unwrap();
    let mut ends = vec![HEADER_BYTES];
    for _ in 0..count {
        write(&mut store, &mut model, 1).unwrap();
        store.flush().unwrap();
        ends.push(fs::metadata(directory.join("log-1")).unwrap().len() as usize);
    }
    ends
}

#[test]
fn a_log_cut_at_any_byte_opens_with_exactly_the_whole_frames() {
    for targets in [NUMBERS, Targets::Labels] {
        let config = tiny(targets);
        let (temporary, directory) = temporary();
        let ends = logged(&config, &directory, 4);
        let log = fs::read(directory.join("log-1")).unwrap();
        let models: Vec<_> = (0..=5).map(|count| oracle(&config, count)).collect();
        for length in 0..=log.len() {
            let crashed = temporary.path().join("crashed");
            copy(&directory, &crashed);
            fs::write(crashed.join("log-1"), &log[..length]).unwrap();
            if length < HEADER_BYTES {
                assert!(matches!(Store::open(&crashed), Err(Error::Truncated { .. })));
                assert!(matches!(Reader::open(&crashed), Err(Error::Truncated { .. })));
                continue;
            }
            let whole = ends.iter().rposition(|&end| end <= length).unwrap();
            // Beside a writer the end of the log may be half written: reading changes nothing.
            assert_eq!(Reader::open(&crashed).unwrap().sequence(), whole as u64);
            let verification = verify(&crashed).unwrap();
            assert!(verification.is_sound(), "{:?}", verification.damages);
            // Zeros at the end may be what a writer keeps ready.
            let torn = log[ends[whole]..length].iter().rposition(|&byte| byte != 0);
            assert_eq!(verification.torn_bytes, torn.map_or(0, |last| last as u64 + 1));
            assert_eq!(fs::metadata(crashed.join("log-1")).unwrap().len(), length as u64);

            let (mut store, mut model) = Store::open(&crashed).unwrap();
            assert_same(&model, &models[whole]);
            assert_eq!(fs::metadata(crashed.join("log-1")).unwrap().len(), ends[whole] as u64);
            write(&mut store, &mut model, 1).unwrap();
            drop(store);
            assert_same(&Store::open(&crashed).unwrap().1, &models[whole + 1]);
        }
    }
}

#[test]
fn a_log_cut_before_the_replay_starts_is_an_error() {
    let (_temporary, directory) = temporary();
    let (mut store, mut model) = Store::create(&directory, tiny(NUMBERS)).unwrap();
    write(&mut store, &mut model, 5).unwrap();
    store.close(&mut model).unwrap();
    let log = fs::read(directory.join("log-1")).unwrap();
    fs::write(directory.join("log-1"), &log[..log.len() - 1]).unwrap();
    assert!(matches!(Store::open(&directory), Err(Error::Truncated { .. })));
    assert!(matches!(Reader::open(&directory), Err(Error::Truncated { .. })));
    assert!(matches!(Store::rebuild(&directory), Err(Error::Sequence { .. })));
    assert_eq!(fs::read(directory.join("log-1")).unwrap().len(), log.len() - 1);
    assert_eq!(verify(&directory).unwrap().damages.len(), 1);
}

#[test]
fn whatever_the_moment_a_copy_holds_at_least_what_was_flushed() {
    let (temporary, directory) = temporary();
    let config = tiny(Targets::Labels);
    let (mut store, mut model) = Store::create(&directory, config.clone()).unwrap();
    store.set_log_sizes(1500, 0);
    for moment in 0..60 {
        write(&mut store, &mut model, 1 + moment % 5).unwrap();
        match moment % 7 {
            2 | 4 => store.flush().unwrap(),
            5 => store.checkpoint(&mut model).unwrap(),
            _ => {}
        }
        let crashed = temporary.path().join(format!("crashed-{moment}"));
        copy(&directory, &crashed);
        let (opened, found) = Store::open(&crashed).unwrap();
        let sequence = found.recall().sequence();
        assert!(sequence >= store.flushed() && sequence <= store.sequence());
        assert_same(&found, &oracle(&config, sequence));
        drop(opened);
        assert!(verify(&crashed).unwrap().is_sound());
    }
}

#[test]
fn a_checkpoint_cut_anywhere_leaves_one_generation_whole() {
    let (temporary, directory) = temporary();
    let config = tiny(NUMBERS);
    let (mut store, mut model) = Store::create(&directory, config).unwrap();
    store.set_log_sizes(600, 0);
    write(&mut store, &mut model, 4).unwrap();
    store.checkpoint(&mut model).unwrap();
    write(&mut store, &mut model, 20).unwrap();
    store.flush().unwrap();
    let before = temporary.path().join("before");
    copy(&directory, &before);
    store.checkpoint(&mut model).unwrap();
    drop(store);
    let new = ["structure-2", "weights-2", "covariances-2", "history-2"];
    let kept = file_names(&directory);
    assert!(new.iter().all(|name| kept.contains(&(*name).to_owned())), "{kept:?}");

    // The new files come one after the other, each first under another name and half written.
    for done in 0..=new.len() {
        for half in [false, true] {
            let crashed = temporary.path().join(format!("crashed-{done}-{half}"));
            copy(&before, &crashed);
            for name in &new[..done] {
                fs::copy(directory.join(name), crashed.join(name)).unwrap();
            }
            let next = new.get(done).copied().unwrap_or("MANIFEST");
            if half {
                let bytes = fs::read(directory.join(next)).unwrap();
                fs::write(crashed.join(format!("{next}.new")), &bytes[..bytes.len() / 2]).unwrap();
            }
            assert_reads_same(&Reader::open(&crashed).unwrap(), &model);
            assert!(verify(&crashed).unwrap().is_sound());
            let (mut store, mut reopened) = Store::open(&crashed).unwrap();
            assert_same(&reopened, &model);
            assert_eq!(file_names(&crashed), file_names(&before));
            store.checkpoint(&mut reopened).unwrap();
            drop(store);
            assert_same(&Store::open(&crashed).unwrap().1, &model);
        }
    }

    // The manifest was replaced, the old generation not yet removed.
    let crashed = temporary.path().join("crashed");
    copy(&before, &crashed);
    copy(&directory, &crashed);
    assert!(Reader::open(&crashed).unwrap().is_mapped());
    assert_same(&Store::open(&crashed).unwrap().1, &model);
    assert_eq!(file_names(&crashed), kept);
}

#[test]
fn a_creation_that_was_cut_can_be_done_again() {
    let (temporary, directory) = temporary();
    drop(Store::create(&directory, tiny(NUMBERS)).unwrap());
    for left in [vec!["LOCK"], vec!["LOCK", "log-1"], vec!["log-1"]] {
        let crashed = temporary.path().join(format!("crashed-{}", left.join("-")));
        fs::create_dir(&crashed).unwrap();
        for name in &left {
            fs::copy(directory.join(name), crashed.join(name)).unwrap();
        }
        fs::write(crashed.join("MANIFEST.new"), b"GLAM").unwrap();
        assert!(matches!(Store::open(&crashed), Err(Error::NotAMemory { .. })));
        let (mut store, mut model) = Store::create(&crashed, tiny(NUMBERS)).unwrap();
        write(&mut store, &mut model, 2).unwrap();
        store.close(&mut model).unwrap();
        assert_eq!(Reader::open(&crashed).unwrap().sequence(), 2);
    }
}

#[test]
fn a_lost_page_of_a_group_that_was_never_flushed_is_cut_off() {
    let (temporary, directory) = temporary();
    let config = tiny(NUMBERS);
    let (mut store, mut model) = Store::create(&directory, config.clone()).unwrap();
    write(&mut store, &mut model, 10).unwrap();
    store.flush().unwrap();
    let flushed = fs::metadata(directory.join("log-1")).unwrap().len() as usize;
    write(&mut store, &mut model, 300).unwrap();
    drop(store);
    let log = fs::read(directory.join("log-1")).unwrap();
    for page in (4096..log.len() - 8192).step_by(4096) {
        let crashed = temporary.path().join(format!("crashed-{page}"));
        copy(&directory, &crashed);
        let mut bytes = log.clone();
        bytes[page..page + 4096].fill(0);
        fs::write(crashed.join("log-1"), &bytes).unwrap();
        let (store, found) = Store::open(&crashed).unwrap();
        let sequence = found.recall().sequence();
        assert!((10..310).contains(&sequence));
        assert_same(&found, &oracle(&config, sequence));
        drop(store);
    }
    // Lost bytes that were flushed are damage.
    let mut bytes = log;
    bytes[flushed - 100..flushed].fill(0);
    fs::write(directory.join("log-1"), &bytes).unwrap();
    assert!(matches!(Store::open(&directory), Err(Error::DamagedFrame { .. })));
}
