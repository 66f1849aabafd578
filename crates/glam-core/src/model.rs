//! Writing: mean-field recursive least squares on the spot.

use ndarray::ArrayView2;

use crate::config::{Config, Targets};
use crate::error::{Error, Result};
use crate::kernel::simd::{Kernel, dispatch};
use crate::kernel::{LANES, Simd, Step, map};
use crate::label::{Label, Labels};
use crate::noise::Noise;
use crate::recall::{Recall, activate, check_row, predict, prefetch_ahead, prior_variance};
use crate::report::{Report, Sizes};
use crate::scratch::{Active, Scratch};
use crate::slots::{Arena, LINE_FLOATS, MAX_SLOTS, SlotTable, lines_for};
use crate::structure::Structure;
use crate::temperature::Temperature;
use crate::told::Told;
use crate::warm_up::{Kept, WarmUp};

/// Times the observations of the warm-up are gone through when the memory is fitted to them: once
/// as they came, then again to rehearse them, which is cheap while they are few and matters most
/// for memories that never see many.
const WARM_UP_PASSES: usize = 4;
/// Rows of weights are made in steps of at least this many, and of at least an eighth of what there
/// is, so that new classes rarely move the slots.
const OUTPUT_STEP: usize = 4;

/// What belongs to an input: numbers or a class.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub enum Target<'a> {
    /// One number a target.
    Numbers(&'a [f32]),
    /// A class label.
    Label(Label<'a>),
}

impl<'a> From<&'a [f32]> for Target<'a> {
    fn from(numbers: &'a [f32]) -> Self {
        Self::Numbers(numbers)
    }
}

impl<'a, const N: usize> From<&'a [f32; N]> for Target<'a> {
    fn from(numbers: &'a [f32; N]) -> Self {
        Self::Numbers(numbers)
    }
}

impl<'a> From<&'a Vec<f32>> for Target<'a> {
    fn from(numbers: &'a Vec<f32>) -> Self {
        Self::Numbers(numbers)
    }
}

impl<'a> From<Label<'a>> for Target<'a> {
    fn from(label: Label<'a>) -> Self {
        Self::Label(label)
    }
}

/// A memory in the process's own memory, without files: what learns.
///
/// ```
/// use glam_core::{Config, Model, Scratch, Targets};
///
/// let mut model = Model::new(Config::builder(1, Targets::Numbers(1)).build()?);
/// for i in 0..1000 {
///     let x = (i * 37 % 1000) as f32 / 100.0;
///     model.write(&[x], (&[x.sin()]).into())?;
/// }
/// let mut out = [0.0];
/// model.recall().read(&[2.0], &mut Scratch::default(), &mut out)?;
/// assert!((out[0] - 2.0_f32.sin()).abs() < 0.05);
/// # Ok::<(), glam_core::Error>(())
/// ```
#[derive(Debug)]
pub struct Model {
    pub(crate) recall: Recall<Arena>,
    pub(crate) covariances: Arena,
    pub(crate) warm_up: WarmUp,
    /// What was said about the observations of the warm-up, all but the first; none for labels.
    pub(crate) told: Told,
    scratch: Scratch,
    /// The prediction made before the last write, in the units of the data.
    before: Vec<f32>,
}

impl Model {
    /// An empty memory.
    pub fn new(config: Config) -> Self {
        let recall = Recall {
            labels: Labels::default(),
            sequence: 0,
            noise: Noise::new(config.targets()),
            temperature: Temperature::default(),
            structure: None,
            slots: SlotTable::default(),
            weights: Arena::default(),
            config,
        };
        Self::from_parts(recall, Arena::default(), WarmUp::default(), Told::default())
    }

    pub(crate) fn from_parts(
        recall: Recall<Arena>,
        covariances: Arena,
        warm_up: WarmUp,
        told: Told,
    ) -> Self {
        let (scratch, before) = (Scratch::default(), Vec::new());
        Self { recall, covariances, warm_up, told, scratch, before }
    }

