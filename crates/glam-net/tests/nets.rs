//! Nets of PyTorch and scikit-learn come in, and compute what the frameworks compute.

#![expect(clippy::unwrap_used, reason = "a helper of tests may fail as a test may")]

mod common;

use common::{files, nets, rows};
use glam_benches::data::{HoldOut, robot_arm};
use glam_core::net::{Activation, Activations, Net, Output};

/// Roundings of an f32 softmax of at most 10 classes: exp, its argument, the sum and the quotient.
const SOFTMAX: f64 = 16.0 / (1 << 24) as f64;

/// Fails where outputs are further from the framework's than rounding can bring the two from each other,
/// or than `most`: that bound holds for the worst of all cases, and both sides are fixed bits here.
fn check(net: &Net, cues: &[Vec<f32>], expected: &[Vec<f32>], probabilities: bool, most: f64) {
    assert!(!cues.is_empty() && expected.len() >= cues.len());
    let mut activations = Activations::default();
    for (cue, expected) in cues.iter().zip(expected) {
        net.logits(cue, &mut activations).unwrap();
        let mut bounds: Vec<f64> =
            net.rounding(cue, &activations).iter().map(|bound| 2.0 * bound).collect();
        if probabilities {
            // A softmax moves no probability by more than the logits are moved.
            let moved = bounds.iter().copied().fold(0.0, f64::max);
            bounds.fill(moved + SOFTMAX);
            net.activate(cue, &mut activations).unwrap();
        }
        let outputs = activations.layer(net.layers().len() - 1);
        assert_eq!((outputs.len(), bounds.len()), (expected.len(), expected.len()));
        for ((output, expected), bound) in outputs.iter().zip(expected).zip(&bounds) {
            let error = f64::from((output - expected).abs());
            assert!(error <= *bound && error <= most, "{error:e}, {bound:e}");
        }
    }
}

fn images() -> Vec<Vec<f32>> {
    let images = rows::<u8>("fashion_images.npy");
    images
        .iter()
        .map(|image| image.iter().map(|&pixel| f32::from(pixel) / 255.0).collect())
        .collect()
}

fn digits() -> Vec<String> {
    (0..10).map(|digit| digit.to_string()).collect()
}

#[test]
fn pytorch_weights_compute_what_pytorch_computes() {
    let net = glam_net::open(&nets().join("fashion_256.safetensors")).unwrap();
    assert_eq!((net.sizes().as_str(), net.output()), ("784-256-10", Output::Softmax));
    assert_eq!(net.labels(), digits());
    check(&net, &images(), &rows("fashion_256.out.npy"), false, 2e-5);
}

#[test]
fn a_scikit_learn_classifier_computes_what_it_computes_there() {
    let net = glam_net::open(&nets().join("fashion_128_64.onnx")).unwrap();
    assert_eq!((net.sizes().as_str(), net.output()), ("784-128-64-10", Output::Softmax));
    assert_eq!(net.labels(), digits());
    check(&net, &images(), &rows("fashion_128_64.out.npy"), true, 2e-5);
}

#[test]
fn a_pytorch_regressor_computes_what_it_computes_there() {
    let net = glam_net::open(&nets().join("arm_128_128.onnx")).unwrap();
    // What normalises is part of the first layer, what takes that back of the last.
    assert_eq!((net.sizes().as_str(), net.output()), ("18-128-128-6", Output::Linear));
    let arm = robot_arm(&HoldOut::EveryFifthRun).unwrap();
    let cues: Vec<Vec<f32>> =
        arm.dataset.test_x.rows().into_iter().take(10_000).map(|row| row.to_vec()).collect();
    check(&net, &cues, &rows("arm_128_128.out.npy"), false, 2e-5);
}

#[test]
fn small_nets_compute_what_their_frameworks_compute() {
    let cues = rows("small/cues.npy");
    let mut seen = 0;
    for path in files("small", "onnx").into_iter().chain(files("small", "safetensors")) {
        let name = path.file_stem().unwrap().to_str().unwrap();
        let net = glam_net::open(&path).unwrap_or_else(|error| panic!("{name}: {error}"));
        let expected = rows(&format!("small/{name}.out.npy"));
        check(&net, &cues, &expected, net.output() == Output::Softmax, 1e-6);
        // As GLAM's own file, too.
        let temporary = tempfile::tempdir().unwrap();
        let saved = temporary.path().join("saved.NET");
        std::fs::write(&saved, net.to_bytes()).unwrap();
        assert_eq!(glam_net::open(&saved).unwrap(), net);
        seen += 1;
    }
    assert_eq!(seen, 14);
}

