//! Twins: slots that no observation tells apart, learned once for all of them.
//!
//! While a memory is fitted, a slot is a function of its feature and of which observations had it active:
//! the prediction, the noise and S of an observation are the same for all its slots. So slots that see
//! the same feature and had the same observations active hold the same bits, and a fit needs to keep and
//! update but one of them. With hundreds of observations in tables of hundreds of slots most slots have
//! one or two observations, and few are alone of their kind. What sums over slots (the prediction, S) is
//! still added slot by slot in the order of a write: everything is, bit for bit, what
//! learning slot by slot gives.
//!
//! Which slots are twins is refined as observations come for the first time: all slots of a feature
//! begin as one kind; where an observation has some slots of a kind active and others not, those leave it
//! as a new kind. Later passes meet the same slots and refine nothing, so that gates and look-ups
//! are done once for all passes: the slots of every observation are remembered, four bytes each.

use std::ops::Range;

use super::{Pass, fill_errors, weight_lines};
use crate::config::{Config, Precision};
use crate::error::Result;
use crate::kernel::simd::{Kernel, dispatch};
use crate::kernel::{Simd, Step, map};
use crate::noise::Noise;
use crate::observations::{Kept, Observations};
use crate::recall::{Recall, fill_features, find_active, predict, prior_variance};
use crate::scratch::{Active, Scratch};
use crate::slots::{Arena, SlotTable};
use crate::structure::Structure;
use crate::window;

/// The most slots of observations that are remembered: 64 MiB of them.
const MOST_VISITS: usize = 1 << 24;

/// A kind of slots that an observation has active.
#[derive(Debug, Clone, Copy)]
struct Met {
    /// Its number before this observation.
    before: u32,
    /// Its number since: another one where other slots of it were not active.
    kind: u32,
    feature: u32,
    /// Slots of it that are active.
    count: u32,
}

/// The slots of one drawing of the gates while it learns, by kinds.
#[derive(Debug)]
pub(super) struct Twins {
    /// Keys to slots, numbered in the order in which they are first active.
    slots: SlotTable,
    /// The feature of every slot that an observation has active, in order.
    features: Vec<u32>,
    /// The slots of every observation.
    visits: Vec<u32>,
    /// The kind of every slot.
    kinds: Vec<u32>,
    /// Slots of every kind.
    sizes: Vec<u32>,
    /// Of every kind.
    weights: Arena,
    covariances: Arena,
    /// The kinds that the observation at hand has active; where among them each of its slots has its
    /// own, and each kind stands.
    met: Vec<Met>,
    places: Vec<u32>,
    marks: Vec<u32>,
}

impl Twins {
    /// Whether slots have twins, `rows` observations are few enough, and slots are never evicted.
    pub(super) fn may_stand_for(config: &Config, structure: &Structure, rows: usize) -> bool {
        let shared = 2 * structure.features().len() <= structure.active();
        let few = rows.saturating_mul(structure.active()) <= MOST_VISITS;
        shared && few && config.max_bytes().is_none()
    }

    /// Slots before any data, for all observations but those in `held`.
    pub(super) fn of(
        recall: &Recall<Arena>,
        structure: &Structure,
        observations: &Observations,
        held: &Range<usize>,
        scratch: &mut Scratch,
    ) -> Self {
        let (config, outputs, n) = (&recall.config, recall.outputs(), structure.n());
        let (inputs, active) = (config.inputs(), structure.active());
        let mut slots = SlotTable::default();
        let mut kinds = Vec::new();
        let mut sizes = vec![0; structure.features().len()];
        let mut visits = Vec::with_capacity((observations.len() - held.len()) * active);
        for (row, x) in observations.rows().chunks_exact(inputs).enumerate() {
            if held.contains(&row) {
                continue;
            }
            scratch.fit(structure, outputs);
            find_active(structure, &slots, x, scratch);
            for active in &scratch.active {
                visits.push(active.slot.unwrap_or_else(|| {
                    kinds.push(active.feature);
                    sizes[active.feature as usize] += 1;
                    slots.insert(active.key, usize::MAX)
                }));
            }
        }
        let mut weights = Arena::new(weight_lines(structure.width(), outputs));
        let mut covariances = Arena::new(window::covariance_lines(config, n));
        for _ in &sizes {
            weights.push();
            let covariance = covariances.push();
            config.precision().reset(covariance, n, prior_variance(n));
            window::stamp(config, covariance, n, recall.sequence);
        }
        let tables = structure.tables().iter();
        let features = tables.flat_map(|table| table.levels().iter().map(|_| table.feature()));
        let (met, marks) = (Vec::with_capacity(active), vec![0; sizes.len()]);
        Self {
            slots,
            features: features.collect(),
            visits,
            kinds,
            sizes,
            weights,
            covariances,
            met,
            places: vec![0; active],
            marks,
        }
    }

    /// How many slots there are.
    pub(super) fn len(&self) -> usize {
        self.slots.len()
    }

    /// The maps of every kind.
    pub(super) fn weights(&self) -> &Arena {
        &self.weights
    }

    /// Puts the slots of observation number `row` into `active`, each with its kind's number.
    pub(super) fn activate(&self, row: usize, active: &mut Vec<Active>) {
        active.clear();
        let visits = &self.visits[row * self.features.len()..][..self.features.len()];
        active.extend(visits.iter().zip(&self.features).map(|(&slot, &feature)| {
            let kind = self.kinds[slot as usize];
            Active { key: 0, slot: Some(kind), feature }
        }));
    }

