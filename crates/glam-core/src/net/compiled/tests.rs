use std::sync::Arc;

use ndarray::Array2;

use super::*;
use crate::net::tests::{KINDS, cue, net};
use crate::net::{Activation, Layer};
use crate::rng::Rng;

const BOTH: [Keys; 2] = [Keys::Forward, Keys::Path];
const SIZES: [&[usize]; 5] = [&[3, 2], &[5, 9, 1], &[3, 30, 33, 17, 10], &[20, 65, 12], &[2, 8, 8]];

/// The forward pass's outputs.
fn forward(net: &Net, x: &[f32]) -> Vec<f32> {
    let mut out = vec![0.0; net.outputs()];
    net.forward(x, &mut Activations::default(), &mut out).unwrap();
    out
}

/// Fails where the two are further apart than the bound, and gives the largest part of it.
fn check(out: &[f32], forward: &[f32], bound: &[f64]) -> f64 {
    let mut most: f64 = 0.0;
    for ((&out, &forward), &bound) in out.iter().zip(forward).zip(bound) {
        let apart = (f64::from(out) - f64::from(forward)).abs();
        assert!(apart <= bound, "{apart:e} {bound:e}");
        most = most.max(if bound > 0.0 { apart / bound } else { 0.0 });
    }
    most
}

#[test]
fn a_look_up_is_within_the_bound_of_the_forward_pass_with_any_room() {
    let mut nearest: f64 = 0.0;
    for (keys, activation) in BOTH.into_iter().flat_map(|keys| KINDS.map(|kind| (keys, kind))) {
        for (sizes, max_bytes) in SIZES.into_iter().zip([0, 1 << 10, 20_000, 60_000, 1 << 22]) {
            let net = Arc::new(net(sizes, activation, Output::Linear, 6));
            let mut compiled = Compiled::new(net.clone(), keys, max_bytes);
            let mut rng = Rng::new(4, 4);
            let cues: Vec<_> = (0..60).map(|_| cue(net.inputs(), &mut rng)).collect();
            let mut out = vec![0.0; net.outputs()];
            for x in cues.iter().chain(&cues).chain(cues.iter().rev()) {
                let found = compiled.read(x, &mut out).unwrap();
                let forward = forward(&net, x);
                let part = check(&out, &forward, &compiled.rounding(x).unwrap());
                nearest = nearest.max(part);
                assert!(found == Found::Stored || out == forward);
                assert!(compiled.lookups().bytes <= max_bytes);
            }
            let Lookups { hits, misses, evictions, slots, bytes } = compiled.lookups();
            assert_eq!(hits + misses, 180);
            if max_bytes == 0 && net.layers().len() > 1 {
                assert_eq!((hits, slots, bytes), (0, 0, 0));
            }
            if max_bytes == 1 << 22 {
                // All of the second and third time.
                assert!(hits >= 120 && evictions == 0, "{hits}");
            }
        }
    }
    // A bound that nothing comes near would not be one.
    assert!(nearest > 1e-3, "{nearest}");
}

#[test]
fn without_room_every_read_is_a_forward_pass() {
    for keys in BOTH {
        let net = Arc::new(net(&[4, 9, 8, 3], Activation::Relu, Output::Softmax, 1));
        let mut compiled = Compiled::new(net.clone(), keys, 0);
        let mut rng = Rng::new(1, 2);
        for reads in 1..40 {
            let x = cue(4, &mut rng);
            let mut out = [0.0; 3];
            assert_eq!(compiled.read(&x, &mut out), Ok(Found::Computed));
            assert_eq!(out.as_slice(), forward(&net, &x));
            assert_eq!(compiled.store(&x), Ok(false));
            let expected = Lookups { misses: reads, ..Lookups::default() };
            assert_eq!(compiled.lookups(), expected);
        }
    }
}

