//! One affine map and what follows it.

use ndarray::{Array2, ArrayView2};

use super::NetError;
use crate::kernel::{LANES, Lane};

/// What a layer does with its sums a = W h + b.
#[derive(Debug, Clone, Copy, PartialEq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Activation {
    /// Nothing: an affine layer. It decides nothing, so it has no bits in a pattern.
    Linear,
    /// max(a, 0).
    Relu,
    /// a where it is positive, `slope` times a where it is not.
    LeakyRelu {
        /// From 0 up to, but not, 1.
        slope: f32,
    },
    /// max(a, 0) of every sum, then max(-a, 0) of every sum: twice as many values as sums. With it
    /// a unit passes its sum on through one of two columns of the next layer's weights, chosen by its sign
    /// (Shang et al. 2016, "concatenated ReLU").
    TwoSided,
}

// A slope is a number.
impl Eq for Activation {}

impl Activation {
    /// Values that a sum becomes.
    pub fn values(self) -> usize {
        if self == Self::TwoSided { 2 } else { 1 }
    }

    /// Whether its units decide something.
    pub fn decides(self) -> bool {
        self != Self::Linear
    }
}

/// A layer of a net: values out of values, `activation(weights input + bias)`.
#[derive(Debug, Clone, PartialEq)]
pub struct Layer {
    /// The weights input by input, each column padded with zeros to whole groups of lanes.
    columns: Vec<Lane>,
    /// The bias, padded.
    bias: Vec<Lane>,
    inputs: usize,
    sums: usize,
    activation: Activation,
    /// The largest sum of the sizes of a row's weights, and the largest size of a bias.
    reach: (f64, f64),
}

// Weights and biases are numbers.
impl Eq for Layer {}

impl Layer {
    /// A layer with `weights` of one row a sum and one column an input, and a bias a sum.
    ///
    /// # Errors
    /// [`NetError::NoWeights`], [`NetError::Bias`], [`NetError::NotFinite`], [`NetError::Slope`].
    ///
    /// ```
    /// use glam_core::net::{Activation, Layer};
    /// use ndarray::array;
    ///
    /// let layer = Layer::new(array![[1.0, -1.0]].view(), &[0.5], Activation::Relu)?;
    /// assert_eq!((layer.inputs(), layer.sums(), layer.values()), (2, 1, 1));
    /// assert_eq!(layer.weights(), array![[1.0, -1.0]]);
    /// # Ok::<(), glam_core::net::NetError>(())
    /// ```
    pub fn new(
        weights: ArrayView2<'_, f32>,
        bias: &[f32],
        activation: Activation,
    ) -> Result<Self, NetError> {
        let (sums, inputs) = weights.dim();
        if sums == 0 || inputs == 0 {
            return Err(NetError::NoWeights { sums, inputs });
        }
        if bias.len() != sums {
            return Err(NetError::Bias { sums, bias: bias.len() });
        }
        if let Activation::LeakyRelu { slope } = activation
            && !(0.0..1.0).contains(&slope)
        {
            return Err(NetError::Slope { got: slope.to_string() });
        }
        let infinite = |value: &f32| !value.is_finite();
        for (what, found) in [
            ("weight", weights.iter().position(infinite)),
            ("bias", bias.iter().position(infinite)),
        ] {
            if let Some(index) = found {
                return Err(NetError::NotFinite { what, index });
            }
        }
        let groups = sums.div_ceil(LANES);
        let mut columns = vec![[0.0; LANES]; groups * inputs];
        for ((sum, input), &weight) in weights.indexed_iter() {
            columns[input * groups + sum / LANES][sum % LANES] = weight;
        }
        let mut padded = vec![[0.0; LANES]; groups];
        padded.as_flattened_mut()[..sums].copy_from_slice(bias);
        let size = |row: ndarray::ArrayView1<'_, f32>| row.iter().map(|w| f64::from(w.abs())).sum();
        let rows = weights.rows().into_iter().map(size);
        let biases = bias.iter().map(|bias| f64::from(bias.abs()));
        let reach = (rows.fold(0.0, f64::max), biases.fold(0.0, f64::max));
        Ok(Self { columns, bias: padded, inputs, sums, activation, reach })
    }

    /// Values that go in.
    pub fn inputs(&self) -> usize {
        self.inputs
    }

    /// Sums: rows of the weights.
    pub fn sums(&self) -> usize {
        self.sums
    }

    /// Values that come out: as many as sums, or two a sum where it is two-sided.
    pub fn values(&self) -> usize {
        self.sums * self.activation.values()
    }

    /// What follows the sums.
    pub fn activation(&self) -> Activation {
        self.activation
    }

    /// The weights, one row a sum.
    pub fn weights(&self) -> Array2<f32> {
        Array2::from_shape_fn((self.sums, self.inputs), |(sum, input)| self.column(input)[sum])
    }

    /// The bias, one number a sum.
    pub fn bias(&self) -> &[f32] {
        &self.bias.as_flattened()[..self.sums]
    }

    /// The weights of one input, one number a sum.
    pub fn column(&self, input: usize) -> &[f32] {
        &self.lanes_of(input).as_flattened()[..self.sums]
    }

    /// Groups of lanes of a column.
    pub(super) fn groups(&self) -> usize {
        self.sums.div_ceil(LANES)
    }

    pub(super) fn lanes_of(&self, input: usize) -> &[Lane] {
        let groups = self.groups();
        &self.columns[input * groups..][..groups]
    }

    pub(super) fn columns(&self) -> &[Lane] {
        &self.columns
    }

    /// How large a sum can be at inputs of at most `size`.
    pub(super) fn most(&self, size: f64) -> f64 {
        self.reach.0 * size + self.reach.1
    }

    pub(super) fn padded_bias(&self) -> &[Lane] {
        &self.bias
    }
}
