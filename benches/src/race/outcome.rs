//! What a learner came to.

use ndarray::Array2;

use super::Course;

/// What was measured at a checkpoint.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Point {
    /// Rows learned so far, repeated ones counted again.
    pub rows: u64,
    /// Seconds of learning so far.
    pub seconds: f64,
    /// The measure on the test rows.
    pub measure: f64,
}

/// How a learner ended.
#[derive(Clone, Debug, PartialEq)]
pub enum End {
    /// It reached the goal, here.
    Reached(Point),
    /// It did not.
    Missed {
        /// The best that it came to.
        best: Point,
        /// Where it was stopped.
        last: Point,
    },
    /// It failed.
    Failed(String),
    /// It was not run.
    NotRun(String),
}

impl End {
    /// How a learner with these points ended; nothing if there are none.
    #[must_use]
    pub fn of(course: &Course, points: &[Point]) -> Option<Self> {
        let last = *points.last()?;
        let reached = points.iter().find(|point| course.is_reached_by(point.measure));
        if let Some(point) = reached {
            return Some(Self::Reached(*point));
        }
        let better = |best: Point, point: &Point| {
            if course.is_better(point.measure, best.measure) { *point } else { best }
        };
        Some(Self::Missed { best: points.iter().fold(points[0], better), last })
    }
}

/// What a learner came to, and how.
#[derive(Clone, Debug, PartialEq)]
pub struct Outcome {
    /// Its name.
    pub learner: String,
    /// How it ended.
    pub end: End,
    /// All that was measured.
    pub points: Vec<Point>,
    /// Seconds for choosing its settings beforehand, which are not among those of learning.
    pub search_seconds: Option<f64>,
    /// Microseconds for recalling one cue, on one thread.
    pub read_micros: Option<f64>,
    /// Threads that it learned on.
    pub threads: usize,
    /// Its setting, in words.
    pub setting: String,
    /// The bytes of what it learned, where it tells.
    pub bytes: Option<f64>,
    /// What it recalled, where it tells, so that it can be said how sure it was.
    pub scores: Option<Scores>,
}

/// Recalled values, or a score for each label, a softmax of which is how probable it is.
#[derive(Clone, Debug, PartialEq)]
pub struct Scores {
    /// Training rows, by number.
    pub held_out: Vec<usize>,
    /// At these, of shape `(held_out, outputs)`, learned from the other training rows.
    pub held: Array2<f32>,
    /// At the test rows, of shape `(rows, outputs)`, learned from all training rows.
    pub test: Array2<f32>,
}

impl Outcome {
    /// A learner that has nothing to show.
    #[must_use]
    pub fn without_points(learner: &str, end: End) -> Self {
        Self {
            learner: learner.to_owned(),
            end,
            points: Vec::new(),
            search_seconds: None,
            read_micros: None,
            threads: 0,
            setting: String::new(),
            bytes: None,
            scores: None,
        }
    }

    /// The seconds to the goal, if it was reached.
    #[must_use]
    pub fn seconds_to_goal(&self) -> Option<f64> {
        match self.end {
            End::Reached(point) => Some(point.seconds),
            _ => None,
        }
    }
}
