//! The writing side of a memory's files.

mod forgetting;
mod saving;

use std::path::Path;
use std::sync::Arc;

use glam_core::{Config, Model, Target};

use crate::create;
use crate::disk::{Directory, Disk};
use crate::durability::Durability;
use crate::erasure::{self, Intent};
use crate::error::{Error, Result};
use crate::files::Files;
use crate::history::History;
use crate::lock::Lock;
use crate::log::{self, Chain};
use crate::manifest::Manifest;
use crate::segment::{Place, Snapshot};
use crate::{FORMAT_VERSION, strays};

/// So many observations behind the snapshot make another one worth its while, times one more for
/// every [`CHECKPOINT_BYTES`] of slots: what an opening replays stays in proportion to what a
/// checkpoint writes.
const CHECKPOINT_WRITES: u64 = 1 << 16;
const CHECKPOINT_BYTES: u64 = 256 << 20;

/// Which slots a checkpoint writes at least.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Extent {
    Changed,
    All,
}

/// Where the model of an opening comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Start {
    /// The snapshot, and the observations behind it.
    Snapshot,
    /// All observations, from the first on.
    History,
}

/// How far an erasure has come; but for `None` there is an intent among the files.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Erasure {
    /// There is none.
    None,
    /// The frame is overwritten; the snapshot may hold the observation.
    Overwritten,
    /// A snapshot was made since; whether it holds the observation is known to the caller.
    Checkpointed,
    /// The model was rebuilt without the observation when the memory was opened; the snapshot may
    /// hold it.
    Rebuilt,
}

/// The writing side of a memory's files; there is one at a time.
///
/// A store keeps no model: the caller appends each observation and writes it to the model that was
/// opened with the store, with the sequence numbers of the model.
///
/// Dropping a store hands what is buffered to the operating system; [`Store::close`] also makes
/// the next opening cheap.
#[derive(Debug)]
pub struct Store {
    directory: Directory,
    log: log::Writer,
    manifest: Manifest,
    /// Where the slots of the snapshot lie, and how many slots each of its segments has.
    places: Arc<[Place]>,
    sizes: Vec<usize>,
    /// Whether a checkpoint would change anything.
    changed: bool,
    /// Whether a checkpoint was begun and not ended.
    checkpointing: bool,
    /// The sequence number from which another checkpoint is worth its while.
    due: u64,
    erasure: Erasure,
    /// Released last.
    _lock: Lock,
}

impl Store {
    /// Makes a memory in `dir`, which is made too where it is missing.
    ///
    /// # Errors
    /// [`Error::AlreadyExists`], [`Error::NotEmpty`], [`Error::Locked`], [`Error::Io`]. Nothing is
    /// left behind.
    pub fn create(dir: &Path, config: Config) -> Result<(Self, Model)> {
        Self::create_in(Directory::of_system(dir), config, Durability::default())
    }

    /// [`Store::create`] of a memory whose writes are acknowledged as `durability` says, from the
    /// first moment at which there is one.
    ///
    /// # Errors
    /// As [`Store::create`].
    pub fn create_with(
        dir: &Path,
        config: Config,
        durability: Durability,
    ) -> Result<(Self, Model)> {
        Self::create_in(Directory::of_system(dir), config, durability)
    }

    /// [`Store::create`] on another disk than the operating system's.
    ///
    /// # Errors
    /// As [`Store::create`].
    pub fn create_on(disk: Arc<dyn Disk>, dir: &Path, config: Config) -> Result<(Self, Model)> {
        Self::create_in(Directory::new(disk, dir), config, Durability::default())
    }

    pub(crate) fn create_in(
        directory: Directory,
        config: Config,
        durability: Durability,
    ) -> Result<(Self, Model)> {
        let made = create::create(&directory, config.clone(), durability)?;
        let store = Self::new(directory, made.log, made.manifest, made.lock);
        Ok((store, Model::new(config)))
    }

