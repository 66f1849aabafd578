//! A disk in memory with one directory.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use glam_store::disk::{Copied, Disk, DiskFile, DiskMap, Kind, Mode};

/// The files of a directory, by name.
pub(super) type Files = BTreeMap<String, Vec<u8>>;

/// The directory.
pub(super) fn place() -> &'static Path {
    Path::new("/memory")
}

/// A disk in memory. Clones share it.
#[derive(Debug, Clone, Default)]
pub(super) struct InMemory(Arc<Mutex<BTreeMap<PathBuf, Shared>>>);

type Shared = Arc<Mutex<Content>>;

#[derive(Debug, Default)]
struct Content {
    bytes: Vec<u8>,
    locked: bool,
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl InMemory {
    /// A disk whose directory holds `files`.
    pub(super) fn of(files: &Files) -> Self {
        let content = |bytes: &Vec<u8>| Content { bytes: bytes.clone(), locked: false };
        let files = files
            .iter()
            .map(|(name, bytes)| (place().join(name), Arc::new(Mutex::new(content(bytes)))));
        Self(Arc::new(Mutex::new(files.collect())))
    }

    /// As the store takes it.
    pub(super) fn shared(&self) -> Arc<dyn Disk> {
        Arc::new(self.clone())
    }

    /// What the directory holds.
    pub(super) fn files(&self) -> Files {
        let files = locked(&self.0);
        let name = |path: &PathBuf| path.file_name().unwrap_or_default().to_string_lossy().into();
        files.iter().map(|(path, file)| (name(path), locked(file).bytes.clone())).collect()
    }

    fn find(&self, path: &Path) -> io::Result<Shared> {
        locked(&self.0).get(path).cloned().ok_or_else(|| io::ErrorKind::NotFound.into())
    }
}

impl Disk for InMemory {
    fn open(&self, path: &Path, mode: Mode) -> io::Result<Box<dyn DiskFile>> {
        let file = match mode {
            Mode::Open => locked(&self.0).entry(path.to_owned()).or_default().clone(),
            Mode::Create => {
                let file = locked(&self.0).entry(path.to_owned()).or_default().clone();
                locked(&file).bytes.clear();
                file
            }
            _ => self.find(path)?,
        };
        Ok(Box::new(Handle { file, locks: Mutex::new(false) }))
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        let mut files = locked(&self.0);
        let file = files.remove(from).ok_or(io::ErrorKind::NotFound)?;
        files.insert(to.to_owned(), file);
        Ok(())
    }

    fn link(&self, from: &Path, to: &Path) -> io::Result<()> {
        let file = self.find(from)?;
        locked(&self.0).insert(to.to_owned(), file);
        Ok(())
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        locked(&self.0).remove(path).map(drop).ok_or_else(|| io::ErrorKind::NotFound.into())
    }

    fn sync_directory(&self, _path: &Path) -> io::Result<()> {
        Ok(())
    }

    fn list(&self, _path: &Path) -> io::Result<Vec<OsString>> {
        let files = locked(&self.0);
        Ok(files.keys().filter_map(|path| path.file_name()).map(OsString::from).collect())
    }

    fn kind(&self, path: &Path) -> io::Result<Kind> {
        if place().starts_with(path) {
            return Ok(Kind::Directory);
        }
        Ok(Kind::File(locked(&*self.find(path)?).bytes.len() as u64))
    }

    fn create_directory(&self, _path: &Path) -> io::Result<()> {
        Err(io::ErrorKind::AlreadyExists.into())
    }

    fn remove_directory(&self, _path: &Path) -> io::Result<()> {
        Err(io::ErrorKind::DirectoryNotEmpty.into())
    }
}

/// An open file.
#[derive(Debug)]
struct Handle {
    file: Shared,
    /// Whether this handle has the file's lock.
    locks: Mutex<bool>,
}

impl DiskFile for Handle {
    fn length(&self) -> io::Result<u64> {
        Ok(locked(&self.file).bytes.len() as u64)
    }

    fn read_at(&self, bytes: &mut [u8], offset: u64) -> io::Result<usize> {
        let file = locked(&self.file);
        let offset = usize::try_from(offset).unwrap_or(usize::MAX);
        let found = file.bytes.get(offset..).unwrap_or_default();
        let read = found.len().min(bytes.len());
        bytes[..read].copy_from_slice(&found[..read]);
        Ok(read)
    }

    fn write_at(&self, bytes: &[u8], offset: u64) -> io::Result<()> {
        let mut file = locked(&self.file);
        let start = usize::try_from(offset).map_err(|_| io::ErrorKind::FileTooLarge)?;
        let end = start.checked_add(bytes.len()).ok_or(io::ErrorKind::FileTooLarge)?;
        if file.bytes.len() < end {
            file.bytes.resize(end, 0);
        }
        file.bytes[start..end].copy_from_slice(bytes);
        Ok(())
    }

    fn set_length(&self, length: u64) -> io::Result<()> {
        locked(&self.file).bytes.resize(length as usize, 0);
        Ok(())
    }

    fn sync_data(&self) -> io::Result<()> {
        Ok(())
    }

    fn sync_all(&self) -> io::Result<()> {
        Ok(())
    }

    fn try_lock(&self) -> io::Result<bool> {
        let mut file = locked(&self.file);
        let free = !file.locked;
        file.locked = true;
        *locked(&self.locks) |= free;
        Ok(free)
    }

    fn map(&self) -> io::Result<Box<dyn DiskMap>> {
        Ok(Box::new(Copied::of(&locked(&self.file).bytes)?))
    }
}

impl Drop for Handle {
    fn drop(&mut self) {
        if *locked(&self.locks) {
            locked(&self.file).locked = false;
        }
    }
}
