//! What the columns of a memory's first file are: the file `COLUMNS` beside the memory.
//!
//! The file belongs to this command; the memory is whole without it, and its columns are then
//! numbers that are told apart by their place. It is JSON, ends with a checksum, and is refused
//! unless it is byte for byte what this command writes.

use std::collections::HashSet;
use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::encoding::{Categories, Encoding};
use crate::error::{Error, Result};

/// The name of the file.
pub(crate) const FILE_NAME: &str = "COLUMNS";

/// The version of its content.
const VERSION: u32 = 1;

/// The largest file. A file of 262,144 columns with names of 200 bytes is below it.
const MAX_BYTES: u64 = 64 << 20;

/// The columns of the first file, in its order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Columns {
    all: Vec<Column>,
    encodings: Vec<Encoding>,
}

/// A column of the first file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Column {
    /// Its name, where the file had a header.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) name: Option<String>,
    /// What it is.
    pub(crate) is: Role,
}

/// What a column is to a memory.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Role {
    /// An input: a number.
    Number,
    /// Inputs: these values have one each, the others share some.
    Categories(Vec<String>),
    /// The target of this place among targets, counted from 0.
    Target(u32),
    /// The weights of the observations.
    Weights,
    /// Nothing.
    Ignored,
}

/// The file's content.
#[derive(Debug, Serialize, Deserialize)]
struct Content {
    version: u32,
    columns: Vec<Column>,
    /// Of the columns, as JSON without spaces.
    crc32c: u32,
}

impl Columns {
    /// These columns; `None` where they cannot be those of a file that a memory was made from.
    pub(crate) fn new(all: Vec<Column>) -> Option<Self> {
        let mut encodings = Vec::new();
        let mut targets = Vec::new();
        for column in &all {
            match &column.is {
                Role::Number => encodings.push(Encoding::Number),
                Role::Categories(values) => {
                    encodings.push(Encoding::Categories(Categories::new(values.clone())?));
                }
                Role::Target(place) => targets.push(*place as usize),
                Role::Weights | Role::Ignored => {}
            }
        }
        targets.sort_unstable();
        let count = |role: Role| all.iter().filter(|column| column.is == role).count();
        let named = all.iter().filter(|column| column.name.is_some()).count();
        // Columns are found by name, so that what is used must have a name of its own.
        let mut names = HashSet::new();
        let used = all.iter().filter(|column| column.is != Role::Ignored);
        let distinct =
            used.filter_map(|column| column.name.as_ref()).all(|name| names.insert(name));
        let fits = distinct
            && !encodings.is_empty()
            && !targets.is_empty()
            && targets.iter().enumerate().all(|(place, &target)| place == target)
            && count(Role::Weights) <= 1
            && (named == 0 || named == all.len());
        fits.then_some(Self { all, encodings })
    }

    /// All columns, in the order of the first file.
    pub(crate) fn all(&self) -> &[Column] {
        &self.all
    }

    /// True where the columns have names.
    pub(crate) fn named(&self) -> bool {
        self.all.iter().any(|column| column.name.is_some())
    }

    /// True where nothing is said that a memory without the file would not do.
    pub(crate) fn is_plain(&self) -> bool {
        let plain = |column: &Column| matches!(column.is, Role::Number | Role::Target(_));
        !self.named() && self.all.iter().all(plain)
    }

    /// How each input column is encoded.
    pub(crate) fn encodings(&self) -> &[Encoding] {
        &self.encodings
    }

    /// Inputs of the memory.
    pub(crate) fn width(&self) -> usize {
        self.encodings.iter().map(Encoding::width).sum()
    }

    /// The input columns, in the memory's order.
    pub(crate) fn inputs(&self) -> impl Iterator<Item = &Column> {
        self.all.iter().filter(|column| column.is_input())
    }

    /// Names of the input columns; empty where there are none.
    pub(crate) fn input_names(&self) -> Vec<String> {
        self.inputs().filter_map(|column| column.name.clone()).collect()
    }

    /// How many targets there are.
    pub(crate) fn targets(&self) -> usize {
        self.all.iter().filter(|column| matches!(column.is, Role::Target(_))).count()
    }

    /// Names of the targets, in the memory's order; empty where there are none.
    pub(crate) fn target_names(&self) -> Vec<String> {
        let target = |column: &Column| match column.is {
            Role::Target(place) => Some((place, column.name.clone()?)),
            _ => None,
        };
        let mut targets: Vec<(u32, String)> = self.all.iter().filter_map(target).collect();
        targets.sort_unstable_by_key(|&(place, _)| place);
        targets.into_iter().map(|(_, name)| name).collect()
    }

    /// The place of the column of weights.
    pub(crate) fn weights(&self) -> Option<usize> {
        self.all.iter().position(|column| column.is == Role::Weights)
    }

    /// What the column called `name` is.
    pub(crate) fn role(&self, name: &str) -> Option<&Role> {
        let found = self.all.iter().find(|column| column.name.as_deref() == Some(name))?;
        Some(&found.is)
    }

