//! The nets that are stored with the repository: look-up, forward pass and their frameworks' outputs.

use std::error::Error;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use glam_benches::data::{Banking77Order, by_name};
use glam_memory::core::net::{Activations, Compiled, Found, Keys, Net, Output};

use super::Arguments;
use super::exactness::best;

/// A file in `tests/nets`, the data set whose test rows are its cues, and what divides their values.
const NETS: [(&str, &str, f32); 3] = [
    ("fashion_256.safetensors", "fashion_mnist", 255.0),
    ("fashion_128_64.onnx", "fashion_mnist", 255.0),
    ("arm_128_128.onnx", "robot_arm", 1.0),
];

pub(super) fn run(arguments: &Arguments) -> Result<(), Box<dyn Error>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/nets");
    println!(
        "{:<25} {:>14} {:>6} {:>8} | {:>9} {:>9} {:>8} | {:>9} {:>9} {:>8}",
        "stored nets",
        "",
        "cues",
        "look-ups",
        "from pass",
        "of bound",
        "classes",
        "framework",
        "of bound",
        "classes"
    );
    for (file, data, divisor) in NETS {
        let rows = match by_name(data, 0, Banking77Order::SortedByClass) {
            Ok(set) => set.test_x,
            Err(error) => {
                println!("{file:<25} left out: {error}");
                continue;
            }
        };
        let cues: Vec<Vec<f32>> = rows
            .rows()
            .into_iter()
            .take((arguments.cues as usize).max(10_000))
            .map(|row| row.iter().map(|value| value / divisor).collect())
            .collect();
        let path = folder.join(file);
        let expected = outputs(&path)?;
        compare(file, &glam_net::open(&path)?, &cues, &expected)?;
    }
    println!(
        "\nLargest distance of a look-up from the forward pass, and of the forward pass from its \
         framework's outputs,\nthe largest part of their bounds, and cues whose largest output is \
         another one."
    );
    Ok(())
}

/// What the framework computed, flat.
fn outputs(net: &Path) -> Result<Vec<f32>, Box<dyn Error>> {
    let path: PathBuf = net.with_extension("out.npy");
    let file = File::open(&path).map_err(|error| format!("{}: {error}", path.display()))?;
    Ok(npyz::NpyFile::new(std::io::BufReader::new(file))?.into_vec::<f32>()?)
}

fn compare(
    name: &str,
    net: &Net,
    cues: &[Vec<f32>],
    expected: &[f32],
) -> Result<(), Box<dyn Error>> {
    let probabilities = net.output() == Output::Softmax && name.ends_with(".onnx");
    let sums = Arc::new(net.clone().with_output(Output::Linear));
    let mut compiled = Compiled::new(sums.clone(), Keys::Forward, 1 << 28);
    let mut activations = Activations::default();
    let (mut forward, mut out) = (vec![0.0; net.outputs()], vec![0.0; net.outputs()]);
    let (mut stored, mut from_pass, mut from_framework) = (0, Apart::default(), Apart::default());
    for (x, expected) in cues.iter().zip(expected.chunks_exact(net.outputs())) {
        compiled.store(x)?;
        stored += usize::from(compiled.read(x, &mut out)? == Found::Stored);
        sums.forward(x, &mut activations, &mut forward)?;
        from_pass.add(&out, &forward, &compiled.rounding(x)?)?;
        // Both passes are within it of exact arithmetic.
        let twice: Vec<f64> =
            sums.rounding(x, &activations).iter().map(|bound| 2.0 * bound).collect();
        if probabilities {
            net.forward(x, &mut activations, &mut forward)?;
            // A softmax moves no output further than the sums were moved, but for its own rounding.
            let most = twice.iter().copied().fold(0.0, f64::max) + 1e-6;
            from_framework.add(&forward, expected, &vec![most; net.outputs()])?;
        } else {
            from_framework.add(&forward, expected, &twice)?;
        }
    }
    println!(
        "{name:<25} {:>14} {:>6} {stored:>8} | {from_pass} | {from_framework}",
        net.sizes(),
        cues.len().min(expected.len() / net.outputs()),
    );
    Ok(())
}

/// How far two are apart.
#[derive(Default)]
struct Apart {
    largest: f64,
    part: f64,
    classes: usize,
}

impl Apart {
    fn add(&mut self, one: &[f32], other: &[f32], bounds: &[f64]) -> Result<(), String> {
        self.classes += usize::from(best(one) != best(other));
        for ((&one, &other), &bound) in one.iter().zip(other).zip(bounds) {
            let apart = (f64::from(one) - f64::from(other)).abs();
            if apart > bound {
                return Err(format!("{apart:e} apart, more than {bound:e}"));
            }
            self.largest = self.largest.max(apart);
            self.part = self.part.max(if bound > 0.0 { apart / bound } else { 0.0 });
        }
        Ok(())
    }
}

impl std::fmt::Display for Apart {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:>9.1e} {:>9.1e} {:>8}", self.largest, self.part, self.classes)
    }
}
