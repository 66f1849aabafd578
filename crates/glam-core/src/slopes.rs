//! Slopes: where the function is steep, learned from the slots, to draw gates and views by.

use crate::rng::Rng;

/// What every share of the steepness is raised by before inputs are drawn, so that none is lost
/// for good.
const FLOOR_SHARE: f64 = 0.02;
/// Added to the normalised mean outer product, so that every direction stays possible.
const FLOOR_DIAGONAL: f64 = 1e-3;

/// The mean outer product of the gradient, M, in the forms that gates are drawn by.
///
/// The slopes of the slots are gradients of the function: M = mean of (sum of W)' (sum of W), the
/// average gradient outer product (Radhakrishnan et al., "Mechanism for feature learning in neural
/// networks and backpropagation-free machine learning models", Science 2024).
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Slopes {
    /// sqrt(M_jj / mean + floor): what a sparse half-space multiplies input j by.
    steepness: Vec<f32>,
    /// The probability with which a sparse half-space or a view takes input j.
    shares: Vec<f32>,
    /// L with L L' = M / mean + floor, row by row, lower triangle: L g has covariance M for a
    /// standard normal g. Empty where only the diagonal is known.
    factor: Vec<f32>,
}

/// Up to this many inputs the whole outer product is taken, beyond it the diagonal.
const WHOLE_INPUTS: usize = 64;

/// M while gradients are added to it.
#[derive(Debug)]
pub(crate) struct OuterProduct {
    inputs: usize,
    outer: Vec<f64>,
}

impl OuterProduct {
    pub(crate) fn new(inputs: usize) -> Self {
        let whole = inputs <= WHOLE_INPUTS;
        Self { inputs, outer: vec![0.0; if whole { inputs * inputs } else { inputs }] }
    }

    /// Adds the gradient of one output at one row, in units of the normalised inputs.
    pub(crate) fn add(&mut self, gradient: &[f32]) {
        if self.outer.len() == self.inputs {
            for (outer, &a) in self.outer.iter_mut().zip(gradient) {
                *outer += f64::from(a) * f64::from(a);
            }
            return;
        }
        for (outer, &a) in self.outer.chunks_exact_mut(self.inputs).zip(gradient) {
            for (outer, &b) in outer.iter_mut().zip(gradient) {
                *outer += f64::from(a) * f64::from(b);
            }
        }
    }

    /// Adds what another one has, over the same inputs.
    pub(crate) fn merge(&mut self, other: &Self) {
        self.outer.iter_mut().zip(&other.outer).for_each(|(outer, other)| *outer += other);
    }

    /// The slopes, of which only the shape of M matters.
    pub(crate) fn slopes(&self) -> Slopes {
        Slopes::new(&self.outer, self.inputs)
    }
}

impl Slopes {
    /// From M, `inputs` squared numbers row by row, or its diagonal alone.
    pub(crate) fn new(outer: &[f64], inputs: usize) -> Self {
        let whole = outer.len() > inputs;
        let diagonal: Vec<f64> =
            (0..inputs).map(|j| outer[if whole { j * inputs + j } else { j }].max(0.0)).collect();
        let trace: f64 = diagonal.iter().sum();
        let mean = if trace > 0.0 { trace / inputs as f64 } else { 1.0 };
        let steepness =
            diagonal.iter().map(|m| (m / mean + FLOOR_DIAGONAL).sqrt() as f32).collect();
        let raised: Vec<f64> =
            diagonal.iter().map(|m| (m / (mean * inputs as f64)).sqrt() + FLOOR_SHARE).collect();
        let whole_share: f64 = raised.iter().sum();
        let shares = raised.iter().map(|share| (share / whole_share) as f32).collect();
        let factor = if whole {
            let scaled: Vec<f64> = outer.iter().map(|m| m / mean).collect();
            cholesky(&scaled, inputs, FLOOR_DIAGONAL).iter().map(|&l| l as f32).collect()
        } else {
            Vec::new()
        };
        Self { steepness, shares, factor }
    }

    /// Inputs of a direction; 0 where only the diagonal is known.
    pub(crate) fn inputs(&self) -> usize {
        if self.factor.is_empty() { 0 } else { self.steepness.len() }
    }

    pub(crate) fn shares(&self) -> &[f32] {
        &self.shares
    }

    pub(crate) fn steepness(&self, input: u32) -> f32 {
        self.steepness[input as usize]
    }

    /// Appends a random direction whose covariance is M; `normal` is working memory.
    pub(crate) fn direction(&self, rng: &mut Rng, normal: &mut Vec<f32>, weights: &mut Vec<f32>) {
        let inputs = self.steepness.len();
        normal.clear();
        normal.extend((0..inputs).map(|_| rng.normal()));
        weights.extend(
            self.factor
                .chunks_exact(inputs)
                .map(|row| row.iter().zip(&*normal).map(|(l, g)| l * g).sum::<f32>()),
        );
    }

    /// Moves `count` distinct inputs, drawn by their shares, to the front of `pool`.
    pub(crate) fn choose<'a>(&self, pool: &'a mut [u32], count: usize, rng: &mut Rng) -> &'a [u32] {
        let count = count.min(pool.len());
        for i in 0..count {
            let share = |input: u32| self.shares[input as usize];
            let left: f32 = pool[i..].iter().map(|&input| share(input)).sum();
            let mut rest = rng.unit() * left;
            let mut chosen = i;
            for (j, &input) in pool.iter().enumerate().skip(i) {
                chosen = j;
                rest -= share(input);
                if rest < 0.0 {
                    break;
                }
            }
            pool.swap(i, chosen);
        }
        &pool[..count]
    }
}

/// The lower triangular factor of a symmetric matrix with `floor` added to its diagonal; a pivot
/// that rounding makes smaller than the floor counts as the floor, so it always exists.
pub(crate) fn cholesky(matrix: &[f64], n: usize, floor: f64) -> Vec<f64> {
    let mut l = vec![0.0; n * n];
    for i in 0..n {
        for j in 0..=i {
            let mut sum = matrix[i * n + j];
            for k in 0..j {
                sum -= l[i * n + k] * l[j * n + k];
            }
            l[i * n + j] =
                if i == j { (sum + floor).max(floor).sqrt() } else { sum / l[j * n + j] };
        }
    }
    l
}
