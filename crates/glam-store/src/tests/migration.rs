//! Memories of earlier format versions: refused with the cure, and rebuilt from their logs.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use glam_core::{Config, Model, Targets};

use super::golden::{self, MEMORIES, SNAPSHOT, golden};
use super::{
    assert_reads_same, assert_same, copy, file_names, learn, numbers, observation, on, oracle,
    target, temporary, tiny, write,
};
use crate::bytes::{put, u32_at};
use crate::erasure::{Intent, layout as intent};
use crate::log::{self, HEADER_BYTES};
use crate::manifest::{self, Manifest};
use crate::{Error, FORMAT_VERSION, Reader, Store, verify};

/// Bytes of a configuration record behind the fields of version 1, where they are left open.
const RECORD_TAIL: usize = 14;

/// The earlier versions.
const OLD: [u32; 2] = [1, 2];

/// The golden memories of earlier versions.
fn old() -> impl Iterator<Item = (&'static str, u32)> {
    MEMORIES.into_iter().flat_map(|(start, ..)| OLD.map(|version| (start, version)))
}

/// A copy of a golden memory, its configuration, and how many observations it holds.
fn golden_of(start: &str, version: u32) -> (tempfile::TempDir, PathBuf, Config, u64) {
    let (_, targets, precision, tail) =
        MEMORIES.into_iter().find(|memory| memory.0 == start).unwrap();
    let (temporary, directory) = temporary();
    copy(&golden().join(format!("{start}-{version}")), &directory);
    (temporary, directory, golden::config(targets, precision), SNAPSHOT + tail)
}

fn files(directory: &Path) -> BTreeMap<String, Vec<u8>> {
    let read = |name: String| (name.clone(), fs::read(directory.join(name)).unwrap());
    file_names(directory).into_iter().map(read).collect()
}

/// Makes a directory what an earlier version would have written of the same observations, but for
/// segments, which nobody reads.
fn downgrade(directory: &Path, version: u32) {
    let old = version.to_le_bytes();
    let path = directory.join("MANIFEST");
    let now = fs::read(&path).unwrap();
    let segments = u32_at(&now, manifest::SEGMENT_COUNT) as usize;
    let record = manifest::SEGMENTS + segments * manifest::entry::BYTES;
    let record = &now[record..now.len() - 4];
    // Bytes and checksums of so many segments.
    let (segments, record) = match version {
        1 => (3, &record[..record.len() - RECORD_TAIL]),
        _ => (4, record),
    };
    let mut bytes = now[..manifest::STRUCTURE_BYTES].to_vec();
    bytes.resize(bytes.len() + segments * 12, 0);
    bytes.extend(record);
    put(&mut bytes, manifest::VERSION, &old);
    put(&mut bytes, manifest::RECORD_BYTES, &(record.len() as u32).to_le_bytes());
    seal(&mut bytes);
    fs::write(&path, bytes).unwrap();
    for name in file_names(directory) {
        let path = directory.join(&name);
        if version == 1 && name.starts_with("history-") {
            fs::remove_file(path).unwrap();
        } else if name.starts_with("log-") {
            let mut bytes = fs::read(&path).unwrap();
            put(&mut bytes, log::header::VERSION, &old);
            let checksum = crc32c::crc32c(&bytes[..log::header::CHECKSUM]);
            put(&mut bytes, log::header::CHECKSUM, &checksum.to_le_bytes());
            fs::write(&path, bytes).unwrap();
        }
    }
}

/// A model of the first `count` observations but one.
fn without(config: &Config, erased: u64, count: u64) -> Model {
    let mut model = Model::new(config.clone());
    for sequence in 1..=count {
        let (x, y, class) = observation(sequence);
        if sequence == erased {
            model.skip();
        } else {
            model.write(&x, target(config, &y, class)).unwrap();
        }
    }
    model
}

/// Puts the checksum behind a manifest.
fn seal(bytes: &mut Vec<u8>) {
    let checksum = crc32c::crc32c(bytes);
    bytes.extend(checksum.to_le_bytes());
}

fn is_old(error: &Error) -> bool {
    matches!(error, Error::OldVersion { expected: FORMAT_VERSION, got: 1 | 2, .. })
}

/// The version in the header of each log file, the first first.
fn log_versions(directory: &Path) -> Vec<u32> {
    (1..)
        .map(|number| directory.join(format!("log-{number}")))
        .map_while(|path| fs::read(path).ok())
        .map(|bytes| u32_at(&bytes, log::header::VERSION))
        .collect()
}

