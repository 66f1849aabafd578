//! Bytes behind the header of a log file: opened, replayed, gone through and verified.

use glam_core::Model;
use glam_store::{Reader, Store, verify_on};

use super::base::{self, bases};
use super::disk::{InMemory, place};
use super::forge::{self, FRAME_HEADER, LOG_HEADER, u32_at};
use super::room;

/// What the input asks to be corrected.
const CORRECT: u8 = 1;
const CORRECT_NUMBERS: u8 = 2;
const CORRECT_LENGTHS: u8 = 4;

/// The memories without a snapshot; the manifest of another is cut to that.
const PLAIN: usize = 5;
const LABELS: usize = 1;

/// Replays it all once, and so does everything else here.
const MOST: usize = 4096;

/// The bytes are frames: as they are, or with the checksums, numbers or lengths of frames corrected.
/// No call may panic; where the memory opens, the writer, the reader and the history agree, and a
/// model that is given the history is the one that was opened.
pub fn replay_log(data: &[u8]) {
    let [mode, frames @ ..] = data else { return };
    if frames.len() > MOST {
        return;
    }
    let labels = mode & 8 != 0;
    let base = &bases()[if labels { LABELS } else { PLAIN }];
    let mut files = base.files.clone();
    let Some(mut log) = files.remove("log-1") else { return };
    log.truncate(LOG_HEADER);
    log.extend(frames);
    if mode & CORRECT_LENGTHS != 0 {
        correct_lengths(&mut log);
    }
    if mode & (CORRECT | CORRECT_NUMBERS) != 0 {
        forge::log(&mut log, mode & CORRECT_NUMBERS != 0);
    }
    files.insert("log-1".to_owned(), log);
    if labels {
        without_snapshot(&mut files);
    }
    room::bounded(data.len(), || replay(&InMemory::of(&files)));
}

/// Makes every frame one of numbers, with or without a weight as its kind has it, of the right length.
fn correct_lengths(log: &mut [u8]) {
    let mut at = LOG_HEADER;
    while at + FRAME_HEADER <= log.len() {
        let kind = u32_at(log, at + 20) % 4 + 1;
        let weight = if kind > 2 { 4 } else { 0 };
        let text = if kind.is_multiple_of(2) { 3 } else { 4 * base::OUTPUTS };
        let length = (FRAME_HEADER + weight + 4 * base::INPUTS + text) as u32;
        forge::put(log, at, &length.to_le_bytes());
        forge::put(log, at + 20, &kind.to_le_bytes());
        at += length as usize;
    }
}

/// Makes the manifest one of a memory that has no snapshot.
fn without_snapshot(files: &mut super::disk::Files) {
    files.retain(|name, _| matches!(name.as_str(), "MANIFEST" | "LOCK" | "log-1"));
    let Some(manifest) = files.get_mut("MANIFEST") else { return };
    let count = u32_at(manifest, 92) as usize;
    manifest.drain(96..96 + 32 * count);
    forge::put(manifest, 24, &[0; 16]);
    forge::put(manifest, 56, &(LOG_HEADER as u64).to_le_bytes());
    forge::put(manifest, 64, &[0; 24]);
    forge::put(manifest, 92, &[0; 4]);
    forge::seal(manifest);
}

fn replay(disk: &InMemory) {
    let verified = verify_on(disk.shared(), place());
    let reader = Reader::open_on(disk.shared(), place());
    let opened = Store::open_on(disk.shared(), place());
    assert_eq!(reader.is_ok(), opened.is_ok(), "{:?} {:?}", reader.err(), opened.err());
    let (Ok(reader), Ok((mut store, model))) = (reader, opened) else { return };
    let verified = verified.unwrap_or_else(|error| panic!("{error}"));
    assert!(verified.is_sound(), "it opens, and yet: {:?}", verified.damages);
    assert_eq!(verified.frames + verified.erased, store.sequence());
    assert_eq!(reader.sequence(), store.sequence());

    let mut again = Model::new(reader.config().clone());
    let mut history = store.history().unwrap_or_else(|error| panic!("{error}"));
    let mut frames = 0;
    while let Some(next) = history.next().unwrap_or_else(|error| panic!("{error}")) {
        while again.recall().sequence() + 1 < next.sequence {
            again.skip();
        }
        let written = again.write_weighted(next.x, next.target, next.weight);
        written.map(drop).unwrap_or_else(|error| panic!("{error}"));
        frames += 1;
    }
    while again.recall().sequence() < store.sequence() {
        again.skip();
    }
    assert_eq!(frames, verified.frames);
    assert_eq!(base::digest(&again), base::digest(&model), "the history makes another model");

    let mut model = model;
    base::write(&mut store, &mut model, 2).unwrap_or_else(|error| panic!("{error}"));
    store.close(&mut model).unwrap_or_else(|error| panic!("{error}"));
    let (_, closed) = Store::open_on(disk.shared(), place()).unwrap_or_else(|e| panic!("{e}"));
    assert_eq!(base::digest(&closed), base::digest(&model));
}
