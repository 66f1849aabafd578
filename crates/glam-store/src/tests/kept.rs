//! The history segment: who reads it, and who goes without.

use std::fs;
use std::path::Path;

use glam_core::{Config, Model, Rehearse, Targets};

use super::{
    assert_reads_same, assert_same, file_names, learn, noise, on, oracle, temporary, tiny, write,
};
use crate::manifest::{Manifest, Segment};
use crate::segment::header::{self, Header};
use crate::segment::{Kind, Named, Opened, Stamp, history};
use crate::{Error, Place, Reader, Store, verify};

const NUMBERS: Targets = Targets::Numbers(super::OUTPUTS as u32);
/// Bytes of a history that holds nothing: the lengths of its four lists.
const EMPTY: u64 = 16;
/// Bytes of a kept row: inputs, two numbers, the weight.
const ROW: u64 = 4 * (super::INPUTS as u64 + super::OUTPUTS as u64 + 1);

/// A small memory that rehearses, and keeps so many rows of numbers.
fn rehearsing(rehearse: Rehearse, targets: Targets, rows: u64) -> Config {
    Config::builder(super::INPUTS, targets)
        .tables(2)
        .levels([1])
        .warm_up(6)
        .rehearse(rehearse)
        .history_bytes(rows * ROW)
        .build()
        .unwrap()
}

fn stamp(manifest: &Manifest) -> Stamp {
    let Manifest { memory, generation, sequence, .. } = *manifest;
    Stamp { memory, generation, sequence }
}

/// Puts `body` in the place of what the snapshot keeps.
fn keep(directory: &Path, body: &[u8]) -> Manifest {
    let mut manifest = Manifest::read(&on(directory)).unwrap();
    manifest.history = history::write(&on(directory), stamp(&manifest), body).unwrap();
    manifest.write(&on(directory)).unwrap();
    manifest
}

/// A memory with `count` observations in its snapshot and `tail` behind it in the log.
fn memory(directory: &Path, config: Config, count: u64, tail: u64) -> Model {
    let (mut store, mut model) = Store::create(directory, config).unwrap();
    write(&mut store, &mut model, count).unwrap();
    store.checkpoint(&mut model).unwrap();
    write(&mut store, &mut model, tail).unwrap();
    model
}

#[test]
fn a_body_comes_back_bit_for_bit() {
    let (_temporary, directory) = temporary();
    memory(&directory, tiny(NUMBERS), 3, 0);
    for length in [0, 1, 63, 64, 65, 3 << 20] {
        let body: Vec<u8> = (0..length).map(|at| noise(at).to_bits() as u8).collect();
        let manifest = keep(&directory, &body);
        let opened =
            Opened::open(&on(&directory), &Named::of_generation(Kind::History, &manifest)).unwrap();
        assert!(history::read(&opened).unwrap() == body, "{length}");
    }
}

#[test]
fn the_kept_rows_are_in_the_history_and_counted() {
    for (rows, expected) in [(0, 0), (10, 10), (1000, 40)] {
        let (_temporary, directory) = temporary();
        memory(&directory, rehearsing(Rehearse::Fixed(2), NUMBERS, rows), 40, 0);
        let files = Reader::open(&directory).unwrap().files().unwrap();
        assert_eq!(files.history, header::BYTES as u64 + EMPTY + expected * ROW);
        let verification = verify(&directory).unwrap();
        assert!(verification.is_sound(), "{:?}", verification.damages);
        assert_eq!((verification.files, verification.bytes), (7, files.total()));
    }
    // While it warms up, and where nothing may be rehearsed, none are kept.
    for (rehearse, count) in [(Rehearse::Fixed(2), 5), (Rehearse::Fixed(0), 40)] {
        let (_temporary, directory) = temporary();
        memory(&directory, rehearsing(rehearse, NUMBERS, 1000), count, 0);
        let files = Reader::open(&directory).unwrap().files().unwrap();
        assert_eq!(files.history, header::BYTES as u64 + EMPTY);
        Store::open(&directory).unwrap();
    }
}

