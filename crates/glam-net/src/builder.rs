//! A net layer by layer: affine maps, what is folded into them, and activations.

use glam_core::net::{Activation, Layer, MAX_WEIGHTS, Net, NetError, Output};
use ndarray::Array2;

use crate::error::Error;

/// A layer's columns are padded to whole groups of so many weights.
const GROUP: usize = 8;

/// One number for every value, or one each.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Values {
    All(f64),
    Each(Vec<f64>),
}

impl Values {
    pub(crate) fn at(&self, index: usize) -> f64 {
        match self {
            Self::All(value) => *value,
            Self::Each(values) => values.get(index).copied().unwrap_or(f64::NAN),
        }
    }

    pub(crate) fn map(self, f: impl Fn(f64) -> f64) -> Self {
        match self {
            Self::All(value) => Self::All(f(value)),
            Self::Each(values) => Self::Each(values.into_iter().map(f).collect()),
        }
    }

    fn len(&self) -> Option<usize> {
        match self {
            Self::All(_) => None,
            Self::Each(values) => Some(values.len()),
        }
    }

    /// `f` of these and `other`, value by value; both are of one length where both have one.
    fn combine(&mut self, other: &Self, f: impl Fn(f64, f64) -> f64) {
        match (&mut *self, other) {
            (Self::All(value), Self::All(other)) => *value = f(*value, *other),
            (Self::All(value), Self::Each(others)) => {
                *self = Self::Each(others.iter().map(|&other| f(*value, other)).collect());
            }
            (Self::Each(values), other) => {
                let values = values.iter_mut().enumerate();
                values.for_each(|(index, value)| *value = f(*value, other.at(index)));
            }
        }
    }
}

/// The layer at hand: diag(scale) weights x + shift, without an activation so far.
struct Affine {
    part: String,
    weights: Array2<f64>,
}

/// Makes a net. Scales and shifts of values are folded, in f64, into the layer before them where it has
/// no activation yet, and else into the layer behind them.
pub(crate) struct Builder {
    layers: Vec<Layer>,
    open: Option<Affine>,
    /// What the values at hand are scaled by, since the layer at hand or the last activation.
    scale: Values,
    /// What is then added to them.
    shift: Values,
    /// How many values are at hand, where that is known.
    width: Option<usize>,
    weights: usize,
    folded: usize,
}

impl Builder {
    pub(crate) fn new() -> Self {
        Self {
            layers: Vec::new(),
            open: None,
            scale: Values::All(1.0),
            shift: Values::All(0.0),
            width: None,
            weights: 0,
            folded: 0,
        }
    }

    /// How many values are at hand, where that is known.
    pub(crate) fn width(&self) -> Option<usize> {
        self.width
    }

    /// Fails where other than `width` values are at hand; where it was unknown, it is this.
    pub(crate) fn expect_width(&mut self, width: usize, part: &str) -> Result<(), Error> {
        match self.width {
            Some(expected) if expected != width => Err(Error::Layer {
                part: part.to_owned(),
                source: NetError::Chain {
                    layer: self.layers.len() + 1 + usize::from(self.open.is_some()),
                    expected,
                    got: width,
                },
            }),
            _ => {
                self.width = Some(width);
                Ok(())
            }
        }
    }

    /// A layer of `sums` values out of `inputs`, with the weights that `weight` gives by sum and input.
    pub(crate) fn affine(
        &mut self,
        part: &str,
        (sums, inputs): (usize, usize),
        weight: impl Fn(usize, usize) -> f64,
        bias: Values,
    ) -> Result<(), Error> {
        if sums == 0 || inputs == 0 {
            return Err(refused(part, NetError::NoWeights { sums, inputs }));
        }
        self.expect_width(inputs, part)?;
        self.reserve(part, sums, inputs)?;
        if self.open.is_some() {
            self.close(Activation::Linear)?;
        }
        let mut weights = Array2::from_shape_fn((sums, inputs), |(sum, input)| weight(sum, input));
        let scale = std::mem::replace(&mut self.scale, Values::All(1.0));
        let before = std::mem::replace(&mut self.shift, bias);
        self.width = Some(sums);
        if before != Values::All(0.0) {
            let moved = weights.rows().into_iter().map(|row| {
                row.iter().enumerate().map(|(input, weight)| weight * before.at(input)).sum()
            });
            self.shift.combine(&Values::Each(moved.collect()), |bias, moved| bias + moved);
        }
        if scale != Values::All(1.0) {
            for (input, mut column) in weights.columns_mut().into_iter().enumerate() {
                column *= scale.at(input);
            }
        }
        self.open = Some(Affine { part: part.to_owned(), weights });
        match self.shift.len() {
            Some(bias) if bias != sums => Err(refused(part, NetError::Bias { sums, bias })),
            _ => Ok(()),
        }
    }

