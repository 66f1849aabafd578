//! What keeps a memory's files: opening, waiting for the disk, checkpoints, closing.

use std::path::Path;
use std::sync::Arc;

use glam_store::disk::Disk;
use glam_store::{Durability, Reader, Store};

use crate::error::{Error, Result};
use crate::memory::{Memory, State};
use crate::observation::Observed;

impl Memory {
    /// Opens a memory for writing and reading. Only one process at a time can.
    ///
    /// # Errors
    /// [`Error::Store`] where the directory holds no memory or one of an earlier file format
    /// ([`Memory::rebuild`] brings it to this one), another process has it open for writing, or a
    /// file is damaged.
    pub fn open(directory: impl AsRef<Path>) -> Result<Self> {
        let (store, model) = Store::open(directory.as_ref())?;
        Ok(Self::stored(store, model))
    }

    /// Opens a memory for writing without its snapshot, by learning every observation of the log
    /// again: the cure for a snapshot that [`verify`](crate::verify) finds damaged. The result is
    /// bit for bit the memory that was, where the same version wrote it; [`Memory::close`] or
    /// [`Memory::checkpoint`] keeps it.
    ///
    /// This also brings a memory of an earlier file format, which [`Memory::open`] refuses, to this
    /// one; after that checkpoint an earlier version does not read it any more.
    ///
    /// # Errors
    /// As [`Memory::open`]; a damaged log or manifest cannot be cured so.
    pub fn rebuild(directory: impl AsRef<Path>) -> Result<Self> {
        let (store, model) = Store::rebuild(directory.as_ref())?;
        Ok(Self::stored(store, model))
    }

    /// Opens a memory for reading, beside a writer or without one. Weights are mapped, not loaded;
    /// covariances are mapped when a spread is asked for. It stays at the state it found, until
    /// [`Memory::refresh`].
    ///
    /// # Errors
    /// [`Error::Store`] where the directory holds no memory or a file is damaged.
    pub fn open_read_only(directory: impl AsRef<Path>) -> Result<Self> {
        Ok(Self::with_state(State::ReadOnly(Box::new(Reader::open(directory.as_ref())?))))
    }

    /// [`Memory::open`] on another disk than the operating system's, such as
    /// [`Unmapped`](glam_store::disk::Unmapped), which maps no files.
    ///
    /// # Errors
    /// As [`Memory::open`].
    pub fn open_on(disk: Arc<dyn Disk>, directory: impl AsRef<Path>) -> Result<Self> {
        let (store, model) = Store::open_on(disk, directory.as_ref())?;
        Ok(Self::stored(store, model))
    }

    /// [`Memory::open_read_only`] on another disk than the operating system's.
    ///
    /// # Errors
    /// As [`Memory::open_read_only`].
    pub fn open_read_only_on(disk: Arc<dyn Disk>, directory: impl AsRef<Path>) -> Result<Self> {
        let reader = Reader::open_on(disk, directory.as_ref())?;
        Ok(Self::with_state(State::ReadOnly(Box::new(reader))))
    }

