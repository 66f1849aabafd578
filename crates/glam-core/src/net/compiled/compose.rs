//! The maps of ever longer beginnings of a pattern, composed from the input up.

use ndarray::{Array1, Array2};

use crate::kernel::{LANES, Lane};
use crate::net::effective::{Effective, onto};
use crate::net::{Layer, Net};

/// The map from the input to the sums of a layer, in f64; goes on layer by layer.
pub(super) struct Composer<'a> {
    net: &'a Net,
    layer: usize,
    map: Effective,
}

impl<'a> Composer<'a> {
    /// At the sums of the first layer.
    pub(super) fn new(net: &'a Net) -> Self {
        let first = &net.layers()[0];
        let map = Effective { weights: wide(first), bias: wide_bias(first) };
        Self { net, layer: 0, map }
    }

    /// The map to the sums of layer number `layer`, where the layers before it decide as `words` say.
    ///
    /// Costs the inputs of the net times the weights of the layers on the way.
    pub(super) fn to(&mut self, layer: usize, words: &[u64]) -> &Effective {
        while self.layer < layer {
            let before = &self.net.layers()[self.layer];
            let next = &self.net.layers()[self.layer + 1];
            let decided = words.get(self.net.layer_words(self.layer)).unwrap_or_default();
            let onto = onto(&wide(next), before, decided);
            let bias = onto.dot(&self.map.bias) + wide_bias(next);
            self.map = Effective { weights: onto.dot(&self.map.weights), bias };
            self.layer += 1;
        }
        &self.map
    }
}

fn wide(layer: &Layer) -> Array2<f64> {
    layer.weights().mapv(f64::from)
}

fn wide_bias(layer: &Layer) -> Array1<f64> {
    layer.bias().iter().map(|&bias| f64::from(bias)).collect()
}

/// A map rounded to f32: the bias and then the columns, each padded to whole groups of lanes. `None` where
/// a number leaves the range of f32.
pub(super) fn padded(map: &Effective) -> Option<Box<[Lane]>> {
    let groups = map.bias.len().div_ceil(LANES);
    let mut lanes = vec![[0.0; LANES]; groups * (1 + map.weights.ncols())];
    let columns = std::iter::once(map.bias.view()).chain(map.weights.columns());
    for (lanes, column) in lanes.chunks_exact_mut(groups).zip(columns) {
        for (to, &number) in lanes.as_flattened_mut().iter_mut().zip(column) {
            *to = number as f32;
        }
    }
    lanes.as_flattened().iter().all(|number| number.is_finite()).then(|| lanes.into())
}
