//! ReLU nets read as hash tables of linear maps.
//!
//! A ReLU layer gives D W x, with D the diagonal of its units' decisions: 1 where a unit's sum is
//! positive, 0 where it is not. With the next layer's weights V, V D is a linear map that D chooses: D is a
//! key, and the layer a table of maps. A deep net is a path through such tables, and what it computes is one
//! linear map per path: W_n D_(n-1) ... D_1 W_1.
//!
//! - [`Net`]: the layers, and the forward pass ([`Net::forward`]), which reads only the columns of units
//!   that are not 0.
//! - [`Pattern`]: D of every layer at an input, as bits ([`Net::pattern`]).
//! - [`Effective`]: the one map of a pattern ([`Net::effective`]), and how far rounding can take the
//!   forward pass from it ([`Net::rounding`]).
//! - [`Compiled`]: the same outputs by look-up of the maps of patterns that were met before.
//! - [`Census`]: how many patterns a stream of cues meets, and how often each.
//! - [`Inspection`]: the equivalent weights of each output at an input ([`Net::inspect`]).
//!
//! ```
//! use glam_core::net::{Activation, Activations, Layer, Net, Output};
//! use ndarray::array;
//!
//! // |x| as a net: max(x, 0) + max(-x, 0).
//! let hidden = Layer::new(array![[1.0], [-1.0]].view(), &[0.0, 0.0], Activation::Relu)?;
//! let last = Layer::new(array![[1.0, 1.0]].view(), &[0.0], Activation::Linear)?;
//! let net = Net::new(vec![hidden, last], Output::Linear)?;
//! let mut out = [0.0];
//! net.forward(&[-3.0], &mut Activations::default(), &mut out)?;
//! assert_eq!(out, [3.0]);
//! let map = net.effective(&net.pattern(&[-3.0])?)?;
//! assert_eq!(map.weights, array![[-1.0]]);
//! # Ok::<(), glam_core::net::NetError>(())
//! ```

mod census;
mod compiled;
mod effective;
mod error;
mod forward;
mod inspect;
mod layer;
mod pattern;
mod saved;
#[cfg(test)]
mod tests;

use crate::config::MAX_INPUTS;
use crate::label::{Label, Labels};

pub use census::{
    Bin, CENSUS_PATTERNS, Census, CensusReport, Distances, LayerCensus, PatternCensus,
};
pub use compiled::{Compiled, Found, Keys, Lookups};
pub use effective::Effective;
pub use error::NetError;
pub use forward::Activations;
pub use inspect::{Contribution, InspectedOutput, Inspection};
pub use layer::{Activation, Layer};
pub use pattern::Pattern;

/// The most layers of a net.
pub const MAX_LAYERS: usize = 256;
/// The most numbers that all weights of a net may be: 256 MiB.
pub const MAX_WEIGHTS: usize = 1 << 26;

/// What follows the last layer's sums.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Output {
    /// Nothing.
    Linear,
    /// exp(a) over the sum of all: probabilities of classes.
    Softmax,
}

/// A feed-forward net of affine layers and rectifiers. Checked when it is made, and never changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Net {
    layers: Vec<Layer>,
    output: Output,
    labels: Vec<String>,
}

impl Net {
    /// A net of `layers`, the first one first.
    ///
    /// # Errors
    /// [`NetError::NoLayers`], [`NetError::Chain`], [`NetError::LastLayer`], [`NetError::TooLarge`].
    pub fn new(layers: Vec<Layer>, output: Output) -> Result<Self, NetError> {
        let Some(last) = layers.last() else { return Err(NetError::NoLayers) };
        if last.activation() != Activation::Linear {
            return Err(NetError::LastLayer);
        }
        for (number, pair) in layers.windows(2).enumerate() {
            let (expected, got) = (pair[0].values(), pair[1].inputs());
            if expected != got {
                return Err(NetError::Chain { layer: number + 2, expected, got });
            }
        }
        let values = layers.iter().map(Layer::values).fold(0, usize::saturating_add);
        let inputs = layers[0].inputs().saturating_add(values);
        let weights = layers.iter().map(|layer| layer.columns().len() * crate::kernel::LANES);
        let weights = weights.fold(0, usize::saturating_add);
        for (what, got, max) in [
            ("layers", layers.len(), MAX_LAYERS),
            ("inputs, units and outputs", inputs, MAX_INPUTS),
            ("weights", weights, MAX_WEIGHTS),
        ] {
            if got > max {
                return Err(NetError::TooLarge { what, got, max });
            }
        }
        Ok(Self { layers, output, labels: Vec::new() })
    }

    /// The same net with the names of its classes, one an output in their order.
    ///
    /// # Errors
    /// [`NetError::Labels`], [`NetError::LabelName`].
    pub fn with_labels(self, labels: Vec<String>) -> Result<Self, NetError> {
        if labels.len() != self.outputs() {
            return Err(NetError::Labels { outputs: self.outputs(), labels: labels.len() });
        }
        let mut known = Labels::default();
        for (output, label) in labels.iter().enumerate() {
            if known.insert(Label::Text(label)) != Ok(output) {
                return Err(NetError::LabelName { output });
            }
        }
        Ok(Self { labels, ..self })
    }

    /// The same net with another end: a net that was saved without its softmax, say.
    pub fn with_output(self, output: Output) -> Self {
        Self { output, ..self }
    }

    /// The layers, the first one first.
    pub fn layers(&self) -> &[Layer] {
        &self.layers
    }

    /// What follows the last layer's sums.
    pub fn output(&self) -> Output {
        self.output
    }

    /// The names of the classes, one an output; empty where there are none.
    pub fn labels(&self) -> &[String] {
        &self.labels
    }

    /// Numbers in.
    pub fn inputs(&self) -> usize {
        self.layers.first().map_or(0, Layer::inputs)
    }

    /// Numbers out.
    pub fn outputs(&self) -> usize {
        self.layers.last().map_or(0, Layer::values)
    }

    /// The values of all layers but the last.
    pub fn hidden_values(&self) -> usize {
        self.layers.iter().rev().skip(1).map(Layer::values).sum()
    }

    /// Weights and biases.
    pub fn parameters(&self) -> usize {
        self.layers.iter().map(|layer| layer.sums() * (layer.inputs() + 1)).sum()
    }

    /// The sizes from the inputs to the outputs, as in "784-256-10": sums of layers.
    pub fn sizes(&self) -> String {
        let sums = self.layers.iter().map(Layer::sums);
        let sizes: Vec<String> =
            std::iter::once(self.inputs()).chain(sums).map(|size| size.to_string()).collect();
        sizes.join("-")
    }
}
