//! The warm-up: the normaliser, the views and the gates from the first observations, and the gates
//! drawn anew from the slopes of what was learned, where that is better.

use std::ops::Range;

use super::twins::{self, Lesson, Twins};
use super::{Model, Pass, weight_lines};
use crate::config::{Config, Targets};
use crate::consolidate::{Decision, Trial, is_gain};
use crate::error::Result;
use crate::kernel::LANES;
use crate::noise::Noise;
use crate::observations::Kept;
use crate::recall::{Recall, find_active};
use crate::room::{self, Room};
use crate::slopes::{OuterProduct, Slopes};
use crate::slots::{Arena, SlotTable};
use crate::structure::Structure;
use crate::told::{Told, fill_errors};
use crate::warm_up::WarmUp;
use crate::window;

/// Times the observations of the warm-up are gone through when the memory is fitted to them: once
/// as they came, then again to rehearse them, which is cheap while they are few and matters most
/// for memories that never see many.
pub(super) const PASSES: usize = 4;
/// Observations from which on gates are drawn anew: half of them judge.
const FEWEST: usize = 64;
/// How often a fit draws gates anew, at most.
const MOST_REDRAWN: u32 = 3;

/// Observations up to which parts of them are held out in turn to calibrate intervals, and the
/// number of parts: beyond, it would take long, and enough observations follow.
const MOST_HELD_OUT: usize = 256;
const HELD_OUT_PARTS: usize = 8;
/// The most that errors are taken to have shrunk by since.
const MOST_SHRUNK: f64 = 0.5;

/// What a fit has learned with one drawing of the gates.
struct Drawn {
    structure: Option<Structure>,
    slots: SlotTable,
    weights: Arena,
    covariances: Arena,
    noise: Noise,
}

/// Observations of the warm-up, but those in `held`, as one drawing of the gates learns them.
struct Course<'a> {
    warm_up: &'a WarmUp,
    held: Range<usize>,
    /// What learns them in place of the memory's own slots.
    twins: Option<Twins>,
}

impl Model {
    /// Fits the normaliser, the views and the gates to the observations gathered so far and
    /// learns them anew. Statistics of errors go on from what was told about them.
    pub(super) fn fit(&mut self) -> Result<()> {
        let warm_up = std::mem::take(&mut self.warm_up);
        let result = self.fit_to(&warm_up);
        match &result {
            Ok(Some(held_out)) => self.calibrate(&warm_up, held_out),
            _ => {
                let told = std::mem::take(&mut self.told);
                self.calibrate(&warm_up, &told);
                self.told = told;
            }
        }
        self.warm_up = warm_up;
        result.map(|_| ())
    }

    /// How many of `rows` observations, the first of a memory, need only be gathered for the maps to be
    /// those of writing all of them: up to the one before the last fit. None under a byte limit, where
    /// a fit may come between.
    pub(crate) fn gathers(&self, rows: usize) -> usize {
        let config = &self.recall.config;
        let due = WarmUp::last_due(rows, room::warm_up(config));
        if config.max_bytes().is_some() { 0 } else { due.saturating_sub(1) }
    }

    /// Keeps an observation of the warm-up for the next fit, without learning it as it comes.
    pub(crate) fn gather(&mut self, x: &[f32], kept: Kept<'_>, weight: f32) {
        self.warm_up.push(&self.recall.config, x, kept, weight);
        self.recall.sequence += 1;
    }

    /// Gives what memories without them said about the observations, where that was asked.
    fn fit_to(&mut self, warm_up: &WarmUp) -> Result<Option<Told>> {
        let (config, outputs) = (&self.recall.config, self.recall.outputs());
        let (rows, targets) = (warm_up.kept().rows(), warm_up.kept().targets());
        let structure = Structure::fit(config, rows, targets, outputs);
        let narrow = warm_up.count() >= FEWEST && is_narrow(config, &structure);
        let redraws = narrow && !is_set(config);
        self.recall.room = Room::new(config, structure.n(), outputs);
        self.start(structure);
        let mut course = self.course(warm_up, 0..0);
        let mut squares = self.go_through(&mut course, Pass::Refit)?;
        self.rehearse_all(&mut course)?;
        let chosen = if redraws { self.redraw(&mut course, &mut squares)? } else { None };
        if let Some(twins) = course.twins {
            self.take(twins.into_slots());
        }
        let numbers = self.recall.config.targets() != Targets::Labels;
        if narrow && numbers && warm_up.count() <= MOST_HELD_OUT {
            return self.foresee(warm_up, chosen.as_ref()).map(Some);
        }
        Ok(None)
    }

