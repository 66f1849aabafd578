//! Writing: mean-field recursive least squares on the spot.

use ndarray::ArrayView2;

use crate::config::Config;
use crate::error::{Error, Result};
use crate::kernel::simd::{Kernel, dispatch};
use crate::kernel::{LANES, Simd, Step, map};
use crate::label::Labels;
use crate::noise::Noise;
use crate::normaliser::TARGET_LIMIT;
use crate::observation::{Target, check_weight};
use crate::observations::{Kept, Observations};
use crate::recall::{Recall, activate, predict, prefetch_ahead, prior_variance};
use crate::rehearsal::{Look, Rehearsal};
use crate::report::{Report, Sizes};
use crate::room::{self, Parts, Room};
use crate::scratch::{Active, Scratch};
use crate::slots::{Arena, LINE_FLOATS, MAX_SLOTS, SlotTable};
use crate::structure::Structure;
use crate::temperature::Temperature;
use crate::told::Told;
use crate::warm_up::WarmUp;
use crate::window;
use own::own_active;

/// Rows of weights are made in steps of at least this many, and of at least an eighth of what there
/// is, so that new classes rarely move the slots.
const OUTPUT_STEP: usize = 4;

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
#[derive(Debug, Clone)]
pub struct Model {
    pub(crate) recall: Recall<Arena>,
    pub(crate) covariances: Arena,
    pub(crate) warm_up: WarmUp,
    /// What was said about the observations of the warm-up, all but the first; none for labels.
    pub(crate) told: Told,
    pub(crate) rehearsal: Rehearsal,
    scratch: Scratch,
    /// The prediction made before the last write, in the units of the data.
    before: Vec<f32>,
}

impl Model {
    /// An empty memory.
    pub fn new(config: Config) -> Self {
        let recall = Recall {
            labels: Labels::of_basis(&config),
            sequence: 0,
            noise: Noise::new(config.targets()),
            temperature: Temperature::default(),
            structure: None,
            slots: SlotTable::default(),
            weights: Arena::default(),
            room: Room::default(),
            config,
        };
        let (warm_up, rehearsal) = (WarmUp::default(), Rehearsal::default());
        Self::from_parts(recall, Arena::default(), warm_up, Told::default(), rehearsal)
    }

