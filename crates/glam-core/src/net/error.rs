//! Why a net was refused.

use thiserror::Error;

/// What is wrong with a net, or with an input to one.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum NetError {
    /// A net without a layer.
    #[error("the net has no layer")]
    NoLayers,
    /// A bias of another length than the weights have rows.
    #[error("the weights have {sums} rows and the bias {bias} values; there must be one a row")]
    Bias {
        /// Rows of the weights.
        sums: usize,
        /// Values of the bias.
        bias: usize,
    },
    /// A layer without an input or without a sum.
    #[error("a layer's weights have {sums} rows and {inputs} columns; neither may be none")]
    NoWeights {
        /// Rows of the weights.
        sums: usize,
        /// Columns of the weights.
        inputs: usize,
    },
    /// A layer that does not take what the one before it gives.
    #[error("layer {layer} takes {got} values, the layer before it gives {expected}")]
    Chain {
        /// The layer, counted from 1.
        layer: usize,
        /// Values that the layer before gives.
        expected: usize,
        /// Values that the layer takes.
        got: usize,
    },
    /// The last layer decides something.
    #[error("the last layer must be affine, without an activation")]
    LastLayer,
    /// A weight or a bias that is not a finite number.
    #[error("{what} {index} is not a finite number")]
    NotFinite {
        /// `"weight"` or `"bias"`.
        what: &'static str,
        /// Its position; of weights row by row, counted from 0.
        index: usize,
    },
    /// A slope of a leaky unit out of its range.
    #[error("the slope of a leaky unit is {got}, it must be at least 0 and less than 1")]
    Slope {
        /// The slope.
        got: String,
    },
    /// More than a net may have.
    #[error("the net has {got} {what}, at most {max} are allowed")]
    TooLarge {
        /// What there is too much of.
        what: &'static str,
        /// How much there is.
        got: usize,
        /// How much is allowed.
        max: usize,
    },
    /// Class names that do not fit the outputs.
    #[error("the net has {outputs} outputs and {labels} class names; there must be one an output")]
    Labels {
        /// Outputs of the net.
        outputs: usize,
        /// Names that were given.
        labels: usize,
    },
    /// A class name that cannot be a label, or stands twice.
    #[error("the class name of output {output} is empty, too long or stands twice")]
    LabelName {
        /// The output, counted from 0.
        output: usize,
    },
    /// An input of the wrong length.
    #[error("the input has {got} values, the net takes {expected}")]
    Length {
        /// Inputs of the net.
        expected: usize,
        /// Values that were given.
        got: usize,
    },
    /// An input value that is missing or infinite.
    #[error("input value {index} is not a finite number; a net takes no missing values")]
    Input {
        /// Its position, counted from 0.
        index: usize,
    },
    /// A unit's sum left the range of f32.
    #[error("unit {unit} of layer {layer} leaves the range of f32 at this input")]
    Overflow {
        /// The layer, counted from 1.
        layer: usize,
        /// The unit, counted from 0.
        unit: usize,
    },
    /// Saved bytes that cannot be those of a net.
    #[error("the saved net is damaged: {what} at byte {at}")]
    Damaged {
        /// What is wrong.
        what: &'static str,
        /// Where.
        at: usize,
    },
}
