//! A disk in memory that knows what a crash would leave of it, and that can fail at any call.
//!
//! It keeps two images: the *live* one, which calls see, and the *durable* one, which is what was
//! synchronised. What lies between the two may be lost at a crash in any way that the assumptions in
//! `docs/design.md` allow: sector by sector, name by name.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsString;
use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::disk::{Copied, Disk, DiskFile, DiskMap, Kind, Mode};
use crate::log::recovery::SECTOR_BYTES;

/// What becomes of what was not synchronised.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Loss {
    /// All of it is lost.
    All,
    /// None of it is lost: the process was killed, the machine lives.
    Nothing,
    /// Each sector, each length and each name by itself, as the seed has it.
    Some(u64),
}

/// What is called at every call that changes something, before it does.
type Hook = Arc<dyn Fn(&Simulated) + Send + Sync>;

/// How calls fail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Fault {
    /// The first call that fails, counted from 0.
    pub(super) at: u64,
    /// Whether all calls after it fail too.
    pub(super) lasts: bool,
    pub(super) kind: io::ErrorKind,
    /// Whether a write that fails writes half of its bytes.
    pub(super) halves: bool,
}

/// A disk in memory. Clones share it.
#[derive(Clone)]
pub(super) struct Simulated {
    image: Arc<Mutex<Image>>,
    hook: Option<Hook>,
}

impl fmt::Debug for Simulated {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Simulated")
    }
}

#[derive(Clone, Default)]
struct Image {
    files: BTreeMap<u64, Content>,
    /// Names as calls see them; a directory has no file.
    live: BTreeMap<PathBuf, Option<u64>>,
    durable: BTreeMap<PathBuf, Option<u64>>,
    /// Changes of names since their directory was synchronised, in order.
    renamings: Vec<Renaming>,
    locks: BTreeSet<u64>,
    next: u64,
    /// Calls so far.
    calls: u64,
    fault: Option<Fault>,
}

/// One change of names: those that go and those that come, together.
#[derive(Clone)]
struct Renaming {
    removed: Option<PathBuf>,
    added: Option<(PathBuf, Option<u64>)>,
}

impl Renaming {
    fn touches(&self, directory: &Path) -> bool {
        let added = self.added.as_ref().map(|(path, _)| path);
        self.removed.iter().chain(added).any(|path| path.parent() == Some(directory))
    }

    fn apply(&self, names: &mut BTreeMap<PathBuf, Option<u64>>) {
        if let Some(path) = &self.removed {
            names.remove(path);
        }
        if let Some((path, file)) = &self.added {
            names.insert(path.clone(), *file);
        }
    }
}

/// The bytes of a file. Images share what none of them changed.
#[derive(Clone, Default)]
struct Content {
    live: Arc<Vec<u8>>,
    durable: Arc<Vec<u8>>,
    /// What was live when a synchronisation failed: the system takes it for written, so that a later
    /// synchronisation writes those sectors alone that have changed since.
    given_up: Option<Arc<Vec<u8>>>,
}

