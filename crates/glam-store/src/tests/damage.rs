//! Flipped bits, swapped files: an error that names the file, never a wrong answer.

use std::fs::{self, File};
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::Path;

use glam_core::{Scratch, Targets};

use super::{assert_same, copy, numbers, observation, oracle, temporary, tiny, write};
use crate::log::HEADER_BYTES;
use crate::segment::header;
use crate::{Error, Place, Reader, Store, verify};

const NUMBERS: Targets = Targets::Numbers(super::OUTPUTS as u32);

/// Flips bits of byte `at` of a file, in place.
pub(super) fn flip(path: &Path, at: usize, bits: u8) {
    let mut file = File::options().read(true).write(true).open(path).unwrap();
    let mut byte = [0];
    file.seek(SeekFrom::Start(at as u64)).unwrap();
    file.read_exact(&mut byte).unwrap();
    file.seek(SeekFrom::Start(at as u64)).unwrap();
    file.write_all(&[byte[0] ^ bits]).unwrap();
}

/// Calls `each` with every single bit of `path` flipped in turn.
fn flip_every_bit(path: &Path, mut each: impl FnMut(usize)) {
    let original = fs::read(path).unwrap();
    for bit in 0..original.len() * 8 {
        flip(path, bit / 8, 1 << (bit % 8));
        each(bit / 8);
        if fs::metadata(path).unwrap().len() == original.len() as u64 {
            flip(path, bit / 8, 1 << (bit % 8));
        } else {
            fs::write(path, &original).unwrap();
        }
    }
    assert_eq!(fs::read(path).unwrap(), original);
}

fn closed(directory: &Path, targets: Targets, count: u64) {
    let (mut store, mut model) = Store::create(directory, tiny(targets)).unwrap();
    write(&mut store, &mut model, count).unwrap();
    store.close(&mut model).unwrap();
}

#[test]
fn no_flipped_bit_of_a_manifest_passes() {
    let (_temporary, directory) = temporary();
    closed(&directory, NUMBERS, 3);
    flip_every_bit(&directory.join("MANIFEST"), |byte| {
        assert!(Store::open(&directory).is_err(), "{byte}");
        assert!(Reader::open(&directory).is_err(), "{byte}");
        assert!(!verify(&directory).unwrap().is_sound(), "{byte}");
    });
    Store::open(&directory).unwrap();
}

#[test]
fn no_flipped_bit_of_a_structure_passes() {
    for targets in [NUMBERS, Targets::Labels] {
        let (_temporary, directory) = temporary();
        closed(&directory, targets, 3);
        flip_every_bit(&directory.join("structure-1"), |byte| {
            assert!(Store::open(&directory).is_err(), "{byte}");
            assert!(Reader::open(&directory).is_err(), "{byte}");
            assert!(!verify(&directory).unwrap().is_sound(), "{byte}");
        });
        // Rebuilding needs no snapshot.
        fs::remove_file(directory.join("structure-1")).unwrap();
        assert!(Store::open(&directory).is_err());
        let (store, mut model) = Store::rebuild(&directory).unwrap();
        assert_same(&model, &oracle(&tiny(targets), 3));
        store.close(&mut model).unwrap();
        assert!(verify(&directory).unwrap().is_sound());
    }
}

#[test]
fn a_flipped_bit_of_a_log_is_an_error_or_cuts_the_last_observation() {
    for targets in [NUMBERS, Targets::Labels] {
        let (_temporary, directory) = temporary();
        let config = tiny(targets);
        let (mut store, mut model) = Store::create(&directory, config.clone()).unwrap();
        write(&mut store, &mut model, 7).unwrap();
        store.flush().unwrap();
        let path = directory.join("log-1");
        let last = fs::metadata(&path).unwrap().len();
        write(&mut store, &mut model, 1).unwrap();
        drop(store);
        let shorter = oracle(&config, 7);
        flip_every_bit(&path, |byte| {
            let reader = Reader::open(&directory);
            let verification = verify(&directory).unwrap();
            if (byte as u64) < last {
                assert!(Store::open(&directory).is_err(), "{byte}");
                assert!(reader.is_err(), "{byte}");
                assert!(!verification.is_sound(), "{byte}");
            } else {
                assert_eq!(reader.unwrap().sequence(), 7, "{byte}");
                assert!(verification.torn_bytes > 0, "{byte}");
                assert_same(&Store::open(&directory).unwrap().1, &shorter);
            }
        });
    }
}

