//! The writing side of a memory's files.

use std::io;
use std::path::Path;
use std::sync::Arc;

use glam_core::{Config, Model, Target};

use crate::bytes::wide;
use crate::create;
use crate::disk::{Directory, Disk};
use crate::erasure::{self, Intent};
use crate::error::{Error, Result};
use crate::files::Files;
use crate::history::History;
use crate::lock::Lock;
use crate::log::{self, HEADER_BYTES, Header, Start};
use crate::manifest::Manifest;
use crate::segment::{self, Kind, Snapshot, Stamp};
use crate::{FORMAT_VERSION, strays};

/// A checkpoint goes on in a new log file once the current one has this many bytes. Files before
/// it are never written again.
const ROLL_BYTES: u64 = 256 << 20;

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
    /// Whether a checkpoint would change anything.
    changed: bool,
    erasure: Erasure,
    roll_bytes: u64,
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
        Self::create_in(Directory::of_system(dir), config)
    }

    /// [`Store::create`] on another disk than the operating system's.
    ///
    /// # Errors
    /// As [`Store::create`].
    pub fn create_on(disk: Arc<dyn Disk>, dir: &Path, config: Config) -> Result<(Self, Model)> {
        Self::create_in(Directory::new(disk, dir), config)
    }

    fn create_in(directory: Directory, config: Config) -> Result<(Self, Model)> {
        let made = create::create(&directory, config.clone())?;
        let store = Self::new(directory, made.log, made.manifest, made.lock);
        Ok((store, Model::new(config)))
    }

    /// Opens the memory in `dir` for writing: reads the snapshot, every slot checked, replays the
    /// observations that came after it, and cuts off what a crash left half written. Where a crash
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
        let manifest = read(dir)?;
        let strays = strays::find(dir, &manifest)?;
        let intent = Intent::read(dir, manifest.memory)?;
        let start = match intent {
            Some(intent) => {
                intent.overwrite(dir, &manifest)?;
                // The snapshot may hold what is erased.
                Start::History
            }
            None => start,
        };
        let mut model = match start {
            Start::Snapshot if manifest.generation > 0 => {
                Snapshot::open(dir, &manifest)?.model(dir, &manifest)?
            }
            _ => Model::new(manifest.config.clone()),
        };
        let frames = match start {
            Start::Snapshot => {
                let mut frames = log::open_tail(dir, &manifest)?;
                log::replay(&mut frames, &mut model)?;
                frames
            }
            Start::History => log::replay_history(dir, &manifest, &mut model)?,
        };
        if frames.sequence() < manifest.sequence {
            let (path, offset) = (frames.path().to_owned(), frames.offset());
            let (expected, got) = (manifest.sequence, frames.sequence());
            return Err(Error::Sequence { path, offset, expected, got });
        }
        let log = log::writer(dir, &frames)?;
        strays::remove(dir, &strays);
        let mut store = Self::new(directory, log, manifest, lock);
        if intent.is_some() {
            store.erasure = Erasure::Rebuilt;
        }
        store.changed = start == Start::History || store.log.sequence() > store.manifest.sequence;
        Ok((store, model))
    }

    fn new(directory: Directory, log: log::Writer, manifest: Manifest, lock: Lock) -> Self {
        Self {
            directory,
            log,
            manifest,
            changed: false,
            erasure: Erasure::None,
            roll_bytes: ROLL_BYTES,
            _lock: lock,
        }
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

    /// Waits until every observation appended so far is on the disk.
    ///
    /// # Errors
    /// As [`Store::append`].
    pub fn flush(&mut self) -> Result<()> {
        self.log.flush()
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
        History::open(self.directory.clone(), self.manifest.clone(), self.log.sequence())
    }

    /// Writes `model` as the next generation of the snapshot, so that the next opening replays
    /// nothing, and removes the generation before it. A crash at any moment leaves one of the two
    /// whole.
    ///
    /// # Errors
    /// [`Error::OtherModel`] where `model` is not in step with the log. [`Error::Io`]: where the
    /// new segments could not be written, the old generation stays and the store can be used on;
    /// where the manifest could not be replaced, the store is poisoned as by [`Store::append`].
    pub fn checkpoint(&mut self, model: &Model) -> Result<()> {
        self.log.flush()?;
        self.check_model(model)?;
        let state = model.state();
        let mut next = self.manifest.clone();
        next.version = FORMAT_VERSION;
        let stamp = Stamp {
            memory: next.memory,
            generation: next.generation + 1,
            sequence: state.sequence,
        };
        let rolled = segment::write(&self.directory, stamp, &state, &mut next)
            .and_then(|()| self.roll(&mut next))
            .and_then(|rolled| self.directory.sync().map(|()| rolled));
        let rolled = match rolled {
            Ok(rolled) => rolled,
            Err(error) => {
                remove_generation(&self.directory, stamp.generation);
                return Err(error);
            }
        };
        // From here on it is not known which manifest a crash would leave, unless all goes well.
        let swapped = next.write(&self.directory).and_then(|()| self.directory.sync());
        if let Err(error) = swapped {
            return Err(self.poison("replace the manifest", error));
        }
        if let Some(log) = rolled {
            self.log = log;
        }
        let old = std::mem::replace(&mut self.manifest, next);
        self.changed = false;
        remove_generation(&self.directory, old.generation);
        match self.erasure {
            Erasure::Overwritten => self.erasure = Erasure::Checkpointed,
            // Where it cannot be removed, the next opening erases and rebuilds once more.
            Erasure::Rebuilt if erasure::remove(&self.directory).is_ok() => {
                self.erasure = Erasure::None;
            }
            _ => {}
        }
        Ok(())
    }

    /// Says whether there is an observation `sequence` to be erased.
    ///
    /// # Errors
    /// [`Error::NoObservation`] and [`Error::Erased`] where there is none, [`Error::Io`].
    pub fn find(&mut self, sequence: u64) -> Result<()> {
        self.log.flush()?;
        let last = self.log.sequence();
        log::locate(&self.directory, &self.manifest, sequence, last).map(|_| ())
    }

    /// Erases observation `sequence` from the history: its bytes in the log are overwritten, and
    /// that is on the disk when this returns. The snapshot, and the model that the caller holds,
    /// still know it: rebuild a model from [`Store::history`], with [`Model::skip`] for every number
    /// that is missing there, hand it to [`Store::checkpoint`], and then call
    /// [`Store::finish_erase`].
    ///
    /// A crash before this returns leaves the memory with the observation or without it; after it,
    /// and until the erasure is finished, the next opening rebuilds the model without it. A reader
    /// that is open keeps what it has read.
    ///
    /// Costs one pass over the log file that holds the observation.
    ///
    /// # Errors
    /// [`Error::NoObservation`] and [`Error::Erased`] change nothing. [`Error::Io`]: where the
    /// intent to erase was on the disk already, the store is poisoned as by [`Store::append`], and
    /// the next opening completes the erasure.
    pub fn erase(&mut self, sequence: u64) -> Result<()> {
        self.log.flush()?;
        let last = self.log.sequence();
        let located = log::locate(&self.directory, &self.manifest, sequence, last)?;
        let intent = Intent::new(self.manifest.memory, &located);
        intent.write(&self.directory)?;
        // The model in memory, and the snapshot, hold the observation: from here on there is no way
        // back.
        let erased =
            self.directory.sync().and_then(|()| intent.overwrite(&self.directory, &self.manifest));
        erased.map_err(|error| self.poison("erase an observation", error))?;
        self.erasure = Erasure::Overwritten;
        self.changed = true;
        Ok(())
    }

    /// Ends an erasure whose observation no snapshot holds any more: the last checkpoint was of a
    /// model that was rebuilt without it. Does nothing where nothing is being erased; what an
    /// opening has completed is ended by the next checkpoint.
    ///
    /// # Errors
    /// [`Error::NotCheckpointed`] where no checkpoint was made since [`Store::erase`];
    /// [`Error::Io`], after which the next opening rebuilds the model once more.
    pub fn finish_erase(&mut self) -> Result<()> {
        match self.erasure {
            Erasure::None | Erasure::Rebuilt => Ok(()),
            Erasure::Overwritten => {
                Err(Error::NotCheckpointed { path: self.directory.path().to_owned() })
            }
            Erasure::Checkpointed => {
                erasure::remove(&self.directory)?;
                self.erasure = Erasure::None;
                Ok(())
            }
        }
    }

    /// After a failure that leaves unknown what is on the disk: every later write is refused.
    fn poison(&mut self, action: &'static str, error: Error) -> Error {
        let kind = match &error {
            Error::Io { source, .. } => source.kind(),
            _ => io::ErrorKind::Other,
        };
        self.log.fail(action, kind);
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

    /// Enters the place at which the replay over the new snapshot starts: the end of the log, or
    /// a new file where the current one has grown large. What an earlier version began does not
    /// grow under a manifest of this one: a new file begins there too.
    fn roll(&self, next: &mut Manifest) -> Result<Option<log::Writer>> {
        if self.log.bytes() < self.roll_bytes && self.manifest.version == FORMAT_VERSION {
            next.log_offset = self.log.bytes();
            return Ok(None);
        }
        next.log += 1;
        next.log_offset = wide(HEADER_BYTES);
        let header = Header::new(next.memory, &next.config, next.log, next.sequence + 1);
        log::Writer::create(&self.directory, &header).map(Some)
    }

    /// Makes a checkpoint where anything changed since the last, and releases the lock.
    ///
    /// # Errors
    /// As [`Store::checkpoint`]; the lock is released all the same.
    pub fn close(mut self, model: &Model) -> Result<()> {
        if self.changed { self.checkpoint(model) } else { self.log.flush() }
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

    /// Makes checkpoints go on in a new log file sooner.
    #[cfg(test)]
    pub(crate) fn set_roll_bytes(&mut self, bytes: u64) {
        self.roll_bytes = bytes;
    }

    /// The log, to make it fail.
    #[cfg(test)]
    pub(crate) fn log_mut(&mut self) -> &mut log::Writer {
        &mut self.log
    }
}

impl Drop for Store {
    fn drop(&mut self) {
        // There is nobody left to tell; `flush` and `close` are for those who want to know.
        let _ = self.log.hand_over();
    }
}

/// Removes the segments of a generation that no manifest names. What cannot be removed now is a
/// stray that the next opening removes.
fn remove_generation(directory: &Directory, generation: u64) {
    for kind in Kind::ALL {
        let _ = directory.remove(kind.name(generation));
    }
}
