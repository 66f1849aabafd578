//! Making the directory of a new memory, or leaving nothing behind.

use std::io;
use std::path::{Path, PathBuf};

use glam_core::Config;

use crate::bytes::wide;
use crate::disk::{Directory, Kind, failed};
use crate::durability::Durability;
use crate::error::{Error, Result};
use crate::lock::Lock;
use crate::log::{self, HEADER_BYTES, Header};
use crate::manifest::Manifest;
use crate::names::{Name, unfinished};
use crate::net;

/// The parts of a memory that was just made.
pub(crate) struct Made {
    pub(crate) manifest: Manifest,
    pub(crate) log: log::Writer,
    pub(crate) lock: Lock,
}

/// Makes a memory in `directory`, which is made too where it is missing.
pub(crate) fn create(
    directory: &Directory,
    config: Config,
    durability: Durability,
) -> Result<Made> {
    let manifest = Manifest { durability, ..Manifest::new(config, wide(HEADER_BYTES)) };
    // Refuse what will not be written before anything is made.
    manifest.encode(directory.path())?;
    let made = make_directories(directory)?;
    let created = check_empty(directory).and_then(|()| fill(directory, manifest, &made));
    if created.is_err() {
        remove_directories(directory, &made);
    }
    created
}

/// Makes `directory` and what is missing above it; returns what was made, outermost first.
pub(crate) fn make_directories(directory: &Directory) -> Result<Vec<PathBuf>> {
    let disk = directory.disk();
    let mut missing = Vec::new();
    for path in directory.path().ancestors().filter(|path| !path.as_os_str().is_empty()) {
        match disk.kind(path) {
            Ok(Kind::Directory) => break,
            Ok(_) => return Err(Error::NotAMemory { path: path.to_owned() }),
            Err(error) if error.kind() == io::ErrorKind::NotFound => missing.push(path),
            Err(error) => return Err(failed(path, "look at the directory")(error)),
        }
    }
    let mut made = Vec::new();
    for path in missing.into_iter().rev() {
        match disk.create_directory(path) {
            Ok(()) => made.push(path.to_owned()),
            // Somebody else was faster; it is theirs to remove.
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            Err(error) => {
                remove_directories(directory, &made);
                return Err(failed(path, "create the directory")(error));
            }
        }
    }
    Ok(made)
}

/// Removes what [`make_directories`] made. Directories that hold anything stay, as they cannot be
/// removed.
pub(crate) fn remove_directories(directory: &Directory, made: &[PathBuf]) {
    for path in made.iter().rev() {
        let _ = directory.disk().remove_directory(path);
    }
}

/// Waits until the names of the directories that [`make_directories`] made are on the disk.
pub(crate) fn sync_directories(directory: &Directory, made: &[PathBuf]) -> Result<()> {
    for path in made {
        let above = match path.parent() {
            Some(above) if !above.as_os_str().is_empty() => above,
            _ => Path::new("."),
        };
        let synced = directory.disk().sync_directory(above);
        synced.map_err(failed(above, "hand the directory to the disk"))?;
    }
    Ok(())
}

/// Fails unless the directory holds nothing but what a creation that was interrupted left: a lock,
/// unfinished files, a net, and a log without a frame.
pub(crate) fn check_empty(directory: &Directory) -> Result<()> {
    if directory.has(Name::Manifest) {
        return Err(Error::AlreadyExists { path: directory.path().to_owned() });
    }
    let names = directory.disk().list(directory.path());
    for name in names.map_err(failed(directory.path(), "list the directory"))? {
        let left = match Name::parse(&name) {
            Some(Name::Lock | Name::Unfinished) => true,
            Some(Name::Net) => net::is_ours(directory),
            Some(Name::Log(1)) => {
                let found = directory.disk().kind(&directory.join(Name::Log(1)));
                matches!(found, Ok(Kind::File(bytes)) if bytes <= wide(HEADER_BYTES))
            }
            _ => false,
        };
        if !left {
            return Err(Error::NotEmpty { path: directory.path().to_owned() });
        }
    }
    Ok(())
}

/// Takes the lock and makes the files. The manifest comes last: without it there is no memory. The
/// directories in `made` are new; their names are handed to the disk too.
fn fill(directory: &Directory, manifest: Manifest, made: &[PathBuf]) -> Result<Made> {
    let lock = Lock::take(directory)?;
    // Another writer may have made a memory, and closed it, since the directory was looked at.
    check_empty(directory)?;
    let header = Header::new(manifest.memory, &manifest.config, manifest.log, 1);
    let filled = net::write(directory, &manifest).and_then(|()| {
        let log = log::Writer::create(directory, header)?;
        // The manifest must not be there before what it names.
        directory.sync()?;
        manifest.write(directory)?;
        sync_directories(directory, made)?;
        Ok(log)
    });
    match filled {
        Ok(log) => Ok(Made { manifest, log, lock }),
        Err(error) => {
            let remove = |name: Name| {
                let _ = directory.disk().remove(&unfinished(&directory.join(name)));
                let _ = directory.remove(name);
            };
            // No crash shall bring the manifest back without what it names, nor leave its copy alone.
            remove(Name::ManifestCopy);
            remove(Name::Manifest);
            let _ = directory.sync();
            [Name::Log(1), Name::Net, Name::Lock].into_iter().for_each(remove);
            Err(error)
        }
    }
}
