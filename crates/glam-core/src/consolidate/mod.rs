//! Consolidate: the joint optimum over the whole history, stopped early.

mod lifted;
mod rows;
mod slopes_pass;
mod solve;
mod workers;

pub use workers::{Serial, Workers};
