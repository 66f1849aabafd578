//! A copy of a memory, taken while it is written to.

use std::io::{self, Write};
use std::path::Path;
use std::sync::Arc;

use crate::bytes::wide;
use crate::create;
use crate::disk::{Directory, Disk, is_absent};
use crate::error::Result;
use crate::log;
use crate::manifest::Manifest;
use crate::names::Name;
use crate::segment::{Kind, Named};

/// How often a copy starts over because a writer replaced the generation meanwhile.
const ATTEMPTS: usize = 16;

/// How often it starts over where nothing was missing: an observation may have been erased meanwhile.
const STARTS: usize = 2;

/// Bytes that are copied at a time.
const PIECE_BYTES: usize = 1 << 20;

/// What [`backup`] made.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Backup {
    /// Files of the copy.
    pub files: u64,
    /// Bytes that were copied.
    pub copied: u64,
    /// Bytes of snapshot files that both directories share, by hard links.
    pub linked: u64,
}

/// Copies the memory in `dir` to the directory `to`, which is made and must not hold anything: a
/// memory of its own, in the state of one moment, on the disk when this returns. A writer may go on
/// meanwhile. Snapshot files, which never change, become hard links where the file system can make
/// them; the log is copied.
///
/// The copy is the same memory: it has the same number. Once both have been written to, files of one
/// are of no use to the other. An observation that is forgotten while the copy is made may be in its
/// snapshot; one that is forgotten later stays in the copy.
///
/// # Errors
/// [`Missing`](crate::Error::Missing), [`NotAMemory`](crate::Error::NotAMemory),
/// [`OldVersion`](crate::Error::OldVersion), [`AlreadyExists`](crate::Error::AlreadyExists),
/// [`NotEmpty`](crate::Error::NotEmpty), [`Io`](crate::Error::Io). Nothing is left behind.
pub fn backup(dir: &Path, to: &Path) -> Result<Backup> {
    copy(&Directory::of_system(dir), &Directory::of_system(to))
}

/// [`backup`] on another disk than the operating system's.
///
/// # Errors
/// As [`backup`].
pub fn backup_on(disk: Arc<dyn Disk>, dir: &Path, to: &Path) -> Result<Backup> {
    copy(&Directory::new(Arc::clone(&disk), dir), &Directory::new(disk, to))
}

fn copy(from: &Directory, to: &Directory) -> Result<Backup> {
    let manifest = Manifest::read(from)?;
    let made = create::make_directories(to)?;
    if let Err(error) = create::check_empty(to) {
        // What is there is not ours to remove.
        create::remove_directories(to, &made);
        return Err(error);
    }
    let copied = copy_some_manifest(from, to, manifest).and_then(|backup| {
        create::sync_directories(to, &made)?;
        Ok(backup)
    });
    if copied.is_err() {
        remove_all(to);
        create::remove_directories(to, &made);
    }
    copied
}

/// Copies what `manifest` names, or a later one where a writer replaces it meanwhile.
fn copy_some_manifest(from: &Directory, to: &Directory, mut manifest: Manifest) -> Result<Backup> {
    let mut attempts = ATTEMPTS;
    loop {
        let copied = copy_as(from, to, &manifest);
        let absent = copied.as_ref().is_err_and(is_absent);
        if attempts == 0 || copied.is_err() && !absent {
            return copied;
        }
        let now = Manifest::read(from)?;
        // Where all is there, a few attempts are enough: what a copy that took longer than a
        // generation may have in its snapshot is told above.
        if now == manifest || !absent && attempts <= ATTEMPTS - STARTS {
            return copied;
        }
        remove_all(to);
        (manifest, attempts) = (now, attempts - 1);
    }
}

/// Copies what `manifest` names; the manifest comes last.
fn copy_as(from: &Directory, to: &Directory, manifest: &Manifest) -> Result<Backup> {
    let mut backup = Backup::default();
    if manifest.generation > 0 {
        let generation =
            [Kind::Structure, Kind::History].map(|kind| Named::of_generation(kind, manifest));
        let slots = manifest.segments.iter().flat_map(|slots| {
            [Kind::Weights, Kind::Covariances].map(|kind| Named::of_slots(kind, manifest, slots))
        });
        for named in generation.into_iter().chain(slots) {
            backup.share(from, to, named.name(), named.segment.bytes)?;
        }
    }
    if let Some(net) = manifest.net {
        backup.share(from, to, Name::Net, net.bytes)?;
    }
    // An erasure that is under way is completed in the copy as well.
    let mut erasing = copy_intent(from, to)?;
    for number in manifest.first_log..=log::growing(from, manifest)? {
        backup.add(copy_file(from, to, Name::Log(number))?);
    }
    // One that began meanwhile may have changed what was being copied.
    erasing = erasing.or(copy_intent(from, to)?);
    erasing.into_iter().for_each(|bytes| backup.add(bytes));
    to.sync()?;
    manifest.write(to)?;
    let bytes = to.open(Name::Manifest)?.length()?;
    (0..2).for_each(|_| backup.add(bytes));
    Ok(backup)
}

impl Backup {
    /// Puts a file that never changes, of `bytes` bytes, into `to` as well.
    fn share(&mut self, from: &Directory, to: &Directory, name: Name, bytes: u64) -> Result<()> {
        match from.disk().link(&from.join(name), &to.join(name)) {
            Ok(()) => {
                self.linked += bytes;
                self.files += 1;
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                return Err(crate::disk::failed(&from.join(name), "copy the file")(error));
            }
            // Another file system, or one that has no links.
            Err(_) => {
                let got = copy_file(from, to, name)?;
                crate::check::length(&from.join(name), bytes, got)?;
                self.add(got);
            }
        }
        Ok(())
    }

    fn add(&mut self, bytes: u64) {
        self.files += 1;
        self.copied += bytes;
    }
}

/// Copies the intent to erase an observation; `None` where there is none.
fn copy_intent(from: &Directory, to: &Directory) -> Result<Option<u64>> {
    match copy_file(from, to, Name::Erase) {
        Err(error) if is_absent(&error) => Ok(None),
        copied => copied.map(Some),
    }
}

/// Copies a file, as many bytes as it has when it is opened, or fewer where a writer cuts off zeros
/// meanwhile. Returns how many.
fn copy_file(from: &Directory, to: &Directory, name: Name) -> Result<u64> {
    let source = from.open(name)?;
    let length = source.length()?;
    let mut piece = vec![0; PIECE_BYTES];
    let (mut at, mut refused) = (0, None);
    let copied = to.replace(name, |file| {
        while at < length {
            // At most the length of a piece.
            let count = (length - at).min(wide(PIECE_BYTES)) as usize;
            match source.read(&mut piece[..count], at, "copy the file") {
                Ok(0) => break,
                Ok(read) => {
                    file.write_all(&piece[..read])?;
                    at += wide(read);
                }
                Err(error) => {
                    refused = Some(error);
                    return Err(io::ErrorKind::InvalidData.into());
                }
            }
        }
        Ok(())
    });
    match refused {
        Some(error) => Err(error),
        None => copied.map(|_| at),
    }
}

/// Removes every file of this crate's from a directory that is being made.
fn remove_all(directory: &Directory) {
    for found in directory.list().unwrap_or_default() {
        let _ = directory.disk().remove(&found.path);
    }
}