/// The next number of a sequence that depends on nothing but its seed: splitmix64.
pub(super) fn draw(seed: &mut u64) -> u64 {
    *seed = seed.wrapping_add(0x9E37_79B9_7F4A_7C15);
    let mut z = *seed;
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

/// Sector number `at / SECTOR_BYTES` of `bytes`, zeros where they end before it does.
fn sector(bytes: &[u8], at: usize) -> [u8; SECTOR_BYTES] {
    let mut sector = [0; SECTOR_BYTES];
    let found = bytes.get(at..).unwrap_or_default();
    let count = found.len().min(SECTOR_BYTES);
    sector[..count].copy_from_slice(&found[..count]);
    sector
}

impl Content {
    fn sync(&mut self) {
        let Some(given_up) = &self.given_up else {
            self.durable = Arc::clone(&self.live);
            return;
        };
        let sectors = (0..self.live.len()).step_by(SECTOR_BYTES).flat_map(|at| {
            let now = sector(&self.live, at);
            if now == sector(given_up, at) { sector(&self.durable, at) } else { now }
        });
        let mut durable: Vec<u8> = sectors.collect();
        durable.truncate(self.live.len());
        self.durable = Arc::new(durable);
    }

    /// The bytes that are left after a crash.
    fn after(&self, loss: Loss, seed: &mut u64) -> Arc<Vec<u8>> {
        match loss {
            Loss::All => Arc::clone(&self.durable),
            Loss::Nothing => Arc::clone(&self.live),
            _ if Arc::ptr_eq(&self.live, &self.durable) => Arc::clone(&self.live),
            Loss::Some(_) => {
                let longest = self.live.len().max(self.durable.len());
                let mut bytes = Vec::with_capacity(longest);
                for at in (0..longest).step_by(SECTOR_BYTES) {
                    let from =
                        if draw(seed).is_multiple_of(2) { &self.live } else { &self.durable };
                    bytes.extend(sector(from, at));
                }
                let length = match draw(seed) % 3 {
                    0 => self.durable.len(),
                    1 => self.live.len(),
                    // A file that grew may have got a part of its new length.
                    _ if self.live.len() > self.durable.len() => {
                        let more = self.live.len() - self.durable.len();
                        self.durable.len() + (draw(seed) % (more as u64 + 1)) as usize
                    }
                    _ => self.live.len(),
                };
                bytes.truncate(length);
                Arc::new(bytes)
            }
        }
    }
}

impl Image {
    fn find(&self, path: &Path) -> io::Result<u64> {
        match self.live.get(path) {
            Some(Some(file)) => Ok(*file),
            Some(None) => Err(io::ErrorKind::IsADirectory.into()),
            None => Err(io::ErrorKind::NotFound.into()),
        }
    }

    fn rename(&mut self, renaming: Renaming) {
        renaming.apply(&mut self.live);
        self.renamings.push(renaming);
    }

    fn content(&mut self, file: u64) -> io::Result<&mut Content> {
        self.files.get_mut(&file).ok_or_else(|| io::ErrorKind::NotFound.into())
    }

    /// Counts a call; fails where it is to fail.
    fn call(&mut self) -> io::Result<()> {
        let call = self.calls;
        self.calls += 1;
        match self.fault {
            Some(fault) if call == fault.at || fault.lasts && call > fault.at => {
                Err(fault.kind.into())
            }
            _ => Ok(()),
        }
    }
}

impl Simulated {
    /// An empty disk.
    pub(super) fn new() -> Self {
        let names = BTreeMap::from([(PathBuf::from("/"), None)]);
        let (live, durable) = (names.clone(), names);
        let image = Image { live, durable, next: 1, ..Image::default() };
        Self { image: Arc::new(Mutex::new(image)), hook: None }
    }

    /// Calls `hook` at every call that changes something, before it does.
    pub(super) fn with_hook(self, hook: impl Fn(&Self) + Send + Sync + 'static) -> Self {
        Self { hook: Some(Arc::new(hook)), ..self }
    }

    fn image(&self) -> MutexGuard<'_, Image> {
        self.image.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A disk as a crash at this moment would leave it, with nobody's locks.
    pub(super) fn crashed(&self, loss: Loss) -> Self {
        let image = self.image().clone();
        let mut seed = if let Loss::Some(seed) = loss { seed } else { 0 };
        let names = match loss {
            Loss::Nothing => image.live,
            Loss::All => image.durable,
            Loss::Some(_) => {
                let mut names = image.durable;
                for renaming in &image.renamings {
                    if draw(&mut seed).is_multiple_of(2) {
                        renaming.apply(&mut names);
                    }
                }
                names
            }
        };
        // What lies in a directory that is lost is lost with it. Parents come first in this order.
        let mut reached = BTreeMap::new();
        for (path, file) in names {
            if path.parent().is_none_or(|above| reached.get(above) == Some(&None)) {
                reached.insert(path, file);
            }
        }
        let names = reached;
        let left = |content: &Content, seed: &mut u64| {
            let bytes = content.after(loss, seed);
            Content { live: Arc::clone(&bytes), durable: bytes, given_up: None }
        };
        let files = image.files.iter().map(|(file, content)| (*file, left(content, &mut seed)));
        let image = Image {
            files: files.collect(),
            live: names.clone(),
            durable: names,
            next: image.next,
            ..Image::default()
        };
        Self { image: Arc::new(Mutex::new(image)), hook: None }
    }

    /// A disk as it is when the process is killed at this moment: everything is there to be seen, what was
    /// not synchronised can still be lost, and nobody has a lock.
    pub(super) fn killed(&self) -> Self {
        let mut image = self.image().clone();
        (image.locks, image.fault, image.calls) = (BTreeSet::new(), None, 0);
        Self { image: Arc::new(Mutex::new(image)), hook: None }
    }

    /// Calls so far.
    pub(super) fn calls(&self) -> u64 {
        self.image().calls
    }

    /// From now on calls fail as `fault` says; as they should with `None`.
    pub(super) fn set_fault(&self, fault: Option<Fault>) {
        self.image().fault = fault;
    }

    /// Whether calls fail, or will.
    pub(super) fn has_fault(&self) -> bool {
        self.image().fault.is_some()
    }

    /// The bytes of a file.
    pub(super) fn bytes(&self, path: &Path) -> Vec<u8> {
        let mut image = self.image();
        let file = image.find(path).unwrap();
        image.content(file).unwrap().live.to_vec()
    }

    /// Puts other bytes into a file, or makes it.
    pub(super) fn set_bytes(&self, path: &Path, bytes: Vec<u8>) {
        let mut image = self.image();
        let file = image.find(path).unwrap_or_else(|_| {
            let file = image.next;
            image.next += 1;
            image.rename(Renaming { removed: None, added: Some((path.to_owned(), Some(file))) });
            file
        });
        let bytes = Arc::new(bytes);
        let content = Content { live: Arc::clone(&bytes), durable: bytes, given_up: None };
        image.files.insert(file, content);
    }

    /// The names of all files, sorted.
    pub(super) fn names(&self) -> Vec<PathBuf> {
        let image = self.image();
        image.live.iter().filter(|(_, file)| file.is_some()).map(|(path, _)| path.clone()).collect()
    }

    /// Counts a call that changes something.
    fn change(&self) -> io::Result<MutexGuard<'_, Image>> {
        if let Some(hook) = &self.hook {
            hook(self);
        }
        self.look()
    }

    /// Counts a call.
    fn look(&self) -> io::Result<MutexGuard<'_, Image>> {
        let mut image = self.image();
        image.call()?;
        Ok(image)
    }
}

