//! What the errors made before learning say: how large they are, and how alike neighbours are.

use crate::error::Result;
use crate::wire::{Reader, Writer};

/// Writes over which the correlation of neighbours forgets.
const ALIKE_WINDOW: f64 = 1000.0;
/// Writes over which the size of errors forgets: shorter, as errors shrink while a memory learns.
const SIZE_WINDOW: f64 = 256.0;
/// e² / S before any data; it counts as one observation.
const PRIOR_SIZE: f64 = 1.0;
/// Noise of an observation that tells something new, in units of the target's variance. Only its
/// ratio to the prior matters.
const NOISE: f32 = 0.1;
/// The largest correlation of neighbours that is believed.
const MOST_ALIKE: f64 = 0.9;

/// Statistics of prequential errors (predict first, then learn), in normalised units.
///
/// **Size.** e² / S averaged, one value an output, calibrates the predictive variance: S is the
/// variance that the slots' covariances claim for the same prediction.
///
/// **Alikeness.** Neighbours in a stream are often alike (a robot's positions 4 ms apart), and n alike
/// observations say less than n independent ones: by the factor (1 - r) / (1 + r) where errors
/// follow an AR(1) process with lag-one correlation r (Bartlett 1946; the effective sample size of
/// time series). An observation's noise is raised by the inverse, so that a memory in time order
/// does not grow certain of the last motion it saw. In shuffled data r is 0 and nothing changes.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Noise {
    /// Observations counted, the prior's one included, at most [`SIZE_WINDOW`].
    count: f64,
    /// Mean of e² / S, one an output.
    size: Vec<f64>,
    /// The same of an output whose errors were always 0.
    silent: f64,
    /// Decayed sums of e.e and of e.e_before.
    own: f64,
    neighbour: f64,
    /// The last known error, one an output.
    last: Vec<f32>,
}

impl Default for Noise {
    fn default() -> Self {
        let (size, last) = (Vec::new(), Vec::new());
        Self { count: 1.0, size, silent: PRIOR_SIZE, own: 0.0, neighbour: 0.0, last }
    }
}

impl Noise {
    /// Makes room for `outputs` outputs. A class that is new was rightly predicted 0 until now;
    /// its statistics become what they would be had it been known from the start.
    pub(crate) fn widen(&mut self, outputs: usize) {
        self.size.resize(outputs, self.silent);
        self.last.resize(outputs, 0.0);
    }

    /// The lag-one correlation of errors, 0 to [`MOST_ALIKE`].
    pub(crate) fn alike(&self) -> f64 {
        if self.own > 0.0 { (self.neighbour / self.own).clamp(0.0, MOST_ALIKE) } else { 0.0 }
    }

    /// The noise to use for the next observation.
    #[inline(always)]
    pub(crate) fn variance(&self) -> f32 {
        let alike = self.alike();
        NOISE * ((1.0 + alike) / (1.0 - alike)) as f32
    }

    /// The noise of an observation that has no neighbours: one that is rehearsed.
    #[inline(always)]
    pub(crate) fn plain(&self) -> f32 {
        NOISE
    }

    /// Predictive variance of output `output`, normalised, where the slots claim `total`.
    pub(crate) fn predictive(&self, output: usize, total: f32) -> f32 {
        let size = self.size.get(output).copied().unwrap_or(PRIOR_SIZE);
        (size * f64::from(total)) as f32
    }

