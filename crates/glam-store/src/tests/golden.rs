//! Memories that an earlier build of this format version wrote, committed under `tests/golden/`: they
//! must go on to open and to answer as they did. They are only ever read; how they were made is told
//! there. Those of earlier versions are in `migration`.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use glam_core::{Config, Precision, Scratch, Targets};

use super::{assert_same, copy, observation, on, oracle, target, temporary, write};
use crate::manifest::Manifest;
use crate::segment::header;
use crate::{FORMAT_VERSION, Reader, Store, log, verify};

/// The golden memories of this version, by name.
const FROZEN: [&str; 2] = ["numbers-3", "labels-3"];

/// Answers may differ by the order in which a processor adds: at most a hundred f32 terms about 1,
/// each rounded by at most 6e-8.
const TOLERANCE: f64 = 1e-5;
/// Observations in a golden memory's snapshot.
pub(super) const SNAPSHOT: u64 = 50;
/// What golden memories there are of each version: the start of the name, targets, precision, and
/// the observations after the snapshot in the log.
pub(super) const MEMORIES: [(&str, Targets, Precision, u64); 2] = [
    ("numbers", Targets::Numbers(super::OUTPUTS as u32), Precision::Full, 10),
    ("labels", Targets::Labels, Precision::Diagonal, 0),
];

/// The configuration of the golden memories.
pub(super) fn config(targets: Targets, precision: Precision) -> Config {
    Config::builder(super::INPUTS, targets)
        .precision(precision)
        .tables(4)
        .levels([1, 2])
        .warm_up(40)
        .build()
        .unwrap()
}

pub(super) fn golden() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden")
}

/// The recorded cues and answers in `file`: a line holds the cue, then each output and its variance
/// of the snapshot.
fn recorded(file: &Path) -> Vec<Vec<f64>> {
    let text = fs::read_to_string(file).unwrap();
    let rows = text.lines().filter(|line| !line.starts_with('#'));
    rows.map(|row| row.split_whitespace().map(|value| value.parse().unwrap()).collect()).collect()
}

fn check_answers(reader: &Reader, file: &Path) {
    let rows = recorded(file);
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
            assert!(off <= TOLERANCE * expected.abs().max(1.0), "{file:?}: {got} {expected}");
        }
    }
}

/// Holds the memory `name` in `place` to what stands beside it.
fn check(place: &Path, name: &str, tail: u64) {
    let (temporary, directory) = temporary();
    copy(&place.join(name), &directory);
    let verification = verify(&directory).unwrap();
    assert!(verification.is_sound(), "{name}: {:?}", verification.damages);
    assert_eq!(verification.frames, SNAPSHOT + tail);
    // Observations after the snapshot are learned again, by whatever this build has learned to do
    // better, so only what the snapshot answers is held.
    let log = fs::read(directory.join("log-1")).unwrap();
    let manifest = Manifest::read(&on(&directory)).unwrap();
    let snapshot = temporary.path().join("snapshot");
    copy(&directory, &snapshot);
    fs::write(snapshot.join("log-1"), &log[..manifest.log_offset as usize]).unwrap();
    let reader = Reader::open(&snapshot).unwrap();
    assert!(reader.is_mapped());
    assert_eq!(reader.sequence(), SNAPSHOT);
    let answers = place.join(format!("{name}.txt"));
    check_answers(&reader, &answers);

    // Written again, the segments come out as they were behind their headers.
    let (mut store, mut model) = Store::open(&snapshot).unwrap();
    store.compact(&mut model).unwrap();
    drop(store);
    check_answers(&Reader::open(&snapshot).unwrap(), &answers);
    for kind in ["structure", "weights", "covariances", "history"] {
        let before = fs::read(directory.join(format!("{kind}-1"))).unwrap();
        let after = fs::read(snapshot.join(format!("{kind}-2"))).unwrap();
        assert!(before[header::BYTES..] == after[header::BYTES..], "{name}: {kind}");
    }
    // And the log and the manifest in every byte.
    let header = log::Header::new(manifest.memory, &manifest.config, 1, 1);
    let again =
        [&header.encode()[..], &frames(&header, &manifest.config, SNAPSHOT + tail)].concat();
    assert!(again == log, "{name}");
    let path = directory.join("MANIFEST");
    assert!(manifest.encode(&path).unwrap() == fs::read(&path).unwrap(), "{name}");

    for open in [Store::open, Store::rebuild] {
        let (_store, model) = open(&directory).unwrap();
        assert_eq!(model.recall().sequence(), SNAPSHOT + tail);
    }
}

