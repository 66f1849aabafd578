//! What every file is checked for, with an error that names it.

use std::path::Path;

use crate::FORMAT_VERSION;
use crate::error::{Error, Result};

/// Refuses a file of a format version before `oldest`, or after the one that this crate writes.
pub(crate) fn version(path: &Path, got: u32, oldest: u32) -> Result<()> {
    if (oldest..=FORMAT_VERSION).contains(&got) {
        Ok(())
    } else {
        Err(Error::Version { path: path.to_owned(), expected: FORMAT_VERSION, got })
    }
}

/// Refuses bytes that do not match their checksum.
pub(crate) fn sum(path: &Path, what: &'static str, expected: u32, got: u32) -> Result<()> {
    if expected == got {
        Ok(())
    } else {
        Err(Error::Checksum { path: path.to_owned(), what, expected, got })
    }
}

/// Refuses a file whose `what` is not the one that the manifest names.
pub(crate) fn named(path: &Path, what: &'static str, expected: u64, got: u64) -> Result<()> {
    if expected == got {
        Ok(())
    } else {
        Err(Error::Foreign { path: path.to_owned(), what, expected, got })
    }
}

/// Refuses a file that is shorter or longer than `expected` bytes.
pub(crate) fn length(path: &Path, expected: u64, got: u64) -> Result<()> {
    if got < expected {
        return Err(Error::Truncated { path: path.to_owned(), expected, got });
    }
    if got > expected {
        let what = "bytes are left over";
        return Err(Error::Malformed { path: path.to_owned(), what, at: expected });
    }
    Ok(())
}
