//! What the example programs share.
//!
//! - [`plot`] draws recorded and recalled torques over time.
//! - [`table`] prints figures in aligned columns.

pub mod plot;
pub mod table;
