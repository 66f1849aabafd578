//! The shapes that tell points of one line from those of another.

use super::canvas::{At, Canvas, Failure, Svg, drawing};
use super::palette::Style;

/// Draws the marker of a learner.
pub(super) fn mark(canvas: &Canvas<'_>, (x, y): At, style: Style) -> Result<(), Failure> {
    let r = if style.is_ours() { 5.5 } else { 4.5 };
    let colour = style.sentinel();
    let shape = |corners: &[At]| -> Result<(), Failure> {
        let places: Vec<At> = corners.iter().map(|(dx, dy)| (x + dx * r, y + dy * r)).collect();
        canvas.polygon(&places, colour)
    };
    let strokes = |ends: [[At; 2]; 2]| -> Result<(), Failure> {
        ends.iter().try_for_each(|ends| {
            canvas.line(&ends.map(|(dx, dy)| (x + dx * r, y + dy * r)), colour, 2.0)
        })
    };
    match style.marker() % 8 {
        0 => canvas.disc((x, y), r, colour),
        1 => shape(&[(-0.9, -0.9), (0.9, -0.9), (0.9, 0.9), (-0.9, 0.9)]),
        2 => shape(&[(0.0, -1.2), (1.1, 0.8), (-1.1, 0.8)]),
        3 => shape(&[(0.0, -1.3), (1.3, 0.0), (0.0, 1.3), (-1.3, 0.0)]),
        4 => strokes([[(-1.0, -1.0), (1.0, 1.0)], [(-1.0, 1.0), (1.0, -1.0)]]),
        5 => shape(&[(0.0, 1.2), (1.1, -0.8), (-1.1, -0.8)]),
        6 => strokes([[(-1.2, 0.0), (1.2, 0.0)], [(0.0, -1.2), (0.0, 1.2)]]),
        _ => shape(&[(-1.2, -0.6), (1.2, -0.6), (1.2, 0.6), (-1.2, 0.6)]),
    }
}

/// A piece of a learner's line, for the legend.
pub(super) fn line_swatch(style: Style) -> Result<Svg, Failure> {
    drawing((44.0, 16.0), |canvas| {
        canvas.line(&[(1.0, 8.0), (43.0, 8.0)], style.sentinel(), style.width())?;
        mark(canvas, (22.0, 8.0), style)
    })
}

/// A piece of a learner's bar, for the legend.
pub(super) fn bar_swatch(style: Style) -> Result<Svg, Failure> {
    drawing((20.0, 16.0), |canvas| canvas.bar((2.0, 1.0), (18.0, 15.0), style.sentinel()))
}
