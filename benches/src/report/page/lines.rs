//! A chart of lines over numbers.

use plotters::style::text_anchor::HPos;

use super::axis::{Scale, Start, shows};
use super::canvas::{Canvas, FONT, Failure, Lettering, Svg, WIDTH, drawing};
use super::clip::{Place, clip, inside};
use super::marker;
use super::marks::Marks;
use super::palette::{GRID, QUIET, Styles};
use super::words::LETTER;
use crate::report::{Lines, Series};

/// The height of the frame.
const HEIGHT: f64 = 300.0;
/// What is above the frame, marks aside: half a letter of the highest label.
const TOP: f64 = 12.0;
/// What is below it: the labels of the x axis.
const BOTTOM: f64 = 30.0;
/// What is right of it: half a label.
const RIGHT: f64 = 26.0;
/// As many markers and error bars as a line has.
const MARKERS: usize = 12;

/// Draws the lines; `None` where no point can be shown.
pub(super) fn draw(lines: &Lines, styles: &Styles) -> Result<Option<Svg>, Failure> {
    let shown = || {
        let all = lines.series.iter().flat_map(|series| series.points.iter().zip(spreads(series)));
        all.filter(|((x, y), _)| shows(&lines.x, *x) && shows(&lines.y, *y))
    };
    let xs = Scale::of(&lines.x, shown().map(|((x, _), _)| *x), Start::Value);
    let ys = shown().flat_map(|((_, y), spread)| [*y, y - spread, y + spread]);
    let (Some(x), Some(y)) = (xs, Scale::of(&lines.y, ys, Start::Value)) else { return Ok(None) };

    let letters = y.ticks.iter().map(|tick| y.label(*tick).chars().count()).max().unwrap_or(0);
    let (left, right) = (letters as f64 * FONT * LETTER + 14.0, WIDTH - RIGHT);
    let marks = Marks::new(&lines.marks, &lines.x, &x, (left, right), WIDTH);
    let top = TOP + marks.height();
    let bottom = top + HEIGHT;
    let frame = Frame { x, y, left, right, top, bottom };
    let svg = drawing((WIDTH, bottom + BOTTOM), |canvas| {
        frame.draw(canvas)?;
        marks.draw(canvas, bottom)?;
        // GLAM last, over the others.
        let (ours, others): (Vec<_>, Vec<_>) = lines.series.iter().partition(|series| series.ours);
        for series in others.into_iter().chain(ours) {
            frame.draw_series(canvas, lines, series, styles)?;
        }
        Ok(())
    })?;
    Ok(Some(svg))
}

/// The spread of each point; 0 where none is known.
fn spreads(series: &Series) -> impl Iterator<Item = f64> {
    let known = series.spread.iter().copied();
    known.map(|s| if s.is_finite() { s.abs() } else { 0.0 }).chain(std::iter::repeat(0.0))
}

struct Frame {
    x: Scale,
    y: Scale,
    left: f64,
    right: f64,
    top: f64,
    bottom: f64,
}

impl Frame {
    fn at(&self, (x, y): Place) -> (f64, f64) {
        (self.left + x * (self.right - self.left), self.bottom - y * (self.bottom - self.top))
    }

    fn draw(&self, canvas: &Canvas<'_>) -> Result<(), Failure> {
        let lettering = |side| Lettering { side, colour: QUIET.light, bold: false };
        for tick in &self.y.ticks {
            let share = self.y.share(*tick);
            let (from, to) = (self.at((0.0, share)), self.at((1.0, share)));
            canvas.line(&[from, to], GRID.light, 1.0)?;
            let place = (self.left - 8.0, from.1);
            canvas.word(&self.y.label(*tick), place, lettering(HPos::Right))?;
        }
        for (share, label) in self.x.marked((self.right - self.left) / (FONT * LETTER)) {
            let (x, _) = self.at((share, 0.0));
            canvas.line(&[(x, self.bottom), (x, self.bottom + 5.0)], QUIET.light, 1.0)?;
            if let Some(label) = label {
                canvas.word(&label, (x, self.bottom + 18.0), lettering(HPos::Center))?;
            }
        }
        canvas.line(&[self.at((0.0, 0.0)), self.at((1.0, 0.0))], QUIET.light, 1.2)
    }

    fn draw_series(
        &self,
        canvas: &Canvas<'_>,
        lines: &Lines,
        series: &Series,
        styles: &Styles,
    ) -> Result<(), Failure> {
        let style = styles.get(series);
        // A point that cannot be shown is a gap in the line.
        let runs = series.points.split(|(x, y)| !(shows(&lines.x, *x) && shows(&lines.y, *y)));
        for run in runs {
            let places: Vec<Place> =
                run.iter().map(|(x, y)| (self.x.share(*x), self.y.share(*y))).collect();
            for part in clip(&places) {
                let part: Vec<_> = part.into_iter().map(|place| self.at(place)).collect();
                canvas.line(&part, style.sentinel(), style.width())?;
            }
        }
        let points: Vec<_> = series.points.iter().zip(spreads(series)).collect();
        for ((x, y), spread) in
            points.iter().copied().step_by(points.len().div_ceil(MARKERS).max(1))
        {
            if !(shows(&lines.x, *x) && shows(&lines.y, *y)) {
                continue;
            }
            let place = (self.x.share(*x), self.y.share(*y));
            if !inside(place) {
                continue;
            }
            if spread > 0.0 {
                let share = |y: f64| {
                    let share = if shows(&lines.y, y) { self.y.share(y) } else { 0.0 };
                    self.at((place.0, share.clamp(0.0, 1.0)))
                };
                let ends = [share(y - spread), share(y + spread)];
                let width = if style.is_ours() { 1.8 } else { 1.2 };
                canvas.line(&ends, style.sentinel(), width)?;
                for (x, y) in ends {
                    canvas.line(&[(x - 4.0, y), (x + 4.0, y)], style.sentinel(), width)?;
                }
            }
            marker::mark(canvas, self.at(place), style)?;
        }
        Ok(())
    }
}
