//! A model over a base learns as one with all slots in memory; a damaged base changes nothing; what is
//! said to have changed is what did.

use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::*;
use crate::error::Error;
use crate::slots::{Line, SlotLines};

/// Slots as they were saved. Counts how often one is asked for; those that are damaged are refused.
#[derive(Debug)]
struct Base {
    lines: Vec<Line>,
    stride: usize,
    damaged: HashSet<u32>,
    asked: AtomicUsize,
}

impl SlotLines for Base {
    fn slot(&self, slot: u32) -> Result<&[Line]> {
        self.asked.fetch_add(1, Ordering::Relaxed);
        if self.damaged.contains(&slot) {
            return Err(Error::DamagedSlot { slot, expected: 0, got: 1 });
        }
        Ok(&self.lines[slot as usize * self.stride..][..self.stride])
    }
}

/// A checkpoint: what a store would have on its disk.
struct Saved {
    config: Config,
    structure: Vec<u8>,
    history: Vec<u8>,
    keys: Vec<u64>,
    slots: [Vec<Line>; 2],
    strides: [usize; 2],
}

impl Saved {
    fn of(model: &Model) -> Self {
        let state = model.state();
        Self {
            config: model.recall().config().clone(),
            keys: state.keys.to_vec(),
            slots: [state.weights, state.covariances].map(|slots| slots.to_vec().unwrap()),
            strides: [state.weight_lines, state.covariance_lines],
            structure: state.structure,
            history: state.history,
        }
    }

    /// Writes the slots alone that changed, as a checkpoint does.
    fn update(&mut self, model: &Model) {
        let state = model.state();
        let slots = [state.weights, state.covariances];
        for ((lines, stride), slots) in self.slots.iter_mut().zip(&mut self.strides).zip(slots) {
            if *stride != slots.lines() {
                *stride = slots.lines();
                lines.fill(Line([f32::NAN; 16]));
            }
            lines.resize(slots.len() * *stride, Line([f32::NAN; 16]));
            for slot in state.changed() {
                let start = slot as usize * *stride;
                lines[start..start + *stride].copy_from_slice(slots.get(slot).unwrap());
            }
        }
        self.keys = state.keys.to_vec();
        (self.structure, self.history) = (state.structure, state.history);
    }

    fn bases(&self, damaged: [&[u32]; 2]) -> [Arc<Base>; 2] {
        [0, 1].map(|part| {
            Arc::new(Base {
                lines: self.slots[part].clone(),
                stride: self.strides[part],
                damaged: damaged[part].iter().copied().collect(),
                asked: AtomicUsize::new(0),
            })
        })
    }

    fn open(&self, [weights, covariances]: [Arc<Base>; 2]) -> Model {
        SavedRecall::decode(self.config.clone(), &self.structure, self.keys.clone())
            .unwrap()
            .with_history(&self.history)
            .unwrap()
            .model_over(weights, covariances)
            .unwrap()
    }

    fn whole(&self) -> Model {
        self.open(self.bases([&[], &[]]))
    }
}

/// How many slots differ from those that were saved. Fails where one of them does not count as changed.
fn differing(model: &Model, saved: &Saved) -> usize {
    let state = model.state();
    let changed: HashSet<u32> = state.changed().collect();
    let mut differing = 0;
    for slot in 0..state.keys.len() as u32 {
        let same = (0..2).all(|part| {
            let slots = [state.weights, state.covariances][part];
            let start = slot as usize * saved.strides[part];
            let before = saved.slots[part].get(start..start + saved.strides[part]);
            slots.lines() == saved.strides[part] && before == Some(slots.get(slot).unwrap())
        });
        assert!(same || changed.contains(&slot), "slot {slot} changed and is not said to have");
        differing += usize::from(!same);
    }
    assert!(changed.iter().all(|&slot| (slot as usize) < state.keys.len()));
    differing
}

/// The kinds of memories that there are laws for.
fn kinds() -> Vec<(&'static str, Config)> {
    let numbers = || small_builder(Precision::Full);
    let labels = || {
        Config::builder(INPUTS, Targets::Labels)
            .families([Family::Tree { inputs: 0 }, Family::Hyperplane { inputs: 2 }])
            .tables(6)
            .levels([2, 4])
            .warm_up(64)
    };
    let fixed = Rehearse::Fixed(2);
    [
        ("numbers", numbers()),
        ("diagonal", small_builder(Precision::Diagonal).rehearse(fixed)),
        ("rehearsed", numbers().rehearse(fixed).history_bytes(4000)),
        ("labels", labels()),
        ("labels, rehearsed", labels().rehearse(fixed)),
        ("window", numbers().window(50)),
        ("bounded", numbers().max_bytes(1 << 16)),
        ("bounded labels", labels().max_bytes(1 << 17).rehearse(fixed)),
        ("bounded, near", numbers().max_bytes(100_000)),
    ]
    .into_iter()
    .map(|(name, config)| (name, config.build().unwrap()))
    .collect()
}

