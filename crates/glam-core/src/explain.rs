//! What a memory says about one of its answers.

use ndarray::{Array1, Array2};

use crate::slots::Key;

/// A slot that took part in a read.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ActiveSlot {
    /// What the slot is for.
    pub key: Key,
    /// Its number.
    pub slot: u32,
    /// The length of its part of the prediction, as a share of all parts' lengths; they sum to 1.
    pub share: f64,
}

/// The linear map that a memory is at one cue.
#[derive(Debug, Clone, PartialEq)]
pub struct Explanation {
    /// What the read gives, one number an output.
    pub prediction: Vec<f32>,
    /// The slope of each output (row) by each input (column), in the units of the data.
    pub matrix: Array2<f64>,
    /// matrix x + bias is the prediction.
    pub bias: Array1<f64>,
    /// The slots that were summed, table by table.
    pub active: Vec<ActiveSlot>,
    /// How many keys the cue has, with a slot or without.
    pub keys: usize,
}
