//! Where the data files are.

use std::fs::File;
use std::io::{self, BufReader, Read};
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use super::DataError;

/// The environment variable that names the data folder.
pub const DATA_VARIABLE: &str = "GLAM_DATA";

/// The folder that this process was told of.
static TOLD: OnceLock<PathBuf> = OnceLock::new();

/// Lets this process read the data sets from `folder`, whatever the environment says. Of several calls the
/// first counts.
pub fn use_data_folder(folder: impl Into<PathBuf>) {
    TOLD.get_or_init(|| folder.into());
}

/// The folder of the data sets: the one that this process was told of, else `GLAM_DATA` if set, else
/// `shared/data` beside the checkout.
#[must_use]
pub fn data_folder() -> PathBuf {
    if let Some(told) = TOLD.get() {
        return told.clone();
    }
    match std::env::var_os(DATA_VARIABLE) {
        Some(folder) if !folder.is_empty() => PathBuf::from(folder),
        _ => Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/data"),
    }
}

/// A file of the data folder: its bytes as they are decoded, and the path for error messages.
pub(crate) struct DataFile {
    pub(crate) path: PathBuf,
    relative: PathBuf,
}

impl DataFile {
    /// The file at `relative` inside the data folder.
    pub(crate) fn new(relative: impl AsRef<Path>) -> Self {
        let relative = relative.as_ref().to_owned();
        Self { path: data_folder().join(&relative), relative }
    }

    /// Opens it for reading.
    pub(crate) fn open(&self) -> Result<BufReader<File>, DataError> {
        File::open(&self.path).map(BufReader::new).map_err(|source| match source.kind() {
            io::ErrorKind::NotFound => {
                DataError::Missing { path: self.path.clone(), relative: self.relative.clone() }
            }
            _ => self.io(source),
        })
    }

    /// Reads it as text.
    pub(crate) fn read_text(&self) -> Result<String, DataError> {
        let mut text = String::new();
        self.open()?.read_to_string(&mut text).map_err(|source| self.io(source))?;
        Ok(text)
    }

    /// Reads it as a gzip stream.
    pub(crate) fn read_gzip(&self) -> Result<Vec<u8>, DataError> {
        let mut bytes = Vec::new();
        flate2::read::GzDecoder::new(self.open()?)
            .read_to_end(&mut bytes)
            .map_err(|source| self.io(source))?;
        Ok(bytes)
    }

    /// An input or output error of this file.
    pub(crate) fn io(&self, source: io::Error) -> DataError {
        DataError::Io { path: self.path.clone(), source }
    }

    /// This file's content is wrong.
    pub(crate) fn malformed(&self, reason: impl Into<String>) -> DataError {
        DataError::malformed(&self.path, reason)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_file_is_named_together_with_the_cure() {
        let error = DataFile::new("no/such/file.npy").open().map(|_| ()).unwrap_err();
        let message = error.to_string();
        assert!(message.contains("file.npy"), "{message}");
        assert!(message.contains("Set GLAM_DATA"), "{message}");
    }
}
