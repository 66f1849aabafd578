//! Files and directories: atomic replacement, and errors that name the path.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::path::Path;

use crate::error::{Error, Result};
use crate::names;

/// Names `path` and what was tried in an error of the operating system.
pub(crate) fn failed<'a>(
    path: &'a Path,
    action: &'static str,
) -> impl FnOnce(io::Error) -> Error + 'a {
    move |source| Error::Io { path: path.to_owned(), action, source }
}

/// Opens for reading.
pub(crate) fn open(path: &Path) -> Result<File> {
    File::open(path).map_err(failed(path, "open the file"))
}

/// Bytes of an open file.
pub(crate) fn length(file: &File, path: &Path) -> Result<u64> {
    Ok(file.metadata().map_err(failed(path, "read the file's size"))?.len())
}

/// Writes a file under a temporary name, waits until it is on the disk, and gives it its name: the
/// old file, if there is one, is never changed under anyone who has it open. The name itself is
/// on the disk only after [`sync_directory`]. The file that is returned can be written further.
pub(crate) fn replace(
    path: &Path,
    write: impl FnOnce(&mut File) -> io::Result<()>,
) -> Result<File> {
    let unfinished = names::unfinished(path);
    let made = OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(true)
        .open(&unfinished)
        .map_err(failed(&unfinished, "create the file"));
    let finished = made.and_then(|mut file| {
        write(&mut file).map_err(failed(&unfinished, "write the file"))?;
        file.sync_all().map_err(failed(&unfinished, "hand the file to the disk"))?;
        fs::rename(&unfinished, path).map_err(failed(path, "put the file in its place"))?;
        Ok(file)
    });
    if finished.is_err() {
        // The error of the first failure is the one to tell; a stray is removed at the next open.
        let _ = fs::remove_file(&unfinished);
    }
    finished
}

/// Waits until the names in a directory are on the disk.
pub(crate) fn sync_directory(directory: &Path) -> Result<()> {
    if cfg!(unix) {
        open(directory)?.sync_all().map_err(failed(directory, "hand the directory to the disk"))?;
    }
    Ok(())
}

/// Fails unless `directory` is a directory.
pub(crate) fn check_directory(directory: &Path) -> Result<()> {
    match fs::metadata(directory) {
        Ok(found) if found.is_dir() => Ok(()),
        Ok(_) => Err(Error::NotAMemory { path: directory.to_owned() }),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            Err(Error::Missing { path: directory.to_owned() })
        }
        Err(error) => Err(failed(directory, "look at the directory")(error)),
    }
}

/// True where the error says that a file is not there.
pub(crate) fn is_absent(error: &Error) -> bool {
    matches!(error, Error::Io { source, .. } if source.kind() == io::ErrorKind::NotFound)
}
