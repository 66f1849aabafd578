//! A chart of bars over names, lying.

use plotters::style::text_anchor::HPos;

use super::axis::{Scale, Start, figure, shows};
use super::canvas::{Canvas, FONT, Failure, Lettering, Svg, WIDTH, drawing};
use super::marks::Marks;
use super::palette::{GRID, INK, QUIET, Style, Styles};
use super::words::{LETTER, clean, wrap};
use crate::report::{Bars, Series};

/// What one bar takes, and how thick it is: GLAM's, and another.
const SLOT: f64 = 22.0;
const THICK: f64 = 18.0;
const THIN: f64 = 13.0;
/// Between two groups.
const GAP: f64 = 14.0;
/// The height of a line of a name.
const LINE: f64 = 21.0;
/// Letters in a line of a name, and lines.
const LETTERS: usize = 16;
const NAME_LINES: usize = 4;
/// What is below the bars: the labels of the axis.
const BOTTOM: f64 = 30.0;
/// What stands for a bar that is not there.
const NONE: &str = "none";

/// Draws the bars; `None` where no value can be shown.
pub(super) fn draw(bars: &Bars, styles: &Styles) -> Result<Option<Svg>, Failure> {
    let all =
        || bars.series.iter().flat_map(|series| (0..bars.groups.len()).map(move |i| (series, i)));
    let found = || all().filter_map(|(series, i)| value(bars, series, i));
    let ends = found().flat_map(|(value, spread)| [value, value - spread, value + spread]);
    let Some(scale) = Scale::of(&bars.value, ends, Start::Bar) else { return Ok(None) };

    let names: Vec<Vec<String>> =
        bars.groups.iter().map(|name| wrap(&clean(name), LETTERS, NAME_LINES)).collect();
    let letters = names.iter().flatten().map(|line| line.chars().count()).max().unwrap_or(0);
    let left = letters as f64 * FONT * LETTER + 12.0;
    let figures = found().map(|(value, _)| figure(value).chars().count()).max().unwrap_or(0);
    let right = WIDTH - figures.max(NONE.len()) as f64 * FONT * LETTER - 14.0;

    let marks = Marks::new(&bars.marks, &bars.value, &scale, (left, right), WIDTH);
    let heights: Vec<f64> = names
        .iter()
        .map(|lines| (lines.len() as f64 * LINE).max(bars.series.len() as f64 * SLOT))
        .collect();
    let top = marks.height() + GAP / 2.0;
    let bottom = top + heights.iter().map(|height| height + GAP).sum::<f64>();
    let chart = Chart { bars, scale, left, right };
    let svg = drawing((WIDTH, bottom + BOTTOM), |canvas| {
        chart.draw_axis(canvas, (marks.height(), bottom))?;
        let mut placed = Vec::new();
        let mut y = top + GAP / 2.0;
        for (group, (lines, height)) in names.iter().zip(&heights).enumerate() {
            chart.draw_name(canvas, lines, y + height / 2.0)?;
            let first = y + (height - bars.series.len() as f64 * SLOT) / 2.0;
            placed.extend(bars.series.iter().enumerate().map(|(i, series)| Bar {
                value: value(bars, series, group),
                y: first + (i as f64 + 0.5) * SLOT,
                style: styles.get(series),
            }));
            y += height + GAP;
        }
        // The values over the marks, the marks over the bars.
        placed.iter().try_for_each(|bar| chart.draw_bar(canvas, bar))?;
        marks.draw(canvas, bottom)?;
        placed.iter().try_for_each(|bar| chart.draw_value(canvas, bar))
    })?;
    Ok(Some(svg))
}

/// The value of a group and its spread.
fn value(bars: &Bars, series: &Series, group: usize) -> Option<(f64, f64)> {
    let at = series.points.iter().position(|(x, _)| (x - group as f64).abs() < 0.5)?;
    let (_, value) = series.points.get(at)?;
    let spread = series.spread.get(at).copied().filter(|s| s.is_finite()).unwrap_or(0.0).abs();
    shows(&bars.value, *value).then_some((*value, spread))
}

/// A bar, or the place of one that is not there.
struct Bar {
    value: Option<(f64, f64)>,
    y: f64,
    style: Style,
}

struct Chart<'a> {
    bars: &'a Bars,
    scale: Scale,
    left: f64,
    right: f64,
}

impl Chart<'_> {
    fn x(&self, value: f64) -> f64 {
        // A value beyond a given end has a bar up to it.
        let share = if shows(&self.bars.value, value) { self.scale.share(value) } else { 0.0 };
        self.left + share.clamp(0.0, 1.0) * (self.right - self.left)
    }

    fn draw_axis(&self, canvas: &Canvas<'_>, (top, bottom): (f64, f64)) -> Result<(), Failure> {
        let how = Lettering { side: HPos::Center, colour: QUIET.light, bold: false };
        let length = self.right - self.left;
        for (share, label) in self.scale.marked(length / (FONT * LETTER)) {
            let x = self.left + share * length;
            canvas.line(&[(x, top), (x, bottom)], GRID.light, 1.0)?;
            if let Some(label) = label {
                canvas.word(&label, (x, bottom + 16.0), how)?;
            }
        }
        let base = self.x(self.scale.base());
        canvas.line(&[(base, top), (base, bottom)], QUIET.light, 1.2)
    }

    fn draw_name(&self, canvas: &Canvas<'_>, lines: &[String], middle: f64) -> Result<(), Failure> {
        let how = Lettering { side: HPos::Right, colour: INK.light, bold: false };
        let first = middle - lines.len() as f64 * LINE / 2.0;
        lines.iter().enumerate().try_for_each(|(i, line)| {
            canvas.word(line, (self.left - 10.0, first + (i as f64 + 0.5) * LINE), how)
        })
    }

    fn draw_bar(&self, canvas: &Canvas<'_>, bar: &Bar) -> Result<(), Failure> {
        let Some((value, spread)) = bar.value else { return Ok(()) };
        let (base, end) = (self.x(self.scale.base()), self.x(value));
        let half = if bar.style.is_ours() { THICK } else { THIN } / 2.0;
        let (from, to) = ((base.min(end), bar.y - half), (base.max(end), bar.y + half));
        canvas.bar(from, to, bar.style.sentinel())?;
        if spread > 0.0 {
            let ends = [self.x(value - spread), self.x(value + spread)];
            canvas.line(&ends.map(|x| (x, bar.y)), INK.light, 1.4)?;
            for x in ends {
                canvas.line(&[(x, bar.y - 4.0), (x, bar.y + 4.0)], INK.light, 1.4)?;
            }
        }
        Ok(())
    }

    fn draw_value(&self, canvas: &Canvas<'_>, bar: &Bar) -> Result<(), Failure> {
        let base = self.x(self.scale.base());
        let side = HPos::Left;
        let Some((value, spread)) = bar.value else {
            let how = Lettering { side, colour: QUIET.light, bold: false };
            return canvas.word(NONE, (base + 6.0, bar.y), how);
        };
        let reach = base.max(self.x(value)).max(self.x(value + spread));
        let how = Lettering { side, colour: INK.light, bold: bar.style.is_ours() };
        canvas.word(&figure(value), (reach + 6.0, bar.y), how)
    }
}
