//! What was said about the observations of the warm-up just before each was learned.
//!
//! A fit goes through its observations several times, and gates put their thresholds between them:
//! what a memory then says about them, even in the first pass, is not how it answers a new cue. So
//! its statistics of errors are made anew from what it had said about each observation when it came;
//! the first ones, made when little was known, count the least.

use crate::config::Config;
use crate::error::Result;
use crate::normaliser::TARGET_LIMIT;
use crate::observations::Kept;
use crate::recall::{Recall, find_active};
use crate::scratch::Scratch;
use crate::slots::Arena;
use crate::structure::Structure;
use crate::temperature::Temperature;
use crate::wire::{Reader, Writer};

/// Predictions of numbers, each made before the truth was learned: by a memory while it warms up,
/// or by one that the observations were held out of.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Told {
    /// Predictions in the units of the data, one after another.
    predicted: Vec<f32>,
    /// S of each.
    claimed: Vec<f32>,
}

impl Told {
    /// Adds a prediction for which the slots claimed a variance of `claimed`.
    pub(crate) fn push(&mut self, predicted: &[f32], claimed: f32) {
        // A prediction past the range of f32 must not spoil the saved state.
        let finite = |&value: &f32| value.clamp(f32::MIN, f32::MAX);
        self.predicted.extend(predicted.iter().map(finite));
        self.claimed.push(claimed);
    }

    /// Each prediction of `outputs` numbers and the variance claimed for it.
    pub(crate) fn each(&self, outputs: usize) -> impl Iterator<Item = (&[f32], f32)> + Clone {
        self.predicted.chunks_exact(outputs.max(1)).zip(self.claimed.iter().copied())
    }

    /// Takes every claim to have been `factor` times as large.
    pub(crate) fn claim_more(&mut self, factor: f64) {
        self.claimed.iter_mut().for_each(|claimed| *claimed *= factor as f32);
    }

    pub(crate) fn len(&self) -> usize {
        self.claimed.len()
    }

    pub(crate) fn bytes(&self) -> usize {
        4 * (self.predicted.capacity() + self.claimed.capacity())
    }

    pub(crate) fn encode(&self, writer: &mut Writer) {
        writer.f32s(&self.predicted);
        writer.f32s(&self.claimed);
    }

    /// Of a memory of `outputs` numbers that has `count` observations of its warm-up.
    pub(crate) fn decode(
        reader: &mut Reader<'_>,
        config: &Config,
        outputs: usize,
        count: usize,
    ) -> Result<Self> {
        let told = Self { predicted: reader.f32s()?, claimed: reader.f32s()? };
        let fits = told.len() <= count.min(config.warm_up())
            && Some(told.predicted.len()) == told.len().checked_mul(outputs)
            && told.claimed.iter().all(|&claimed| claimed > 0.0);
        if fits { Ok(told) } else { Err(reader.damaged("the predictions have a wrong size")) }
    }
}

impl Recall<Arena> {
    /// Sets the sizes and shapes of errors, and for labels the temperature, from what was told about
    /// `rows`, one prediction each, in the order in which later ones count more. How alike
    /// neighbours are stays as it is, and so does every slot.
    pub(crate) fn calibrate<'a>(
        &mut self,
        rows: impl Iterator<Item = (&'a [f32], Kept<'a>)> + Clone,
        told: &Told,
        scratch: &mut Scratch,
    ) {
        let outputs = self.outputs();
        let Self { config, noise, temperature, structure, slots, .. } = self;
        let Some(structure) = structure else { return };
        let told = rows.zip(told.each(outputs));
        let mut errors = vec![0.0; outputs];
        noise.forget_sizes(config.targets());
        *temperature = Temperature::default();
        for ((_, kept), (predicted, claimed)) in told.clone() {
            fill_errors(structure, kept, predicted, &mut errors);
            noise.expect(&errors, claimed);
        }
        for ((x, kept), (predicted, claimed)) in told {
            scratch.fit(structure, outputs);
            find_active(structure, slots, x, scratch);
            fill_errors(structure, kept, predicted, &mut errors);
            noise.observe_size(&errors, claimed, &scratch.active);
            if let Kept::Class(class) = kept {
                temperature.observe(predicted, class);
            }
        }
    }
}

/// The errors of a prediction in the units of the data, normalised.
pub(crate) fn fill_errors(
    structure: &Structure,
    kept: Kept<'_>,
    predicted: &[f32],
    errors: &mut [f32],
) {
    let normaliser = structure.normaliser();
    for (output, (error, &predicted)) in errors.iter_mut().zip(predicted).enumerate() {
        *error = match kept {
            Kept::Numbers(y) => {
                normaliser.target(output, y[output]) - normaliser.target(output, predicted)
            }
            Kept::Class(class) => f32::from(u8::from(class == output)) - predicted,
        };
    }
    if structure.basis().is_some() {
        // Their targets have no limit.
        errors.iter_mut().for_each(|error| *error = error.clamp(-TARGET_LIMIT, TARGET_LIMIT));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Targets;

    #[test]
    fn it_survives_its_bytes_and_hostile_ones_are_refused() {
        let config = Config::builder(2, Targets::Numbers(3)).warm_up(10).build().unwrap();
        let mut told = Told::default();
        told.push(&[1.0, 2.0, 3.0], 0.5);
        told.push(&[4.0, 5.0, 6.0], 0.25);
        let bytes = |told: &Told| {
            let mut writer = Writer::default();
            told.encode(&mut writer);
            writer.finish()
        };
        let read = |bytes: &[u8], outputs, count| {
            Told::decode(&mut Reader::new(bytes), &config, outputs, count)
        };
        let saved = bytes(&told);
        assert_eq!(read(&saved, 3, 2).as_ref(), Ok(&told));
        assert!(read(&saved, 3, 1).is_err() && read(&saved, 2, 2).is_err());
        for end in 0..saved.len() {
            assert!(read(&saved[..end], 3, 2).is_err());
        }
        told.claimed[0] = 0.0;
        assert!(read(&bytes(&told), 3, 2).is_err());
    }
}
