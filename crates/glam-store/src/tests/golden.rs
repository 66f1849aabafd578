//! Memories that an earlier build wrote, committed under `tests/golden/`: they must go on to open
//! and to answer as they did. They are only ever read; how they were made is told there.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use glam_core::{Config, Precision, Scratch, Targets};

use super::{copy, observation, target, temporary, write};
use crate::manifest::Manifest;
use crate::segment::header;
use crate::{Error, Reader, Store, log, verify};

/// Answers may differ by the order in which a processor adds: at most a hundred f32 terms about 1,
/// each rounded by at most 6e-8.
const TOLERANCE: f64 = 1e-5;
/// Observations in a golden memory's snapshot, and after it in the log.
const SNAPSHOT: u64 = 50;
const TAIL: u64 = 10;

fn golden() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden")
}

/// The recorded cues and answers: a line holds the cue, then each output and its variance of the
/// snapshot.
fn recorded(name: &str) -> Vec<Vec<f64>> {
    let text = fs::read_to_string(golden().join(format!("{name}.txt"))).unwrap();
    let rows = text.lines().filter(|line| !line.starts_with('#'));
    rows.map(|row| row.split_whitespace().map(|value| value.parse().unwrap()).collect()).collect()
}

fn check_answers(reader: &Reader, name: &str) {
    let rows = recorded(name);
    assert_eq!(rows.len(), 12);
    let outputs = reader.outputs();
    let (mut out, mut spread) = (vec![0.0; outputs], vec![0.0; outputs]);
    for row in rows {
        let (cue, expected) = row.split_at(super::INPUTS);
        let cue: Vec<f32> = cue.iter().map(|&value| value as f32).collect();
        reader.read_with_variance(&cue, &mut Scratch::default(), &mut out, &mut spread).unwrap();
        let got = out.iter().zip(&spread).flat_map(|(&out, &spread)| [out, spread]);
        assert_eq!(expected.len(), 2 * outputs);
        for (got, &expected) in got.zip(expected) {
            let off = (f64::from(got) - expected).abs();
            assert!(off <= TOLERANCE * expected.abs().max(1.0), "{name}: {got} {expected}");
        }
    }
}

#[test]
fn golden_memories_open_and_answer_as_they_did() {
    for (name, tail) in [("numbers-2", TAIL), ("labels-2", 0)] {
        let (temporary, directory) = temporary();
        copy(&golden().join(name), &directory);
        let verification = verify(&directory).unwrap();
        assert!(verification.is_sound(), "{name}: {:?}", verification.damages);
        assert_eq!(verification.frames, SNAPSHOT + tail);
        // Observations after the snapshot are learned again, by whatever this build has learned
        // to do better, so only what the snapshot answers is held.
        let log = fs::read(directory.join("log-1")).unwrap();
        let manifest = Manifest::read(&directory).unwrap();
        let snapshot = temporary.path().join("snapshot");
        copy(&directory, &snapshot);
        fs::write(snapshot.join("log-1"), &log[..manifest.log_offset as usize]).unwrap();
        let reader = Reader::open(&snapshot).unwrap();
        assert!(reader.is_mapped());
        assert_eq!(reader.sequence(), SNAPSHOT);
        check_answers(&reader, name);

        // Written again, the segments come out as they were behind their headers.
        let (mut store, model) = Store::open(&snapshot).unwrap();
        store.checkpoint(&model).unwrap();
        check_answers(&Reader::open(&snapshot).unwrap(), name);
        for kind in ["structure", "weights", "covariances"] {
            let before = fs::read(directory.join(format!("{kind}-1"))).unwrap();
            let after = fs::read(snapshot.join(format!("{kind}-2"))).unwrap();
            assert!(before[header::BYTES..] == after[header::BYTES..], "{name}: {kind}");
        }

        let (store, model) = Store::open(&directory).unwrap();
        assert_eq!(model.recall().sequence(), SNAPSHOT + tail);
        drop(store);
        let (_store, model) = Store::rebuild(&directory).unwrap();
        assert_eq!(model.recall().sequence(), SNAPSHOT + tail);
    }
}

