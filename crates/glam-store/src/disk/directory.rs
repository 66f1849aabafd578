//! The directory of a memory on its disk, and its open files: every error names the path and what was
//! tried.

use std::io::{self, BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::{Disk, DiskFile, DiskMap, Kind, Mode, System};
use crate::bytes::wide;
use crate::error::{Error, Result};
use crate::names::{Name, unfinished};

/// Bytes of a buffer between a file and what reads or writes it piece by piece.
const BUFFER_BYTES: usize = 1 << 18;

/// Names `path` and what was tried in an error of the disk.
pub(crate) fn failed<'a>(
    path: &'a Path,
    action: &'static str,
) -> impl FnOnce(io::Error) -> Error + 'a {
    move |source| Error::Io { path: path.to_owned(), action, source }
}

/// True where the error says that a file is not there.
pub(crate) fn is_absent(error: &Error) -> bool {
    matches!(error, Error::Io { source, .. } if source.kind() == io::ErrorKind::NotFound)
}

/// A file that bears a name of this crate's.
#[derive(Debug)]
pub(crate) struct Found {
    pub(crate) name: Name,
    pub(crate) path: PathBuf,
    pub(crate) bytes: u64,
}

/// A directory on a disk.
#[derive(Debug, Clone)]
pub(crate) struct Directory {
    disk: Arc<dyn Disk>,
    path: PathBuf,
}

impl Directory {
    pub(crate) fn new(disk: Arc<dyn Disk>, path: &Path) -> Self {
        Self { disk, path: path.to_owned() }
    }

    /// A directory of the operating system's.
    pub(crate) fn of_system(path: &Path) -> Self {
        Self::new(Arc::new(System), path)
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    pub(crate) fn disk(&self) -> &dyn Disk {
        &*self.disk
    }

    /// The path of a file in it.
    pub(crate) fn join(&self, name: Name) -> PathBuf {
        name.in_directory(&self.path)
    }

    /// Fails unless it is a directory.
    pub(crate) fn check(&self) -> Result<()> {
        match self.disk.kind(&self.path) {
            Ok(Kind::Directory) => Ok(()),
            Ok(_) => Err(Error::NotAMemory { path: self.path.clone() }),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                Err(Error::Missing { path: self.path.clone() })
            }
            Err(error) => Err(failed(&self.path, "look at the directory")(error)),
        }
    }

    /// Whether there is a file of that name.
    pub(crate) fn has(&self, name: Name) -> bool {
        self.disk.kind(&self.join(name)).is_ok()
    }

    /// Opens a file for reading.
    pub(crate) fn open(&self, name: Name) -> Result<OpenFile> {
        self.open_as(name, Mode::Read, "open the file")
    }

    /// Opens a file; `action` says what is told where that fails.
    pub(crate) fn open_as(&self, name: Name, mode: Mode, action: &'static str) -> Result<OpenFile> {
        let path = self.join(name);
        let file = self.disk.open(&path, mode).map_err(failed(&path, action))?;
        Ok(OpenFile { path, file: file.into() })
    }

    /// The bytes of a file, of at most `most`; one more where there are more. `None` where there is no
    /// such file.
    pub(crate) fn read(&self, name: Name, most: usize) -> Result<Option<Vec<u8>>> {
        let file = match self.open(name) {
            Err(error) if is_absent(&error) => return Ok(None),
            opened => opened?,
        };
        let length = file.length()?.min(wide(most) + 1);
        // At most `most + 1`, which is a `usize`.
        let mut bytes = vec![0; length as usize];
        let read = file.file.read_at(&mut bytes, 0).map_err(failed(&file.path, "read the file"))?;
        bytes.truncate(read);
        Ok(Some(bytes))
    }

    /// Writes a file under a temporary name, waits until it is on the disk, and gives it its name: the
    /// old file, if there is one, is never changed under anyone who has it open. The name itself is
    /// on the disk only after [`Directory::sync`]. The file that is returned can be written further.
    pub(crate) fn replace(
        &self,
        name: Name,
        write: impl FnOnce(&mut Stream) -> io::Result<()>,
    ) -> Result<OpenFile> {
        let path = self.join(name);
        let temporary = unfinished(&path);
        let made =
            self.disk.open(&temporary, Mode::Create).map_err(failed(&temporary, "create the file"));
        let finished = made.and_then(|file| {
            let file: Arc<dyn DiskFile> = file.into();
            let mut stream = Stream::new(Arc::clone(&file), 0);
            write(&mut stream)
                .and_then(|()| stream.flush())
                .map_err(failed(&temporary, "write the file"))?;
            file.sync_all().map_err(failed(&temporary, "hand the file to the disk"))?;
            self.disk
                .rename(&temporary, &path)
                .map_err(failed(&path, "put the file in its place"))?;
            Ok(OpenFile { path, file })
        });
        if finished.is_err() {
            // The error of the first failure is the one to tell; a stray is removed at the next open.
            let _ = self.disk.remove(&temporary);
        }
        finished
    }

    /// Waits until the names in it are on the disk.
    pub(crate) fn sync(&self) -> Result<()> {
        self.disk
            .sync_directory(&self.path)
            .map_err(failed(&self.path, "hand the directory to the disk"))
    }

