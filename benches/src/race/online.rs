//! Drives learners that take one row at a time.

use std::hint::black_box;
use std::time::Instant;

use ndarray::Array2;

use super::course::Answer;
use super::lap::{Lap, Stopwatch};
use super::{Course, Outcome, Point, RaceError};

/// Cues that reads are timed on.
pub const READ_CUES: usize = 1_000;

/// A learner that takes one row at a time, once, on one thread.
pub trait OnlineLearner {
    /// Learns one row.
    ///
    /// # Errors
    ///
    /// Returns an error if the learner refuses the row.
    fn learn(&mut self, x: &[f32], y: Answer<'_>) -> Result<(), RaceError>;

    /// What has to be looked up before cues are recalled; off the clock.
    ///
    /// # Errors
    ///
    /// Returns an error if the learner holds what it was never shown.
    fn settle(&mut self) -> Result<(), RaceError> {
        Ok(())
    }

    /// Recalls the values, or a score for each label, of one cue.
    ///
    /// # Errors
    ///
    /// Returns an error if the learner refuses the cue.
    fn recall(&self, x: &[f32], out: &mut [f32]) -> Result<(), RaceError>;

    /// Recalls a row as it is known so far, and then learns it. Before the first row a learner that knows
    /// nothing may leave `out` as it is.
    ///
    /// # Errors
    ///
    /// Returns an error if the learner refuses the row.
    fn predict_then_learn(
        &mut self,
        x: &[f32],
        y: Answer<'_>,
        out: &mut [f32],
    ) -> Result<(), RaceError> {
        self.recall(x, out)?;
        self.learn(x, y)
    }

    /// Its setting, in words.
    fn setting(&self) -> String;
}

/// Shows the training rows to the learner that `make` builds, once and in stored order. Building it
/// is on the clock.
///
/// # Errors
///
/// Returns an error if the learner refuses a row or a cue.
pub fn run_online<L: OnlineLearner>(
    course: &Course,
    name: &str,
    make: impl FnOnce(&Course) -> Result<L, RaceError>,
) -> Result<Outcome, RaceError> {
    let mut lap = Lap::new(course, 1);
    let mut watch = Stopwatch::default();
    watch.start();
    let mut learner = make(course)?;
    for row in 0..course.row_count() {
        let (x, y) = course.row(row);
        learner.learn(x, y)?;
        let rows = row as u64 + 1;
        if lap.is_due(rows, watch.seconds()) {
            watch.stop();
            learner.settle()?;
            let measure = course.judge(recall_all(course, &learner)?.view());
            if lap.record(Point { rows, seconds: watch.seconds(), measure }) {
                break;
            }
            watch.start();
        }
    }
    let read_micros = read_micros(course, |x, out| learner.recall(x, out))?;
    let (end, points) = lap.finish()?;
    Ok(Outcome {
        learner: name.to_owned(),
        end,
        points,
        search_seconds: None,
        read_micros: Some(read_micros),
        threads: 1,
        setting: learner.setting(),
        bytes: None,
        scores: None,
    })
}

/// Microseconds for a cue, recalled one after the other by `recall`, which is given one cue and the
/// place for its answer.
///
/// # Errors
///
/// Returns an error if a cue is refused.
pub fn read_micros(
    course: &Course,
    mut recall: impl FnMut(&[f32], &mut [f32]) -> Result<(), RaceError>,
) -> Result<f64, RaceError> {
    let mut out = vec![0.0; course.output_count()];
    let cues: Vec<Vec<f32>> =
        course.cues().rows().into_iter().take(READ_CUES).map(|cue| cue.to_vec()).collect();
    let start = Instant::now();
    for cue in &cues {
        recall(black_box(cue), &mut out)?;
        black_box(&out);
    }
    Ok(start.elapsed().as_secs_f64() * 1e6 / cues.len() as f64)
}

fn recall_all<L: OnlineLearner>(course: &Course, learner: &L) -> Result<Array2<f32>, RaceError> {
    let mut recalled = Array2::zeros((course.cues().nrows(), course.output_count()));
    let mut out = vec![0.0; course.output_count()];
    for (cue, mut row) in course.cues().rows().into_iter().zip(recalled.rows_mut()) {
        // A course's rows are in row order.
        learner.recall(cue.as_slice().unwrap_or_default(), &mut out)?;
        row.assign(&ndarray::ArrayView1::from(&out));
    }
    Ok(recalled)
}