#[test]
fn a_small_cache_evicts_all_the_time_and_stays_small() {
    for keys in BOTH {
        let net = Arc::new(net(&[3, 40, 40, 5], Activation::Relu, Output::Linear, 3));
        // A handful of maps of 5 x 3, one or two of 40 x 3.
        let max_bytes = 1_800;
        let mut compiled = Compiled::new(net.clone(), keys, max_bytes);
        let mut rng = Rng::new(9, 2);
        let mut out = [0.0; 5];
        for _ in 0..500 {
            let x = cue(3, &mut rng);
            compiled.read(&x, &mut out).unwrap();
            check(&out, &forward(&net, &x), &compiled.rounding(&x).unwrap());
            let Lookups { bytes, slots, .. } = compiled.lookups();
            assert!(bytes <= max_bytes && slots > 0, "{bytes} {slots}");
        }
        let Lookups { evictions, misses, .. } = compiled.lookups();
        assert!(evictions > 300 && misses > 300, "{evictions} {misses}");
    }
}

#[test]
fn an_answer_stays_the_same_once_its_maps_are_stored() {
    for (keys, activation) in BOTH.into_iter().flat_map(|keys| KINDS.map(|kind| (keys, kind))) {
        let net = Arc::new(net(&[4, 30, 30, 30, 6], activation, Output::Linear, 8));
        let mut compiled = Compiled::new(net.clone(), keys, 1 << 24);
        let mut rng = Rng::new(7, 7);
        let mut answers = Vec::new();
        for number in 0..80 {
            let x = cue(4, &mut rng);
            let mut out = vec![0.0; 6];
            if number % 2 == 0 {
                compiled.read(&x, &mut out).unwrap();
            } else {
                assert_eq!(compiled.store(&x), Ok(true));
            }
            assert_eq!(compiled.read(&x, &mut out), Ok(Found::Stored));
            answers.push((x, out));
        }
        for (x, before) in &answers {
            let mut out = vec![0.0; 6];
            assert_eq!(compiled.read(x, &mut out), Ok(Found::Stored));
            assert_eq!(&out, before);
        }
        assert_eq!(compiled.lookups().misses + compiled.lookups().hits, 40 + 80 + 80);
    }
}

#[test]
fn a_map_is_stored_the_second_time_where_that_is_asked_for() {
    for keys in BOTH {
        let net = Arc::new(net(&[3, 20, 20, 2], Activation::Relu, Output::Linear, 5));
        let mut compiled = Compiled::new(net.clone(), keys, 1 << 20).second_time();
        let (mut rng, mut out) = (Rng::new(2, 2), [0.0; 2]);
        let (one, other) = (cue(3, &mut rng), cue(3, &mut rng));
        assert_ne!(net.pattern(&one), net.pattern(&other));
        for (x, found) in [
            (&one, Found::Computed),
            (&other, Found::Computed),
            (&one, Found::Computed),
            (&one, Found::Stored),
            (&other, Found::Computed),
            (&other, Found::Stored),
        ] {
            assert_eq!(compiled.read(x, &mut out), Ok(found));
            check(&out, &forward(&net, x), &compiled.rounding(x).unwrap());
        }
        // What is asked to be stored is, at once.
        let third = [-1.0, 2.0, 0.5];
        assert_eq!(compiled.store(&third), Ok(true));
        assert_eq!(compiled.read(&third, &mut out), Ok(Found::Stored));
    }
}

#[test]
fn words_of_one_hash_are_told_apart() {
    for keys in BOTH {
        let net = Arc::new(net(&[3, 20, 20, 2], Activation::Relu, Output::Linear, 5));
        let mut plain = Compiled::new(net.clone(), keys, 40_000);
        let mut colliding = Compiled::with_hash(net, keys, 40_000, |_| 1);
        let mut rng = Rng::new(2, 2);
        for _ in 0..600 {
            // Little steps, so that patterns recur.
            let x = [rng.below(6) as f32 - 3.0, rng.below(6) as f32 - 3.0, 0.5];
            let (mut one, mut other) = ([0.0; 2], [0.0; 2]);
            let found = plain.read(&x, &mut one);
            assert_eq!(colliding.read(&x, &mut other), found);
            assert_eq!(one.map(f32::to_bits), other.map(f32::to_bits));
        }
        assert!(plain.lookups().slots > 10 && plain.lookups().hits > 100);
        assert_eq!(plain.lookups(), colliding.lookups());
    }
}

