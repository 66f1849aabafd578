//! Preconditioned conjugate gradients on the joint ridge problem, stopped early.

use std::sync::atomic::{AtomicBool, Ordering};

use super::inverses::Inverses;
use super::lifted::Lifted;
use super::sweeps::Shape;
use super::workers::{Workers, cut, deal};

/// Iterations without a better held-out error after which a solve gives up, at least, and as a
/// share of those done.
const PATIENCE: (usize, usize) = (6, 3);

/// An error counts as better where it is below this share of the best before: of solutions that are
/// alike, the one of fewer iterations is the smoother.
pub(crate) const SIGNIFICANT: f64 = 0.99;

/// Which rows a solve learns from and which it is judged by.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Held<'a> {
    /// Learns from all rows, for so many iterations.
    None { iterations: usize },
    /// Learns from the rows that are not marked, judged by those that are, so many iterations at
    /// most.
    Rows { marked: &'a [bool], most: usize },
    /// Learns from all rows and is judged by them, so many iterations at most, no more than take the
    /// mean square error below `enough`, and after the first no more once `finish` is set.
    Written { most: usize, enough: f64, finish: &'a AtomicBool },
}

/// What a solve gave.
#[derive(Debug)]
pub(crate) struct Solution {
    /// The maps, slot by slot; where rows judge, those of the best iteration.
    pub(crate) weights: Vec<f32>,
    /// The mean square error on the rows that judge after each iteration, summed over outputs.
    pub(crate) trace: Vec<f64>,
    /// Predictions of these rows by these weights, row after row.
    pub(crate) held: Vec<f32>,
}

/// Minimises sum of weight |y - sum of W phi|² + lambda sum |W|², outputs side by side.
///
/// Costs five vectors of [`Lifted::floats`], a number for every row and output, and an iteration one
/// pass over the rows from maps to errors and one back.
pub(crate) fn solve(
    lifted: &Lifted<'_>,
    inverses: &Inverses,
    lambda: f64,
    held: Held<'_>,
    workers: &dyn Workers,
    go_on: &(dyn Fn() -> bool + Sync),
) -> Option<Solution> {
    let (rows, outputs, floats) = (lifted.rows, lifted.rows.outputs, lifted.floats());
    let all = vec![true; if let Held::Written { .. } = held { rows.count } else { 0 }];
    let (judged, marked, most): (&[bool], &[bool], usize) = match held {
        Held::None { iterations } => (&[], &[], iterations),
        Held::Rows { marked, most } => (marked, marked, most),
        Held::Written { most, .. } => (&all, &[], most),
    };
    let is = |marked: &[bool], row: usize| marked.get(row).copied().unwrap_or(false);
    let out = |row: usize| is(marked, row);
    let enough = if let Held::Written { enough, .. } = held { enough } else { 0.0 };
    let mut judge = Judge::new(lifted, judged, enough);
    let gaps = rows.has_gaps();
    let shape = Shape { width: lifted.structure.width(), outputs };
    let slots: Vec<_> = lifted.pieces.iter().map(|piece| piece.slots.clone()).collect();
    let pieces = || slots.iter().map(|slots| slots.len() * shape.stride());
    let starts = |piece: usize| slots[piece].start * shape.stride();
    let blocks = || lifted.blocks.iter().map(|block| block.rows.len() * outputs);

    // The goals, and then of every iteration what its direction says of the rows.
    let mut values = vec![0.0_f32; rows.count * outputs];
    for (row, values) in values.chunks_exact_mut(outputs.max(1)).enumerate() {
        if out(row) {
            continue;
        }
        rows.goal(row, values);
        let weight = rows.weight(row);
        for value in values {
            *value = if value.is_nan() { 0.0 } else { *value * weight };
        }
    }
    let (mut w, mut r, mut p, mut q) =
        (vec![0.0; floats], vec![0.0; floats], vec![0.0; floats], vec![0.0; floats]);
    // No step: z = M^-1 r, which is the first direction.
    let none = vec![0.0; outputs];
    let parts = deal(workers, cut([&mut w, &mut r, &mut q], pieces()), |piece, [w, r, q]| {
        lifted.scatter(piece, &values, r);
        let p = &p[starts(piece)..][..q.len()];
        shape.descend([w, r, q], p, &none, inverses, slots[piece].clone())
    });
    let mut rz = total(&parts, outputs);
    p.copy_from_slice(&q);
    for iteration in 1..=most {
        if !go_on() {
            return None;
        }
        if let Held::Written { finish, .. } = held
            && iteration > 1
            && finish.load(Ordering::Relaxed)
        {
            break;
        }
        let ahead = deal(workers, cut([&mut values], blocks()), |block, [values]| {
            let mut goal = vec![0.0; if gaps { outputs } else { 0 }];
            let mut ahead = Vec::new();
            lifted.gather(block, &p, values);
            let numbers = lifted.blocks[block].rows.clone();
            for (row, values) in numbers.zip(values.chunks_exact_mut(outputs.max(1))) {
                if is(judged, row) {
                    ahead.extend_from_slice(values);
                }
                if out(row) {
                    values.fill(0.0);
                    continue;
                }
                let weight = rows.weight(row);
                values.iter_mut().for_each(|value| *value *= weight);
                if gaps {
                    // What is not known is no row of its output.
                    rows.goal(row, &mut goal);
                    let unknown = values.iter_mut().zip(&goal).filter(|(_, goal)| goal.is_nan());
                    unknown.for_each(|(value, _)| *value = 0.0);
                }
            }
            ahead
        });
        let parts = deal(workers, cut([&mut q], pieces()), |piece, [q]| {
            q.fill(0.0);
            lifted.scatter(piece, &values, q);
            shape.curvature(q, &p[starts(piece)..][..q.len()], lambda as f32)
        });
        let curvature = total(&parts, outputs);
        let step: Vec<f32> = rz
            .iter()
            .zip(&curvature)
            .map(|(rz, pq)| if *pq > 0.0 { (rz / pq) as f32 } else { 0.0 })
            .collect();
        let parts = deal(workers, cut([&mut w, &mut r, &mut q], pieces()), |piece, [w, r, q]| {
            let p = &p[starts(piece)..][..q.len()];
            shape.descend([w, r, q], p, &step, inverses, slots[piece].clone())
        });
        let next = total(&parts, outputs);
        if judge.gives_up(iteration, ahead.iter().flatten(), &step, &w)
            || step.iter().all(|step| *step == 0.0)
        {
            break;
        }
        let turn: Vec<f32> = next
            .iter()
            .zip(&rz)
            .map(|(next, rz)| if *rz > 0.0 { (next / rz) as f32 } else { 0.0 })
            .collect();
        rz = next;
        deal(workers, cut([&mut p, &mut q], pieces()), |_, [p, z]| shape.turn(p, z, &turn));
    }
    if judge.best.weights.is_empty() {
        judge.best.weights = w;
    }
    Some(judge.best)
}

/// The sum of all parts in their order, one an output.
fn total(parts: &[Vec<f64>], outputs: usize) -> Vec<f64> {
    let mut sums = vec![0.0; outputs];
    for part in parts {
        sums.iter_mut().zip(part).for_each(|(sum, part)| *sum += part);
    }
    sums
}

/// The rows that judge, and the best that a solve said of them.
struct Judge {
    outputs: usize,
    goals: Vec<f32>,
    weights: Vec<f64>,
    predicted: Vec<f32>,
    best: Solution,
    enough: f64,
    least: f64,
    /// Iterations since.
    bad: usize,
}

impl Judge {
    fn new(lifted: &Lifted<'_>, marked: &[bool], enough: f64) -> Self {
        let (rows, outputs) = (lifted.rows, lifted.rows.outputs);
        let places: Vec<usize> = (0..marked.len()).filter(|&row| marked[row]).collect();
        let mut goals = vec![0.0; places.len() * outputs];
        for (&row, goal) in places.iter().zip(goals.chunks_exact_mut(outputs.max(1))) {
            rows.goal(row, goal);
        }
        let weights = places.iter().map(|&row| f64::from(rows.weight(row))).collect();
        let predicted = vec![0.0; goals.len()];
        let best = Solution { weights: Vec::new(), trace: Vec::new(), held: Vec::new() };
        Self { outputs, goals, weights, predicted, best, enough, least: f64::INFINITY, bad: 0 }
    }

    /// Takes a step along what the direction says of the rows, after which the maps are `w`. Whether
    /// the error has not become better for so long that it will not.
    fn gives_up<'a>(
        &mut self,
        iteration: usize,
        ahead: impl Iterator<Item = &'a f32>,
        step: &[f32],
        w: &Vec<f32>,
    ) -> bool {
        if self.weights.is_empty() {
            return false;
        }
        let values = self.predicted.iter_mut().zip(ahead).zip(step.iter().cycle());
        values.for_each(|((value, ahead), step)| *value += step * ahead);
        let error = weighted_mean_square(&self.predicted, &self.goals, self.outputs, &self.weights);
        self.best.trace.push(error);
        if error < self.least * SIGNIFICANT {
            (self.least, self.bad) = (error, 0);
            self.best.weights.clone_from(w);
            self.best.held.clone_from(&self.predicted);
            return error < self.enough;
        }
        self.bad += 1;
        self.bad >= PATIENCE.0.max(iteration / PATIENCE.1)
    }
}

/// The square error of a row, summed over outputs; a goal that is not known counts as met.
pub(crate) fn square(predicted: &[f32], goal: &[f32]) -> f64 {
    let known = predicted.iter().zip(goal).filter(|(_, goal)| !goal.is_nan());
    known.map(|(p, g)| f64::from(p - g).powi(2)).sum()
}

/// The weighted mean over rows of [`square`].
pub(crate) fn weighted_mean_square(
    predicted: &[f32],
    goals: &[f32],
    outputs: usize,
    weights: &[f64],
) -> f64 {
    let outputs = outputs.max(1);
    let rows = predicted.chunks_exact(outputs).zip(goals.chunks_exact(outputs));
    let sum: f64 = rows.zip(weights).map(|((p, g), weight)| weight * square(p, g)).sum();
    sum / weights.iter().sum::<f64>().max(f64::MIN_POSITIVE)
}