#[test]
fn an_earlier_version_is_refused_with_both_versions_and_the_cure() {
    for (start, version) in old() {
        let (_temporary, directory, ..) = golden_of(start, version);
        let before = files(&directory);
        for error in [
            Store::open(&directory).map(drop).unwrap_err(),
            Reader::open(&directory).map(drop).unwrap_err(),
            verify(&directory).map(drop).unwrap_err(),
        ] {
            let message = error.to_string();
            match error {
                Error::OldVersion { path, expected, got } => {
                    assert_eq!((path, expected, got), (directory.clone(), FORMAT_VERSION, version));
                }
                other => panic!("{other}"),
            }
            let cure = format!("glam rebuild {}", directory.display());
            let versions = [version, FORMAT_VERSION].map(|version| format!("version {version}"));
            for part in [&versions[0], &versions[1], cure.as_str(), "Memory::rebuild"] {
                assert!(message.contains(part), "{message}");
            }
        }
        assert!(files(&directory) == before);
        let exists = Store::create(&directory, numbers()).map(drop).unwrap_err();
        assert!(matches!(exists, Error::AlreadyExists { .. }));
    }
}

#[test]
fn a_golden_memory_of_an_earlier_version_is_rebuilt_as_if_written_today() {
    for (start, version) in old() {
        let (temporary, directory, config, count) = golden_of(start, version);
        let log = fs::read(directory.join("log-1")).unwrap();
        let fresh = temporary.path().join("fresh");
        let (mut store, mut written) = Store::create(&fresh, config).unwrap();
        write(&mut store, &mut written, count).unwrap();
        store.close(&mut written).unwrap();

        let (store, mut model) = Store::rebuild(&directory).unwrap();
        assert_same(&model, &written);
        assert_eq!(store.sequence(), count);
        store.close(&mut model).unwrap();
        let expected = [
            "LOCK",
            "MANIFEST",
            "MANIFEST.copy",
            "covariances-2",
            "history-2",
            "log-1",
            "log-2",
            "structure-2",
            "weights-2",
        ];
        assert_eq!(file_names(&directory), expected);
        assert!(fs::read(directory.join("log-1")).unwrap() == log);
        assert_eq!(log_versions(&directory), [version, FORMAT_VERSION]);

        let verification = verify(&directory).unwrap();
        assert!(verification.is_sound(), "{:?}", verification.damages);
        assert_eq!(verification.frames, count);
        let reader = Reader::open(&directory).unwrap();
        assert!(reader.is_mapped());
        assert_reads_same(&reader, &written);
        assert_reads_same(&Reader::open(&fresh).unwrap(), &model);

        // It goes on as the other does, and can be rebuilt again.
        let (mut store, mut model) = Store::open(&directory).unwrap();
        assert_same(&model, &written);
        write(&mut store, &mut model, 20).unwrap();
        learn(&mut written, 20);
        store.close(&mut model).unwrap();
        assert_eq!(log_versions(&directory), [version, FORMAT_VERSION]);
        assert_same(&Store::open(&directory).unwrap().1, &written);
        assert_same(&Store::rebuild(&directory).unwrap().1, &written);
        assert_eq!(verify(&directory).unwrap().frames, count + 20);
    }
}

#[test]
fn the_frames_of_earlier_versions_are_those_of_today() {
    for (start, version) in old() {
        let (_temporary, directory, config, count) = golden_of(start, version);
        let manifest = Manifest::read_any(&on(&directory)).unwrap();
        assert_eq!((manifest.version, &manifest.config), (version, &config));
        let header = log::Header::new(manifest.memory, &config, 1, 1);
        let log = fs::read(directory.join("log-1")).unwrap();
        assert!(log[HEADER_BYTES..] == golden::frames(&header, &config, count), "{start}");
        let fields = log::header::INPUTS..log::header::CHECKSUM;
        assert_eq!(log[fields.clone()], header.encode()[fields]);
    }
}

