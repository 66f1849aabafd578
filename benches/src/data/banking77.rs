//! Banking77: customer questions as text embeddings, to be sorted into 77 intents.

use ndarray::Axis;

use super::folder::DataFile;
use super::npy::{read_labels, read_matrix};
use super::{DataError, Dataset, Targets, shuffled_indices};

/// The order of the training rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Banking77Order {
    /// An order that depends on the seed alone.
    Shuffled {
        /// The seed.
        seed: u64,
    },
    /// One class after the other, as the files have it: the hard case for a learner that forgets.
    SortedByClass,
}

/// Reads Banking77: 10,003 training and 3,080 test rows of 384 inputs, unit length.
///
/// # Errors
///
/// Returns an error if a file is missing or malformed.
pub fn banking77(order: Banking77Order) -> Result<Dataset, DataError> {
    let file = |leaf: &str| DataFile::new(format!("banking77/{leaf}"));
    let mut train_x = read_matrix(&file("X_train.npy"))?;
    let mut train_labels = read_labels(&file("y_train.npy"))?;
    let test_x = read_matrix(&file("X_test.npy"))?;
    let test_labels = read_labels(&file("y_test.npy"))?;
    for (leaf, x, labels) in
        [("y_train.npy", &train_x, &train_labels), ("y_test.npy", &test_x, &test_labels)]
    {
        if x.nrows() != labels.len() {
            return Err(file(leaf).malformed(format!(
                "{} labels for {} rows",
                labels.len(),
                x.nrows()
            )));
        }
    }

    let rows = match order {
        Banking77Order::Shuffled { seed } => shuffled_indices(train_labels.len(), seed),
        Banking77Order::SortedByClass => {
            let mut rows: Vec<usize> = (0..train_labels.len()).collect();
            rows.sort_by_key(|&row| train_labels[row]);
            rows
        }
    };
    train_x = train_x.select(Axis(0), &rows);
    train_labels = rows.iter().map(|&row| train_labels[row]).collect();

    let class_count = train_labels.iter().chain(&test_labels).max().map_or(0, |&label| label + 1);
    let names: Vec<String> = (0..class_count).map(|label| format!("intent {label}")).collect();
    Ok(Dataset {
        name: "banking77".to_owned(),
        train_x,
        train_y: Targets::Labels { labels: train_labels, names: names.clone() },
        test_x,
        test_y: Targets::Labels { labels: test_labels, names },
    })
}
