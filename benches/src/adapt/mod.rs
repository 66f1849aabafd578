//! A trained net meets another world: what it learns there row by row, and what it loses of the old one.

mod contest;
mod shifts;
mod world;

pub use contest::{Adapted, Learner, Point, Shape, adapt};
pub use shifts::Shift;
pub use world::{World, class_added, images_shifted, new_path};

/// Why a contest could not be held.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AdaptError {
    /// A data set is missing or malformed.
    #[error(transparent)]
    Data(#[from] crate::data::DataError),
    /// The net could not be trained.
    #[error(transparent)]
    Mlp(#[from] crate::peers::mlp::MlpError),
    /// The memory refused something.
    #[error(transparent)]
    Memory(#[from] glam_memory::Error),
    /// There is no folder for files that go again.
    #[error("a temporary folder: {0}")]
    Folder(#[source] std::io::Error),
    /// There are fewer rows than are asked for.
    #[error("{asked} rows are asked for, there are {there}")]
    Rows {
        /// How many are asked for.
        asked: usize,
        /// How many there are.
        there: usize,
    },
}
