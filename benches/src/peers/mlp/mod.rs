//! A plain multilayer perceptron: ReLU, Adam, and nothing that a competent user would not reach
//! for first.
//!
//! Values are fitted by mean square error on targets of mean 0 and spread 1, labels by
//! cross-entropy. The learning rate is chosen on a held-out tenth of the training rows, then the
//! net is trained anew on all of them; [`fit_by_steps`] lets training be watched and stopped, and
//! [`Stepwise`] leaves it to the caller what each step is made on, [`RowByRow`] makes one on every row. The same
//! parameters and rows give the same net.

mod adam;
mod algorithm;
mod error;
mod export;
mod network;
mod params;
mod plateau;
mod row_by_row;
mod steps;
mod stepwise;
mod tuning;

pub use algorithm::{Mlp, fit, fit_watched};
pub use error::MlpError;
pub use params::{InputScale, MlpParams, RowOrder, ValidMlpParams};
pub use row_by_row::RowByRow;
pub use steps::{Choice, Progress, Watch, choose_rate, choose_rate_and_scale, fit_by_steps};
pub use stepwise::{Descent, Stepwise, StepwiseParams};
pub use tuning::Tuner;
