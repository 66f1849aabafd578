//! The statistics of errors, from rows that were held out.

use super::choose::HeldRows;
use super::rows::Rows;
use crate::error::Result;
use crate::kernel::simd::{Kernel, dispatch};
use crate::kernel::{Simd, Step};
use crate::model::Model;
use crate::observations::Observations;
use crate::recall::activate;
use crate::scratch::Scratch;
use crate::told::Told;

impl Model {
    /// Sets the statistics of errors from predictions of held-out rows: their numbers and one
    /// prediction an output. The slots have seen these rows by now, so what they claim is taken
    /// without the row itself.
    pub(super) fn judge(
        &mut self,
        history: &Observations,
        rows: &Rows,
        held: &[HeldRows],
    ) -> Result<()> {
        let (inputs, outputs) = (self.recall.config.inputs(), rows.outputs);
        let Some(structure) = &self.recall.structure else { return Ok(()) };
        let normaliser = structure.normaliser();
        let mut scratch = Scratch::default();
        let (mut told, mut said) = (Told::default(), vec![0.0; outputs]);
        for (numbers, predicted) in held {
            for (&row, predicted) in numbers.iter().zip(predicted.chunks_exact(outputs.max(1))) {
                let (x, ..) = history.get(row, inputs, outputs);
                let noise = self.recall.noise.variance() / rows.weight(row);
                let claim = dispatch(Claim { model: self, x, noise, scratch: &mut scratch })?;
                for (output, (said, predicted)) in said.iter_mut().zip(predicted).enumerate() {
                    let start = scratch.start.get(output).copied().unwrap_or(0.0);
                    *said = normaliser.target_mean(output)
                        + normaliser.target_scale(output) * (predicted + start);
                }
                told.push(&said, claim as f32);
            }
        }
        let numbers = held.iter().flat_map(|(numbers, _)| numbers);
        let kept = numbers.map(|&row| history.get(row, inputs, outputs));
        self.recall.calibrate(kept.map(|(x, kept, _)| (x, kept)), &told, &mut scratch);
        Ok(())
    }
}

/// S at a row that the slots have seen, as if they had not.
struct Claim<'a> {
    model: &'a Model,
    x: &'a [f32],
    noise: f32,
    scratch: &'a mut Scratch,
}

impl Kernel for Claim<'_> {
    type Output = Result<f64>;

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) -> Result<f64> {
        let Self { model, x, noise, scratch } = self;
        let recall = &model.recall;
        let Some(structure) = &recall.structure else { return Ok(f64::from(noise)) };
        let precision = recall.config.precision();
        scratch.fit(structure, recall.outputs());
        activate(simd, structure, &recall.slots, x, scratch);
        let (n, width) = (structure.n(), structure.width());
        let Scratch { active, phi, f, v, .. } = scratch;
        let (mut with, mut spreads) = (f64::from(noise), Vec::with_capacity(active.len()));
        for active in active.iter() {
            let Some(slot) = active.slot else { continue };
            let phi = &phi[active.feature as usize * width..][..width];
            let mut step = Step { phi, f: &mut f[..width], v: &mut v[..width] };
            let covariance = model.covariances.floats(slot)?;
            let spread = precision.spread(simd, covariance, n, &mut step);
            spreads.push(f64::from(spread));
            with += f64::from(spread);
        }
        // Sherman and Morrison: without a row of noise S its slot's spread h was h / (1 - h / S).
        let without = spreads.iter().map(|h| h / (1.0 - h / with).max(1e-3));
        Ok(f64::from(noise) + without.sum::<f64>())
    }
}
