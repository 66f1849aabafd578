//! Files whose checksums are right and whose content is not: an error or an answer, never a panic
//! and never an allocation that the files do not pay for.

use std::fs;
use std::path::Path;

use glam_core::{Scratch, Targets};
use proptest::prelude::*;

use super::{observation, temporary, tiny, write};
use crate::bytes::{put, u32_at, u64_at};
use crate::manifest::{SEGMENTS, entry};
use crate::segment::header;
use crate::{Reader, Store, log, manifest, verify};

/// Corrects every checksum of the directory.
fn forge(directory: &Path) {
    let names = ["structure-1", "weights-1", "covariances-1", "history-1"];
    let mut checksums = Vec::new();
    for name in names {
        let path = directory.join(name);
        let mut bytes = fs::read(&path).unwrap();
        let count = u64_at(&bytes, header::COUNT) as usize;
        let end = match name {
            "structure-1" | "history-1" => bytes.len(),
            _ => {
                count.saturating_mul(4).saturating_add(64).checked_next_multiple_of(64).unwrap_or(0)
            }
        };
        if let Some(body) = bytes.get(header::BYTES..end) {
            let checksum = crc32c::crc32c(body);
            put(&mut bytes, header::BODY_CHECKSUM, &checksum.to_le_bytes());
        }
        let checksum = crc32c::crc32c(&bytes[..header::CHECKSUM]);
        put(&mut bytes, header::CHECKSUM, &checksum.to_le_bytes());
        checksums.push((checksum, bytes.len() as u64));
        fs::write(path, bytes).unwrap();
    }
    let path = directory.join("MANIFEST");
    let mut bytes = fs::read(&path).unwrap();
    let places = [
        (manifest::STRUCTURE_BYTES, manifest::STRUCTURE_CHECKSUM),
        (SEGMENTS + entry::WEIGHTS_BYTES, SEGMENTS + entry::WEIGHTS_CHECKSUM),
        (SEGMENTS + entry::COVARIANCES_BYTES, SEGMENTS + entry::COVARIANCES_CHECKSUM),
        (manifest::HISTORY_BYTES, manifest::HISTORY_CHECKSUM),
    ];
    for ((bytes_at, checksum_at), (checksum, length)) in places.into_iter().zip(checksums) {
        put(&mut bytes, bytes_at, &length.to_le_bytes());
        put(&mut bytes, checksum_at, &checksum.to_le_bytes());
    }
    let end = bytes.len() - 4;
    let checksum = crc32c::crc32c(&bytes[..end]);
    put(&mut bytes, end, &checksum.to_le_bytes());
    fs::write(path, bytes).unwrap();

    let path = directory.join("log-1");
    let mut bytes = fs::read(&path).unwrap();
    let checksum = crc32c::crc32c(&bytes[..log::header::CHECKSUM]);
    put(&mut bytes, log::header::CHECKSUM, &checksum.to_le_bytes());
    let seed = crc32c::crc32c(&bytes[log::header::MEMORY..log::header::NUMBER]);
    let mut at = log::HEADER_BYTES;
    while at + 24 <= bytes.len() {
        let length = u32_at(&bytes, at) as usize;
        if !(24..=bytes.len() - at).contains(&length) {
            break;
        }
        let begun = crc32c::crc32c_append(seed, &bytes[at..at + 4]);
        let checksum = crc32c::crc32c_append(begun, &bytes[at + 8..at + length]);
        put(&mut bytes, at + 4, &checksum.to_le_bytes());
        at += length;
    }
    fs::write(path, bytes).unwrap();
}

fn use_all(directory: &Path) {
    let _ = verify(directory);
    let cue = observation(1).0;
    if let Ok(reader) = Reader::open(directory) {
        // A forged label count may make outputs many; a few thousand is what fits in the files.
        let outputs = reader.outputs();
        assert!(outputs < 10_000);
        let (mut out, mut spread) = (vec![0.0; outputs], vec![0.0; outputs]);
        let _ = reader.read_with_variance(&cue, &mut Scratch::default(), &mut out, &mut spread);
        let _ = reader.explain(&cue, &mut Scratch::default());
        let _ = reader.report();
    }
    if let Ok((mut store, mut model)) = Store::open(directory) {
        let _ = write_any(&mut store, &mut model);
    }
    let _ = Store::rebuild(directory).map(drop);
}

fn write_any(store: &mut Store, model: &mut glam_core::Model) -> crate::Result<()> {
    for _ in 0..3 {
        let sequence = model.recall().sequence() + 1;
        let (x, y, class) = observation(sequence);
        let target = super::target(model.recall().config(), &y, class);
        model.check(&x, target)?;
        store.append(sequence, &x, target, 1.0)?;
        model.write(&x, target)?;
    }
    store.checkpoint(model)
}

/// A change of a file: which file, where in it as a share of its length, and the new bytes.
fn change() -> impl Strategy<Value = (usize, f64, Vec<u8>)> {
    let bytes = prop_oneof![
        prop::collection::vec(any::<u8>(), 1..5),
        any::<u32>().prop_map(|value| (value % 64).to_le_bytes().to_vec()),
        Just(vec![0xFF; 4]),
        Just(vec![0xFF; 8]),
        Just(vec![0; 8]),
        Just(u64::to_le_bytes(1 << 40).to_vec()),
    ];
    (0..6_usize, 0.0..1.0, bytes)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 150, ..ProptestConfig::default() })]

    #[test]
    fn forged_files_never_panic(
        changes in prop::collection::vec(change(), 1..3),
        with_labels: bool,
        count in 1..40_u64,
    ) {
        let targets =
            if with_labels { Targets::Labels } else { Targets::Numbers(super::OUTPUTS as u32) };
        let (_temporary, directory) = temporary();
        let (mut store, mut model) = Store::create(&directory, tiny(targets)).unwrap();
        write(&mut store, &mut model, count).unwrap();
        store.checkpoint(&mut model).unwrap();
        write(&mut store, &mut model, 2).unwrap();
        drop(store);
        for (file, share, new) in changes {
            let names =
                ["MANIFEST", "structure-1", "weights-1", "covariances-1", "history-1", "log-1"];
            let name = names[file];
            let path = directory.join(name);
            let mut bytes = fs::read(&path).unwrap();
            // Half of the changes go to the first 128 bytes, where the headers are. Those of the
            // manifest spare the configuration: what a forged one asks for is for the core to bound.
            let end = if file == 0 { SEGMENTS + entry::BYTES } else { bytes.len() };
            let spread = if share < 0.5 { end.min(128) } else { end };
            let at = (((share * 2.0) % 1.0) * spread as f64) as usize;
            let at = at.min(bytes.len() - 1);
            let end = (at + new.len()).min(bytes.len());
            bytes[at..end].copy_from_slice(&new[..end - at]);
            fs::write(&path, bytes).unwrap();
        }
        forge(&directory);
        use_all(&directory);
    }
}
