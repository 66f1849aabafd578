//! A check of every byte.

use std::collections::BTreeSet;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use glam_core::SlotLines;

use crate::disk::{Directory, Disk, is_absent};
use crate::erasure::Intent;
use crate::error::{Error, Result};
use crate::log::{self, Content, Frames, HEADER_BYTES, check_start, check_whole};
use crate::manifest::Manifest;
use crate::names::Name;
use crate::segment::{Kind, MappedSlots, Named, Opened, Snapshot, history};

/// Where in a file damage lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Place {
    /// The file as a whole.
    File,
    /// At a byte, counted from 0.
    Byte(u64),
    /// In a slot, counted from 0.
    Slot(u32),
}

/// One damage.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Damage {
    /// The file.
    pub path: PathBuf,
    /// Where in it.
    pub place: Place,
    /// What is wrong.
    pub what: String,
}

impl fmt::Display for Damage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.what)
    }
}

/// What [`verify`] found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Verification {
    /// Files looked at.
    pub files: u64,
    /// Bytes of those files.
    pub bytes: u64,
    /// Slots in the snapshot, each with weights and a covariance.
    pub slots: u64,
    /// The sequence number of the first observation that the history retains; 0 where its first file
    /// cannot be read.
    pub first: u64,
    /// Whole observations in the log.
    pub frames: u64,
    /// Observations in the log that were erased.
    pub erased: u64,
    /// Bytes at the end of the log that are no whole observation: what a crash leaves, or an
    /// observation that a writer is about to complete. No damage.
    pub torn_bytes: u64,
    /// All damage.
    pub damages: Vec<Damage>,
    /// Whether the system refused to read something that is there: that may pass.
    pub(crate) refused: bool,
}

impl Verification {
    /// True where nothing is damaged.
    pub fn is_sound(&self) -> bool {
        self.damages.is_empty()
    }

    fn note(&mut self, error: &Error) {
        self.refused |= matches!(error, Error::Io { .. }) && !is_absent(error);
        let (path, place) = match error {
            Error::Malformed { path, at, .. } => (path, Place::Byte(*at)),
            Error::DamagedFrame { path, offset, .. } | Error::Sequence { path, offset, .. } => {
                (path, Place::Byte(*offset))
            }
            Error::Damaged { path, source: glam_core::Error::DamagedSlot { slot, .. } } => {
                (path, Place::Slot(*slot))
            }
            Error::Missing { path }
            | Error::NotAMemory { path }
            | Error::AlreadyExists { path }
            | Error::NotEmpty { path }
            | Error::Locked { path, .. }
            | Error::Version { path, .. }
            | Error::OldVersion { path, .. }
            | Error::Checksum { path, .. }
            | Error::Truncated { path, .. }
            | Error::Foreign { path, .. }
            | Error::Damaged { path, .. }
            | Error::Io { path, .. }
            | Error::OtherModel { path, .. }
            | Error::NoObservation { path, .. }
            | Error::Erased { path, .. }
            | Error::HistoryDropped { path, .. }
            | Error::Unrepairable { path, .. }
            | Error::Checkpointing { path }
            | Error::NotCheckpointed { path }
            | Error::Poisoned { path, .. } => (path, Place::File),
            Error::Core(_) => return,
        };
        self.damages.push(Damage { path: path.clone(), place, what: error.to_string() });
    }

    /// The value, or its error among the damages.
    fn noted<T>(&mut self, result: Result<T>) -> Option<T> {
        result.map_err(|error| self.note(&error)).ok()
    }
}

/// Checks every checksum, length and sequence number of the memory in `dir`, reads everything and
/// collects all damage. A frame that is being erased
/// counts as erased. Takes no lock and changes nothing; beside a writer it checks the memory as
/// it was at one moment. Where the manifest is damaged, that is all that can be said: it names what
/// the other files must be.
///
/// # Errors
/// [`Error::Missing`], [`Error::NotAMemory`] where there is no memory to check,
/// [`Error::OldVersion`] where it must be rebuilt first, [`Error::Io`] where the directory cannot
/// be listed.
pub fn verify(dir: &Path) -> Result<Verification> {
    verify_in(&Directory::of_system(dir))
}

/// [`verify`] on another disk than the operating system's.
///
/// # Errors
/// As [`verify`].
pub fn verify_on(disk: Arc<dyn Disk>, dir: &Path) -> Result<Verification> {
    verify_in(&Directory::new(disk, dir))
}

pub(crate) fn verify_in(dir: &Directory) -> Result<Verification> {
    let mut found = Verification::default();
    let mut manifest = read_manifest(dir, &mut found)?;
    while let Some(named) = &manifest {
        let mut attempt = found.clone();
        if dir.has(Name::ManifestCopy) && Manifest::read_copy(dir).is_none() {
            let what = "the copy of the manifest cannot be read";
            let path = dir.join(Name::ManifestCopy);
            attempt.note(&Error::Malformed { path, what, at: 0 });
        }
        attempt.noted(Intent::read(dir, named.memory));
        check_snapshot(dir, named, &mut attempt);
        check_logs(dir, named, &mut attempt)?;
        // Damage may be no more than files that a checkpoint has removed meanwhile.
        let now = Manifest::read(dir).ok();
        if attempt.is_sound() || now.is_none() || now == manifest {
            count_files(dir, named, &mut attempt)?;
            return Ok(attempt);
        }
        manifest = now;
    }
    Ok(found)
}

/// The manifest; `None` where it is damaged, which is noted.
fn read_manifest(dir: &Directory, found: &mut Verification) -> Result<Option<Manifest>> {
    match Manifest::read(dir) {
        Ok(manifest) => Ok(Some(manifest)),
        Err(error @ (Error::Missing { .. } | Error::OldVersion { .. } | Error::Io { .. })) => {
            Err(error)
        }
        // A directory without a manifest; one with bytes that are no manifest is damaged.
        Err(error @ Error::NotAMemory { .. }) if !dir.has(Name::Manifest) => Err(error),
        Err(error) => {
            found.note(&error);
            Ok(None)
        }
    }
}

