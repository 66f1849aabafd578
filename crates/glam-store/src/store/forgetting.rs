//! Observations that leave the history of a store: one that is erased, or its beginning.

use glam_core::Model;

use super::{Erasure, Store};
use crate::erasure::{self, Intent};
use crate::error::{Error, Result};
use crate::log::{self, Chain};
use crate::manifest::Manifest;
use crate::names::Name;

impl Store {
    /// Drops the history but for its last `keep` observations, and for others that share a log file
    /// with them: those files go. What was learned stays, and so do the observations that are kept to
    /// be rehearsed. Makes a checkpoint first, in a new log file where nothing is to be kept. Returns
    /// the sequence number of the first observation that is retained.
    ///
    /// What needs the whole history is refused from then on, with [`Error::HistoryDropped`]:
    /// [`Store::rebuild`], and whatever the caller makes of [`Store::history`].
    ///
    /// # Errors
    /// As [`Store::checkpoint`]; [`Error::NotCheckpointed`] while an observation is being erased.
    pub fn forget_history(&mut self, model: &mut Model, keep: u64) -> Result<u64> {
        self.check_checkpointing()?;
        if self.erasure != Erasure::None {
            return Err(Error::NotCheckpointed { path: self.directory.path().to_owned() });
        }
        self.log.flush()?;
        if keep == 0 && self.log.has_frames() {
            self.log.roll()?;
        }
        self.checkpoint(model)?;
        let last = self.log.sequence();
        let mut first_log = self.manifest.first_log;
        let mut first = Chain::history(&self.directory, &self.manifest)?.first();
        while first_log < self.manifest.log {
            let next = Manifest { first_log: first_log + 1, ..self.manifest.clone() };
            let begins = Chain::history(&self.directory, &next)?.first();
            // The first that is to be kept, or the number that comes next.
            if begins > (last + 1).saturating_sub(keep) {
                break;
            }
            (first_log, first) = (first_log + 1, begins);
        }
        if first_log > self.manifest.first_log {
            let next = Manifest { first_log, ..self.manifest.clone() };
            next.write(&self.directory)
                .map_err(|error| self.poison("replace the manifest", error))?;
            let dropped = self.manifest.first_log..first_log;
            self.manifest = next;
            for number in dropped {
                // What cannot be removed now is a stray that the next opening removes.
                let _ = self.directory.remove(Name::Log(number));
            }
        }
        Ok(first)
    }

    /// The sequence number of the first observation that the history retains.
    ///
    /// # Errors
    /// [`Error::Io`], and those of a damaged log.
    pub fn first(&self) -> Result<u64> {
        Ok(Chain::history(&self.directory, &self.manifest)?.first())
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
    /// [`Error::NoObservation`], [`Error::Erased`] and [`Error::HistoryDropped`] change nothing. [`Error::Io`]: where the
    /// intent to erase was on the disk already, the store is poisoned as by [`Store::append`], and
    /// the next opening completes the erasure.
    pub fn erase(&mut self, sequence: u64) -> Result<()> {
        self.check_checkpointing()?;
        // Without all others the model cannot be made again, now or by an opening after a crash.
        Chain::whole_history(&self.directory, &self.manifest)?;
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

    /// Whether an observation was erased and [`Store::finish_erase`] has not succeeded since.
    pub fn is_erasing(&self) -> bool {
        matches!(self.erasure, Erasure::Overwritten | Erasure::Checkpointed)
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
}