#[test]
fn a_flipped_bit_of_a_slot_is_an_error_when_a_cue_touches_it() {
    let (_temporary, directory) = temporary();
    let (mut store, mut model) = Store::create(&directory, numbers()).unwrap();
    write(&mut store, &mut model, 1100).unwrap();
    store.close(&mut model).unwrap();
    let (cue, ..) = observation(7);
    let explanation =
        Reader::open(&directory).unwrap().explain(&cue, &mut Scratch::default()).unwrap();
    let touched: Vec<u32> = explanation.active.iter().map(|active| active.slot).collect();
    let state = model.state();
    let slots = state.keys.len();
    for (file, lines) in
        [("weights-1", state.weights.lines()), ("covariances-1", state.covariances.lines())]
    {
        let path = directory.join(file);
        let original = fs::read(&path).unwrap();
        let start = (header::BYTES + 4 * slots).next_multiple_of(64);
        assert_eq!(original.len(), start + slots * lines * 64);
        for slot in 0..slots as u32 {
            let at = start + slot as usize * lines * 64 + 17;
            flip(&path, at, 4);
            let reader = Reader::open(&directory).unwrap();
            let (mut scratch, mut out, mut spread) = (Scratch::default(), [0.0; 2], [0.0; 2]);
            for _ in 0..2 {
                let read = reader.read(&cue, &mut scratch, &mut out);
                let both = reader.read_with_variance(&cue, &mut scratch, &mut out, &mut spread);
                let damaged = |result| {
                    matches!(
                        result,
                        Err(Error::Core(glam_core::Error::DamagedSlot { slot: found, .. }))
                            if found == slot
                    )
                };
                let hit = touched.contains(&slot);
                assert_eq!(read.is_err(), hit && file == "weights-1");
                assert_eq!(damaged(both), hit, "{file} {slot}");
            }
            if slot % 16 == 0 {
                // A writer touches only what it needs; to write all anew it needs all.
                let (mut store, mut opened) = Store::open(&directory).unwrap();
                let damaged = |error: Error| {
                    matches!(
                        error,
                        Error::Core(glam_core::Error::DamagedSlot { slot: found, .. })
                            if found == slot
                    )
                };
                assert!(damaged(store.compact(&mut opened).unwrap_err()));
                let before = opened.recall().sequence();
                if touched.contains(&slot) {
                    let error = opened.write(&cue, (&[0.0, 0.0]).into()).unwrap_err();
                    assert!(damaged(error.into()));
                    assert_eq!(opened.recall().sequence(), before);
                }
                drop(store);
                let damages = verify(&directory).unwrap().damages;
                assert_eq!(damages.len(), 1);
                assert_eq!((&damages[0].path, damages[0].place), (&path, Place::Slot(slot)));
            }
            flip(&path, at, 4);
        }
        // The header and the table are checked at opening or, for covariances, at the first use.
        for byte in 0..start {
            flip(&path, byte, 1);
            let (mut scratch, mut out, mut spread) = (Scratch::default(), [0.0; 2], [0.0; 2]);
            let read = Reader::open(&directory).and_then(|reader| {
                reader.read_with_variance(&cue, &mut scratch, &mut out, &mut spread)
            });
            assert!(read.is_err(), "{file} {byte}");
            flip(&path, byte, 1);
        }
        assert_eq!(fs::read(&path).unwrap(), original);
    }
    assert!(verify(&directory).unwrap().is_sound());
}

#[test]
fn every_truncation_and_a_byte_too_many_of_every_snapshot_file_is_an_error() {
    let (_temporary, directory) = temporary();
    closed(&directory, NUMBERS, 3);
    for name in ["MANIFEST", "structure-1", "weights-1", "covariances-1", "history-1"] {
        // Which a reader in place does not look at.
        let read_in_place = name == "history-1";
        let path = directory.join(name);
        let original = fs::read(&path).unwrap();
        let mut longer = original.clone();
        longer.push(0);
        let shorter = (0..original.len()).map(|end| original[..end].to_vec());
        for bytes in shorter.chain([longer]) {
            fs::write(&path, &bytes).unwrap();
            assert!(Store::open(&directory).is_err(), "{name} {}", bytes.len());
            assert_eq!(Reader::open(&directory).is_ok(), read_in_place, "{name} {}", bytes.len());
        }
        fs::write(&path, original).unwrap();
        fs::rename(&path, directory.join("elsewhere")).unwrap();
        assert!(Store::open(&directory).is_err());
        assert_eq!(Reader::open(&directory).is_ok(), read_in_place);
        fs::rename(directory.join("elsewhere"), &path).unwrap();
    }
}