    /// Opens the memory in `dir` for writing: reads the keys of the snapshot, replays the
    /// observations that came after it, and cuts off what a crash left half written. The model copies
    /// a slot out of the snapshot's files, and checks it, when it first writes to it. Where a crash
    /// has interrupted an erasure, that is completed first, and the model is made from the history.
    ///
    /// # Errors
    /// [`Error::Missing`], [`Error::NotAMemory`], [`Error::Locked`], [`Error::Io`], those of damage,
    /// and [`Error::OldVersion`], which [`Store::rebuild`] cures: then nothing was changed.
    pub fn open(dir: &Path) -> Result<(Self, Model)> {
        Self::recover(Directory::of_system(dir), Start::Snapshot)
    }

    /// [`Store::open`] on another disk than the operating system's.
    ///
    /// # Errors
    /// As [`Store::open`].
    pub fn open_on(disk: Arc<dyn Disk>, dir: &Path) -> Result<(Self, Model)> {
        Self::recover(Directory::new(disk, dir), Start::Snapshot)
    }

    /// Opens the memory in `dir` for writing without its snapshot: every observation of the
    /// history is written again. For a memory whose snapshot is damaged; the result is bit for bit
    /// the model that was, on the same kind of processor, and the next checkpoint or
    /// [`Store::close`] keeps it.
    ///
    /// This also brings a memory of an earlier format version, since
    /// [`OLDEST_VERSION`](crate::OLDEST_VERSION), to this one: what its log holds is learned as this
    /// version learns, with the defaults for the settings that it lacks. Until that checkpoint it
    /// stays what it was; after it only this version reads it.
    ///
    /// # Errors
    /// As [`Store::open`], but for [`Error::OldVersion`].
    pub fn rebuild(dir: &Path) -> Result<(Self, Model)> {
        Self::recover(Directory::of_system(dir), Start::History)
    }

    /// [`Store::rebuild`] on another disk than the operating system's.
    ///
    /// # Errors
    /// As [`Store::rebuild`].
    pub fn rebuild_on(disk: Arc<dyn Disk>, dir: &Path) -> Result<(Self, Model)> {
        Self::recover(Directory::new(disk, dir), Start::History)
    }

    fn recover(directory: Directory, start: Start) -> Result<(Self, Model)> {
        let dir = &directory;
        let read = match start {
            Start::Snapshot => Manifest::read,
            Start::History => Manifest::read_any,
        };
        // Before the lock, whose file must not be made where there is no memory.
        read(dir)?;
        let lock = Lock::take(dir)?;
        // A process that was killed may have left names that are not on the disk yet. From here on they
        // are built upon.
        dir.sync()?;
        let manifest = read(dir)?;
        let strays = strays::find(dir, &manifest)?;
        let mut intent = Intent::read(dir, manifest.memory)?;
        if intent.is_some_and(|intent| (1..manifest.first_log).contains(&intent.log())) {
            // The log was written anew without the observation, and the snapshot made of that.
            erasure::remove(dir)?;
            intent = None;
        }
        let start = match intent {
            Some(intent) => {
                intent.overwrite(dir, &manifest)?;
                // The snapshot may hold what is erased.
                Start::History
            }
            None => start,
        };
        let from_snapshot = start == Start::Snapshot && manifest.generation > 0;
        let (mut model, places, sizes) = if from_snapshot {
            let snapshot = Snapshot::open(dir, &manifest)?;
            let (model, places) = snapshot.model(dir, &manifest)?;
            (model, places, snapshot.sizes()?)
        } else {
            (Model::new(manifest.config.clone()), Arc::default(), Vec::new())
        };
        let mut chain = match start {
            Start::Snapshot => Chain::tail(dir, &manifest)?,
            Start::History => Chain::whole_history(dir, &manifest)?,
        };
        chain.replay(&mut model)?;
        if chain.sequence() < manifest.sequence {
            let (path, offset) = (chain.frames().path().to_owned(), chain.frames().offset());
            let (expected, got) = (manifest.sequence, chain.sequence());
            return Err(Error::Sequence { path, offset, expected, got });
        }
        let log = chain.writer()?;
        strays::remove(dir, &strays);
        let mut store = Self::new(directory, log, manifest, lock);
        (store.places, store.sizes) = (places, sizes);
        if intent.is_some() {
            store.erasure = Erasure::Rebuilt;
        }
        store.changed = start == Start::History || store.log.sequence() > store.manifest.sequence;
        Ok((store, model))
    }

