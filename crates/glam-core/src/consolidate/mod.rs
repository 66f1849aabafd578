//! Consolidate: the joint optimum over the whole history, stopped early, with gates chosen and
//! redrawn by what is held out.
//!
//! Everything a memory trains minimises one objective, the joint ridge problem in the lifted space:
//! sum_i w_i |y_i - sum_a W_a phi_a,i|² + lambda sum_a |W_a|². Writing does so one observation at a
//! time and ignores what slots have in common; consolidating solves it over all of them at once.

mod candidates;
mod choose;
mod decision;
mod finish;
mod halves;
mod inverses;
mod judge;
mod lifted;
mod passes;
mod penalties;
mod recall;
mod rows;
mod sketch;
mod slopes_pass;
mod solve;
mod sums;
mod sweeps;
mod workers;
mod written;

use std::sync::atomic::{AtomicBool, AtomicU8, Ordering};

use crate::basis::{Units, fit_normaliser};
use crate::error::{Error, Result};
use crate::model::{Model, weight_lines};
use crate::observations::Observations;
use crate::slots::SlotTable;
use crate::structure::Structure;
use candidates::{Candidate, candidates};
use choose::Search;
pub(crate) use choose::is_gain;
pub use decision::{Decision, Trial};
use finish::Slots;
pub use halves::conjugate_gradients;
use inverses::{Grams, Inverses};
use lifted::Lifted;
use rows::Rows;
use solve::{Held, solve};
pub use sums::{Maps, Sums};
pub(crate) use workers::collect;
pub use workers::{Serial, Workers};
use written::Written;

/// What a consolidation is to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Options {
    /// How often gates are redrawn from the slots' slopes, at most 16.
    pub regates: usize,
    /// Keeps the tables, families and levels that the memory has, and tries no others.
    pub as_it_is: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self { regates: 3, as_it_is: false }
    }
}

/// How far a consolidation has come.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Progress<'a> {
    /// Which trial this is, from 1.
    pub trial: usize,
    /// What the trial deals to the tables; empty once the best is solved on all rows.
    pub name: &'a str,
    /// How often its gates were redrawn.
    pub regates: u32,
    /// Rows it goes over.
    pub rows: usize,
    /// The best held-out error so far.
    pub best: Option<f64>,
}

impl Progress<'_> {
    fn done(trial: usize, rows: usize) -> Self {
        Self { trial, name: "", regates: 0, rows, best: None }
    }
}

/// What a consolidation is to do next. Said once it stands: [`Flow::Continue`] does not take back
/// what was said before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Flow {
    /// Go on.
    Continue,
    /// Try nothing more: solve with the best found so far.
    Finish,
    /// Give up; the memory stays as it is.
    Stop,
}

/// Looks on at every iteration, from any thread.
pub(crate) type Watch<'a> = dyn Fn(&Progress<'_>) -> Flow + Sync + 'a;

/// A watch whose word stands: what it said once it says from then on, or more.
fn standing(watch: &Watch<'_>) -> impl Fn(&Progress<'_>) -> Flow + Sync {
    let said = AtomicU8::new(Flow::Continue as u8);
    move |progress| {
        let now = watch(progress) as u8;
        match said.fetch_max(now, Ordering::Relaxed).max(now) {
            0 => Flow::Continue,
            1 => Flow::Finish,
            _ => Flow::Stop,
        }
    }
}

