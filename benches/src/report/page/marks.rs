//! Marked places of an axis: a dashed line down the chart, and above it a label that touches no other.

use std::cmp::Ordering;

use plotters::style::text_anchor::HPos;

use super::axis::{Scale, shows};
use super::canvas::{Canvas, FONT, Failure, Lettering};
use super::palette::{MARK, QUIET};
use super::words::{LETTER, clean, cut};
use crate::report::{Axis, Mark};

/// The height of a row of labels.
const ROW: f64 = 22.0;

/// Marks with the place of their labels.
pub(super) struct Marks {
    placed: Vec<Placed>,
    rows: usize,
}

struct Placed {
    x: f64,
    row: usize,
    side: HPos,
    label: String,
    /// From where to where the label reaches.
    span: (f64, f64),
}

impl Placed {
    /// Whether the label of one lies on that of the other, or on its line.
    fn touches(&self, other: &Self) -> bool {
        let crosses = |x: f64, span: (f64, f64)| span.0 < x && x < span.1;
        match self.row.cmp(&other.row) {
            Ordering::Equal => self.span.0 < other.span.1 && other.span.0 < self.span.1,
            Ordering::Less => crosses(self.x, other.span),
            Ordering::Greater => crosses(other.x, self.span),
        }
    }
}

impl Marks {
    /// Places the marks that the axis shows between its ends, which lie at `left` and `right`.
    pub(super) fn new(
        marks: &[Mark],
        axis: &Axis,
        scale: &Scale,
        (left, right): (f64, f64),
        edge: f64,
    ) -> Self {
        let place = |mark: &Mark| left + scale.share(mark.at) * (right - left);
        let mut all: Vec<(f64, &Mark)> = marks
            .iter()
            .filter(|mark| shows(axis, mark.at) && (0.0..=1.0).contains(&scale.share(mark.at)))
            .map(|mark| (place(mark), mark))
            .collect();
        all.sort_by(|a, b| a.0.total_cmp(&b.0));
        // A label lies on the side of its line with more room. The outermost are placed first, so that
        // the lines of the inner ones begin below them.
        let middle = (left + right) / 2.0;
        let (before, after): (Vec<_>, Vec<_>) = all.into_iter().partition(|(x, _)| *x >= middle);
        let mut placed: Vec<Placed> = Vec::new();
        for (x, mark) in after.into_iter().chain(before.into_iter().rev()) {
            let is_left = x < middle;
            let room = if is_left { edge - x } else { x };
            let label = cut(&clean(mark.label.trim()), (room / (FONT * LETTER)) as usize);
            let length = label.chars().count() as f64 * FONT * LETTER + 8.0;
            let span = if is_left { (x, x + length) } else { (x - length, x) };
            let side = if is_left { HPos::Left } else { HPos::Right };
            let rows = placed.iter().map(|other| other.row + 1).max().unwrap_or(0);
            let mut new = Placed { x, row: 0, side, label, span };
            while new.row < rows && placed.iter().any(|other| new.touches(other)) {
                new.row += 1;
            }
            placed.push(new);
        }
        let rows = placed.iter().map(|mark| mark.row + 1).max().unwrap_or(0);
        Self { placed, rows }
    }

    /// The height of the labels.
    pub(super) fn height(&self) -> f64 {
        self.rows as f64 * ROW
    }

    /// Draws the marks over a chart that begins below the labels and ends at `bottom`.
    pub(super) fn draw(&self, canvas: &Canvas<'_>, bottom: f64) -> Result<(), Failure> {
        for mark in &self.placed {
            let top = mark.row as f64 * ROW;
            canvas.line(&[(mark.x, top + 3.0), (mark.x, bottom)], QUIET.light, MARK)?;
            let x = if matches!(mark.side, HPos::Left) { mark.x + 5.0 } else { mark.x - 5.0 };
            let how = Lettering { side: mark.side, colour: QUIET.light, bold: false };
            canvas.word(&mark.label, (x, top + ROW / 2.0), how)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::super::axis::Start;
    use super::*;

    #[test]
    fn no_label_lies_on_another_or_on_a_line() {
        let axis = Axis { label: String::new(), log: false, range: Some((0.0, 1.0)) };
        let scale = Scale::of(&axis, [0.5].into_iter(), Start::Value).unwrap();
        let rows = |at: &[f64]| -> Vec<usize> {
            let mark = |at: &f64| Mark { at: *at, label: "memory is full".into() };
            let marks: Vec<Mark> = at.iter().map(mark).collect();
            let marks = Marks::new(&marks, &axis, &scale, (50.0, 530.0), 560.0);
            for (i, a) in marks.placed.iter().enumerate() {
                assert!(marks.placed[..i].iter().all(|b| !a.touches(b)));
            }
            assert_eq!(marks.height(), marks.rows as f64 * ROW);
            marks.placed.iter().map(|mark| mark.row).collect()
        };
        assert_eq!(rows(&[0.1, 0.9]), [0, 0]);
        assert_eq!(rows(&[0.2, 0.1]), [0, 1]);
        assert_eq!(rows(&[0.8, 0.9, 0.95]), [0, 1, 2]);
        assert_eq!(rows(&[1.5, -1.0, f64::NAN]), Vec::<usize>::new());
    }
}