    pub(crate) fn new(
        directory: Directory,
        mut log: log::Writer,
        manifest: Manifest,
        lock: Lock,
    ) -> Self {
        log.keep_reserve(manifest.durability == Durability::Synced);
        Self {
            directory,
            log,
            manifest,
            places: Arc::default(),
            sizes: Vec::new(),
            changed: false,
            checkpointing: false,
            due: 0,
            erasure: Erasure::None,
            _lock: lock,
        }
        .with_due()
    }

    /// Sets when the next checkpoint is due, counted from the snapshot.
    fn with_due(mut self) -> Self {
        self.due = self.manifest.sequence.saturating_add(self.interval());
        self
    }

    /// How many observations behind a snapshot make another worth its while.
    fn interval(&self) -> u64 {
        let segments = self.manifest.segments.iter();
        // These numbers may be anybody's where the segments were not opened.
        let bytes = segments
            .flat_map(|slots| [slots.weights.bytes, slots.covariances.bytes])
            .fold(0_u64, u64::saturating_add);
        CHECKPOINT_WRITES.saturating_mul(1 + bytes / CHECKPOINT_BYTES)
    }

    /// Appends an observation of weight `weight` (1, where nothing else is meant) to the log. It is
    /// buffered: see [`Store::flush`]. Allocates nothing.
    ///
    /// `sequence` must be one more than that of the observation before. The caller has checked the
    /// row with [`Model::check`]; that it can be read back is checked here again.
    ///
    /// # Errors
    /// [`Error::Core`] and [`Error::Sequence`] change nothing. [`Error::Io`] says that the log
    /// cannot be written; the observation is not in it, those before it may be lost, and every later
    /// append, flush or checkpoint fails with [`Error::Poisoned`] until the memory is opened again.
    pub fn append(
        &mut self,
        sequence: u64,
        x: &[f32],
        target: Target<'_>,
        weight: f32,
    ) -> Result<()> {
        self.log.append(sequence, x, target, weight)?;
        self.changed = true;
        Ok(())
    }

    /// Takes back the observation that was appended last, where it is still buffered: for a caller
    /// whose model has refused it after all. False where it cannot be taken back any more.
    pub fn retract(&mut self) -> bool {
        self.log.retract()
    }

    /// Waits until every observation appended so far is on the disk.
    ///
    /// # Errors
    /// As [`Store::append`].
    pub fn flush(&mut self) -> Result<()> {
        self.log.flush()
    }

    /// Hands every observation appended so far to the operating system. What is returned waits until
    /// they are on the disk, without the store: others can append meanwhile, and many can be waited
    /// for at once. What came of it must be handed to [`Store::end_flush`].
    ///
    /// # Errors
    /// As [`Store::append`].
    pub fn begin_flush(&mut self) -> Result<Flush> {
        Ok(Flush(self.log.pending()?))
    }

    /// Notes what [`Flush::wait`] came to.
    ///
    /// # Errors
    /// The error that it came to; the store is then poisoned as by [`Store::append`].
    pub fn end_flush(&mut self, flushed: Result<u64>) -> Result<()> {
        match flushed {
            Ok(sequence) => {
                self.log.set_flushed(sequence);
                Ok(())
            }
            Err(error) => Err(self.poison("hand the log to the disk", error)),
        }
    }

    /// When a write is acknowledged.
    pub fn durability(&self) -> Durability {
        self.manifest.durability
    }

