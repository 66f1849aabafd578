//! Bytes as the configuration record of a manifest whose checksum is right.

use glam_core::{Config, Targets};
use glam_store::{Reader, Store, verify_on};

use super::base::{self, bases};
use super::disk::{InMemory, place};
use super::forge::{self, LOG_HEADER, put, u32_at};
use super::room;

const PLAIN: usize = 5;
/// Where the record begins in a manifest of each version without a snapshot.
const RECORD: [usize; 3] = [100, 112, 96];
const RECORD_BYTES: usize = 12;
const VERSION: usize = 8;

/// The bytes choose a format version and are the record. No call may panic; a configuration that is
/// read says the same when it is written.
pub fn configuration(data: &[u8]) {
    let [chosen, record @ ..] = data else { return };
    if record.len() > 8192 {
        return;
    }
    let version = 3 - chosen % 3;
    let mut files = bases()[PLAIN].files.clone();
    files.retain(|name, _| matches!(name.as_str(), "MANIFEST" | "LOCK" | "log-1"));
    let Some(manifest) = files.get_mut("MANIFEST") else { return };
    manifest.resize(RECORD[2], 0);
    manifest.resize(RECORD[usize::from(version) - 1], 0);
    put(manifest, VERSION, &u32::from(version).to_le_bytes());
    put(manifest, RECORD_BYTES, &(record.len() as u32).to_le_bytes());
    if version == 1 {
        manifest[64..].fill(0);
    }
    manifest.extend(record);
    manifest.extend([0; 4]);
    forge::seal(manifest);
    let Some(log) = files.get_mut("log-1") else { return };
    log.truncate(LOG_HEADER);
    put(log, 8, &u32::from(version).to_le_bytes());
    put(log, 12, &u32_at(record, 0).to_le_bytes());
    let targets = if u32_at(record, 4) == 0 { u32_at(record, 8) } else { 0 };
    put(log, 40, &targets.to_le_bytes());
    forge::log(log, false);
    room::bounded(data.len(), || open(&InMemory::of(&files), version, record));
}

fn open(disk: &InMemory, version: u8, record: &[u8]) {
    let verified = verify_on(disk.shared(), place());
    let opened = match version {
        3 => {
            let reader = Reader::open_on(disk.shared(), place());
            let opened = Store::open_on(disk.shared(), place());
            assert_eq!(reader.is_ok(), opened.is_ok(), "{:?} {:?}", reader.err(), opened.err());
            if let Ok(reader) = reader {
                assert!(verified.is_ok_and(|verified| verified.is_sound()));
                assert_eq!(reader.config().clone().check().as_ref(), Ok(reader.config()));
                let _ = reader.report();
            }
            opened
        }
        _ => {
            let old = verified.as_ref().is_ok_and(|verified| verified.is_sound());
            assert!(!old, "an earlier version passes for this one");
            Store::rebuild_on(disk.shared(), place())
        }
    };
    let Ok((mut store, mut model)) = opened else { return };
    let config = model.recall().config().clone();
    if version == 3 {
        said_again(&config, record);
    }
    if is_small(&config) {
        let _ = base::write(&mut store, &mut model, 3).and_then(|()| store.close(&mut model));
    }
}

/// Fails unless a memory that is made with the configuration has the same record.
fn said_again(config: &Config, record: &[u8]) {
    let disk = InMemory::default();
    let created = Store::create_on(disk.shared(), place(), config.clone());
    assert!(created.is_ok(), "{:?}", created.err());
    let files = disk.files();
    let manifest = files.get("MANIFEST").map(Vec::as_slice).unwrap_or_default();
    assert_eq!(manifest.get(RECORD[2]..manifest.len() - 4), Some(record));
}

/// Whether a few observations cost little: what a large configuration takes is its user's affair.
fn is_small(config: &Config) -> bool {
    let outputs = match config.targets() {
        Targets::Numbers(count) => count as usize,
        Targets::Labels => 1,
    };
    let deepest = config.levels().and_then(|levels| levels.last().copied());
    config.history_bytes() <= 1 << 20
        && config.inputs() <= 64
        && outputs <= 64
        && config.tables().is_some_and(|tables| tables <= 16)
        && deepest.is_some_and(|deepest| deepest <= 5)
}
