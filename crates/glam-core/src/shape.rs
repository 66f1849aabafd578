//! The shape of the errors: how large they are in units of the spread that was claimed for them.

use std::f64::consts::FRAC_2_SQRT_PI;

use crate::error::Result;
use crate::exp::exp_of_negative;
use crate::noise::GROWTH;
use crate::wire::{Reader, Writer};

/// Bins of a histogram.
const BINS: usize = 64;
/// Bins to an octave: 64 of them reach from 2^-6 to 2^6.
const STEP: f64 = 1.138_788_634_756_691_6;
/// 2^-6.
const FIRST: f64 = 0.015_625;
/// Writes over which a shape forgets. Long, as the size of errors is followed apart from it: in
/// 2,000 the share beyond a 95 % interval has a standard error of half a point.
const WINDOW: f32 = 2000.0;
/// Observations that the Gaussian's own shape counts as.
const PRIOR: f32 = 8.0;

/// The upper edges of the bins but the last, which has none.
const EDGES: [f64; BINS - 1] = {
    let mut edges = [0.0; BINS - 1];
    let (mut bin, mut edge) = (0, FIRST);
    while bin < edges.len() {
        edge *= STEP;
        edges[bin] = edge;
        bin += 1;
    }
    edges
};

/// The shares of a Gaussian's absolute values in the bins.
const GAUSSIAN: [f32; BINS] = {
    let mut shares = [0.0; BINS];
    let (mut bin, mut low, mut left) = (0, 0.0, 1.0);
    while bin < BINS - 1 {
        let share = half_normal(low, EDGES[bin]);
        shares[bin] = share as f32;
        left -= share;
        low = EDGES[bin];
        bin += 1;
    }
    // What rounding leaves, beyond 56 standard deviations.
    shares[BINS - 1] = if left > 0.0 { left as f32 } else { 0.0 };
    shares
};

/// The probability that a Gaussian's absolute value lies between `low` and `high`, by Simpson's
/// rule: an error of 1e-9 at most, in the widest bin that has any probability.
const fn half_normal(low: f64, high: f64) -> f64 {
    const PARTS: usize = 32;
    let width = (high - low) / PARTS as f64;
    let (mut sum, mut part) = (0.0, 0);
    while part <= PARTS {
        let z = low + part as f64 * width;
        let weight = match part {
            0 | PARTS => 1.0,
            odd if odd % 2 == 1 => 4.0,
            _ => 2.0,
        };
        sum += weight * exp_of_negative(-0.5 * z * z);
        part += 1;
    }
    // sqrt(2 / pi) = (2 / sqrt(pi)) / sqrt(2).
    sum * width / 3.0 * FRAC_2_SQRT_PI * std::f64::consts::FRAC_1_SQRT_2
}

/// A decaying histogram of |e| / std, with std as it was claimed before e was known.
///
/// Its quantiles are half widths of intervals in units of std. It starts from the Gaussian's, so a
/// young memory's intervals are Gaussian, and as errors come it becomes theirs: real errors have
/// more small and more large ones than a Gaussian of the same variance.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Shape {
    /// Observations counted, the prior's included, at most [`WINDOW`].
    count: f32,
    /// The share of each bin; they add up to 1.
    shares: [f32; BINS],
}

impl Default for Shape {
    fn default() -> Self {
        Self { count: PRIOR, shares: GAUSSIAN }
    }
}

impl Shape {
    /// Counts an error whose square is `ratio` times the variance that was claimed.
    #[inline(always)]
    pub(crate) fn observe(&mut self, ratio: f64) {
        let bin = bin_of(ratio);
        self.count = (self.count + 1.0).min(WINDOW);
        let share = (GROWTH as f32 / (self.count + GROWTH as f32 - 1.0)).max(1.0 / WINDOW);
        let keep = 1.0 - share;
        self.shares.iter_mut().for_each(|kept| *kept *= keep);
        self.shares[bin] += share;
    }

    /// The number of standard deviations within which a share `level` of errors lies.
    pub(crate) fn quantile(&self, level: f64) -> f64 {
        let total: f64 = self.shares.iter().copied().map(f64::from).sum();
        let wanted = level * total;
        let (mut below, mut low) = (0.0, 0.0);
        for (bin, &share) in self.shares.iter().enumerate() {
            let high = EDGES.get(bin).copied().unwrap_or(low * STEP);
            let share = f64::from(share);
            if below + share >= wanted && share > 0.0 {
                return low + (high - low) * ((wanted - below) / share).clamp(0.0, 1.0);
            }
            below += share;
            low = high;
        }
        low
    }