#[test]
fn until_its_checkpoint_a_rebuilt_memory_stays_of_its_version() {
    let (_temporary, directory) = temporary();
    let (mut store, mut model) = Store::create(&directory, numbers()).unwrap();
    store.set_log_sizes(400, 0);
    for _ in 0..3 {
        write(&mut store, &mut model, 20).unwrap();
        store.checkpoint(&mut model).unwrap();
    }
    write(&mut store, &mut model, 7).unwrap();
    drop(store);
    let version = 2;
    downgrade(&directory, version);
    let log = directory.join("log-4");
    let whole = fs::read(&log).unwrap();
    fs::write(&log, [&whole[..], &[0x17; 9]].concat()).unwrap();

    assert!(is_old(&Store::open(&directory).map(drop).unwrap_err()));
    let (mut store, mut model) = Store::rebuild(&directory).unwrap();
    assert_same(&model, &oracle(&numbers(), 67));
    assert_eq!(store.files().unwrap().log_files, 4);
    write(&mut store, &mut model, 5).unwrap();
    store.flush().unwrap();
    assert_eq!(store.history().unwrap().last(), 72);
    drop(store);
    assert!(is_old(&Store::open(&directory).map(drop).unwrap_err()));
    assert!(is_old(&Reader::open(&directory).map(drop).unwrap_err()));

    let (mut store, mut model) = Store::rebuild(&directory).unwrap();
    assert_same(&model, &oracle(&numbers(), 72));
    store.checkpoint(&mut model).unwrap();
    assert_eq!(log_versions(&directory), [2, 2, 2, 2, FORMAT_VERSION]);
    write(&mut store, &mut model, 5).unwrap();
    // From here on as ever: one file until it is large.
    store.checkpoint(&mut model).unwrap();
    drop(store);
    assert_eq!(log_versions(&directory), [2, 2, 2, 2, FORMAT_VERSION]);
    let verification = verify(&directory).unwrap();
    assert!(verification.is_sound(), "{:?}", verification.damages);
    assert_eq!(verification.frames, 77);
    assert_same(&Store::open(&directory).unwrap().1, &oracle(&numbers(), 77));
}

#[test]
fn a_memory_of_an_earlier_version_without_a_snapshot_or_without_anything_is_rebuilt() {
    for (count, version) in [0, 3].into_iter().flat_map(|count| OLD.map(|version| (count, version)))
    {
        let (_temporary, directory) = temporary();
        let config = tiny(Targets::Labels);
        let (mut store, mut model) = Store::create(&directory, config.clone()).unwrap();
        write(&mut store, &mut model, count).unwrap();
        drop(store);
        downgrade(&directory, version);
        let (store, mut model) = Store::rebuild(&directory).unwrap();
        assert_same(&model, &oracle(&config, count));
        store.close(&mut model).unwrap();
        assert!(verify(&directory).unwrap().is_sound());
        let (mut store, mut model) = Store::open(&directory).unwrap();
        write(&mut store, &mut model, 2).unwrap();
        drop(store);
        assert_same(&Store::open(&directory).unwrap().1, &oracle(&config, count + 2));
        assert_same(&Store::rebuild(&directory).unwrap().1, &oracle(&config, count + 2));
    }
}

#[test]
fn a_migration_cut_anywhere_can_be_done_again() {
    let (temporary, before, config, count) = golden_of("numbers", 2);
    let after = temporary.path().join("after");
    copy(&before, &after);
    let (store, mut model) = Store::rebuild(&after).unwrap();
    store.close(&mut model).unwrap();
    let new = ["structure-2", "weights-2", "covariances-2", "history-2", "log-2"];
    for done in 0..=new.len() {
        let crashed = temporary.path().join(format!("crashed-{done}"));
        copy(&before, &crashed);
        for name in &new[..done] {
            fs::copy(after.join(name), crashed.join(name)).unwrap();
        }
        let next = new.get(done).copied().unwrap_or("MANIFEST");
        let bytes = fs::read(after.join(next)).unwrap();
        fs::write(crashed.join(format!("{next}.new")), &bytes[..bytes.len() / 2]).unwrap();
        assert!(is_old(&Store::open(&crashed).map(drop).unwrap_err()));
        let (store, mut model) = Store::rebuild(&crashed).unwrap();
        assert_same(&model, &oracle(&config, count));
        store.close(&mut model).unwrap();
        assert_eq!(
            files(&crashed).keys().collect::<Vec<_>>(),
            files(&after).keys().collect::<Vec<_>>()
        );
        assert_same(&Store::open(&crashed).unwrap().1, &model);
    }
    // The manifest was replaced, the old generation not yet removed.
    let crashed = temporary.path().join("crashed");
    copy(&before, &crashed);
    copy(&after, &crashed);
    assert_same(&Store::open(&crashed).unwrap().1, &model);
    assert_eq!(file_names(&crashed), file_names(&after));
}

#[test]
fn an_observation_in_a_log_of_an_earlier_version_can_be_erased() {
    const ERASED: u64 = 7;
    for (migrated, version) in [(false, 1), (true, 1), (false, 2), (true, 2)] {
        let (_temporary, directory, config, count) = golden_of("numbers", version);
        let (mut store, mut model) = Store::rebuild(&directory).unwrap();
        if migrated {
            store.close(&mut model).unwrap();
            store = Store::open(&directory).unwrap().0;
        }
        store.erase(ERASED).unwrap();
        drop(store);
        // A crash before the erasure is finished: the next opening goes on with it.
        assert_eq!(Store::open(&directory).is_ok(), migrated);
        let (store, mut model) = Store::rebuild(&directory).unwrap();
        assert_same(&model, &without(&config, ERASED, count));
        store.close(&mut model).unwrap();
        assert!(!directory.join("ERASE").exists());
        let verification = verify(&directory).unwrap();
        assert!(verification.is_sound(), "{:?}", verification.damages);
        assert_eq!((verification.frames, verification.erased), (count - 1, 1));
        assert_eq!(log_versions(&directory), [version, FORMAT_VERSION]);
        assert_same(&Store::open(&directory).unwrap().1, &model);
    }
}

