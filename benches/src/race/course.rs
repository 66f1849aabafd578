//! What is raced on: rows, a goal, and a budget.

use ndarray::{Array2, ArrayView2, s};

use super::RaceError;
use crate::data::{Dataset, Targets};
use crate::metrics::{accuracy, largest, mean_nmse};

/// Rows, a goal on the test rows, and how much a learner may spend on it.
#[derive(Clone, Debug)]
pub struct Course {
    set: Dataset,
    /// The accuracy to reach, or the mean nMSE to come down to.
    pub goal: f64,
    /// Seconds of learning that each learner has.
    pub seconds: f64,
    /// Passes that a learner makes at most, if it gains from more than one.
    pub passes: usize,
}

/// What a row recalls.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Answer<'a> {
    /// The index of a label.
    Label(u32),
    /// Numbers.
    Values(&'a [f32]),
}

impl Course {
    /// A course over the set.
    ///
    /// # Errors
    ///
    /// Returns an error if training or test rows are missing or not in row order.
    pub fn new(set: Dataset, goal: f64, seconds: f64, passes: usize) -> Result<Self, RaceError> {
        let in_order = |y: &Targets| match y {
            Targets::Values(values) => values.is_standard_layout(),
            Targets::Labels { .. } => true,
        };
        let reason = if set.train_x.nrows() < 2 || set.test_x.nrows() == 0 {
            "at least two training rows and one test row are needed"
        } else if !set.train_x.is_standard_layout()
            || !set.test_x.is_standard_layout()
            || !in_order(&set.train_y)
            || !in_order(&set.test_y)
        {
            "the rows are not in row order"
        } else {
            return Ok(Self { set, goal, seconds, passes });
        };
        Err(RaceError::Set { set: set.name, reason })
    }

    /// The rows.
    #[must_use]
    pub fn set(&self) -> &Dataset {
        &self.set
    }

    /// Rows of one pass.
    #[must_use]
    pub fn row_count(&self) -> usize {
        self.set.train_x.nrows()
    }

    /// Numbers a row.
    #[must_use]
    pub fn input_count(&self) -> usize {
        self.set.train_x.ncols()
    }

    /// Outputs, or labels.
    #[must_use]
    pub fn output_count(&self) -> usize {
        self.set.train_y.width()
    }

    /// Whether labels are learned, of which more accuracy is better; else values, of which less
    /// error is.
    #[must_use]
    pub fn has_labels(&self) -> bool {
        matches!(self.set.train_y, Targets::Labels { .. })
    }

    /// What the measure is called.
    #[must_use]
    pub fn measure_name(&self) -> &'static str {
        if self.has_labels() { "accuracy" } else { "mean nMSE" }
    }

    /// A training row.
    ///
    /// # Panics
    ///
    /// Panics if there is no such row.
    #[must_use]
    pub fn row(&self, row: usize) -> (&[f32], Answer<'_>) {
        let answer = match &self.set.train_y {
            Targets::Labels { labels, .. } => Answer::Label(labels[row]),
            Targets::Values(values) => Answer::Values(slice_of(values, row)),
        };
        (slice_of(&self.set.train_x, row), answer)
    }

    /// The cues of the test rows.
    #[must_use]
    pub fn cues(&self) -> ArrayView2<'_, f32> {
        self.set.test_x.view()
    }

    /// The measure of what was recalled at the test rows: values, or a score for each label.
    ///
    /// # Panics
    ///
    /// Panics if the shape is not that of the test rows.
    #[must_use]
    pub fn judge(&self, recalled: ArrayView2<'_, f32>) -> f64 {
        match &self.set.test_y {
            Targets::Labels { labels, .. } => accuracy(&largest(recalled), labels),
            Targets::Values(truth) => mean_nmse(recalled, truth.view()),
        }
    }

    /// Whether a measure is as good as the goal.
    #[must_use]
    pub fn is_reached_by(&self, measure: f64) -> bool {
        if self.has_labels() { measure >= self.goal } else { measure <= self.goal }
    }

    /// Whether the first measure is better than the second; one that is not a number never is.
    #[must_use]
    pub fn is_better(&self, one: f64, other: f64) -> bool {
        if other.is_nan() {
            return !one.is_nan();
        }
        if self.has_labels() { one > other } else { one < other }
    }

    /// The measure of the best answer that does not look at the cue: the most frequent label, or
    /// the means of the training rows.
    #[must_use]
    pub fn constant(&self) -> f64 {
        let mut sums = Array2::zeros((1, self.output_count()));
        for row in self.set.train_y.to_values().rows() {
            sums += &row;
        }
        let means = sums / self.row_count() as f32;
        match means.broadcast((self.cues().nrows(), self.output_count())) {
            Some(recalled) => self.judge(recalled),
            None => f64::NAN,
        }
    }
}

/// The first rows of a set.
#[must_use]
pub fn first_rows(set: Dataset, train_rows: usize, test_rows: usize) -> Dataset {
    let cut = |x: &Array2<f32>, rows: usize| x.slice(s![..rows.min(x.nrows()), ..]).to_owned();
    let indices = |y: &Targets, rows: usize| (0..rows.min(y.row_count())).collect::<Vec<_>>();
    Dataset {
        train_x: cut(&set.train_x, train_rows),
        train_y: set.train_y.select(&indices(&set.train_y, train_rows)),
        test_x: cut(&set.test_x, test_rows),
        test_y: set.test_y.select(&indices(&set.test_y, test_rows)),
        name: set.name,
    }
}

/// A row of an array in row order.
fn slice_of(values: &Array2<f32>, row: usize) -> &[f32] {
    let width = values.ncols();
    // The layout is checked when a course is made.
    values.as_slice().map_or(&[], |all| &all[row * width..][..width])
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::array;

    fn values() -> Course {
        let set = Dataset {
            name: "values".into(),
            train_x: array![[0.0], [1.0], [2.0]],
            train_y: Targets::Values(array![[0.0, 3.0], [1.0, 3.0], [2.0, 9.0]]),
            test_x: array![[0.5], [1.5]],
            test_y: Targets::Values(array![[0.0, 5.0], [2.0, 7.0]]),
        };
        Course::new(set, 0.1, 1.0, 1).unwrap()
    }

    #[test]
    fn rows_and_measures_are_those_of_the_set() {
        let course = values();
        assert_eq!(course.row(2), (&[2.0][..], Answer::Values(&[2.0, 9.0])));
        assert_eq!(course.judge(array![[0.0, 5.0], [2.0, 7.0]].view()), 0.0);
        // The means of the training rows, 1 and 5, miss by 1 and 1, and by 0 and 2.
        assert_eq!(course.constant(), (1.0 + 2.0) / 2.0);
        assert!(course.is_reached_by(0.1) && !course.is_reached_by(0.11));
        assert!(!course.is_reached_by(f64::NAN));
        assert!(course.is_better(0.2, 0.3) && !course.is_better(f64::NAN, 0.3));
        assert!(course.is_better(0.3, f64::NAN));
    }

    #[test]
    fn the_first_rows_are_kept() {
        let set = first_rows(values().set().clone(), 2, 1);
        assert_eq!(set.train_x, array![[0.0], [1.0]]);
        assert_eq!(set.train_y, Targets::Values(array![[0.0, 3.0], [1.0, 3.0]]));
        assert_eq!((set.test_x.nrows(), set.test_y.row_count()), (1, 1));
    }

    #[test]
    fn a_set_without_test_rows_is_refused() {
        let set = first_rows(values().set().clone(), 2, 0);
        assert!(matches!(Course::new(set, 0.1, 1.0, 1), Err(RaceError::Set { .. })));
    }
}
