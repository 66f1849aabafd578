//! What a write, a read and everything else cost, by the shape of the rows, and as a memory grows.
//!
//! Rows are generated. Beside a memory in files with default settings stand the least loop over the slots
//! that it touches, and learners that also take one row at a time. `rows` generates and times, `memory`,
//! `peers` and `floor` measure operations, `growth` a memory that is written on and on, `shown` makes the
//! section.

mod floor;
mod growth;
mod memory;
mod peers;
mod rows;
mod shown;
#[cfg(test)]
mod tests;

use std::cell::OnceCell;

pub use shown::section;

use crate::data::Dataset;
use crate::report::{Found, Key, ReportError, Runner};
use rows::Shape;

/// The name of the suite.
pub const ID: &str = "cost";
/// Its parts.
const OPERATIONS: &str = "operations";
const GROWTH: &str = "growth";
/// Repetitions: what a cost varies by is the machine's more than the seed's, which moves the memory alone.
const SEEDS: [u64; 3] = [1, 2, 3];

/// Why something could not be measured.
type Failure = Box<dyn std::error::Error>;

/// Who is measured on the rows of a shape.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Learner {
    Memory,
    Floor,
    Mlp,
    Neighbour,
    Recursive,
}

impl Learner {
    const ALL: [Self; 5] = [Self::Memory, Self::Floor, Self::Mlp, Self::Neighbour, Self::Recursive];

    fn name(self) -> &'static str {
        match self {
            Self::Memory => "GLAM",
            Self::Floor => "lower bound: moving GLAM's slots",
            Self::Mlp => "MLP, a step a row",
            Self::Neighbour => "nearest neighbour (HNSW)",
            Self::Recursive => "recursive least squares",
        }
    }

    /// Whether it can be asked to: the square of 785 numbers a write is too much to wait for.
    fn takes(self, shape: Shape) -> bool {
        self != Self::Recursive || shape.inputs <= 384
    }

    fn measure(self, set: &Dataset, seed: u64) -> Result<Found, Failure> {
        match self {
            Self::Memory => memory::measure(set, seed),
            Self::Floor => floor::measure(set),
            Self::Mlp => peers::mlp(set),
            Self::Neighbour => peers::neighbour(set),
            Self::Recursive => peers::recursive(set),
        }
    }
}

/// Measures every operation of every shape of the plan, then the growth.
///
/// # Errors
///
/// Returns an error if the file of trials cannot be written.
pub fn run(runner: &mut Runner) -> Result<(), ReportError> {
    let plan = runner.plan();
    let shapes = plan.pick(&Shape::ALL[..1], &Shape::ALL[..]);
    for &shape in shapes {
        let set = OnceCell::new();
        for seed in SEEDS.into_iter().take(plan.pick(1, SEEDS.len())) {
            for learner in Learner::ALL.into_iter().filter(|learner| learner.takes(shape)) {
                let key = Key::new(ID, OPERATIONS, &shape.name(), learner.name(), seed);
                runner.trial(key, || {
                    let rows = plan.pick(2_000, 8_000);
                    learner.measure(set.get_or_init(|| shape.rows(rows)), seed)
                })?;
            }
        }
    }
    let shape = Shape::GROWN;
    let key = Key::new(ID, GROWTH, &shape.name(), Learner::Memory.name(), SEEDS[0]);
    runner.trial(key, || growth::measure(shape, plan.pick(30_000, 10_000_000)))
}
