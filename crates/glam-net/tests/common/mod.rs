//! The nets of `tests/nets` and their stored outputs.
#![allow(dead_code, reason = "each test uses a part")]
#![expect(clippy::unwrap_used, reason = "a helper of tests may fail as a test may")]

use std::path::{Path, PathBuf};

use npyz::{Deserialize, NpyFile};

pub fn nets() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/nets")
}

/// The rows of an array.
pub fn rows<T: Deserialize + Clone>(name: &str) -> Vec<Vec<T>> {
    let bytes = std::fs::read(nets().join(name)).unwrap();
    let file = NpyFile::new(&bytes[..]).unwrap();
    let width = usize::try_from(file.shape()[1]).unwrap();
    let values = file.into_vec::<T>().unwrap();
    values.chunks_exact(width).map(<[T]>::to_vec).collect()
}

/// Files of a folder with this extension, by name.
pub fn files(folder: &str, extension: &str) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(nets().join(folder)).unwrap();
    let mut files: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
    files.retain(|path| path.extension().is_some_and(|found| found == extension));
    files.sort();
    files
}
