//! A write and a read allocate nothing once their slots exist.

use std::sync::Arc;

use glam_core::net::{Activation, Activations, Compiled, Found, Keys, Layer, Net, Output};
use glam_core::{
    Config, Family, Line, Model, Rehearse, Result, SavedRecall, Scratch, SlotLines, Slots, Target,
    Targets,
};

/// Slots as they were saved.
#[derive(Debug)]
struct Saved {
    lines: Vec<Line>,
    stride: usize,
}

impl Saved {
    fn of(slots: Slots<'_>) -> Result<Arc<Self>> {
        Ok(Arc::new(Self { lines: slots.to_vec()?, stride: slots.lines() }))
    }
}

impl SlotLines for Saved {
    fn slot(&self, slot: u32) -> Result<&[Line]> {
        Ok(&self.lines[slot as usize * self.stride..][..self.stride])
    }
}

/// The model over a copy of its state.
fn reopened(model: &Model) -> Result<Model> {
    let (state, config) = (model.state(), model.recall().config().clone());
    let saved = SavedRecall::decode(config, &state.structure, state.keys.to_vec())?;
    let saved = saved.with_history(&state.history)?;
    saved.model_over(Saved::of(state.weights)?, Saved::of(state.covariances)?)
}

fn inputs(row: usize) -> [f32; 4] {
    std::array::from_fn(|input| ((row * 7 + input * 3) % 11) as f32)
}

#[test]
fn a_warm_write_and_a_warm_read_allocate_nothing() {
    let numbers = Config::builder(4, Targets::Numbers(2)).warm_up(64).build().unwrap();
    let labels = Config::builder(4, Targets::Labels).warm_up(64).build().unwrap();
    let gates = [Family::Hadamard, Family::WinnerTakeAll { inputs: 2 }];
    let gates =
        Config::builder(4, Targets::Numbers(2)).warm_up(64).families(gates).build().unwrap();
    let window = Config::builder(4, Targets::Labels).warm_up(64).window(10).build().unwrap();
    // A reservoir that is full: what is kept grows with the writes until then.
    let rehearsed = Config::builder(4, Targets::Numbers(2))
        .warm_up(64)
        .rehearse(Rehearse::Fixed(3))
        .history_bytes(2048);
    let rehearsed = rehearsed.build().unwrap();
    for config in [numbers, labels, gates, window, rehearsed] {
        let with_labels = config.targets() == Targets::Labels;
        let rehearse = config.rehearse();
        let mut model = Model::new(config);
        let write = |model: &mut Model, row: usize| {
            let target = [row as f32, if row.is_multiple_of(3) { f32::NAN } else { 1.0 }];
            let target = if with_labels {
                Target::Label(((row % 11) as i64).into())
            } else {
                Target::Numbers(&target)
            };
            let mut x = inputs(row);
            x[1] = if row % 11 == 5 { f32::NAN } else { x[1] };
            model.write_weighted(&x, target, 1.0 + (row % 2) as f32).unwrap();
        };
        // The rows repeat after eleven: past the warm-up every slot exists.
        (0..200).for_each(|row| write(&mut model, row));
        let written = allocation_counter::measure(|| {
            (200..400).for_each(|row| write(&mut model, row));
        });
        assert_eq!(written.count_total, 0, "labels: {with_labels}, {rehearse:?}");
        // Nor where slots are copied out of a saved state; its first write makes the scratch.
        let mut over = reopened(&model).unwrap();
        write(&mut over, 400);
        let owned = over.report().weight_bytes;
        let written = allocation_counter::measure(|| {
            (401..411).for_each(|row| write(&mut over, row));
        });
        assert!(over.report().weight_bytes > owned, "labels: {with_labels}, {rehearse:?}");
        assert_eq!(written.count_total, 0, "labels: {with_labels}, {rehearse:?}");
        if let Rehearse::Fixed(times) = rehearse {
            assert_eq!(model.report().rehearsing.times, times);
        }

        let mut scratch = Scratch::default();
        let mut out = vec![0.0; model.recall().outputs()];
        let mut variance = out.clone();
        let mut read = |row: usize| {
            let recall = model.recall();
            recall.read(&inputs(row), &mut scratch, &mut out).unwrap();
            recall
                .read_with_variance(
                    model.covariances(),
                    &inputs(row),
                    &mut scratch,
                    &mut out,
                    &mut variance,
                )
                .unwrap();
        };
        read(0);
        let mut scratch = Scratch::default();
        let mut out = vec![0.0; model.recall().outputs()];
        let mut intervals = vec![(0.0, 0.0); out.len()];
        let mut ask = |row: usize| {
            let (recall, covariances) = (model.recall(), model.covariances());
            let (x, scratch, out) = (&inputs(row), &mut scratch, &mut out[..]);
            recall.familiarity(covariances, x, scratch).unwrap();
            if with_labels {
                recall.probabilities(x, scratch, out).unwrap();
            } else {
                recall
                    .read_with_interval(covariances, x, 0.9, scratch, out, &mut intervals)
                    .unwrap();
            }
        };
        ask(0);
        assert_eq!(allocation_counter::measure(|| (0..100).for_each(&mut ask)).count_total, 0);
        assert_eq!(allocation_counter::measure(|| (0..100).for_each(&mut read)).count_total, 0);
    }
}

