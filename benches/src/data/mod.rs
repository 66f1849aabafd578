//! Real data sets, read from files.
//!
//! The robot arm ships with the repository. Every other set is looked for in the folder that the
//! environment variable `GLAM_DATA` names, and without it in `shared/data` beside the checkout.

mod banking77;
mod by_name;
mod dataset;
mod error;
mod fashion_mnist;
mod folder;
mod npy;
pub mod packed;
mod robot_arm;
mod shuffle;
mod streams;
mod uci;

pub use banking77::{Banking77Order, banking77};
pub use by_name::{SET_NAMES, by_name};
pub use dataset::{Dataset, Targets};
pub use error::DataError;
pub use fashion_mnist::fashion_mnist;
pub use folder::{DATA_VARIABLE, data_folder, use_data_folder};
pub use robot_arm::{
    HoldOut, ROBOT_ARM_INPUT_COUNT, ROBOT_ARM_PACKED_PATH, ROBOT_ARM_SAMPLES_PER_SECOND,
    ROBOT_ARM_TORQUE_COUNT, RobotArm, Run, pack_robot_arm, robot_arm, robot_arm_source,
};
pub use shuffle::{Split, held_out_tenth, shuffled_indices};
pub use streams::{elec2, weather};
pub use uci::{UCI_NAMES, uci};
