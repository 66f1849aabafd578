//! Preconditioned conjugate gradients on the joint ridge problem, stopped early.

use std::sync::Mutex;

use super::lifted::Lifted;
use super::workers::{Workers, collect};
use crate::kernel::LANES;
use crate::slopes::cholesky;

/// Iterations without a better held-out error after which a solve gives up, at least, and as a
/// share of those done.
const PATIENCE: (usize, usize) = (6, 3);

/// An error counts as better where it is below this share of the best before: of solutions that are
/// alike, the one of fewer iterations is the smoother.
pub(crate) const SIGNIFICANT: f64 = 0.99;

/// Every slot's own statistics: the sum of phi phi' over its rows, n x n, f32.
#[derive(Debug)]
pub(crate) struct Grams {
    pub(crate) n: usize,
    width: usize,
    floats: Vec<f32>,
}

impl Grams {
    pub(crate) fn new(lifted: &Lifted<'_>, workers: &dyn Workers) -> Self {
        let (n, width) = (lifted.structure.n(), lifted.structure.width());
        let floats = sum(lifted, workers, lifted.slots() * n * width * LANES, |shard, sums| {
            lifted.grams(shard, sums);
        });
        Self { n, width, floats }
    }

    /// Entry by entry, the square of slot `slot`.
    pub(crate) fn dense(&self, slot: usize) -> Vec<f64> {
        let stride = self.n * self.width * LANES;
        let square = &self.floats[slot * stride..][..stride];
        square
            .chunks_exact(self.width * LANES)
            .flat_map(|row| row[..self.n].iter().map(|&value| f64::from(value)))
            .collect()
    }
}

/// (Gram + lambda I)^-1 of every slot.
#[derive(Debug)]
pub(crate) struct Inverses {
    n: usize,
    width: usize,
    floats: Vec<f32>,
}

impl Inverses {
    pub(crate) fn new(grams: &Grams, slots: usize, lambda: f64, workers: &dyn Workers) -> Self {
        let (n, width) = (grams.n, grams.width);
        let stride = n * width * LANES;
        let pieces = 16.min(slots.max(1));
        let parts = collect(workers, pieces, |piece| {
            let range = slots * piece / pieces..slots * (piece + 1) / pieces;
            let mut part = vec![0.0; range.len() * stride];
            for (slot, out) in range.zip(part.chunks_exact_mut(stride)) {
                let inverse = inverse(&grams.dense(slot), n, lambda);
                for (row, out) in inverse.chunks_exact(n).zip(out.chunks_exact_mut(width * LANES)) {
                    out.iter_mut().zip(row).for_each(|(out, &value)| *out = value as f32);
                }
            }
            part
        });
        Self { n, width, floats: parts.concat() }
    }

    /// z = M^-1 r, slot by slot and output by output.
    fn apply(&self, r: &[f32], z: &mut [f32], outputs: usize) {
        let width = self.width * LANES;
        let (square, stride) = (self.n * width, outputs * width);
        if stride == 0 {
            return;
        }
        let slots = self.floats.chunks_exact(square);
        for ((inverse, r), z) in slots.zip(r.chunks_exact(stride)).zip(z.chunks_exact_mut(stride)) {
            for (r, z) in r.chunks_exact(width).zip(z.chunks_exact_mut(width)) {
                for (row, z) in inverse.chunks_exact(width).zip(z) {
                    *z = dot(row, r);
                }
            }
        }
    }
}

/// (matrix + lambda I)^-1 by its Cholesky factor, in f64.
pub(crate) fn inverse(matrix: &[f64], n: usize, lambda: f64) -> Vec<f64> {
    let l = cholesky(matrix, n, lambda);
    // Columns of L^-1, then (L^-1)' L^-1.
    let mut below = vec![0.0; n * n];
    for column in 0..n {
        for i in column..n {
            let mut sum = if i == column { 1.0 } else { 0.0 };
            for k in column..i {
                sum -= l[i * n + k] * below[k * n + column];
            }
            below[i * n + column] = sum / l[i * n + i];
        }
    }
    let mut inverse = vec![0.0; n * n];
    for i in 0..n {
        for j in 0..=i {
            let sum: f64 = (i..n).map(|k| below[k * n + i] * below[k * n + j]).sum();
            inverse[i * n + j] = sum;
            inverse[j * n + i] = sum;
        }
    }
    inverse
}