    /// Counts the errors of a prediction for which the slots claimed a variance of `total`. NaN is
    /// an error that is not known and counts as nothing.
    #[inline(always)]
    pub(crate) fn observe(&mut self, errors: &[f32], total: f32) {
        let keep = 1.0 - 1.0 / ALIKE_WINDOW;
        let (mut own, mut neighbour) = (0.0, 0.0);
        let known = |error: &f32| !error.is_nan();
        for (&error, last) in errors.iter().zip(&mut self.last).filter(|(error, _)| known(error)) {
            own += f64::from(error) * f64::from(error);
            neighbour += f64::from(error) * f64::from(*last);
            *last = error;
        }
        self.own = keep * self.own + own;
        self.neighbour = keep * self.neighbour + neighbour;
        self.count = (self.count + 1.0).min(SIZE_WINDOW);
        let share = 1.0 / self.count;
        let certainty = 1.0 / f64::from(total);
        for (size, &error) in self.size.iter_mut().zip(errors).filter(|(_, error)| known(error)) {
            let sample = f64::from(error) * f64::from(error) * certainty;
            *size += (sample - *size) * share;
        }
        self.silent -= self.silent * share;
    }

    /// Takes the size of errors from predictions of rows that were held out: pairs of the errors, one
    /// an output, and the S that the slots claim there.
    pub(crate) fn judge<'e>(&mut self, held: impl Iterator<Item = (&'e [f32], f64)>) {
        let mut sums = vec![(0.0, 0.0); self.size.len()];
        for (errors, claimed) in held {
            for (sum, &error) in sums.iter_mut().zip(errors).filter(|(_, error)| !error.is_nan()) {
                sum.0 += f64::from(error) * f64::from(error) / claimed;
                sum.1 += 1.0;
            }
        }
        for (size, (sum, count)) in self.size.iter_mut().zip(sums) {
            if count > 0.0 {
                *size = sum / count;
            }
        }
        self.count = SIZE_WINDOW;
    }

    pub(crate) fn encode(&self, writer: &mut Writer) {
        writer.f64s(&[self.count, self.silent, self.own, self.neighbour]);
        writer.f64s(&self.size);
        writer.f32s(&self.last);
    }

    pub(crate) fn decode(reader: &mut Reader<'_>, outputs: usize) -> Result<Self> {
        let (scalars, size, last) = (reader.f64s()?, reader.f64s()?, reader.f32s()?);
        match *scalars.as_slice() {
            [count, silent, own, neighbour] if size.len() == outputs && last.len() == outputs => {
                Ok(Self { count, size, silent, own, neighbour, last })
            }
            _ => Err(reader.damaged("the error statistics have a wrong size")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng::Rng;

    fn fed(correlation: f32) -> Noise {
        let mut noise = Noise::default();
        noise.widen(1);
        let mut rng = Rng::new(1, 1);
        let mut error = 0.0;
        for _ in 0..20_000 {
            error = correlation * error + (1.0 - correlation * correlation).sqrt() * rng.normal();
            noise.observe(&[error], 2.0);
        }
        noise
    }

    #[test]
    fn independent_errors_leave_the_noise_alone_and_alike_ones_raise_it() {
        // The estimate over 1,000 writes has a standard error of about 1 / sqrt(2,000) = .022.
        let independent = fed(0.0);
        assert!(independent.alike() < 0.09, "{}", independent.alike());
        let alike = fed(0.8);
        assert!((alike.alike() - 0.8).abs() < 0.09, "{}", alike.alike());
        assert!(alike.variance() > 5.0 * independent.variance());
    }

    #[test]
    fn an_output_that_comes_late_is_as_if_it_had_been_there_with_no_error() {
        let (mut late, mut early) = (Noise::default(), Noise::default());
        late.widen(1);
        early.widen(2);
        for i in 0..300 {
            let error = i as f32 * 0.01;
            late.observe(&[error], 1.5);
            early.observe(&[error, 0.0], 1.5);
        }
        late.widen(2);
        assert_eq!(late, early);
    }

    #[test]
    fn the_predictive_variance_is_the_mean_square_error_where_the_claim_is_constant() {
        let noise = fed(0.0);
        // Variance 1, standard error sqrt(2 / 512) of a decaying mean over the window.
        assert!((noise.predictive(0, 2.0) - 1.0).abs() < 4.0 * 0.0625);
        assert_eq!(Noise::default().predictive(0, 0.3), 0.3);
    }
}
