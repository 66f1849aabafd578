//! Honest errors of a memory that has just been fitted to its first observations.
//!
//! The observations of the warm-up are gone through several times, and gates put their thresholds
//! between them: what the memory then says about them, even about each before its own turn, is not
//! how it answers a new cue. So parts of them are held out in turn. A memory of its own is fitted to
//! the rest, gates included, and is asked for the part; its errors are those of a memory that is
//! a little younger, and they calibrate the intervals and probabilities.

use std::ops::Range;

use crate::error::Result;
use crate::model::Model;
use crate::observations::Kept;
use crate::recall::{Recall, activate};
use crate::scratch::Scratch;
use crate::slots::Arena;
use crate::structure::Structure;
use crate::temperature::Temperature;
use crate::warm_up::WarmUp;

/// Below this many observations nothing is held out: each is needed.
const FEWEST: usize = 16;

/// Parts that are held out in turn: more where rows are few and each is missed more. All together
/// cost as much as 7,200 writes at 256 rows, 4,100 at 1,024.
fn parts(count: usize) -> usize {
    match count {
        0..=256 => 8,
        257..=512 => 4,
        _ => 2,
    }
}

/// What a memory that did not know them said about observations.
#[derive(Debug, Default)]
pub(crate) struct HeldOut {
    /// Predictions in the units of the data, one after another.
    pub(crate) predicted: Vec<f32>,
    /// S of each.
    pub(crate) claimed: Vec<f32>,
}

impl Model {
    /// Sets the statistics of errors from errors on held-out parts of the warm-up; how alike
    /// neighbours are stays as it is. Changes no slot.
    pub(crate) fn calibrate(&mut self, warm_up: &WarmUp) -> Result<()> {
        let count = warm_up.count();
        if count < FEWEST {
            return Ok(());
        }
        let (inputs, outputs) = (self.recall.config.inputs(), self.recall.outputs());
        let mut held_out = HeldOut::default();
        let parts = parts(count);
        for part in 0..parts {
            // Parts of neighbours: in a stream, a row's neighbours would give it away.
            let range = part * count / parts..(part + 1) * count / parts;
            self.hold_out(warm_up, range, &mut held_out)?;
        }
        let kept = |row| warm_up.kept().get(row, inputs, outputs);
        let rows = (0..count).map(kept).map(|(x, kept, _)| (x, kept));
        self.recall.calibrate(rows, &held_out, &mut Scratch::default());
        Ok(())
    }

    /// Asks a memory that was fitted to all rows but those in `range` for those.
    fn hold_out(
        &self,
        warm_up: &WarmUp,
        range: Range<usize>,
        held_out: &mut HeldOut,
    ) -> Result<()> {
        let (inputs, outputs) = (self.recall.config.inputs(), self.recall.outputs());
        let mut rest = WarmUp::default();
        for row in (0..warm_up.count()).filter(|row| !range.contains(row)) {
            let (x, kept, weight) = warm_up.kept().get(row, inputs, outputs);
            rest.push(&self.recall.config, x, kept, weight);
        }
        let mut other = Self::new(self.recall.config.clone());
        other.recall.labels = self.recall.labels.clone();
        other.fit_to(&rest)?;
        let mut scratch = Scratch::default();
        for row in range {
            let start = held_out.predicted.len();
            held_out.predicted.resize(start + outputs, 0.0);
            let (x, ..) = warm_up.kept().get(row, inputs, outputs);
            let out = &mut held_out.predicted[start..];
            held_out.claimed.push(other.recall.read_claiming(
                &other.covariances,
                x,
                &mut scratch,
                out,
            )?);
        }
        Ok(())
    }
}

impl Recall<Arena> {
    /// Sets the sizes and shapes of errors and the inverse temperature from what another memory,
    /// like this one but without these rows, said about them.
    pub(crate) fn calibrate<'a>(
        &mut self,
        rows: impl Iterator<Item = (&'a [f32], Kept<'a>)> + Clone,
        held_out: &HeldOut,
        scratch: &mut Scratch,
    ) {
        let outputs = self.outputs();
        let Self { config, noise, temperature, structure, slots, .. } = self;
        let Some(structure) = structure else { return };
        let predicted = held_out.predicted.chunks_exact(outputs.max(1));
        let told = rows.zip(predicted.zip(&held_out.claimed));
        let mut errors = vec![0.0; outputs];
        noise.forget_sizes(config.targets());
        for ((_, kept), (predicted, &claimed)) in told.clone() {
            fill_errors(structure, kept, predicted, &mut errors);
            noise.expect(&errors, claimed);
        }
        *temperature = Temperature::default();
        for ((x, kept), (predicted, &claimed)) in told {
            scratch.fit(config.inputs(), structure, outputs);
            activate(structure, slots, x, scratch);
            fill_errors(structure, kept, predicted, &mut errors);
            noise.observe_size(&errors, claimed, &scratch.active);
            if let Kept::Class(class) = kept {
                temperature.observe(predicted, class);
            }
        }
    }
}

/// The errors of a prediction in the units of the data, normalised.
fn fill_errors(structure: &Structure, kept: Kept<'_>, predicted: &[f32], errors: &mut [f32]) {
    let normaliser = structure.normaliser();
    for (output, (error, &predicted)) in errors.iter_mut().zip(predicted).enumerate() {
        *error = match kept {
            Kept::Numbers(y) => {
                normaliser.target(output, y[output]) - normaliser.target(output, predicted)
            }
            Kept::Class(class) => f32::from(u8::from(class == output)) - predicted,
        };
    }
}
