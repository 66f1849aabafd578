//! Checkpoints of a store.

use std::sync::Arc;

use glam_core::{Model, State};

use super::{Erasure, Extent, Store};
use crate::checkpoint::{Checkpoint, Done, Outcome, Prepared, Written};
use crate::error::{Error, Result};
use crate::manifest::Manifest;
use crate::segment::{Kind, Plan, Snapshot, Stamp};
use crate::{FORMAT_VERSION, erasure};

impl Store {
    /// Writes `model` as the next generation of the snapshot, so that the next opening replays
    /// nothing: of the slots those that changed since the last, and those that share a file with few
    /// others that are used. Removes what only the generation before it held. A crash at any moment
    /// leaves one of the two whole.
    ///
    /// # Errors
    /// [`Error::OtherModel`] where `model` is not in step with the log, [`Error::Checkpointing`] while
    /// another is being written, [`Error::Core`] where a slot that has to be read is damaged.
    /// [`Error::Io`]: where the new segments could not be written, the old generation stays and the
    /// store can be used on; where the manifest could not be replaced, the store is poisoned as by
    /// [`Store::append`].
    pub fn checkpoint(&mut self, model: &mut Model) -> Result<()> {
        self.save(model, Extent::Changed)?;
        let _ = self.rebase(model);
        Ok(())
    }

    /// [`Store::checkpoint`] that writes every slot anew, so that one file of weights and one of
    /// covariances hold the slots that there are and nothing else.
    ///
    /// # Errors
    /// As [`Store::checkpoint`].
    pub fn compact(&mut self, model: &mut Model) -> Result<()> {
        self.save(model, Extent::All)?;
        let _ = self.rebase(model);
        Ok(())
    }

    fn save(&mut self, model: &mut Model, extent: Extent) -> Result<()> {
        self.log.flush()?;
        let mut state = model.state();
        let prepared = self.prepare(model, &mut state, extent)?;
        let numbers = prepared.plan.write.clone();
        let slot = |kind: Kind, position: usize| {
            let slots = if kind == Kind::Weights { &state.weights } else { &state.covariances };
            Ok(slots.get(numbers[position])?)
        };
        let outcome = prepared.write(&slot);
        drop(state);
        let changes = model.take_changes();
        self.changed = false;
        self.note(model, Written { outcome, changes })
    }

    /// [`Store::checkpoint`] of a model that is not used any further.
    pub(super) fn checkpoint_at_last(&mut self, model: &mut Model) -> Result<()> {
        self.save(model, Extent::Changed)
    }

    /// Begins a checkpoint that is written beside the writes that follow: copies what it needs, which
    /// takes as much memory as the slots that it will write ([`Store::checkpoint`] says which). It must be ended, written or not, by
    /// [`Store::end_checkpoint`].
    ///
    /// # Errors
    /// As [`Store::checkpoint`]; nothing has changed then, and the store does not ask for another
    /// before as much again was written.
    pub fn begin_checkpoint(&mut self, model: &mut Model) -> Result<Checkpoint> {
        self.postpone();
        self.log.hand_over()?;
        let mut state = model.state();
        let prepared = self.prepare(model, &mut state, Extent::Changed)?;
        let checkpoint = Checkpoint::new(prepared, &state)?;
        let checkpoint = checkpoint.with_changes(model.take_changes());
        (self.checkpointing, self.changed) = (true, false);
        Ok(checkpoint)
    }

    /// Takes note of a checkpoint that was written: slots that `model` has not changed since it was
    /// opened are read from the new files from now on, so that the old ones can go.
    ///
    /// # Errors
    /// Those of [`Store::checkpoint`] that writing it came to: what it was to save counts as changed
    /// again.
    pub fn end_checkpoint(&mut self, model: &mut Model, written: Written) -> Result<()> {
        self.note(model, written)?;
        // Where the new files cannot be opened, the old ones go on being read, which hold the same.
        let _ = self.rebase(model);
        Ok(())
    }

