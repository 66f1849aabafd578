//! The suites: what is measured, and what is shown of it.

#[allow(dead_code, reason = "other suites need the rest")]
mod common;
pub mod continual;
pub mod drift;
#[allow(dead_code, reason = "other suites need the rest")]
mod generated;
mod tally;