fn count_files(dir: &Directory, manifest: &Manifest, found: &mut Verification) -> Result<()> {
    for file in dir.list()? {
        let counted = match file.name {
            Name::Manifest | Name::ManifestCopy | Name::Erase => true,
            Name::Net => manifest.net.is_some(),
            Name::Log(number) => number >= manifest.first_log,
            Name::Structure(generation) | Name::History(generation) => {
                generation == manifest.generation
            }
            Name::Weights(number) | Name::Covariances(number) => {
                manifest.segments.iter().any(|segment| segment.number == number)
            }
            Name::Lock | Name::Unfinished => false,
        };
        if counted {
            found.files += 1;
            found.bytes += file.bytes;
        }
    }
    Ok(())
}

fn check_snapshot(dir: &Directory, manifest: &Manifest, found: &mut Verification) {
    if manifest.generation == 0 {
        return;
    }
    let mut open = |named: Named| found.noted(Opened::open(dir, &named));
    let [structure, history] =
        [Kind::Structure, Kind::History].map(|kind| open(Named::of_generation(kind, manifest)));
    let [weights, covariances] = [Kind::Weights, Kind::Covariances].map(|kind| {
        let segments = manifest.segments.iter();
        segments.map(|of| open(Named::of_slots(kind, manifest, of))).collect::<Vec<_>>()
    });
    for segment in weights.iter().chain(&covariances).flatten() {
        check_slots(segment, found);
    }
    let all = |segments: Vec<Option<Opened>>| segments.into_iter().collect::<Option<Vec<_>>>();
    let mut saved = None;
    if let (Some(structure), Some(weights), Some(covariances)) =
        (structure, all(weights), all(covariances))
    {
        let snapshot = Snapshot::of(structure, weights, covariances);
        saved = found.noted(snapshot.load(&manifest.config)).map(|loaded| loaded.saved);
        found.slots = saved.as_ref().map_or(0, |saved| saved.slots() as u64);
    }
    if let Some(history) = history {
        // Whether it fits the structure can only be told where that is sound.
        found.noted(match saved {
            Some(saved) => history::join(saved, &history).map(drop),
            None => history::read(&history).map(drop),
        });
    }
}

fn check_slots(segment: &Opened, found: &mut Verification) {
    let Some(slots) = found.noted(MappedSlots::map(segment)) else { return };
    for slot in 0..slots.slots() {
        // There are at most `glam_core::MAX_SLOTS` slots.
        if let Err(source) = slots.slot(slot as u32) {
            found.note(&Error::Damaged { path: segment.path().to_owned(), source });
        }
    }
}

/// Goes through all log files that belong to the history, and notes those that do not follow.
fn check_logs(dir: &Directory, manifest: &Manifest, found: &mut Verification) -> Result<()> {
    let growing = log::growing(dir, manifest)?;
    let mut numbers = BTreeSet::from([manifest.first_log, manifest.log]);
    for file in dir.list()? {
        match file.name {
            Name::Log(number) if (manifest.first_log..=growing).contains(&number) => {
                numbers.insert(number);
            }
            Name::Log(number) if number > growing && file.bytes > HEADER_BYTES as u64 => {
                let what = "the log file before this one is missing, yet it goes on";
                let at = HEADER_BYTES as u64;
                found.note(&Error::Malformed { path: file.path, what, at });
            }
            _ => {}
        }
    }
    // `None` at the first file, and behind one that could not be read: what must follow is not known.
    let mut sequence = None;
    let mut before = manifest.first_log.checked_sub(1);
    for number in numbers {
        if before.is_some_and(|before| before + 1 != number) {
            let path = dir.join(Name::Log(number.saturating_sub(1)));
            found.note(&Error::Malformed { path, what: "the log file is missing", at: 0 });
            sequence = None;
        }
        before = Some(number);
        let Some(frames) = found.noted(Frames::open(dir, manifest, number)) else {
            sequence = None;
            continue;
        };
        if let Some(sequence) = sequence {
            found.noted(check_start(&frames, sequence));
        } else if number == manifest.first_log {
            found.first = frames.header().first_sequence;
        }
        sequence = Some(check_frames(frames, manifest, number, growing, found));
    }
    Ok(())
}

/// Goes through one log file; returns its last sequence number.
fn check_frames(
    mut frames: Frames,
    manifest: &Manifest,
    number: u64,
    growing: u64,
    found: &mut Verification,
) -> u64 {
    // The replay must start between two frames, behind the snapshot's last observation.
    let mut replays = false;
    loop {
        replays |= frames.offset() == manifest.log_offset && frames.sequence() == manifest.sequence;
        match frames.advance() {
            Ok(Some(Content::Observation)) => found.frames += 1,
            Ok(Some(Content::Erased)) => found.erased += 1,
            Ok(None) => break,
            Err(error) => {
                found.note(&error);
                if !matches!(frames.resume(), Ok(true)) {
                    return frames.sequence();
                }
                replays |= frames.offset() > manifest.log_offset;
            }
        }
    }
    if number == manifest.log && !replays {
        let (path, at) = (frames.path().to_owned(), manifest.log_offset);
        let what = "no observation ends where the manifest starts the replay";
        found.note(&Error::Malformed { path, what, at });
    }
    if number == growing {
        found.torn_bytes = found.noted(frames.torn_to_zeros()).unwrap_or_default();
    } else {
        found.noted(check_whole(&frames));
    }
    frames.sequence()
}
