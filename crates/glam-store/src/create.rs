//! Making the directory of a new memory, or leaving nothing behind.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use glam_core::Config;

use crate::bytes::wide;
use crate::error::{Error, Result};
use crate::file::{self, failed};
use crate::lock::Lock;
use crate::log::{self, HEADER_BYTES, Header};
use crate::manifest::Manifest;
use crate::names::{Name, unfinished};

/// The parts of a memory that was just made.
pub(crate) struct Made {
    pub(crate) manifest: Manifest,
    pub(crate) log: log::Writer,
    pub(crate) lock: Lock,
}

/// Makes a memory in `directory`, which is made too where it is missing.
pub(crate) fn create(directory: &Path, config: Config) -> Result<Made> {
    // Refuse what will not be written before anything is made.
    Manifest::new(config.clone(), wide(HEADER_BYTES)).encode(directory)?;
    let made = make_directories(directory)?;
    let created = check_empty(directory).and_then(|()| fill(directory, config));
    if created.is_err() {
        // Directories that hold anything stay: `remove_dir` refuses them.
        for directory in made.iter().rev() {
            let _ = fs::remove_dir(directory);
        }
    }
    created
}

/// Makes `directory` and what is missing above it; returns what was made, outermost first.
fn make_directories(directory: &Path) -> Result<Vec<PathBuf>> {
    match fs::metadata(directory) {
        Ok(found) if found.is_dir() => return Ok(Vec::new()),
        Ok(_) => return Err(Error::NotAMemory { path: directory.to_owned() }),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => return Err(failed(directory, "look at the directory")(error)),
    }
    let missing = directory
        .ancestors()
        .take_while(|above| !above.as_os_str().is_empty() && fs::symlink_metadata(above).is_err());
    let mut made: Vec<PathBuf> = missing.map(Path::to_owned).collect();
    made.reverse();
    if let Err(error) = fs::create_dir_all(directory) {
        made.iter().rev().for_each(|directory| {
            let _ = fs::remove_dir(directory);
        });
        return Err(failed(directory, "create the directory")(error));
    }
    Ok(made)
}

/// Fails unless the directory holds nothing but what a creation that was interrupted left: a lock,
/// unfinished files, and a log without a frame.
fn check_empty(directory: &Path) -> Result<()> {
    if Name::Manifest.in_directory(directory).exists() {
        return Err(Error::AlreadyExists { path: directory.to_owned() });
    }
    let list = || failed(directory, "list the directory");
    for entry in fs::read_dir(directory).map_err(list())? {
        let entry = entry.map_err(list())?;
        let left = match Name::parse(&entry.file_name()) {
            Some(Name::Lock | Name::Unfinished) => true,
            Some(Name::Log(1)) => {
                entry.metadata().is_ok_and(|found| found.len() <= wide(HEADER_BYTES))
            }
            _ => false,
        };
        if !left {
            return Err(Error::NotEmpty { path: directory.to_owned() });
        }
    }
    Ok(())
}

/// Takes the lock and makes the files. The manifest comes last: without it there is no memory.
fn fill(directory: &Path, config: Config) -> Result<Made> {
    let lock = Lock::take(directory)?;
    // Another writer may have made a memory, and closed it, since the directory was looked at.
    check_empty(directory)?;
    let manifest = Manifest::new(config, wide(HEADER_BYTES));
    let header = Header::new(manifest.memory, &manifest.config, manifest.log, 1);
    let made = log::Writer::create(directory, &header).and_then(|log| {
        manifest.write(directory)?;
        file::sync_directory(directory)?;
        if let Some(above) = directory.parent().filter(|above| !above.as_os_str().is_empty()) {
            file::sync_directory(above)?;
        }
        Ok(log)
    });
    match made {
        Ok(log) => Ok(Made { manifest, log, lock }),
        Err(error) => {
            for name in [Name::Manifest, Name::Log(1), Name::Lock] {
                let path = name.in_directory(directory);
                let _ = fs::remove_file(unfinished(&path));
                let _ = fs::remove_file(path);
            }
            Err(error)
        }
    }
}
