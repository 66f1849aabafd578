//! The learning half of GLAM, a gated linear associative memory: gates, slots, least squares.
//!
//! A [`Model`] stores associations (x, y) one at a time. *Gates* hash x to keys; each key's *slot*
//! holds a linear map and its covariance; the sum of the active maps is the prediction, and
//! recursive least squares corrects them on the spot. This crate does no input or output, starts no
//! thread and reads no clock; every random draw comes from a stored seed, so the same seed and the
//! same writes give the same bits.
//!
//! It is **not** what most programs want to depend on: that is `glam-memory`, which adds files and
//! locks. Use this crate to embed the mathematics where there is no file system, or to keep the
//! state in a store of your own ([`Model::state`], [`Model::restore`]).
//!
//! [`Config`] says what a memory is for; [`Model`] writes; [`Recall`] reads, from a model or from
//! mapped weights ([`SavedRecall`], [`SlotLines`]); [`Report`] says what a memory picked and holds;
//! [`Explanation`] shows the linear map behind one answer.
//!
//! # Numbers
//! Slots are f32. Covariances are kept as U D U' factors, which no rounding can make indefinite; see
//! `kernel/full.rs`. Inputs beyond 16 spreads of what the warm-up showed count as 16.
//! NaN stands for a missing input, which counts as that input's mean, or for a target that is not
//! known, which teaches its output nothing.

mod basis;
mod config;
mod consolidate;
mod error;
mod exp;
mod explain;
mod familiarity;
mod feature;
mod gate;
mod kernel;
mod label;
mod local;
mod model;
pub mod net;
mod noise;
mod normaliser;
mod observation;
mod observations;
mod picks;
mod recall;
mod rehearsal;
mod report;
mod rng;
mod room;
mod saved;
mod scratch;
mod shape;
mod shift;
mod slopes;
mod slots;
#[cfg(test)]
mod solve_oracle;
mod structure;
mod temperature;
mod told;
mod uncertainty;
mod views;
mod warm_up;
mod window;
mod wire;

pub use basis::{Basis, Views};
pub use config::{
    Config, ConfigBuilder, DEFAULT_HISTORY_BYTES, MAX_DEPTH, MAX_GATE_FLOATS, MAX_INPUTS,
    MAX_REHEARSE, MAX_TABLES, MAX_TARGETS, MAX_VIEW, MAX_WARM_UP, MAX_WARM_UP_FLOATS,
    MIN_MAX_BYTES, Precision, Rehearse, Targets,
};
pub use consolidate::{
    Decision, Flow, Maps, Options, Progress, Serial, Sums, Trial, Workers, conjugate_gradients,
};
pub use error::{Error, Result};
pub use explain::{ActiveSlot, Explanation};
pub use familiarity::Familiarity;
pub use gate::Family;
pub use label::{Label, Labels, MAX_LABEL_BYTES, MAX_LABELS};
pub use model::Model;
pub use normaliser::{INPUT_LIMIT, TARGET_LIMIT};
pub use observation::{MISSING, Target, WEIGHTS, check_input, check_weight};
pub use observations::Observations;
pub use picks::{Deal, Picks};
pub use recall::Recall;
pub use rehearsal::MAX_AUTO_REHEARSE;
pub use report::{LevelCount, Rehearsing, Report, Sizes, TableCount};
pub use saved::{SavedModel, SavedRecall, State};
pub use scratch::Scratch;
pub use slots::{
    Arena, Changes, FixedState, Key, LINE_FLOATS, Line, MAX_SLOTS, SlotLines, Slots,
    check_slot_floats,
};
