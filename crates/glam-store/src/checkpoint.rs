//! Writing a snapshot beside a writer: what changed is gathered at one moment, written whenever, and
//! then named by the manifest.

use glam_core::{Changes, Line, State};

use crate::disk::Directory;
use crate::error::{Error, Result};
use crate::log::Pending;
use crate::manifest::{Manifest, SlotSegment};
use crate::segment::{self, Kind, Place, Plan, Stamp};

/// A checkpoint that was begun by [`Store::begin_checkpoint`](crate::Store::begin_checkpoint): a copy
/// of all that it will write. It can be written on any thread, while the store and the model are
/// written to.
#[derive(Debug)]
pub struct Checkpoint {
    prepared: Prepared,
    weights: Vec<Line>,
    covariances: Vec<Line>,
    changes: Changes,
}

/// A checkpoint that was written or failed, for
/// [`Store::end_checkpoint`](crate::Store::end_checkpoint).
#[derive(Debug)]
pub struct Written {
    pub(crate) outcome: Outcome,
    /// What counts as changed again where it failed.
    pub(crate) changes: Changes,
}

impl Written {
    /// Why it failed; `None` where it did not.
    pub fn error(&self) -> Option<&Error> {
        match &self.outcome {
            Outcome::Done(_) => None,
            Outcome::Failed(error) | Outcome::LogFailed(error) | Outcome::Unknown(error) => {
                Some(error)
            }
        }
    }
}

/// What became of a checkpoint.
#[derive(Debug)]
pub(crate) enum Outcome {
    /// The manifest names it.
    Done(Box<Done>),
    /// The snapshot before it is the memory's, as if nothing had been tried.
    Failed(Error),
    /// The log could not be handed to the disk: nothing is known about its end.
    LogFailed(Error),
    /// The manifest could not be replaced: which one a crash would leave is not known.
    Unknown(Error),
}

/// What there is after a checkpoint.
#[derive(Debug)]
pub(crate) struct Done {
    pub(crate) manifest: Manifest,
    /// Where each slot lies.
    pub(crate) places: Vec<Place>,
    /// How many slots each segment has.
    pub(crate) sizes: Vec<usize>,
    /// The last observation that is known to be on the disk.
    pub(crate) flushed: u64,
}

impl Checkpoint {
    pub(crate) fn new(prepared: Prepared, state: &State<'_>) -> Result<Self> {
        let (mut weights, mut covariances) = (Vec::new(), Vec::new());
        let count = prepared.plan.write.len();
        for (copy, slots) in
            [(&mut weights, &state.weights), (&mut covariances, &state.covariances)]
        {
            let reserved = copy.try_reserve_exact(count * slots.lines());
            reserved.map_err(|_| prepared.no_memory())?;
            for &slot in &prepared.plan.write {
                copy.extend_from_slice(slots.get(slot)?);
            }
        }
        Ok(Self { prepared, weights, covariances, changes: Changes::default() })
    }

    /// Hands over what the model counted as changed.
    pub(crate) fn with_changes(self, changes: Changes) -> Self {
        Self { changes, ..self }
    }

    /// The sequence number of the last observation in it.
    pub fn sequence(&self) -> u64 {
        self.prepared.stamp.sequence
    }

    /// Bytes of slots that it will write.
    pub fn slot_bytes(&self) -> usize {
        size_of_val(&*self.weights) + size_of_val(&*self.covariances)
    }

    /// Writes it, and makes the manifest name it: the log up to its last observation is on the disk
    /// then, and what only the snapshot before it held is removed. A crash at any moment leaves one
    /// of the two whole. What came of it must be handed to
    /// [`Store::end_checkpoint`](crate::Store::end_checkpoint).
    pub fn write(self) -> Written {
        let Self { prepared, weights, covariances, changes } = self;
        let (weight_lines, covariance_lines) = prepared.lines;
        let slot = |kind: Kind, position: usize| {
            let (lines, each) = match kind {
                Kind::Weights => (&weights, weight_lines),
                _ => (&covariances, covariance_lines),
            };
            Ok(&lines[position * each..(position + 1) * each])
        };
        Written { outcome: prepared.write(&slot), changes }
    }
}

