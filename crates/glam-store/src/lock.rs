//! One writer a memory.

use crate::disk::{Directory, Mode, OpenFile, failed};
use crate::error::{Error, Result};
use crate::names::Name;

/// Bytes of the lock file: a process id and a line's end.
const BYTES: usize = 11;

/// The right to write to a memory, until dropped.
///
/// The file stays where it is: removing it would let two writers lock two files of one name.
#[derive(Debug)]
pub(crate) struct Lock {
    _file: OpenFile,
}

impl Lock {
    /// Takes the lock of `directory` or says who has it.
    pub(crate) fn take(directory: &Directory) -> Result<Self> {
        let file = directory.open_as(Name::Lock, Mode::Open, "open the lock file")?;
        if !file.try_lock()? {
            return Err(Error::Locked { pid: read_pid(&file), path: file.path().to_owned() });
        }
        // Always as long, so that it replaces all of an earlier one.
        let line = format!("{:<10}\n", std::process::id());
        file.write(line.as_bytes(), 0).map_err(failed(file.path(), "write the lock file"))?;
        Ok(Self { _file: file })
    }
}

/// The holder's process id; `None` where the system lets nobody read a locked file, or where the
/// holder has not written it yet.
fn read_pid(file: &OpenFile) -> Option<u32> {
    let mut line = [0; BYTES];
    file.read_exact(&mut line, 0, "read the lock file").ok()?;
    std::str::from_utf8(&line).ok()?.trim().parse().ok()
}
