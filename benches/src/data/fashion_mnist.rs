//! Fashion-MNIST: pictures of ten kinds of clothes, in the original idx files.

use ndarray::Array2;

use super::folder::DataFile;
use super::{DataError, Dataset, Targets};

const CLASS_NAMES: [&str; 10] = [
    "T-shirt/top",
    "Trouser",
    "Pullover",
    "Dress",
    "Coat",
    "Sandal",
    "Shirt",
    "Sneaker",
    "Bag",
    "Ankle boot",
];

const IMAGES_MAGIC: u32 = 0x0803;
const LABELS_MAGIC: u32 = 0x0801;

/// Reads Fashion-MNIST: 60,000 training and 10,000 test pictures of 784 pixels, left raw from 0 to 255.
///
/// # Errors
///
/// Returns an error if a file is missing or malformed.
pub fn fashion_mnist() -> Result<Dataset, DataError> {
    let file = |leaf: &str| DataFile::new(format!("fashion_mnist/{leaf}"));
    Ok(Dataset {
        name: "fashion_mnist".to_owned(),
        train_x: read_images(&file("train-images-idx3-ubyte.gz"))?,
        train_y: read_labels(&file("train-labels-idx1-ubyte.gz"))?,
        test_x: read_images(&file("t10k-images-idx3-ubyte.gz"))?,
        test_y: read_labels(&file("t10k-labels-idx1-ubyte.gz"))?,
    })
}

fn read_images(file: &DataFile) -> Result<Array2<f32>, DataError> {
    let bytes = file.read_gzip()?;
    let ([count, height, width], pixels) = read_header::<3>(file, &bytes, IMAGES_MAGIC)?;
    Array2::from_shape_vec(
        (count, height * width),
        pixels.iter().map(|&pixel| f32::from(pixel)).collect(),
    )
    .map_err(|error| file.malformed(error.to_string()))
}

fn read_labels(file: &DataFile) -> Result<Targets, DataError> {
    let bytes = file.read_gzip()?;
    let ([count], labels) = read_header::<1>(file, &bytes, LABELS_MAGIC)?;
    if labels.len() != count {
        return Err(file.malformed(format!("{} labels where {count} were promised", labels.len())));
    }
    if let Some(label) = labels.iter().find(|&&label| usize::from(label) >= CLASS_NAMES.len()) {
        return Err(file.malformed(format!("label {label} is not below {}", CLASS_NAMES.len())));
    }
    Ok(Targets::Labels {
        labels: labels.iter().map(|&label| u32::from(label)).collect(),
        names: CLASS_NAMES.map(str::to_owned).to_vec(),
    })
}

/// Reads the magic number and `N` sizes; the content follows.
fn read_header<'a, const N: usize>(
    file: &DataFile,
    bytes: &'a [u8],
    magic: u32,
) -> Result<([usize; N], &'a [u8]), DataError> {
    let (words, _) = bytes.as_chunks::<4>();
    let words = words
        .get(..=N)
        .ok_or_else(|| file.malformed(format!("{} bytes hold no idx header", bytes.len())))?;
    // The idx format is big-endian.
    let got = u32::from_be_bytes(words[0]);
    if got != magic {
        return Err(
            file.malformed(format!("magic number {got:#06x} where {magic:#06x} was expected"))
        );
    }
    let sizes = std::array::from_fn(|axis| u32::from_be_bytes(words[axis + 1]) as usize);
    Ok((sizes, &bytes[4 * (N + 1)..]))
}
