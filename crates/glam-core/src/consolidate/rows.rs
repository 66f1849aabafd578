//! The observations that a solve goes over, in units of the normaliser.

use std::borrow::Cow;
use std::hash::{BuildHasher, Hasher};
use std::sync::Arc;

use hashbrown::HashTable;

use super::sketch::{SKETCH, Sketch};
use crate::basis::{Basis, LiftedRows};
use crate::normaliser::{Normaliser, TARGET_LIMIT};
use crate::observations::Observations;

/// Rows that a search goes over, at most.
const SEARCH_ROWS: usize = 32_768;
/// Outputs beyond which a sketch is worth its blur.
const MANY_OUTPUTS: usize = 32;
/// Windows that a solve goes back, where the memory forgets over one.
const WINDOWS_BACK: usize = 8;

/// What a memory that forgets over `window` writes still holds of `history`: the last rows, each
/// counting as much as its writes since leave of it.
pub(crate) fn faded(
    history: &Observations,
    window: u32,
    inputs: usize,
    outputs: usize,
) -> Observations {
    let most = WINDOWS_BACK.saturating_mul(window as usize);
    let keep = 1.0 - 1.0 / f64::from(window.max(1));
    let first = history.len().saturating_sub(most);
    // From the last row back, as a power by the platform's library would not give the same bits.
    let mut shares: Vec<f64> = (first..history.len())
        .scan(1.0, |share, _| Some(std::mem::replace(share, (*share * keep).max(1e-9))))
        .collect();
    shares.reverse();
    let mut left = Observations::new();
    for (row, share) in (first..history.len()).zip(shares) {
        let (x, kept, weight) = history.get(row, inputs, outputs);
        left.push(x, kept, (f64::from(weight) * share) as f32);
    }
    left
}

/// Normalised observations, flat.
#[derive(Debug, Clone, Default)]
pub(crate) struct Rows {
    /// Inputs, `inputs` floats a row.
    pub(crate) z: Arc<Vec<f32>>,
    pub(crate) inputs: usize,
    /// Of these, those up to the last one that views see.
    pub(crate) slope_inputs: usize,
    /// What is to be predicted.
    pub(crate) targets: Goals,
    pub(crate) outputs: usize,
    /// Weight of each row; empty where all are 1.
    pub(crate) weights: Vec<f32>,
    pub(crate) count: usize,
    /// What made these targets of those that the memory learns, where they are others.
    pub(crate) sketch: Option<Arc<Sketch>>,
}

/// Targets of a solve.
#[derive(Debug, Clone)]
pub(crate) enum Goals {
    /// Normalised numbers, flat; NaN where one is not known.
    Numbers(Vec<f32>),
    /// The class of each row: its output is to be 1, the others 0.
    Classes(Vec<u32>),
}

impl Goals {
    /// What is left of them beside what the memory starts as, in the units of the data.
    fn without(self, normaliser: &Normaliser, starts: &[f32], outputs: usize) -> Self {
        let start = |place: usize| normaliser.target(place % outputs, starts[place]);
        let left = match self {
            Self::Numbers(numbers) => (0..)
                .zip(numbers)
                .map(|(place, y)| (y - start(place)).clamp(-TARGET_LIMIT, TARGET_LIMIT))
                .collect(),
            Self::Classes(classes) => (0..starts.len())
                .map(|place| {
                    let class = classes[place / outputs] as usize;
                    f32::from(u8::from(class == place % outputs)) - start(place)
                })
                .collect(),
        };
        Self::Numbers(left)
    }
}

impl Default for Goals {
    fn default() -> Self {
        Self::Numbers(Vec::new())
    }
}

