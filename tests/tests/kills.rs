//! A process that writes is killed at any moment: what it was told is safe is there, and nothing else
//! than what it wrote.
//!
//! `GLAM_KILLS=1000` kills a thousand of them.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a helper of tests may fail as a test may")]

mod common;

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use common::{assert_same, from_environment};
use glam_memory::core::{Model, Observations, Scratch, Serial};
use glam_memory::store::{self, Reader, Store};
use glam_memory::{Durability, Error, Flow, Memory, verify};
use glam_tests::stream::{WRITERS, draw, model, observation, observation_of, options};

/// After so many kills a writer gets a new directory.
const KILLS_A_DIRECTORY: u64 = 25;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Writer {
    Synced,
    Buffered,
    Several,
}

impl Writer {
    fn name(self) -> &'static str {
        match self {
            Self::Synced => "synced",
            Self::Buffered => "buffered",
            Self::Several => "several",
        }
    }
}

/// What is known of a directory, over all the processes that wrote to it.
struct Known {
    directory: PathBuf,
    _temporary: tempfile::TempDir,
    writer: Writer,
    /// What the observations that are known to be in the history make.
    model: Model,
    /// The last observation that was acknowledged.
    acknowledged: u64,
    /// The same of each of several writers.
    acknowledged_of: [u64; WRITERS],
    /// By whom each observation of several writers is, and which of theirs it is.
    order: Vec<(usize, u64)>,
    /// Whether a consolidation was begun and not seen to end, and behind which observation.
    consolidating: Option<u64>,
    exists: bool,
}

/// Of all kills together.
#[derive(Debug, Default)]
struct Counts {
    kills: u64,
    before_creation: u64,
    acknowledged: u64,
    unacknowledged: u64,
    locked: u64,
    consolidations: u64,
    cut_consolidations: u64,
    unsaved_consolidations: u64,
}

impl Known {
    fn new(writer: Writer) -> Self {
        let temporary = tempfile::tempdir().unwrap();
        Self {
            directory: temporary.path().join("memory"),
            _temporary: temporary,
            writer,
            model: model().unwrap(),
            acknowledged: 0,
            acknowledged_of: [0; WRITERS],
            order: Vec::new(),
            consolidating: None,
            exists: false,
        }
    }

    fn start(&self) -> Child {
        Command::new(env!("CARGO_BIN_EXE_glam-child"))
            .arg(self.writer.name())
            .arg(&self.directory)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap()
    }

    /// Starts a writer, kills it, and notes what it said.
    fn kill(&mut self, chance: u64, counts: &mut Counts) {
        let mut child = self.start();
        let mut lines = BufReader::new(child.stdout.take().unwrap());
        // One in eight is killed before it has said anything, and so are those that make the memory
        // until it is there.
        let makes = !self.exists && !chance.is_multiple_of(4);
        let wanted = if makes || chance.is_multiple_of(8) { 0 } else { 1 + (chance >> 8) % 60 };
        let mut alive = true;
        for heard in 0..wanted {
            alive = self.hear(&mut lines, counts);
            if heard == 0 && alive {
                let id = child.id();
                match Memory::open(&self.directory) {
                    Err(Error::Store(store::Error::Locked { pid, .. })) => {
                        assert_eq!(pid, Some(id), "the lock names another process");
                    }
                    other => panic!("a second writer beside the first: {other:?}"),
                }
                counts.locked += 1;
            }
        }
        std::thread::sleep(Duration::from_micros(
            (chance >> 24) % if wanted == 0 { 16_000 } else { 4_000 },
        ));
        child.kill().unwrap();
        while self.hear(&mut lines, counts) {}
        let output = child.wait_with_output().unwrap();
        let told = String::from_utf8_lossy(&output.stderr);
        assert!(alive && told.is_empty(), "a writer ended by itself: {told}");
        counts.kills += 1;
    }

    /// Notes one line of a writer; false behind the last.
    fn hear(&mut self, lines: &mut impl BufRead, counts: &mut Counts) -> bool {
        let mut line = String::new();
        lines.read_line(&mut line).unwrap();
        let words: Vec<&str> = line.split_whitespace().collect();
        let number = |word: &str| word.parse::<u64>().unwrap();
        match words[..] {
            [] => return false,
            ["open"] => self.exists = true,
            ["ack", sequence] => {
                self.acknowledged = number(sequence);
                counts.acknowledged += 1;
            }
            ["ack-of", writer, count] => {
                self.acknowledged_of[number(writer) as usize] = number(count);
                counts.acknowledged += 1;
            }
            ["consolidating", sequence] => self.consolidating = Some(number(sequence)),
            ["consolidated", sequence] => {
                self.learn(number(sequence));
                self.model = consolidated(&self.model);
                self.acknowledged = number(sequence);
                self.consolidating = None;
                counts.consolidations += 1;
            }
            _ => panic!("{line:?}"),
        }
        true
    }

    fn learn(&mut self, last: u64) {
        while self.model.recall().sequence() < last {
            let (x, y) = observation(self.model.recall().sequence() + 1);
            self.model.write(&x, (&[y]).into()).unwrap();
        }
    }

