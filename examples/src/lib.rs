//! What the example programs share.
//!
//! - [`plot`] draws recorded and recalled torques over time.
//! - [`relu_net_plot`] draws the patterns and the linear maps of a net.
//! - [`table`] prints figures in aligned columns.

pub mod plot;
pub mod relu_net_plot;
pub mod table;