    /// Draws gates anew by the slopes of what was learned, as long as that is better. Gives the
    /// slopes by which those gates were drawn that are kept, and in `squares` their errors.
    fn redraw(
        &mut self,
        course: &mut Course<'_>,
        squares: &mut Vec<f64>,
    ) -> Result<Option<Slopes>> {
        let warm_up = course.warm_up;
        let mut chosen = None;
        let mut trials = vec![self.trial(0, squares, course, true)];
        for regates in 1..=MOST_REDRAWN {
            let Some(slopes) = self.slopes(course) else { break };
            let Some(next) = self.redrawn(warm_up.kept().rows(), Some(&slopes)) else { break };
            let before = self.start(next);
            let mut redrawn = self.course(warm_up, 0..0);
            let new = self.go_through(&mut redrawn, Pass::Refit)?;
            let gains: Vec<f64> = squares.iter().zip(&new).map(|(old, new)| old - new).collect();
            let better = is_gain(later(&gains));
            trials.push(self.trial(regates, &new, &redrawn, better));
            if !better {
                self.go_back(before);
                break;
            }
            self.rehearse_all(&mut redrawn)?;
            (*squares, chosen, *course) = (new, Some(slopes), redrawn);
        }
        let decision = Decision {
            sequence: self.recall.sequence + 1,
            rows: warm_up.count() as u64,
            trials,
            ..Decision::default()
        };
        let structure = self.recall.structure.take();
        self.recall.structure = structure.map(|structure| structure.with_decision(decision));
        Ok(chosen)
    }

    /// What memories like this one, fitted without a part of the observations, say about that
    /// part, with errors as large as they will be until the next fit. What was told when the
    /// observations came is older: it was said by a memory of half as many, whose gates were worse.
    ///
    /// A memory without a quarter of n observations, .75 n, and one without an eighth, .875 n, tell how
    /// errors shrink. As a power of the number of observations, which learning curves follow (Hestness
    /// et al. 2017), they go on to 1.15 n, the middle until the next fit at 1.33 n, by
    /// log(1.15 / .875) / log(.875 / .75) = 1.77 times what they shrank between the two.
    fn foresee(&mut self, warm_up: &WarmUp, slopes: Option<&Slopes>) -> Result<Told> {
        let fewer = self.hold_out(warm_up, slopes, HELD_OUT_PARTS / 2)?;
        let mut told = self.hold_out(warm_up, slopes, HELD_OUT_PARTS)?;
        let (before, after) = (self.mean_error(warm_up, &fewer), self.mean_error(warm_up, &told));
        let ratio = if after < before { after / before } else { 1.0 };
        // The power 1.75 by roots: these have the same bits everywhere.
        let shrunk = (ratio * ratio.sqrt() * ratio.sqrt().sqrt()).max(MOST_SHRUNK);
        told.claim_more(1.0 / (shrunk * shrunk));
        Ok(told)
    }

    /// The mean of |e| / sqrt(S) of what was told about every observation.
    fn mean_error(&self, warm_up: &WarmUp, told: &Told) -> f64 {
        let (inputs, outputs) = (self.recall.config.inputs(), self.recall.outputs());
        let Some(structure) = &self.recall.structure else { return 0.0 };
        let kept = (0..warm_up.count()).map(|row| warm_up.kept().get(row, inputs, outputs).1);
        let (mut sum, mut count, mut errors) = (0.0, 0.0, vec![0.0; outputs]);
        for (kept, (said, claimed)) in kept.zip(told.each(outputs)) {
            fill_errors(structure, kept, said, &mut errors);
            for error in errors.iter().filter(|error| !error.is_nan()) {
                sum += f64::from(error.abs()) / f64::from(claimed).sqrt();
                count += 1.0;
            }
        }
        sum / f64::max(count, 1.0)
    }