    /// Fails unless the directory holds all that was acknowledged, and what that makes.
    fn check(&mut self, counts: &mut Counts) {
        let verified = match verify(&self.directory) {
            Err(store::Error::Missing { .. } | store::Error::NotAMemory { .. }) if !self.exists => {
                counts.before_creation += 1;
                return;
            }
            verified => verified.unwrap(),
        };
        self.exists = true;
        assert!(verified.is_sound(), "{:?}", verified.damages);
        // The lock is free.
        let (mut store, found) = Store::open(&self.directory).unwrap();
        if self.writer != Writer::Buffered {
            assert_eq!(store.durability(), Durability::Synced, "it was made to wait for the disk");
        }
        let last = store.sequence();
        let mut sequence = 0;
        let mut history = store.history().unwrap();
        let mut counted = [0; WRITERS];
        while let Some(next) = history.next().unwrap() {
            sequence += 1;
            assert_eq!(next.sequence, sequence);
            let (x, y) = match self.writer {
                Writer::Several => {
                    let writer = next.x[0] as usize;
                    counted[writer] += 1;
                    let (x, y) = observation_of(writer, counted[writer]);
                    match self.order.get(sequence as usize - 1) {
                        Some(&known) => assert_eq!((writer, counted[writer]), known),
                        None => {
                            self.order.push((writer, counted[writer]));
                            self.model.write(&x, (&[y]).into()).unwrap();
                        }
                    }
                    (x, y)
                }
                _ => observation(sequence),
            };
            assert_eq!((next.x, next.target, next.weight), (&x[..], (&[y]).into(), 1.0));
        }
        assert_eq!(sequence, last);
        for (counted, acknowledged) in counted.iter().zip(&self.acknowledged_of) {
            assert!(counted >= acknowledged, "{counted} of {acknowledged} are left");
            counts.unacknowledged += counted - acknowledged;
        }
        if self.writer != Writer::Several {
            assert!(last >= self.acknowledged, "{last} of {} are left", self.acknowledged);
            assert!(last >= self.model.recall().sequence());
            counts.unacknowledged += last - self.acknowledged;
            self.learn(last);
        }
        (self.acknowledged, self.acknowledged_of) = (last, counted);
        if let Some(behind) = self.consolidating.take() {
            // It was acknowledged nothing, but that is the one other thing that may have happened.
            assert_eq!(last, behind);
            counts.cut_consolidations += 1;
            if found.report().decision != self.model.report().decision {
                self.model = consolidated(&self.model);
            } else {
                counts.unsaved_consolidations += 1;
            }
        }
        assert_same(&found, &self.model);
        drop(store);
        self.check_reader();
    }

    /// A reader recalls what the model does, bit for bit.
    fn check_reader(&self) {
        let reader = Reader::open(&self.directory).unwrap();
        assert_eq!(reader.sequence(), self.model.recall().sequence());
        let mut scratch = Scratch::default();
        for cue in 0..if reader.sequence() > 0 { 4 } else { 0 } {
            let (x, _) = observation(1_000_000 + cue);
            let (mut got, mut expected) = ([0.0; 2], [0.0; 2]);
            let [out, spread] = got.each_mut().map(std::slice::from_mut);
            reader.read_with_variance(&x, &mut scratch, out, spread).unwrap();
            let [out, spread] = expected.each_mut().map(std::slice::from_mut);
            let (recall, covariances) = (self.model.recall(), self.model.covariances());
            recall.read_with_variance(covariances, &x, &mut scratch, out, spread).unwrap();
            assert_eq!(got.map(f32::to_bits), expected.map(f32::to_bits));
        }
    }
}

/// The model that a consolidation over all observations makes.
fn consolidated(model: &Model) -> Model {
    let mut observations = Observations::new();
    for sequence in 1..=model.recall().sequence() {
        let (x, y) = observation(sequence);
        observations.add(model.recall().labels(), &x, (&[y]).into(), 1.0).unwrap();
    }
    model.consolidate(&observations, options(), &Serial, &|_| Flow::Continue).unwrap()
}

#[test]
fn a_writer_that_is_killed_loses_nothing_that_was_acknowledged() {
    if !cfg!(unix) {
        println!("not run: whether a locked file can be read is another question here");
        return;
    }
    let kills = from_environment("GLAM_KILLS", 27, "processes are killed");
    let mut counts = Counts::default();
    let mut known = [Writer::Synced, Writer::Buffered, Writer::Several].map(Known::new);
    for kill in 0..kills {
        let writers = known.len() as u64;
        let known = &mut known[(kill % writers) as usize];
        if kill / writers % KILLS_A_DIRECTORY == KILLS_A_DIRECTORY - 1 {
            *known = Known::new(known.writer);
        }
        known.kill(draw(kill), &mut counts);
        known.check(&mut counts);
    }
    for known in &known {
        close(&known.directory, known.exists);
    }
    println!("{counts:?}");
    assert_eq!(counts.kills, kills);
    assert!(counts.locked * 2 >= kills && counts.acknowledged >= kills);
}

/// The memory goes on, and closes.
fn close(directory: &Path, exists: bool) {
    if exists {
        let memory = Memory::open(directory).unwrap();
        memory.write(&[0.5; 3], 1.0).unwrap();
        memory.close().unwrap();
        assert!(verify(directory).unwrap().is_sound());
    }
}