impl Rows {
    /// Normalises `history`; over a net, what is to be predicted is what the net lacks.
    pub(crate) fn new(
        basis: Option<&Basis>,
        normaliser: &Normaliser,
        history: &Observations,
        inputs: usize,
        outputs: usize,
    ) -> Self {
        let x = history.rows();
        let slope_inputs = basis.map_or(inputs, |basis| basis.seen().end);
        let inputs = basis.map_or(inputs, Basis::lifted);
        let lifted = basis.map(|basis| LiftedRows::of(basis, x, outputs));
        let x = lifted.as_ref().map_or(x, |lifted| &lifted.rows);
        let mut z = vec![0.0; x.len()];
        for (x, z) in x.chunks_exact(inputs).zip(z.chunks_exact_mut(inputs)) {
            normaliser.inputs(x, z);
        }
        let targets = if history.classes().is_empty() {
            let numbers = history
                .targets()
                .iter()
                .enumerate()
                .map(|(place, &y)| normaliser.target(place % outputs.max(1), y));
            Goals::Numbers(numbers.collect())
        } else {
            Goals::Classes(history.classes().to_vec())
        };
        let targets = match lifted {
            Some(LiftedRows { starts, .. }) if !starts.is_empty() => {
                targets.without(normaliser, &starts, outputs)
            }
            _ => targets,
        };
        let weights = if history.weights().iter().all(|&weight| weight == 1.0) {
            Vec::new()
        } else {
            history.weights().to_vec()
        };
        let z = Arc::new(z);
        let count = history.len();
        Self { z, inputs, slope_inputs, targets, outputs, weights, count, sketch: None }
    }

    /// Leaves of every cue what was written last: a target that a later row of the same cue knows is no
    /// longer known in this one, and a row without any other has no weight. What the memory cannot tell
    /// apart is one cue.
    pub(crate) fn supersede(&mut self) {
        let (inputs, outputs) = (self.inputs.max(1), self.outputs);
        let z = Arc::clone(&self.z);
        let cue = |row: usize| &z[row * inputs..][..inputs];
        // The order of the table is not looked at, so that seeds change nothing.
        let seeds = ahash::RandomState::with_seeds(1, 2, 3, 4);
        // Two noughts are equal and must have one hash.
        let hash = |row: usize| {
            let mut hasher = seeds.build_hasher();
            cue(row).iter().for_each(|z| hasher.write_u32((z + 0.0).to_bits()));
            hasher.finish()
        };
        // The last row of every cue, whose place in `known` holds what rows so far know of it.
        let mut last: HashTable<usize> = HashTable::with_capacity(self.count);
        let mut known: Vec<Vec<bool>> = vec![Vec::new(); self.count];
        for row in (0..self.count).rev() {
            let code = hash(row);
            let later = last.find(code, |&later| cue(later) == cue(row)).copied();
            let later = later.unwrap_or_else(|| {
                last.insert_unique(code, row, |&row| hash(row));
                known[row] = vec![false; outputs];
                row
            });
            let has_news = match &mut self.targets {
                Goals::Numbers(numbers) => {
                    let mut has_news = false;
                    let numbers = &mut numbers[row * outputs..][..outputs];
                    for (y, known) in numbers.iter_mut().zip(&mut known[later]) {
                        if *known {
                            *y = f32::NAN;
                        } else if !y.is_nan() {
                            (*known, has_news) = (true, true);
                        }
                    }
                    has_news
                }
                Goals::Classes(_) => later == row,
            };
            if !has_news {
                if self.weights.is_empty() {
                    self.weights = vec![1.0; self.count];
                }
                self.weights[row] = 0.0;
            }
        }
    }

