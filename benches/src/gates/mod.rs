//! The same slots and the same least squares under gates that are drawn in different ways: from a trained
//! net (entangled with it), from an untrained one, or without any (detached).

mod consolidated;
mod contest;
mod nets;

pub use consolidated::{consolidated, drawn_anew};
pub use contest::{Form, Gates, Origin, Outcome, contestants, measure, references};
pub use nets::{Nets, Plan};

use ndarray::Axis;

use crate::adapt::AdaptError;
use crate::data::{Banking77Order, Dataset, by_name, shuffled_indices};
use crate::peers::mlp::InputScale;

/// The sets that gates are compared on.
pub const SETS: [&str; 3] = ["robot_arm", "fashion_mnist", "banking77"];

/// How a set is compared: the form of its tables, and the net whose gates are used.
#[must_use]
pub fn plan(set: &str) -> (Form, Plan) {
    let form = |view, level| Form { tables: 0, view, level, seed: 0 };
    let net = |hidden: &[usize], epochs, scale| Plan { hidden: hidden.to_vec(), epochs, scale };
    match set {
        // What a memory picks for so many inputs: every one of them, and level 8.
        "robot_arm" => (form(18, 8), net(&[128, 128], 20, InputScale::EachInput)),
        "banking77" => (form(15, 5), net(&[256], 10, InputScale::AllInputs)),
        _ => (form(15, 5), net(&[256], 5, InputScale::AllInputs)),
    }
}

/// The set of this name with at most `rows` rows to learn and `cues` to test, drawn by `seed`. Rows of the
/// robot arm stay in the order of time; others are shuffled.
///
/// # Errors
///
/// Returns an error if the data are missing.
pub fn set(name: &str, rows: usize, cues: usize, seed: u64) -> Result<Dataset, AdaptError> {
    let set = by_name(name, 0, Banking77Order::Shuffled { seed })?;
    let in_time = name == "robot_arm";
    let picked = |count: usize, most: usize, stays: bool| -> Vec<usize> {
        let mut order = shuffled_indices(count, seed);
        order.truncate(most);
        if stays {
            order.sort_unstable();
        }
        order
    };
    let train = picked(set.train_x.nrows(), rows, in_time);
    let test = picked(set.test_x.nrows(), cues, true);
    Ok(Dataset {
        train_x: set.train_x.select(Axis(0), &train),
        train_y: set.train_y.select(&train),
        test_x: set.test_x.select(Axis(0), &test),
        test_y: set.test_y.select(&test),
        ..set
    })
}