#[test]
fn a_writer_that_rehearses_goes_on_after_a_reopen_as_if_never_closed() {
    for targets in [NUMBERS, Targets::Labels] {
        for rehearse in [Rehearse::Fixed(3), Rehearse::Auto] {
            // Few enough for every other write to take the place of another, or all of them.
            for rows in [20, 10_000] {
                let config = rehearsing(rehearse, targets, rows);
                let (_temporary, directory) = temporary();
                let mut never_closed = Model::new(config.clone());
                let (mut store, mut model) = Store::create(&directory, config.clone()).unwrap();
                for count in [3, 3, 1, 40, 100] {
                    write(&mut store, &mut model, count).unwrap();
                    store.close(&mut model).unwrap();
                    learn(&mut never_closed, count);
                    (store, model) = Store::open(&directory).unwrap();
                    assert_same(&model, &never_closed);
                }
                // And by a replay over the snapshot, in a reader too.
                write(&mut store, &mut model, 50).unwrap();
                learn(&mut never_closed, 50);
                drop(store);
                assert_reads_same(&Reader::open(&directory).unwrap(), &never_closed);
                let (mut store, mut model) = Store::open(&directory).unwrap();
                assert_same(&model, &never_closed);
                write(&mut store, &mut model, 50).unwrap();
                learn(&mut never_closed, 50);
                assert_same(&model, &never_closed);
            }
        }
    }
    // Where a write rehearses, what is kept decides: the test could fail.
    let with = oracle(&rehearsing(Rehearse::Fixed(3), NUMBERS, 20), 100);
    let without = oracle(&rehearsing(Rehearse::Fixed(0), NUMBERS, 20), 100);
    let weights = |model: &Model| model.state().weights.to_vec().unwrap();
    assert!(weights(&with) != weights(&without));
}

#[test]
fn a_generation_takes_its_history_along_when_it_goes() {
    let (_temporary, directory) = temporary();
    let (mut store, mut model) = Store::create(&directory, tiny(NUMBERS)).unwrap();
    for generation in 1..4 {
        write(&mut store, &mut model, 3).unwrap();
        store.checkpoint(&mut model).unwrap();
        let kept: Vec<String> =
            file_names(&directory).into_iter().filter(|name| name.starts_with("history")).collect();
        assert_eq!(kept, [format!("history-{generation}")]);
    }
    drop(store);
    // What a crash leaves of other generations is a stray.
    fs::write(directory.join("history-2"), b"x").unwrap();
    fs::write(directory.join("history-4"), b"x").unwrap();
    assert!(verify(&directory).unwrap().is_sound());
    drop(Store::open(&directory).unwrap());
    assert!(!directory.join("history-2").exists() && !directory.join("history-4").exists());
    assert!(directory.join("history-3").exists());
}