    /// The reading half.
    pub fn recall(&self) -> &Recall<Arena> {
        &self.recall
    }

    /// The covariances, for [`Recall::read_with_variance`].
    pub fn covariances(&self) -> &Arena {
        &self.covariances
    }

    /// Fails where [`Model::write`] would refuse the observation; changes nothing.
    ///
    /// # Errors
    /// [`Error::Length`], [`Error::NotFinite`], [`Error::TargetKind`], [`Error::LabelLength`],
    /// [`Error::TooManyLabels`], [`Error::TooManySlots`].
    pub fn check(&self, x: &[f32], target: Target<'_>) -> Result<()> {
        self.recall.check_input(x)?;
        match (self.recall.config.targets(), target) {
            (Targets::Numbers(targets), Target::Numbers(y)) => {
                check_row("target", y, targets as usize)?;
            }
            (Targets::Labels, Target::Label(label)) => self.recall.labels.check(label)?,
            (Targets::Numbers(_), Target::Label(_)) => {
                return Err(Error::TargetKind { expected: "numbers", got: "a label" });
            }
            (Targets::Labels, Target::Numbers(_)) => {
                return Err(Error::TargetKind { expected: "labels", got: "numbers" });
            }
        }
        let active = self.recall.structure.as_ref().map_or(0, Structure::active);
        if self.recall.slots.len() + active > MAX_SLOTS {
            return Err(Error::TooManySlots { max: MAX_SLOTS });
        }
        Ok(())
    }

    /// Stores that `target` belongs to `x`, and returns what a read of `x` gave just before: the
    /// prequential prediction, one number a target or one score a class. A class that was new is
    /// there with a score of 0. At the very first write there was nothing to read: zeros.
    ///
    /// Costs one pass over the active slots' maps and two over their covariances, without an
    /// allocation once the slots exist; while the memory warms up, the writes that double the
    /// number of observations fit it to all of them again.
    ///
    /// # Errors
    /// Those of [`Model::check`]; the memory is then as it was.
    pub fn write(&mut self, x: &[f32], target: Target<'_>) -> Result<&[f32]> {
        self.check(x, target)?;
        let kept = match target {
            Target::Numbers(y) => Kept::Numbers(y),
            Target::Label(label) => {
                let class = self.recall.labels.insert(label)?;
                self.make_room();
                Kept::Class(class)
            }
        };
        self.before.clear();
        self.before.resize(self.recall.outputs(), 0.0);
        if !self.warm_up.done() {
            self.warm_up.push(x, kept);
        }
        if self.recall.structure.is_some() {
            self.learn(x, kept, Pass::First)?;
            self.note_prediction();
            if !self.warm_up.done() && matches!(kept, Kept::Numbers(_)) {
                self.told.push(&self.before, self.scratch.claimed);
            }
        }
        if self.warm_up.due(self.recall.config.warm_up()) {
            self.fit()?;
            if self.warm_up.count() >= self.recall.config.warm_up() {
                self.warm_up.finish();
                self.told = Told::default();
            }
        }
        self.recall.sequence += 1;
        Ok(&self.before)
    }

    /// One write a row; every row is checked before the first is written.
    ///
    /// # Errors
    /// The first row's that is refused, with nothing written.
    pub fn write_batch(&mut self, x: ArrayView2<'_, f32>, y: ArrayView2<'_, f32>) -> Result<()> {
        if x.nrows() != y.nrows() {
            let (expected, got) = (x.nrows(), y.nrows());
            return Err(Error::Length { what: "the batch of targets", expected, got });
        }
        let (mut input, mut target) = (vec![0.0; x.ncols()], vec![0.0; y.ncols()]);
        for write in [false, true] {
            for (x, y) in x.rows().into_iter().zip(y.rows()) {
                input.iter_mut().zip(x).for_each(|(input, &x)| *input = x);
                target.iter_mut().zip(y).for_each(|(target, &y)| *target = y);
                if write {
                    self.write(&input, Target::Numbers(&target))?;
                } else {
                    self.check(&input, Target::Numbers(&target))?;
                }
            }
        }
        Ok(())
    }

