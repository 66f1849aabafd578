//! The search: every candidate, its lambda and its stop, judged on held-out rows; then its gates
//! redrawn from the slopes of what was learned, and kept only where that helped.

use super::candidates::Candidate;
use super::decision::Trial;
use super::inverses::{Grams, Inverses};
use super::lifted::Lifted;
use super::penalties::{Judged, Penalties, every};
use super::rows::Rows;
use super::solve::{Held, SIGNIFICANT, solve, square};
use super::workers::{Serial, Workers, collect};
use super::{Flow, Progress, Watch};
use crate::basis::Units;
use crate::gate::Sample;
use crate::normaliser::Normaliser;
use crate::rng::Rng;
use crate::slopes::Slopes;
use crate::structure::Structure;

/// Standard errors by which a trial must be better than the best before it.
const BETTER: f64 = 2.0;
/// Rows that must be held out for one trial to be better than another.
pub(super) const FEWEST_GAINS: usize = 16;
/// Tenths that are held out in turn, by the rows up to which they are: a single one would be too
/// few to judge by.
const FOLDS: [(usize, usize); 2] = [(2500, 5), (10_000, 2)];
/// Pieces of the history that are dealt to the tenths whole, as neighbours in time may be alike.
const CHUNKS: usize = 200;
/// The stream of draws that deals the tenths.
const FOLD_STREAM: u64 = 0x466F_6C64;
/// Rows that thresholds are taken from, at most.
const SAMPLE_ROWS: usize = 16_384;
/// The most iterations of conjugate gradients.
pub(crate) const MOST_ITERATIONS: usize = 120;
/// Candidates that are regated further after the first time.
const FINALISTS: usize = 2;

/// A search and what it goes over.
pub(crate) struct Search<'a> {
    pub(crate) seed: u64,
    pub(crate) rows: &'a Rows,
    pub(crate) normaliser: &'a Normaliser,
    /// The units of the net, where the memory is built on one.
    pub(crate) units: Option<Units>,
    pub(crate) candidates: Vec<Candidate>,
    /// What the memory works with, where its gates are the first candidate's.
    pub(crate) now: Option<&'a Structure>,
    pub(crate) regates: usize,
    pub(crate) workers: &'a dyn Workers,
    pub(crate) watch: &'a Watch<'a>,
    /// Rows for thresholds, see [`sample`].
    pub(crate) sample: Vec<f32>,
}

/// Numbers of rows that were held out, and their predictions, row after row.
pub(crate) type HeldRows = (Vec<usize>, Vec<f32>);

/// What a search found best: a candidate, and for every time that its gates were drawn the lambda
/// and the stop that were best then, the last being those to solve with.
pub(crate) struct Found {
    pub(crate) candidate: usize,
    pub(crate) stops: Vec<(f64, usize)>,
    /// Predictions of the rows that were held out, and which rows they are.
    pub(crate) held: Vec<HeldRows>,
    pub(crate) error: f64,
    pub(crate) trials: Vec<Trial>,
}

/// The best so far: which candidate, and how often its gates were drawn anew.
struct Best {
    error: f64,
    held: Vec<Vec<f32>>,
    candidate: usize,
    regates: usize,
}

/// The best that one candidate gave at one drawing of its gates, with a part for each tenth.
struct Attempt {
    lambda: f64,
    iterations: usize,
    error: f64,
    slots: usize,
    held: Vec<Vec<f32>>,
    slopes: Vec<Option<Slopes>>,
}

/// How far a candidate has come.
#[derive(Default)]
struct Line {
    error: f64,
    /// Whether its gates are not drawn again.
    done: bool,
    stops: Vec<(f64, usize)>,
    /// Slopes of the last attempt, one for each tenth: no tenth is judged by gates that were drawn
    /// from what it holds.
    slopes: Vec<Option<Slopes>>,
}

