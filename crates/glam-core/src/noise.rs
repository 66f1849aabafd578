//! What the errors made before learning say: how large they are, how they are spread, and how alike
//! neighbours are.

use crate::config::Targets;
use crate::error::Result;
use crate::local::Local;
use crate::scratch::Active;
use crate::shape::Shape;
use crate::wire::{Reader, Writer};

/// Writes over which the correlation of neighbours forgets.
const ALIKE_WINDOW: f64 = 1000.0;
/// Writes over which the size of errors forgets: shorter, as errors shrink while a memory learns.
const SIZE_WINDOW: f64 = 256.0;
/// Until the window is full, observation number n counts as n^(GROWTH - 1), so that what a memory got
/// wrong before it knew anything is soon outweighed.
pub(crate) const GROWTH: f64 = 2.0;
/// e² / S before any data; it counts as one observation.
const PRIOR_SIZE: f64 = 1.0;
/// Noise of an observation that tells something new, in units of the target's variance. Only its
/// ratio to the prior matters.
const NOISE: f32 = 0.1;
/// The largest correlation of neighbours that is believed.
const MOST_ALIKE: f64 = 0.9;

/// The decaying mean of e² / S of one output.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Size {
    /// Observations counted, the prior's one included.
    count: f64,
    mean: f64,
}

impl Default for Size {
    fn default() -> Self {
        Self { count: 1.0, mean: PRIOR_SIZE }
    }
}

impl Size {
    #[inline(always)]
    fn observe(&mut self, sample: f64) {
        self.count += 1.0;
        let share = (GROWTH / (self.count + GROWTH - 1.0)).max(1.0 / SIZE_WINDOW);
        self.mean += (sample - self.mean) * share;
    }
}

/// Statistics of prequential errors (predict first, then learn), in normalised units.
///
/// **Size.** e² / S averaged, one value an output, calibrates the predictive variance: S is the
/// variance that the slots' covariances claim for the same prediction.
///
/// **Shape.** For numbers, one [`Shape`] an output says within how many of these standard
/// deviations which share of the errors lies. One an output, as one target may be wrong by a
/// Gaussian and the next by rare jumps. Classes have probabilities instead.
///
/// **Local.** [`Local`] is a factor of S that follows the errors near a cue; for numbers alone.
///
/// **Alikeness.** Neighbours in a stream are often alike (a robot's positions 4 ms apart), and n alike
/// observations say less than n independent ones: by the factor (1 - r) / (1 + r) where errors
/// follow an AR(1) process with lag-one correlation r (Bartlett 1946; the effective sample size of
/// time series). An observation's noise is raised by the inverse, so that a memory in time order
/// does not grow certain of the last motion it saw. In shuffled data r is 0 and nothing changes.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Noise {
    sizes: Vec<Size>,
    /// The size of an output whose errors were always 0.
    silent: Size,
    /// Whether shapes are kept.
    shaped: bool,
    /// One an output, or none.
    shapes: Vec<Shape>,
    local: Local,
    /// Decayed sums of e.e and of e.e_before.
    own: f64,
    neighbour: f64,
    /// The last error, one an output; 0 where it is not known.
    last: Vec<f32>,
}

impl Noise {
    /// Statistics of errors in `targets`, before any.
    pub(crate) fn new(targets: Targets) -> Self {
        Self {
            sizes: Vec::new(),
            silent: Size::default(),
            shaped: matches!(targets, Targets::Numbers(_)),
            shapes: Vec::new(),
            local: Local::default(),
            own: 0.0,
            neighbour: 0.0,
            last: Vec::new(),
        }
    }

    /// Makes room for `outputs` outputs. A class that is new was rightly predicted 0 until now;
    /// its statistics become what they would be had it been known from the start.
    pub(crate) fn widen(&mut self, outputs: usize) {
        self.sizes.resize(outputs, self.silent);
        self.shapes.resize(if self.shaped { outputs } else { 0 }, Shape::default());
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
        let size = self.sizes.get(output).map_or(PRIOR_SIZE, |size| size.mean);
        (size * f64::from(total)) as f32
    }

    /// Standard deviations of output `output` within which a share `level` of errors lies.
    pub(crate) fn quantile(&self, output: usize, level: f64) -> f64 {
        match self.shapes.get(output) {
            Some(shape) => shape.quantile(level),
            None => Shape::default().quantile(level),
        }
    }

    /// What the slots' claim S at a cue is to be multiplied by, from errors near it.
    pub(crate) fn factor(&self, active: &[Active]) -> f32 {
        if self.shaped { self.local.factor(active) as f32 } else { 1.0 }
    }

    /// Counts the errors of a prediction for which the slots in `active` claimed a variance of
    /// `total`. An error that is NaN, of a target that is not known, is left out.
    #[inline(always)]
    pub(crate) fn observe(&mut self, errors: &[f32], total: f32, active: &[Active]) {
        self.observe_neighbours(errors);
        self.observe_size(errors, total, active);
    }

    /// The part of [`Noise::observe`] that depends on what came just before.
    #[inline(always)]
    pub(crate) fn observe_neighbours(&mut self, errors: &[f32]) {
        let keep = 1.0 - 1.0 / ALIKE_WINDOW;
        let (mut own, mut neighbour) = (0.0, 0.0);
        for (&error, last) in errors.iter().zip(&mut self.last) {
            let error = if error.is_nan() { 0.0 } else { error };
            own += f64::from(error) * f64::from(error);
            neighbour += f64::from(error) * f64::from(*last);
            *last = error;
        }
        self.own = keep * self.own + own;
        self.neighbour = keep * self.neighbour + neighbour;
    }

