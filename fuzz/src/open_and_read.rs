//! Changed files of a sound memory: opened, read, written to, rebuilt and verified.

use glam_core::Scratch;
use glam_store::{Error, Reader, Store, verify_on};

use super::base::{self, Base, bases, recalled, write};
use super::disk::{Files, InMemory, place};
use super::forge::forge;
use super::room;

const MOST_CHANGES: usize = 8;
/// A checksum of 32 bits notices every change that is no wider than itself.
const SURELY_NOTICED: usize = 4;

/// What the input asks to be corrected after the changes.
const CORRECT: u8 = 1;
const CORRECT_SLOTS: u8 = 2;

/// The bytes choose a sound memory, whether checksums are corrected, and changes of files: overwrite,
/// insert, remove, cut, fill. No call may panic; what is recalled where nothing was changed, or
/// where every checksum stayed, is right, or it is an error.
pub fn open_and_read(data: &[u8]) {
    let [chosen, mode, changes @ ..] = data else { return };
    let base = &bases()[usize::from(*chosen) % bases().len()];
    let mut files = base.files.clone();
    let (count, widest) = change(&mut files, changes);
    let corrected = mode & (CORRECT | CORRECT_SLOTS) != 0;
    let noticed = count == 0 || !corrected && count == 1 && widest <= SURELY_NOTICED;
    if corrected && count > 0 {
        forge(&mut files, mode & CORRECT_SLOTS != 0);
    }
    let sound = files == base.files;
    room::bounded(data.len(), || {
        read(base, &files, noticed, sound);
        write_on(&files, sound);
        rebuild(&files, sound);
    });
}

/// Makes the changes; returns how many there were, and how wide the widest.
fn change(files: &mut Files, mut changes: &[u8]) -> (usize, usize) {
    let names: Vec<String> = files.keys().cloned().collect();
    let (mut count, mut widest) = (0, 0);
    while let [file, what, low, high, rest @ ..] = changes
        && count < MOST_CHANGES
    {
        let Some(bytes) = files.get_mut(&names[usize::from(*file) % names.len()]) else { break };
        let at = usize::from(u16::from_le_bytes([*low, *high])) % (bytes.len() + 1);
        let length = (usize::from(what & 15) + 1).min(rest.len());
        let (new, after) = rest.split_at(length);
        widest = widest.max(length);
        match what >> 4 {
            0..=7 => {
                let end = (at + length).min(bytes.len());
                bytes[at..end].copy_from_slice(&new[..end - at]);
            }
            8..=10 => {
                bytes.splice(at..at, new.iter().copied());
                widest = usize::MAX;
            }
            11 | 12 => {
                bytes.drain(at..(at + length).min(bytes.len()));
                widest = usize::MAX;
            }
            13 => {
                bytes.truncate(at);
                widest = usize::MAX;
            }
            14 => {
                let end = (at + 16 * length).min(bytes.len());
                bytes[at..end].fill(new.first().copied().unwrap_or_default());
                widest = usize::MAX;
            }
            _ => {
                // A file that is gone.
                files.remove(&names[usize::from(*file) % names.len()]);
                widest = usize::MAX;
            }
        }
        (count, changes) = (count + 1, after);
    }
    (count, widest)
}

fn read(base: &Base, files: &Files, noticed: bool, sound: bool) {
    let disk = InMemory::of(files);
    let verified = verify_on(disk.shared(), place());
    let opened = Reader::open_on(disk.shared(), place());
    if let Ok(reader) = &opened {
        let found = recalled(reader);
        if noticed && let Some(found) = &found {
            let expected = base.recalls.get(reader.sequence() as usize);
            let right = expected.is_none_or(|expected| expected.as_ref() == Some(found));
            assert!(right, "a wrong recall at observation {}", reader.sequence());
        }
        let (cue, mut scratch) = (base::input(1, reader.config().inputs()), Scratch::default());
        let mut out = vec![0.0; reader.outputs()];
        let mut other = vec![0.0; reader.outputs()];
        let _ = reader.read_with_std(&cue, &mut scratch, &mut out, &mut other);
        let _ = reader.probabilities(&cue, &mut scratch, &mut out);
        let _ = reader.familiarity(&cue, &mut scratch);
        let _ = reader.explain(&cue, &mut scratch);
        let mut intervals = vec![(0.0, 0.0); reader.outputs()];
        let _ = reader.read_with_interval(&cue, 0.9, &mut scratch, &mut out, &mut intervals);
        let _ = (reader.report(), reader.files());
        if let Ok(mut history) = reader.history() {
            while let Ok(Some(_)) = history.next() {}
        }
    }
    if sound {
        let verified = verified.unwrap_or_else(|error| panic!("{error}"));
        assert!(verified.is_sound(), "{:?}", verified.damages);
        let reader = opened.unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(reader.sequence(), base.last);
        assert!(recalled(&reader).is_some());
    }
    // A reader changes nothing.
    assert!(disk.files() == *files);
}

/// Writes to the memory where it opens; what it then saves can be opened again.
fn write_on(files: &Files, sound: bool) {
    let disk = InMemory::of(files);
    let reader = Reader::open_on(disk.shared(), place());
    let opened = Store::open_on(disk.shared(), place());
    assert!(!sound || opened.is_ok(), "{:?}", opened.err());
    let Ok((mut store, mut model)) = opened else { return };
    let _ = store.files();
    let written = write(&mut store, &mut model, 3).and_then(|()| store.flush());
    if let (Ok(mut reader), Ok(())) = (reader, &written) {
        let _ = reader.refresh().map(|_| recalled(&reader));
    }
    let saved = store.checkpoint(&mut model);
    assert!(!sound || written.is_ok() && saved.is_ok());
    drop(store);
    if let (Ok(()), Ok(())) = (written, saved) {
        match Store::open_on(disk.shared(), place()) {
            Ok((_, again)) => assert_eq!(base::digest(&again), base::digest(&model)),
            // Forged numbers that are finite may come to be infinite in what is learned on them. Then
            // they are refused, and the history is there.
            Err(Error::Damaged { .. }) if !sound => {
                rebuild(&disk.files(), false);
                let verified = verify_on(disk.shared(), place());
                assert!(verified.is_ok_and(|verified| !verified.is_sound()));
            }
            Err(error) => panic!("what was saved cannot be opened: {error}"),
        }
    }
}

fn rebuild(files: &Files, sound: bool) {
    let disk = InMemory::of(files);
    let rebuilt = Store::rebuild_on(disk.shared(), place());
    assert!(!sound || rebuilt.is_ok());
    let Ok((store, mut model)) = rebuilt else { return };
    let _ = store.close(&mut model);
}
