//! A memory and its files: checkpoints beside writes, readers that follow, slots that are damaged.

#![expect(clippy::unwrap_used, reason = "a helper of tests may fail as a test may")]

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use glam_memory::{Durability, Error, Flow, Memory, Options, disk, verify};

fn temporary() -> (tempfile::TempDir, PathBuf) {
    let temporary = tempfile::tempdir().unwrap();
    let directory = temporary.path().join("memory");
    (temporary, directory)
}

/// Row number `i`: two inputs and what belongs to them.
fn row(i: usize) -> ([f32; 2], f32) {
    let x = [(i * 37 % 101) as f32 / 50.0 - 1.0, (i * 53 % 97) as f32 / 48.0 - 1.0];
    (x, x[0] * x[1] + 0.3 * x[0])
}

fn write(memory: &Memory, from: usize, to: usize) {
    for i in from..to {
        let (x, y) = row(i);
        memory.write(&x, y).unwrap();
    }
}

/// Fails unless the two answer with the same bits.
fn assert_answer_alike(a: &Memory, b: &Memory) {
    assert_eq!(a.sequence(), b.sequence());
    for i in 0..40 {
        let (x, _) = row(1000 + 7 * i);
        let bits = |memory: &Memory| {
            let (y, std) = memory.read_with_std(&x).unwrap();
            (y[0].to_bits(), std[0].to_bits())
        };
        assert_eq!(bits(a), bits(b), "{x:?}");
    }
}

#[test]
fn a_memory_makes_checkpoints_by_itself_and_stays_the_same_memory() {
    let (_temporary, directory) = temporary();
    let settings = || Memory::builder(2).tables(2).levels([2]).warm_up(64);
    let memory = settings().create(&directory).unwrap();
    let beside = settings().in_memory().unwrap();
    let mut seen = 0;
    for block in 0..48 {
        write(&memory, block * 3000, (block + 1) * 3000);
        write(&beside, block * 3000, (block + 1) * 3000);
        let log = memory.inspect().unwrap().log.unwrap();
        assert_eq!(log.checkpoint_failure, None);
        seen = seen.max(memory.sequence() - log.behind);
    }
    // A write that comes after a checkpoint was written takes note of it; at 144,000 rows one was.
    assert!(seen >= 65_536, "{seen}");
    assert_answer_alike(&memory, &beside);
    drop(memory);
    assert!(verify(&directory).unwrap().is_sound());
    let memory = Memory::open(&directory).unwrap();
    assert!(memory.inspect().unwrap().log.unwrap().behind < 144_000 - 65_535);
    assert_answer_alike(&memory, &beside);
}

#[test]
fn a_reader_follows_a_writer_when_it_is_told_to() {
    let (_temporary, directory) = temporary();
    let writer = Memory::builder(2).tables(4).warm_up(64).create(&directory).unwrap();
    write(&writer, 0, 10);
    writer.flush().unwrap();
    let reader = Memory::open_read_only(&directory).unwrap();
    let mut at = 10;
    for step in 0..12 {
        write(&writer, at, at + 30);
        at += 30;
        assert_eq!(reader.sequence(), at as u64 - 30);
        match step % 4 {
            0 | 1 => writer.flush().unwrap(),
            2 => writer.checkpoint().unwrap(),
            _ if step == 7 => {
                let options = Options { regates: 0, ..Options::default() };
                writer.consolidate(options, &|_| Flow::Continue).unwrap();
            }
            _ => writer.compact().unwrap(),
        }
        assert!(reader.refresh().unwrap());
        assert_answer_alike(&reader, &writer);
        assert!(!reader.refresh().unwrap());
    }
    // The history goes, what was learned from it stays; a reader finds the new files.
    writer.forget_history(0).unwrap();
    reader.refresh().unwrap();
    assert_answer_alike(&reader, &writer);
    assert!(matches!(writer.forget(3), Err(Error::Store(_))));
}

/// Changes the bytes of every slot in the one file of weights.
fn damage_weights(directory: &Path) {
    let found = fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path());
    let is_weights = |path: &PathBuf| {
        path.file_name().is_some_and(|name| name.to_string_lossy().starts_with("weights-"))
    };
    let path = found.into_iter().find(is_weights).unwrap();
    let mut bytes = fs::read(&path).unwrap();
    let half = bytes.len() / 2;
    bytes[half..].iter_mut().for_each(|byte| *byte ^= 1);
    fs::write(path, bytes).unwrap();
}

