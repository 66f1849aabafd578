//! The log: every observation ever written, in order. It is the memory's history, and what is
//! replayed over a snapshot.

mod chain;
pub(crate) mod entry;
pub(crate) mod header;
mod reader;
pub(crate) mod recovery;
mod seek;
mod writer;

pub(crate) use chain::{Chain, check_start, check_whole, growing};
pub(crate) use header::{BYTES as HEADER_BYTES, Header};
pub(crate) use reader::{Content, Frames};
pub(crate) use seek::{Located, locate};
pub(crate) use writer::{Pending, Writer};