#[test]
fn only_who_makes_a_model_reads_the_history() {
    let config = rehearsing(Rehearse::Fixed(2), NUMBERS, 8);
    let (_temporary, directory) = temporary();
    let snapshot = memory(&directory, config.clone(), 12, 0);
    let (_other, tailed) = temporary();
    let replayed = memory(&tailed, config, 12, 2);
    let path = |directory: &Path| directory.join("history-1");
    let length = fs::metadata(path(&directory)).unwrap().len();
    assert_eq!(length, header::BYTES as u64 + EMPTY + 8 * ROW);
    for byte in 0..length as usize {
        let bits = 1 << (byte % 8);
        for directory in [&directory, &tailed] {
            super::damage::flip(&path(directory), byte, bits);
            let error = Store::open(directory).map(drop).unwrap_err();
            assert!(error.to_string().contains("history-1"), "{byte}: {error}");
            let damages = verify(directory).unwrap().damages;
            assert_eq!((damages.len(), &damages[0].path), (1, &path(directory)), "{byte}");
        }
        let error = Store::open(&directory).map(drop).unwrap_err();
        assert!(byte < header::BYTES || matches!(error, Error::Checksum { .. }), "{error}");
        let reader = Reader::open(&directory).unwrap();
        assert!(reader.is_mapped());
        assert_reads_same(&reader, &snapshot);
        assert!(Reader::open(&tailed).is_err(), "{byte}");
        for directory in [&directory, &tailed] {
            super::damage::flip(&path(directory), byte, bits);
        }
    }
    assert!(verify(&directory).unwrap().is_sound() && verify(&tailed).unwrap().is_sound());

    // The same without the file; the log makes all of it again.
    for (directory, model) in [(&directory, &snapshot), (&tailed, &replayed)] {
        fs::remove_file(path(directory)).unwrap();
        match Store::open(directory).map(drop).unwrap_err() {
            Error::Io { path: found, .. } => assert_eq!(found, path(directory)),
            other => panic!("{other}"),
        }
        match Reader::open(directory) {
            Ok(reader) => {
                assert!(reader.is_mapped());
                assert_reads_same(&reader, model);
            }
            Err(Error::Io { path: found, .. }) => {
                assert_eq!((directory, found), (&tailed, path(directory)));
            }
            Err(other) => panic!("{other}"),
        }
        let damages = verify(directory).unwrap().damages;
        assert_eq!((damages.len(), damages[0].place), (1, Place::File));
        assert_eq!(damages[0].path, path(directory));
        let (store, mut rebuilt) = Store::rebuild(directory).unwrap();
        assert_same(&rebuilt, model);
        store.close(&mut rebuilt).unwrap();
        assert!(verify(directory).unwrap().is_sound());
        assert_same(&Store::open(directory).unwrap().1, model);
    }
}

#[test]
fn a_history_that_is_not_the_structures_is_damage_of_its_file() {
    let (_temporary, directory) = temporary();
    let config = rehearsing(Rehearse::Fixed(2), NUMBERS, 8);
    let model = memory(&directory, config.clone(), 12, 0);
    let state = model.state();
    let mut longer = state.history.clone();
    longer.push(0);
    let fewer = oracle(&config, 7).state().history;
    let mut negative = state.history.clone();
    let end = negative.len();
    negative[end - 4..].copy_from_slice(&(-1_f32).to_bits().to_le_bytes());
    let labels = oracle(&rehearsing(Rehearse::Fixed(2), Targets::Labels, 8), 12).state().history;
    for body in [Vec::new(), vec![0; 16], longer, fewer, negative, labels, vec![0xFF; 64]] {
        keep(&directory, &body);
        match Store::open(&directory).map(drop).unwrap_err() {
            Error::Damaged { path, .. } => assert_eq!(path, directory.join("history-1")),
            other => panic!("{other}"),
        }
        let damages = verify(&directory).unwrap().damages;
        assert_eq!((damages.len(), &damages[0].path), (1, &directory.join("history-1")));
        assert!(Reader::open(&directory).unwrap().is_mapped());
    }
    keep(&directory, &state.history);
    assert_same(&Store::open(&directory).unwrap().1, &model);
}

#[test]
fn a_history_that_counts_or_claims_what_it_lacks_is_refused() {
    let (_temporary, directory) = temporary();
    memory(&directory, tiny(NUMBERS), 3, 0);
    let body = b"kept";
    for (count, size) in [(1, 4), (u64::MAX, 4), (0, 3), (0, 5), (0, u64::MAX)] {
        let mut manifest = Manifest::read(&on(&directory)).unwrap();
        let header =
            Header { stamp: stamp(&manifest), count, size, body_checksum: crc32c::crc32c(body) };
        let bytes = header.encode(Kind::History);
        fs::write(directory.join("history-1"), [&bytes[..], body].concat()).unwrap();
        manifest.history = Segment::of(&bytes, 68);
        manifest.write(&on(&directory)).unwrap();
        let error = Store::open(&directory).map(drop).unwrap_err();
        let refused = matches!(
            error,
            Error::Malformed { .. } | Error::Truncated { .. } | Error::Damaged { .. }
        );
        assert!(refused, "{count} {size}: {error}");
        assert_eq!(verify(&directory).unwrap().damages.len(), 1);
    }
}