#[test]
fn a_write_that_meets_a_damaged_slot_changes_neither_the_memory_nor_its_log() {
    let (_temporary, directory) = temporary();
    let memory = Memory::builder(2).tables(3).levels([3]).warm_up(64).create(&directory).unwrap();
    write(&memory, 0, 300);
    memory.close().unwrap();
    damage_weights(&directory);
    let memory = Memory::open(&directory).unwrap();
    let (mut refused, mut learned) = (0, 0);
    for i in 300..400 {
        let (x, y) = row(i);
        let before = memory.sequence();
        match memory.write(&x, y) {
            Ok(()) => {
                learned += 1;
                assert_eq!(memory.sequence(), before + 1);
            }
            Err(error) => {
                refused += 1;
                assert!(error.to_string().contains("slot"), "{error}");
                assert_eq!(memory.sequence(), before);
            }
        }
    }
    assert!(refused > 0 && learned > 0, "{refused} {learned}");
    memory.flush().unwrap();
    let mut history = memory.history().unwrap();
    let mut rows = 0;
    while history.next().unwrap().is_some() {
        rows += 1;
    }
    assert_eq!(rows, 300 + learned);
}

#[test]
fn durability_is_kept_and_a_write_can_wait_alone() {
    let (_temporary, directory) = temporary();
    let memory = Memory::builder(2).durability(Durability::Synced).create(&directory).unwrap();
    write(&memory, 0, 5);
    assert_eq!(memory.durability(), Durability::Synced);
    memory.close().unwrap();
    let memory = Memory::open(&directory).unwrap();
    assert_eq!(memory.durability(), Durability::Synced);
    memory.set_durability(Durability::Buffered).unwrap();
    memory.write_durable(&[0.5, 0.5], 1.0).unwrap();
    memory.close().unwrap();
    let reader = Memory::open_read_only(&directory).unwrap();
    assert_eq!((reader.sequence(), reader.durability()), (6, Durability::Buffered));
    assert!(matches!(reader.set_durability(Durability::Synced), Err(Error::ReadOnly)));
}

#[test]
fn a_memory_that_maps_nothing_is_the_same() {
    let (_temporary, directory) = temporary();
    let memory = Memory::builder(2).tables(4).warm_up(64).create(&directory).unwrap();
    write(&memory, 0, 200);
    memory.checkpoint().unwrap();
    write(&memory, 200, 250);
    memory.flush().unwrap();
    let reader = Memory::open_read_only_on(Arc::new(disk::Unmapped), &directory).unwrap();
    assert_answer_alike(&reader, &memory);
    drop(memory);
    let memory = Memory::open_on(Arc::new(disk::Unmapped), &directory).unwrap();
    assert_answer_alike(&reader, &memory);
}

#[test]
fn opening_over_another_net_than_the_one_there_is_refused() {
    let layer = |weight: f32| {
        let weights = ndarray::Array2::from_elem((1, 2), weight);
        glam_memory::net::Layer::new(weights.view(), &[0.0], glam_memory::net::Activation::Linear)
    };
    let net = |weight| {
        let layers = vec![layer(weight).unwrap()];
        glam_memory::net::Net::new(layers, glam_memory::net::Output::Linear).unwrap()
    };
    let temporary = tempfile::tempdir().unwrap();
    let place = temporary.path().join("m");
    let open = |weight| Memory::builder_on(net(weight)).open_or_create(&place);
    assert_eq!(open(2.0).unwrap().read(&[1.0, 1.0]).unwrap(), [4.0]);
    assert_eq!(open(2.0).unwrap().read(&[1.0, 2.0]).unwrap(), [6.0]);
    assert!(matches!(open(3.0), Err(Error::OtherNet)));
    // Who asks for no net takes what is there.
    assert_eq!(
        Memory::builder(2).open_or_create(&place).unwrap().read(&[1.0, 1.0]).unwrap(),
        [4.0]
    );
}
