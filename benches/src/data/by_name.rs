//! Data sets by the names that commands take.

use super::{
    Banking77Order, DataError, Dataset, HoldOut, banking77, elec2, fashion_mnist, robot_arm, uci,
    weather,
};

/// Every name that [`by_name`] knows.
pub const SET_NAMES: [&str; 12] = [
    "robot_arm",
    "robot_arm_new_path",
    "fashion_mnist",
    "banking77",
    "elec2",
    "weather",
    "yacht",
    "bostonHousing",
    "concrete",
    "kin8nm",
    "power-plant",
    "wine-quality-red",
];

/// Reads the data set of this name. The split matters to UCI sets, the order to banking77.
///
/// # Errors
///
/// Returns an error if no such set is stored, or a file is missing or malformed.
pub fn by_name(name: &str, split: usize, order: Banking77Order) -> Result<Dataset, DataError> {
    match name {
        "robot_arm" => Ok(robot_arm(&HoldOut::EveryFifthRun)?.dataset),
        // The runs along the second path are held out, so nothing like them was learned.
        "robot_arm_new_path" => Ok(robot_arm(&HoldOut::Runs(80..=100))?.dataset),
        "fashion_mnist" => fashion_mnist(),
        "banking77" => banking77(order),
        "elec2" => elec2(),
        "weather" => weather(),
        _ if SET_NAMES.contains(&name) => uci(name, split),
        _ => Err(DataError::UnknownName { name: name.to_owned(), known: SET_NAMES.join(", ") }),
    }
}
