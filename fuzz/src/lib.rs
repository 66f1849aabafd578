//! What a memory does with files that somebody else made up: an error or an answer, never a panic,
//! and never an allocation that the files do not pay for.
//!
//! Each target takes bytes and makes files of them. The fuzz targets hand it bytes that a fuzzer
//! chose; a test of `glam-tests` includes this file and hands it those of `corpus/`.

mod base;
mod configuration;
mod disk;
mod forge;
mod open_and_read;
mod replay_log;
mod room;

pub use configuration::configuration;
pub use open_and_read::open_and_read;
pub use replay_log::replay_log;
pub use room::Counting;