#[test]
fn affine_layers_are_merged_and_need_no_key() {
    let layers = |activations: &[Activation]| {
        let mut rng = Rng::new(1, 3);
        let mut inputs = 4;
        let layers = activations.iter().map(|&activation| {
            let weights = Array2::from_shape_fn((6, inputs), |_| rng.normal());
            inputs = 6 * activation.values();
            Layer::new(weights.view(), &[0.1; 6], activation).unwrap()
        });
        Arc::new(Net::new(layers.collect(), Output::Linear).unwrap())
    };
    let (linear, relu) = (Activation::Linear, Activation::Relu);
    for (activations, slots) in [
        (&[linear][..], [0, 0]),
        (&[linear, linear, linear], [1, 1]),
        // Sums of the deciding layer, and outputs, on one way.
        (&[linear, relu, linear, linear], [1, 2]),
        (&[relu, linear, relu, linear], [1, 2]),
    ] {
        let net = layers(activations);
        for (keys, slots) in BOTH.into_iter().zip(slots) {
            let mut compiled = Compiled::new(net.clone(), keys, 1 << 20);
            let (x, mut out) = ([0.3, -1.0, 0.0, 2.0], [0.0; 6]);
            assert_eq!(compiled.store(&x), Ok(true));
            assert_eq!(compiled.lookups().slots, slots, "{activations:?} {keys:?}");
            assert_eq!(compiled.read(&x, &mut out), Ok(Found::Stored));
            check(&out, &forward(&net, &x), &compiled.rounding(&x).unwrap());
        }
    }
}

#[test]
fn a_softmax_changes_by_no_more_than_its_factor() {
    let net = Arc::new(net(&[6, 40, 40, 5], Activation::Relu, Output::Softmax, 2));
    for keys in BOTH {
        let mut compiled = Compiled::new(net.clone(), keys, 1 << 24);
        let mut rng = Rng::new(8, 1);
        for _ in 0..50 {
            let (x, mut out) = (cue(6, &mut rng), [0.0; 5]);
            assert!(compiled.store(&x).unwrap());
            assert_eq!(compiled.read(&x, &mut out), Ok(Found::Stored));
            let most = compiled.rounding(&x).unwrap().into_iter().fold(0.0, f64::max);
            for (out, forward) in out.iter().zip(forward(&net, &x)) {
                let (out, forward) = (f64::from(*out), f64::from(forward));
                // And one rounding of each to f32.
                assert!((out / forward).ln().abs() <= 2.0 * most + 2e-7, "{out} {forward}");
            }
        }
    }
}

