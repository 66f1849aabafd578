//! What GLAM is held against: real data sets, two peers, and the measures both are judged by.
//!
//! - [`data`] reads the stored data sets into one [`data::Dataset`].
//! - `peers` holds the learners that GLAM is compared with: a plain multilayer perceptron and
//!   ridge regression.
//! - [`metrics`] turns recalled values and labels into the figures that the documentation quotes.
//!
//! Nothing here is part of the product, and the product depends on nothing here.

pub mod data;
pub mod floors;
pub mod metrics;
#[cfg(feature = "peers")]
pub mod peers;
