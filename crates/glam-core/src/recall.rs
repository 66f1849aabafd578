//! Reading: from a cue to the sum of the active maps.

use crate::config::{Config, Targets};
use crate::error::{Error, Result};
use crate::explain::{ActiveSlot, Explanation};
use crate::kernel::simd::{Kernel, dispatch};
use crate::kernel::{LANES, Simd, map};
use crate::label::Labels;
use crate::noise::Noise;
use crate::normaliser::INPUT_LIMIT;
use crate::observation::check_input;
use crate::room::Room;
use crate::scratch::{Active, Scratch};
use crate::slots::{Key, SlotLines, SlotTable};
use crate::structure::Structure;
use crate::temperature::Temperature;
use ndarray::{Array1, Array2, ArrayView2};

/// All that a read needs. The weights may be a memory's own or those of a mapped file.
///
/// A [`Model`](crate::Model) has one; a reader of files makes one with
/// [`SavedRecall::with_weights`](crate::SavedRecall::with_weights).
#[derive(Debug, Clone)]
pub struct Recall<W> {
    pub(crate) config: Config,
    pub(crate) labels: Labels,
    /// Observations written.
    pub(crate) sequence: u64,
    pub(crate) noise: Noise,
    pub(crate) temperature: Temperature,
    /// `None` until the first write.
    pub(crate) structure: Option<Structure>,
    pub(crate) slots: SlotTable,
    pub(crate) weights: W,
    pub(crate) room: Room,
}

/// How many slots ahead of the arithmetic memory is asked for the next one.
const AHEAD: usize = 6;

/// Normalises `x`, fills the features and finds the active slots.
#[inline(always)]
pub(crate) fn activate<S: Simd>(
    simd: S,
    structure: &Structure,
    slots: &SlotTable,
    x: &[f32],
    scratch: &mut Scratch,
) {
    fill_features(structure, x, scratch);
    let Scratch { z, paths, active, .. } = scratch;
    structure.paths(simd, z, paths);
    for (number, table) in structure.tables().iter().enumerate() {
        table.keys_on(paths[structure.place(number)], number, |key| {
            active.push(Active { key, slot: None, feature: table.feature() });
        });
    }
    // Apart from the gates, so that the look-ups wait for memory side by side.
    active.iter_mut().for_each(|active| active.slot = slots.get(active.key));
}

/// Lifts `x` where the memory is built on a net, normalises it and fills the features.
#[inline(always)]
pub(crate) fn fill_features(structure: &Structure, x: &[f32], scratch: &mut Scratch) {
    let Scratch { z, phi, lifted, activations, start, .. } = scratch;
    let normaliser = structure.normaliser();
    start.clear();
    match structure.basis() {
        None => normaliser.inputs(x, z),
        Some(basis) => {
            lifted.clear();
            basis.lift(x, activations, lifted);
            normaliser.inputs(lifted, z);
            if basis.starts() {
                let outputs = 0..scratch.predicted.len();
                start.extend(
                    outputs
                        .map(|output| normaliser.target(output, basis.start(activations, output))),
                );
            }
        }
    }
    let features = structure.features().iter().zip(phi.chunks_exact_mut(structure.width()));
    for (feature, phi) in features {
        feature.fill(z, phi);
    }
}

/// [`activate`] with the vector unit of this machine, for a caller outside of a kernel.
pub(crate) fn find_active(
    structure: &Structure,
    slots: &SlotTable,
    x: &[f32],
    scratch: &mut Scratch,
) {
    struct Find<'a>(&'a Structure, &'a SlotTable, &'a [f32], &'a mut Scratch);
    impl Kernel for Find<'_> {
        type Output = ();

        #[inline(always)]
        fn run<S: Simd>(self, simd: S) {
            activate(simd, self.0, self.1, self.2, self.3);
        }
    }
    dispatch(Find(structure, slots, x, scratch));
}

/// Asks for the slot that is [`AHEAD`] places after `index` in the active list.
#[inline(always)]
pub(crate) fn prefetch_ahead<W: SlotLines>(lines: &W, active: &[Active], index: usize) {
    if let Some(Active { slot: Some(slot), .. }) = active.get(index + AHEAD) {
        lines.prefetch(*slot);
    }
}

/// Sums the active maps, and what the memory starts as, into `scratch.predicted`, in normalised units. Memory is asked for the slots
/// of `also` as well, where they will be needed next.
#[inline(always)]
pub(crate) fn predict<S: Simd, W: SlotLines>(
    simd: S,
    structure: &Structure,
    weights: &W,
    also: Option<&W>,
    scratch: &mut Scratch,
) -> Result<()> {
    let Scratch { phi, active, sums, predicted, start, .. } = scratch;
    let width = structure.width();
    sums.fill([0.0; LANES]);
    for (index, entry) in active.iter().enumerate() {
        prefetch_ahead(weights, active, index);
        if let Some(also) = also {
            prefetch_ahead(also, active, index);
        }
        if let Some(slot) = entry.slot {
            let phi = &phi[entry.feature as usize * width..][..width];
            map::accumulate(simd, bytemuck::cast_slice(weights.slot(slot)?), phi, sums);
        }
    }
    for (predicted, sums) in predicted.iter_mut().zip(sums) {
        *predicted = simd.total(simd.load(sums));
    }
    for (predicted, start) in predicted.iter_mut().zip(&*start) {
        *predicted += start;
    }
    Ok(())
}

