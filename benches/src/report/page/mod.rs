//! Writes a report as one HTML page, or as Markdown.
//!
//! The page is one file that asks for no other: its charts are SVG within it, its pictures PNG within
//! it, and it runs no script. A chart is drawn in the colours of `palette`, which the page's style
//! replaces by those of the light or the dark mode.

mod axis;
mod bars;
mod canvas;
mod chart;
mod clip;
mod html;
mod inline;
mod lines;
mod markdown;
mod marker;
mod marks;
mod palette;
mod picture;
#[cfg(test)]
mod sample;
mod table;
#[cfg(test)]
mod tests;
mod words;

pub use html::html;
pub use markdown::markdown;