/// The product of two rows of whole groups, in eight sums.
#[inline]
fn dot(a: &[f32], b: &[f32]) -> f32 {
    let mut sums = [0.0_f32; LANES];
    for (a, b) in a.as_chunks::<LANES>().0.iter().zip(b.as_chunks::<LANES>().0) {
        for lane in 0..LANES {
            sums[lane] += a[lane] * b[lane];
        }
    }
    ((sums[0] + sums[1]) + (sums[2] + sums[3])) + ((sums[4] + sums[5]) + (sums[6] + sums[7]))
}

/// The sum over all pieces of what `part` adds to a block of `floats` zeros, in the order of the
/// pieces.
fn sum(
    lifted: &Lifted<'_>,
    workers: &dyn Workers,
    floats: usize,
    part: impl Fn(usize, &mut [f32]) + Sync,
) -> Vec<f32> {
    let parts = collect(workers, lifted.shards(), |shard| {
        let mut sums = vec![0.0; floats];
        part(shard, &mut sums);
        sums
    });
    let mut parts = parts.into_iter();
    let mut whole = parts.next().unwrap_or_else(|| vec![0.0; floats]);
    for part in parts {
        whole.iter_mut().zip(part).for_each(|(whole, part)| *whole += part);
    }
    whole
}

/// Which rows a solve learns from and which it is judged by.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Held<'a> {
    /// Learns from all rows, for so many iterations.
    None { iterations: usize },
    /// Learns from the rows that are not marked, judged by those that are, so many iterations at
    /// most.
    Rows { marked: &'a [bool], most: usize },
}

/// One piece's part of an iteration.
struct Part {
    /// The normal product of the direction over the piece's rows.
    sums: Vec<f32>,
    /// The direction's sums at the rows that are held out.
    ahead: Vec<f32>,
}

/// What a solve gave.
#[derive(Debug)]
pub(crate) struct Solution {
    /// The maps, slot by slot; where rows were held out, those of the best iteration.
    pub(crate) weights: Vec<f32>,
    /// The held-out mean square error after each iteration, summed over outputs.
    pub(crate) trace: Vec<f64>,
    /// Predictions of the held-out rows by these weights, row after row.
    pub(crate) held: Vec<f32>,
}