/// The work of a read.
struct Read<'a, W> {
    structure: &'a Structure,
    slots: &'a SlotTable,
    weights: &'a W,
    x: &'a [f32],
    scratch: &'a mut Scratch,
}

impl<W: SlotLines> Kernel for Read<'_, W> {
    type Output = Result<()>;

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) -> Result<()> {
        activate(simd, self.structure, self.slots, self.x, self.scratch);
        predict(simd, self.structure, self.weights, None, self.scratch)
    }
}

impl<W> Recall<W> {
    /// The configuration that the memory was made with.
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// The classes, in order of first appearance; empty for a memory of numbers.
    pub fn labels(&self) -> &Labels {
        &self.labels
    }

    /// The sequence number of the last observation: how many were written, and skipped.
    pub fn sequence(&self) -> u64 {
        self.sequence
    }

    /// Numbers in a prediction: the targets, or one score for every class seen so far.
    pub fn outputs(&self) -> usize {
        match self.config.targets() {
            Targets::Numbers(targets) => targets as usize,
            Targets::Labels => self.labels.len(),
        }
    }

    /// Fails where `x` is no cue for this memory.
    ///
    /// # Errors
    /// [`Error::Length`], [`Error::NotFinite`]; [`Error::Net`] where the memory is built on a net and a
    /// value is missing, or is so large that the net leaves the range of `f32`.
    pub fn check_input(&self, x: &[f32]) -> Result<()> {
        check_input(x, self.config.inputs())?;
        self.config.basis().map_or(Ok(()), |basis| basis.check(x))
    }
}

impl<W> Recall<W> {
    /// What a memory over a net starts as at `x`, which was checked, into `out`; zeros of another.
    pub(crate) fn start(&self, x: &[f32], scratch: &mut Scratch, out: &mut [f32]) {
        let Some(basis) = self.config.basis() else { return out.fill(0.0) };
        scratch.lifted.clear();
        basis.lift(x, &mut scratch.activations, &mut scratch.lifted);
        for (output, out) in out.iter_mut().enumerate() {
            *out = basis.start(&scratch.activations, output);
        }
    }
}

impl<W: SlotLines> Recall<W> {
    pub(crate) fn ready(&self, x: &[f32], out: &[f32]) -> Result<&Structure> {
        self.check_input(x)?;
        if out.len() != self.outputs() {
            let (expected, got) = (self.outputs(), out.len());
            return Err(Error::Length { what: "output", expected, got });
        }
        self.structure.as_ref().ok_or(Error::Empty)
    }

    /// Recalls what belongs to `x` into `out`, which must be [`Recall::outputs`] long. For labels
    /// these are scores, about 1 for the right class and 0 for the others. NaN in `x` stands for a
    /// missing value and counts as that input's mean.
    ///
    /// Costs one look-up, one pass over a map a table, and no allocation after the first call with
    /// the same `scratch`.
    ///
    /// # Errors
    /// Those of [`Recall::check_input`]; [`Error::Length`] of `out`; [`Error::Empty`] before the first
    /// write, unless the memory starts as a net; [`Error::DamagedSlot`] where the slots lie in a file and one of them is damaged.
    pub fn read(&self, x: &[f32], scratch: &mut Scratch, out: &mut [f32]) -> Result<()> {
        match self.ready(x, out) {
            Ok(structure) => self.recall(structure, x, scratch, out),
            // Before the first write a memory over a net is the net.
            Err(Error::Empty) if self.config.basis().is_some_and(|basis| basis.starts()) => {
                self.start(x, scratch, out);
                Ok(())
            }
            Err(error) => Err(error),
        }
    }

    pub(crate) fn recall(
        &self,
        structure: &Structure,
        x: &[f32],
        scratch: &mut Scratch,
        out: &mut [f32],
    ) -> Result<()> {
        scratch.fit(structure, self.outputs());
        let Self { slots, weights, .. } = self;
        dispatch(Read { structure, slots, weights, x, scratch })?;
        let normaliser = structure.normaliser();
        for (output, (out, predicted)) in out.iter_mut().zip(&scratch.predicted).enumerate() {
            *out = normaliser.target_mean(output) + normaliser.target_scale(output) * predicted;
        }
        Ok(())
    }

