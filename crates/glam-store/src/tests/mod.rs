//! Tests of the whole crate on real directories.

mod backups;
mod beside;
mod crash;
mod damage;
mod erase;
mod faults;
mod flips;
mod format;
mod golden;
mod history;
mod hostile;
mod kept;
mod life;
mod migration;
mod net;
mod refusals;
mod reopen;
mod repair;
mod simulated;

use std::fs;
use std::path::{Path, PathBuf};

use glam_core::net::{Activation, Layer, Net, Output};
use glam_core::{Basis, Config, Family, Label, Model, Precision, Scratch, Slots, Target, Targets};
use ndarray::Array2;

use crate::disk::Directory;
use crate::{Reader, Result, Store};

/// Inputs of the tests' memories.
const INPUTS: usize = 3;
/// Numeric targets of the tests' memories.
const OUTPUTS: usize = 2;
const CLASSES: [&str; 6] = ["ash", "birch", "cedar", "-7", "elm", "fir"];

/// A number in [-1, 1) that depends on nothing but `n`: splitmix64.
fn noise(n: u64) -> f32 {
    let mut z = n.wrapping_add(1).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    ((z ^ (z >> 31)) >> 40) as f32 / (1 << 23) as f32 - 1.0
}

/// Observation number `sequence`: the input, the numbers, the class.
fn observation(sequence: u64) -> ([f32; INPUTS], [f32; OUTPUTS], &'static str) {
    let x = [0, 1, 2].map(|input| noise(sequence * 3 + input));
    let class = ((x[0] + 1.0) * 1.5) as usize + 3 * usize::from(x[1] > 0.0);
    // New classes go on appearing, so that slots grow.
    let class = class.min(1 + sequence as usize / 40);
    (x, [x[0] * x[1] + 0.1 * noise(sequence << 32), x[2].abs()], CLASSES[class])
}

fn target<'a>(config: &Config, numbers: &'a [f32], class: &'static str) -> Target<'a> {
    match config.targets() {
        Targets::Numbers(_) => Target::Numbers(numbers),
        Targets::Labels => match class.parse::<i64>() {
            Ok(number) => Target::Label(Label::Integer(number)),
            Err(_) => Target::Label(Label::Text(class)),
        },
    }
}

/// Writes the next `count` observations to the model alone.
fn learn(model: &mut Model, count: u64) {
    for _ in 0..count {
        let (x, y, class) = observation(model.recall().sequence() + 1);
        let target = target(model.recall().config(), &y, class);
        model.write(&x, target).unwrap();
    }
}

/// Writes the next `count` observations to the log and the model.
fn write(store: &mut Store, model: &mut Model, count: u64) -> Result<()> {
    for _ in 0..count {
        let sequence = model.recall().sequence() + 1;
        let (x, y, class) = observation(sequence);
        let target = target(model.recall().config(), &y, class);
        store.append(sequence, &x, target, 1.0)?;
        model.write(&x, target)?;
    }
    Ok(())
}

/// A model that wrote the first `count` observations and never saw a file.
fn oracle(config: &Config, count: u64) -> Model {
    let mut model = Model::new(config.clone());
    learn(&mut model, count);
    model
}

/// Fails unless the two hold the same bits.
fn assert_same(got: &Model, expected: &Model) {
    let (got, expected) = (got.state(), expected.state());
    assert_eq!(got.sequence, expected.sequence);
    assert_eq!(got.structure, expected.structure);
    assert_eq!(got.keys, expected.keys);
    assert_eq!((got.weight_lines, got.covariance_lines), {
        (expected.weight_lines, expected.covariance_lines)
    });
    let bits = |slots: Slots<'_>| bytemuck::cast_slice::<_, u8>(&slots.to_vec().unwrap()).to_vec();
    assert!(bits(got.weights) == bits(expected.weights), "weights differ");
    assert!(bits(got.covariances) == bits(expected.covariances), "covariances differ");
    assert!(got.history == expected.history, "histories differ");
}