    /// Values times `scale`, plus `shift`.
    pub(crate) fn fold(&mut self, part: &str, scale: Values, shift: Values) -> Result<(), Error> {
        for width in [scale.len(), shift.len()].into_iter().flatten() {
            self.expect_width(width, part)?;
        }
        self.folded = self.folded.saturating_add(self.width.unwrap_or(1));
        if self.folded > MAX_WEIGHTS {
            let (what, got) = ("values of folded nodes", self.folded);
            return Err(refused(part, NetError::TooLarge { what, got, max: MAX_WEIGHTS }));
        }
        self.scale.combine(&scale, |value, scale| value * scale);
        self.shift.combine(&scale, |value, scale| value * scale);
        self.shift.combine(&shift, |value, shift| value + shift);
        Ok(())
    }

    /// Values through `activation`.
    pub(crate) fn activation(&mut self, part: &str, activation: Activation) -> Result<(), Error> {
        self.ensure_open(part)?;
        self.close(activation)
    }

    /// The net.
    pub(crate) fn finish(mut self, part: &str, output: Output) -> Result<Net, Error> {
        self.ensure_open(part)?;
        self.close(Activation::Linear)?;
        Ok(Net::new(self.layers, output)?)
    }

    /// Puts in a diagonal layer where there is none to go on with.
    fn ensure_open(&mut self, part: &str) -> Result<(), Error> {
        if self.open.is_some() {
            return Ok(());
        }
        let Some(width) = self.width else {
            return Err(refused(part, NetError::NoLayers));
        };
        let diagonal = |sum, input| if sum == input { 1.0 } else { 0.0 };
        // What is to be folded is folded into the diagonal.
        self.affine(part, (width, width), diagonal, Values::All(0.0))
    }

    fn close(&mut self, activation: Activation) -> Result<(), Error> {
        let Some(Affine { part, weights }) = self.open.take() else { return Ok(()) };
        let (sums, inputs) = weights.dim();
        let scale = std::mem::replace(&mut self.scale, Values::All(1.0));
        let bias = std::mem::replace(&mut self.shift, Values::All(0.0));
        let bias: Vec<f32> = (0..sums).map(|sum| bias.at(sum) as f32).collect();
        let rounded = Array2::from_shape_fn((sums, inputs), |(sum, input)| {
            (weights[[sum, input]] * scale.at(sum)) as f32
        });
        drop(weights);
        let layer = Layer::new(rounded.view(), &bias, activation);
        let layer = layer.map_err(|source| Error::Layer { part, source })?;
        self.width = Some(layer.values());
        self.layers.push(layer);
        Ok(())
    }

    /// Counts weights before they take any memory.
    fn reserve(&mut self, part: &str, sums: usize, inputs: usize) -> Result<(), Error> {
        let padded = sums.checked_next_multiple_of(GROUP).unwrap_or(usize::MAX);
        self.weights = self.weights.saturating_add(padded.saturating_mul(inputs));
        if self.weights > MAX_WEIGHTS {
            let (what, got) = ("weights", self.weights);
            return Err(refused(part, NetError::TooLarge { what, got, max: MAX_WEIGHTS }));
        }
        let max = glam_core::net::MAX_LAYERS;
        if self.layers.len() >= max {
            return Err(refused(part, NetError::TooLarge { what: "layers", got: max + 1, max }));
        }
        Ok(())
    }
}

fn refused(part: &str, source: NetError) -> Error {
    Error::Layer { part: part.to_owned(), source }
}
