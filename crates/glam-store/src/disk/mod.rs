//! What a memory's files lie on: the operating system's file system, or one that a test puts in its
//! place.
//!
//! Everything that this crate does to files goes through a [`Disk`]. Programs use [`System`] without
//! ever naming it, since [`Store::open`](crate::Store::open) and its like do; tests hand a disk of
//! their own to [`Store::open_on`](crate::Store::open_on), which can lose what was not synchronised
//! or fail at any call.
//!
//! # Contract
//! What this crate assumes of a disk, a test's as much as a real one, is the list "Assumptions about
//! the medium" of `docs/design.md`.

mod directory;
mod system;
mod unmapped;

use std::ffi::OsString;
use std::fmt::Debug;
use std::io;
use std::path::Path;

pub(crate) use directory::{Directory, OpenFile, Stream, failed, is_absent};
pub use system::System;
pub use unmapped::{Copied, Unmapped};

/// How a file is opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Mode {
    /// An existing file, for reading.
    Read,
    /// An existing file, for reading and writing.
    Write,
    /// For reading and writing; made where it is missing, left as it is where not.
    Open,
    /// For reading and writing, empty: made, or cut to nothing.
    Create,
}

/// What a path leads to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Kind {
    /// A directory.
    Directory,
    /// A file of so many bytes, or anything else that is no directory.
    File(u64),
}

/// The calls by which this crate reaches a file system. Paths are as the caller gave them.
pub trait Disk: Debug + Send + Sync {
    /// Opens a file.
    ///
    /// # Errors
    /// [`io::ErrorKind::NotFound`] where there is none, and those of the system.
    fn open(&self, path: &Path, mode: Mode) -> io::Result<Box<dyn DiskFile>>;

    /// Gives the file at `from` the name `to`, in place of what had it, at once.
    ///
    /// # Errors
    /// Those of the system.
    fn rename(&self, from: &Path, to: &Path) -> io::Result<()>;

    /// Gives the file at `from` a second name, `to`.
    ///
    /// # Errors
    /// Those of the system, one of which is that it cannot.
    fn link(&self, from: &Path, to: &Path) -> io::Result<()>;

    /// Takes a name away; who has the file open or mapped keeps its bytes.
    ///
    /// # Errors
    /// Those of the system.
    fn remove(&self, path: &Path) -> io::Result<()>;

    /// Waits until the names in a directory are on the disk.
    ///
    /// # Errors
    /// Those of the system.
    fn sync_directory(&self, path: &Path) -> io::Result<()>;

    /// The names in a directory.
    ///
    /// # Errors
    /// Those of the system.
    fn list(&self, path: &Path) -> io::Result<Vec<OsString>>;

    /// What `path` leads to.
    ///
    /// # Errors
    /// [`io::ErrorKind::NotFound`] where it leads to nothing, and those of the system.
    fn kind(&self, path: &Path) -> io::Result<Kind>;

    /// Makes a directory in one that exists.
    ///
    /// # Errors
    /// [`io::ErrorKind::AlreadyExists`], and those of the system.
    fn create_directory(&self, path: &Path) -> io::Result<()>;

    /// Removes an empty directory.
    ///
    /// # Errors
    /// Those of the system.
    fn remove_directory(&self, path: &Path) -> io::Result<()>;
}

/// An open file. Reads and writes say where, so that a file can be shared.
pub trait DiskFile: Debug + Send + Sync {
    /// Bytes of the file.
    ///
    /// # Errors
    /// Those of the system.
    fn length(&self) -> io::Result<u64>;

    /// Reads bytes from `offset` on into `bytes`; returns how many there were, fewer only at the end of
    /// the file.
    ///
    /// # Errors
    /// Those of the system.
    fn read_at(&self, bytes: &mut [u8], offset: u64) -> io::Result<usize>;

    /// Writes all of `bytes` from `offset` on; the file grows where they reach beyond its end.
    ///
    /// # Errors
    /// Those of the system; any part of `bytes` may have been written then.
    fn write_at(&self, bytes: &[u8], offset: u64) -> io::Result<()>;

    /// Cuts the file, or makes it longer by zeros.
    ///
    /// # Errors
    /// Those of the system.
    fn set_length(&self, length: u64) -> io::Result<()>;

    /// Waits until the bytes, and what is needed to find them, are on the disk.
    ///
    /// # Errors
    /// Those of the system; nothing is known about the bytes then.
    fn sync_data(&self) -> io::Result<()>;

    /// Waits until everything about the file is on the disk.
    ///
    /// # Errors
    /// As [`DiskFile::sync_data`].
    fn sync_all(&self) -> io::Result<()>;

    /// Takes the exclusive lock of the file; `false` where another handle has it. It is released when
    /// this handle is dropped, or its process ends however that may be.
    ///
    /// # Errors
    /// Those of the system.
    fn try_lock(&self) -> io::Result<bool>;

    /// The bytes of the file, in place; their start is a multiple of 64.
    ///
    /// # Errors
    /// Those of the system.
    fn map(&self) -> io::Result<Box<dyn DiskMap>>;
}

/// Bytes of a file, in place.
pub trait DiskMap: Debug + Send + Sync {
    /// All bytes that the file had when it was mapped.
    fn bytes(&self) -> &[u8];
}
