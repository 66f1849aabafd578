//! The names of the columns that a memory was written with: the file `COLUMNS` beside it.
//!
//! The file belongs to this command; the memory is whole without it, and its columns are then told
//! apart by their place. It ends with a checksum and is refused unless it is byte for byte what
//! this command writes.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};

/// The name of the file.
pub(crate) const FILE_NAME: &str = "COLUMNS";

/// Names of a memory's inputs and targets, in its order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Columns {
    pub(crate) inputs: Vec<String>,
    pub(crate) targets: Vec<String>,
}

/// The file's content.
#[derive(Debug, Serialize, Deserialize)]
struct Content {
    inputs: Vec<String>,
    targets: Vec<String>,
    /// Of the names, as JSON without spaces.
    crc32c: u32,
}

impl Columns {
    /// Reads the file in the memory's `directory`; `None` where there is none.
    pub(crate) fn read(directory: &Path) -> Result<Option<Self>> {
        let path = directory.join(FILE_NAME);
        match fs::read(&path) {
            Ok(bytes) => match Self::decode(&bytes) {
                Some(columns) => Ok(Some(columns)),
                None => Err(Error::DamagedNames { path }),
            },
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(source) => Err(Error::File { path, action: "read the file", source }),
        }
    }

    /// Writes the file, whole or not at all. The caller is the memory's one writer.
    pub(crate) fn write(&self, directory: &Path) -> Result<()> {
        let path = directory.join(FILE_NAME);
        let unfinished = directory.join(format!("{FILE_NAME}.new"));
        self.replace(directory, &unfinished, &path).map_err(|source| Error::File {
            path,
            action: "write the file",
            source,
        })
    }

    fn replace(&self, directory: &Path, unfinished: &PathBuf, path: &Path) -> io::Result<()> {
        let mut file = File::create(unfinished)?;
        file.write_all(&self.encode()?)?;
        file.sync_all()?;
        fs::rename(unfinished, path)?;
        if cfg!(unix) {
            File::open(directory)?.sync_all()?;
        }
        Ok(())
    }

    fn encode(&self) -> serde_json::Result<Vec<u8>> {
        let content = Content {
            inputs: self.inputs.clone(),
            targets: self.targets.clone(),
            crc32c: crc32c::crc32c(&serde_json::to_vec(self)?),
        };
        let mut bytes = serde_json::to_vec_pretty(&content)?;
        bytes.push(b'\n');
        Ok(bytes)
    }

    fn decode(bytes: &[u8]) -> Option<Self> {
        let content: Content = serde_json::from_slice(bytes).ok()?;
        let columns = Self { inputs: content.inputs, targets: content.targets };
        columns.encode().is_ok_and(|expected| expected == bytes).then_some(columns)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn columns() -> Columns {
        Columns { inputs: vec!["a \"b\"".into(), "\u{e9},\n".into()], targets: vec![String::new()] }
    }

    #[test]
    fn names_survive_and_every_flipped_bit_is_found() {
        let directory = tempfile::tempdir().unwrap();
        assert_eq!(Columns::read(directory.path()).unwrap(), None);
        columns().write(directory.path()).unwrap();
        assert_eq!(Columns::read(directory.path()).unwrap(), Some(columns()));
        let bytes = columns().encode().unwrap();
        for bit in 0..8 * bytes.len() {
            let mut damaged = bytes.clone();
            damaged[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(Columns::decode(&damaged), None, "bit {bit}");
        }
    }
}