impl Disk for Simulated {
    fn open(&self, path: &Path, mode: Mode) -> io::Result<Box<dyn DiskFile>> {
        let makes = matches!(mode, Mode::Create) || {
            matches!(mode, Mode::Open) && !self.image().live.contains_key(path)
        };
        let mut image = if makes { self.change()? } else { self.look()? };
        let file = match (image.find(path), mode) {
            (Err(error), Mode::Open | Mode::Create) if error.kind() == io::ErrorKind::NotFound => {
                let directory = path.parent().unwrap_or(Path::new(""));
                if image.live.get(directory) != Some(&None) {
                    return Err(error);
                }
                let file = image.next;
                image.next += 1;
                image.files.insert(file, Content::default());
                let added = Some((path.to_owned(), Some(file)));
                image.rename(Renaming { removed: None, added });
                file
            }
            (found, _) => found?,
        };
        if mode == Mode::Create {
            image.content(file)?.live = Arc::default();
        }
        Ok(Box::new(Handle { disk: self.clone(), file, locked: Mutex::new(false) }))
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        let mut image = self.change()?;
        let file = image.find(from)?;
        let added = Some((to.to_owned(), Some(file)));
        image.rename(Renaming { removed: Some(from.to_owned()), added });
        Ok(())
    }

    fn link(&self, from: &Path, to: &Path) -> io::Result<()> {
        let mut image = self.change()?;
        let file = image.find(from)?;
        if image.live.contains_key(to) {
            return Err(io::ErrorKind::AlreadyExists.into());
        }
        image.rename(Renaming { removed: None, added: Some((to.to_owned(), Some(file))) });
        Ok(())
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        let mut image = self.change()?;
        image.find(path)?;
        image.rename(Renaming { removed: Some(path.to_owned()), added: None });
        Ok(())
    }

    fn sync_directory(&self, path: &Path) -> io::Result<()> {
        let mut image = self.change()?;
        let Image { durable, renamings, .. } = &mut *image;
        renamings.retain(|renaming| {
            let synced = renaming.touches(path);
            if synced {
                renaming.apply(durable);
            }
            !synced
        });
        Ok(())
    }