/// All of a checkpoint but the slots that it writes.
#[derive(Debug)]
pub(crate) struct Prepared {
    pub(crate) directory: Directory,
    /// The manifest that it replaces.
    pub(crate) old: Manifest,
    /// The manifest that will name it, but for what it does not know before it is written.
    pub(crate) next: Manifest,
    pub(crate) stamp: Stamp,
    pub(crate) structure: Vec<u8>,
    pub(crate) keys: Vec<u64>,
    pub(crate) history: Vec<u8>,
    /// Lines of a slot's weights and covariance.
    pub(crate) lines: (usize, usize),
    pub(crate) plan: Plan,
    /// How many slots each of the old segments has.
    pub(crate) sizes: Vec<usize>,
    /// The log up to the last observation in it.
    pub(crate) log: Pending,
}

impl Prepared {
    /// Writes everything, the slot at position p of the new segment as `slot` gives it.
    pub(crate) fn write<'a>(mut self, slot: &dyn Fn(Kind, usize) -> Result<&'a [Line]>) -> Outcome {
        let flushed = match self.log.wait() {
            Ok(flushed) => flushed,
            Err(error) => return Outcome::LogFailed(error),
        };
        if let Err(error) = self.write_files(slot) {
            self.remove_new();
            return Outcome::Failed(error);
        }
        // From here on it is not known which manifest a crash would leave, unless all goes well.
        if let Err(error) = self.next.write(&self.directory) {
            return Outcome::Unknown(error);
        }
        self.remove_old();
        let Self { next, plan, sizes, .. } = self;
        let mut kept: Vec<usize> = plan.keep.iter().map(|&segment| sizes[segment]).collect();
        if !plan.write.is_empty() {
            kept.push(plan.write.len());
        }
        Outcome::Done(Box::new(Done { manifest: next, places: plan.places, sizes: kept, flushed }))
    }

    /// Writes the segments.
    fn write_files<'a>(&mut self, slot: &dyn Fn(Kind, usize) -> Result<&'a [Line]>) -> Result<()> {
        let Self { directory, old, next, stamp, plan, .. } = self;
        next.structure = segment::structure::write(
            directory,
            *stamp,
            &self.structure,
            &self.keys,
            &plan.places,
        )?;
        next.history = segment::history::write(directory, *stamp, &self.history)?;
        next.segments = plan.keep.iter().map(|&segment| old.segments[segment]).collect();
        if !plan.write.is_empty() {
            let count = plan.write.len();
            let write = |kind, lines| {
                let slot = |position| slot(kind, position);
                segment::slots::write(directory, *stamp, kind, count, lines, &slot)
            };
            next.segments.push(SlotSegment {
                number: stamp.generation,
                weights: write(Kind::Weights, self.lines.0)?,
                covariances: write(Kind::Covariances, self.lines.1)?,
            });
        }
        directory.sync()
    }

    /// Removes what was written in vain. What cannot be removed now is a stray that the next opening
    /// removes.
    fn remove_new(&self) {
        for kind in Kind::ALL {
            let _ = self.directory.remove(kind.name(self.stamp.generation));
        }
    }

    /// Removes what only the old snapshot held. Readers that have it open keep it.
    fn remove_old(&self) {
        for kind in [Kind::Structure, Kind::History] {
            let _ = self.directory.remove(kind.name(self.old.generation));
        }
        for segment in &self.old.segments {
            if !self.next.segments.iter().any(|kept| kept.number == segment.number) {
                for kind in [Kind::Weights, Kind::Covariances] {
                    let _ = self.directory.remove(kind.name(segment.number));
                }
            }
        }
        if self.old.version < crate::FORMAT_VERSION {
            for kind in Kind::ALL {
                let _ = self.directory.remove(kind.name(self.old.generation));
            }
        }
    }

    fn no_memory(&self) -> Error {
        Error::Io {
            path: self.directory.path().to_owned(),
            action: "copy the changed slots",
            source: std::io::ErrorKind::OutOfMemory.into(),
        }
    }
}
