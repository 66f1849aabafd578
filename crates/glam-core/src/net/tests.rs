use ndarray::Array2;

use super::*;
use crate::rng::Rng;

/// A net of these sizes with normal weights of spread 1 / sqrt(inputs).
pub(super) fn net(sizes: &[usize], activation: Activation, output: Output, seed: u64) -> Net {
    let mut rng = Rng::new(seed, 77);
    let mut inputs = sizes[0];
    let layers = sizes[1..].iter().enumerate().map(|(number, &sums)| {
        let last = number + 2 == sizes.len();
        let spread = 1.0 / (inputs as f32).sqrt();
        let weights = Array2::from_shape_fn((sums, inputs), |_| rng.normal() * spread);
        let bias: Vec<f32> = (0..sums).map(|_| rng.normal() * 0.3).collect();
        let activation = if last { Activation::Linear } else { activation };
        inputs = sums * activation.values();
        Layer::new(weights.view(), &bias, activation).unwrap()
    });
    Net::new(layers.collect(), output).unwrap()
}

pub(super) const KINDS: [Activation; 4] = [
    Activation::Linear,
    Activation::Relu,
    Activation::LeakyRelu { slope: 0.1 },
    Activation::TwoSided,
];

pub(super) fn cue(inputs: usize, rng: &mut Rng) -> Vec<f32> {
    // A third of the inputs is 0, as of a picture.
    (0..inputs).map(|_| if rng.unit() < 0.33 { 0.0 } else { rng.normal() }).collect()
}

/// The forward pass row by row in f64.
fn naive(net: &Net, x: &[f32]) -> Vec<f64> {
    let mut values: Vec<f64> = x.iter().map(|&x| f64::from(x)).collect();
    for layer in net.layers() {
        let weights = layer.weights();
        let sums: Vec<f64> = weights
            .rows()
            .into_iter()
            .zip(layer.bias())
            .map(|(row, &bias)| {
                f64::from(bias)
                    + row.iter().zip(&values).map(|(&w, v)| f64::from(w) * v).sum::<f64>()
            })
            .collect();
        values = match layer.activation() {
            Activation::Linear => sums,
            Activation::Relu => sums.iter().map(|a| a.max(0.0)).collect(),
            Activation::LeakyRelu { slope } => {
                sums.iter().map(|&a| if a > 0.0 { a } else { f64::from(slope) * a }).collect()
            }
            Activation::TwoSided => {
                sums.iter().map(|a| a.max(0.0)).chain(sums.iter().map(|a| (-a).max(0.0))).collect()
            }
        };
    }
    if net.output() == Output::Softmax {
        let most = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let whole: f64 = values.iter().map(|v| (v - most).exp()).sum();
        values.iter_mut().for_each(|v| *v = (*v - most).exp() / whole);
    }
    values
}

#[test]
fn the_forward_pass_and_the_map_of_its_pattern_are_within_the_bound_of_exact_arithmetic() {
    let mut rng = Rng::new(3, 3);
    let mut nearest: f64 = 0.0;
    for activation in KINDS {
        for sizes in [&[3, 2][..], &[5, 9, 1], &[20, 33, 17, 10], &[7, 64, 65, 3, 12]] {
            let net = net(sizes, activation, Output::Linear, 5);
            let mut activations = Activations::default();
            for _ in 0..50 {
                let x = cue(net.inputs(), &mut rng);
                let mut out = vec![0.0; net.outputs()];
                net.forward(&x, &mut activations, &mut out).unwrap();
                let bound = net.rounding(&x, &activations);
                let map = net.effective(&net.pattern(&x).unwrap()).unwrap().apply(&x);
                for (output, exact) in naive(&net, &x).into_iter().enumerate() {
                    let error = (f64::from(out[output]) - exact).abs();
                    assert!(error <= bound[output], "{error:e} {:e}", bound[output]);
                    assert!((map[output] - f64::from(out[output])).abs() <= bound[output]);
                    nearest = nearest.max(error / bound[output]);
                }
            }
        }
    }
    // A bound that nothing comes near would not be one.
    assert!(nearest > 1e-3, "{nearest}");
}

#[test]
fn a_softmax_is_that_of_exact_arithmetic() {
    let net = net(&[6, 40, 5], Activation::Relu, Output::Softmax, 2);
    let mut rng = Rng::new(8, 1);
    for _ in 0..100 {
        let x = cue(6, &mut rng);
        let mut out = [0.0; 5];
        net.forward(&x, &mut Activations::default(), &mut out).unwrap();
        for (out, exact) in out.iter().zip(naive(&net, &x)) {
            assert!((f64::from(*out) - exact).abs() < 1e-6);
        }
    }
}