    /// What is said about each of `parts` parts by a memory that was fitted without it.
    fn hold_out(
        &mut self,
        warm_up: &WarmUp,
        slopes: Option<&Slopes>,
        parts: usize,
    ) -> Result<Told> {
        let (mut told, mut whole, mut result) = (Told::default(), None, Ok(()));
        for part in 0..parts {
            // Parts of neighbours: in a stream, a row's neighbours would give it away.
            let bound = |part: usize| part * warm_up.count() / parts;
            let held = bound(part)..bound(part + 1);
            let (inputs, rows) = (self.recall.config.inputs(), warm_up.kept().rows());
            let rest = [&rows[..held.start * inputs], &rows[held.end * inputs..]].concat();
            let Some(now) = &self.recall.structure else { break };
            let structure = now.placed_again(&self.recall.config, &rest, slopes);
            let before = self.start(structure);
            whole.get_or_insert(before);
            result = self.ask_without(warm_up, held, &mut told);
            if result.is_err() {
                break;
            }
        }
        if let Some(whole) = whole {
            self.go_back(whole);
        }
        result.map(|()| told)
    }

    /// Learns all observations but those in `held`, and asks for these.
    fn ask_without(&mut self, warm_up: &WarmUp, held: Range<usize>, told: &mut Told) -> Result<()> {
        let (inputs, outputs) = (self.recall.config.inputs(), self.recall.outputs());
        let kept = warm_up.kept();
        let mut course = self.course(warm_up, held.clone());
        self.go_through(&mut course, Pass::Refit)?;
        self.rehearse_all(&mut course)?;
        if let Some(twins) = course.twins {
            self.take(twins.into_kinds());
        }
        let mut out = vec![0.0; outputs];
        for row in held {
            let (x, _, weight) = kept.get(row, inputs, outputs);
            let Self { recall, covariances, scratch, .. } = self;
            let claimed = recall.read_claiming(covariances, x, scratch, &mut out)?;
            // As a write of that weight claims it.
            let noise = recall.noise.variance();
            told.push(&out, claimed - noise + noise / weight);
        }
        Ok(())
    }

    /// Works with `structure` from now on, without slots. Gives what there was.
    fn start(&mut self, structure: Structure) -> Drawn {
        let outputs = self.recall.outputs();
        let recall = &mut self.recall;
        let weights = Arena::new(weight_lines(structure.width(), outputs));
        let covariances = Arena::new(window::covariance_lines(&recall.config, structure.n()));
        recall.noise.widen(outputs);
        let before = Drawn {
            structure: recall.structure.replace(structure),
            slots: std::mem::take(&mut recall.slots),
            weights: std::mem::replace(&mut recall.weights, weights),
            covariances: std::mem::replace(&mut self.covariances, covariances),
            noise: recall.noise.clone(),
        };
        recall.noise.forget_neighbours();
        before
    }

    fn go_back(&mut self, before: Drawn) {
        let Drawn { structure, slots, weights, covariances, noise } = before;
        let recall = &mut self.recall;
        (recall.structure, recall.slots, recall.weights) = (structure, slots, weights);
        (self.covariances, recall.noise) = (covariances, noise);
    }

