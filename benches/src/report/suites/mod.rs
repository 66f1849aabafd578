//! The suites: what is measured, and what is shown of it.

mod common;
pub mod cost;
mod tally;