    pub(crate) fn from_parts(
        recall: Recall<Arena>,
        covariances: Arena,
        warm_up: WarmUp,
        told: Told,
        rehearsal: Rehearsal,
    ) -> Self {
        let (scratch, before) = (Scratch::default(), Vec::new());
        Self { recall, covariances, warm_up, told, rehearsal, scratch, before }
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
    /// [`Error::Length`], [`Error::NotFinite`], [`Error::NoTarget`], [`Error::TargetKind`],
    /// [`Error::LabelLength`], [`Error::TooManyLabels`], [`Error::TooManySlots`].
    pub fn check(&self, x: &[f32], target: Target<'_>) -> Result<()> {
        self.recall.check_input(x)?;
        target.check(self.recall.config.targets())?;
        if let Target::Label(label) = target {
            self.recall.labels.check(label)?;
        }
        let active = self.recall.structure.as_ref().map_or(0, Structure::active);
        let bounded = self.recall.config.max_bytes().is_some();
        if !bounded && self.recall.slots.len() + active > MAX_SLOTS {
            return Err(Error::TooManySlots { max: MAX_SLOTS });
        }
        if let Target::Label(label) = target
            && bounded
            && self.recall.labels.position(label).is_none()
        {
            // One more class makes the slots longer.
            let (config, outputs) = (&self.recall.config, self.recall.outputs() + 1);
            match &self.recall.structure {
                Some(structure) if self.warm_up.done() => {
                    room::check(config, structure.n(), outputs, structure.active())?;
                }
                _ => room::check_picks(config, outputs)?,
            }
        }
        Ok(())
    }

    /// Stores that `target` belongs to `x`, and returns what a read of `x` gave just before: the
    /// prequential prediction, one number a target or one score a class. A class that was new is
    /// there with a score of 0. At the very first write there was nothing to read: zeros, or what the
    /// memory's net says.
    ///
    /// NaN stands for a missing value. A missing input counts as that input's mean. A target that
    /// is not known teaches its output nothing and is counted in no statistic; the others are
    /// learned as always. What the active slots know of the input they then believe to know for
    /// every output, as all outputs share their covariances.
    ///
    /// Costs one pass over the active slots' maps and two over their covariances, without an
    /// allocation once the slots exist; while the memory warms up, fifteen writes fit it to all
    /// observations so far again.
    ///
    /// # Errors
    /// Those of [`Model::check`]; [`Error::DamagedSlot`], and all that a base may fail with, where the
    /// model stands over one ([`SavedModel::model_over`](crate::SavedModel::model_over)) and a slot that
    /// the write needs, for itself or for what it rehearses, is damaged there. The memory is then as
    /// it was: nothing of the write is learned.
    pub fn write(&mut self, x: &[f32], target: Target<'_>) -> Result<&[f32]> {
        self.write_weighted(x, target, 1.0)
    }

    /// [`Model::write`] of an observation that counts as `weight` of them, 1e-6 to 1e6: its noise
    /// variance is divided by `weight`, as in weighted least squares, so that 2 is about the same
    /// observation twice. A weight of 1 is [`Model::write`], bit for bit.
    ///
    /// The error statistics count the observation once, its squared error in units of the S that
    /// its weight makes: what a read gives is the variance of an observation of weight 1. The
    /// normaliser and the gates do not look at weights.
    ///
    /// # Errors
    /// Those of [`Model::write`], and [`Error::Weight`]; the memory is then as it was.
    pub fn write_weighted(&mut self, x: &[f32], target: Target<'_>, weight: f32) -> Result<&[f32]> {
        check_weight(weight)?;
        self.check(x, target)?;
        self.own_ahead(x, target)?;
        let kept = match target {
            Target::Numbers(y) => Kept::Numbers(y),
            Target::Label(label) => {
                let class = self.recall.labels.insert(label)?;
                self.make_room()?;
                Kept::Class(class)
            }
        };
        self.before.clear();
        self.before.resize(self.recall.outputs(), 0.0);
        if self.recall.structure.is_none() {
            self.recall.start(x, &mut self.scratch, &mut self.before);
        }
        let warming_up = !self.warm_up.done();
        if warming_up {
            self.warm_up.push(&self.recall.config, x, kept, weight);
        }
        if self.recall.structure.is_some() {
            let square = self.learn(x, kept, weight, Pass::First)?;
            self.note_prediction();
            if !warming_up {
                self.note_new(kept, square);
                self.rehearse()?;
                self.rehearsal.offer(&self.recall.config, x, kept, weight);
            } else if matches!(kept, Kept::Numbers(_)) {
                self.told.push(&self.before, self.scratch.claimed);
            }
        }
        let last = room::warm_up(&self.recall.config);
        if self.warm_up.due(last) {
            self.fit()?;
            if self.warm_up.count() >= last {
                let observations = self.warm_up.finish();
                self.told = Told::default();
                self.start_rehearsal(&observations);
            }
        }
        self.recall.sequence += 1;
        Ok(&self.before)
    }

    /// Counts a sequence number and learns nothing: what stands for an observation that was erased
    /// from the history. All else stays bit for bit as it was.
    pub fn skip(&mut self) {
        self.recall.sequence += 1;
    }

    /// One write a row; every row is checked before the first is written.
    ///
    /// # Errors
    /// The first row's that is refused, with nothing written; where a row meets a damaged slot in a
    /// base, with the rows before it written.
    pub fn write_batch(&mut self, x: ArrayView2<'_, f32>, y: ArrayView2<'_, f32>) -> Result<()> {
        self.write_rows(x, y, None)
    }

    /// [`Model::write_batch`] with a weight a row, as [`Model::write_weighted`] takes it.
    ///
    /// # Errors
    /// The first row's that is refused, with nothing written; [`Error::Length`] where there are
    /// not as many weights as rows.
    pub fn write_batch_weighted(
        &mut self,
        x: ArrayView2<'_, f32>,
        y: ArrayView2<'_, f32>,
        weights: &[f32],
    ) -> Result<()> {
        self.write_rows(x, y, Some(weights))
    }

    fn write_rows(
        &mut self,
        x: ArrayView2<'_, f32>,
        y: ArrayView2<'_, f32>,
        weights: Option<&[f32]>,
    ) -> Result<()> {
        let expected = x.nrows();
        for (what, got) in [
            ("the batch of targets", y.nrows()),
            ("the batch of weights", weights.map_or(expected, <[f32]>::len)),
        ] {
            if got != expected {
                return Err(Error::Length { what, expected, got });
            }
        }
        let (mut input, mut target) = (vec![0.0; x.ncols()], vec![0.0; y.ncols()]);
        for write in [false, true] {
            for (row, (x, y)) in x.rows().into_iter().zip(y.rows()).enumerate() {
                input.iter_mut().zip(x).for_each(|(input, &x)| *input = x);
                target.iter_mut().zip(y).for_each(|(target, &y)| *target = y);
                let weight = weights.map_or(1.0, |weights| weights[row]);
                if write {
                    self.write_weighted(&input, Target::Numbers(&target), weight)?;
                } else {
                    check_weight(weight)?;
                    self.check(&input, Target::Numbers(&target))?;
                }
            }
        }
        Ok(())
    }

    /// Counts a new observation for the statistics that say how much to rehearse.
    fn note_new(&mut self, kept: Kept<'_>, square: f64) {
        let Some(structure) = &self.recall.structure else { return };
        let targets = (0..self.recall.outputs()).map(|output| normalised(structure, kept, output));
        self.rehearsal.note_new(square, targets);
    }

    /// Keeps of the observations so far, in order, what may be rehearsed.
    pub(crate) fn start_rehearsal(&mut self, observations: &Observations) {
        let Self { recall, rehearsal, .. } = self;
        if let Some(structure) = &recall.structure {
            rehearsal.start(&recall.config, structure, recall.outputs(), observations);
        }
    }

    /// Learns earlier observations again, as many as the order of the stream demands.
    fn rehearse(&mut self) -> Result<()> {
        let mut rehearsal = std::mem::take(&mut self.rehearsal);
        let config = &self.recall.config;
        let (inputs, outputs) = (config.inputs(), self.recall.outputs());
        let times = rehearsal.times(config, self.recall.noise.alike());
        let mut pick = rehearsal.pick(config);
        let mut result = Ok(());
        for look in rehearsal.looks(config, times) {
            let (x, kept, weight) = rehearsal.kept().get(pick(), inputs, outputs);
            let pass = match look {
                Look::Learn => Pass::Again,
                Look::Measure => Pass::Probe,
            };
            match self.learn(x, kept, weight, pass) {
                Ok(square) => rehearsal.note_kept(square),
                Err(error) => result = Err(error),
            }
        }
        self.rehearsal = rehearsal;
        result
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
    fn make_room(&mut self) -> Result<()> {
        let outputs = self.recall.outputs();
        self.recall.noise.widen(outputs);
        let Some(structure) = &self.recall.structure else {
            return Ok(());
        };
        let lines = weight_lines(structure.width(), outputs);
        if lines > self.recall.weights.stride() {
            let config = &self.recall.config;
            if room::check(config, structure.n(), outputs, structure.active()).is_err() {
                // While the memory warms up; fewer tables were checked to fit.
                return self.fit();
            }
            self.bound()?;
            self.recall.weights.widen(lines)?;
        }
        Ok(())
    }

    /// Evicts the slots that there is no room for.
    pub(crate) fn bound(&mut self) -> Result<()> {
        let outputs = self.recall.outputs();
        let Self { recall, covariances, .. } = self;
        let Recall { config, structure: Some(structure), room, slots, weights, noise, .. } = recall
        else {
            return Ok(());
        };
        room.fit(config, structure.n(), outputs);
        room.shrink(config, structure.n(), &mut Parts { slots, weights, covariances, noise })
    }

    /// The write itself, on checked values and with room for every output. Gives the squared error
    /// before it, summed over outputs.
    fn learn(&mut self, x: &[f32], kept: Kept<'_>, weight: f32, pass: Pass) -> Result<f64> {
        let outputs = self.recall.outputs();
        let Self { recall, covariances, scratch, .. } = self;
        let Some(structure) = &recall.structure else {
            return Ok(0.0);
        };
        scratch.fit(structure, outputs);
        scratch.fit_covariance(covariances.stride());
        dispatch(Update {
            structure,
            config: &recall.config,
            now: recall.sequence,
            room: &mut recall.room,
            slots: &mut recall.slots,
            weights: &mut recall.weights,
            covariances,
            noise: &mut recall.noise,
            temperature: &mut recall.temperature,
            scratch,
            x,
            kept,
            weight,
            pass,
        })
    }

    /// The memory in numbers.
    pub fn report(&self) -> Report {
        // Where there is a limit, what is allocated counts against it, used or not.
        let bounded = self.recall.config.max_bytes().is_some();
        let slots = if bounded { Arena::allocated } else { Arena::bytes };
        let kept = if bounded { Observations::allocated } else { Observations::bytes };
        self.recall.report(&Sizes {
            warming_up: (!self.warm_up.done()).then(|| self.warm_up.count()),
            kept_bytes: kept(self.warm_up.kept()) + self.told.bytes() + kept(self.rehearsal.kept()),
            weight_bytes: slots(&self.recall.weights),
            covariance_bytes: slots(&self.covariances),
            rehearsing: self.rehearsal.report(&self.recall.config, self.recall.noise.alike()),
        })
    }
}

/// Target number `output` of an observation, in normalised units.
#[inline(always)]
pub(crate) fn normalised(structure: &Structure, kept: Kept<'_>, output: usize) -> f32 {
    match kept {
        Kept::Numbers(y) => structure.normaliser().target(output, y[output]),
        Kept::Class(class) => f32::from(u8::from(class == output)),
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
    /// It is only looked at.
    Probe,
}

impl Pass {
    /// The noise of an observation of weight 1.
    #[inline(always)]
    fn noise(self, noise: &Noise) -> f32 {
        match self {
            // A rehearsed observation is drawn at random: it has no neighbour that it is like.
            Self::Again => noise.plain(),
            Self::First | Self::Refit | Self::Probe => noise.variance(),
        }
    }
}

/// Fills in the errors of a prediction, NaN where the target is not known; gives the sum of their
/// squares.
#[inline(always)]
fn fill_errors(
    structure: &Structure,
    kept: Kept<'_>,
    predicted: &[f32],
    errors: &mut [f32],
) -> f64 {
    let normaliser = structure.normaliser();
    for (output, (error, predicted)) in errors.iter_mut().zip(predicted).enumerate() {
        let y = match kept {
            Kept::Numbers(y) => normaliser.target(output, y[output]),
            Kept::Class(class) => f32::from(u8::from(class == output)),
        };
        *error = y - *predicted;
    }
    if structure.basis().is_some() {
        // Their targets have no limit.
        errors.iter_mut().for_each(|error| *error = error.clamp(-TARGET_LIMIT, TARGET_LIMIT));
    }
    let known = errors.iter().filter(|error| !error.is_nan());
    known.map(|&error| f64::from(error) * f64::from(error)).sum()
}

/// The parts of a model that one write works on.
struct Update<'a> {
    structure: &'a Structure,
    config: &'a Config,
    /// The sequence number of the observation before.
    now: u64,
    room: &'a mut Room,
    slots: &'a mut SlotTable,
    weights: &'a mut Arena,
    covariances: &'a mut Arena,
    noise: &'a mut Noise,
    temperature: &'a mut Temperature,
    scratch: &'a mut Scratch,
    x: &'a [f32],
    kept: Kept<'a>,
    weight: f32,
    pass: Pass,
}

impl Kernel for Update<'_> {
    type Output = Result<f64>;

    /// e = y - yhat; S = noise / weight + sum of phi' P phi; for each active slot u = P phi,
    /// W += e u' / S, P -= u u' / S.
    #[inline(always)]
    fn run<S: Simd>(self, simd: S) -> Result<f64> {
        let Self { structure, config, slots, weights, covariances, noise, scratch, .. } = self;
        let temperature = self.temperature;
        let (n, width, precision) = (structure.n(), structure.width(), config.precision());
        activate(simd, structure, slots, self.x, scratch);
        let learns = self.pass != Pass::Probe;
        if learns && (weights.is_lent() || covariances.is_lent()) {
            own_active(weights, covariances, &scratch.active)?;
        }
        for index in 0..scratch.active.len() {
            let Active { key, slot: None, .. } = scratch.active[index] else { continue };
            if learns {
                let mut parts = Parts { slots, weights, covariances, noise };
                let slot = self.room.open(config, n, &scratch.active, key, &mut parts)?;
                let covariance = covariances.floats_mut(slot)?;
                precision.reset(covariance, n, prior_variance(n));
                window::stamp(config, covariance, n, self.now);
                scratch.active[index].slot = Some(slot);
            }
        }
        let covariances_too = learns.then_some(&*covariances);
        predict(simd, structure, weights, covariances_too, scratch)?;

        let Scratch {
            phi, active, predicted, errors, f, v, spreads, u, old, claimed: told, ..
        } = scratch;
        let square = fill_errors(structure, self.kept, predicted, errors);
        if !learns {
            return Ok(square);
        }

        let own_noise = self.pass.noise(noise) / self.weight;
        let mut claimed = own_noise;
        let steps = f.chunks_exact_mut(width).zip(v.chunks_exact_mut(width));
        for (index, (spread, (f, v))) in spreads.iter_mut().zip(steps).enumerate() {
            prefetch_ahead(covariances, active, index);
            let Active { slot: Some(slot), feature, .. } = active[index] else { continue };
            let phi = &phi[feature as usize * width..][..width];
            let covariance = covariances.floats_mut(slot)?;
            window::catch_up(simd, config, covariance, n, self.now, old);
            *spread = precision.spread(simd, covariance, n, &mut Step { phi, f, v });
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
            (Pass::Again | Pass::Probe, _) => {}
        }
        *told = claimed;

        let gain = 1.0 / claimed;
        // The error of a target that is not known is NaN: it corrects nothing.
        errors
            .iter_mut()
            .for_each(|error| *error = if error.is_nan() { 0.0 } else { *error * gain });
        let steps = f.chunks_exact_mut(width).zip(v.chunks_exact_mut(width));
        for ((active, spread), (f, v)) in active.iter().zip(spreads.iter()).zip(steps) {
            let Some(slot) = active.slot else { continue };
            let phi = &phi[active.feature as usize * width..][..width];
            let rest = (claimed - spread).max(own_noise);
            let step = Step { phi, f, v };
            let (covariance, weights) = (covariances.floats_mut(slot)?, weights.floats_mut(slot)?);
            precision.update(simd, covariance, n, &step, rest, claimed, u);
            map::correct(simd, weights, u, errors);
        }
        Ok(square)
    }
}

const _: () = assert!(LINE_FLOATS.is_multiple_of(LANES));

mod fit;
#[cfg(test)]
mod honesty_tests;
mod own;
#[cfg(test)]
mod tests;
mod twins;
