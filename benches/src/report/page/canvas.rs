//! What charts draw on: lengths in units of a drawing, colours of the page.

use std::io;

use plotters::coord::Shift;
use plotters::drawing::DrawingAreaErrorKind;
use plotters::element::{Circle, PathElement, Polygon, Rectangle, Text};
use plotters::prelude::{DrawingArea, IntoDrawingArea as _, SVGBackend};
use plotters::style::text_anchor::{HPos, Pos, VPos};
use plotters::style::{
    Color as _, FontDesc, FontFamily, FontStyle, IntoTextStyle as _, RGBColor, ShapeStyle,
};

use super::words::clean;

/// The drawing library has whole numbers only; so many of them make one unit.
pub(super) const UNIT: f64 = 10.0;
/// The width of a chart.
pub(super) const WIDTH: f64 = 560.0;
/// The size of its letters on a phone. On a wide page, the style makes them smaller.
pub(super) const FONT: f64 = 18.0;

/// Why a drawing failed.
pub(super) type Failure = DrawingAreaErrorKind<io::Error>;

/// A place, from the left upper corner.
pub(super) type At = (f64, f64);

/// A drawing: what stands within `<svg>`, and its size.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Svg {
    pub(super) inner: String,
    pub(super) view_box: String,
}

/// How a word stands to its place.
#[derive(Clone, Copy)]
pub(super) struct Lettering {
    pub(super) side: HPos,
    pub(super) colour: RGBColor,
    pub(super) bold: bool,
}

/// A surface.
pub(super) struct Canvas<'a> {
    area: DrawingArea<SVGBackend<'a>, Shift>,
}

/// Draws on a surface of a size.
pub(super) fn drawing(
    (width, height): At,
    draw: impl FnOnce(&Canvas<'_>) -> Result<(), Failure>,
) -> Result<Svg, Failure> {
    let (w, h) = (whole(width).unsigned_abs(), whole(height).unsigned_abs());
    let mut text = String::new();
    {
        let canvas =
            Canvas { area: SVGBackend::with_string(&mut text, (w, h)).into_drawing_area() };
        draw(&canvas)?;
        canvas.area.present()?;
    }
    // The page writes the outer element itself, with what it says to those who do not see it.
    let inner = text.split_once('>').map_or("", |(_, rest)| rest).trim();
    let inner = inner.strip_suffix("</svg>").unwrap_or(inner).to_owned();
    Ok(Svg { inner, view_box: format!("0 0 {w} {h}") })
}

fn whole(length: f64) -> i32 {
    // Saturates, so that no number is too much for it.
    (length * UNIT).round() as i32
}

fn point((x, y): At) -> (i32, i32) {
    (whole(x), whole(y))
}

fn stroke(colour: RGBColor, width: f64) -> ShapeStyle {
    colour.stroke_width(whole(width).unsigned_abs())
}

impl Canvas<'_> {
    pub(super) fn line(&self, places: &[At], colour: RGBColor, width: f64) -> Result<(), Failure> {
        let points: Vec<_> = places.iter().copied().map(point).collect();
        self.area.draw(&PathElement::new(points, stroke(colour, width)))
    }

    pub(super) fn bar(&self, from: At, to: At, colour: RGBColor) -> Result<(), Failure> {
        self.area.draw(&Rectangle::new([point(from), point(to)], colour.filled()))
    }

    pub(super) fn polygon(&self, places: &[At], colour: RGBColor) -> Result<(), Failure> {
        let points: Vec<_> = places.iter().copied().map(point).collect();
        self.area.draw(&Polygon::new(points, colour.filled()))
    }

    pub(super) fn disc(&self, at: At, radius: f64, colour: RGBColor) -> Result<(), Failure> {
        self.area.draw(&Circle::new(point(at), whole(radius), colour.filled()))
    }

    /// Writes a word beside its place, at the middle of its height.
    pub(super) fn word(&self, text: &str, at: At, how: Lettering) -> Result<(), Failure> {
        let weight = if how.bold { FontStyle::Bold } else { FontStyle::Normal };
        // The backend divides by 1.24.
        let font = FontDesc::new(FontFamily::SansSerif, FONT * UNIT * 1.24, weight);
        let style = font.color(&how.colour).into_text_style(&self.area);
        let style = style.pos(Pos::new(how.side, VPos::Center));
        self.area.draw(&Text::new(clean(text), point(at), style))
    }
}