    /// The inputs of the rows that have a weight.
    pub(crate) fn current(&self) -> Cow<'_, [f32]> {
        if !self.weights.contains(&0.0) {
            return Cow::Borrowed(&self.z);
        }
        let rows = self.z.chunks_exact(self.inputs.max(1)).zip(&self.weights);
        Cow::Owned(
            rows.filter(|(_, weight)| **weight > 0.0).flat_map(|(z, _)| z).copied().collect(),
        )
    }

    /// What a search goes over: of many rows some, evenly spread, and of many outputs a sketch.
    /// `None` where it goes over all of it.
    pub(crate) fn reduced(&self, seed: u64) -> Option<Self> {
        let step = self.step();
        let some = (step > 1).then(|| self.every(step));
        let sketch = some.as_ref().unwrap_or(self).sketched(seed);
        sketch.or(some)
    }

    /// A search goes over every so manyth row.
    pub(crate) fn step(&self) -> usize {
        self.count.div_ceil(SEARCH_ROWS).max(1)
    }

    /// Every `step`th row.
    fn every(&self, step: usize) -> Self {
        let places = (0..self.count).step_by(step);
        let targets = match &self.targets {
            Goals::Numbers(_) => {
                let mut numbers = vec![0.0; places.len() * self.outputs];
                for (row, goal) in places.clone().zip(numbers.chunks_exact_mut(self.outputs.max(1)))
                {
                    self.goal(row, goal);
                }
                Goals::Numbers(numbers)
            }
            Goals::Classes(classes) => {
                Goals::Classes(places.clone().map(|row| classes[row]).collect())
            }
        };
        Self {
            z: Arc::new(places.clone().flat_map(|row| self.z(row)).copied().collect()),
            inputs: self.inputs,
            slope_inputs: self.slope_inputs,
            targets,
            outputs: self.outputs,
            weights: self.weights.iter().step_by(step).copied().collect(),
            count: places.len(),
            sketch: self.sketch.clone(),
        }
    }

    /// The same rows with a [`Sketch`] of their many outputs. `None` where outputs are few.
    fn sketched(&self, seed: u64) -> Option<Self> {
        if self.outputs <= MANY_OUTPUTS {
            return None;
        }
        let sketch = Sketch::new(seed, self.outputs, self.has_gaps());
        let mut goal = vec![0.0; self.outputs];
        let mut few = vec![0.0_f32; self.count * SKETCH];
        for (row, few) in few.chunks_exact_mut(SKETCH).enumerate() {
            self.goal(row, &mut goal);
            sketch.mix(&goal, few);
        }
        Some(Self {
            z: self.z.clone(),
            inputs: self.inputs,
            slope_inputs: self.slope_inputs,
            targets: Goals::Numbers(few),
            outputs: SKETCH,
            weights: self.weights.clone(),
            count: self.count,
            sketch: Some(Arc::new(sketch)),
        })
    }

    /// Whether some target is not known.
    pub(crate) fn has_gaps(&self) -> bool {
        matches!(&self.targets, Goals::Numbers(numbers) if numbers.iter().any(|y| y.is_nan()))
    }

    /// The normalised input of row `row`.
    #[inline(always)]
    pub(crate) fn z(&self, row: usize) -> &[f32] {
        &self.z[row * self.inputs..][..self.inputs]
    }

    /// Writes the targets of row `row` into `goal`.
    #[inline(always)]
    pub(crate) fn goal(&self, row: usize, goal: &mut [f32]) {
        match &self.targets {
            Goals::Numbers(numbers) => {
                goal.copy_from_slice(&numbers[row * self.outputs..][..self.outputs]);
            }
            Goals::Classes(classes) => {
                goal.fill(0.0);
                if let Some(goal) = goal.get_mut(classes[row] as usize) {
                    *goal = 1.0;
                }
            }
        }
    }

    #[inline(always)]
    pub(crate) fn weight(&self, row: usize) -> f32 {
        self.weights.get(row).copied().unwrap_or(1.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng::Rng;

    #[test]
    fn a_sketch_keeps_errors_in_the_mean_and_unknown_targets_unknown() {
        let (count, outputs) = (400, 60);
        let mut rng = Rng::new(3, 3);
        let numbers: Vec<f32> = (0..count * outputs).map(|_| rng.normal()).collect();
        let rows = |targets, outputs| Rows {
            z: Arc::new(vec![0.5; 2 * count]),
            inputs: 2,
            slope_inputs: 2,
            targets,
            outputs,
            weights: Vec::new(),
            count,
            sketch: None,
        };
        let whole = rows(Goals::Numbers(numbers.clone()), outputs);
        let sketch = whole.sketched(7).unwrap();
        assert_eq!((sketch.outputs, sketch.count, sketch.z(1)), (SKETCH, count, whole.z(1)));
        let squares = |rows: &Rows| {
            let mut goal = vec![0.0; rows.outputs];
            (0..count)
                .map(|row| {
                    rows.goal(row, &mut goal);
                    let known = goal.iter().filter(|y| !y.is_nan());
                    known.map(|y| f64::from(*y).powi(2)).sum::<f64>()
                })
                .sum::<f64>()
        };
        // The relative variance of one row is at most 2 / SKETCH; rows share the signs, so that a
        // mean over them keeps up to that of a quadratic form of rank 60: 2 / (SKETCH 60) of it,
        // and 2 / (SKETCH 400) of its own.
        let deviation = (2.0 / (SKETCH * 60) as f64 + 2.0 / (SKETCH * 400) as f64).sqrt();
        let ratio = squares(&sketch) / squares(&whole);
        assert!((ratio - 1.0).abs() < 4.0 * deviation, "{ratio}");

        // A class is a row of signs: every one has the same length, 1.
        let classes = rows(Goals::Classes((0..count as u32).map(|i| i % 60).collect()), outputs);
        let per_class = squares(&classes.sketched(7).unwrap()) / count as f64;
        assert!((per_class - 1.0).abs() < 1e-6, "{per_class}");

        // Every second target of a row is not known: about half of the sum is.
        let mut gaps = numbers;
        let unknown = |place: usize| (place / outputs + place % outputs).is_multiple_of(2);
        let places = gaps.iter_mut().enumerate().filter(|(place, _)| unknown(*place));
        places.for_each(|(_, y)| *y = f32::NAN);
        let gaps = rows(Goals::Numbers(gaps), outputs).sketched(7).unwrap();
        assert!(gaps.has_gaps());
        let (known, all) = (squares(&gaps), squares(&whole));
        // Of 16 x 200 squares, each with a relative variance of 2.
        let deviation = (2.0 / (16.0 * 200.0_f64)).sqrt();
        assert!((2.0 * known / all - 1.0).abs() < 4.0 * deviation, "{known} {all}");
        assert!(rows(Goals::Numbers(vec![0.0; MANY_OUTPUTS]), MANY_OUTPUTS).sketched(7).is_none());
    }

    #[test]
    fn of_many_rows_a_search_goes_over_some_evenly_spread() {
        let count = 2 * SEARCH_ROWS + 5;
        let rows = Rows {
            z: Arc::new((0..count).map(|row| row as f32).collect()),
            inputs: 1,
            slope_inputs: 1,
            targets: Goals::Classes((0..count as u32).collect()),
            outputs: 3,
            weights: (0..count).map(|row| row as f32 + 0.5).collect(),
            count,
            sketch: None,
        };
        let some = rows.reduced(1).unwrap();
        assert_eq!(some.count, count.div_ceil(3));
        let Goals::Classes(classes) = &some.targets else { panic!("classes stay classes") };
        for (row, &class) in classes.iter().enumerate() {
            let place = 3 * row;
            assert_eq!((class as usize, some.z(row)), (place, &[place as f32][..]));
            assert_eq!(some.weight(row), place as f32 + 0.5);
        }
        let numbers = Goals::Numbers((0..3 * count).map(|place| place as f32).collect());
        let numbers = Rows { targets: numbers, ..rows.clone() }.reduced(1).unwrap();
        let mut goal = [0.0; 3];
        numbers.goal(2, &mut goal);
        assert_eq!(goal, [18.0, 19.0, 20.0]);
        let few = Rows { count: SEARCH_ROWS, ..rows };
        assert!(few.reduced(1).is_none());
    }
}
