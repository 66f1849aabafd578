//! A scripted life of a memory on a simulated disk, and the states in which a crash may leave it.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::Path;
use std::sync::{Arc, Mutex};

use glam_core::{Config, Flow, Model, Observations, Options, Scratch, Serial};

use super::simulated::{Simulated, draw};
use super::{INPUTS, bits, observation, write};
use crate::{Durability, Error, Result, Store};

/// Where the memory lies.
pub(super) fn place() -> &'static Path {
    Path::new("/memory")
}

/// A number that tells states apart.
pub(super) fn digest(model: &Model) -> u64 {
    let state = model.state();
    let mut hasher = DefaultHasher::new();
    (state.sequence, &state.structure, &state.keys, &state.history).hash(&mut hasher);
    for slots in [&state.weights, &state.covariances] {
        slots.lines().hash(&mut hasher);
        for slot in slots.iter() {
            bytemuck::cast_slice::<_, u8>(slot.unwrap()).hash(&mut hasher);
        }
    }
    hasher.finish()
}

/// The states that the memory went through, in order, and the first that a crash may leave.
#[derive(Debug, Clone, Default)]
pub(super) struct Track {
    /// The digest of each.
    pub(super) states: Vec<u64>,
    /// What each recalls at one cue.
    pub(super) recalls: Vec<Option<Vec<u32>>>,
    /// How many of them lie before the one that was acknowledged last; `None` before there is a memory.
    pub(super) durable: Option<usize>,
    /// Whether an observation is being erased: until that is done a reader answers from the snapshot
    /// that holds it, and from what was written since.
    pub(super) erasing: bool,
}

impl Track {
    /// True where a crash at this moment may leave the state `digest`.
    pub(super) fn admits(&self, digest: u64) -> bool {
        self.states[self.durable.unwrap_or(0)..].contains(&digest)
    }

    /// True where one of those states recalls `recalled` at the cue.
    pub(super) fn admits_recall(&self, recalled: &Option<Vec<u32>>) -> bool {
        self.erasing || self.recalls[self.durable.unwrap_or(0)..].contains(recalled)
    }

    pub(super) fn add(&mut self, model: &Model) {
        self.states.push(digest(model));
        let mut out = vec![0.0; model.recall().outputs()];
        let recalled = model.recall().read(&cue(), &mut Scratch::default(), &mut out);
        self.recalls.push(recalled.ok().map(|()| bits(&out)));
    }
}

/// The cue at which states are told apart by reading.
pub(super) fn cue() -> [f32; INPUTS] {
    observation(1_000_000).0
}

/// What the script does next.
#[derive(Debug, Clone, Copy)]
pub(super) enum Step {
    /// Writes so many observations.
    Write(u64),
    Flush,
    Checkpoint,
    /// Solves over the history, and keeps that.
    Consolidate,
    /// Begins a checkpoint, writes so many observations, writes the checkpoint, writes as many again,
    /// and ends it.
    Beside(u64),
    Compact,
    /// Erases an observation, to the end.
    Erase(u64),
    /// Waits for the disk at every write from now on.
    Sync,
    /// Drops all but the last so many observations from the history.
    Drop(u64),
    /// Drops the store and opens the memory.
    Reopen,
    /// Closes the store and opens the memory.
    Close,
}

/// The script that is crashed everywhere.
pub(super) const SCRIPT: [Step; 34] = [
    Step::Write(3),
    Step::Flush,
    Step::Write(2),
    Step::Checkpoint,
    Step::Write(9),
    Step::Reopen,
    Step::Write(4),
    Step::Flush,
    Step::Erase(6),
    Step::Write(12),
    Step::Checkpoint,
    Step::Write(1),
    Step::Flush,
    Step::Write(30),
    Step::Close,
    Step::Write(2),
    Step::Erase(2),
    Step::Reopen,
    Step::Beside(7),
    Step::Consolidate,
    Step::Write(8),
    Step::Flush,
    Step::Checkpoint,
    Step::Write(1),
    Step::Checkpoint,
    Step::Compact,
    Step::Write(5),
    Step::Close,
    Step::Sync,
    Step::Write(9),
    Step::Reopen,
    Step::Drop(10),
    Step::Write(3),
    Step::Drop(0),
];

/// A script that depends on nothing but its seed. What is erased has not been erased before, and is not
/// dropped; a memory that was consolidated, or whose history was dropped, erases nothing.
pub(super) fn random_script(seed: u64) -> Vec<Step> {
    let mut seed = seed;
    let mut written = 0;
    let mut next = |most: u64| draw(&mut seed) % most;
    let (mut script, mut erased) = (Vec::new(), Vec::new());
    let mut whole = true;
    for _ in 0..24 {
        let step = match next(12) {
            0..=3 => Step::Write(1 + next(12)),
            4 => Step::Flush,
            5 => Step::Checkpoint,
            6 => Step::Reopen,
            7 => Step::Close,
            8 => Step::Beside(1 + next(5)),
            9 => Step::Compact,
            10 if written > 4 && whole => {
                let sequence = 1 + next(written);
                if erased.contains(&sequence) {
                    continue;
                }
                erased.push(sequence);
                Step::Erase(sequence)
            }
            11 if written > 4 && whole => {
                whole = false;
                if next(2) == 0 { Step::Consolidate } else { Step::Drop(next(written)) }
            }
            _ => Step::Sync,
        };
        written += match step {
            Step::Write(count) => count,
            Step::Beside(count) => 2 * count,
            _ => 0,
        };
        script.push(step);
    }
    script
}