#[test]
fn files_of_another_memory_or_another_moment_are_refused() {
    let (temporary, directory) = temporary();
    let (other, earlier) = (temporary.path().join("other"), temporary.path().join("earlier"));
    closed(&directory, NUMBERS, 3);
    closed(&other, NUMBERS, 3);
    copy(&directory, &earlier);
    // A copy that went its own way has the same number and the same generation.
    for (target, count) in [(&directory, 2), (&earlier, 3)] {
        let (mut store, mut model) = Store::open(target).unwrap();
        write(&mut store, &mut model, count).unwrap();
        store.close(&mut model).unwrap();
    }
    for (from, generation) in [(&other, 1), (&earlier, 2)] {
        for kind in ["structure", "weights", "covariances"] {
            let mixed = temporary.path().join(format!("mixed-{kind}-{generation}"));
            copy(&directory, &mixed);
            let name = format!("{kind}-{generation}");
            fs::copy(from.join(&name), mixed.join(format!("{kind}-2"))).unwrap();
            let errors = [Store::open(&mixed).map(drop), Reader::open(&mixed).map(drop)];
            for error in errors.map(Result::unwrap_err) {
                let refused = matches!(error, Error::Foreign { .. } | Error::Truncated { .. });
                assert!(refused || matches!(error, Error::Malformed { .. }), "{error}");
            }
            assert!(!verify(&mixed).unwrap().is_sound());
        }
    }
    let mixed = temporary.path().join("mixed-log");
    copy(&directory, &mixed);
    fs::copy(other.join("log-1"), mixed.join("log-1")).unwrap();
    assert!(matches!(Store::open(&mixed), Err(Error::Foreign { .. })));
    // A frame of another memory behind our own is no frame of ours.
    let mut log = fs::read(directory.join("log-1")).unwrap();
    let length = (log.len() - HEADER_BYTES) / 5;
    log.extend_from_slice(&fs::read(other.join("log-1")).unwrap()[HEADER_BYTES..][..length]);
    fs::write(directory.join("log-1"), log).unwrap();
    assert_eq!(Reader::open(&directory).unwrap().sequence(), 5);
}

#[test]
fn observations_missing_from_the_log_are_an_error() {
    let (_temporary, directory) = temporary();
    let (mut store, mut model) = Store::create(&directory, tiny(NUMBERS)).unwrap();
    write(&mut store, &mut model, 6).unwrap();
    drop(store);
    let path = directory.join("log-1");
    let log = fs::read(&path).unwrap();
    let length = (log.len() - HEADER_BYTES) / 6;
    let frame = |number: usize| &log[HEADER_BYTES + (number - 1) * length..][..length];
    for order in [&[1, 2, 4, 5][..], &[1, 2, 2, 3], &[2, 3], &[1, 3, 2, 4]] {
        let mut bytes = log[..HEADER_BYTES].to_vec();
        order.iter().for_each(|&number| bytes.extend_from_slice(frame(number)));
        fs::write(&path, bytes).unwrap();
        assert!(matches!(Store::open(&directory), Err(Error::Sequence { .. })), "{order:?}");
        assert!(matches!(Reader::open(&directory), Err(Error::Sequence { .. })), "{order:?}");
        assert!(!verify(&directory).unwrap().is_sound());
    }
}

#[test]
fn all_damage_is_found_at_once() {
    let (_temporary, directory) = temporary();
    let (mut store, mut model) = Store::create(&directory, numbers()).unwrap();
    store.set_log_sizes(100, 0);
    for _ in 0..3 {
        write(&mut store, &mut model, 40).unwrap();
        store.checkpoint(&mut model).unwrap();
    }
    let slots = model.report().slots as u64;
    write(&mut store, &mut model, 40).unwrap();
    store.flush().unwrap();
    drop(store);
    let sound = verify(&directory).unwrap();
    assert!(sound.is_sound());
    assert_eq!((sound.frames, sound.files, sound.slots), (160, 10, slots));

    let flip = |name: &str, places: &[usize]| {
        places.iter().for_each(|&place| flip(&directory.join(name), place, 0x20));
    };
    flip("log-1", &[300, 900]);
    flip("log-2", &[4]);
    flip("log-4", &[500]);
    flip("structure-3", &[200]);
    let end = fs::metadata(directory.join("weights-3")).unwrap().len() as usize;
    flip("weights-3", &[end - 1, end - 3000]);
    flip("covariances-3", &[70]);
    flip("history-3", &[50]);
    let damaged = verify(&directory).unwrap();
    let mut names: Vec<_> = damaged
        .damages
        .iter()
        .map(|damage| damage.path.file_name().unwrap().to_str().unwrap())
        .collect();
    names.sort_unstable();
    let expected = [
        "covariances-3",
        "history-3",
        "log-1",
        "log-1",
        "log-2",
        "log-4",
        "structure-3",
        "weights-3",
        "weights-3",
    ];
    assert_eq!(names, expected, "{:#?}", damaged.damages);
    assert_eq!(damaged.frames, 160 - 2 - 40 - 1);

    fs::remove_file(directory.join("log-3")).unwrap();
    assert_eq!(verify(&directory).unwrap().damages.len(), 10);
}