#[test]
fn a_memory_at_its_byte_limit_evicts_without_an_allocation() {
    let config = Config::builder(4, Targets::Numbers(2))
        .tables(16)
        .levels([8])
        .warm_up(64)
        .max_bytes(1 << 17)
        .build()
        .unwrap();
    let mut model = Model::new(config);
    let write = |model: &mut Model, row: usize| {
        let x: [f32; 4] = std::array::from_fn(|input| (row * (2 * input + 3) * 7919 % 1009) as f32);
        model.write(&x, Target::Numbers(&[row as f32, x[0]])).unwrap();
    };
    (0..1000).for_each(|row| write(&mut model, row));
    let before = model.report().evictions;
    let written = allocation_counter::measure(|| {
        (1000..6000).for_each(|row| write(&mut model, row));
    });
    assert!(model.report().evictions > before + 5000);
    assert_eq!(written.count_total, 0);
}

#[test]
fn a_forward_pass_and_a_look_up_allocate_nothing() {
    let layer = |sums, inputs, activation| {
        let weights = ndarray::Array2::from_shape_fn((sums, inputs), |(sum, input)| {
            ((sum * 7 + input * 3) % 11) as f32 - 5.0
        });
        Layer::new(weights.view(), &vec![0.5; sums], activation).unwrap()
    };
    let (relu, linear) = (Activation::Relu, Activation::Linear);
    let layers = vec![layer(40, 5, relu), layer(30, 40, relu), layer(3, 30, linear)];
    let net = Arc::new(Net::new(layers, Output::Softmax).unwrap());
    let (mut activations, mut out) = (Activations::default(), [0.0; 3]);
    let cue = |number: usize| std::array::from_fn::<f32, 5, _>(|i| ((number + i) % 7) as f32);
    net.forward(&cue(0), &mut activations, &mut out).unwrap();
    let passes = allocation_counter::measure(|| {
        (0..50).for_each(|number| net.forward(&cue(number), &mut activations, &mut out).unwrap());
    });
    assert_eq!(passes.count_total, 0);
    for keys in [Keys::Forward, Keys::Path] {
        let mut compiled = Compiled::new(net.clone(), keys, 1 << 20);
        (0..7).for_each(|number| assert!(compiled.store(&cue(number)).unwrap()));
        let reads = allocation_counter::measure(|| {
            for number in 0..50 {
                assert_eq!(compiled.read(&cue(number), &mut out), Ok(Found::Stored));
            }
        });
        assert_eq!(reads.count_total, 0);
    }
}