/// A memory that lives on a simulated disk.
pub(super) struct Life {
    pub(super) disk: Simulated,
    pub(super) track: Arc<Mutex<Track>>,
    pub(super) open: Option<(Store, Model)>,
}

impl Life {
    pub(super) fn new(disk: Simulated, track: Arc<Mutex<Track>>) -> Self {
        Self { disk, track, open: None }
    }

    /// Makes the memory.
    pub(super) fn create(&mut self, config: &Config) -> Result<()> {
        self.note(&Model::new(config.clone()));
        let disk = Arc::new(self.disk.clone());
        let (mut store, model) = Store::create_on(disk, place(), config.clone())?;
        store.set_log_sizes(1200, 400);
        self.open = Some((store, model));
        self.acknowledge();
        Ok(())
    }

    fn note(&self, model: &Model) {
        self.track.lock().unwrap().add(model);
    }

    /// The newest state is one that no crash takes away.
    fn acknowledge(&self) {
        let mut track = self.track.lock().unwrap();
        track.durable = Some(track.states.len() - 1);
    }

    pub(super) fn step(&mut self, step: Step) -> Result<()> {
        let track = Arc::clone(&self.track);
        let note = |model: &Model| track.lock().unwrap().add(model);
        let Some((store, model)) = &mut self.open else { return Ok(()) };
        match step {
            Step::Write(count) => {
                let waits = store.durability() == Durability::Synced;
                for _ in 0..count {
                    write_on(store, model, 1, &note)?;
                    if waits {
                        store.flush()?;
                        let mut track = track.lock().unwrap();
                        track.durable = Some(track.states.len() - 1);
                    }
                }
                return Ok(());
            }
            Step::Flush => store.flush()?,
            Step::Compact => store.compact(model)?,
            Step::Sync => store.set_durability(Durability::Synced)?,
            Step::Drop(keep) => {
                store.forget_history(model, keep)?;
            }
            Step::Beside(count) => {
                let begun = store.begin_checkpoint(model)?;
                let (store, model) = (store, model);
                write_on(store, model, count, &note)?;
                let written = begun.write();
                write_on(store, model, count, &note)?;
                store.end_checkpoint(model, written)?;
                store.flush()?;
            }
            Step::Checkpoint => store.checkpoint(model)?,
            Step::Consolidate => {
                let mut observations = Observations::new();
                let mut history = store.history()?;
                while let Some(next) = history.next()? {
                    let labels = model.recall().labels();
                    observations.add(labels, next.x, next.target, next.weight)?;
                }
                let options = Options { regates: 0, ..Options::default() };
                let mut solved =
                    model.consolidate(&observations, options, &Serial, &|_| Flow::Continue)?;
                note(&solved);
                // The solved model is the one that goes on only where it was kept.
                store.checkpoint(&mut solved)?;
                *model = solved;
            }
            Step::Erase(sequence) => {
                store.find(sequence)?;
                let mut rest = Model::new(model.recall().config().clone());
                let mut history = store.history()?;
                while let Some(next) = history.next()? {
                    if next.sequence != sequence {
                        skip_to(&mut rest, next.sequence - 1);
                        rest.write_weighted(next.x, next.target, next.weight)?;
                    }
                }
                skip_to(&mut rest, history.last());
                note(&rest);
                self.track.lock().unwrap().erasing = true;
                store.erase(sequence)?;
                *model = rest;
                store.checkpoint(model)?;
                store.finish_erase()?;
                self.track.lock().unwrap().erasing = false;
            }
            Step::Reopen | Step::Close => {
                let Some((store, mut model)) = self.open.take() else { return Ok(()) };
                match step {
                    Step::Close => store.close(&mut model)?,
                    _ => drop(store),
                }
                self.reopen()?;
                let Some((_, found)) = &self.open else { return Ok(()) };
                let (before, found_digest) = (digest(&model), digest(found));
                // A drop has nobody to tell where it could not hand over what was never flushed.
                let lost = self.disk.has_fault() && matches!(step, Step::Reopen);
                assert!(found_digest == before || lost, "reopening changed the memory");
                assert!(track.lock().unwrap().admits(found_digest), "this is no such state");
                note(found);
            }
        }
        self.acknowledge();
        Ok(())
    }

    pub(super) fn reopen(&mut self) -> Result<()> {
        let (mut store, model) = Store::open_on(Arc::new(self.disk.clone()), place())?;
        store.set_log_sizes(1200, 400);
        self.open = Some((store, model));
        Ok(())
    }
}

/// Writes the next `count` observations, and notes every state.
fn write_on(store: &mut Store, model: &mut Model, count: u64, note: &dyn Fn(&Model)) -> Result<()> {
    for _ in 0..count {
        write(store, model, 1)?;
        note(model);
    }
    Ok(())
}

fn skip_to(model: &mut Model, sequence: u64) {
    while model.recall().sequence() < sequence {
        model.skip();
    }
}

/// Whether the error says that there is no memory yet.
pub(super) fn is_no_memory(error: &Error) -> bool {
    matches!(error, Error::Missing { .. } | Error::NotAMemory { .. })
}
