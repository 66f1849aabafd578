//! What GLAM is held against: real data sets, peers, and the measures both are judged by.
//!
//! - [`data`] reads the stored data sets into one [`data::Dataset`].
//! - `peers` holds the learners that GLAM is compared with: a plain multilayer perceptron, ridge
//!   regression, recursive least squares, a random forest and the nearest neighbour.
//! - `gates` compares gates taken from a trained net with gates that know of none.
//! - [`report`] makes one page out of suites that hold a memory against all of them.
//! - `race` measures how long each of them takes to a given accuracy.
//! - `databases` are files, GLAM and key-value stores that keep one row durably after the other.
//! - [`prequential`] predicts each row of a stream before it is learned.
//! - [`memories`] makes memories for data sets and judges what they recall.
//! - [`metrics`] turns recalled values and labels into the figures that the documentation quotes.
//! - [`floors`] has loops that do the least work there is, [`layouts`] the same over slots laid out in
//!   several ways, [`nets`] random nets and their cues, [`stream`] rows without an end, [`timing`] the clock, [`faults`] pages,
//!   [`command`] other programs that take turns, [`program`] what the programs here have in common.
//!
//! Nothing here is part of the product, and the product depends on nothing here.

#[cfg(feature = "peers")]
pub mod adapt;
pub mod command;
pub mod data;
#[cfg(feature = "databases")]
pub mod databases;
pub mod faults;
pub mod floors;
#[cfg(feature = "peers")]
pub mod gates;
pub mod layouts;
pub mod memories;
pub mod metrics;
pub mod nets;
#[cfg(feature = "peers")]
pub mod peers;
pub mod prequential;
pub mod program;
#[cfg(feature = "peers")]
pub mod race;
pub mod report;
pub mod stream;
pub mod timing;