#[test]
fn an_erasure_that_an_earlier_version_began_is_completed() {
    const ERASED: u64 = 7;
    let (_temporary, directory, config, count) = golden_of("labels", 2);
    let manifest = Manifest::read_any(&on(&directory)).unwrap();
    let located = log::locate(&on(&directory), &manifest, ERASED, count).unwrap();
    Intent::new(manifest.memory, &located).write(&on(&directory)).unwrap();
    let path = directory.join("ERASE");
    let mut bytes = fs::read(&path).unwrap();
    put(&mut bytes, intent::VERSION, &2_u32.to_le_bytes());
    let checksum = crc32c::crc32c(&bytes[..intent::CHECKSUM]);
    put(&mut bytes, intent::CHECKSUM, &checksum.to_le_bytes());
    fs::write(&path, bytes).unwrap();

    let expected = without(&config, ERASED, count);
    let (store, mut model) = Store::rebuild(&directory).unwrap();
    assert_same(&model, &expected);
    store.close(&mut model).unwrap();
    assert!(!path.exists());
    let verification = verify(&directory).unwrap();
    assert!(verification.is_sound(), "{:?}", verification.damages);
    assert_eq!((verification.frames, verification.erased), (count - 1, 1));
    assert_same(&Store::open(&directory).unwrap().1, &expected);
}

#[test]
fn a_damaged_memory_of_an_earlier_version_is_not_taken_for_a_sound_one() {
    for version in OLD {
        damage(version);
    }
}

fn damage(version: u32) {
    let (_temporary, directory, config, count) = golden_of("numbers", version);
    let before = files(&directory);
    let path = directory.join("MANIFEST");
    let original = &before["MANIFEST"];
    let refused = |bytes: &[u8], what: usize| {
        fs::write(&path, bytes).unwrap();
        let errors = [Store::open(&directory), Store::rebuild(&directory)];
        for error in errors.map(|result| result.map(drop).unwrap_err()) {
            assert!(!is_old(&error), "{what}: {error}");
        }
    };
    for bit in 0..original.len() * 8 {
        let mut bytes = original.clone();
        bytes[bit / 8] ^= 1 << (bit % 8);
        refused(&bytes, bit);
    }
    for end in 0..original.len() {
        refused(&original[..end], end);
    }
    fs::write(&path, original).unwrap();
    // The snapshot is of no use, so damage in it does no harm; damage in the log does.
    fs::remove_file(directory.join("weights-1")).unwrap();
    super::damage::flip(&directory.join("log-1"), 300, 4);
    assert!(matches!(Store::rebuild(&directory), Err(Error::DamagedFrame { .. })));
    super::damage::flip(&directory.join("log-1"), 300, 4);
    fs::write(directory.join("log-1"), &before["log-1"][..HEADER_BYTES + 100]).unwrap();
    assert!(matches!(Store::rebuild(&directory), Err(Error::Sequence { .. })));
    fs::write(directory.join("log-1"), &before["log-1"]).unwrap();
    assert!(is_old(&Store::open(&directory).map(drop).unwrap_err()));
    assert_same(&Store::rebuild(&directory).unwrap().1, &oracle(&config, count));
}

#[test]
fn forged_manifests_of_earlier_versions_never_panic() {
    OLD.into_iter().for_each(forge);
}

fn forge(version: u32) {
    let (_temporary, directory, ..) = golden_of("labels", version);
    let path = directory.join("MANIFEST");
    let original = fs::read(&path).unwrap();
    let log = fs::read(directory.join("log-1")).unwrap();
    let start = manifest::STRUCTURE_BYTES + if version == 1 { 36 } else { 48 };
    for at in manifest::VERSION..start {
        for new in [0, 1, 3, 0x7F, 0xFF] {
            let mut bytes = original[..original.len() - 4].to_vec();
            bytes[at] = new;
            seal(&mut bytes);
            fs::write(&path, bytes).unwrap();
            let _ = verify(&directory);
            let _ = Reader::open(&directory).map(drop);
            if let Ok((mut store, mut model)) = Store::rebuild(&directory) {
                let _ = store.checkpoint(&mut model);
            }
            fs::write(directory.join("log-1"), &log).unwrap();
        }
    }
}