    /// Removes a file.
    pub(crate) fn remove(&self, name: Name) -> Result<()> {
        let path = self.join(name);
        self.disk.remove(&path).map_err(failed(&path, "remove the file"))
    }

    /// The files in it that bear names of this crate's.
    pub(crate) fn list(&self) -> Result<Vec<Found>> {
        let names = self.disk.list(&self.path).map_err(failed(&self.path, "list the directory"))?;
        let mut found = Vec::new();
        for name in names {
            let Some(parsed) = Name::parse(&name) else { continue };
            let path = self.path.join(&name);
            match self.disk.kind(&path) {
                Ok(Kind::File(bytes)) => found.push(Found { name: parsed, path, bytes }),
                Ok(Kind::Directory) => {}
                // A writer may have removed it meanwhile.
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(error) => return Err(failed(&path, "read the file's size")(error)),
            }
        }
        // The order of a directory is the file system's affair; nothing here depends on it, and
        // errors shall not either.
        found.sort_by(|a, b| a.path.cmp(&b.path));
        Ok(found)
    }
}

/// An open file and its path.
#[derive(Debug, Clone)]
pub(crate) struct OpenFile {
    path: PathBuf,
    file: Arc<dyn DiskFile>,
}

impl OpenFile {
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Bytes of the file.
    pub(crate) fn length(&self) -> Result<u64> {
        self.file.length().map_err(failed(&self.path, "read the file's size"))
    }

    /// Reads from `offset` on into `bytes`; fewer only at the end of the file.
    pub(crate) fn read(
        &self,
        bytes: &mut [u8],
        offset: u64,
        action: &'static str,
    ) -> Result<usize> {
        self.file.read_at(bytes, offset).map_err(failed(&self.path, action))
    }

    /// Fills `bytes` from `offset` on.
    pub(crate) fn read_exact(
        &self,
        bytes: &mut [u8],
        offset: u64,
        action: &'static str,
    ) -> Result<()> {
        let read = self.read(bytes, offset, action)?;
        if read < bytes.len() {
            let (expected, got) = (offset + wide(bytes.len()), offset + wide(read));
            return Err(Error::Truncated { path: self.path.clone(), expected, got });
        }
        Ok(())
    }

    pub(crate) fn write(&self, bytes: &[u8], offset: u64) -> io::Result<()> {
        self.file.write_at(bytes, offset)
    }

    pub(crate) fn set_length(&self, length: u64) -> io::Result<()> {
        self.file.set_length(length)
    }

    pub(crate) fn sync_data(&self) -> io::Result<()> {
        self.file.sync_data()
    }

    /// Takes the file's lock; `false` where another handle has it.
    pub(crate) fn try_lock(&self) -> Result<bool> {
        self.file.try_lock().map_err(failed(&self.path, "lock the file"))
    }

    pub(crate) fn map(&self) -> Result<Box<dyn DiskMap>> {
        self.file.map().map_err(failed(&self.path, "map the file into memory"))
    }

    /// Reads on from `offset`.
    pub(crate) fn reader(&self, offset: u64) -> BufReader<Stream> {
        BufReader::with_capacity(BUFFER_BYTES, Stream::new(Arc::clone(&self.file), offset))
    }
}

/// Reads or writes a file piece after piece; what is written is buffered until [`Write::flush`].
#[derive(Debug)]
pub(crate) struct Stream {
    file: Arc<dyn DiskFile>,
    /// Where the next byte is read, or where the buffer will be written.
    offset: u64,
    buffer: Vec<u8>,
}

impl Stream {
    fn new(file: Arc<dyn DiskFile>, offset: u64) -> Self {
        Self { file, offset, buffer: Vec::new() }
    }

    /// Bytes of the file.
    pub(crate) fn length(&self) -> io::Result<u64> {
        self.file.length()
    }
}

impl Read for Stream {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        let read = self.file.read_at(bytes, self.offset)?;
        self.offset += wide(read);
        Ok(read)
    }
}

impl io::Seek for Stream {
    fn seek(&mut self, to: io::SeekFrom) -> io::Result<u64> {
        let sought = match to {
            io::SeekFrom::Start(offset) => Some(offset),
            io::SeekFrom::Current(by) => self.offset.checked_add_signed(by),
            io::SeekFrom::End(by) => self.file.length()?.checked_add_signed(by),
        };
        self.offset = sought.ok_or(io::ErrorKind::InvalidInput)?;
        Ok(self.offset)
    }
}

impl Write for Stream {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.buffer.len() + bytes.len() > BUFFER_BYTES {
            self.flush()?;
        }
        if bytes.len() >= BUFFER_BYTES {
            self.file.write_at(bytes, self.offset)?;
            self.offset += wide(bytes.len());
        } else {
            self.buffer.extend_from_slice(bytes);
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        if !self.buffer.is_empty() {
            self.file.write_at(&self.buffer, self.offset)?;
            self.offset += wide(self.buffer.len());
            self.buffer.clear();
        }
        Ok(())
    }
}
