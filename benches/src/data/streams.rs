//! Streams in time order, judged by predicting each row before learning it: all rows are training rows.

use ndarray::Array2;

use super::folder::DataFile;
use super::npy::{read_labels, read_matrix};
use super::{DataError, Dataset, Targets};

/// Reads the electricity price stream: 45,312 rows of 6 inputs, does the price go up or down.
///
/// Guessing that the label stays what it was is right on .853 of the rows: that must be beaten.
///
/// # Errors
///
/// Returns an error if the file is missing or malformed.
pub fn elec2() -> Result<Dataset, DataError> {
    let file = DataFile::new("elec2/elec.csv");
    let mut reader = csv::Reader::from_reader(file.open()?);
    let mut values = Vec::new();
    let mut labels = Vec::new();
    for record in reader.records() {
        let record = record.map_err(|error| file.malformed(error.to_string()))?;
        let line = record.position().map_or(0, csv::Position::line);
        let row = record
            .iter()
            .map(|field| {
                field
                    .parse::<f32>()
                    .map_err(|_| file.malformed(format!("line {line}: {field:?} is not a number")))
            })
            .collect::<Result<Vec<f32>, DataError>>()?;
        let Some((&class, inputs)) = row.split_last() else {
            return Err(file.malformed(format!("line {line} is empty")));
        };
        labels.push(match class {
            0.0 => 0,
            1.0 => 1,
            _ => return Err(file.malformed(format!("line {line}: class {class} is not 0 or 1"))),
        });
        values.extend_from_slice(inputs);
    }
    let column_count = values.len().checked_div(labels.len()).unwrap_or(0);
    let x = Array2::from_shape_vec((labels.len(), column_count), values)
        .map_err(|error| file.malformed(error.to_string()))?;
    Ok(stream("elec2", x, labels, ["down", "up"]))
}

/// Reads the weather stream: 18,159 days of 8 inputs, does it rain.
///
/// # Errors
///
/// Returns an error if a file is missing or malformed.
pub fn weather() -> Result<Dataset, DataError> {
    let x = read_matrix(&DataFile::new("weather/X.npy"))?;
    let labels_file = DataFile::new("weather/y.npy");
    let labels = read_labels(&labels_file)?;
    if labels.len() != x.nrows() {
        return Err(labels_file.malformed(format!(
            "{} labels for {} rows",
            labels.len(),
            x.nrows()
        )));
    }
    if let Some(label) = labels.iter().find(|&&label| label > 1) {
        return Err(labels_file.malformed(format!("label {label} is not 0 or 1")));
    }
    Ok(stream("weather", x, labels, ["no rain", "rain"]))
}

fn stream(name: &str, x: Array2<f32>, labels: Vec<u32>, names: [&str; 2]) -> Dataset {
    let names: Vec<String> = names.map(str::to_owned).to_vec();
    Dataset {
        name: name.to_owned(),
        test_x: Array2::zeros((0, x.ncols())),
        train_x: x,
        train_y: Targets::Labels { labels, names: names.clone() },
        test_y: Targets::Labels { labels: Vec::new(), names },
    }
}
