//! The learners that GLAM is held against. The multilayer perceptron and ridge regression, whose
//! delicate setting is one number, choose it on a held-out tenth of the training rows; a net that learns
//! step by step and ridge regression on random features are given it; recursive least squares, the forest and the nearest neighbour (one, not several) stand at fixed settings that are
//! usual for them. All but the forest, to which scales are nothing, see scaled inputs.

pub mod features;
pub mod forest;
pub mod hash_memory;
pub mod hopfield;
pub mod mlp;
pub mod neighbour;
pub mod neighbours;
pub mod recursive;
pub mod ridge;
mod scaler;
