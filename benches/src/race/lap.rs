//! Where a learner is judged, and what was measured there.

use std::time::Instant;

use super::outcome::{End, Point};
use super::{Course, RaceError};

/// The first checkpoint of those that double.
const FIRST_ROWS: u64 = 500;
/// Checkpoints at equal distances in each pass.
const EACH_PASS: u64 = 12;

/// A clock that is stopped while a learner is judged.
#[derive(Debug, Default)]
pub struct Stopwatch {
    before: f64,
    since: Option<Instant>,
}

impl Stopwatch {
    /// Lets the clock run.
    pub fn start(&mut self) {
        self.since = Some(Instant::now());
    }

    /// Stops the clock.
    pub fn stop(&mut self) {
        self.before = self.seconds();
        self.since = None;
    }

    /// The seconds for which it ran.
    #[must_use]
    pub fn seconds(&self) -> f64 {
        self.before + self.since.map_or(0.0, |since| since.elapsed().as_secs_f64())
    }
}

/// One learner on its way: the checkpoints behind it and the next one.
#[derive(Debug)]
pub struct Lap<'a> {
    course: &'a Course,
    points: Vec<Point>,
    next: u64,
    last_row: u64,
}

impl<'a> Lap<'a> {
    /// A learner that starts, and makes at most `passes` passes.
    #[must_use]
    pub fn new(course: &'a Course, passes: usize) -> Self {
        let row_count = course.row_count() as u64;
        let next = next_checkpoint(0, row_count);
        Self { course, points: Vec::new(), next, last_row: row_count * passes as u64 }
    }

    /// Whether the learner is to be judged now: at a checkpoint, after the last row, or because its
    /// seconds are spent.
    #[must_use]
    pub fn is_due(&self, rows: u64, seconds: f64) -> bool {
        rows >= self.next || rows >= self.last_row || seconds >= self.course.seconds
    }

    /// Keeps what was measured. True if the learner has reached the goal or may not go on.
    pub fn record(&mut self, point: Point) -> bool {
        self.points.push(point);
        self.next = next_checkpoint(point.rows, self.course.row_count() as u64);
        self.course.is_reached_by(point.measure)
            || point.rows >= self.last_row
            || point.seconds >= self.course.seconds
    }

    /// How it ended, and all points.
    ///
    /// # Errors
    ///
    /// Returns an error if the learner was never judged.
    pub fn finish(self) -> Result<(End, Vec<Point>), RaceError> {
        let reason = "a learner was never judged";
        let failed = || RaceError::Set { set: self.course.set().name.clone(), reason };
        let end = End::of(self.course, &self.points).ok_or_else(failed)?;
        Ok((end, self.points))
    }
}

/// The first checkpoint after so many rows: the doublings of [`FIRST_ROWS`], and [`EACH_PASS`] a
/// pass.
fn next_checkpoint(rows: u64, row_count: u64) -> u64 {
    let mut doubling = FIRST_ROWS;
    while doubling <= rows {
        doubling *= 2;
    }
    let share = (rows * EACH_PASS / row_count + 1..)
        .map(|share| (share * row_count).div_ceil(EACH_PASS))
        .find(|&at| at > rows);
    share.map_or(doubling, |at| at.min(doubling))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::{Dataset, Targets};
    use ndarray::Array2;

    fn course(rows: usize) -> Course {
        let x = Array2::zeros((rows, 1));
        let y = Targets::Values(x.clone());
        let set = Dataset {
            name: "zeros".into(),
            train_x: x.clone(),
            train_y: y.clone(),
            test_x: x,
            test_y: y,
        };
        Course::new(set, 0.1, 10.0, 2).unwrap()
    }

    #[test]
    fn checkpoints_double_and_come_twelve_times_a_pass() {
        let mut rows = 0;
        let all: Vec<u64> = std::iter::repeat_with(|| {
            rows = next_checkpoint(rows, 12_000);
            rows
        })
        .take_while(|&rows| rows <= 9_000)
        .collect();
        assert_eq!(all, [500, 1_000, 2_000, 3_000, 4_000, 5_000, 6_000, 7_000, 8_000, 9_000]);
        // Fewer rows than checkpoints: every row is one.
        assert_eq!(next_checkpoint(3, 5), 4);
        assert_eq!(next_checkpoint(5, 5), 6);
    }

    #[test]
    fn a_lap_ends_at_the_goal_the_last_row_or_the_last_second() {
        let course = course(1_200);
        let point = |rows, seconds, measure| Point { rows, seconds, measure };
        let mut lap = Lap::new(&course, 2);
        assert!(!lap.is_due(99, 0.0) && lap.is_due(100, 0.0) && lap.is_due(1, 10.0));
        assert!(!lap.record(point(100, 1.0, 0.5)));
        assert!(!lap.is_due(199, 0.0) && lap.is_due(200, 0.0));
        assert!(!lap.record(point(1_200, 2.0, 0.3)));
        assert!(lap.record(point(2_400, 3.0, 0.4)));
        let (end, points) = lap.finish().unwrap();
        assert_eq!(points.len(), 3);
        let (best, last) = (point(1_200, 2.0, 0.3), point(2_400, 3.0, 0.4));
        assert_eq!(end, End::Missed { best, last });

        let mut lap = Lap::new(&course, 2);
        assert!(lap.record(point(100, 10.0, 0.5)));
        let mut lap = Lap::new(&course, 2);
        assert!(lap.record(point(100, 1.0, 0.1)));
        assert_eq!(lap.finish().unwrap().0, End::Reached(point(100, 1.0, 0.1)));
        assert!(Lap::new(&course, 1).finish().is_err());
    }

    #[test]
    fn the_stopwatch_stands_still_while_stopped() {
        let mut watch = Stopwatch::default();
        watch.start();
        watch.stop();
        let stopped = watch.seconds();
        assert_eq!(watch.seconds(), stopped);
    }
}