    /// One read a row of `x`, which must have one column an input; one row of outputs each.
    ///
    /// # Errors
    /// As [`Recall::read`], for the first row that fails.
    pub fn read_batch(&self, x: ArrayView2<'_, f32>) -> Result<Array2<f32>> {
        let mut out = Array2::zeros((x.nrows(), self.outputs()));
        let mut scratch = Scratch::default();
        let (mut cue, mut recalled) = (vec![0.0; x.ncols()], vec![0.0; self.outputs()]);
        for (x, mut out) in x.rows().into_iter().zip(out.rows_mut()) {
            cue.iter_mut().zip(x).for_each(|(cue, &x)| *cue = x);
            self.read(&cue, &mut scratch, &mut recalled)?;
            out.iter_mut().zip(&recalled).for_each(|(out, &value)| *out = value);
        }
        Ok(out)
    }

    /// The linear map that the memory is at `x`: outputs = matrix x + bias, exactly the sum that
    /// [`Recall::read`] takes, and which slots it is made of. A missing input has no slope: it is
    /// left out of matrix x, and what it counts as is in the bias. Over a net it is the tangent at `x`,
    /// the net included: the map itself, but for a softmax.
    ///
    /// # Errors
    /// As [`Recall::read`].
    pub fn explain(&self, x: &[f32], scratch: &mut Scratch) -> Result<Explanation> {
        let outputs = self.outputs();
        let mut prediction = vec![0.0; outputs];
        self.read(x, scratch, &mut prediction)?;
        let Some(structure) = &self.structure else {
            // Read before the first write: it starts as a net.
            let basis = self.config.basis().ok_or(Error::Empty)?;
            let maps = Array2::zeros((outputs, self.config.lifted()));
            let matrix = basis.slopes(&maps, &scratch.activations);
            let bias = tangent_bias(&matrix, x, &prediction);
            return Ok(Explanation { prediction, matrix, bias, active: Vec::new(), keys: 0 });
        };
        let (inputs, width) = (self.config.lifted(), structure.width());
        let normaliser = structure.normaliser();
        let cue = if structure.basis().is_some() { scratch.lifted.as_slice() } else { x };
        let mut matrix = Array2::<f64>::zeros((outputs, inputs));
        let mut bias = Array1::<f64>::from_shape_fn(outputs, |output| {
            f64::from(normaliser.target_mean(output))
        });
        let mut active = Vec::with_capacity(scratch.active.len());
        for entry in &scratch.active {
            let Some(slot) = entry.slot else { continue };
            let feature = &structure.features()[entry.feature as usize];
            let phi = scratch.phi[entry.feature as usize * width..][..width].as_flattened();
            let weights: &[f32] = bytemuck::cast_slice(self.weights.slot(slot)?);
            let mut contribution = 0.0;
            for (output, row) in weights.chunks_exact(phi.len()).take(outputs).enumerate() {
                let target_scale = f64::from(normaliser.target_scale(output));
                let mut sum = 0.0;
                for (place, &input) in feature.view().iter().enumerate() {
                    let input = input as usize;
                    let weight = f64::from(row[place]);
                    sum += weight * f64::from(phi[place]);
                    if scratch.z[input].abs() < INPUT_LIMIT && !cue[input].is_nan() {
                        let scale = f64::from(normaliser.input_scale()[input]);
                        let slope =
                            weight * f64::from(feature.input_scale()) / scale * target_scale;
                        matrix[[output, input]] += slope;
                        bias[output] -= slope * f64::from(normaliser.input_mean()[input]);
                    } else {
                        // Past the limit, or missing, an input counts as a constant.
                        bias[output] += weight * f64::from(phi[place]) * target_scale;
                    }
                }
                let constant = f64::from(row[feature.view().len()]) * f64::from(feature.scale());
                bias[output] += constant * target_scale;
                contribution += (sum + constant).powi(2);
            }
            active.push(ActiveSlot {
                key: Key::unpack(entry.key),
                slot,
                share: contribution.sqrt(),
            });
        }
        if let Some(basis) = structure.basis() {
            // The net's part is curved where it ends in a softmax: the tangent is what there is.
            matrix = basis.slopes(&matrix, &scratch.activations);
            bias = tangent_bias(&matrix, x, &prediction);
        }
        let whole: f64 = active.iter().map(|slot| slot.share).sum();
        if whole > 0.0 {
            active.iter_mut().for_each(|slot| slot.share /= whole);
        }
        Ok(Explanation { prediction, matrix, bias, active, keys: scratch.active.len() })
    }
}

/// What makes `matrix` x + bias the prediction at `x`.
fn tangent_bias(matrix: &Array2<f64>, x: &[f32], prediction: &[f32]) -> Array1<f64> {
    let rows = matrix.rows().into_iter().zip(prediction);
    let sum = |row: ndarray::ArrayView1<'_, f64>| -> f64 {
        row.iter().zip(x).map(|(slope, &x)| slope * f64::from(x)).sum()
    };
    rows.map(|(row, &y)| f64::from(y) - sum(row)).collect()
}

/// Variance of a slot's weights before any data: a slot sees n features, and their weights
/// together have a variance of 1.
pub(crate) fn prior_variance(n: usize) -> f32 {
    1.0 / n as f32
}