    /// Reads the file in the memory's `directory`; `None` where there is none.
    pub(crate) fn read(directory: &Path) -> Result<Option<Self>> {
        let path = directory.join(FILE_NAME);
        let failed = |path, source| Error::File { path, action: "read the file", source };
        let file = match File::open(&path) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(source) => return Err(failed(path, source)),
        };
        let mut bytes = Vec::new();
        match file.take(MAX_BYTES + 1).read_to_end(&mut bytes) {
            Ok(_) => match Self::decode(&bytes) {
                Some(columns) => Ok(Some(columns)),
                None => Err(Error::DamagedNames { path }),
            },
            Err(source) => Err(failed(path, source)),
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

    /// Fails where the file would be larger than one that is read.
    pub(crate) fn check_size(&self, directory: &Path) -> Result<()> {
        let too_large = |source| Error::File {
            path: directory.join(FILE_NAME),
            action: "hold the names and values of the columns",
            source,
        };
        match self.encode() {
            Ok(bytes) if bytes.len() as u64 > MAX_BYTES => {
                let message = "they have more than 64 MiB; leave columns out with `--ignore`";
                Err(too_large(io::Error::other(message)))
            }
            Ok(_) => Ok(()),
            Err(error) => Err(too_large(error.into())),
        }
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
            version: VERSION,
            columns: self.all.clone(),
            crc32c: crc32c::crc32c(&serde_json::to_vec(&self.all)?),
        };
        let mut bytes = serde_json::to_vec_pretty(&content)?;
        bytes.push(b'\n');
        Ok(bytes)
    }

    fn decode(bytes: &[u8]) -> Option<Self> {
        if bytes.len() as u64 > MAX_BYTES {
            return None;
        }
        let content: Content = serde_json::from_slice(bytes).ok()?;
        let columns = Self::new(content.columns)?;
        columns.encode().is_ok_and(|expected| expected == bytes).then_some(columns)
    }
}

impl Column {
    /// True where its cells become inputs.
    pub(crate) fn is_input(&self) -> bool {
        matches!(self.is, Role::Number | Role::Categories(_))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn column(name: &str, is: Role) -> Column {
        Column { name: Some(name.to_owned()), is }
    }

    fn values(values: &[&str]) -> Role {
        Role::Categories(values.iter().map(|&value| value.to_owned()).collect())
    }

    fn columns() -> Columns {
        let all = vec![
            column("z", Role::Target(1)),
            column("a \"b\"", Role::Number),
            column("", Role::Target(0)),
            column("\u{e9},\n", values(&["red", "\"x\""])),
            column("w", Role::Weights),
            column("id", Role::Ignored),
        ];
        Columns::new(all).unwrap()
    }

    #[test]
    fn columns_survive_and_every_flipped_bit_is_found() {
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
        for length in 0..bytes.len() {
            assert_eq!(Columns::decode(&bytes[..length]), None, "{length} bytes");
        }
    }

    #[test]
    fn columns_have_their_order_and_their_width() {
        let columns = columns();
        assert_eq!(columns.input_names(), ["a \"b\"", "\u{e9},\n"]);
        assert_eq!(columns.target_names(), ["", "z"]);
        assert_eq!((columns.width(), columns.targets()), (1 + 2 + 8, 2));
        assert_eq!(columns.weights(), Some(4));
        assert_eq!(columns.role("id"), Some(&Role::Ignored));
        assert_eq!(columns.role("none"), None);
    }

    #[test]
    fn columns_that_no_file_can_have_given_are_refused_under_a_right_checksum() {
        let (number, target) = (column("a", Role::Number), column("y", Role::Target(0)));
        let unnamed = Column { name: None, is: Role::Number };
        let many: Vec<String> = (0..65).map(|value| value.to_string()).collect();
        for wrong in [
            vec![],
            vec![number.clone()],
            vec![target.clone()],
            vec![number.clone(), column("y", Role::Target(1))],
            vec![number.clone(), target.clone(), target.clone()],
            vec![number.clone(), column("y", Role::Target(u32::MAX))],
            vec![unnamed, target.clone()],
            vec![column("a", values(&[])), target.clone()],
            vec![column("a", values(&["x", "x"])), target.clone()],
            vec![column("a", values(&["NA"])), target.clone()],
            vec![column("a", Role::Categories(many)), target.clone()],
            vec![number, target, column("v", Role::Weights), column("w", Role::Weights)],
        ] {
            let unchecked = Columns { all: wrong, encodings: Vec::new() };
            let bytes = unchecked.encode().unwrap();
            assert_eq!(Columns::decode(&bytes), None, "{unchecked:?}");
        }
    }

    #[test]
    fn another_version_is_refused() {
        let text = String::from_utf8(columns().encode().unwrap()).unwrap();
        assert!(text.contains("\"version\": 1"), "{text}");
        assert_eq!(Columns::decode(text.replace(": 1,", ": 2,").as_bytes()), None);
    }
}