/// Writes row number `row`; classes are new at times.
fn write(model: &mut Model, row: usize) -> Result<Vec<f32>> {
    let (x, y) = super::row(&mut Rng::new(71, row as u64));
    // Early rows come from a part of the space, later ones from all of it.
    let x = x.map(|x| if row < 150 { x.abs() } else { x });
    let class = (row * row + row / 40) % (2 + row / 60);
    let label = class.to_string();
    let target = match model.recall().config().targets() {
        Targets::Labels => Target::Label(label.as_str().into()),
        Targets::Numbers(_) => Target::Numbers(&y),
    };
    model.write(&x, target).map(<[f32]>::to_vec)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn over_a_base_the_same_bits_are_learned_and_every_change_is_told(
        kind in 0_usize..9,
        steps in prop::collection::vec((0_u32..8, 1_usize..60), 1..14),
    ) {
        let (name, config) = kinds().swap_remove(kind);
        let (mut never, mut model) = (Model::new(config.clone()), Model::new(config));
        let (mut row, mut saved) = (0, Saved::of(&model));
        for (step, rows) in steps {
            match step {
                0..4 => for row in row..row + rows {
                    prop_assert_eq!(write(&mut never, row), write(&mut model, row), "{}", name);
                },
                4 => {
                    never.skip();
                    model.skip();
                }
                5 => {
                    // A checkpoint; the model goes on over what it saved.
                    saved.update(&model);
                    let count = model.state().changed().count();
                    prop_assert_eq!(model.take_changes().iter().count(), count);
                    prop_assert_eq!(model.state().changed().count(), 0);
                    let [weights, covariances] = saved.bases([&[], &[]]);
                    model.rebase(weights, covariances);
                }
                6 => {
                    // One that fails; more may be written before that is known.
                    let changes = model.take_changes();
                    for row in row..row + rows {
                        prop_assert_eq!(write(&mut never, row), write(&mut model, row));
                    }
                    model.put_back(changes);
                }
                _ => {
                    // A checkpoint and a reopening, which touches no slot.
                    saved.update(&model);
                    let bases = saved.bases([&[], &[]]);
                    model = saved.open(bases.clone());
                    let asked = bases.map(|base| base.asked.load(Ordering::Relaxed));
                    prop_assert_eq!(asked, [0, 0]);
                    prop_assert_eq!(model.state().changed().count(), 0);
                    prop_assert!(model.report().slots == 0 || model.recall.weights.is_lent());
                }
            }
            row += if matches!(step, 0..4 | 6) { rows } else { 0 };
            differing(&model, &saved);
            prop_assert!(bits(&never) == bits(&model), "{}", name);
            prop_assert!(bits(&model.clone()) == bits(&model));
            if let Some(most) = model.recall.config.max_bytes() {
                let report = model.report();
                let bytes = report.weight_bytes + report.covariance_bytes + report.table_bytes;
                prop_assert!(bytes as u64 <= most, "{}: {} {}", name, bytes, most);
            }
        }
    }
}

#[test]
fn a_write_counts_no_more_slots_as_changed_than_it_has_active() {
    let mut model = written(small(Precision::Full), &rows(72, 300));
    let mut saved = Saved::of(&model);
    for over in [false, true] {
        if over {
            saved = Saved::of(&model);
            model = saved.whole();
        }
        model.take_changes();
        write(&mut model, 900).unwrap();
        let structure = model.recall.structure.as_ref().unwrap();
        let changed = model.state().changed().count();
        assert_eq!(changed, structure.active());
        assert_eq!(differing(&model, &saved), changed);
        let owned = model.report().weight_bytes - 4 * model.report().slots;
        assert!(!over || owned == changed * 64 * model.state().weight_lines);
        saved.update(&model);
    }
}

#[test]
fn a_write_that_meets_damage_changes_nothing_at_all() {
    for (name, config) in kinds() {
        let mut model = Model::new(config);
        for stop in [20, 90, 260] {
            for row in model.recall().sequence() as usize..stop {
                write(&mut model, row).unwrap();
            }
            let saved = Saved::of(&model);
            let slots = saved.keys.len() as u32;
            let (mut failed, mut went) = (0, 0);
            for trial in 0..60 {
                let damaged = [Rng::new(5, trial).below(slots as usize) as u32];
                let damaged =
                    if trial % 2 == 0 { [&damaged[..], &[]] } else { [&[], &damaged[..]] };
                let mut torn = saved.open(saved.bases(damaged));
                let mut whole = saved.whole();
                for row in stop..stop + 12 {
                    let before = whole.clone();
                    let expected = write(&mut whole, row).unwrap();
                    match write(&mut torn, row) {
                        Ok(said) => {
                            went += 1;
                            assert_eq!(said, expected);
                        }
                        Err(error) => {
                            failed += 1;
                            assert!(matches!(error, Error::DamagedSlot { .. }), "{error}");
                            let changed: Vec<u32> = torn.state().changed().collect();
                            assert!(changed.into_iter().eq(before.state().changed()), "{name}");
                            // What is damaged cannot be compared: another base shows the rest.
                            let [weights, covariances] = saved.bases([&[], &[]]);
                            torn.rebase(weights, covariances);
                            assert!(bits(&torn) == bits(&before), "{name} {stop} {row}");
                            assert_eq!(torn.report().evictions, before.report().evictions);
                            // And without the damage it goes on.
                            assert_eq!(write(&mut torn, row).unwrap(), expected);
                            break;
                        }
                    }
                }
                let [weights, covariances] = saved.bases([&[], &[]]);
                torn.rebase(weights, covariances);
                assert!(bits(&torn) == bits(&whole), "{name} {stop}");
            }
            assert!(failed > 0, "{name} {stop}: {failed} failed, {went} went");
        }
    }
}
