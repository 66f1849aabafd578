//! Many threads that wait for the disk at every write of one memory, and the checkpoint that begins by
//! itself meanwhile.

#![expect(clippy::unwrap_used, reason = "a helper of tests may fail as a test may")]

mod common;

use std::fs;
use std::path::Path;
use std::sync::Barrier;
use std::sync::atomic::{AtomicU64, Ordering};

use common::assert_same;
use glam_memory::store::{Reader, Store};
use glam_memory::{Durability, verify};
use glam_tests::stream::{WRITERS, builder, model, observation, observation_of};

/// A checkpoint begins by itself behind this many observations.
const INTERVAL: u64 = 1 << 16;
/// So many of them are there before the threads begin.
const BEFORE: u64 = INTERVAL - 200;
/// What each thread writes between two images, and how many images there are.
const A_ROUND: u64 = 25;
const ROUNDS: u64 = 5;

/// Copies the files as a crash would leave them. No observation is being written meanwhile, but a
/// checkpoint may be: where it has replaced the manifest, the copy starts over.
fn image(from: &Path, to: &Path) {
    loop {
        let manifest = fs::read(from.join("MANIFEST")).unwrap();
        fs::create_dir_all(to).unwrap();
        for entry in fs::read_dir(from).unwrap() {
            let name = entry.unwrap().file_name();
            // What is gone again is an unfinished file, or the manifest has changed.
            let copied = fs::copy(from.join(&name), to.join(&name));
            assert!(copied.is_ok() || copied.unwrap_err().kind() == std::io::ErrorKind::NotFound);
        }
        if fs::read(from.join("MANIFEST")).unwrap() == manifest
            && fs::read(to.join("MANIFEST")).unwrap() == manifest
        {
            return;
        }
        fs::remove_dir_all(to).unwrap();
    }
}

/// Fails unless all that was acknowledged is in the memory, and the model is what its history makes.
fn check(directory: &Path, acknowledged: &[u64]) {
    assert!(verify(directory).unwrap().is_sound());
    let (mut store, found) = Store::open(directory).unwrap();
    assert_eq!(store.durability(), Durability::Synced);
    let mut expected = model().unwrap();
    let mut written = [0; WRITERS];
    let mut history = store.history().unwrap();
    while let Some(next) = history.next().unwrap() {
        let (x, y) = if next.sequence <= BEFORE {
            observation(next.sequence)
        } else {
            let writer = next.x[0] as usize;
            written[writer] += 1;
            observation_of(writer, written[writer])
        };
        assert_eq!((next.x, next.target), (&x[..], (&[y]).into()));
        expected.write(&x, (&[y]).into()).unwrap();
    }
    // At these moments nothing is written that was not acknowledged.
    assert_eq!(written[..], *acknowledged);
    assert_same(&found, &expected);
}

#[test]
fn what_many_threads_were_told_is_on_the_disk_is_there_beside_a_checkpoint() {
    let temporary = tempfile::tempdir().unwrap();
    let directory = temporary.path().join("memory");
    let memory = builder().create(&directory).unwrap();
    for sequence in 1..=BEFORE {
        let (x, y) = observation(sequence);
        memory.write(&x, y).unwrap();
    }
    memory.set_durability(Durability::Synced).unwrap();
    assert_eq!(Reader::open(&directory).unwrap().generation(), 0);

    let acknowledged: [AtomicU64; WRITERS] = Default::default();
    let barrier = Barrier::new(WRITERS + 1);
    std::thread::scope(|scope| {
        for (writer, acknowledged) in acknowledged.iter().enumerate() {
            let (memory, barrier) = (&memory, &barrier);
            scope.spawn(move || {
                for count in 1..=ROUNDS * A_ROUND {
                    let (x, y) = observation_of(writer, count);
                    memory.write(&x, y).unwrap();
                    acknowledged.store(count, Ordering::SeqCst);
                    if count.is_multiple_of(A_ROUND) {
                        barrier.wait();
                        // The image is made.
                        barrier.wait();
                    }
                }
            });
        }
        for round in 1..=ROUNDS {
            barrier.wait();
            image(&directory, &temporary.path().join(format!("image-{round}")));
            barrier.wait();
        }
    });
    let told = acknowledged.map(AtomicU64::into_inner);
    assert_eq!(told, [ROUNDS * A_ROUND; WRITERS]);
    // A checkpoint that is under way is waited for.
    drop(memory);
    assert_eq!(
        Reader::open(&directory).unwrap().generation(),
        1,
        "a checkpoint has begun by itself"
    );
    check(&directory, &told);
    let mut with_checkpoint = 0;
    for round in 1..=ROUNDS {
        let image = temporary.path().join(format!("image-{round}"));
        with_checkpoint += Reader::open(&image).unwrap().generation();
        check(&image, &[round * A_ROUND; WRITERS]);
    }
    println!("{WRITERS} threads, {ROUNDS} images, {with_checkpoint} of them with the checkpoint");
}
