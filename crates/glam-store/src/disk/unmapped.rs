//! The operating system's file system without maps.

use std::ffi::OsString;
use std::io;
use std::path::Path;

use glam_core::Line;

use super::{Disk, DiskFile, DiskMap, Kind, Mode, System};

/// The operating system's file system without maps: where a file would be mapped it is read as a whole,
/// into memory of this process. Opening then takes time and memory for every byte of a snapshot, and
/// no other process can do harm any more: whoever truncates a mapped file ends the processes that
/// touch it.
///
/// ```
/// use std::sync::Arc;
/// use glam_core::{Config, Targets};
/// use glam_store::{Reader, Store, disk::Unmapped};
///
/// # let temporary = tempfile::tempdir()?;
/// # let directory = temporary.path().join("memory");
/// let config = Config::builder(1, Targets::Numbers(1)).build()?;
/// let (store, mut model) = Store::create(&directory, config)?;
/// store.close(&mut model)?;
/// let reader = Reader::open_on(Arc::new(Unmapped), &directory)?;
/// assert_eq!(reader.sequence(), 0);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Copy, Default)]
pub struct Unmapped;

impl Disk for Unmapped {
    fn open(&self, path: &Path, mode: Mode) -> io::Result<Box<dyn DiskFile>> {
        Ok(Box::new(File(System.open(path, mode)?)))
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        System.rename(from, to)
    }

    fn link(&self, from: &Path, to: &Path) -> io::Result<()> {
        System.link(from, to)
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        System.remove(path)
    }

    fn sync_directory(&self, path: &Path) -> io::Result<()> {
        System.sync_directory(path)
    }

    fn list(&self, path: &Path) -> io::Result<Vec<OsString>> {
        System.list(path)
    }

    fn kind(&self, path: &Path) -> io::Result<Kind> {
        System.kind(path)
    }

    fn create_directory(&self, path: &Path) -> io::Result<()> {
        System.create_directory(path)
    }

    fn remove_directory(&self, path: &Path) -> io::Result<()> {
        System.remove_directory(path)
    }
}

#[derive(Debug)]
struct File(Box<dyn DiskFile>);

impl DiskFile for File {
    fn length(&self) -> io::Result<u64> {
        self.0.length()
    }

    fn read_at(&self, bytes: &mut [u8], offset: u64) -> io::Result<usize> {
        self.0.read_at(bytes, offset)
    }

    fn write_at(&self, bytes: &[u8], offset: u64) -> io::Result<()> {
        self.0.write_at(bytes, offset)
    }

    fn set_length(&self, length: u64) -> io::Result<()> {
        self.0.set_length(length)
    }

    fn sync_data(&self) -> io::Result<()> {
        self.0.sync_data()
    }

    fn sync_all(&self) -> io::Result<()> {
        self.0.sync_all()
    }

    fn try_lock(&self) -> io::Result<bool> {
        self.0.try_lock()
    }

    fn map(&self) -> io::Result<Box<dyn DiskMap>> {
        let length = usize::try_from(self.length()?).map_err(|_| io::ErrorKind::OutOfMemory)?;
        let mut copied = Copied::zeros(length)?;
        let read = self.read_at(copied.bytes_mut(), 0)?;
        copied.length = read;
        Ok(Box::new(copied))
    }
}

/// Bytes in memory of this process, aligned as a map is: for a disk that maps nothing.
#[derive(Debug)]
pub struct Copied {
    lines: Vec<Line>,
    length: usize,
}

impl Copied {
    /// A copy of `bytes`.
    ///
    /// # Errors
    /// [`io::ErrorKind::OutOfMemory`].
    pub fn of(bytes: &[u8]) -> io::Result<Self> {
        let mut copied = Self::zeros(bytes.len())?;
        copied.bytes_mut().copy_from_slice(bytes);
        Ok(copied)
    }

    fn zeros(length: usize) -> io::Result<Self> {
        let (mut lines, count) = (Vec::new(), length.div_ceil(size_of::<Line>()));
        lines.try_reserve_exact(count).map_err(|_| io::ErrorKind::OutOfMemory)?;
        lines.resize(count, Line::default());
        Ok(Self { lines, length })
    }

    fn bytes_mut(&mut self) -> &mut [u8] {
        &mut bytemuck::cast_slice_mut(&mut self.lines)[..self.length]
    }
}

impl DiskMap for Copied {
    fn bytes(&self) -> &[u8] {
        &bytemuck::cast_slice(&self.lines)[..self.length]
    }
}
