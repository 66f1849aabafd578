//! Making a damaged memory whole again, from what is left of it.

use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use glam_core::Model;

use crate::FORMAT_VERSION;
use crate::disk::{Directory, Disk};
use crate::erasure::{self, Intent};
use crate::error::{Error, Result};
use crate::lock::Lock;
use crate::log::{Chain, Content};
use crate::manifest::Manifest;
use crate::names::Name;
use crate::salvage::{Salvaged, salvage};
use crate::segment::Snapshot;
use crate::store::Store;
use crate::verify::{Verification, verify_in};

/// What [`repair`] did.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Repair {
    /// What was damaged.
    pub found: Verification,
    /// Whether the manifest was damaged and its copy took its place.
    pub manifest: bool,
    /// Whether the snapshot was damaged and was made again from the log.
    pub rebuilt: bool,
    /// Slots that could not be saved: they know nothing, as if never written to.
    pub lost_slots: u64,
    /// The sequence numbers of observations that could not be saved: the history lacks them, and where
    /// `unlearned` says so the memory too.
    pub lost: Vec<RangeInclusive<u64>>,
    /// The observations among them that the memory does not know either: as if they had been forgotten.
    pub unlearned: Vec<RangeInclusive<u64>>,
    /// Damaged log files, set aside under other names; nothing needs them.
    pub aside: Vec<PathBuf>,
}

impl Repair {
    /// True where nothing was damaged, and nothing was done.
    pub fn is_idle(&self) -> bool {
        self.found.is_sound() && !self.manifest
    }
}

/// Makes the memory in `dir` sound again, and says what could not be saved.
///
/// - A damaged **snapshot** is made again from the log: the result is the memory that was, bit for bit on
///   the same kind of processor (but for a consolidation, which it goes back behind). Where the log does
///   not reach back to the first observation, the slots that are damaged are lost and the others
///   stay.
/// - A damaged **log** is written anew without the observations that cannot be read. The memory goes on
///   knowing those that a sound snapshot holds; the others are as if they had been forgotten.
/// - A damaged **manifest** is replaced by its copy.
///
/// Takes the lock of the writer. A memory that is sound is left as it is. A crash meanwhile leaves a
/// memory that can be repaired again.
///
/// # Errors
/// [`Error::Missing`], [`Error::NotAMemory`], [`Error::OldVersion`] (for
/// [`Store::rebuild`]), [`Error::Locked`], [`Error::Io`]; [`Error::Unrepairable`] where too little
/// is left: then nothing but a damaged manifest was changed.
pub fn repair(dir: &Path) -> Result<Repair> {
    repair_in(Directory::of_system(dir))
}

/// [`repair`] on another disk than the operating system's.
///
/// # Errors
/// As [`repair`].
pub fn repair_on(disk: Arc<dyn Disk>, dir: &Path) -> Result<Repair> {
    repair_in(Directory::new(disk, dir))
}

fn repair_in(directory: Directory) -> Result<Repair> {
    // Before the lock, whose file must not be made where there is no memory.
    read_manifest(&directory)?;
    let lock = Lock::take(&directory)?;
    // Nobody else writes from here on. What a process that was killed has left is built upon.
    directory.sync()?;
    let (manifest, restored) = read_manifest(&directory)?;
    let mut repair = Repair { manifest: restored, ..Repair::default() };
    if restored {
        // It names what there is, or what there was one checkpoint ago; what follows tells.
        manifest.write(&directory)?;
    }
    repair.found = verify_in(&directory)?;
    if repair.found.refused {
        // What cannot be read twice is damaged; what could not be read once may be sound.
        repair.found = verify_in(&directory)?;
    }
    if repair.found.is_sound() {
        return Ok(repair);
    }
    let erasing = directory.has(Name::Erase);
    let intent = Intent::read(&directory, manifest.memory).ok().flatten();
    if let Some(intent) = &intent {
        // Where the frame cannot be found, it is left out below.
        let _ = intent.overwrite(&directory, &manifest);
    }
    let is_log = |path: &Path| matches!(path.file_name().and_then(Name::parse), Some(Name::Log(_)));
    let damages = &repair.found.damages;
    let sound_log = !damages.iter().any(|damage| is_log(&damage.path));
    // A snapshot may hold what is being erased.
    let sound_snapshot = manifest.generation > 0
        && !erasing
        && damages.iter().all(|damage| is_log(&damage.path) || is_beside(&damage.path));
    let mut next = Manifest { version: FORMAT_VERSION, ..manifest.clone() };
    let salvaged = if sound_log {
        None
    } else {
        let erased = intent.map(|intent| intent.sequence());
        let found = salvage(&directory, &manifest, erased)?;
        (next.first_log, next.log) = (found.number, found.number);
        repair.lost = found.lost.clone();
        Some(found)
    };
    let clear = salvaged.as_ref().map(Salvaged::old);
    let done = finish(&directory, &manifest, next, salvaged, sound_snapshot, lock, &mut repair);
    if let (Err(_), Some((old, _))) = (&done, &clear) {
        // The damaged memory stays what it was, unless the manifest has come to name the new log.
        let named = Manifest::read(&directory).map(|named| named.first_log);
        if named.is_ok_and(|first_log| first_log == manifest.first_log) {
            remove_others(&directory, old);
        }
    }
    done?;
    if let Some((old, damaged)) = clear {
        repair.aside = Salvaged::clear(&old, &damaged, &directory);
        directory.sync()?;
    }
    Ok(repair)
}

