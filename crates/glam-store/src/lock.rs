//! One writer a memory.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read, Seek, Write};
use std::path::Path;

use crate::error::{Error, Result};
use crate::file::failed;
use crate::names::Name;

/// The right to write to a memory, until dropped.
///
/// The file stays where it is: removing it would let two writers lock two files of one name.
#[derive(Debug)]
pub(crate) struct Lock {
    _file: File,
}

impl Lock {
    /// Takes the lock of `directory` or says who has it.
    pub(crate) fn take(directory: &Path) -> Result<Self> {
        let path = Name::Lock.in_directory(directory);
        let mut file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(&path)
            .map_err(failed(&path, "open the lock file"))?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                return Err(Error::Locked { pid: read_pid(&mut file), path });
            }
            Err(TryLockError::Error(source)) => {
                return Err(failed(&path, "lock the file")(source));
            }
        }
        // Always as long, so that it replaces all of an earlier one.
        file.rewind()
            .and_then(|()| writeln!(file, "{:<10}", std::process::id()))
            .map_err(failed(&path, "write the lock file"))?;
        Ok(Self { _file: file })
    }
}

/// The holder's process id; `None` where the system lets nobody read a locked file, or where the
/// holder has not written it yet.
fn read_pid(file: &mut File) -> Option<u32> {
    let mut text = String::new();
    file.take(16).read_to_string(&mut text).ok()?;
    text.trim().parse().ok()
}