    /// All observations but those in `held`, for the structure that was started with.
    fn course<'a>(&mut self, warm_up: &'a WarmUp, held: Range<usize>) -> Course<'a> {
        let Self { recall, scratch, .. } = self;
        let Recall { config, structure, .. } = &*recall;
        let fits =
            |structure: &&Structure| Twins::may_stand_for(config, structure, warm_up.count());
        let structure = structure.as_ref().filter(fits);
        let twins =
            structure.map(|structure| Twins::of(recall, structure, warm_up.kept(), &held, scratch));
        Course { warm_up, held, twins }
    }

    /// Works with these slots, weights and covariances.
    fn take(&mut self, (slots, weights, covariances): (SlotTable, Arena, Arena)) {
        (self.recall.slots, self.recall.weights, self.covariances) = (slots, weights, covariances);
    }

    /// Learns every observation once; gives the squared errors made just before.
    fn go_through(&mut self, course: &mut Course<'_>, pass: Pass) -> Result<Vec<f64>> {
        let (inputs, outputs) = (self.recall.config.inputs(), self.recall.outputs());
        let Course { warm_up, held, twins } = course;
        (0..held.start)
            .chain(held.end..warm_up.count())
            .enumerate()
            .map(|(row, index)| {
                let (x, kept, weight) = warm_up.kept().get(index, inputs, outputs);
                match twins {
                    Some(twins) => {
                        let lesson = Lesson { row, x, kept, weight, pass };
                        twins::learn(twins, &mut self.recall, lesson, &mut self.scratch)
                    }
                    None => self.learn(x, kept, weight, pass),
                }
            })
            .collect()
    }

    fn rehearse_all(&mut self, course: &mut Course<'_>) -> Result<()> {
        (1..PASSES).try_for_each(|_| self.go_through(course, Pass::Again).map(|_| ()))
    }

    /// The structure with its gates drawn from `rows` and by `slopes`.
    fn redrawn(&self, rows: &[f32], slopes: Option<&Slopes>) -> Option<Structure> {
        let now = self.recall.structure.as_ref()?;
        Some(now.redrawn(&self.recall.config, rows, slopes))
    }

    /// M over the observations of the warm-up.
    fn slopes(&mut self, course: &Course<'_>) -> Option<Slopes> {
        let outputs = self.recall.outputs();
        let Self { recall, scratch, .. } = self;
        let structure = recall.structure.as_ref()?;
        let (inputs, sloped) = (recall.config.inputs(), structure.slope_inputs());
        let lanes = structure.width() * LANES;
        let mut outer = OuterProduct::new(sloped);
        let mut gradients = vec![0.0; outputs * sloped];
        let weights = course.twins.as_ref().map_or(&recall.weights, Twins::weights);
        for (row, x) in course.warm_up.kept().rows().chunks_exact(inputs).enumerate() {
            match &course.twins {
                Some(twins) => twins.activate(row, &mut scratch.active),
                None => {
                    scratch.fit(structure, outputs);
                    find_active(structure, &recall.slots, x, scratch);
                }
            }
            gradients.fill(0.0);
            for active in &scratch.active {
                let Some(slot) = active.slot else { continue };
                let maps = weights.floats(slot).ok()?.chunks_exact(lanes);
                let feature = &structure.features()[active.feature as usize];
                feature.add_gradients(maps, &mut gradients, sloped);
            }
            gradients.chunks_exact(sloped).for_each(|gradient| outer.add(gradient));
        }
        Some(outer.slopes())
    }

    fn trial(&self, regates: u32, squares: &[f64], course: &Course<'_>, accepted: bool) -> Trial {
        let squares = later(squares);
        Trial {
            name: if regates == 0 { "drawn at random" } else { "drawn by slopes" }.to_owned(),
            regates,
            lambda: 0.0,
            iterations: 0,
            slots: course.twins.as_ref().map_or(self.recall.slots.len(), Twins::len) as u64,
            error: squares.iter().sum::<f64>() / squares.len().max(1) as f64,
            accepted,
        }
    }

    /// Sets the sizes of errors from what was said about the last observations, as many as `told`
    /// has: when they came, or when they were held out.
    fn calibrate(&mut self, warm_up: &WarmUp, told: &Told) {
        if self.recall.config.targets() == Targets::Labels {
            return;
        }
        let (inputs, outputs) = (self.recall.config.inputs(), self.recall.outputs());
        // About the very first observation nothing was told.
        let first = warm_up.count() - told.len().min(warm_up.count());
        let rows = (first..warm_up.count())
            .map(|row| warm_up.kept().get(row, inputs, outputs))
            .map(|(x, kept, _)| (x, kept));
        self.recall.calibrate(rows, told, &mut self.scratch);
    }
}

/// The later half, in which a memory is no longer a beginner.
fn later(squares: &[f64]) -> &[f64] {
    &squares[squares.len() / 2..]
}

/// Whether the slots see every input, as only such memories are tried out while they warm up: what
/// the first observations show of views did not last. Nor under a byte limit, as two sets of slots
/// stand side by side meanwhile.
fn is_narrow(config: &Config, structure: &Structure) -> bool {
    config.max_bytes().is_none() && structure.picks().root
}

/// Whether the configuration says how tables are made.
fn is_set(config: &Config) -> bool {
    let how = config.families().is_some() || config.levels().is_some() || config.view().is_some();
    how || config.tables().is_some()
}

#[cfg(test)]
mod tests;