    /// The prediction of the last [`Model::learn`] in the units of the data.
    fn note_prediction(&mut self) {
        let Some(structure) = &self.recall.structure else {
            return;
        };
        let normaliser = structure.normaliser();
        let predicted = self.before.iter_mut().zip(&self.scratch.predicted);
        for (output, (before, predicted)) in predicted.enumerate() {
            *before = normaliser.target_mean(output) + normaliser.target_scale(output) * predicted;
        }
    }

    /// Makes the slots long enough for every class.
    fn make_room(&mut self) {
        let outputs = self.recall.outputs();
        self.recall.noise.widen(outputs);
        if let Some(structure) = &self.recall.structure {
            self.recall.weights.widen(weight_lines(structure.width(), outputs));
        }
    }

    /// Fits the normaliser, the views and the gates to the observations gathered so far and
    /// learns them anew. Statistics of errors go on from what was told about them.
    fn fit(&mut self) -> Result<()> {
        let warm_up = std::mem::take(&mut self.warm_up);
        let recall = &mut self.recall;
        let outputs = recall.outputs();
        let structure = Structure::fit(&recall.config, warm_up.rows(), warm_up.targets(), outputs);
        recall.slots = SlotTable::default();
        recall.weights = Arena::new(weight_lines(structure.width(), outputs));
        let covariance = recall.config.precision().floats(structure.n());
        self.covariances = Arena::new(lines_for(covariance));
        recall.structure = Some(structure);
        recall.noise.widen(outputs);
        recall.noise.forget_neighbours();
        let inputs = recall.config.inputs();
        let passes = [Pass::Refit].into_iter().chain([Pass::Again; WARM_UP_PASSES - 1]);
        let result = passes
            .flat_map(|pass| (0..warm_up.count()).map(move |i| (pass, i)))
            .try_for_each(|(pass, index)| {
                let (x, kept) = warm_up.get(index, inputs, outputs);
                self.learn(x, kept, pass)
            });
        if self.recall.config.targets() != Targets::Labels {
            // About the very first observation nothing was told.
            let rows = (warm_up.count() - self.told.len().min(warm_up.count())..warm_up.count())
                .map(|row| warm_up.get(row, inputs, outputs));
            self.recall.calibrate(rows, &self.told, &mut self.scratch);
        }
        self.warm_up = warm_up;
        result
    }

    /// The write itself, on checked values and with room for every output.
    fn learn(&mut self, x: &[f32], kept: Kept<'_>, pass: Pass) -> Result<()> {
        let outputs = self.recall.outputs();
        let Self { recall, covariances, scratch, .. } = self;
        let Some(structure) = &recall.structure else {
            return Ok(());
        };
        scratch.fit(recall.config.inputs(), structure, outputs);
        dispatch(Update {
            structure,
            config: &recall.config,
            slots: &mut recall.slots,
            weights: &mut recall.weights,
            covariances,
            noise: &mut recall.noise,
            temperature: &mut recall.temperature,
            scratch,
            x,
            kept,
            pass,
        })
    }

    /// The memory in numbers.
    pub fn report(&self) -> Report {
        self.recall.report(&Sizes {
            warming_up: (!self.warm_up.done()).then(|| self.warm_up.count()),
            warm_up_bytes: self.warm_up.bytes() + self.told.bytes(),
            weight_bytes: self.recall.weights.bytes(),
            covariance_bytes: self.covariances.bytes(),
        })
    }
}

/// Lines of a slot's weights: one padded row an output, in steps.
pub(crate) fn weight_lines(width: usize, outputs: usize) -> usize {
    let step = OUTPUT_STEP.max(outputs.next_power_of_two() / 8);
    let rows = if outputs > OUTPUT_STEP { outputs.next_multiple_of(step) } else { outputs };
    (width * LANES * rows).div_ceil(LINE_FLOATS)
}