    /// The part of [`Noise::observe`] that does not.
    #[inline(always)]
    pub(crate) fn observe_size(&mut self, errors: &[f32], total: f32, active: &[Active]) {
        let certainty = 1.0 / f64::from(total * self.factor(active));
        let sample = |error: f32| f64::from(error) * f64::from(error) * certainty;
        let (mut ratios, mut known) = (0.0, 0.0);
        for ((shape, size), &error) in self.shapes.iter_mut().zip(&self.sizes).zip(errors) {
            if !error.is_nan() {
                let ratio = sample(error) / size.mean;
                shape.observe(ratio);
                ratios += ratio;
                known += 1.0;
            }
        }
        if known > 0.0 {
            self.local.observe(active, ratios / known);
        }
        for (size, &error) in self.sizes.iter_mut().zip(errors) {
            if !error.is_nan() {
                size.observe(sample(error));
            }
        }
        self.silent.observe(0.0);
    }

    /// Forgets how alike neighbours are.
    pub(crate) fn forget_neighbours(&mut self) {
        (self.own, self.neighbour) = (0.0, 0.0);
        self.last.fill(0.0);
    }

    /// Forgets everything but how alike neighbours are.
    pub(crate) fn forget_sizes(&mut self, targets: Targets) {
        let outputs = self.sizes.len();
        let fresh = Self::new(targets);
        let (own, neighbour, last) = (self.own, self.neighbour, std::mem::take(&mut self.last));
        *self = Self { own, neighbour, last, ..fresh };
        self.widen(outputs);
    }
    /// Counts an error for the sizes alone, before [`Noise::observe_size`] is to go through the
    /// same ones.
    pub(crate) fn expect(&mut self, errors: &[f32], total: f32) {
        let certainty = 1.0 / f64::from(total);
        for (size, &error) in self.sizes.iter_mut().zip(errors) {
            if !error.is_nan() {
                size.observe(f64::from(error) * f64::from(error) * certainty);
            }
        }
        self.silent.observe(0.0);
    }

    /// What is known of slot number `slot`, which begins anew, is forgotten.
    pub(crate) fn forget_slot(&mut self, slot: u32) {
        self.local.forget(slot);
    }

    /// Slot number `slot` is taken out; number `last`, the last one, takes its place.
    pub(crate) fn remove_slot(&mut self, slot: u32, last: u32) {
        self.local.remove(slot, last);
    }

    /// Slots have other numbers: slot number i is what number `before`(i) was, if there was one.
    pub(crate) fn renumber_slots(&mut self, slots: usize, before: impl Fn(usize) -> Option<u32>) {
        self.local.renumber(slots, before);
    }

    /// Bytes that grow with the slots, as allocated.
    pub(crate) fn slot_bytes(&self) -> usize {
        self.local.bytes()
    }

    pub(crate) fn encode(&self, writer: &mut Writer) {
        let Self { sizes, silent, shapes, local, own, neighbour, last, .. } = self;
        writer.f64s(&[silent.count, silent.mean, *own, *neighbour]);
        writer.f64s(&sizes.iter().map(|size| size.count).collect::<Vec<_>>());
        writer.f64s(&sizes.iter().map(|size| size.mean).collect::<Vec<_>>());
        writer.f32s(last);
        shapes.iter().for_each(|shape| shape.encode(writer));
        local.encode(writer);
    }

    /// Statistics of `outputs` outputs, 0 before the first observation, and `slots` slots.
    pub(crate) fn decode(
        reader: &mut Reader<'_>,
        targets: Targets,
        outputs: usize,
        slots: usize,
    ) -> Result<Self> {
        let (scalars, counts) = (reader.f64s()?, reader.f64s()?);
        let (means, last) = (reader.f64s()?, reader.f32s()?);
        let mut noise = Self::new(targets);
        let lengths = [counts.len(), means.len(), last.len()];
        let counted = counts.iter().chain(scalars.first()).all(|&count| count >= 1.0);
        match *scalars.as_slice() {
            [count, mean, own, neighbour] if lengths == [outputs; 3] && counted => {
                noise.silent = Size { count, mean };
                (noise.own, noise.neighbour, noise.last) = (own, neighbour, last);
            }
            _ => return Err(reader.damaged("the error statistics have a wrong size")),
        }
        let sizes = counts.into_iter().zip(means);
        noise.sizes = sizes.map(|(count, mean)| Size { count, mean }).collect();
        let shapes = if noise.shaped { outputs } else { 0 };
        noise.shapes = (0..shapes).map(|_| Shape::decode(reader)).collect::<Result<_>>()?;
        noise.local = Local::decode(reader, slots)?;
        Ok(noise)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng::Rng;

    fn fed(correlation: f32) -> Noise {
        let mut noise = Noise::new(Targets::Numbers(1));
        noise.widen(1);
        let mut rng = Rng::new(1, 1);
        let mut error = 0.0;
        for _ in 0..20_000 {
            error = correlation * error + (1.0 - correlation * correlation).sqrt() * rng.normal();
            noise.observe(&[error], 2.0, &[]);
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
        let (mut late, mut early) = (Noise::new(Targets::Labels), Noise::new(Targets::Labels));
        late.widen(1);
        early.widen(2);
        for i in 0..300 {
            let error = i as f32 * 0.01;
            late.observe(&[error], 1.5, &[]);
            early.observe(&[error, 0.0], 1.5, &[]);
        }
        late.widen(2);
        assert_eq!(late, early);
    }

    #[test]
    fn the_predictive_variance_is_the_mean_square_error_where_the_claim_is_constant() {
        let noise = fed(0.0);
        // Variance 1, standard error sqrt(2 / 512) of a decaying mean over the window.
        assert!((noise.predictive(0, 2.0) - 1.0).abs() < 4.0 * 0.0625);
        assert_eq!(Noise::new(Targets::Numbers(1)).predictive(0, 0.3), 0.3);
    }
}
