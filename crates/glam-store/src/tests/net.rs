//! Memories that are built on a net.

use std::fs;

use glam_core::net::Activations;
use glam_core::{Scratch, Targets};

use super::{
    OUTPUTS, assert_reads_same, assert_same, bits, file_names, observation, oracle, over_net,
    temporary, write,
};
use crate::{Error, Reader, Store, backup, repair, verify};

const KINDS: [Targets; 2] = [Targets::Numbers(OUTPUTS as u32), Targets::Labels];

#[test]
fn the_files_of_a_memory_that_was_never_written_to_are_the_net() {
    for targets in KINDS {
        let (_temporary, directory) = temporary();
        let config = over_net(targets);
        let (store, mut model) = Store::create(&directory, config.clone()).unwrap();
        let net = config.basis().unwrap().net();
        let (mut out, mut expected) = ([0.0; OUTPUTS], [0.0; OUTPUTS]);
        let mut check = |read: &dyn Fn(&[f32], &mut [f32])| {
            for cue in 0..20 {
                let (x, ..) = observation(cue);
                net.forward(&x, &mut Activations::default(), &mut expected).unwrap();
                read(&x, &mut out);
                assert_eq!(bits(&out), bits(&expected));
            }
        };
        check(&|x, out| model.recall().read(x, &mut Scratch::default(), out).unwrap());
        store.close(&mut model).unwrap();
        let reader = Reader::open(&directory).unwrap();
        check(&|x, out| reader.read(x, &mut Scratch::default(), out).unwrap());
        assert_eq!(reader.labels().names(), net.labels());
        assert_same(&Store::open(&directory).unwrap().1, &oracle(&config, 0));
    }
}

#[test]
fn a_file_called_net_that_is_not_of_a_memory_is_left_alone() {
    let (_temporary, directory) = temporary();
    fs::create_dir(&directory).unwrap();
    fs::write(directory.join("NET"), "a table of teams").unwrap();
    let made = Store::create(&directory, over_net(KINDS[0]));
    assert!(matches!(made, Err(Error::NotEmpty { .. })));
    assert_eq!(fs::read(directory.join("NET")).unwrap(), b"a table of teams");
    // What a creation that was cut has left is taken over.
    let net = over_net(KINDS[1]).basis().unwrap().to_bytes();
    fs::write(directory.join("NET"), net).unwrap();
    Store::create(&directory, over_net(KINDS[0])).unwrap();
    assert_reads_nothing_else(&directory);
}

/// The memory reads as its own net, not as one that was there before.
fn assert_reads_nothing_else(directory: &std::path::Path) {
    let reader = Reader::open(directory).unwrap();
    let (x, ..) = observation(3);
    let mut out = [0.0; OUTPUTS];
    reader.read(&x, &mut Scratch::default(), &mut out).unwrap();
    let mut expected = [0.0; OUTPUTS];
    let config = over_net(KINDS[0]);
    let net = config.basis().unwrap().net();
    net.forward(&x, &mut Activations::default(), &mut expected).unwrap();
    assert_eq!(out, expected);
}

#[test]
fn a_reader_goes_on_over_its_net() {
    let (_temporary, directory) = temporary();
    let config = over_net(KINDS[1]);
    let (mut store, mut model) = Store::create(&directory, config.clone()).unwrap();
    let mut reader = Reader::open(&directory).unwrap();
    for round in 1..4 {
        write(&mut store, &mut model, 10).unwrap();
        store.flush().unwrap();
        assert!(reader.refresh().unwrap());
        assert_reads_same(&reader, &oracle(&config, round * 10));
        store.checkpoint(&mut model).unwrap();
        reader.refresh().unwrap();
        assert_reads_same(&reader, &oracle(&config, round * 10));
    }
}

#[test]
fn snapshots_logs_copies_and_rebuilds_go_over_the_same_net() {
    for targets in KINDS {
        let (temporary, directory) = temporary();
        let config = over_net(targets);
        let (mut store, mut model) = Store::create(&directory, config.clone()).unwrap();
        write(&mut store, &mut model, 30).unwrap();
        store.checkpoint(&mut model).unwrap();
        write(&mut store, &mut model, 10).unwrap();
        store.flush().unwrap();
        drop(store);
        let expected = oracle(&config, 40);
        assert_reads_same(&Reader::open(&directory).unwrap(), &expected);
        let copied = temporary.path().join("copy");
        backup(&directory, &copied).unwrap();
        for directory in [&directory, &copied] {
            assert!(verify(directory).unwrap().is_sound());
            let (mut store, mut model) = Store::open(directory).unwrap();
            assert_same(&model, &expected);
            store.compact(&mut model).unwrap();
            assert!(file_names(directory).contains(&"NET".to_owned()));
            drop(store);
            let (store, model) = Store::rebuild(directory).unwrap();
            drop(store);
            assert_same(&model, &expected);
        }
    }
}

#[test]
fn a_net_that_is_gone_or_damaged_is_told_by_its_file_and_nothing_is_changed() {
    let (_temporary, directory) = temporary();
    let (mut store, mut model) = Store::create(&directory, over_net(KINDS[0])).unwrap();
    write(&mut store, &mut model, 5).unwrap();
    store.close(&mut model).unwrap();
    let net = directory.join("NET");
    let bytes = fs::read(&net).unwrap();
    let told = |what: &str| {
        let before = file_names(&directory);
        let (store, reader) = (Store::open(&directory), Reader::open(&directory));
        for error in [store.unwrap_err(), reader.unwrap_err(), repair(&directory).unwrap_err()] {
            assert!(error.to_string().contains("NET"), "{what}: {error}");
        }
        assert!(Store::rebuild(&directory).is_err(), "{what}");
        let damages = verify(&directory).unwrap().damages;
        assert_eq!(damages.iter().map(|damage| damage.path.clone()).collect::<Vec<_>>(), [&*net]);
        assert_eq!(file_names(&directory), before, "{what}");
    };
    let mut flipped = bytes.clone();
    flipped[bytes.len() / 2] ^= 1;
    for (what, bytes) in [
        ("flipped", flipped),
        ("cut", bytes[..bytes.len() - 1].to_vec()),
        ("longer", [&bytes[..], &[0]].concat()),
        ("empty", Vec::new()),
    ] {
        fs::write(&net, bytes).unwrap();
        told(what);
    }
    fs::remove_file(&net).unwrap();
    told("gone");
    fs::write(&net, &bytes).unwrap();
    assert_same(&Store::open(&directory).unwrap().1, &model);
    assert!(matches!(
        Store::create(&directory, over_net(KINDS[0])),
        Err(Error::AlreadyExists { .. })
    ));
}
