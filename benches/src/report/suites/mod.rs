//! The suites: what is measured, and what is shown of it.

pub mod ablations;
mod common;
pub mod cost;
mod tally;
