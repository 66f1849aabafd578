//! The suites: what is measured, and what is shown of it.

pub mod continual;
pub mod drift;
mod tally;
