//! Streams of tasks: what is left of the first when the last was learned.
//!
//! A learner is shown the rows of one task after the other, each row once, without being told which task
//! a row is of. After each task it is judged on the test rows of every task, those not yet seen among
//! them: `matrix[i][j]` is the measure on task j after task i. From the matrix come
//!
//! - the *average* at the end: the mean of its last row;
//! - *forgetting* (Chaudhry, Dokania, Ajanthan, Torr: Riemannian Walk for Incremental Learning, ECCV
//!   2018): the mean, over all tasks but the last, of the best measure on it after any earlier task less
//!   the final one;
//! - *backward transfer* (Lopez-Paz, Ranzato: Gradient Episodic Memory for Continual Learning, NIPS
//!   2017): the mean, over all tasks but the last, of the final measure on it less the one just after it
//!   was learned.
//!
//! The measure is accuracy over all classes, of the robot arm 1 less the mean nMSE of the torques.
//!
//! - `streams` makes the tasks, `learners` and `net` learn them, `reservoir` is what a net replays from.
//! - `figures` has the definitions above.
//! - `bench` runs the trials, `shown` makes the section.

mod bench;
mod figures;
mod learners;
mod net;
mod reservoir;
mod shown;
mod streams;
#[cfg(test)]
mod tests;

pub use bench::run;
pub use figures::{average, backward_transfer, forgetting};
pub use shown::section;

/// The name of the suite.
pub const ID: &str = "continual";

/// Why a learner could not be measured.
type Failure = Box<dyn std::error::Error + Send + Sync>;

/// The learners, as they are shown.
const GLAM: &str = "GLAM";
const NO_REPLAY: &str = "MLP, no replay";
const REPLAY: &str = "MLP, replay";
const RIDGE: &str = "ridge on random ReLU features";
