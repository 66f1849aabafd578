//! Consolidating a memory: the joint optimum over its whole history.

use glam_core::{Decision, Flow, Model, Observations, Options, Progress};
use glam_store::History;
use parking_lot::{RwLockUpgradableReadGuard, RwLockWriteGuard};

use crate::error::{Error, Result};
use crate::memory::{Memory, State};
use crate::threads::Threads;

impl Memory {
    /// Chooses families, levels, views and gates anew by what is held out, and solves for all maps
    /// together over the whole history: the joint optimum, stopped where the held-out error is
    /// least. `watch` is called at every iteration, from several threads; it may end the search
    /// early with the best so far ([`Flow::Finish`]) or give up ([`Flow::Stop`]), and then the
    /// memory is as it was. Returns what was tried and chosen, which [`Memory::inspect`] keeps
    /// telling.
    ///
    /// Reads are answered meanwhile by the memory as it is; writes wait, so that `watch` must not call
    /// what writes to this memory or its files. The result takes its
    /// place at once, with files as the next generation of the snapshot, and writes go on from
    /// it. [`Memory::rebuild`] goes back to what writing alone had learned.
    ///
    /// Uses every core unless told otherwise ([`Memory::with_threads`]); the result does not depend on
    /// how many. It needs room for the history in
    /// memory, and for several times the slots.
    ///
    /// ```
    /// use glam_memory::{Flow, Memory, Options};
    ///
    /// # let temporary = tempfile::tempdir()?;
    /// # let directory = temporary.path().join("product");
    /// let memory = Memory::builder(2).create(&directory)?;
    /// for i in 0..200 {
    ///     let x = [(i % 20) as f32 / 10.0, (i % 17) as f32 / 10.0];
    ///     memory.write(&x, x[0] * x[1])?;
    /// }
    /// let decision = memory.consolidate(Options { regates: 1, ..Options::default() }, &|_| Flow::Continue)?;
    /// for trial in &decision.trials {
    ///     println!("{}: held-out error {}", trial.name, trial.error);
    /// }
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::NoHistory`] without files, [`Error::Store`] where its beginning was dropped,
    /// [`Error::ReadOnly`], [`Error::Core`] where nothing was
    /// written yet or `watch` stopped it, [`Error::Store`] where the files cannot be read or
    /// written.
    pub fn consolidate(
        &self,
        options: Options,
        watch: &(dyn Fn(&Progress<'_>) -> Flow + Sync),
    ) -> Result<Decision> {
        self.replace(|model, history| model.consolidate(history, options, &self.threads, watch))
    }

    /// Solves for all maps together over the whole history, with the thresholds of its gates where they halve
    /// what was written, for that to be recalled as exactly as the slots can: for tables, codes and caches,
    /// whose pairs say nothing of one another. Of several writes of the same cue the last counts. Where cues
    /// never seen matter, [`Memory::consolidate`] is the better one: this learns the noise in the targets too.
    ///
    /// Where tables are few and share few inputs, random pairs of a single target are recalled within a
    /// thousandth of a spread, up to ninety-eight for every hundred floats of the maps, in less than a thousand passes;
    /// as many pairs as floats take thousands and leave errors of a few hundredths, and with more pairs errors grow
    /// towards those of the mean.
    ///
    /// Otherwise as [`Memory::consolidate`]; [`Flow::Finish`] takes the best so far.
    ///
    /// ```
    /// use glam_memory::{Flow, Memory};
    ///
    /// # let temporary = tempfile::tempdir()?;
    /// # let directory = temporary.path().join("codes");
    /// let memory = Memory::builder(16).create(&directory)?;
    /// let code = |i: u64, bit: u32| ((i + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15) >> bit & 1) as f32;
    /// let cues: Vec<Vec<f32>> = (0..300).map(|i| (20..36).map(|bit| code(i, bit)).collect()).collect();
    /// for (i, cue) in cues.iter().enumerate() {
    ///     memory.write(cue, code(i as u64, 60))?;
    /// }
    /// memory.consolidate_for_recall(&|_| Flow::Continue)?;
    /// for (i, cue) in cues.iter().enumerate() {
    ///     assert!((memory.read(cue)?[0] - code(i as u64, 60)).abs() < 0.01);
    /// }
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// Those of [`Memory::consolidate`].
    pub fn consolidate_for_recall(
        &self,
        watch: &(dyn Fn(&Progress<'_>) -> Flow + Sync),
    ) -> Result<Decision> {
        self.replace(|model, history| model.consolidate_for_recall(history, &self.threads, watch))
    }

    /// Puts what `solve` makes of the memory and its history in its place.
    fn replace(
        &self,
        solve: impl FnOnce(&Model, &Observations) -> glam_core::Result<Model>,
    ) -> Result<Decision> {
        let _turn = self.checkpoints.lock();
        // The history and the model are of one moment: no write comes between them.
        let mut state = self.state.write();
        let history = match &mut *state {
            State::Volatile(_) => return Err(Error::NoHistory),
            State::ReadOnly(_) => return Err(Error::ReadOnly),
            State::Stored(model, stored) => {
                // What an earlier checkpoint failed to save, this one will.
                let _ = stored.settle(model);
                let history = stored.store.history()?;
                // Solved over a part, the memory would lose what the rest had taught it.
                history.check_whole()?;
                history
            }
        };
        let state = RwLockWriteGuard::downgrade_to_upgradable(state);
        let State::Stored(model, _) = &*state else {
            return Err(Error::ReadOnly);
        };
        let observations = gather(model, history, u64::MAX, 0)?;
        let mut consolidated = solve(model, &observations)?;
        drop(observations);
        let mut state = RwLockUpgradableReadGuard::upgrade(state);
        let State::Stored(model, stored) = &mut *state else {
            return Err(Error::ReadOnly);
        };
        stored.store.checkpoint(&mut consolidated)?;
        **model = consolidated;
        Ok(model.report().decision.unwrap_or_default())
    }
}

/// The observations of `history` up to number `last`, but for number `without`.
fn gather(model: &Model, mut history: History, last: u64, without: u64) -> Result<Observations> {
    let mut observations = Observations::new();
    while let Some(observation) = history.next()? {
        if observation.sequence > last {
            break;
        }
        if observation.sequence == without {
            continue;
        }
        let labels = model.recall().labels();
        let (target, weight) = (observation.target, observation.weight);
        observations.add(labels, observation.x, target, weight)?;
    }
    Ok(observations)
}

/// What `before`, which was consolidated, is without observation `without` and those that have gone from
/// the history: the same structure solved over what is left of those it was solved over. `None` where
/// it was not consolidated.
pub(crate) fn solved_again(
    before: &Model,
    history: History,
    without: u64,
    threads: &Threads,
) -> Result<Option<Model>> {
    let Some(decision) = before.report().decision.filter(Decision::is_consolidated) else {
        return Ok(None);
    };
    let observations = gather(before, history, decision.sequence, without)?;
    if observations.is_empty() {
        return Ok(None);
    }
    Ok(Some(before.solve_again(&observations, threads, &|_| Flow::Continue)?))
}