/// Fails unless the reader answers as the model does, bit for bit.
fn assert_reads_same(reader: &Reader, model: &Model) {
    assert_eq!(reader.sequence(), model.recall().sequence());
    assert_eq!(reader.outputs(), model.recall().outputs());
    assert_eq!(reader.labels().names(), model.recall().labels().names());
    let mut scratch = Scratch::default();
    let outputs = reader.outputs();
    let (mut got, mut expected) = (vec![0.0; outputs], vec![0.0; outputs]);
    let (mut got_spread, mut expected_spread) = (vec![0.0; outputs], vec![0.0; outputs]);
    for cue in 0..50 {
        let (x, ..) = observation(1_000_000 + cue);
        reader.read(&x, &mut scratch, &mut got).unwrap();
        model.recall().read(&x, &mut scratch, &mut expected).unwrap();
        assert_eq!(bits(&got), bits(&expected));
        reader.read_with_variance(&x, &mut scratch, &mut got, &mut got_spread).unwrap();
        model
            .recall()
            .read_with_variance(
                model.covariances(),
                &x,
                &mut scratch,
                &mut expected,
                &mut expected_spread,
            )
            .unwrap();
        assert_eq!(bits(&got), bits(&expected));
        assert_eq!(bits(&got_spread), bits(&expected_spread));
    }
}

fn bits(floats: &[f32]) -> Vec<u32> {
    floats.iter().map(|float| float.to_bits()).collect()
}

fn numbers() -> Config {
    Config::builder(INPUTS, Targets::Numbers(OUTPUTS as u32)).tables(6).build().unwrap()
}

fn labels() -> Config {
    Config::builder(INPUTS, Targets::Labels)
        .precision(Precision::Diagonal)
        .tables(6)
        .build()
        .unwrap()
}

/// The smallest memories: a few hundred bytes a file.
fn tiny(targets: Targets) -> Config {
    Config::builder(INPUTS, targets).tables(1).levels([1]).build().unwrap()
}

/// The smallest memory over a net: its decisions are the net's, and it learns numbers or labels.
fn over_net(targets: Targets) -> Config {
    let number = |place: usize| noise(place as u64 + 7_000);
    let weights = |rows: usize, columns: usize, from: usize| {
        Array2::from_shape_fn((rows, columns), |(row, column)| {
            number(from + row * columns + column)
        })
    };
    let hidden = Layer::new(weights(4, INPUTS, 0).view(), &[0.1; 4], Activation::Relu).unwrap();
    let last = Layer::new(weights(OUTPUTS, 4, 12).view(), &[0.0; 2], Activation::Linear).unwrap();
    let net = Net::new(vec![hidden, last], Output::Linear).unwrap();
    let net = match targets {
        Targets::Numbers(_) => net,
        Targets::Labels => net
            .with_output(Output::Softmax)
            .with_labels(CLASSES[..OUTPUTS].iter().map(ToString::to_string).collect())
            .unwrap(),
    };
    let builder = Config::builder(INPUTS, targets).tables(1).levels([2]);
    builder.families([Family::Relu { layer: 0 }]).basis(Basis::new(net)).build().unwrap()
}

fn temporary() -> (tempfile::TempDir, PathBuf) {
    let temporary = tempfile::tempdir().unwrap();
    let directory = temporary.path().join("memory");
    (temporary, directory)
}

/// The directory at `path` of the operating system's.
fn on(path: &Path) -> Directory {
    Directory::of_system(path)
}

/// Copies the files of a directory as a crash would leave them to the next process.
fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        fs::copy(entry.path(), to.join(entry.file_name())).unwrap();
    }
}

fn file_names(directory: &Path) -> Vec<String> {
    let mut names: Vec<String> = fs::read_dir(directory)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

#[test]
fn handles_can_be_shared() {
    fn shared<T: Send + Sync + Unpin>() {}
    shared::<Store>();
    shared::<Reader>();
    shared::<crate::History>();
    shared::<crate::Error>();
}
