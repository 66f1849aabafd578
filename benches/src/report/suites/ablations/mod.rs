//! Which idea earns what: a memory with default settings, and the same with one change each.
//!
//! `sets` reads or generates the rows, `changes` makes the memories, `bench` runs the trials, `shown` makes
//! the section.

mod bench;
mod changes;
mod sets;
mod shown;
#[cfg(test)]
mod tests;

pub use bench::run;
pub use shown::section;

/// The name of the suite.
pub const ID: &str = "ablations";

/// Why a memory could not be measured.
type Failure = Box<dyn std::error::Error>;
