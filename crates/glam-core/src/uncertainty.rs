//! Reading with what the memory does not know: variances, intervals, probabilities, familiarity.

use ndarray::{Array2, ArrayView2};

use crate::config::{Precision, Targets};
use crate::error::{Error, Result};
use crate::familiarity::Familiarity;
use crate::kernel::simd::{Kernel, dispatch};
use crate::kernel::{Simd, Step};
use crate::recall::{Recall, find_active, prior_variance};
use crate::scratch::Scratch;
use crate::slots::SlotLines;
use crate::structure::Structure;

/// What the keys of the cue that was read last claim, by their covariances.
struct Claim<'a, C> {
    structure: &'a Structure,
    precision: Precision,
    covariances: &'a C,
    noise: f32,
    scratch: &'a mut Scratch,
}

/// What a [`Claim`] finds.
struct Claimed {
    /// S: the noise and the sum of phi' P phi.
    total: f32,
    /// The sum of phi' P phi, each at most what it was before any data.
    spread: f32,
    /// The same before any data.
    prior: f32,
    /// Keys with a slot.
    known: usize,
}

impl<C: SlotLines> Kernel for Claim<'_, C> {
    type Output = Result<Claimed>;

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) -> Result<Claimed> {
        let Scratch { active, phi, f, v, .. } = self.scratch;
        let (n, width) = (self.structure.n(), self.structure.width());
        let mut claimed = Claimed { total: self.noise, spread: 0.0, prior: 0.0, known: 0 };
        for active in active.iter() {
            let phi = &phi[active.feature as usize * width..][..width];
            let squares = phi.as_flattened().iter().map(|phi| phi * phi);
            let prior = prior_variance(n) * squares.sum::<f32>();
            let spread = match active.slot {
                Some(slot) => {
                    claimed.known += 1;
                    let covariance = bytemuck::cast_slice(self.covariances.slot(slot)?);
                    let mut step = Step { phi, f: &mut f[..width], v: &mut v[..width] };
                    self.precision.spread(simd, covariance, n, &mut step)
                }
                None => prior,
            };
            claimed.total += spread;
            claimed.spread += spread.min(prior);
            claimed.prior += prior;
        }
        Ok(claimed)
    }
}

impl<W: SlotLines> Recall<W> {
    /// Recalls into `out` as [`Recall::read`] does, and the predictive variance of each output,
    /// in squared units of the target, into `variance`. A variance that `f32` cannot hold becomes 0
    /// or infinite; [`Recall::read_with_std`] has the range of the target itself.
    ///
    /// The variance is (mean of e² / S over recent writes) S(x), with S the noise and what the
    /// active slots' covariances claim at x, times a factor from the errors near x; a key with no
    /// slot claims its prior. `covariances` are those of the same memory.
    ///
    /// # Errors
    /// As [`Recall::read`]; [`Error::Empty`] before the first write of any memory: a net does not say how
    /// sure it is.
    pub fn read_with_variance<C: SlotLines>(
        &self,
        covariances: &C,
        x: &[f32],
        scratch: &mut Scratch,
        out: &mut [f32],
        variance: &mut [f32],
    ) -> Result<()> {
        let each = |scale: f64, normalised: f64| scale * scale * normalised;
        self.read_with_spread(covariances, x, scratch, out, variance, each)
    }

    /// [`Recall::read_with_variance`] with the standard deviation in place of its square.
    ///
    /// # Errors
    /// As [`Recall::read`].
    pub fn read_with_std<C: SlotLines>(
        &self,
        covariances: &C,
        x: &[f32],
        scratch: &mut Scratch,
        out: &mut [f32],
        std: &mut [f32],
    ) -> Result<()> {
        let each = |scale: f64, normalised: f64| scale * normalised.sqrt();
        self.read_with_spread(covariances, x, scratch, out, std, each)
    }

    /// Reads, and sets each spread to `each` of a target's scale and its normalised variance.
    fn read_with_spread<C: SlotLines>(
        &self,
        covariances: &C,
        x: &[f32],
        scratch: &mut Scratch,
        out: &mut [f32],
        spread: &mut [f32],
        each: impl Fn(f64, f64) -> f64,
    ) -> Result<()> {
        self.ready(x, spread)?;
        let structure = self.ready(x, out)?;
        let claimed = self.read_claiming(covariances, x, scratch, out)?;
        let claimed = claimed * self.noise.factor(&scratch.active);
        for (output, spread) in spread.iter_mut().enumerate() {
            let scale = f64::from(structure.normaliser().target_scale(output));
            let normalised = f64::from(self.noise.predictive(output, claimed));
            *spread = each(scale, normalised) as f32;
        }
        Ok(())
    }

    /// Reads into `out` and gives S.
    pub(crate) fn read_claiming<C: SlotLines>(
        &self,
        covariances: &C,
        x: &[f32],
        scratch: &mut Scratch,
        out: &mut [f32],
    ) -> Result<f32> {
        let structure = self.ready(x, out)?;
        self.recall(structure, x, scratch, out)?;
        Ok(self.claimed(structure, covariances, scratch)?.total)
    }

    /// What the keys that `scratch` has active claim.
    fn claimed<C: SlotLines>(
        &self,
        structure: &Structure,
        covariances: &C,
        scratch: &mut Scratch,
    ) -> Result<Claimed> {
        let (precision, noise) = (self.config.precision(), self.noise.variance());
        dispatch(Claim { structure, precision, covariances, noise, scratch })
    }

