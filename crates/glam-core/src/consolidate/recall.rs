//! Consolidate for recall: the joint optimum by what was written, not by what is held out.

use std::sync::atomic::{AtomicBool, Ordering};

use super::choose::best_stop;
use super::decision::{Decision, Trial};
use super::inverses::{Grams, Inverses};
use super::lifted::Lifted;
use super::rows::{Rows, faded};
use super::solve::{Held, solve};
use super::workers::Workers;
use super::{Flow, Progress, standing};
use crate::error::{Error, Result};
use crate::model::Model;
use crate::observations::Observations;

/// Name of the only trial.
const FOR_RECALL: &str = "for recall";
/// The ridge penalty. A map's prior counts as a billionth of a row of the unit's size: it decides between
/// maps that recall alike. Where as many random pairs as floats are solved for, the least of their singular values
/// squared are about one over the square of their number: a penalty above those would be errors.
const LAMBDA: f64 = 1e-9;
/// The most iterations of conjugate gradients. Nine random pairs for ten floats ask for some hundred; as
/// many pairs as floats for thousands, as the eigenvalues of a random square matrix reach down to zero
/// (Marchenko and Pastur, 1967).
const MOST_ITERATIONS: usize = 10_000;
/// The mean square error of a target, in its variances, that is exact enough: a ten thousandth of a spread.
const EXACT: f64 = 1e-8;

/// The mean square error, summed over outputs, at which a solve for recall ends.
pub(super) fn enough(outputs: usize) -> f64 {
    EXACT * outputs as f64
}

impl Model {
    /// This memory with its maps at the joint optimum over `history`, which must be its observations in
    /// order, for what was written to be recalled as exactly as its slots can: almost no ridge, and a solve
    /// that goes on for as long as the error on these observations falls by a hundredth within a third of
    /// the iterations done. Its gates keep their views and directions; their thresholds move to where they
    /// halve what was written, whatever its weight, as a slot that few rows reach has floats that no row
    /// fixes.
    ///
    /// Of several observations of the same input the last counts, target by target where some are missing: an
    /// association that was written again is recalled as it is now.
    ///
    /// For associations that nothing but themselves tells of, codes, tables, caches, where
    /// [`Model::consolidate`] finds that no map helps a cue never seen. Noise in the targets is learned
    /// as well: what holds for unseen cues is better left to [`Model::consolidate`]. What the memory says
    /// of its errors at such cues stays what writing found.
    ///
    /// Stable: the maps change in f32 by conjugate gradients, preconditioned by the inverse of every
    /// slot's own Gram matrix, and those of the best iteration are taken, so that roundings that pile
    /// up once nothing is left to gain do no harm.
    ///
    /// Costs what one trial of [`Model::consolidate`] does, with up to 10,000 passes over the history and
    /// 12 bytes more a row and output; for finding thresholds, on each thread 8 bytes a row and decision of a
    /// table, and the inputs a second time where cues were written again. [`Flow::Finish`] takes the best so far.
    ///
    /// # Errors
    /// [`Error::Empty`] without a history, [`Error::Cancelled`] where `watch` stopped it.
    pub fn consolidate_for_recall(
        &self,
        history: &Observations,
        workers: &dyn Workers,
        watch: &(dyn Fn(&Progress<'_>) -> Flow + Sync),
    ) -> Result<Self> {
        let watch = &standing(watch);
        let structure = self.recall.structure.as_ref().ok_or(Error::Empty)?.clone();
        if history.is_empty() {
            return Err(Error::Empty);
        }
        let (config, outputs) = (&self.recall.config, self.recall.outputs());
        let left = config.window().map(|window| faded(history, window, config.inputs(), outputs));
        let mut rows = {
            let history = left.as_ref().unwrap_or(history);
            let (basis, normaliser) = (structure.basis(), structure.normaliser());
            Rows::new(basis, normaliser, history, config.inputs(), outputs)
        };
        rows.supersede();
        let structure = structure.evened(&rows.current(), rows.inputs, workers);
        let progress =
            Progress { trial: 1, name: FOR_RECALL, regates: 0, rows: rows.count, best: None };
        let finish = AtomicBool::new(false);
        let go_on = || match watch(&progress) {
            Flow::Continue => true,
            Flow::Finish => {
                finish.store(true, Ordering::Relaxed);
                true
            }
            Flow::Stop => false,
        };
        let now = self.recall.sequence;
        let (iterations, error, slots) = {
            let lifted = Lifted::new(&structure, &rows, workers);
            let grams = Grams::new(&lifted, workers);
            let inverses = Inverses::new(&grams, lifted.slots(), LAMBDA, workers);
            let held =
                Held::Written { most: MOST_ITERATIONS, enough: enough(outputs), finish: &finish };
            let solution = solve(&lifted, &inverses, LAMBDA, held, workers, &go_on);
            let solution = solution.ok_or(Error::Cancelled)?;
            let (stop, error) = best_stop(&[&solution.trace]);
            let slots = self.slots_of((&lifted, &grams), &solution.weights, now, workers)?;
            (stop as u32, error, slots)
        };
        let trial = Trial {
            name: FOR_RECALL.to_owned(),
            regates: 0,
            lambda: LAMBDA,
            iterations,
            slots: slots.keys.len() as u64,
            error,
            accepted: true,
        };
        let structure = structure.with_decision(Decision {
            sequence: now,
            rows: rows.count as u64,
            folds: 0,
            lambda: LAMBDA,
            iterations,
            trials: vec![trial],
        });
        self.with_slots(structure, slots, history)
    }
}