#[test]
fn a_unit_that_rounding_decides_does_not_break_the_bound() {
    // Each unit of the second layer adds up to 0 exactly where x_0 = x_1, in the first layer's values, but
    // not in rounded ones; its sum is then passed on, and amplified.
    let mut rng = Rng::new(5, 1);
    let first = Array2::from_shape_fn((12, 2), |_| rng.normal());
    let second = Array2::from_shape_fn((40, 12), |(_, _)| rng.normal());
    for activation in KINDS {
        // A bias that makes the second layer's sums 0 up to rounding at one cue.
        let x = [0.7_f32, 1.3];
        let wide = if activation == Activation::TwoSided {
            Array2::from_shape_fn((40, 24), |(row, column)| second[[row, column % 12]])
        } else {
            second.clone()
        };
        let layer = Layer::new(first.view(), &[0.1; 12], activation).unwrap();
        let mut values = Vec::new();
        let sums: Vec<f32> =
            first.rows().into_iter().map(|row| row[0] * x[0] + row[1] * x[1] + 0.1).collect();
        activation.apply(&sums, &mut values);
        let bias: Vec<f32> = wide
            .rows()
            .into_iter()
            .map(|row| {
                let sum: f64 =
                    row.iter().zip(&values).map(|(&w, &v)| f64::from(w) * f64::from(v)).sum();
                -sum as f32
            })
            .collect();
        let layers = vec![
            layer,
            Layer::new(wide.view(), &bias, activation).unwrap(),
            Layer::new(
                Array2::from_elem((3, 40 * activation.values()), 100.0).view(),
                &[0.0; 3],
                Activation::Linear,
            )
            .unwrap(),
        ];
        let net = Arc::new(Net::new(layers, Output::Linear).unwrap());
        let mut compiled = Compiled::new(net.clone(), Keys::Path, 1 << 20);
        let mut out = [0.0; 3];
        assert!(compiled.store(&x).unwrap());
        assert_eq!(compiled.read(&x, &mut out), Ok(Found::Stored));
        let bound = compiled.rounding(&x).unwrap();
        check(&out, &forward(&net, &x), &bound);
        if activation.decides() {
            // The case is the one that is meant: the two patterns differ, and that is in the bound.
            let mut words = Vec::new();
            let mut activations = Activations::default();
            net.logits(&x, &mut activations).unwrap();
            net.push_words(&activations, &mut words);
            assert_ne!(words, compiled.work.words);
            let one_pattern = net.rounding(&x, &activations);
            assert!(bound[0] > 1.2 * one_pattern[0], "{} {}", bound[0], one_pattern[0]);
        }
    }
}

#[test]
fn what_cannot_be_read_changes_nothing() {
    let huge = |sums, inputs| {
        let weights = Array2::from_elem((sums, inputs), 1e30);
        Layer::new(weights.view(), &vec![0.0; sums], Activation::Relu).unwrap()
    };
    let last =
        Layer::new(Array2::from_elem((1, 2), 1.0).view(), &[0.0], Activation::Linear).unwrap();
    let net = Arc::new(Net::new(vec![huge(3, 2), huge(2, 3), last], Output::Linear).unwrap());
    for keys in BOTH {
        let mut compiled = Compiled::new(net.clone(), keys, 1 << 20);
        // The composed map leaves the range of f32, the answer does not.
        let tiny = [1e-23, 1e-23];
        for _ in 0..3 {
            let mut out = [0.0];
            assert_eq!(compiled.read(&tiny, &mut out), Ok(Found::Computed));
            assert!(out[0] > 1e37 && [out[0]].as_slice() == forward(&net, &tiny));
        }
        assert_eq!((compiled.store(&[-1.0, -1.0]), compiled.store(&tiny)), (Ok(true), Ok(false)));
        let before = format!("{:?}", (compiled.lookups(), &compiled.cache));
        let mut out = [7.0];
        assert_eq!(
            compiled.read(&[1.0, 1.0], &mut out),
            Err(NetError::Overflow { layer: 2, unit: 0 })
        );
        assert_eq!(compiled.read(&[1.0], &mut out), Err(NetError::Length { expected: 2, got: 1 }));
        assert_eq!(compiled.read(&[1.0, f32::NAN], &mut out), Err(NetError::Input { index: 1 }));
        assert_eq!(compiled.store(&[f32::INFINITY, 0.0]), Err(NetError::Input { index: 0 }));
        assert_eq!(
            compiled.read(&[1.0, 1.0], &mut [0.0; 2]),
            Err(NetError::Length { expected: 1, got: 2 })
        );
        assert_eq!(out, [7.0]);
        assert_eq!(format!("{:?}", (compiled.lookups(), &compiled.cache)), before);
    }
}
