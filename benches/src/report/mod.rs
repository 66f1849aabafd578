//! The recall report: a memory held against what a user would pick instead, measured by one command and
//! written as one page.
//!
//! A *suite* is a list of trials about one question. The [`Runner`] measures each trial once, keeps
//! what it found at once, and goes on where an interrupted run stopped; a trial that fails is kept as
//! a failure. From what was kept every suite makes a [`Section`], and [`page`] writes the sections as
//! HTML and as Markdown.

mod error;
mod machine;
pub mod page;
mod record;
mod runner;
mod section;
mod spread;
#[cfg(feature = "peers")]
pub mod suites;

pub use error::ReportError;
pub use machine::{Machine, Versions, python_versions};
pub use record::{FORMAT, Figures, Found, Key, Plan, Point, Results, Trial};
pub use runner::Runner;
pub use section::{
    Axis, Bars, Block, Cell, Chart, Drawing, Lines, Mark, Picture, Report, Section, Series, Strip,
    Table,
};
pub use spread::Spread;