/// Makes the model of what is left and a snapshot of that, which is then the memory's.
fn finish(
    directory: &Directory,
    manifest: &Manifest,
    next: Manifest,
    salvaged: Option<Salvaged>,
    sound_snapshot: bool,
    lock: Lock,
    repair: &mut Repair,
) -> Result<()> {
    let mut chain = Chain::history(directory, &next)?;
    let (mut model, how) = if sound_snapshot {
        let snapshot = Snapshot::open(directory, manifest)?;
        (snapshot.model(directory, manifest)?.0, How::Kept)
    } else if chain.first() == 1 {
        (Model::new(manifest.config.clone()), How::Rebuilt)
    } else {
        let patched = Snapshot::open(directory, manifest)
            .and_then(|snapshot| snapshot.patched_model(directory, manifest));
        let (model, lost) = patched.map_err(|error| too_little(directory, error.to_string()))?;
        repair.lost_slots = lost;
        (model, How::Patched)
    };
    let known = model.recall().sequence();
    if chain.first() > known.saturating_add(MOST_SKIPPED) {
        let first = chain.first();
        let why =
            format!("the log begins with observation {first}, the snapshot ends with {known}");
        return Err(too_little(directory, why));
    }
    let rest = repair.lost.iter().filter(|lost| *lost.end() > known);
    repair.unlearned = rest.map(|lost| *lost.start().max(&(known + 1))..=*lost.end()).collect();
    repair.rebuilt = how == How::Rebuilt && manifest.generation > 0;
    replay(&mut chain, &mut model)?;
    let log = match salvaged {
        Some(found) => found.writer,
        None => chain.writer()?,
    };
    let mut store = Store::new(directory.clone(), log, next, lock);
    store.checkpoint(&mut model)?;
    if directory.has(Name::Erase) {
        erasure::remove(directory)?;
    }
    store.close(&mut model)
}

/// More observations than a log that can be read may lack between a snapshot and its beginning.
const MOST_SKIPPED: u64 = 1 << 28;

fn too_little(directory: &Directory, why: String) -> Error {
    Error::Unrepairable { path: directory.path().to_owned(), why }
}

/// Removes the log files but those that were there before.
fn remove_others(directory: &Directory, old: &[u64]) {
    for found in directory.list().unwrap_or_default() {
        if matches!(found.name, Name::Log(number) if !old.contains(&number)) {
            let _ = directory.disk().remove(&found.path);
        }
    }
}

/// How the model came about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum How {
    /// The snapshot is sound.
    Kept,
    /// From all observations.
    Rebuilt,
    /// From the sound slots of the snapshot.
    Patched,
}

/// The manifest, or its copy where it is damaged; whether it is the copy.
fn read_manifest(directory: &Directory) -> Result<(Manifest, bool)> {
    match Manifest::read(directory) {
        Ok(manifest) => Ok((manifest, false)),
        Err(error @ (Error::Missing { .. } | Error::OldVersion { .. } | Error::Io { .. })) => {
            Err(error)
        }
        Err(error) => match Manifest::read_copy(directory) {
            Some(copy) => Ok((copy, true)),
            None => Err(error),
        },
    }
}

/// Files whose damage harms neither log nor snapshot.
fn is_beside(path: &Path) -> bool {
    matches!(path.file_name().and_then(Name::parse), Some(Name::ManifestCopy | Name::Erase))
}

/// Writes what the model lacks of the log to it.
fn replay(chain: &mut Chain, model: &mut Model) -> Result<()> {
    while let Some(content) = chain.advance()? {
        if chain.sequence() <= model.recall().sequence() {
            continue;
        }
        // Numbers that the log does not reach back to.
        while model.recall().sequence() + 1 < chain.sequence() {
            model.skip();
        }
        match content {
            Content::Observation => {
                let seen = chain.observation();
                model.write_weighted(seen.x, seen.target, seen.weight)?;
            }
            Content::Erased => model.skip(),
        }
    }
    Ok(())
}
