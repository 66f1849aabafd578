//! The files of a memory that is open for writing, and the checkpoint that is written beside its writes.

use std::panic::resume_unwind;
use std::sync::Arc;
use std::thread::{self, JoinHandle};

use glam_core::Model;
use glam_store::{Checkpoint, Store, Written};
use parking_lot::Mutex;

use crate::error::Result;

/// The store of a memory.
#[derive(Debug)]
pub(crate) struct Stored {
    /// Dropped, and waited for, before the store lets the directory go.
    running: Running,
    pub(crate) store: Store,
    /// Why the last checkpoint that began by itself failed; `None` where it did not.
    failure: Option<String>,
}

impl Stored {
    pub(crate) fn new(store: Store) -> Self {
        Self { running: Running::default(), store, failure: None }
    }

    /// After a write: takes note of a checkpoint that is done, begins one that is due. A failure is
    /// kept to be told by an inspection: the write has succeeded all the same.
    pub(crate) fn after_write(&mut self, model: &mut Model) {
        if self.running.is_finished() {
            self.failure = self.settle(model).err().map(|error| error.to_string());
        }
        if self.store.wants_checkpoint() {
            match self.store.begin_checkpoint(model) {
                Ok(checkpoint) => self.running = Running::start(checkpoint),
                Err(error) => self.failure = Some(error.to_string()),
            }
        }
    }

    /// Waits for a checkpoint that is being written, and takes note of it.
    pub(crate) fn settle(&mut self, model: &mut Model) -> Result<()> {
        match self.running.join() {
            Some(written) => {
                self.store.end_checkpoint(model, written)?;
                self.after_checkpoint();
                Ok(())
            }
            None => Ok(()),
        }
    }

    /// Why the last checkpoint that began by itself failed.
    pub(crate) fn failure(&self) -> Option<&str> {
        self.failure.as_deref()
    }

    /// After a checkpoint that succeeded: ends an erasure whose own checkpoint failed. The model has been
    /// without the observation ever since. Where that fails too, the next checkpoint, or the next
    /// opening, will.
    pub(crate) fn after_checkpoint(&mut self) {
        let _ = self.store.finish_erase();
    }

    /// As [`Store::close`]. A checkpoint that failed meanwhile is made up for.
    pub(crate) fn close(mut self, model: &mut Model) -> Result<()> {
        let _ = self.settle(model);
        if self.store.is_erasing() {
            self.store.checkpoint(model)?;
            self.after_checkpoint();
        }
        Ok(self.store.close(model)?)
    }
}

/// A checkpoint that began by itself, if there is one; waited for when it is dropped.
#[derive(Debug, Default)]
struct Running(Option<Task>);

#[derive(Debug)]
enum Task {
    /// It is being written by a thread of its own.
    Writing(JoinHandle<Option<Written>>),
    /// There was no thread to be had, so it was written at once.
    Done(Written),
}

impl Running {
    fn start(checkpoint: Checkpoint) -> Self {
        // The thread takes it, or whoever finds that there is no thread.
        let waiting = Arc::new(Mutex::new(Some(checkpoint)));
        let write = {
            let waiting = Arc::clone(&waiting);
            move || waiting.lock().take().map(Checkpoint::write)
        };
        Self(match thread::Builder::new().name("glam checkpoint".to_owned()).spawn(write) {
            Ok(handle) => Some(Task::Writing(handle)),
            Err(_) => {
                let checkpoint = waiting.lock().take();
                checkpoint.map(|checkpoint| Task::Done(checkpoint.write()))
            }
        })
    }

    fn is_finished(&self) -> bool {
        match &self.0 {
            None => false,
            Some(Task::Writing(handle)) => handle.is_finished(),
            Some(Task::Done(_)) => true,
        }
    }

    /// Waits for it; `None` where there is none.
    fn join(&mut self) -> Option<Written> {
        match self.0.take()? {
            Task::Writing(handle) => handle.join().unwrap_or_else(|panic| resume_unwind(panic)),
            Task::Done(written) => Some(written),
        }
    }
}

impl Drop for Running {
    /// The directory must not be let go while a checkpoint is being written there.
    fn drop(&mut self) {
        if let Some(Task::Writing(handle)) = self.0.take() {
            let _ = handle.join();
        }
    }
}
