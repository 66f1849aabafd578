//! Observations side by side: what is kept of the history in memory.

use crate::config::{Config, Targets};
use crate::error::{Error, Result};
use crate::label::Labels;
use crate::observation::{Target, canonical, check_weight};
use crate::wire::{Reader, Writer};

/// What one kept observation is to be.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Kept<'a> {
    /// Numbers.
    Numbers(&'a [f32]),
    /// The position of a class.
    Class(usize),
}

/// Observations of one memory, flat: inputs, targets or classes, weights. NaN stands for a missing
/// value.
///
/// Gathered from a history for [`Model::consolidate`](crate::Model::consolidate).
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Observations {
    /// Inputs, flat.
    rows: Vec<f32>,
    /// Numeric targets, flat; empty for labels.
    targets: Vec<f32>,
    /// Class of each row; empty for numbers.
    classes: Vec<u32>,
    /// Weight of each row.
    weights: Vec<f32>,
}

impl Observations {
    /// None yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.weights.len()
    }

    /// True where there are none.
    pub fn is_empty(&self) -> bool {
        self.weights.is_empty()
    }

    /// Adds one. `labels` are those of the memory, which must know the target's; the caller has
    /// seen to the lengths, as a history has.
    ///
    /// # Errors
    /// [`Error::TargetKind`] for a label that the memory does not know.
    pub fn add(
        &mut self,
        labels: &Labels,
        x: &[f32],
        target: Target<'_>,
        weight: f32,
    ) -> Result<()> {
        let kept = match target {
            Target::Numbers(y) => Kept::Numbers(y),
            Target::Label(label) => {
                Kept::Class(labels.position(label).ok_or(Error::TargetKind {
                    expected: "a label of the memory",
                    got: "an unknown one",
                })?)
            }
        };
        self.push(x, kept, weight);
        Ok(())
    }

    pub(crate) fn rows(&self) -> &[f32] {
        &self.rows
    }

    pub(crate) fn targets(&self) -> &[f32] {
        &self.targets
    }

    pub(crate) fn classes(&self) -> &[u32] {
        &self.classes
    }

    pub(crate) fn weights(&self) -> &[f32] {
        &self.weights
    }

    pub(crate) fn push(&mut self, x: &[f32], kept: Kept<'_>, weight: f32) {
        self.rows.extend(x.iter().copied().map(canonical));
        match kept {
            Kept::Numbers(y) => self.targets.extend(y.iter().copied().map(canonical)),
            Kept::Class(class) => self.classes.push(class as u32),
        }
        self.weights.push(weight);
    }

    /// Puts an observation in the place of number `index`, which there must be.
    pub(crate) fn replace(&mut self, index: usize, x: &[f32], kept: Kept<'_>, weight: f32) {
        let put = |to: &mut [f32], from: &[f32]| {
            to.iter_mut().zip(from).for_each(|(to, &from)| *to = canonical(from));
        };
        put(&mut self.rows[index * x.len()..][..x.len()], x);
        match kept {
            Kept::Numbers(y) => put(&mut self.targets[index * y.len()..][..y.len()], y),
            Kept::Class(class) => self.classes[index] = class as u32,
        }
        self.weights[index] = weight;
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

    /// Makes room for `count` observations in all, so that adding them allocates nothing.
    pub(crate) fn reserve(&mut self, count: usize, inputs: usize, outputs: usize) {
        let more = count.saturating_sub(self.len());
        self.rows.reserve_exact(more.saturating_mul(inputs));
        // Either targets or classes are used; pages that are not touched cost nothing.
        self.targets.reserve_exact(more.saturating_mul(outputs));
        self.classes.reserve_exact(more);
        self.weights.reserve_exact(more);
    }

    /// Bytes that they take.
    pub(crate) fn bytes(&self) -> usize {
        let numbers = self.rows.len() + self.targets.len() + self.weights.len();
        4 * (numbers + self.classes.len())
    }

    /// Bytes that are allocated, used or not.
    pub(crate) fn allocated(&self) -> usize {
        let numbers = self.rows.capacity() + self.targets.capacity() + self.weights.capacity();
        4 * (numbers + self.classes.capacity())
    }

    pub(crate) fn encode(&self, writer: &mut Writer) {
        writer.f32s(&self.rows);
        writer.f32s(&self.targets);
        writer.u32s(&self.classes);
        writer.f32s(&self.weights);
    }

    pub(crate) fn decode(reader: &mut Reader<'_>, config: &Config, outputs: usize) -> Result<Self> {
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
        {
            return Err(reader.damaged("the observations that are kept have a wrong size"));
        }
        Ok(Self { rows, targets, classes, weights })
    }
}
