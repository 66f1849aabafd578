//! Readers beside a writer that flushes, checkpoints and compacts: whatever state a reader has found,
//! it recalls what a model of just those observations does, bit for bit.
//!
//! `GLAM_LOAD_SECONDS=120` begins new rounds for two minutes.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a helper of tests may fail as a test may")]

mod common;

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use common::from_environment;
use glam_memory::{Memory, verify};
use glam_tests::stream::{builder, observation, recalled, recalls};

/// Observations of a round.
const OBSERVATIONS: u64 = 1_500;
/// The writer is never further ahead of the slowest reader than this, so that each sees many states.
const AHEAD: u64 = 60;
const PROCESSES: usize = 2;

/// Writes all observations; `seen` is the newest state that each reader has told of.
fn write(memory: &Memory, seen: &[AtomicU64]) {
    for sequence in 1..=OBSERVATIONS {
        let (x, y) = observation(sequence);
        memory.write(&x, y).unwrap();
        match sequence {
            _ if sequence.is_multiple_of(400) => memory.compact().unwrap(),
            _ if sequence.is_multiple_of(30) => memory.checkpoint().unwrap(),
            _ if sequence.is_multiple_of(4) => memory.flush().unwrap(),
            _ => {}
        }
        if sequence.is_multiple_of(AHEAD) {
            let behind = |seen: &AtomicU64| seen.load(Ordering::SeqCst) + AHEAD < sequence;
            while seen.iter().any(behind) {
                std::thread::yield_now();
            }
        }
    }
    memory.flush().unwrap();
}

/// A process that reads; returns the states that it has told of.
fn process(directory: &Path, seen: &AtomicU64) -> BTreeSet<u64> {
    // Where it fails, the writer shall not wait for it.
    let done = Done(seen);
    let mut child = Command::new(env!("CARGO_BIN_EXE_glam-child"))
        .arg("read")
        .arg(directory)
        .arg(OBSERVATIONS.to_string())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut states = BTreeSet::new();
    for line in BufReader::new(child.stdout.take().unwrap()).lines() {
        let line = line.unwrap();
        let read = line.strip_prefix("read ").unwrap_or_else(|| panic!("a recall: {line}"));
        let sequence = read.parse().unwrap();
        assert!(states.last().is_none_or(|last| *last <= sequence), "back to {sequence}");
        states.insert(sequence);
        seen.store(sequence, Ordering::SeqCst);
    }
    assert!(child.wait().unwrap().success());
    drop(done);
    states
}

/// A thread of this process that reads.
fn thread(directory: &Path, recalls: &[Vec<u32>], seen: &AtomicU64) -> BTreeSet<u64> {
    let done = Done(seen);
    let memory = Memory::open_read_only(directory).unwrap();
    let mut states = BTreeSet::new();
    loop {
        let sequence = memory.sequence();
        assert!(recalled(&memory).unwrap() == recalls[sequence as usize], "at {sequence}");
        // A checkpoint is news too, though its observations may be known.
        assert!(states.last().is_none_or(|last| *last <= sequence), "back to {sequence}");
        states.insert(sequence);
        seen.store(sequence, Ordering::SeqCst);
        if sequence == OBSERVATIONS {
            break;
        }
        while !memory.refresh().unwrap() {
            std::thread::yield_now();
        }
    }
    drop(done);
    states
}

/// Lets the writer go on when its reader has ended, however it has.
struct Done<'a>(&'a AtomicU64);

impl Drop for Done<'_> {
    fn drop(&mut self) {
        self.0.store(u64::MAX - AHEAD, Ordering::SeqCst);
    }
}

/// One memory from its first observation to its last; returns how many states were read.
fn round(recalls: &[Vec<u32>]) -> usize {
    let temporary = tempfile::tempdir().unwrap();
    let directory = temporary.path().join("memory");
    let memory = builder().create(&directory).unwrap();
    let seen: [AtomicU64; PROCESSES + 1] = Default::default();
    let states = std::thread::scope(|scope| {
        let (of_thread, of_processes) = seen.split_last().unwrap();
        let directory = &directory;
        let processes = of_processes.iter().map(|seen| scope.spawn(|| process(directory, seen)));
        let mut readers: Vec<_> = processes.collect();
        readers.push(scope.spawn(|| thread(directory, recalls, of_thread)));
        write(&memory, &seen);
        readers.into_iter().map(|reader| reader.join().unwrap()).collect::<Vec<_>>()
    });
    for states in &states {
        assert_eq!(states.last(), Some(&OBSERVATIONS));
        assert!(states.len() as u64 > OBSERVATIONS / (2 * AHEAD), "{} states", states.len());
    }
    memory.close().unwrap();
    assert!(verify(&directory).unwrap().is_sound());
    let reader = Memory::open_read_only(&directory).unwrap();
    assert!(recalled(&reader).unwrap() == recalls[OBSERVATIONS as usize]);
    states.iter().map(BTreeSet::len).sum()
}

#[test]
fn readers_beside_a_writer_recall_what_their_observations_make() {
    let seconds = from_environment("GLAM_LOAD_SECONDS", 0, "seconds of rounds after the first");
    let recalls = recalls(OBSERVATIONS).unwrap();
    let (begun, mut rounds, mut states) = (Instant::now(), 0, 0);
    while rounds == 0 || begun.elapsed() < Duration::from_secs(seconds) {
        states += round(&recalls);
        rounds += 1;
    }
    println!(
        "{rounds} rounds of {OBSERVATIONS} observations, {} readers, {states} states read",
        PROCESSES + 1
    );
}
