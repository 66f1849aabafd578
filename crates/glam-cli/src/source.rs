//! Where rows come from: a file, a pipe, standard input.

use std::fs::{File, Metadata};
use std::io::{self, Read, Seek, Write};
use std::path::Path;
use std::time::SystemTime;

use crate::error::{Error, Fault, Place, Result};

/// An open file.
pub(crate) struct Source {
    /// What messages call it.
    pub(crate) name: String,
    /// Its length, where it has one.
    pub(crate) bytes: Option<u64>,
    from: From,
}

enum From {
    File(File),
    Pipe(Box<dyn Read>),
}

impl Source {
    /// Opens `path`, or standard input for `-`.
    pub(crate) fn open(path: &Path) -> Result<Self> {
        if path == Path::new("-") {
            let from = From::Pipe(Box::new(io::stdin()));
            return Ok(Self { name: "standard input".to_owned(), bytes: None, from });
        }
        let name = path.display().to_string();
        let refused = |error: io::Error| match error.kind() {
            io::ErrorKind::NotFound => Fault::NoFile,
            _ => Fault::Io(error),
        };
        let found = File::open(path).and_then(|file| Ok((file.metadata()?, file)));
        let fault = match found.map_err(refused) {
            Ok((found, _)) if found.is_dir() => Fault::Directory,
            Ok((found, file)) if found.is_file() => {
                return Ok(Self { name, bytes: Some(found.len()), from: From::File(file) });
            }
            Ok((_, file)) => {
                return Ok(Self { name, bytes: None, from: From::Pipe(Box::new(file)) });
            }
            Err(fault) => fault,
        };
        Err(fault_of(&name, fault))
    }

    /// Reads it from its start to its end, once.
    pub(crate) fn into_reader(self) -> Box<dyn Read> {
        match self.from {
            From::File(file) => Box::new(file),
            From::Pipe(pipe) => pipe,
        }
    }

    /// Makes it readable more than once: what cannot be rewound is copied to a temporary file as it is read.
    pub(crate) fn twice(self) -> Result<Twice> {
        let Self { name, bytes, from } = self;
        let from = match from {
            From::File(file) => {
                let stamp = stamp(&file.metadata().map_err(|e| fault_of(&name, Fault::Io(e)))?);
                First::File(file, stamp)
            }
            From::Pipe(pipe) => First::Pipe(pipe, tempfile::tempfile().map_err(no_copy)?),
        };
        Ok(Twice { name, bytes, from })
    }
}

/// A file that is read more than once.
pub(crate) struct Twice {
    /// What messages call it.
    pub(crate) name: String,
    /// Its length, where it is known.
    pub(crate) bytes: Option<u64>,
    from: First,
}

enum First {
    File(File, Stamp),
    /// A pipe, and the file it is copied to.
    Pipe(Box<dyn Read>, File),
}

/// What tells that a file changed.
type Stamp = (u64, Option<SystemTime>);

fn stamp(found: &Metadata) -> Stamp {
    (found.len(), found.modified().ok())
}

impl Twice {
    /// The first reading. Must go on to the end.
    pub(crate) fn first(&mut self) -> Box<dyn Read + '_> {
        match &mut self.from {
            First::File(file, _) => Box::new(file),
            First::Pipe(pipe, copy) => Box::new(Copying { pipe, copy }),
        }
    }

    /// Another reading, after the first.
    ///
    /// # Errors
    /// Where the file is seen to have changed since the first.
    pub(crate) fn again(&mut self) -> Result<&File> {
        let read = |error| fault_of(&self.name, Fault::Io(error));
        let file = match &mut self.from {
            First::File(file, before) => {
                if stamp(&file.metadata().map_err(read)?) != *before {
                    return Err(fault_of(&self.name, Fault::Changed));
                }
                file
            }
            First::Pipe(_, copy) => copy,
        };
        file.rewind().map_err(read)?;
        Ok(file)
    }

    /// The last reading, and the number of bytes there are.
    ///
    /// # Errors
    /// Where the file is seen to have changed since the first.
    pub(crate) fn last(mut self) -> Result<(File, u64)> {
        let found = self.again()?.metadata();
        let bytes = found.map_err(|error| fault_of(&self.name, Fault::Io(error)))?.len();
        match self.from {
            First::File(file, _) | First::Pipe(_, file) => Ok((file, bytes)),
        }
    }
}

/// Keeps what it reads.
struct Copying<'a> {
    pipe: &'a mut dyn Read,
    copy: &'a mut File,
}

impl Read for Copying<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.pipe.read(buffer)?;
        self.copy.write_all(&buffer[..read]).map_err(|error| {
            let directory = std::env::temp_dir();
            let message = format!(
                "the copy in {} failed ({error}); set TMPDIR to a directory with room",
                directory.display()
            );
            io::Error::new(error.kind(), message)
        })?;
        Ok(read)
    }
}

fn no_copy(source: io::Error) -> Error {
    let path = std::env::temp_dir();
    Error::File { path, action: "make a temporary file; set TMPDIR to another directory", source }
}

fn fault_of(name: &str, fault: Fault) -> Error {
    Error::at(Place { file: name.to_owned(), ..Place::default() }, fault)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn a_file_that_grew_between_its_readings_is_refused() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("t.csv");
        fs::write(&path, "1,2\n").unwrap();
        for grows in [false, true] {
            let mut twice = Source::open(&path).and_then(Source::twice).unwrap();
            let mut text = String::new();
            twice.first().read_to_string(&mut text).unwrap();
            if grows {
                fs::write(&path, "1,2\n3,4\n").unwrap();
                let message = twice.last().unwrap_err().to_string();
                assert!(message.ends_with("try again once it is complete"), "{message}");
            } else {
                assert_eq!(twice.last().unwrap().1, 4);
            }
        }
    }

    #[test]
    fn a_pipe_is_read_twice_from_its_copy() {
        let pipe = From::Pipe(Box::new(&b"1,2\n"[..]));
        let mut twice =
            Source { name: "pipe".to_owned(), bytes: None, from: pipe }.twice().unwrap();
        let (mut first, mut second) = (String::new(), String::new());
        twice.first().read_to_string(&mut first).unwrap();
        let (mut copy, bytes) = twice.last().unwrap();
        copy.read_to_string(&mut second).unwrap();
        assert_eq!((first.as_str(), second.as_str(), bytes), ("1,2\n", "1,2\n", 4));
    }
}
