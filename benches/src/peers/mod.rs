//! The learners that GLAM is held against, each given a fair chance: scaled inputs, and its one
//! delicate setting chosen on a held-out tenth of the training rows.

pub mod forest;
pub mod mlp;
pub mod neighbour;
pub mod recursive;
pub mod ridge;
mod scaler;