#[test]
fn leaving_columns_out_changes_no_bit() {
    for activation in KINDS {
        let net = net(&[30, 50, 20], activation, Output::Linear, 9);
        let x = cue(30, &mut Rng::new(1, 1));
        let mut activations = Activations::default();
        net.logits(&x, &mut activations).unwrap();
        // Every column in the same order, 0 or not.
        let mut values = x.clone();
        for (number, layer) in net.layers().iter().enumerate() {
            let mut sums = layer.bias().to_vec();
            for (input, &value) in values.iter().enumerate() {
                for (sum, weight) in sums.iter_mut().zip(layer.column(input)) {
                    *sum += value * weight;
                }
            }
            values.clear();
            layer.activation().apply(&sums, &mut values);
            assert_eq!(values, activations.layer(number), "{activation:?}");
        }
    }
}

#[test]
fn a_pattern_has_a_bit_a_unit_and_its_map_differs_where_it_does() {
    let net = net(&[4, 70, 3, 2], Activation::Relu, Output::Linear, 4);
    assert_eq!((net.deciding_units(), net.layer_words(0), net.layer_words(1)), (73, 0..2, 2..3));
    assert_eq!(net.layer_words(2), 3..3);
    let mut rng = Rng::new(4, 4);
    let patterns: Vec<_> = (0..20).map(|_| net.pattern(&cue(4, &mut rng)).unwrap()).collect();
    for pattern in &patterns {
        assert_eq!(pattern.words().len(), 3);
        assert_eq!(pattern.distance(pattern), 0);
        assert!(pattern.ones() <= 73);
        assert_eq!(pattern.distance(&patterns[0]) == 0, pattern == &patterns[0]);
    }
    let short = Pattern { words: vec![0; 2] };
    assert_eq!(net.effective(&short), Err(NetError::Length { expected: 3, got: 2 }));
}

#[test]
fn bytes_come_back_and_hostile_ones_are_errors() {
    for activation in KINDS {
        let net = net(&[3, 5, 2], activation, Output::Softmax, 1);
        let net = net.with_labels(vec!["a".into(), "b".into()]).unwrap();
        let bytes = net.to_bytes();
        assert_eq!(Net::from_bytes(&bytes).unwrap(), net);
        for end in 0..bytes.len() {
            assert!(Net::from_bytes(&bytes[..end]).is_err(), "{end}");
        }
        for at in 0..bytes.len() {
            let mut flipped = bytes.clone();
            flipped[at] ^= 0xFF;
            // Whatever it is now, it is not the same net.
            if let Ok(other) = Net::from_bytes(&flipped) {
                assert_ne!(other, net, "{at}");
            }
        }
    }
}

#[test]
fn what_does_not_fit_is_refused() {
    let layer = |sums, inputs, activation| {
        Layer::new(Array2::ones((sums, inputs)).view(), &vec![0.0; sums], activation).unwrap()
    };
    let ones = Array2::ones((2, 3));
    let new = |layers| Net::new(layers, Output::Linear);
    assert_eq!(new(vec![]), Err(NetError::NoLayers));
    let (relu, linear) = (Activation::Relu, Activation::Linear);
    assert_eq!(new(vec![layer(2, 3, relu)]), Err(NetError::LastLayer));
    assert_eq!(
        new(vec![layer(2, 3, relu), layer(1, 3, linear)]),
        Err(NetError::Chain { layer: 2, expected: 2, got: 3 })
    );
    assert!(new(vec![layer(2, 3, Activation::TwoSided), layer(1, 4, linear)]).is_ok());
    assert_eq!(Layer::new(ones.view(), &[0.0], relu), Err(NetError::Bias { sums: 2, bias: 1 }));
    assert_eq!(
        Layer::new(ones.view(), &[0.0, f32::NAN], relu),
        Err(NetError::NotFinite { what: "bias", index: 1 })
    );
    for slope in [-0.1, 1.0, f32::NAN] {
        let leaky = Activation::LeakyRelu { slope };
        assert!(Layer::new(ones.view(), &[0.0, 0.0], leaky).is_err());
    }
    let net = new(vec![layer(2, 3, linear)]).unwrap();
    let mut out = [0.0; 2];
    let mut read = |x: &[f32]| net.forward(x, &mut Activations::default(), &mut out);
    assert_eq!(read(&[0.0; 2]), Err(NetError::Length { expected: 3, got: 2 }));
    assert_eq!(read(&[0.0, f32::NAN, 0.0]), Err(NetError::Input { index: 1 }));
    assert_eq!(read(&[f32::MAX; 3]), Err(NetError::Overflow { layer: 1, unit: 0 }));
    assert_eq!(
        net.clone().with_labels(vec!["a".into()]),
        Err(NetError::Labels { outputs: 2, labels: 1 })
    );
    for labels in [["a", "a"], ["a", ""]] {
        let labels = labels.map(String::from).to_vec();
        assert_eq!(net.clone().with_labels(labels), Err(NetError::LabelName { output: 1 }));
    }
}
