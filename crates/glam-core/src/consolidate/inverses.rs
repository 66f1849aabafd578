//! Every slot's own Gram matrix, and the inverses that a solve is preconditioned by.

use super::lifted::Lifted;
use super::workers::{Workers, cut, deal};
use crate::kernel::simd::{Kernel, dispatch};
use crate::kernel::{LANES, Simd};
use crate::slopes::cholesky;

/// Every slot's own statistics: the sum of phi phi' over its rows, n x n, f32.
#[derive(Debug)]
pub(crate) struct Grams {
    n: usize,
    width: usize,
    floats: Vec<f32>,
}

impl Grams {
    pub(crate) fn new(lifted: &Lifted<'_>, workers: &dyn Workers) -> Self {
        let (n, width) = (lifted.structure.n(), lifted.structure.width());
        let stride = n * width * LANES;
        let mut floats = vec![0.0; lifted.slots() * stride];
        let lengths = lifted.pieces.iter().map(|piece| piece.slots.len() * stride);
        deal(workers, cut([&mut floats], lengths), |piece, [grams]| lifted.grams(piece, grams));
        Self { n, width, floats }
    }

    /// Row by row, the square of slot `slot`, with its padding.
    fn padded(&self, slot: usize) -> impl Iterator<Item = &[f32]> {
        let lanes = self.width * LANES;
        let square = &self.floats[slot * self.n * lanes..][..self.n * lanes];
        square.chunks_exact(lanes).map(|row| &row[..self.n])
    }

    /// Entry by entry, the square of slot `slot`.
    pub(crate) fn dense(&self, slot: usize) -> Vec<f64> {
        self.padded(slot).flatten().map(|&value| f64::from(value)).collect()
    }
}

/// The least that is added to a slot's Gram matrix before it is inverted. A slot of fewer rows than features
/// has directions that hold nothing but rounding, which an inverse in f32 must not make larger than what its
/// rows say. It moves no optimum, as inverses only precondition; a solve that stops early would feel it, but
/// those have larger penalties.
const LEAST: f64 = 1e-3;

/// (Gram + max(lambda, [`LEAST`]) I)^-1 of every slot, row by row without padding: n x n floats a slot, and one
/// row's groups more at the end, so that whole groups can be loaded from anywhere.
#[derive(Debug)]
pub(crate) struct Inverses {
    pub(super) n: usize,
    pub(super) floats: Vec<f32>,
}

impl Inverses {
    /// Eight slots side by side, in f64: O(slots x n³).
    pub(crate) fn new(grams: &Grams, slots: usize, lambda: f64, workers: &dyn Workers) -> Self {
        let (n, lambda) = (grams.n, lambda.max(LEAST));
        let square = n * n;
        let mut floats = vec![0.0; slots * square + grams.width * LANES];
        // A fixed number of slots a piece; eights start anew in each, which changes no bits.
        let size = (slots.div_ceil(64 * LANES)).max(1) * LANES;
        let lengths = (0..slots).step_by(size).map(|first| size.min(slots - first) * square);
        deal(workers, cut([&mut floats], lengths), |piece, [inverses]| {
            dispatch(Invert { grams, first: piece * size, lambda, inverses });
        });
        Self { n, floats }
    }
}

/// Numbers of eight slots.
type Eight = [f64; LANES];

/// a - b c, lane by lane.
#[inline(always)]
fn minus_product(a: Eight, b: Eight, c: Eight) -> Eight {
    std::array::from_fn(|lane| a[lane] - b[lane] * c[lane])
}

struct Invert<'a> {
    grams: &'a Grams,
    first: usize,
    lambda: f64,
    inverses: &'a mut [f32],
}

impl Kernel for Invert<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, _: S) {
        let Self { grams, first, lambda, inverses } = self;
        let n = grams.n;
        let (mut l, mut below) = (vec![[0.0; LANES]; n * n], vec![[0.0; LANES]; n * n]);
        for (eight, inverses) in inverses.chunks_mut(n * n * LANES).enumerate() {
            let first = first + eight * LANES;
            let count = inverses.len() / (n * n);
            for lane in 0..LANES {
                // Where slots end before the eight do, the last one fills it up.
                let slot = first + lane.min(count - 1);
                for (row, l) in grams.padded(slot).zip(l.chunks_exact_mut(n)) {
                    l.iter_mut().zip(row).for_each(|(l, &value)| l[lane] = f64::from(value));
                }
            }
            invert(&mut l, &mut below, n, lambda);
            for (lane, inverse) in inverses.chunks_exact_mut(n * n).enumerate() {
                inverse.iter_mut().zip(&l).for_each(|(out, value)| *out = value[lane] as f32);
            }
        }
    }
}

/// As [`inverse`], in place, of eight matrices; only their lower triangles are read.
#[inline(always)]
fn invert(l: &mut [Eight], below: &mut [Eight], n: usize, lambda: f64) {
    // The Cholesky factor over the matrix, its diagonal inverted. A pivot that rounding makes smaller
    // than lambda counts as lambda, so it always exists.
    for i in 0..n {
        for j in 0..=i {
            let mut sum = l[i * n + j];
            for k in 0..j {
                sum = minus_product(sum, l[i * n + k], l[j * n + k]);
            }
            l[i * n + j] = if i == j {
                sum.map(|sum| 1.0 / (sum + lambda).max(lambda).sqrt())
            } else {
                std::array::from_fn(|lane| sum[lane] * l[j * n + j][lane])
            };
        }
    }
    // Columns of L^-1, as rows.
    for column in 0..n {
        below[column * n + column] = l[column * n + column];
        for i in column + 1..n {
            let mut sum = [0.0; LANES];
            for k in column..i {
                sum = minus_product(sum, l[i * n + k], below[column * n + k]);
            }
            below[column * n + i] = std::array::from_fn(|lane| sum[lane] * l[i * n + i][lane]);
        }
    }
    // (L^-1)' L^-1.
    for i in 0..n {
        for j in 0..=i {
            let mut sum = [0.0; LANES];
            for k in i..n {
                let (a, b) = (&below[i * n + k], &below[j * n + k]);
                sum = std::array::from_fn(|lane| sum[lane] + a[lane] * b[lane]);
            }
            (l[i * n + j], l[j * n + i]) = (sum, sum);
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