/// The frames of the first `count` observations, a checkpoint after number [`SNAPSHOT`].
pub(super) fn frames(header: &log::Header, config: &Config, count: u64) -> Vec<u8> {
    let mut bytes = Vec::new();
    for sequence in 1..=count {
        let (x, y, class) = observation(sequence);
        let target = target(config, &y, class);
        // The checkpoint flushed what came before it.
        let flushed = if sequence > SNAPSHOT { SNAPSHOT } else { 0 };
        let unflushed = (sequence - 1 - flushed) as u32;
        header.layout().encode(sequence, unflushed, &x, target, 1.0, &mut bytes);
    }
    bytes
}

#[test]
fn golden_memories_open_answer_and_are_written_again_as_they_were() {
    for name in FROZEN {
        let (.., tail) = MEMORIES.into_iter().find(|memory| name.starts_with(memory.0)).unwrap();
        check(&golden(), name, tail);
    }
}

/// Makes memories as the golden ones were made: into a directory that must not exist yet, named by
/// the environment variable `GLAM_GOLDEN`, for the golden memories of a new format version; without
/// it into a temporary one.
#[test]
fn memories_made_as_the_golden_ones_were_are_sound() {
    let (temporary, _) = temporary();
    let made = std::env::var_os("GLAM_GOLDEN")
        .map_or_else(|| temporary.path().join("golden"), PathBuf::from);
    fs::create_dir(&made).unwrap();
    for (start, targets, precision, tail) in MEMORIES {
        let name = format!("{start}-{FORMAT_VERSION}");
        make(&made, &name, &config(targets, precision), tail);
        check(&made, &name, tail);
        let copied = temporary.path().join(&name);
        copy(&made.join(&name), &copied);
        let written = oracle(&config(targets, precision), SNAPSHOT + tail);
        assert_same(&Store::open(&copied).unwrap().1, &written);
        assert_same(&Store::rebuild(&copied).unwrap().1, &written);
    }
}

/// Makes the memory `name`, and what it answers beside it.
fn make(place: &Path, name: &str, config: &Config, tail: u64) {
    let directory = place.join(name);
    let (mut store, mut model) = Store::create(&directory, config.clone()).unwrap();
    write(&mut store, &mut model, SNAPSHOT).unwrap();
    store.checkpoint(&mut model).unwrap();
    let mut text = String::from("# cue, then each output and its variance\n");
    let outputs = model.recall().outputs();
    let (mut out, mut spread) = (vec![0.0; outputs], vec![0.0; outputs]);
    let mut scratch = Scratch::default();
    for cue in 0..12 {
        let (x, ..) = observation(2_000_000 + cue);
        let covariances = model.covariances();
        model
            .recall()
            .read_with_variance(covariances, &x, &mut scratch, &mut out, &mut spread)
            .unwrap();
        x.iter().for_each(|value| write!(text, "{value} ").unwrap());
        let answers = out.iter().zip(&spread).map(|(out, spread)| format!("{out} {spread}"));
        writeln!(text, "{}", answers.collect::<Vec<_>>().join(" ")).unwrap();
    }
    fs::write(place.join(format!("{name}.txt")), text).unwrap();
    write(&mut store, &mut model, tail).unwrap();
    drop(store);
    fs::remove_file(directory.join("LOCK")).unwrap();
}