#[test]
fn a_memory_of_version_1_is_refused_and_stays_as_it_is() {
    for name in ["numbers-1", "labels-1"] {
        let (_temporary, directory) = temporary();
        copy(&golden().join(name), &directory);
        let before = fs::read(directory.join("MANIFEST")).unwrap();
        for error in [
            Store::open(&directory).unwrap_err(),
            Store::rebuild(&directory).unwrap_err(),
            Reader::open(&directory).unwrap_err(),
        ] {
            assert!(matches!(error, Error::Version { expected: 2, got: 1, .. }), "{error}");
            assert!(error.to_string().contains("format version 1"), "{error}");
        }
        assert_eq!(fs::read(directory.join("MANIFEST")).unwrap(), before);
        assert!(!directory.join("LOCK").exists());
    }
}

#[test]
fn a_golden_log_is_written_again_byte_for_byte() {
    for (name, count) in [("numbers-2", SNAPSHOT + TAIL), ("labels-2", SNAPSHOT)] {
        let manifest = Manifest::read(&golden().join(name)).unwrap();
        let header = log::Header::new(manifest.memory, &manifest.config, 1, 1);
        let mut bytes = header.encode().to_vec();
        for sequence in 1..=count {
            let (x, y, class) = observation(sequence);
            let target = target(&manifest.config, &y, class);
            // The snapshot's checkpoint flushed what came before it.
            let flushed = if sequence > SNAPSHOT { SNAPSHOT } else { 0 };
            let unflushed = (sequence - 1 - flushed) as u32;
            header.layout().encode(sequence, unflushed, &x, target, 1.0, &mut bytes);
        }
        assert!(bytes == fs::read(golden().join(name).join("log-1")).unwrap(), "{name}");
        let path = golden().join(name).join("MANIFEST");
        assert!(manifest.encode(&path).unwrap() == fs::read(&path).unwrap(), "{name}");
    }
}

/// Makes memories as the golden ones were made: into a directory that must not exist yet, named by
/// the environment variable `GLAM_GOLDEN`, for the first golden memories of a new format version;
/// without it into a temporary one, to see that what is made is sound.
#[test]
fn memories_made_as_the_golden_ones_were_are_sound() {
    let (temporary, _) = temporary();
    let made = std::env::var_os("GLAM_GOLDEN")
        .map_or_else(|| temporary.path().join("golden"), PathBuf::from);
    fs::create_dir(&made).unwrap();
    for (name, targets, precision) in [
        ("numbers", Targets::Numbers(super::OUTPUTS as u32), Precision::Full),
        ("labels", Targets::Labels, Precision::Diagonal),
    ] {
        let name = format!("{name}-{}", crate::FORMAT_VERSION);
        let config = Config::builder(super::INPUTS, targets)
            .precision(precision)
            .tables(4)
            .levels([1, 2])
            .warm_up(40)
            .build()
            .unwrap();
        let directory = made.join(&name);
        let (mut store, mut model) = Store::create(&directory, config).unwrap();
        write(&mut store, &mut model, SNAPSHOT).unwrap();
        store.checkpoint(&model).unwrap();
        let mut text = String::from("# cue, then each output and its variance\n");
        let outputs = model.recall().outputs();
        let (mut out, mut spread) = (vec![0.0; outputs], vec![0.0; outputs]);
        for cue in 0..12 {
            let (x, ..) = observation(2_000_000 + cue);
            model
                .recall()
                .read_with_variance(
                    model.covariances(),
                    &x,
                    &mut Scratch::default(),
                    &mut out,
                    &mut spread,
                )
                .unwrap();
            x.iter().for_each(|value| write!(text, "{value} ").unwrap());
            let answers = out.iter().zip(&spread).map(|(out, spread)| format!("{out} {spread}"));
            writeln!(text, "{}", answers.collect::<Vec<_>>().join(" ")).unwrap();
        }
        fs::write(made.join(format!("{name}.txt")), text).unwrap();
        if targets != Targets::Labels {
            write(&mut store, &mut model, TAIL).unwrap();
        }
        drop(store);
        fs::remove_file(directory.join("LOCK")).unwrap();
    }
}
