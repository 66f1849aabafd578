//! Waiting until an observation is on the disk, many writers at once.

use parking_lot::{Mutex, RwLock};

use crate::error::Result;
use crate::memory::State;

/// Who waits for the disk: one at a time synchronises, for all that were written until then.
#[derive(Debug, Default)]
pub(crate) struct Commits {
    /// The last observation that is known to be on the disk.
    flushed: Mutex<u64>,
}

impl Commits {
    /// Waits until observation `sequence` is on the disk. `state` must not be locked by the caller: it
    /// is locked for as long as it takes to hand the log to the operating system, not to the disk.
    pub(crate) fn wait(&self, sequence: u64, state: &RwLock<State>) -> Result<()> {
        let mut flushed = self.flushed.lock();
        if *flushed >= sequence {
            // Another writer has waited for this one too.
            return Ok(());
        }
        let begun = match &mut *state.write() {
            State::Stored(_, stored) => stored.store.begin_flush()?,
            State::Volatile(_) | State::ReadOnly(_) => return Ok(()),
        };
        let waited = begun.wait();
        let on_disk = waited.as_ref().ok().copied();
        if let State::Stored(_, stored) = &mut *state.write() {
            stored.store.end_flush(waited)?;
        }
        *flushed = on_disk.unwrap_or(*flushed);
        Ok(())
    }
}
