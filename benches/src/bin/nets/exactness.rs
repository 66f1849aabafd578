//! How far look-ups are from the forward pass.

use std::error::Error;
use std::sync::Arc;

use glam_benches::nets::{Draws, random_net};
use glam_memory::core::net::{Activation, Activations, Compiled, Found, Keys, Net};

use super::{Arguments, given};

/// Random nets, from the inputs to the outputs.
const SIZES: [&[usize]; 5] = [
    &[4, 32, 10],
    &[4, 64, 64, 64, 10],
    &[18, 128, 128, 6],
    &[18, 64, 64, 64, 64, 64, 64, 6],
    &[784, 128, 10],
];

pub(super) fn run(arguments: &Arguments) -> Result<(), Box<dyn Error>> {
    println!(
        "{:<28} {:<11} {:<8} {:>6} {:>7} {:>10} {:>10} {:>8}",
        "exactness", "activation", "keys", "cues", "stored", "largest", "of bound", "classes"
    );
    if let Some((net, mut cues)) = given(arguments)? {
        if cues.is_empty() {
            cues = Draws::new(1).cues(net.inputs(), arguments.cues as usize);
        }
        cues.truncate(arguments.cues(&net));
        return compare(&net, "", &cues);
    }
    for (name, activation) in [
        ("relu", Activation::Relu),
        ("leaky", Activation::LeakyRelu { slope: 0.1 }),
        ("two-sided", Activation::TwoSided),
    ] {
        for sizes in SIZES {
            let net = random_net(sizes, activation, 1)?;
            let count = arguments.cues(&net);
            compare(&net, name, &Draws::new(2).cues(net.inputs(), count))?;
        }
    }
    println!(
        "\nLargest distance of an output before a softmax, and the largest part of its bound."
    );
    Ok(())
}

fn compare(net: &Net, activation: &str, cues: &[Vec<f32>]) -> Result<(), Box<dyn Error>> {
    let net = Arc::new(net.clone());
    let mut activations = Activations::default();
    let (mut forward, mut out) = (vec![0.0; net.outputs()], vec![0.0; net.outputs()]);
    for keys in [Keys::Forward, Keys::Path] {
        let mut compiled = Compiled::new(net.clone(), keys, 1 << 26);
        let (mut stored, mut classes, mut largest, mut part) = (0, 0, 0.0_f64, 0.0_f64);
        for x in cues {
            compiled.store(x)?;
            stored += usize::from(compiled.read(x, &mut out)? == Found::Stored);
            net.forward(x, &mut activations, &mut forward)?;
            classes += usize::from(best(&out) != best(&forward));
            let bound = compiled.rounding(x)?;
            for ((&out, &forward), bound) in out.iter().zip(&forward).zip(bound) {
                let apart = (f64::from(out) - f64::from(forward)).abs();
                if apart > bound {
                    return Err(format!("{apart:e} apart, more than {bound:e}").into());
                }
                largest = largest.max(apart);
                part = part.max(if bound > 0.0 { apart / bound } else { 0.0 });
            }
        }
        println!(
            "{:<28} {activation:<11} {:<8} {:>6} {stored:>7} {largest:>10.1e} {part:>10.1e} \
             {classes:>8}",
            net.sizes(),
            if keys == Keys::Path { "path" } else { "forward" },
            cues.len(),
        );
    }
    Ok(())
}

/// The position of the largest, the first of equal ones.
pub(super) fn best(values: &[f32]) -> usize {
    let mut best = 0;
    for (number, value) in values.iter().enumerate() {
        if *value > values[best] {
            best = number;
        }
    }
    best
}
