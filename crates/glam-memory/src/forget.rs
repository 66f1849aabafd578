//! The history, and forgetting: as if an observation had never been written.

use glam_core::Model;
use glam_store::History;

use crate::consolidate::solved_again;
use crate::error::{Error, Result};
use crate::memory::{Memory, State};

impl Memory {
    /// Every observation written so far that was not erased, in order: the history. It is read from
    /// the files, one observation in memory at a time, and stays at this moment whatever is
    /// written while it is gone through.
    ///
    /// # Errors
    /// [`Error::NoHistory`] without files, [`Error::Store`] where the log cannot be written or read.
    pub fn history(&self) -> Result<History> {
        match &mut *self.state.write() {
            State::Volatile(_) => Err(Error::NoHistory),
            State::Stored(_, stored) => Ok(stored.store.history()?),
            State::ReadOnly(reader) => Ok(reader.history()?),
        }
    }

    /// Drops the history but for about its last `keep` observations: the log files of the others go,
    /// and with them their room on the disk. What was learned stays. Returns the sequence number of the
    /// first observation that is retained; it may be an earlier one than asked for, as files go as a
    /// whole.
    ///
    /// From then on [`Memory::consolidate`], [`Memory::forget`] and [`Memory::rebuild`], which need every
    /// observation, are refused, and a damaged snapshot can only be repaired by losing the slots that
    /// are damaged. Rehearsal goes on with the sample that it keeps.
    ///
    /// # Errors
    /// [`Error::NoHistory`] without files, [`Error::ReadOnly`], and [`Error::Store`] as
    /// [`Memory::checkpoint`].
    pub fn forget_history(&self, keep: u64) -> Result<u64> {
        let _turn = self.checkpoints.lock();
        match &mut *self.state.write() {
            State::Volatile(_) => Err(Error::NoHistory),
            State::Stored(model, stored) => {
                let _ = stored.settle(model);
                Ok(stored.store.forget_history(model, keep)?)
            }
            State::ReadOnly(_) => Err(Error::ReadOnly),
        }
    }

    /// Forgets observation `sequence`: its bytes in the log are overwritten, and the memory is learned
    /// anew from the rest of the history. Every read then gives, bit for bit, what it would have
    /// given had the observation never been written; labels that no other observation has are
    /// gone. Later observations keep their sequence numbers. When this returns, no file of the
    /// memory holds the observation, and a snapshot without it is on the disk; what the file system
    /// keeps of files that were removed, and what copies hold, is out of its reach.
    ///
    /// A memory that was consolidated is solved again over what is left, with the same normaliser,
    /// gates, lambda and number of iterations, which had been chosen with the observation: its slots
    /// hold nothing of it then; those choices may, and the statistics of errors (intervals,
    /// probabilities), which stay as they are. Labels stay. A crash between the overwriting and the
    /// new snapshot leaves it to the next opening to learn the rest anew, by writing alone: then the
    /// memory is to be consolidated again.
    ///
    /// Costs as much as [`Memory::rebuild`]: one write of every observation that is left, during
    /// which other calls wait. A second model is in memory meanwhile.
    ///
    /// # Errors
    /// [`Error::NoHistory`] without files, [`Error::ReadOnly`], and [`Error::Store`] where there is no
    /// such observation ([`glam_store::Error::NoObservation`]), it is forgotten already
    /// ([`glam_store::Error::Erased`]), or the history could not be read: then nothing has changed.
    /// Where files could not be written, the next opening of the memory finds it with the observation
    /// or without it, whole in either case.
    pub fn forget(&self, sequence: u64) -> Result<()> {
        let _turn = self.checkpoints.lock();
        match &mut *self.state.write() {
            State::Volatile(_) => Err(Error::NoHistory),
            State::Stored(model, stored) => {
                // What an earlier checkpoint failed to save, this one will.
                let _ = stored.settle(model);
                let store = &mut stored.store;
                // The new model first: where that fails, nothing has changed.
                store.find(sequence)?;
                store.history()?.check_whole()?;
                let new = match solved_again(model, store.history()?, sequence, &self.threads)? {
                    Some(start) => {
                        let mut new = relearned(start, store.history()?, sequence)?;
                        // Rows that were learned again are not counted again.
                        new.keep_statistics(model);
                        new
                    }
                    None => {
                        let start = Model::new(model.recall().config().clone());
                        relearned(start, store.history()?, sequence)?
                    }
                };
                store.erase(sequence)?;
                **model = new;
                store.checkpoint(model)?;
                Ok(store.finish_erase()?)
            }
            State::ReadOnly(_) => Err(Error::ReadOnly),
        }
    }
}

/// The model that `start` becomes by the observations of `history` that it has not seen, with a skip
/// for each that was erased and for number `without`: bit for bit the model that was never given those.
fn relearned(start: Model, mut history: History, without: u64) -> Result<Model> {
    let mut model = start;
    let seen = model.recall().sequence();
    while let Some(observation) = history.next()? {
        if observation.sequence <= seen || observation.sequence == without {
            continue;
        }
        skip_to(&mut model, observation.sequence - 1);
        model.write_weighted(observation.x, observation.target, observation.weight)?;
    }
    skip_to(&mut model, history.last());
    Ok(model)
}

/// Skips until the model has counted `sequence` observations.
fn skip_to(model: &mut Model, sequence: u64) {
    while model.recall().sequence() < sequence {
        model.skip();
    }
}
