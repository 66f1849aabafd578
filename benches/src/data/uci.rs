//! Small regression sets of the UCI repository, with the splits that published results use.

use ndarray::{Array2, Axis};

use super::folder::DataFile;
use super::{DataError, Dataset, Targets};

/// The folder names of the stored sets.
pub const UCI_NAMES: [&str; 6] =
    ["yacht", "bostonHousing", "concrete", "kin8nm", "power-plant", "wine-quality-red"];

/// Reads the UCI set `name` with its stored split number `split`.
///
/// # Errors
///
/// Returns an error if no such set or split is stored, or a file is malformed.
pub fn uci(name: &str, split: usize) -> Result<Dataset, DataError> {
    if !UCI_NAMES.contains(&name) {
        return Err(DataError::UnknownName { name: name.to_owned(), known: UCI_NAMES.join(", ") });
    }
    let file = |leaf: &str| DataFile::new(format!("uci/{name}/{leaf}"));
    let table = read_table(&file("data.txt"))?;
    let inputs = read_indices(&file("index_features.txt"), table.ncols())?;
    let outputs = read_indices(&file("index_target.txt"), table.ncols())?;
    let train = read_indices(&file(&format!("index_train_{split}.txt")), table.nrows())?;
    let test = read_indices(&file(&format!("index_test_{split}.txt")), table.nrows())?;

    let x = table.select(Axis(1), &inputs);
    let y = table.select(Axis(1), &outputs);
    Ok(Dataset {
        name: name.to_owned(),
        train_x: x.select(Axis(0), &train),
        train_y: Targets::Values(y.select(Axis(0), &train)),
        test_x: x.select(Axis(0), &test),
        test_y: Targets::Values(y.select(Axis(0), &test)),
    })
}

/// Reads numbers separated by white space, one row a line; empty lines are skipped.
fn read_table(file: &DataFile) -> Result<Array2<f32>, DataError> {
    let text = file.read_text()?;
    let mut values = Vec::new();
    let mut column_count = 0;
    let mut row_count = 0;
    for (index, line) in text.lines().enumerate() {
        let before = values.len();
        for word in line.split_whitespace() {
            let value = word.parse::<f32>().map_err(|_| {
                file.malformed(format!("line {}: {word:?} is not a number", index + 1))
            })?;
            values.push(value);
        }
        let width = values.len() - before;
        if width == 0 {
            continue;
        }
        if row_count > 0 && width != column_count {
            return Err(file.malformed(format!(
                "line {}: {width} numbers where {column_count} were expected",
                index + 1
            )));
        }
        column_count = width;
        row_count += 1;
    }
    Array2::from_shape_vec((row_count, column_count), values)
        .map_err(|error| file.malformed(error.to_string()))
}

/// Reads one index a line, each below `limit`; some files write them as floats.
fn read_indices(file: &DataFile, limit: usize) -> Result<Vec<usize>, DataError> {
    file.read_text()?
        .split_whitespace()
        .map(|word| {
            let whole = word.strip_suffix(".0").unwrap_or(word);
            whole
                .parse::<usize>()
                .ok()
                .filter(|&index| index < limit)
                .ok_or_else(|| file.malformed(format!("{word:?} is not an index below {limit}")))
        })
        .collect()
}