#[test]
fn small_nets_are_the_layers_that_they_should_be() {
    let (linear, relu, two_sided) = (Activation::Linear, Activation::Relu, Activation::TwoSided);
    let leaky = |slope| Activation::LeakyRelu { slope };
    let expected: [(&str, &str, &[Activation], &[&str]); 14] = [
        ("batch_norm.onnx", "5-4-3", &[relu, linear], &[]),
        ("by_hand.onnx", "5-4-3", &[relu, linear], &[]),
        ("ends_with_relu.onnx", "5-3-3", &[relu, linear], &[]),
        ("leaky.onnx", "5-4-3", &[leaky(0.1), linear], &[]),
        ("legacy.onnx", "5-4-3-3", &[leaky(0.2), leaky(0.25), linear], &[]),
        ("linear_between.onnx", "5-4-6-2", &[linear, relu, linear], &[]),
        ("scaled_relu.onnx", "5-5-5-2", &[relu, relu, linear], &[]),
        ("sklearn_names.onnx", "5-4-3", &[relu, linear], &["ant", "bee", "cat"]),
        ("sklearn_regressor.onnx", "5-4-1", &[relu, linear], &[]),
        ("sklearn_regressor_2.onnx", "5-4-2", &[relu, linear], &[]),
        ("sklearn_scaler.onnx", "5-4-3-3", &[relu, relu, linear], &["0", "1", "2"]),
        ("two_sided.onnx", "5-4-3", &[two_sided, linear], &[]),
        ("two_sided_swapped.onnx", "5-4-3", &[two_sided, linear], &[]),
        ("formats.safetensors", "5-4-4-2", &[leaky(0.25), two_sided, linear], &[]),
    ];
    for (name, sizes, activations, labels) in expected {
        let net = glam_net::open(&nets().join("small").join(name)).unwrap();
        let found: Vec<Activation> = net.layers().iter().map(|layer| layer.activation()).collect();
        assert_eq!((net.sizes().as_str(), found.as_slice()), (sizes, activations), "{name}");
        assert_eq!(net.labels(), labels, "{name}");
    }
}

#[test]
fn what_is_no_relu_net_is_refused_by_name() {
    let refused = [
        ("conv", "\"node_conv1d\" (Conv, output \"conv1d\")"),
        ("external", "tensor \"weight\": its data are in another file"),
        ("log_softmax", "\"node_log_softmax\" (LogSoftmax, output \"y\")"),
        ("skip", "\"node_add\" (Add, output \"add\")"),
        ("sklearn_two_classes", "(Sigmoid, output \"out_activations_result\")"),
        ("tanh", "\"node_tanh\" (Tanh, output \"tanh\")"),
    ];
    assert_eq!(files("refused", "onnx").len(), refused.len());
    for (name, message) in refused {
        let path = nets().join("refused").join(name).with_extension("onnx");
        let error = glam_net::open(&path).unwrap_err().to_string();
        assert!(error.contains(message), "{name}: {error}");
    }
}

#[test]
fn files_that_cannot_be_nets_are_refused_with_what_to_do() {
    let temporary = tempfile::tempdir().unwrap();
    let at = |name: &str| temporary.path().join(name);
    let error = |name: &str| glam_net::open(&at(name)).unwrap_err().to_string();
    assert!(error("net.pt").contains(".onnx, .safetensors"));
    assert!(error("missing.onnx").contains("missing.onnx"));
    std::fs::copy(nets().join("fashion_256.safetensors"), at("alone.safetensors")).unwrap();
    assert!(error("alone.safetensors").contains("alone.json"));
    // Sparse, so that it takes no space.
    let large = std::fs::File::create(at("large.onnx")).unwrap();
    large.set_len(glam_net::MAX_FILE_BYTES + 1).unwrap();
    assert!(error("large.onnx").contains("at most 1073741824"));
    std::fs::write(at("bad.net"), b"NET1").unwrap();
    assert!(error("bad.net").contains("damaged"));
}