/// Whether an observation is learned as it comes, or rehearsed.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Pass {
    /// It comes: its error is prequential and is counted.
    First,
    /// It is gone through again after a fit: its error tells how alike neighbours are and nothing
    /// else, as the gates have seen it.
    Refit,
    /// It was learned before: its error says nothing about new cues.
    Again,
}

/// The parts of a model that one write works on.
struct Update<'a> {
    structure: &'a Structure,
    config: &'a Config,
    slots: &'a mut SlotTable,
    weights: &'a mut Arena,
    covariances: &'a mut Arena,
    noise: &'a mut Noise,
    temperature: &'a mut Temperature,
    scratch: &'a mut Scratch,
    x: &'a [f32],
    kept: Kept<'a>,
    pass: Pass,
}

impl Kernel for Update<'_> {
    type Output = Result<()>;

    /// e = y - yhat; S = noise + sum of phi' P phi; for each active slot u = P phi,
    /// W += e u' / S, P -= u u' / S.
    #[inline(always)]
    fn run<S: Simd>(self, simd: S) -> Result<()> {
        let Self { structure, config, slots, weights, covariances, noise, scratch, .. } = self;
        let temperature = self.temperature;
        let (n, width, precision) = (structure.n(), structure.width(), config.precision());
        activate(structure, slots, self.x, scratch);
        for active in scratch.active.iter_mut().filter(|active| active.slot.is_none()) {
            active.slot = Some(slots.insert(active.key));
            weights.push();
            precision.reset(covariances.push(), n, prior_variance(n));
        }
        predict(simd, structure, weights, scratch)?;

        let Scratch { phi, active, predicted, errors, f, v, spreads, u, claimed: told, .. } =
            scratch;
        let normaliser = structure.normaliser();
        for (output, (error, predicted)) in errors.iter_mut().zip(predicted.iter()).enumerate() {
            let y = match self.kept {
                Kept::Numbers(y) => normaliser.target(output, y[output]),
                Kept::Class(class) => f32::from(u8::from(class == output)),
            };
            *error = y - *predicted;
        }

        let own_noise = noise.variance();
        let mut claimed = own_noise;
        let steps = f.chunks_exact_mut(width).zip(v.chunks_exact_mut(width));
        for (index, (spread, (f, v))) in spreads.iter_mut().zip(steps).enumerate() {
            prefetch_ahead(covariances, active, index);
            let Active { slot: Some(slot), feature, .. } = active[index] else { continue };
            let phi = &phi[feature as usize * width..][..width];
            *spread = precision.spread(simd, covariances.floats(slot), n, &mut Step { phi, f, v });
            claimed += *spread;
        }
        match (self.pass, self.kept) {
            (Pass::First, kept) => {
                noise.observe(errors, claimed, active);
                if let Kept::Class(class) = kept {
                    temperature.observe(predicted, class);
                }
            }
            (Pass::Refit, _) => noise.observe_neighbours(errors),
            (Pass::Again, _) => {}
        }
        *told = claimed;

        let gain = 1.0 / claimed;
        errors.iter_mut().for_each(|error| *error *= gain);
        let steps = f.chunks_exact_mut(width).zip(v.chunks_exact_mut(width));
        for ((active, spread), (f, v)) in active.iter().zip(spreads.iter()).zip(steps) {
            let Some(slot) = active.slot else { continue };
            let phi = &phi[active.feature as usize * width..][..width];
            let rest = (claimed - spread).max(own_noise);
            let step = Step { phi, f, v };
            precision.update(simd, covariances.floats_mut(slot), n, &step, rest, claimed, u);
            map::correct(simd, weights.floats_mut(slot), u, errors);
        }
        Ok(())
    }
}

const _: () = assert!(LINE_FLOATS.is_multiple_of(LANES));

#[cfg(test)]
mod honesty_tests;
#[cfg(test)]
mod tests;
