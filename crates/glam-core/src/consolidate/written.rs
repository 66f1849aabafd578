//! What writing alone learns, judged on the same held-out rows as what a search found.

use super::choose::{FEWEST_GAINS, Found, Search};
use super::decision::Trial;
use super::rows::Rows;
use super::solve::weighted_mean_square;
use super::workers::collect;
use super::{Flow, Progress};
use crate::error::{Error, Result};
use crate::model::Model;
use crate::observation::Target;
use crate::observations::{Kept, Observations};
use crate::scratch::Scratch;

/// Name of the trial.
const WRITTEN: &str = "as written";

/// The rows that a search goes over, as they came.
#[derive(Clone, Copy)]
pub(super) struct Written<'a> {
    pub(super) history: &'a Observations,
    /// The last of `history`, normalised; of them the search goes over every `step`th.
    pub(super) rows: &'a Rows,
    pub(super) step: usize,
}

/// What one tenth came to.
struct Judged {
    /// `None` where it holds no row.
    error: Option<f64>,
    slots: usize,
}

impl Model {
    /// The trial of a memory like this one that is written every row that `search` trained on, in
    /// order, and asked for those that it held out; accepted where nothing that was found is better.
    /// `None` where the watch stopped it; `Some(None)` where a row is refused, as one may be where
    /// classes come in another order under a byte limit.
    ///
    /// Costs the writes of the rows for every tenth that was held out.
    pub(super) fn as_written(
        &self,
        written: Written<'_>,
        search: &Search<'_>,
        found: &Found,
    ) -> Option<Option<Trial>> {
        let progress = Progress {
            trial: found.trials.len() + 1,
            name: WRITTEN,
            regates: 0,
            rows: search.rows.count,
            best: Some(found.error),
        };
        let go_on = || (search.watch)(&progress) != Flow::Stop;
        let folds = collect(search.workers, found.held.len(), |fold| {
            self.written_without(written, search, &found.held[fold].0, &go_on)
        });
        let folds: Vec<Result<Judged>> = folds.into_iter().collect::<Option<_>>()?;
        let Ok(folds) = folds.into_iter().collect::<Result<Vec<Judged>>>() else {
            return Some(None);
        };
        let errors: Vec<f64> = folds.iter().filter_map(|judged| judged.error).collect();
        let error = errors.iter().sum::<f64>() / errors.len().max(1) as f64;
        let rows: usize = found.held.iter().map(|(rows, _)| rows.len()).sum();
        Some(Some(Trial {
            name: WRITTEN.to_owned(),
            regates: 0,
            lambda: 0.0,
            iterations: 0,
            slots: folds.first().map_or(0, |judged| judged.slots) as u64,
            error,
            accepted: rows < FEWEST_GAINS || error <= found.error,
        }))
    }

    /// Writes all rows to a new memory but those that are `held`, and asks it for these.
    fn written_without(
        &self,
        written: Written<'_>,
        search: &Search<'_>,
        held: &[usize],
        go_on: &dyn Fn() -> bool,
    ) -> Option<Result<Judged>> {
        let Written { history, rows, step } = written;
        let (inputs, outputs) = (self.recall.config.inputs(), self.recall.outputs());
        let labels = &self.recall.labels;
        let first = history.len() - rows.count;
        let mut out = held.iter().copied().peekable();
        let numbers = 0..rows.count.div_ceil(step);
        let kept: Vec<usize> = numbers.filter(|number| out.next_if_eq(number).is_none()).collect();
        let mut model = Self::new(self.recall.config.fewer(step));
        model.recall.labels = labels.clone();
        // What a fit learns does not depend on the fits before it.
        let unlearned = model.gathers(kept.len());
        for (place, number) in kept.into_iter().enumerate() {
            if !go_on() {
                return None;
            }
            let (x, kept, weight) = history.get(first + number * step, inputs, outputs);
            if place < unlearned {
                model.gather(x, kept, weight);
                continue;
            }
            let target = match kept {
                Kept::Numbers(y) => Target::Numbers(y),
                Kept::Class(class) => match labels.names().get(class) {
                    Some(name) => Target::Label(name.as_str().into()),
                    None => continue,
                },
            };
            if let Err(error) = model.write_weighted(x, target, weight) {
                return Some(Err(error));
            }
        }
        let mut scratch = Scratch::default();
        let mut said = vec![0.0; outputs];
        let goals = search.rows;
        let basis = search.units.as_ref().map(|units| &units.basis).filter(|basis| basis.starts());
        let mut predicted = vec![0.0; held.len() * goals.outputs];
        let mut truth = vec![0.0; predicted.len()];
        let places = predicted.chunks_exact_mut(goals.outputs.max(1));
        let places = places.zip(truth.chunks_exact_mut(goals.outputs.max(1)));
        for (&number, (predicted, truth)) in held.iter().zip(places) {
            goals.goal(number, truth);
            let x = history.get(first + number * step, inputs, outputs).0;
            match model.recall.read(x, &mut scratch, &mut said) {
                Ok(()) => {}
                // Nothing but this tenth was written: the mean, which is 0, is all there is to say.
                Err(Error::Empty) => continue,
                Err(error) => return Some(Err(error)),
            }
            for (output, said) in said.iter_mut().enumerate() {
                let start = basis.map_or(0.0, |basis| basis.start(&scratch.activations, output));
                let normalised = |y| search.normaliser.target(output, y);
                *said = normalised(*said) - if basis.is_some() { normalised(start) } else { 0.0 };
            }
            match &goals.sketch {
                Some(sketch) => sketch.mix(&said, predicted),
                None => predicted.copy_from_slice(&said),
            }
        }
        let weights: Vec<f64> =
            held.iter().map(|&number| f64::from(goals.weight(number))).collect();
        let error = weighted_mean_square(&predicted, &truth, goals.outputs, &weights);
        let slots = model.recall.slots.len();
        let error = (!held.is_empty()).then_some(error);
        Some(Ok(Judged { error, slots }))
    }
}
