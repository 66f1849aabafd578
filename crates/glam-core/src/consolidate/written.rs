//! What writing alone learns, judged on the same held-out rows as what a search found.

use super::choose::{Found, Search};
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
const NAME: &str = "as written";

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
    /// order, and asked for those that it held out; accepted where its error is below that of what
    /// was found. `None` where the watch stopped it.
    ///
    /// Costs the writes of the rows for every tenth that was held out.
    pub(super) fn as_written(
        &self,
        written: Written<'_>,
        search: &Search<'_>,
        found: &Found,
    ) -> Option<Result<Trial>> {
        let progress = Progress {
            trial: found.trials.len() + 1,
            name: NAME,
            regates: 0,
            rows: search.rows.count,
            best: Some(found.error),
        };
        let go_on = || (search.watch)(&progress) != Flow::Stop;
        let folds = collect(search.workers, found.held.len(), |fold| {
            self.written_without(written, search, &found.held[fold].0, &go_on)
        });
        let folds: Vec<Result<Judged>> = folds.into_iter().collect::<Option<_>>()?;
        let folds: Result<Vec<Judged>> = folds.into_iter().collect();
        Some(folds.map(|folds| {
            let errors: Vec<f64> = folds.iter().filter_map(|judged| judged.error).collect();
            let count = errors.len().max(1) as f64;
            let error = errors.iter().sum::<f64>() / count;
            Trial {
                name: NAME.to_owned(),
                regates: 0,
                lambda: 0.0,
                iterations: 0,
                slots: folds.first().map_or(0, |judged| judged.slots) as u64,
                error,
                accepted: !errors.is_empty() && error < found.error,
            }
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
        let (inputs, outputs) = (rows.inputs, self.recall.outputs());
        let labels = &self.recall.labels;
        let first = history.len() - rows.count;
        let mut model = Self::new(self.recall.config.clone());
        model.recall.labels = labels.clone();
        let mut out = held.iter().copied().peekable();
        for (number, row) in (0..rows.count).step_by(step).enumerate() {
            if out.next_if_eq(&number).is_some() {
                continue;
            }
            if !go_on() {
                return None;
            }
            let (x, kept, weight) = history.get(first + row, inputs, outputs);
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
        let (mut predicted, mut goals) = (Vec::new(), vec![0.0; held.len() * outputs]);
        for (&number, goal) in held.iter().zip(goals.chunks_exact_mut(outputs.max(1))) {
            let row = number * step;
            rows.goal(row, goal);
            let x = history.get(first + row, inputs, outputs).0;
            let units = match model.recall.read(x, &mut scratch, &mut said) {
                Ok(()) => said.iter().enumerate(),
                // Nothing but this tenth was written: the mean is all that there is to say.
                Err(Error::Empty) => {
                    predicted.resize(predicted.len() + outputs, 0.0);
                    continue;
                }
                Err(error) => return Some(Err(error)),
            };
            predicted.extend(units.map(|(output, &y)| search.normaliser.target(output, y)));
        }
        let weights: Vec<f64> =
            held.iter().map(|&number| f64::from(rows.weight(number * step))).collect();
        let error = weighted_mean_square(&predicted, &goals, outputs, &weights);
        let slots = model.recall.slots.len();
        Some(Ok(Judged { error: (!held.is_empty()).then_some(error), slots }))
    }
}
