//! Nets trained on one world, and rows of another.

use ndarray::{Array2, Axis};

use super::{AdaptError, Shift};
use crate::data::{Dataset, HoldOut, Targets, fashion_mnist, robot_arm, shuffled_indices};
use crate::peers::mlp::{self, InputScale, Mlp, MlpParams};

/// A net trained on an old world, a stream of a new one, and test rows of both.
pub struct World {
    /// What changes.
    pub name: String,
    /// The net, trained on the old world.
    pub net: Mlp,
    /// The names of the classes that it knows; empty for values.
    pub known: Vec<String>,
    /// The rows of the new world, in the order in which they come.
    pub stream: (Array2<f32>, Targets),
    /// Test rows of the new world.
    pub new: (Array2<f32>, Targets),
    /// Test rows of the old world.
    pub old: (Array2<f32>, Targets),
}

/// The pixel value of white.
const WHITE: f32 = 255.0;

fn trained(
    hidden: &[usize],
    epochs: usize,
    scale: InputScale,
    x: &Array2<f32>,
    y: &Targets,
) -> Result<Mlp, AdaptError> {
    let params = MlpParams {
        hidden: hidden.to_vec(),
        epochs,
        input_scale: scale,
        learning_rates: vec![1e-3],
        ..Default::default()
    };
    Ok(mlp::fit(&params.check()?, x.view(), y)?)
}

fn picked(x: &Array2<f32>, y: &Targets, rows: &[usize]) -> (Array2<f32>, Targets) {
    (x.select(Axis(0), rows), y.select(rows))
}

fn names(y: &Targets) -> Vec<String> {
    match y {
        Targets::Labels { names, .. } => names.clone(),
        Targets::Values(_) => Vec::new(),
    }
}

fn enough(asked: usize, there: usize) -> Result<(), AdaptError> {
    if asked <= there { Ok(()) } else { Err(AdaptError::Rows { asked, there }) }
}

/// Fashion-MNIST: a net of the hidden layers `hidden`, trained for `epochs`, then the images shifted;
/// `rows` of the training images come, in an order of `seed`.
///
/// # Errors
///
/// Returns an error if the data are missing or the net cannot be trained.
pub fn images_shifted(
    hidden: &[usize],
    epochs: usize,
    shift: Shift,
    rows: usize,
    seed: u64,
) -> Result<World, AdaptError> {
    let Dataset { train_x, train_y, test_x, test_y, .. } = fashion_mnist()?;
    enough(rows, train_x.nrows())?;
    let net = trained(hidden, epochs, InputScale::AllInputs, &train_x, &train_y)?;
    let order = shuffled_indices(train_x.nrows(), seed);
    let (x, y) = picked(&train_x, &train_y, &order[..rows]);
    Ok(World {
        name: match shift {
            Shift::Turned(degrees) => format!("Fashion-MNIST turned by {degrees} degrees"),
            Shift::Noisy(spread) => format!("Fashion-MNIST with noise of {spread} of white"),
        },
        net,
        known: names(&train_y),
        stream: (shift.apply(x.view(), WHITE, seed + 1), y),
        new: (shift.apply(test_x.view(), WHITE, seed + 2), test_y.clone()),
        old: (test_x, test_y),
    })
}

/// Fashion-MNIST: a net that was never shown class number `class`, then `rows` of all classes. The old
/// world's test rows are those of the other classes, the new world's are all.
///
/// # Errors
///
/// As [`images_shifted`].
pub fn class_added(
    hidden: &[usize],
    epochs: usize,
    class: u32,
    rows: usize,
    seed: u64,
) -> Result<World, AdaptError> {
    let Dataset { train_x, train_y, test_x, test_y, .. } = fashion_mnist()?;
    enough(rows, train_x.nrows())?;
    let (train_y, test_y) = (last(&train_y, class), last(&test_y, class));
    let (known, added) = without(&train_y);
    let (x, y) = picked(&train_x, &train_y, &known);
    let y = shorter(y);
    let net = trained(hidden, epochs, InputScale::AllInputs, &x, &y)?;
    let order = shuffled_indices(train_x.nrows(), seed);
    let (kept, _) = without(&test_y);
    Ok(World {
        name: format!("Fashion-MNIST, class {added} added"),
        net,
        known: names(&y),
        stream: picked(&train_x, &train_y, &order[..rows]),
        old: picked(&test_x, &test_y, &kept),
        new: (test_x, test_y),
    })
}

/// The same labels with class number `class` moved to the end.
fn last(y: &Targets, class: u32) -> Targets {
    let Targets::Labels { labels, names } = y else { return y.clone() };
    let end = names.len() as u32 - 1;
    let moved = |&label: &u32| match label {
        label if label == class => end,
        label => label - u32::from(label > class),
    };
    let mut renamed = names.clone();
    let name = renamed.remove(class as usize);
    renamed.push(name);
    Targets::Labels { labels: labels.iter().map(moved).collect(), names: renamed }
}

/// The rows of all classes but the last one, and the name of that.
fn without(y: &Targets) -> (Vec<usize>, String) {
    let Targets::Labels { labels, names } = y else { return (Vec::new(), String::new()) };
    let end = names.len() as u32 - 1;
    let rows = (0..labels.len()).filter(|&row| labels[row] != end);
    (rows.collect(), names.last().cloned().unwrap_or_default())
}

/// Without the name of the last class, which no row has.
fn shorter(y: Targets) -> Targets {
    match y {
        Targets::Labels { labels, mut names } => {
            names.pop();
            Targets::Labels { labels, names }
        }
        values => values,
    }
}

/// The robot arm: a net trained on the runs along its first path, then `rows` rows evenly from the runs
/// along another, in the order of time. Every fifth run of both paths is for testing.
///
/// # Errors
///
/// As [`images_shifted`].
pub fn new_path(
    hidden: &[usize],
    epochs: usize,
    rows: usize,
    seed: u64,
) -> Result<World, AdaptError> {
    // Of the first path every fifth run is held out too, to see what is lost of it.
    let arm = robot_arm(&HoldOut::Runs(80..=100))?;
    let Dataset { train_x, train_y, test_x, test_y, .. } = arm.dataset;
    let rows_of = |runs: &[crate::data::Run], held: bool| -> Vec<usize> {
        let runs = runs.iter().filter(|run| run.id.is_multiple_of(5) == held);
        runs.flat_map(|run| run.rows.clone()).collect()
    };
    let (x, y) = picked(&train_x, &train_y, &rows_of(&arm.train_runs, false));
    let net = trained(hidden, epochs, InputScale::EachInput, &x, &y)?;
    let coming = rows_of(&arm.test_runs, false);
    enough(rows.max(1), coming.len())?;
    // Every so manyth row, in the order of time; the seed says which is the first.
    let step = coming.len() / rows.max(1);
    let first = seed as usize * 7919 % step;
    let coming: Vec<usize> = coming.into_iter().skip(first).step_by(step).take(rows).collect();
    Ok(World {
        name: "robot arm on another path".to_owned(),
        net,
        known: Vec::new(),
        stream: picked(&test_x, &test_y, &coming),
        new: picked(&test_x, &test_y, &rows_of(&arm.test_runs, true)),
        old: picked(&train_x, &train_y, &rows_of(&arm.train_runs, true)),
    })
}