impl Search<'_> {
    /// Runs the search. `None` where the watch stopped it before anything was found, or for good.
    pub(crate) fn run(&self) -> Option<Found> {
        let tenths = tenths(self.seed, self.rows.count);
        let few = FOLDS.iter().find(|(rows, _)| self.rows.count <= *rows);
        let folds = few.map_or(1, |(_, folds)| *folds);
        let marks: Vec<Vec<bool>> = (0..folds)
            .map(|fold| tenths.iter().map(|&tenth| usize::from(tenth) == fold).collect())
            .collect();
        let places: Vec<Vec<usize>> = marks.iter().map(|marks| held_rows(marks)).collect();
        let mut best: Option<Best> = None;
        let mut trials: Vec<Trial> = Vec::new();
        let mut lines: Vec<Line> = self.candidates.iter().map(|_| Line::default()).collect();
        'search: for regates in 0..=self.regates {
            let mut order: Vec<usize> = (0..self.candidates.len()).collect();
            if regates > 1 {
                order.sort_by(|&a, &b| lines[a].error.total_cmp(&lines[b].error));
                order.truncate(FINALISTS);
            }
            order.retain(|&number| !lines[number].done && lines[number].stops.len() == regates);
            for number in order {
                let name = self.candidates[number].name;
                let progress = Progress {
                    trial: trials.len() + 1,
                    name,
                    regates: regates as u32,
                    rows: self.rows.count,
                    best: best.as_ref().map(|best| best.error),
                };
                let line = &mut lines[number];
                let go_on = || match (self.watch)(&progress) {
                    Flow::Continue => true,
                    // The first trial is finished, so that there is something to finish with.
                    Flow::Finish => best.is_none(),
                    Flow::Stop => false,
                };
                let Some(attempt) = self.attempt(number, regates, line, &marks, &go_on) else {
                    break 'search;
                };
                // Gates that were drawn anew to no effect will not be drawn better from the same.
                line.done = regates > 0 && attempt.error >= line.error * SIGNIFICANT;
                line.error =
                    if regates == 0 { attempt.error } else { line.error.min(attempt.error) };
                line.stops.push((attempt.lambda, attempt.iterations));
                line.slopes = attempt.slopes;
                let accepted = best
                    .as_ref()
                    .is_none_or(|best| self.is_better(&attempt.held, &best.held, &places));
                trials.push(Trial {
                    name: name.to_owned(),
                    regates: regates as u32,
                    lambda: attempt.lambda,
                    iterations: attempt.iterations as u32,
                    slots: attempt.slots as u64,
                    error: attempt.error,
                    accepted,
                });
                if accepted {
                    let (error, held) = (attempt.error, attempt.held);
                    best = Some(Best { error, held, candidate: number, regates });
                }
            }
        }
        if (self.watch)(&Progress::done(trials.len(), self.rows.count)) == Flow::Stop {
            return None;
        }
        let Best { error, held, candidate, regates } = best?;
        let held = places.into_iter().zip(held).collect();
        let stops = lines[candidate].stops[..=regates].to_vec();
        Some(Found { candidate, stops, held, error, trials })
    }

    /// Draws the structure of candidate number `candidate`.
    pub(crate) fn draw(
        &self,
        candidate: usize,
        regates: usize,
        slopes: Option<&Slopes>,
        workers: &dyn Workers,
    ) -> Structure {
        if let (0, 0, Some(now)) = (candidate, regates, self.now) {
            return now.clone();
        }
        let sample = {
            let (inputs, units) = (self.rows.inputs, self.units.as_ref());
            Sample { rows: &self.sample, inputs, slopes, units }
        };
        let picks = self.candidates[candidate].picks.clone();
        let seed = self.draw_seed(candidate, regates);
        Structure::draw(seed, picks, self.normaliser.clone(), sample, workers)
    }

    /// A tenth that is held out, what the structure of `lifted`, solved without it, predicts of it,
    /// and the number of iterations that was best for it: where the search went over less than all.
    pub(crate) fn held_out(
        &self,
        lifted: &Lifted<'_>,
        lambda: f64,
        go_on: &(dyn Fn() -> bool + Sync),
    ) -> Option<(HeldRows, usize)> {
        let tenths = tenths(self.seed, lifted.rows.count);
        let marked: Vec<bool> = tenths.iter().map(|&tenth| tenth == 0).collect();
        let grams = Grams::new(lifted, self.workers);
        let inverses = Inverses::new(&grams, lifted.slots(), lambda, self.workers);
        let held = Held::Rows { marked: &marked, most: MOST_ITERATIONS };
        let solution = solve(lifted, &inverses, lambda, held, self.workers, go_on)?;
        let (stop, _) = best_stop(&[&solution.trace]);
        Some(((held_rows(&marked), solution.held), stop))
    }

    /// One candidate with its gates drawn from the slopes that its line has come to.
    fn attempt(
        &self,
        candidate: usize,
        regates: usize,
        line: &Line,
        marks: &[Vec<bool>],
        go_on: &(dyn Fn() -> bool + Sync),
    ) -> Option<Attempt> {
        // Until there are slopes all tenths have the same gates.
        let count = if line.slopes.is_empty() { 1 } else { marks.len() };
        let structures = self.each(count, |fold, workers| {
            let slopes = line.slopes.get(fold).and_then(Option::as_ref);
            self.draw(candidate, regates, slopes, workers)
        });
        let lifted = self.each(structures.len(), |fold, workers| {
            let lifted = Lifted::new(&structures[fold], self.rows, workers);
            let grams = Grams::new(&lifted, workers);
            (lifted, grams)
        });
        let slots = lifted.first()?.0.slots();
        let trial = |fold: usize| {
            let (lifted, grams) = &lifted[fold.min(lifted.len() - 1)];
            let slopes_wanted = regates < self.regates;
            Penalties { lifted, grams, marked: &marks[fold], slopes_wanted, go_on }
        };
        let folds: Vec<Vec<Judged>> = match line.stops.last() {
            _ if marks.len() > 1 => {
                let trials: Vec<Penalties<'_>> = (0..marks.len()).map(trial).collect();
                every(&trials, self.workers)?
            }
            None => vec![trial(0).outwards(self.workers)?],
            Some(&(lambda, _)) => vec![vec![trial(0).one(lambda, self.workers)?]],
        };
        // Every tenth tried the same lambdas in the same order, or there is one tenth.
        let count = folds.iter().map(Vec::len).min()?;
        let (mut chosen, mut iterations, mut error) = (0, 1, f64::INFINITY);
        for place in 0..count {
            let traces: Vec<&[f64]> =
                folds.iter().map(|judged| judged[place].trace.as_slice()).collect();
            let (stop, found) = best_stop(&traces);
            if found < error * SIGNIFICANT {
                (chosen, iterations, error) = (place, stop, found);
            }
        }
        let lambda = folds.first()?.get(chosen)?.lambda;
        let (held, slopes) = folds
            .into_iter()
            .filter_map(|judged| judged.into_iter().nth(chosen))
            .map(|judged| (judged.held, judged.slopes))
            .unzip();
        Some(Attempt { lambda, iterations, error, slots, held, slopes })
    }

    /// What every task of `count` gave: one is lent all workers, several are shared out among them.
    fn each<T: Send>(
        &self,
        count: usize,
        task: impl Fn(usize, &dyn Workers) -> T + Sync,
    ) -> Vec<T> {
        match count {
            1 => vec![task(0, self.workers)],
            _ => collect(self.workers, count, |number| task(number, &Serial)),
        }
    }

    /// The seed of a candidate's draws.
    fn draw_seed(&self, candidate: usize, regates: usize) -> u64 {
        let step = (candidate * 64 + regates) as u64;
        self.seed.wrapping_add(step.wrapping_mul(0x9E37_79B9_7F4A_7C15))
    }

    /// Whether `new` makes smaller errors than `old` on the same held-out rows, by more than the
    /// standard error of the mean difference: the best of many that are alike is best by luck.
    fn is_better(&self, new: &[Vec<f32>], old: &[Vec<f32>], places: &[Vec<usize>]) -> bool {
        let outputs = self.rows.outputs.max(1);
        let mut goal = vec![0.0; outputs];
        let mut gains = Vec::new();
        for ((places, new), old) in places.iter().zip(new).zip(old) {
            let predictions = new.chunks_exact(outputs).zip(old.chunks_exact(outputs));
            for (&row, (new, old)) in places.iter().zip(predictions) {
                self.rows.goal(row, &mut goal);
                let gain = square(old, &goal) - square(new, &goal);
                gains.push(f64::from(self.rows.weight(row)) * gain);
            }
        }
        is_gain(&gains)
    }
}

