//! The first observations, kept until the normaliser and the gates are fixed.

use crate::config::{Config, Targets};
use crate::error::Result;
use crate::observation::{canonical, check_weight};
use crate::wire::{Reader, Writer};

/// Observations gathered while warming up: they are fitted to again each time their number has
/// doubled, and let go once there are enough.
#[derive(Debug, Clone, Default)]
pub(crate) struct WarmUp {
    /// Inputs, flat.
    rows: Vec<f32>,
    /// Numeric targets, flat; empty for labels.
    targets: Vec<f32>,
    /// Class of each row; empty for numbers.
    classes: Vec<u32>,
    /// Weight of each row.
    weights: Vec<f32>,
    /// Whether the memory has warmed up.
    done: bool,
}

/// What one kept observation is to be.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Kept<'a> {
    /// Numbers.
    Numbers(&'a [f32]),
    /// The position of a class.
    Class(usize),
}

impl WarmUp {
    pub(crate) fn done(&self) -> bool {
        self.done
    }

    pub(crate) fn count(&self) -> usize {
        self.weights.len()
    }

    pub(crate) fn rows(&self) -> &[f32] {
        &self.rows
    }

    pub(crate) fn targets(&self) -> &[f32] {
        &self.targets
    }

    pub(crate) fn push(&mut self, x: &[f32], kept: Kept<'_>, weight: f32) {
        self.rows.extend(x.iter().copied().map(canonical));
        match kept {
            Kept::Numbers(y) => self.targets.extend(y.iter().copied().map(canonical)),
            Kept::Class(class) => self.classes.push(class as u32),
        }
        self.weights.push(weight);
    }

    /// Observation number `index`: input, target, weight.
    pub(crate) fn get(
        &self,
        index: usize,
        inputs: usize,
        outputs: usize,
    ) -> (&[f32], Kept<'_>, f32) {
        let x = &self.rows[index * inputs..][..inputs];
        let kept = match self.classes.get(index) {
            Some(&class) => Kept::Class(class as usize),
            None => Kept::Numbers(&self.targets[index * outputs..][..outputs]),
        };
        (x, kept, self.weights[index])
    }

    /// Whether now is the time to fit: at 1, 2, 4 ... observations, and at the last.
    pub(crate) fn due(&self, last: usize) -> bool {
        !self.done && (self.count().is_power_of_two() || self.count() >= last)
    }

    /// Lets the observations go: the memory has warmed up.
    pub(crate) fn finish(&mut self) {
        *self = Self { done: true, ..Self::default() };
    }

    pub(crate) fn bytes(&self) -> usize {
        let numbers = self.rows.capacity() + self.targets.capacity() + self.weights.capacity();
        4 * (numbers + self.classes.capacity())
    }

    pub(crate) fn encode(&self, writer: &mut Writer) {
        writer.u8(self.done.into());
        writer.f32s(&self.rows);
        writer.f32s(&self.targets);
        writer.u32s(&self.classes);
        writer.f32s(&self.weights);
    }

    pub(crate) fn decode(reader: &mut Reader<'_>, config: &Config, outputs: usize) -> Result<Self> {
        let done = reader.u8()? != 0;
        let (rows, targets, classes) = (reader.values()?, reader.values()?, reader.u32s()?);
        let weights = reader.f32s()?;
        let count = weights.len();
        let fits = match config.targets() {
            Targets::Numbers(_) => classes.is_empty() && targets.len() == count * outputs,
            Targets::Labels => {
                targets.is_empty()
                    && classes.len() == count
                    && classes.iter().all(|&class| (class as usize) < outputs)
            }
        };
        if !fits
            || weights.iter().any(|&weight| check_weight(weight).is_err())
            || rows.len() != count * config.inputs()
            || count >= config.warm_up()
            || (done && count > 0)
        {
            return Err(reader.damaged("the warm-up observations have a wrong size"));
        }
        Ok(Self { rows, targets, classes, weights, done })
    }
}