    /// [`Memory::write`] that returns once the observation is on the disk, whatever the memory's
    /// durability. Writers on other threads that wait at the same time share one synchronisation.
    ///
    /// # Errors
    /// As [`Memory::write`]; where the disk refuses, the observation may be learned and lost: then
    /// every write fails until the memory is opened again.
    pub fn write_durable<'a>(&self, x: &[f32], y: impl Into<Observed<'a>>) -> Result<()> {
        self.write(x, y)?;
        self.flush()
    }

    /// Hands every observation written so far to the disk and waits for it. What was flushed
    /// survives a crash of the process and of the machine. Does nothing without files.
    ///
    /// # Errors
    /// [`Error::Store`]; after it every write fails until the memory is opened again.
    pub fn flush(&self) -> Result<()> {
        let sequence = match &*self.state.read() {
            State::Stored(model, _) => model.recall().sequence(),
            State::Volatile(_) | State::ReadOnly(_) => return Ok(()),
        };
        self.wait(Some(sequence))
    }

    /// When a write returns; see [`Durability`]. Without files, and in a memory that was opened for
    /// reading, [`Durability::Buffered`].
    pub fn durability(&self) -> Durability {
        match &*self.state.read() {
            State::Stored(_, stored) => stored.store.durability(),
            State::Volatile(_) | State::ReadOnly(_) => Durability::Buffered,
        }
    }

    /// Sets when a write returns, from now on and after every opening. Does nothing without files.
    ///
    /// # Errors
    /// As [`Memory::flush`], and [`Error::ReadOnly`].
    pub fn set_durability(&self, durability: Durability) -> Result<()> {
        let _turn = self.checkpoints.lock();
        match &mut *self.state.write() {
            State::Volatile(_) => Ok(()),
            State::Stored(model, stored) => {
                let settled = stored.settle(model);
                stored.store.set_durability(durability)?;
                settled
            }
            State::ReadOnly(_) => Err(Error::ReadOnly),
        }
    }

    /// Goes on to the newest state that a writer has handed over, in a memory that was opened for
    /// reading; false where that is the one that there is, in the same files. Does nothing in others, whose state is the newest.
    /// Reads wait meanwhile: as long as writing what came since takes, or an opening where the writer
    /// made a checkpoint since.
    ///
    /// ```
    /// use glam_memory::Memory;
    /// # let temporary = tempfile::tempdir()?;
    /// # let directory = temporary.path().join("shared");
    /// let writer = Memory::builder(1).create(&directory)?;
    /// writer.write(&[1.0], 2.0)?;
    /// writer.flush()?;
    /// let reader = Memory::open_read_only(&directory)?;
    /// writer.write(&[2.0], 4.0)?;
    /// writer.flush()?;
    /// assert_eq!(reader.sequence(), 1);
    /// assert!(reader.refresh()?);
    /// assert_eq!(reader.sequence(), 2);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Store`], where files cannot be read or are damaged.
    pub fn refresh(&self) -> Result<bool> {
        match &mut *self.state.write() {
            State::ReadOnly(reader) => Ok(reader.refresh()?),
            State::Volatile(_) | State::Stored(..) => Ok(false),
        }
    }

    /// Writes a snapshot, so that the next opening need not replay the log: the slots that changed
    /// since the last. Reads and writes go on meanwhile; as much memory is needed as those slots take.
    /// Does nothing without files. A memory also makes checkpoints by itself, in a thread of its own,
    /// whenever 65,536 observations or more were written since the last.
    ///
    /// # Errors
    /// As [`Memory::flush`].
    pub fn checkpoint(&self) -> Result<()> {
        let _turn = self.checkpoints.lock();
        let begun = match &mut *self.state.write() {
            State::Stored(model, stored) => {
                // What an earlier one failed to save, this one will.
                let _ = stored.settle(model);
                stored.store.begin_checkpoint(model)?
            }
            State::Volatile(_) | State::ReadOnly(_) => return Ok(()),
        };
        let written = begun.write();
        match &mut *self.state.write() {
            State::Stored(model, stored) => {
                stored.store.end_checkpoint(model, written)?;
                stored.after_checkpoint();
                Ok(())
            }
            State::Volatile(_) | State::ReadOnly(_) => Ok(()),
        }
    }

    /// [`Memory::checkpoint`] that writes every slot anew, so that the files hold the slots that there
    /// are and nothing else. Other calls wait.
    ///
    /// # Errors
    /// As [`Memory::flush`], and [`Error::ReadOnly`].
    pub fn compact(&self) -> Result<()> {
        let _turn = self.checkpoints.lock();
        match &mut *self.state.write() {
            State::Volatile(_) => Ok(()),
            State::Stored(model, stored) => {
                let _ = stored.settle(model);
                stored.store.compact(model)?;
                stored.after_checkpoint();
                Ok(())
            }
            State::ReadOnly(_) => Err(Error::ReadOnly),
        }
    }

    /// Checkpoints if anything was written, and lets the files go. A memory that is dropped without
    /// it loses nothing that was flushed; the next opening then replays the log.
    ///
    /// # Errors
    /// As [`Memory::flush`].
    pub fn close(self) -> Result<()> {
        match self.state.into_inner() {
            State::Stored(mut model, stored) => stored.close(&mut model),
            State::Volatile(_) | State::ReadOnly(_) => Ok(()),
        }
    }
}
