//! The writing side of a memory's files.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use glam_core::{Config, Model, Target};

use crate::bytes::wide;
use crate::create;
use crate::error::{Error, Result};
use crate::file;
use crate::files::Files;
use crate::history::History;
use crate::lock::Lock;
use crate::log::{self, HEADER_BYTES, Header, Start};
use crate::manifest::Manifest;
use crate::segment::{self, Kind, Snapshot, Stamp};
use crate::strays;

/// A checkpoint goes on in a new log file once the current one has this many bytes. Files before
/// it are never written again.
const ROLL_BYTES: u64 = 256 << 20;

/// The writing side of a memory's files; there is one at a time.
///
/// A store keeps no model: the caller appends each observation and writes it to the model that was
/// opened with the store, with the sequence numbers of the model.
///
/// Dropping a store hands what is buffered to the operating system; [`Store::close`] also makes
/// the next opening cheap.
#[derive(Debug)]
pub struct Store {
    directory: PathBuf,
    log: log::Writer,
    manifest: Manifest,
    /// Whether a checkpoint would change anything.
    changed: bool,
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
        let made = create::create(dir, config.clone())?;
        let store = Self::new(dir, made.log, made.manifest, made.lock);
        Ok((store, Model::new(config)))
    }

    /// Opens the memory in `dir` for writing: reads the snapshot, every slot checked, replays the
    /// observations that came after it, and cuts off what a crash left half written.
    ///
    /// # Errors
    /// [`Error::Missing`], [`Error::NotAMemory`], [`Error::Locked`], [`Error::Io`], and those of
    /// damage: then nothing was changed.
    pub fn open(dir: &Path) -> Result<(Self, Model)> {
        Self::recover(dir, Start::Snapshot)
    }

    /// Opens the memory in `dir` for writing without its snapshot: every observation of the
    /// history is written again. For a memory whose snapshot is damaged; the result is bit for bit
    /// the model that was, on the same kind of processor, and the next checkpoint or
    /// [`Store::close`] keeps it.
    ///
    /// # Errors
    /// As [`Store::open`].
    pub fn rebuild(dir: &Path) -> Result<(Self, Model)> {
        Self::recover(dir, Start::History)
    }

    fn recover(dir: &Path, start: Start) -> Result<(Self, Model)> {
        // Before the lock, whose file must not be made where there is no memory.
        Manifest::read(dir)?;
        let lock = Lock::take(dir)?;
        let manifest = Manifest::read(dir)?;
        let strays = strays::find(dir, &manifest)?;
        let mut model = match start {
            Start::Snapshot if manifest.generation > 0 => {
                Snapshot::open(dir, &manifest)?.model(&manifest.config)?
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
        let log = log::writer(frames)?;
        strays::remove(&strays);
        let mut store = Self::new(dir, log, manifest, lock);
        store.changed = start == Start::History || store.log.sequence() > store.manifest.sequence;
        Ok((store, model))
    }

    fn new(dir: &Path, log: log::Writer, manifest: Manifest, lock: Lock) -> Self {
        let directory = dir.to_owned();
        Self { directory, log, manifest, changed: false, roll_bytes: ROLL_BYTES, _lock: lock }
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
        let stamp = Stamp {
            memory: next.memory,
            generation: next.generation + 1,
            sequence: state.sequence,
        };
        let rolled = segment::write(&self.directory, stamp, &state, &mut next)
            .and_then(|()| self.roll(&mut next))
            .and_then(|rolled| file::sync_directory(&self.directory).map(|()| rolled));
        let rolled = match rolled {
            Ok(rolled) => rolled,
            Err(error) => {
                remove_generation(&self.directory, stamp.generation);
                return Err(error);
            }
        };
        // From here on it is not known which manifest a crash would leave, unless all goes well.
        let swapped =
            next.write(&self.directory).and_then(|()| file::sync_directory(&self.directory));
        if let Err(error) = swapped {
            let kind = match &error {
                Error::Io { source, .. } => source.kind(),
                _ => io::ErrorKind::Other,
            };
            self.log.fail("replace the manifest", kind);
            return Err(error);
        }
        if let Some(log) = rolled {
            self.log = log;
        }
        let old = std::mem::replace(&mut self.manifest, next);
        self.changed = false;
        remove_generation(&self.directory, old.generation);
        Ok(())
    }

    fn check_model(&self, model: &Model) -> Result<()> {
        let what = if model.recall().config() != &self.manifest.config {
            "the model has another configuration"
        } else if model.recall().sequence() != self.log.sequence() {
            "the model has written other observations than were appended"
        } else {
            return Ok(());
        };
        Err(Error::OtherModel { path: self.directory.clone(), what })
    }

    /// Enters the place at which the replay over the new snapshot starts: the end of the log, or
    /// a new file where the current one has grown large.
    fn roll(&self, next: &mut Manifest) -> Result<Option<log::Writer>> {
        if self.log.bytes() < self.roll_bytes {
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
        &self.directory
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
fn remove_generation(directory: &Path, generation: u64) {
    for kind in Kind::ALL {
        let _ = fs::remove_file(kind.name(generation).in_directory(directory));
    }
}