    /// [`Twins::activate`] of an observation that is going to be learned: tells kinds apart.
    #[inline(always)]
    fn meet(&mut self, row: usize, active: &mut Vec<Active>) {
        let visits = &self.visits[row * self.features.len()..][..self.features.len()];
        self.met.clear();
        let places = self.places.iter_mut().zip(&self.features);
        for (&slot, (place, &feature)) in visits.iter().zip(places) {
            let kind = self.kinds[slot as usize];
            let mark = &mut self.marks[kind as usize];
            if self.met.get(*mark as usize).is_none_or(|met| met.before != kind) {
                *mark = self.met.len() as u32;
                self.met.push(Met { before: kind, kind, feature, count: 0 });
            }
            self.met[*mark as usize].count += 1;
            *place = *mark;
        }
        let known = self.sizes.len();
        for met in &mut self.met {
            let size = &mut self.sizes[met.before as usize];
            if met.count < *size {
                *size -= met.count;
                met.kind = self.sizes.len() as u32;
                self.sizes.push(met.count);
                self.marks.push(0);
                self.weights.push_copy(met.before);
                self.covariances.push_copy(met.before);
            }
        }
        if self.sizes.len() > known {
            for (&slot, &place) in visits.iter().zip(&self.places) {
                self.kinds[slot as usize] = self.met[place as usize].kind;
            }
        }
        active.clear();
        active.extend(self.places.iter().map(|&place| {
            let Met { kind, feature, .. } = self.met[place as usize];
            Active { key: 0, slot: Some(kind), feature }
        }));
    }

    /// Keys to slots, and every slot by itself: weights and covariances.
    pub(super) fn into_slots(self) -> (SlotTable, Arena, Arena) {
        let each = |arena: Arena| arena.picked(&self.kinds);
        (self.slots, each(self.weights), each(self.covariances))
    }

    /// Keys to kinds, weights and covariances of kinds: what a read needs.
    pub(super) fn into_kinds(mut self) -> (SlotTable, Arena, Arena) {
        self.slots.point_to(&self.kinds);
        (self.slots, self.weights, self.covariances)
    }
}

/// An observation that is learned.
pub(super) struct Lesson<'a> {
    /// Its number among those of the twins.
    pub(super) row: usize,
    pub(super) x: &'a [f32],
    pub(super) kept: Kept<'a>,
    pub(super) weight: f32,
    pub(super) pass: Pass,
}

/// Learns an observation as [`Model::write`](super::Model::write) does; gives the squared error before,
/// summed over outputs.
pub(super) fn learn(
    twins: &mut Twins,
    recall: &mut Recall<Arena>,
    lesson: Lesson<'_>,
    scratch: &mut Scratch,
) -> Result<f64> {
    let outputs = recall.outputs();
    let Recall { config, structure: Some(structure), noise, .. } = recall else { return Ok(0.0) };
    scratch.fit(structure, outputs);
    dispatch(Learn { twins, structure, precision: config.precision(), noise, lesson, scratch })
}

struct Learn<'a> {
    twins: &'a mut Twins,
    structure: &'a Structure,
    precision: Precision,
    noise: &'a mut Noise,
    lesson: Lesson<'a>,
    scratch: &'a mut Scratch,
}

impl Kernel for Learn<'_> {
    type Output = Result<f64>;

    /// The steps of a write, with what is the same for twins done once.
    #[inline(always)]
    fn run<S: Simd>(self, simd: S) -> Result<f64> {
        let Self { twins, structure, precision, noise, lesson, scratch } = self;
        let Lesson { row, x, kept, weight, pass } = lesson;
        let (n, width) = (structure.n(), structure.width());
        fill_features(structure, x, scratch);
        twins.meet(row, &mut scratch.active);
        predict(simd, structure, &twins.weights, Some(&twins.covariances), scratch)?;
        let Twins { weights, covariances, met, places, .. } = twins;

        let Scratch { phi, predicted, errors, f, v, spreads, u, .. } = scratch;
        let square = fill_errors(structure, kept, predicted, errors);
        let own_noise = pass.noise(noise) / weight;
        let steps = f.chunks_exact_mut(width).zip(v.chunks_exact_mut(width));
        for (&Met { kind, feature, .. }, (spread, (f, v))) in
            met.iter().zip(spreads.iter_mut().zip(steps))
        {
            let phi = &phi[feature as usize * width..][..width];
            *spread = precision.spread(simd, covariances.floats(kind)?, n, &mut Step { phi, f, v });
        }
        let claimed =
            places.iter().fold(own_noise, |claimed, &place| claimed + spreads[place as usize]);
        if pass == Pass::Refit {
            noise.observe_neighbours(errors);
        }

        let gain = 1.0 / claimed;
        errors
            .iter_mut()
            .for_each(|error| *error = if error.is_nan() { 0.0 } else { *error * gain });
        let steps = f.chunks_exact_mut(width).zip(v.chunks_exact_mut(width));
        for ((met, spread), (f, v)) in met.iter().zip(spreads.iter()).zip(steps) {
            let phi = &phi[met.feature as usize * width..][..width];
            let rest = (claimed - spread).max(own_noise);
            let step = Step { phi, f, v };
            precision.update(simd, covariances.floats_mut(met.kind)?, n, &step, rest, claimed, u);
            map::correct(simd, weights.floats_mut(met.kind)?, u, errors);
        }
        Ok(square)
    }
}