/// Whether the mean of `gains`, differences of two errors on the same rows, is more than
/// [`BETTER`] of its standard errors above nought. Too few of them do not tell their standard error.
pub(crate) fn is_gain(gains: &[f64]) -> bool {
    if gains.len() < FEWEST_GAINS {
        return false;
    }
    let count = gains.len() as f64;
    let mean = gains.iter().sum::<f64>() / count;
    let squares = gains.iter().map(|gain| gain * gain).sum::<f64>();
    let error = ((squares / count - mean * mean).max(0.0) / count).sqrt();
    mean > BETTER * error
}

/// Rows for thresholds, evenly spread over the history.
pub(crate) fn sample(rows: &Rows) -> Vec<f32> {
    let step = rows.count.div_ceil(SAMPLE_ROWS).max(1);
    (0..rows.count).step_by(step).flat_map(|row| rows.z(row)).copied().collect()
}

fn held_rows(marks: &[bool]) -> Vec<usize> {
    (0..marks.len()).filter(|&row| marks[row]).collect()
}

/// The number of iterations whose error, averaged over the tenths, is best, and that error. A
/// tenth whose solve gave up earlier counts with its best, and one that holds no row, as there are
/// where rows are fewer than tenths, does not count.
pub(super) fn best_stop(traces: &[&[f64]]) -> (usize, f64) {
    let traces: Vec<&[f64]> = traces.iter().copied().filter(|trace| !trace.is_empty()).collect();
    let longest = traces.iter().map(|trace| trace.len()).max().unwrap_or(0);
    let least = |trace: &[f64]| trace.iter().copied().fold(f64::INFINITY, f64::min);
    let (mut stop, mut best) = (1, f64::INFINITY);
    for iteration in 0..longest {
        let errors = traces
            .iter()
            .map(|trace| trace.get(iteration).copied().unwrap_or_else(|| least(trace)));
        let error = errors.sum::<f64>() / traces.len() as f64;
        if error < best * SIGNIFICANT {
            (stop, best) = (iteration + 1, error);
        }
    }
    (stop, best)
}

/// Deals rows to ten tenths: runs of neighbours stay together, so that a row is not judged by one
/// that was written a moment before or after it.
pub(super) fn tenths(seed: u64, rows: usize) -> Vec<u8> {
    let length = rows.div_ceil(CHUNKS).max(1);
    let chunks = rows.div_ceil(length);
    let mut order: Vec<u32> = (0..chunks as u32).collect();
    Rng::new(seed, FOLD_STREAM).choose(&mut order, chunks);
    let mut tenths = vec![0; rows];
    for (place, &chunk) in order.iter().enumerate() {
        let start = chunk as usize * length;
        let end = (start + length).min(rows);
        tenths[start..end].fill((place * 10 / chunks) as u8);
    }
    tenths
}