    /// Sets when a write is acknowledged, from now on and after every opening. With
    /// [`Durability::Synced`] the caller waits for [`Store::flush`], or [`Flush::wait`], before it
    /// acknowledges.
    ///
    /// # Errors
    /// As [`Store::checkpoint`]; [`Error::Checkpointing`] while a checkpoint is being written.
    pub fn set_durability(&mut self, durability: Durability) -> Result<()> {
        if durability == self.manifest.durability {
            return Ok(());
        }
        self.check_checkpointing()?;
        self.log.flush()?;
        let next = Manifest { durability, ..self.manifest.clone() };
        // A memory of an earlier version stays one until its first checkpoint, which writes this too.
        if next.version == FORMAT_VERSION {
            let written = next.write(&self.directory);
            written.map_err(|error| self.poison("replace the manifest", error))?;
        }
        self.manifest = next;
        self.log.keep_reserve(durability == Durability::Synced);
        Ok(())
    }

    /// The observations appended so far, from the first on, without those that were erased: what is
    /// buffered is handed to the operating system first. Later ones are not in it.
    ///
    /// Costs one pass over the log as far as it is gone through, one observation in memory at a
    /// time.
    ///
    /// # Errors
    /// As [`Store::append`], and those of a damaged log.
    pub fn history(&mut self) -> Result<History> {
        self.log.hand_over()?;
        History::open(&self.directory, &self.manifest, self.log.sequence())
    }

    /// After a failure that leaves unknown what is on the disk: every later write is refused.
    fn poison(&mut self, action: &'static str, error: Error) -> Error {
        self.log.fail(action, &error);
        error
    }

    fn check_model(&self, model: &Model) -> Result<()> {
        let what = if model.recall().config() != &self.manifest.config {
            "the model has another configuration"
        } else if model.recall().sequence() != self.log.sequence() {
            "the model has written other observations than were appended"
        } else {
            return Ok(());
        };
        Err(Error::OtherModel { path: self.directory.path().to_owned(), what })
    }

    /// Makes a checkpoint where anything changed since the last, and releases the lock.
    ///
    /// # Errors
    /// As [`Store::checkpoint`]; the lock is released all the same.
    pub fn close(mut self, model: &mut Model) -> Result<()> {
        if self.changed {
            self.checkpoint_at_last(model)?;
        } else {
            self.log.flush()?;
        }
        self.log.finish()
    }

    /// The directory of the memory.
    pub fn directory(&self) -> &Path {
        self.directory.path()
    }

    /// The sequence number of the last observation appended.
    pub fn sequence(&self) -> u64 {
        self.log.sequence()
    }

    /// The sequence number of the last observation that is known to be on the disk.
    pub fn flushed(&self) -> u64 {
        self.log.flushed()
    }

    /// Sizes of the files, by kind. What is still buffered is not counted.
    ///
    /// # Errors
    /// [`Error::Io`] where the directory cannot be listed.
    pub fn files(&self) -> Result<Files> {
        Files::of(&self.directory, &self.manifest)
    }

    /// Makes the log go on in a new file sooner, and keeps less ready behind its end.
    #[cfg(test)]
    pub(crate) fn set_log_sizes(&mut self, roll_bytes: u64, reserve_bytes: u64) {
        self.log.set_sizes(roll_bytes, reserve_bytes);
    }
}

impl Drop for Store {
    fn drop(&mut self) {
        // There is nobody left to tell; `flush` and `close` are for those who want to know.
        let _ = self.log.finish();
    }
}

/// What was handed to the operating system by [`Store::begin_flush`].
#[derive(Debug)]
pub struct Flush(log::Pending);

impl Flush {
    /// Waits until it is on the disk; returns the sequence number of the last observation of it.
    ///
    /// # Errors
    /// [`Error::Io`]; nothing is known about the log then. Hand it to [`Store::end_flush`].
    pub fn wait(&self) -> Result<u64> {
        self.0.wait()
    }
}