    pub(crate) fn encode(&self, writer: &mut Writer) {
        writer.f32s(&[self.count]);
        writer.f32s(&self.shares);
    }

    pub(crate) fn decode(reader: &mut Reader<'_>) -> Result<Self> {
        let (count, shares) = (reader.f32s()?, reader.f32s()?);
        match (count.as_slice(), <[f32; BINS]>::try_from(shares.as_slice())) {
            (&[count], Ok(shares))
                if (PRIOR..=WINDOW).contains(&count)
                    && shares.iter().all(|share| (0.0..=2.0).contains(share)) =>
            {
                Ok(Self { count, shares })
            }
            _ => Err(reader.damaged("a histogram of errors has a wrong size")),
        }
    }
}

/// The bin of an error whose square is `ratio` times what was claimed.
#[inline(always)]
fn bin_of(ratio: f64) -> usize {
    EDGES.partition_point(|edge| edge * edge < ratio)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng::Rng;

    #[test]
    fn a_young_shape_has_the_quantiles_of_a_gaussian() {
        let shape = Shape::default();
        let total: f64 = GAUSSIAN.iter().copied().map(f64::from).sum();
        assert!((total - 1.0).abs() < 1e-6, "{total}");
        // Known values. Within a bin the quantile is taken as linear: off by at most an eighth of
        // the bin's width (.139 of the value) times the density's relative change across it
        // (1.139 z² - z² ... < z² * .139).
        for (level, z) in [(0.5, 0.67449), (0.8, 1.28155), (0.9, 1.64485), (0.95, 1.95996)] {
            let bound = 0.125 * 0.139 * 0.139 * z * z * z;
            let got = shape.quantile(level);
            assert!((got - z).abs() <= bound, "{level}: {got} {z} {bound}");
        }
    }

    #[test]
    fn quantiles_become_those_of_the_errors_and_rise_with_the_level() {
        // Uniform on (-3, 3) in units of the claim: the quantile is 3 times the level.
        let mut shape = Shape::default();
        let mut rng = Rng::new(1, 0);
        for _ in 0..20_000 {
            let e = 6.0 * f64::from(rng.unit()) - 3.0;
            shape.observe(e * e);
        }
        let mut last = 0.0;
        for level in [0.01, 0.1, 0.5, 0.8, 0.9, 0.95, 0.999] {
            let got = shape.quantile(level);
            // A decaying mean over the window counts as 2 * 2,000 observations: four standard
            // errors of the share below, times 3. Within a bin a uniform density is exact, but for
            // the one in which it ends: off by that bin's width at most.
            let error = 4.0 * (level * (1.0 - level) / 4000.0_f64).sqrt() * 3.0;
            let ends = if level > 0.85 { 3.0 * (STEP - 1.0) } else { 0.0 };
            assert!((got - 3.0 * level).abs() < error + ends + 1e-3, "{level}: {got}");
            assert!(got >= last);
            last = got;
        }
    }

    #[test]
    fn errors_of_any_size_have_a_bin() {
        let mut shape = Shape::default();
        for ratio in [0.0, 1e-300, 1.0, 1e300, f64::INFINITY] {
            shape.observe(ratio);
        }
        assert_eq!((bin_of(0.0), bin_of(f64::INFINITY)), (0, BINS - 1));
        assert!(shape.quantile(1e-9) >= 0.0 && shape.quantile(1.0 - 1e-9).is_finite());
    }

    #[test]
    fn a_shape_survives_its_bytes_and_hostile_ones_are_refused() {
        let mut shape = Shape::default();
        (0..100).for_each(|i| shape.observe(f64::from(i)));
        let bytes = |shape: &Shape| {
            let mut writer = Writer::default();
            shape.encode(&mut writer);
            writer.finish()
        };
        let saved = bytes(&shape);
        assert_eq!(Shape::decode(&mut Reader::new(&saved)).as_ref(), Ok(&shape));
        for end in 0..saved.len() {
            assert!(Shape::decode(&mut Reader::new(&saved[..end])).is_err());
        }
        for (count, share) in [(0.0, 0.1), (2001.0, 0.1), (40.0, -0.1), (40.0, 3.0)] {
            let hostile = Shape { count, shares: [share; BINS] };
            assert!(Shape::decode(&mut Reader::new(&bytes(&hostile))).is_err());
        }
    }
}