    /// Takes note of a checkpoint, whose model is not used any further where it succeeded.
    fn note(&mut self, model: &mut Model, written: Written) -> Result<()> {
        self.checkpointing = false;
        let Written { outcome, changes } = written;
        let error = match outcome {
            Outcome::Done(done) => {
                let Done { manifest, places, sizes, flushed } = *done;
                self.manifest = manifest;
                (self.places, self.sizes) = (places.into(), sizes);
                self.due = self.manifest.sequence.saturating_add(self.interval());
                self.log.set_flushed(flushed);
                if self.erasure == Erasure::Overwritten {
                    self.erasure = Erasure::Checkpointed;
                } else if self.erasure == Erasure::Rebuilt
                    && erasure::remove(&self.directory).is_ok()
                {
                    // Where it cannot be removed, the next opening erases and rebuilds once more.
                    self.erasure = Erasure::None;
                }
                return Ok(());
            }
            Outcome::Failed(error) => error,
            Outcome::LogFailed(error) => self.poison("hand the log to the disk", error),
            Outcome::Unknown(error) => self.poison("replace the manifest", error),
        };
        model.put_back(changes);
        self.changed = true;
        self.postpone();
        Err(error)
    }

    /// Reads the slots that `model` has not changed from the snapshot that there is now.
    fn rebase(&self, model: &mut Model) -> Result<()> {
        if !model.is_lent() {
            return Ok(());
        }
        let snapshot = Snapshot::open(&self.directory, &self.manifest)?;
        let weights = snapshot.weights(&self.places)?;
        let covariances = snapshot.covariances(&self.places)?;
        model.rebase(Arc::new(weights), Arc::new(covariances));
        Ok(())
    }

    /// All of a checkpoint but the content of the slots that it writes, which are left in `state`. The log
    /// has been handed over.
    fn prepare(
        &mut self,
        model: &Model,
        state: &mut State<'_>,
        extent: Extent,
    ) -> Result<Prepared> {
        self.check_checkpointing()?;
        self.check_model(model)?;
        if self.log.is_old() {
            // What an earlier version began does not grow under a manifest of this one.
            self.log.roll()?;
        }
        let next = Manifest {
            version: FORMAT_VERSION,
            generation: self.manifest.generation + 1,
            sequence: state.sequence,
            log: self.log.number(),
            log_offset: self.log.bytes(),
            ..self.manifest.clone()
        };
        let stamp =
            Stamp { memory: next.memory, generation: next.generation, sequence: next.sequence };
        Ok(Prepared {
            directory: self.directory.clone(),
            old: self.manifest.clone(),
            next,
            stamp,
            structure: std::mem::take(&mut state.structure),
            keys: state.keys.to_vec(),
            history: std::mem::take(&mut state.history),
            lines: (state.weights.lines(), state.covariances.lines()),
            plan: match extent {
                Extent::Changed => {
                    Plan::new(&self.places, &self.sizes, state.changed(), state.keys.len())
                }
                Extent::All => Plan::all(&self.sizes, state.keys.len()),
            },
            sizes: self.sizes.clone(),
            log: self.log.pending()?,
        })
    }

    /// Observations behind the snapshot, which the next opening replays.
    pub fn behind(&self) -> u64 {
        self.log.sequence().saturating_sub(self.manifest.sequence)
    }

    /// Whether so much was written since the last checkpoint, or the last that failed, that another is
    /// worth its while.
    pub fn wants_checkpoint(&self) -> bool {
        self.log.sequence() >= self.due && !self.checkpointing
    }

    /// After an attempt that failed: not before as much again was written.
    fn postpone(&mut self) {
        self.due = self.log.sequence().saturating_add(self.interval());
    }

    pub(super) fn check_checkpointing(&self) -> Result<()> {
        if self.checkpointing {
            return Err(Error::Checkpointing { path: self.directory.path().to_owned() });
        }
        Ok(())
    }
}