/// Minimises sum of weight |y - sum of W phi|² + lambda sum |W|², outputs side by side.
pub(crate) fn solve(
    lifted: &Lifted<'_>,
    inverses: &Inverses,
    lambda: f64,
    held: Held<'_>,
    workers: &dyn Workers,
    go_on: &(dyn Fn() -> bool + Sync),
) -> Option<Solution> {
    let (rows, outputs, floats) = (lifted.rows, lifted.rows.outputs, lifted.floats());
    let width = lifted.structure.width() * LANES;
    let (marked, most): (&[bool], usize) = match held {
        Held::None { iterations } => (&[], iterations),
        Held::Rows { marked, most } => (marked, most),
    };
    let out = |row: usize| marked.get(row).copied().unwrap_or(false);
    let places: Vec<usize> = (0..marked.len()).filter(|&row| out(row)).collect();
    let mut goals = vec![0.0; places.len() * outputs];
    for (&row, goal) in places.iter().zip(goals.chunks_exact_mut(outputs.max(1))) {
        rows.goal(row, goal);
    }
    let weights: Vec<f64> = places.iter().map(|&row| f64::from(rows.weight(row))).collect();
    let mut predicted = vec![0.0_f32; goals.len()];
    let gaps = rows.has_gaps();

    let mut r = sum(lifted, workers, floats, |shard, sums| {
        lifted.pass(shard, None, Some(sums), |row, values| {
            if out(row) {
                return;
            }
            rows.goal(row, values);
            let weight = rows.weight(row);
            for value in values {
                *value = if value.is_nan() { 0.0 } else { *value * weight };
            }
        });
    });
    let mut z = vec![0.0; floats];
    inverses.apply(&r, &mut z, outputs);
    let mut p = z.clone();
    let mut w = vec![0.0_f32; floats];
    let mut rz = dots(&r, &z, outputs, width);
    let mut best = Solution { weights: Vec::new(), trace: Vec::new(), held: Vec::new() };
    let (mut least, mut bad) = (f64::INFINITY, 0);
    // Kept from one iteration to the next: fresh pages would cost more than the sums.
    let mut parts: Vec<Mutex<Part>> = (0..lifted.shards())
        .map(|_| Mutex::new(Part { sums: vec![0.0; floats], ahead: Vec::new() }))
        .collect();
    let (mut q, mut ahead) = (vec![0.0; floats], Vec::with_capacity(predicted.len()));
    for iteration in 1..=most {
        if !go_on() {
            return None;
        }
        workers.run(parts.len(), &|shard| {
            let Ok(mut part) = parts[shard].lock() else { return };
            let Part { sums, ahead } = &mut *part;
            let mut goal = vec![0.0; if gaps { outputs } else { 0 }];
            sums.fill(0.0);
            ahead.clear();
            lifted.pass(shard, Some(&p), Some(sums), |row, values| {
                if out(row) {
                    ahead.extend_from_slice(values);
                    values.fill(0.0);
                    return;
                }
                let weight = rows.weight(row);
                values.iter_mut().for_each(|value| *value *= weight);
                if gaps {
                    // What is not known is no row of its output.
                    rows.goal(row, &mut goal);
                    let unknown = values.iter_mut().zip(&goal).filter(|(_, goal)| goal.is_nan());
                    unknown.for_each(|(value, _)| *value = 0.0);
                }
            });
        });
        q.fill(0.0);
        ahead.clear();
        for part in &mut parts {
            let Ok(part) = part.get_mut() else { return None };
            q.iter_mut().zip(&part.sums).for_each(|(whole, part)| *whole += part);
            ahead.extend_from_slice(&part.ahead);
        }
        let ridge = lambda as f32;
        q.iter_mut().zip(&p).for_each(|(q, p)| *q += ridge * p);
        let curvature = dots(&p, &q, outputs, width);
        let step: Vec<f32> = rz
            .iter()
            .zip(&curvature)
            .map(|(rz, pq)| if *pq > 0.0 { (rz / pq) as f32 } else { 0.0 })
            .collect();
        add_scaled(&mut w, &p, &step, 1.0, width);
        add_scaled(&mut r, &q, &step, -1.0, width);
        for (values, ahead) in
            predicted.chunks_exact_mut(outputs.max(1)).zip(ahead.chunks_exact(outputs.max(1)))
        {
            for ((value, ahead), step) in values.iter_mut().zip(ahead).zip(&step) {
                *value += step * ahead;
            }
        }
        if !places.is_empty() {
            let error = weighted_mean_square(&predicted, &goals, outputs, &weights);
            best.trace.push(error);
            if error < least * SIGNIFICANT {
                (least, bad) = (error, 0);
                best.weights.clone_from(&w);
                best.held.clone_from(&predicted);
            } else {
                bad += 1;
                if bad >= PATIENCE.0.max(iteration / PATIENCE.1) {
                    break;
                }
            }
        }
        if step.iter().all(|step| *step == 0.0) {
            break;
        }
        inverses.apply(&r, &mut z, outputs);
        let next = dots(&r, &z, outputs, width);
        let turn: Vec<f32> = next
            .iter()
            .zip(&rz)
            .map(|(next, rz)| if *rz > 0.0 { (next / rz) as f32 } else { 0.0 })
            .collect();
        rz = next;
        turn_direction(&mut p, &z, &turn, width);
    }
    if places.is_empty() || best.weights.is_empty() {
        best.weights = w;
    }
    Some(best)
}

/// The product of two blocks of maps, one sum an output.
fn dots(a: &[f32], b: &[f32], outputs: usize, width: usize) -> Vec<f64> {
    let mut sums = vec![0.0; outputs];
    let rows = a.chunks_exact(width).zip(b.chunks_exact(width));
    for (row, (a, b)) in rows.enumerate() {
        sums[row % outputs] += f64::from(dot(a, b));
    }
    sums
}

/// a += sign step b, with the step of each row's output.
fn add_scaled(a: &mut [f32], b: &[f32], step: &[f32], sign: f32, width: usize) {
    let rows = a.chunks_exact_mut(width).zip(b.chunks_exact(width));
    for ((a, b), step) in rows.zip(step.iter().cycle()) {
        let step = sign * step;
        a.iter_mut().zip(b).for_each(|(a, b)| *a += step * b);
    }
}

/// p = z + turn p.
fn turn_direction(p: &mut [f32], z: &[f32], turn: &[f32], width: usize) {
    let rows = p.chunks_exact_mut(width).zip(z.chunks_exact(width));
    for ((p, z), turn) in rows.zip(turn.iter().cycle()) {
        p.iter_mut().zip(z).for_each(|(p, z)| *p = z + turn * *p);
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
