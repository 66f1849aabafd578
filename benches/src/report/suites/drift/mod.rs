//! Streams whose rule changes: prequential accuracy, each row predicted just before it is learned.
//!
//! Beside the memories, with and without a window, stand two rules that do not look at inputs, a net
//! that learns row by row, and, where a Python is given, models of River that run as programs of their own.
//! `bench` runs the trials, `learners` follow a stream, `streams` reads or generates it, `shown` makes
//! the section.

mod bench;
mod learners;
mod shown;
mod streams;
#[cfg(test)]
mod tests;

pub use bench::run;
pub use shown::section;

/// The name of the suite.
pub const ID: &str = "drift";

/// Why a stream could not be followed.
type Failure = Box<dyn std::error::Error>;
