//! Arrays stored by numpy.

use ndarray::Array2;

use super::DataError;
use super::folder::DataFile;

/// Reads an array of any numeric kind that the stored sets use, as f32, of shape `(rows, columns)`.
///
/// A one-dimensional array becomes one column.
pub(crate) fn read_matrix(file: &DataFile) -> Result<Array2<f32>, DataError> {
    let npy = npyz::NpyFile::new(file.open()?).map_err(|source| file.io(source))?;
    if npy.order() != npyz::Order::C {
        return Err(file.malformed("the array is stored column by column; rows were expected"));
    }
    let (row_count, column_count) = match *npy.shape() {
        [rows] => (rows, 1),
        [rows, columns] => (rows, columns),
        ref shape => return Err(file.malformed(format!("{} dimensions, not 1 or 2", shape.len()))),
    };
    let kind = npy.dtype().descr();
    let values: Vec<f32> = match kind.trim_matches('\'') {
        "<f4" => read_all(npy, |value: f32| value),
        "<f2" => read_all(npy, half::f16::to_f32),
        "<i2" => read_all(npy, |value: i16| f32::from(value)),
        "|u1" => read_all(npy, |value: u8| f32::from(value)),
        _ => return Err(file.malformed(format!("numbers of kind {kind} are not read"))),
    }
    .map_err(|source| file.io(source))?;
    to_shape(row_count, column_count, values).ok_or_else(|| {
        file.malformed(format!("the content is not {row_count} rows of {column_count} numbers"))
    })
}

/// Reads a one-dimensional array of whole numbers that are not negative.
pub(crate) fn read_labels(file: &DataFile) -> Result<Vec<u32>, DataError> {
    read_matrix(file)?
        .iter()
        .map(|&value| {
            let label = value as u32;
            let exact = label as f32 == value;
            exact.then_some(label).ok_or_else(|| file.malformed(format!("{value} is not a label")))
        })
        .collect()
}

fn read_all<R: std::io::Read, T: npyz::Deserialize>(
    npy: npyz::NpyFile<R>,
    convert: impl Fn(T) -> f32,
) -> std::io::Result<Vec<f32>> {
    npy.data::<T>()
        .map_err(|error| std::io::Error::new(std::io::ErrorKind::InvalidData, error))?
        .map(|value| value.map(&convert))
        .collect()
}

fn to_shape(row_count: u64, column_count: u64, values: Vec<f32>) -> Option<Array2<f32>> {
    let shape = (usize::try_from(row_count).ok()?, usize::try_from(column_count).ok()?);
    Array2::from_shape_vec(shape, values).ok()
}