impl Model {
    /// This memory with its structure chosen anew and its maps at the joint optimum over `history`,
    /// which must be its observations in order. This one stays as it is; the new one goes on from
    /// the same sequence number. A memory that forgets over a window is solved over what that leaves of
    /// the history.
    ///
    /// Where this memory was never consolidated, what writing alone learns is the last trial. Where
    /// its error is the smallest, or so few rows are held out that no error tells, what is given is
    /// this memory, with what was tried to tell.
    ///
    /// Costs memory for the history, 4 bytes more a row and active slot and a row and target, and up to
    /// ten times the slots, and for every trial up to some hundred passes over the history, each about
    /// as long as reading every row of it.
    ///
    /// # Errors
    /// [`Error::Empty`] without a history, [`Error::Cancelled`] where `watch` stopped it.
    pub fn consolidate(
        &self,
        history: &Observations,
        options: Options,
        workers: &dyn Workers,
        watch: &(dyn Fn(&Progress<'_>) -> Flow + Sync),
    ) -> Result<Self> {
        let watch = &standing(watch);
        let (config, outputs) = (self.recall.config.clone(), self.recall.outputs());
        let now = self.recall.structure.as_ref().ok_or(Error::Empty)?;
        if history.is_empty() {
            return Err(Error::Empty);
        }
        let left = config.window().map(|w| rows::faded(history, w, config.inputs(), outputs));
        let (whole, history) = (history, left.as_ref().unwrap_or(history));
        // What was consolidated before is the first candidate, in the units that it has, until as
        // many rows have come as it was solved over.
        let Decision { sequence, rows, .. } = now.decision();
        let renewed = self.recall.sequence.saturating_sub(*sequence) > *rows;
        let stays = now.decision().is_consolidated() && !renewed;
        let normaliser = if stays {
            now.normaliser().clone()
        } else {
            fit_normaliser(&config, history.rows(), history.targets(), outputs)
        };
        let rows = Rows::new(
            config.basis().map(AsRef::as_ref),
            &normaliser,
            history,
            config.inputs(),
            outputs,
        );
        let reduced = rows.reduced(config.seed());
        let mut tried = Vec::new();
        if stays {
            tried.push(Candidate::kept(now.picks()));
        } else if options.as_it_is {
            tried.push(Candidate::as_it_is(now.picks()));
        }
        if !options.as_it_is {
            tried.extend(candidates(&config, rows.count, outputs, now.picks()));
        }
        let search = Search {
            seed: config.seed(),
            rows: reduced.as_ref().unwrap_or(&rows),
            normaliser: &normaliser,
            units: Units::of(config.basis(), &normaliser),
            candidates: tried,
            now: stays.then_some(now),
            regates: options.regates.min(16),
            workers,
            watch,
            sample: choose::sample(&rows),
        };
        let mut found = search.run().ok_or(Error::Cancelled)?;
        let mut keeps_written = false;
        if !now.decision().is_consolidated() {
            let written = Written { history: whole, rows: &rows, step: rows.step() };
            let trial = self.as_written(written, &search, &found).ok_or(Error::Cancelled)?;
            keeps_written = trial.as_ref().is_some_and(|trial| trial.accepted);
            found.trials.extend(trial);
        }
        let mut decision = Decision {
            sequence: self.recall.sequence,
            rows: rows.count as u64,
            folds: found.held.len() as u32,
            trials: found.trials,
            ..Decision::default()
        };
        if keeps_written {
            return Ok(self.staying(decision));
        }
        let done = Progress::done(decision.trials.len(), rows.count);
        let go_on = || watch(&done) != Flow::Stop;
        // Over all rows, the same way again: drawn, solved, and drawn anew from the slopes.
        let mut structure = search.draw(found.candidate, 0, None, workers);
        for (regates, &(lambda, iterations)) in
            found.stops[..found.stops.len() - 1].iter().enumerate()
        {
            let lifted = Lifted::new(&structure, search.rows, workers);
            let grams = Grams::new(&lifted, workers);
            let inverses = Inverses::new(&grams, lifted.slots(), lambda, workers);
            let held = Held::None { iterations };
            let solution =
                solve(&lifted, &inverses, lambda, held, workers, &go_on).ok_or(Error::Cancelled)?;
            let slopes = slopes_pass::slopes(&lifted, &solution.weights, workers);
            structure = search.draw(found.candidate, regates + 1, Some(&slopes), workers);
        }
        let (lambda, iterations) = found.stops.last().copied().unwrap_or((1.0, 1));
        (decision.lambda, decision.iterations) = (lambda, iterations as u32);
        let held = match reduced {
            None => found.held,
            // The stop and the errors are those of all rows and outputs.
            Some(_) => {
                let lifted = Lifted::new(&structure, &rows, workers);
                let (held, stop) =
                    search.held_out(&lifted, lambda, &go_on).ok_or(Error::Cancelled)?;
                decision.iterations = stop as u32;
                vec![held]
            }
        };
        let structure = structure.with_decision(decision);
        let mut model = self.solved(structure, whole, &rows, workers, &go_on)?;
        model.judge(history, &rows, &held)?;
        Ok(model)
    }

    /// This memory as it is, with what was tried to tell.
    fn staying(&self, decision: Decision) -> Self {
        let mut model = self.clone();
        let structure = model.recall.structure.take();
        model.recall.structure = structure.map(|structure| structure.with_decision(decision));
        model
    }

    /// The memory that consolidating came to, solved over `history` instead: the same structure,
    /// lambda and number of iterations, and a sequence number of [`Decision::sequence`]. For a
    /// history from which an observation was taken: the slots then hold nothing of it. What was
    /// chosen when it was still there stays (normaliser, gates, lambda, stop), and so do the error
    /// statistics and the labels.
    ///
    /// # Errors
    /// [`Error::Empty`] where the memory was never consolidated, or `history` is empty;
    /// [`Error::Cancelled`] where `watch` stopped it.
    pub fn solve_again(
        &self,
        history: &Observations,
        workers: &dyn Workers,
        watch: &(dyn Fn(&Progress<'_>) -> Flow + Sync),
    ) -> Result<Self> {
        let watch = &standing(watch);
        let structure = self.recall.structure.as_ref().ok_or(Error::Empty)?;
        if history.is_empty() || !structure.decision().is_consolidated() {
            return Err(Error::Empty);
        }
        let structure = structure.clone();
        let (inputs, outputs) = (self.recall.config.inputs(), self.recall.outputs());
        let window = self.recall.config.window();
        let left = window.map(|window| rows::faded(history, window, inputs, outputs));
        let faded = left.as_ref().unwrap_or(history);
        let mut rows = Rows::new(structure.basis(), structure.normaliser(), faded, inputs, outputs);
        if structure.decision().is_for_recall() {
            rows.supersede();
        }
        let done = Progress::done(structure.decision().trials.len(), rows.count);
        let sequence = structure.decision().sequence;
        let go_on = || watch(&done) != Flow::Stop;
        let mut model = self.solved(structure, history, &rows, workers, &go_on)?;
        model.recall.sequence = sequence;
        Ok(model)
    }

    /// Takes over the statistics of errors of `other`, a model of the same structure.
    pub fn keep_statistics(&mut self, other: &Self) {
        self.recall.noise = other.recall.noise.clone();
        self.recall.temperature = other.recall.temperature;
        let keys = self.recall.slots.keys();
        let before = |slot: usize| other.recall.slots.get(*keys.get(slot)?);
        self.recall.noise.renumber_slots(keys.len(), before);
    }

    /// A model of this one's configuration, labels and sequence number with `structure` solved over
    /// `rows`.
    fn solved(
        &self,
        structure: Structure,
        history: &Observations,
        rows: &Rows,
        workers: &dyn Workers,
        go_on: &(dyn Fn() -> bool + Sync),
    ) -> Result<Self> {
        let (lambda, iterations) =
            (structure.decision().lambda, structure.decision().iterations as usize);
        let lifted = Lifted::new(&structure, rows, workers);
        let grams = Grams::new(&lifted, workers);
        let inverses = Inverses::new(&grams, lifted.slots(), lambda, workers);
        // Of a solve for recall the best iteration counts: with a row less it may come earlier.
        let finish = &AtomicBool::new(false);
        let enough = recall::enough(rows.outputs);
        let held = match structure.decision().is_for_recall() {
            true => Held::Written { most: iterations, enough, finish },
            false => Held::None { iterations },
        };
        let solution = solve(&lifted, &inverses, lambda, held, workers, go_on);
        let maps = solution.ok_or(Error::Cancelled)?.weights;
        let now = structure.decision().sequence;
        let slots = self.slots_of((&lifted, &grams), &maps, now, workers)?;
        drop(lifted);
        self.with_slots(structure, slots, history)
    }

    /// The slots of maps that were solved for `lifted` at sequence number `now`.
    fn slots_of(
        &self,
        (lifted, grams): (&Lifted<'_>, &Grams),
        maps: &[f32],
        now: u64,
        workers: &dyn Workers,
    ) -> Result<Slots> {
        let noise = f64::from(self.recall.noise.variance());
        let lines = weight_lines(lifted.structure.width(), self.recall.outputs());
        let config = (&self.recall.config, now);
        // An arena of so many lines does not exist: there is none to read from.
        finish::finish((lifted, grams), maps, config, noise, lines, workers).ok_or(Error::Cancelled)
    }

    /// A model of this one's configuration, labels and sequence number with `slots` of `structure`.
    fn with_slots(
        &self,
        structure: Structure,
        slots: Slots,
        history: &Observations,
    ) -> Result<Self> {
        let mut model = Self::new(self.recall.config.clone());
        model.recall.labels = self.recall.labels.clone();
        model.recall.sequence = self.recall.sequence;
        model.recall.structure = Some(structure);
        model.recall.slots = SlotTable::from_keys(slots.keys)?;
        model.keep_statistics(self);
        model.recall.weights = slots.weights;
        model.covariances = slots.covariances;
        model.start_rehearsal(history);
        model.warm_up.finish();
        model.bound()?;
        Ok(model)
    }
}

#[cfg(test)]
mod halves_tests;
#[cfg(test)]
mod passes_tests;
#[cfg(test)]
mod recall_tests;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod written_tests;
