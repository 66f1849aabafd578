//! Drives the random forest, which learns all of its rows at once.

use std::time::{Duration, Instant};

use ndarray::{ArrayView1, Axis};

use super::online::read_micros;
use super::outcome::End;
use super::{Course, Outcome, Point, RaceError};
use crate::data::shuffled_indices;
use crate::peers::forest::{Forest, ForestParams};

/// The shares of the training rows that forests are grown on, smallest first.
const SHARES: [usize; 4] = [8, 4, 2, 1];

/// Grows forests on an eighth, a quarter, half and all of the rows, drawn at random, until one
/// reaches the goal. The seconds are those of that forest alone: the smaller ones are not held
/// against it. Growing stops with the seconds of the course.
///
/// # Errors
///
/// Returns an error if the forest cannot be grown.
pub fn run_forest(course: &Course, name: &str, params: ForestParams) -> Result<Outcome, RaceError> {
    let order = shuffled_indices(course.row_count(), params.seed);
    let set = course.set();
    let mut points = Vec::new();
    let mut last = None;
    for share in SHARES {
        let rows = &order[..(course.row_count() / share).max(1)];
        let (x, y) = (set.train_x.select(Axis(0), rows), set.train_y.select(rows));
        // Without one where the seconds are more than a clock can hold.
        let budget = Duration::try_from_secs_f64(course.seconds).ok();
        let deadline = budget.and_then(|budget| Instant::now().checked_add(budget));
        let forest = Forest::fit(params, x.view(), &y, deadline)?;
        let measure = course.judge(forest.predict(course.cues())?.view());
        let point = Point { rows: rows.len() as u64, seconds: forest.seconds, measure };
        points.push(point);
        let ends = course.is_reached_by(measure) || forest.seconds >= course.seconds;
        last = Some(forest);
        if ends {
            break;
        }
    }
    let none = || RaceError::Set { set: set.name.clone(), reason: "no forest was grown" };
    let (forest, end) = last.zip(End::of(course, &points)).ok_or_else(none)?;
    let read_micros = read_micros(course, |cue, out| {
        let recalled = forest.predict(ArrayView1::from(cue).insert_axis(Axis(0)))?;
        out.iter_mut().zip(&recalled).for_each(|(place, value)| *place = *value);
        Ok(())
    })?;
    let each = if course.has_labels() { "" } else { " an output" };
    Ok(Outcome {
        learner: name.to_owned(),
        end,
        points,
        search_seconds: None,
        read_micros: Some(read_micros),
        threads: params.thread_count,
        setting: format!(
            "{} trees{each}, fitted anew on 1/8, 1/4, 1/2, all rows at random",
            forest.tree_count
        ),
        bytes: None,
        scores: None,
    })
}
