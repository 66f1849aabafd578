//! The one shape that every data set is read into.

use ndarray::{Array2, Axis};

/// A data set cut into training and test rows.
///
/// A stream that is judged by predicting each row before learning it has no test rows.
#[derive(Clone, Debug, PartialEq)]
pub struct Dataset {
    /// The name that tables print.
    pub name: String,
    /// Training inputs, of shape `(rows, inputs)`.
    pub train_x: Array2<f32>,
    /// What the training rows recall.
    pub train_y: Targets,
    /// Test inputs, of shape `(rows, inputs)`.
    pub test_x: Array2<f32>,
    /// What the test rows recall.
    pub test_y: Targets,
}

/// What a row recalls: numbers, or one label out of several.
#[derive(Clone, Debug, PartialEq)]
pub enum Targets {
    /// Numbers, of shape `(rows, outputs)`.
    Values(Array2<f32>),
    /// One label a row.
    Labels {
        /// The label of each row, an index into `names`.
        labels: Vec<u32>,
        /// The name of each label.
        names: Vec<String>,
    },
}

impl Targets {
    /// How many rows there are.
    #[must_use]
    pub fn row_count(&self) -> usize {
        match self {
            Self::Values(values) => values.nrows(),
            Self::Labels { labels, .. } => labels.len(),
        }
    }

    /// How many numbers a learner recalls for one row: outputs, or labels.
    #[must_use]
    pub fn width(&self) -> usize {
        match self {
            Self::Values(values) => values.ncols(),
            Self::Labels { names, .. } => names.len(),
        }
    }

    /// The numbers themselves; labels become rows with a single 1.
    #[must_use]
    pub fn to_values(&self) -> Array2<f32> {
        match self {
            Self::Values(values) => values.clone(),
            Self::Labels { labels, names } => {
                let mut values = Array2::zeros((labels.len(), names.len()));
                for (mut row, &label) in values.rows_mut().into_iter().zip(labels) {
                    row[label as usize] = 1.0;
                }
                values
            }
        }
    }

    /// The rows named by `indices`, in that order.
    ///
    /// # Panics
    ///
    /// Panics if an index is not a row.
    #[must_use]
    pub fn select(&self, indices: &[usize]) -> Self {
        match self {
            Self::Values(values) => Self::Values(values.select(Axis(0), indices)),
            Self::Labels { labels, names } => Self::Labels {
                labels: indices.iter().map(|&row| labels[row]).collect(),
                names: names.clone(),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn three_labels() -> Targets {
        Targets::Labels { labels: vec![2, 0], names: vec!["a".into(), "b".into(), "c".into()] }
    }

    #[test]
    fn labels_become_rows_with_a_single_one() {
        assert_eq!(three_labels().to_values(), ndarray::array![[0.0, 0.0, 1.0], [1.0, 0.0, 0.0]]);
    }

    #[test]
    fn selected_rows_keep_the_given_order() {
        assert_eq!(
            three_labels().select(&[1, 0, 1]),
            Targets::Labels {
                labels: vec![0, 2, 0],
                names: vec!["a".into(), "b".into(), "c".into()]
            }
        );
    }
}