    /// Recalls into `out` as [`Recall::read`] does, and into `intervals` for each target the
    /// numbers between which the truth lies with probability `level`, as (low, high) in the
    /// target's unit. An end that `f32` cannot hold becomes infinite.
    ///
    /// An interval reaches as many standard deviations ([`Recall::read_with_std`]) to both sides
    /// as held that share of the target's errors so far, each error taken before it was learned;
    /// the first ones are taken to be Gaussian.
    ///
    /// # Errors
    /// As [`Recall::read`]; [`Error::Setting`] where `level` is not between 0 and 1;
    /// [`Error::TargetKind`] where the memory learns labels: those have
    /// [`Recall::probabilities`].
    pub fn read_with_interval<C: SlotLines>(
        &self,
        covariances: &C,
        x: &[f32],
        level: f64,
        scratch: &mut Scratch,
        out: &mut [f32],
        intervals: &mut [(f32, f32)],
    ) -> Result<()> {
        if !(level > 0.0 && level < 1.0) {
            let rule = "more than 0 and less than 1";
            return Err(Error::Setting { setting: "level", got: level.to_string(), rule });
        }
        if self.config.targets() == Targets::Labels {
            return Err(Error::TargetKind {
                expected: "labels",
                got: "a question for an interval",
            });
        }
        let structure = self.ready(x, out)?;
        if intervals.len() != out.len() {
            let (expected, got) = (out.len(), intervals.len());
            return Err(Error::Length { what: "interval", expected, got });
        }
        let claimed = self.read_claiming(covariances, x, scratch, out)?;
        let claimed = claimed * self.noise.factor(&scratch.active);
        for (output, (interval, &mean)) in intervals.iter_mut().zip(out.iter()).enumerate() {
            let scale = f64::from(structure.normaliser().target_scale(output));
            let std = scale * f64::from(self.noise.predictive(output, claimed)).sqrt();
            let half = std * self.noise.quantile(output, level);
            *interval = ((f64::from(mean) - half) as f32, (f64::from(mean) + half) as f32);
        }
        Ok(())
    }

    /// The probability of each class at `x` into `out`, which must be [`Recall::outputs`] long:
    /// they add up to 1. The order of classes is that of the scores that [`Recall::read`] gives.
    ///
    /// p is proportional to e^(beta score), with one inverse temperature beta for the memory that
    /// each write adjusts to how right the scores were before it.
    ///
    /// # Errors
    /// As [`Recall::read`]; [`Error::TargetKind`] where the memory learns numbers.
    pub fn probabilities(&self, x: &[f32], scratch: &mut Scratch, out: &mut [f32]) -> Result<()> {
        if self.config.targets() != Targets::Labels {
            return Err(Error::TargetKind { expected: "numbers", got: "a question for classes" });
        }
        self.read(x, scratch, out)?;
        self.temper(scratch, out);
        Ok(())
    }

    /// From the scores of the last read to probabilities.
    fn temper(&self, scratch: &Scratch, out: &mut [f32]) {
        // A class's score is its normalised output. What a net says before the first write stays as
        // it is: with a softmax, probabilities.
        if self.structure.is_some() {
            self.temperature.probabilities(&scratch.predicted, out);
        }
    }

    /// [`Recall::read`] and [`Recall::probabilities`] in one, at the cost of one.
    ///
    /// # Errors
    /// As [`Recall::probabilities`].
    pub fn read_with_probabilities(
        &self,
        x: &[f32],
        scratch: &mut Scratch,
        out: &mut [f32],
        probabilities: &mut [f32],
    ) -> Result<()> {
        self.probabilities(x, scratch, probabilities)?;
        match self.ready(x, out) {
            Ok(_) => out.copy_from_slice(&scratch.predicted),
            Err(Error::Empty) => out.copy_from_slice(probabilities),
            Err(error) => return Err(error),
        }
        Ok(())
    }

    /// How much of `x` the memory has seen; see [`Familiarity`]. Costs one pass over the
    /// covariances of the cue's keys, and no pass over their maps.
    ///
    /// # Errors
    /// As [`Recall::read`].
    pub fn familiarity<C: SlotLines>(
        &self,
        covariances: &C,
        x: &[f32],
        scratch: &mut Scratch,
    ) -> Result<Familiarity> {
        self.check_input(x)?;
        let structure = self.structure.as_ref().ok_or(Error::Empty)?;
        scratch.fit(structure, self.outputs());
        find_active(structure, &self.slots, x, scratch);
        let Claimed { spread, prior, known, .. } = self.claimed(structure, covariances, scratch)?;
        Ok(Familiarity::new(known, scratch.active.len(), spread, prior))
    }

    /// [`Recall::read_batch`] with the variances of [`Recall::read_with_variance`].
    ///
    /// # Errors
    /// As [`Recall::read`], for the first row that fails.
    pub fn read_batch_with_variance<C: SlotLines>(
        &self,
        covariances: &C,
        x: ArrayView2<'_, f32>,
    ) -> Result<(Array2<f32>, Array2<f32>)> {
        let shape = (x.nrows(), self.outputs());
        let (mut out, mut variance) = (Array2::zeros(shape), Array2::zeros(shape));
        let mut scratch = Scratch::default();
        let mut cue = vec![0.0; x.ncols()];
        let (mut mean, mut spread) = (vec![0.0; shape.1], vec![0.0; shape.1]);
        for (row, x) in x.rows().into_iter().enumerate() {
            cue.iter_mut().zip(x).for_each(|(cue, &x)| *cue = x);
            self.read_with_variance(covariances, &cue, &mut scratch, &mut mean, &mut spread)?;
            out.row_mut(row).iter_mut().zip(&mean).for_each(|(out, &mean)| *out = mean);
            variance.row_mut(row).iter_mut().zip(&spread).for_each(|(out, &value)| *out = value);
        }
        Ok((out, variance))
    }
}