    fn list(&self, path: &Path) -> io::Result<Vec<OsString>> {
        let image = self.look()?;
        let inside = image.live.keys().filter(|found| found.parent() == Some(path));
        Ok(inside.filter_map(|found| found.file_name()).map(OsString::from).collect())
    }

    fn kind(&self, path: &Path) -> io::Result<Kind> {
        let mut image = self.look()?;
        match image.live.get(path).copied() {
            Some(Some(file)) => Ok(Kind::File(image.content(file)?.live.len() as u64)),
            Some(None) => Ok(Kind::Directory),
            None => Err(io::ErrorKind::NotFound.into()),
        }
    }

    fn create_directory(&self, path: &Path) -> io::Result<()> {
        let mut image = self.change()?;
        if image.live.contains_key(path) {
            return Err(io::ErrorKind::AlreadyExists.into());
        }
        image.rename(Renaming { removed: None, added: Some((path.to_owned(), None)) });
        Ok(())
    }

    fn remove_directory(&self, path: &Path) -> io::Result<()> {
        let mut image = self.change()?;
        if image.live.keys().any(|found| found.parent() == Some(path)) {
            return Err(io::ErrorKind::DirectoryNotEmpty.into());
        }
        image.rename(Renaming { removed: Some(path.to_owned()), added: None });
        Ok(())
    }
}

/// An open file. It stays readable when its name is gone.
struct Handle {
    disk: Simulated,
    file: u64,
    locked: Mutex<bool>,
}

impl fmt::Debug for Handle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Handle({})", self.file)
    }
}

impl Handle {
    fn sync(&self) -> io::Result<()> {
        match self.disk.change() {
            Ok(mut image) => {
                image.content(self.file)?.sync();
                Ok(())
            }
            Err(error) => {
                let mut image = self.disk.image();
                let content = image.content(self.file)?;
                content.given_up = Some(Arc::clone(&content.live));
                Err(error)
            }
        }
    }
}

impl DiskFile for Handle {
    fn length(&self) -> io::Result<u64> {
        Ok(self.disk.look()?.content(self.file)?.live.len() as u64)
    }

    fn read_at(&self, bytes: &mut [u8], offset: u64) -> io::Result<usize> {
        let mut image = self.disk.look()?;
        let content = image.content(self.file)?;
        let found = content.live.get(offset as usize..).unwrap_or_default();
        let read = found.len().min(bytes.len());
        bytes[..read].copy_from_slice(&found[..read]);
        Ok(read)
    }

    fn write_at(&self, bytes: &[u8], offset: u64) -> io::Result<()> {
        let write = |image: &mut Image, bytes: &[u8]| -> io::Result<()> {
            let live = Arc::make_mut(&mut image.content(self.file)?.live);
            let (start, end) = (offset as usize, offset as usize + bytes.len());
            live.resize(live.len().max(end), 0);
            live[start..end].copy_from_slice(bytes);
            Ok(())
        };
        match self.disk.change() {
            Ok(mut image) => write(&mut image, bytes),
            Err(error) => {
                let mut image = self.disk.image();
                if image.fault.is_some_and(|fault| fault.halves) {
                    write(&mut image, &bytes[..bytes.len() / 2])?;
                }
                Err(error)
            }
        }
    }

    fn set_length(&self, length: u64) -> io::Result<()> {
        let mut image = self.disk.change()?;
        Arc::make_mut(&mut image.content(self.file)?.live).resize(length as usize, 0);
        Ok(())
    }

    fn sync_data(&self) -> io::Result<()> {
        self.sync()
    }

    fn sync_all(&self) -> io::Result<()> {
        self.sync()
    }

    fn try_lock(&self) -> io::Result<bool> {
        let mut image = self.disk.look()?;
        let taken = image.locks.insert(self.file);
        *self.locked.lock().unwrap() |= taken;
        Ok(taken)
    }

    fn map(&self) -> io::Result<Box<dyn DiskMap>> {
        let mut image = self.disk.look()?;
        Ok(Box::new(Copied::of(&image.content(self.file)?.live)?))
    }
}

impl Drop for Handle {
    fn drop(&mut self) {
        if *self.locked.lock().unwrap() {
            self.disk.image().locks.remove(&self.file);
        }
    }
}
