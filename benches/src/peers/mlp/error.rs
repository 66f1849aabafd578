//! Why the net could not be trained.

/// Why the net could not be trained.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum MlpError {
    /// A parameter is out of its range.
    #[error("{name} must be {expected}: got {got}")]
    Parameter {
        /// The parameter.
        name: &'static str,
        /// Its range.
        expected: &'static str,
        /// What it was set to.
        got: String,
    },
    /// Inputs and targets differ in number of rows, or are too few.
    #[error(
        "{x_rows} rows of inputs and {y_rows} of targets; equal numbers, at least 2, are needed"
    )]
    Rows {
        /// Rows of inputs.
        x_rows: usize,
        /// Rows of targets.
        y_rows: usize,
    },
    /// An input or a target is infinite or not a number. (ReLU would hide it.)
    #[error("every input and target must be finite; row {row} is not")]
    NotFinite {
        /// The first such row.
        row: usize,
    },
    /// Every learning rate ended in numbers that are not finite.
    #[error("training diverged with every learning rate")]
    Diverged,
    /// The tensor library refused an operation.
    #[error("tensor library: {0}")]
    Tensor(#[from] candle_core::Error),
    /// The weights are not those of a net.
    #[error("as a net: {0}")]
    Net(#[from] glam_memory::net::NetError),
    /// The threads could not be started.
    #[error("threads could not be started: {0}")]
    Threads(#[from] rayon::ThreadPoolBuildError),
}
