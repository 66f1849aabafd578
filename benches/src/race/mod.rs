//! How long each learner takes to a given accuracy, on the same rows, in one run.
//!
//! A learner is shown the training rows, judged on the test rows at checkpoints, and stopped once
//! it has reached the goal, spent its seconds or made its passes. Only learning is on the clock:
//! scaling and building count, judging does not. Nothing is tuned on the test rows; reaching the
//! goal on them is what the race measures, so that the place to stop is seen on them, for everybody
//! alike.
//!
//! - [`course`] holds the rows, the goal and the budget.
//! - [`lap`] decides where the checkpoints are and keeps what was measured there.
//! - [`outcome`] is what a table is made of.
//! - [`online`] drives learners that take one row at a time; [`online_learners`] are these.
//! - [`net`] and [`trees`] drive the multilayer perceptron and the random forest.
//! - [`process`] drives learners that are programs of their own; [`stream_process`] those that follow
//!   a stream, which is no race.
//! - [`contest`] names all of them.

pub mod contest;
pub mod course;
pub mod error;
pub mod lap;
pub mod net;
pub mod online;
pub mod online_learners;
pub mod outcome;
pub mod process;
mod script;
pub mod stream_process;
pub mod table;
pub mod trees;

pub use contest::{Contestant, run};
pub use course::Course;
pub use error::RaceError;
pub use outcome::{End, Outcome, Point, Scores};
