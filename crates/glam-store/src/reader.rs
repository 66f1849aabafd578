//! The reading side of a memory's files.

use std::path::Path;
use std::sync::Arc;

use glam_core::{Config, Explanation, Familiarity, Labels, Model, Report, Scratch};
use ndarray::{Array2, ArrayView2};

use crate::disk::{Directory, Disk, is_absent};
use crate::durability::Durability;
use crate::error::Result;
use crate::files::Files;
use crate::history::History;
use crate::log::Chain;
use crate::manifest::Manifest;
use crate::segment::Snapshot;
use crate::view::Mapped;

/// How often an opening starts over because a writer replaced the generation meanwhile.
const ATTEMPTS: usize = 16;

/// A memory opened for reading. Any number of readers, in any number of processes, work beside one
/// writer, without a lock; each goes on answering as of the moment at which it was opened or last
/// refreshed.
///
/// Where the last checkpoint holds every observation, the weights are mapped: opening costs the
/// keys, not the slots, a slot is checked against its checksum when it is first touched, and the
/// covariances are mapped by the first call that needs them, and the observations that are kept to
/// be rehearsed are not read. Where a writer has handed over more, those observations are replayed over
/// the snapshot: the slots that they touch are copied into this process's own memory.
#[derive(Debug)]
pub struct Reader {
    directory: Directory,
    manifest: Manifest,
    view: View,
}

/// What answers.
#[derive(Debug)]
enum View {
    /// The snapshot, in place.
    Mapped(Box<Mapped>),
    /// The snapshot with what came after it, in memory as far as that has touched it; and the log from
    /// there on.
    Replayed(Box<Model>, Box<Chain>),
}

/// Calls the same method on the reading half of either view.
macro_rules! recall {
    ($reader:expr, $recall:ident => $call:expr) => {
        match &$reader.view {
            View::Mapped(mapped) => {
                let $recall = &mapped.recall;
                $call
            }
            View::Replayed(model, _) => {
                let $recall = model.recall();
                $call
            }
        }
    };
}

impl Reader {
    /// Opens the memory in `dir` as it is now.
    ///
    /// # Errors
    /// [`Error::Missing`](crate::Error::Missing), [`Error::NotAMemory`](crate::Error::NotAMemory),
    /// [`Error::OldVersion`](crate::Error::OldVersion), [`Error::Io`](crate::Error::Io), and those
    /// of damage.
    pub fn open(dir: &Path) -> Result<Self> {
        Self::open_in(Directory::of_system(dir))
    }

    /// [`Reader::open`] on another disk than the operating system's.
    ///
    /// # Errors
    /// As [`Reader::open`].
    pub fn open_on(disk: Arc<dyn Disk>, dir: &Path) -> Result<Self> {
        Self::open_in(Directory::new(disk, dir))
    }

    fn open_in(directory: Directory) -> Result<Self> {
        let mut manifest = Manifest::read(&directory)?;
        for _ in 0..ATTEMPTS {
            match View::open(&directory, &manifest) {
                Ok(view) => return Ok(Self { directory, manifest, view }),
                Err(error) if is_absent(&error) => {
                    // Between the manifest and its segments, a checkpoint may have replaced both.
                    let now = Manifest::read(&directory)?;
                    if now == manifest {
                        return Err(error);
                    }
                    manifest = now;
                }
                Err(error) => return Err(error),
            }
        }
        View::open(&directory, &manifest).map(|view| Self { directory, manifest, view })
    }

    /// Goes on to the newest state that a writer has handed over; false where that is the one that there
    /// is, in the same files.
    /// Where the last checkpoint is still the one that was opened, this costs as much as writing the
    /// observations that came since; otherwise as much as an opening.
    ///
    /// # Errors
    /// As [`Reader::open`]; the reader then answers as before, or with some of what came since.
    pub fn refresh(&mut self) -> Result<bool> {
        if Manifest::read_again(&self.directory, &self.manifest)? == self.manifest {
            match &mut self.view {
                View::Replayed(model, tail) => {
                    let before = model.recall().sequence();
                    tail.replay_more(model)?;
                    return Ok(model.recall().sequence() > before);
                }
                View::Mapped(_) => {
                    let more = Chain::tail(&self.directory, &self.manifest)
                        .and_then(|mut tail| tail.has_next());
                    match more {
                        Ok(false) => return Ok(false),
                        // A checkpoint came between the two looks.
                        Err(error) if is_absent(&error) => {}
                        more => drop(more?),
                    }
                }
            }
        }
        *self = Self::open_in(self.directory.clone())?;
        Ok(true)
    }

    /// The directory of the memory.
    pub fn directory(&self) -> &Path {
        self.directory.path()
    }

    /// The generation of the snapshot that this reader opened; 0 where there was none.
    pub fn generation(&self) -> u64 {
        self.manifest.generation
    }

    /// True where the slots are mapped and not in this process's own memory.
    pub fn is_mapped(&self) -> bool {
        matches!(self.view, View::Mapped(_))
    }

    /// When a write is acknowledged, as of the opening.
    pub fn durability(&self) -> Durability {
        self.manifest.durability
    }

    /// The sequence number of the first observation that the history retains.
    ///
    /// # Errors
    /// [`Error::Io`](crate::Error::Io), and those of a damaged log.
    pub fn first(&self) -> Result<u64> {
        Ok(self.history()?.first())
    }

    /// Observations behind the snapshot, which this opening has replayed.
    pub fn behind(&self) -> u64 {
        self.sequence().saturating_sub(self.manifest.sequence)
    }

    /// Sizes of the files, by kind; segments as of the opening, the log as it is now.
    ///
    /// # Errors
    /// [`Error::Io`](crate::Error::Io) where the directory cannot be listed.
    pub fn files(&self) -> Result<Files> {
        Files::of(&self.directory, &self.manifest)
    }

    /// The configuration that the memory was made with.
    pub fn config(&self) -> &Config {
        &self.manifest.config
    }

    /// How many observations the answers are made from; the sequence number of the last.
    pub fn sequence(&self) -> u64 {
        recall!(self, recall => recall.sequence())
    }

    /// The classes seen, in output order; empty in a memory of numbers.
    pub fn labels(&self) -> &Labels {
        recall!(self, recall => recall.labels())
    }

    /// Numbers in a prediction.
    pub fn outputs(&self) -> usize {
        recall!(self, recall => recall.outputs())
    }

    /// Fails where `x` is no cue for this memory.
    ///
    /// # Errors
    /// As [`Recall::check_input`](glam_core::Recall::check_input).
    pub fn check_input(&self, x: &[f32]) -> Result<()> {
        Ok(recall!(self, recall => recall.check_input(x))?)
    }

    /// Recalls what belongs to `x` into `out`, as [`Recall::read`](glam_core::Recall::read) does.
    ///
    /// # Errors
    /// [`Error::Core`](crate::Error::Core); a slot that does not match its checksum is
    /// [`glam_core::Error::DamagedSlot`], each time a cue touches it.
    pub fn read(&self, x: &[f32], scratch: &mut Scratch, out: &mut [f32]) -> Result<()> {
        Ok(recall!(self, recall => recall.read(x, scratch, out))?)
    }

    /// As [`Recall::read_with_variance`](glam_core::Recall::read_with_variance). The first call
    /// maps the covariances.
    ///
    /// # Errors
    /// As [`Reader::read`], and those of a covariances segment that is damaged.
    pub fn read_with_variance(
        &self,
        x: &[f32],
        scratch: &mut Scratch,
        out: &mut [f32],
        variance: &mut [f32],
    ) -> Result<()> {
        match &self.view {
            View::Mapped(mapped) => {
                let covariances = mapped.covariances()?;
                mapped.recall.read_with_variance(covariances, x, scratch, out, variance)?;
            }
            View::Replayed(model, _) => {
                let covariances = model.covariances();
                model.recall().read_with_variance(covariances, x, scratch, out, variance)?;
            }
        }
        Ok(())
    }

    /// As [`Recall::read_with_std`](glam_core::Recall::read_with_std). The first call maps the
    /// covariances.
    ///
    /// # Errors
    /// As [`Reader::read_with_variance`].
    pub fn read_with_std(
        &self,
        x: &[f32],
        scratch: &mut Scratch,
        out: &mut [f32],
        std: &mut [f32],
    ) -> Result<()> {
        match &self.view {
            View::Mapped(mapped) => {
                mapped.recall.read_with_std(mapped.covariances()?, x, scratch, out, std)?;
            }
            View::Replayed(model, _) => {
                model.recall().read_with_std(model.covariances(), x, scratch, out, std)?;
            }
        }
        Ok(())
    }

    /// As [`Recall::read_with_interval`](glam_core::Recall::read_with_interval). The first call maps
    /// the covariances.
    ///
    /// # Errors
    /// As [`Reader::read_with_variance`], a level out of range, and a memory of labels.
    pub fn read_with_interval(
        &self,
        x: &[f32],
        level: f64,
        scratch: &mut Scratch,
        out: &mut [f32],
        intervals: &mut [(f32, f32)],
    ) -> Result<()> {
        match &self.view {
            View::Mapped(mapped) => {
                let (recall, covariances) = (&mapped.recall, mapped.covariances()?);
                recall.read_with_interval(covariances, x, level, scratch, out, intervals)?;
            }
            View::Replayed(model, _) => {
                let (recall, covariances) = (model.recall(), model.covariances());
                recall.read_with_interval(covariances, x, level, scratch, out, intervals)?;
            }
        }
        Ok(())
    }

    /// As [`Recall::probabilities`](glam_core::Recall::probabilities).
    ///
    /// # Errors
    /// As [`Reader::read`], and a memory of numbers.
    pub fn probabilities(&self, x: &[f32], scratch: &mut Scratch, out: &mut [f32]) -> Result<()> {
        Ok(recall!(self, recall => recall.probabilities(x, scratch, out))?)
    }

    /// As [`Recall::read_with_probabilities`](glam_core::Recall::read_with_probabilities).
    ///
    /// # Errors
    /// As [`Reader::probabilities`].
    pub fn read_with_probabilities(
        &self,
        x: &[f32],
        scratch: &mut Scratch,
        out: &mut [f32],
        probabilities: &mut [f32],
    ) -> Result<()> {
        recall!(self, recall => recall.read_with_probabilities(x, scratch, out, probabilities))?;
        Ok(())
    }

    /// As [`Recall::familiarity`](glam_core::Recall::familiarity). The first call maps the
    /// covariances.
    ///
    /// # Errors
    /// As [`Reader::read_with_variance`].
    pub fn familiarity(&self, x: &[f32], scratch: &mut Scratch) -> Result<Familiarity> {
        Ok(match &self.view {
            View::Mapped(mapped) => mapped.recall.familiarity(mapped.covariances()?, x, scratch)?,
            View::Replayed(model, _) => {
                model.recall().familiarity(model.covariances(), x, scratch)?
            }
        })
    }

    /// One read a row of `x`; one row of outputs each.
    ///
    /// # Errors
    /// As [`Reader::read`], for the first row that fails.
    pub fn read_batch(&self, x: ArrayView2<'_, f32>) -> Result<Array2<f32>> {
        Ok(recall!(self, recall => recall.read_batch(x))?)
    }

    /// [`Reader::read_batch`] with the variances of [`Reader::read_with_variance`].
    ///
    /// # Errors
    /// As [`Reader::read_with_variance`], for the first row that fails.
    pub fn read_batch_with_variance(
        &self,
        x: ArrayView2<'_, f32>,
    ) -> Result<(Array2<f32>, Array2<f32>)> {
        Ok(match &self.view {
            View::Mapped(mapped) => {
                mapped.recall.read_batch_with_variance(mapped.covariances()?, x)?
            }
            View::Replayed(model, _) => {
                model.recall().read_batch_with_variance(model.covariances(), x)?
            }
        })
    }

    /// The linear map that the memory is at `x`, and which slots it is made of.
    ///
    /// # Errors
    /// As [`Reader::read`].
    pub fn explain(&self, x: &[f32], scratch: &mut Scratch) -> Result<Explanation> {
        Ok(recall!(self, recall => recall.explain(x, scratch))?)
    }

    /// The observations that the answers are made from, from the first on, without those that were
    /// erased: what a writer has appended since this reader was opened is not in it, what it has
    /// erased since is left out.
    ///
    /// Costs one pass over the log as far as it is gone through, one observation in memory at a
    /// time.
    ///
    /// # Errors
    /// [`Error::Io`](crate::Error::Io), and those of a damaged log.
    pub fn history(&self) -> Result<History> {
        match History::open(&self.directory, &self.manifest, self.sequence()) {
            // A writer has dropped its beginning meanwhile.
            Err(error) if is_absent(&error) => {
                let now = Manifest::read_again(&self.directory, &self.manifest)?;
                History::open(&self.directory, &now, self.sequence())
            }
            opened => opened,
        }
    }

    /// The memory in numbers. Where it is mapped, the bytes of slots are those of the files.
    pub fn report(&self) -> Report {
        match &self.view {
            View::Mapped(mapped) => mapped.report(),
            View::Replayed(model, _) => model.report(),
        }
    }
}

impl View {
    fn open(directory: &Directory, manifest: &Manifest) -> Result<Self> {
        let config = &manifest.config;
        // Opened first and together: once open, a file stays readable though a checkpoint takes
        // its name away. Only the history may be missed later, and then the opening starts over.
        let snapshot = match manifest.generation {
            0 => None,
            _ => Some(Snapshot::open(directory, manifest)?),
        };
        let mut tail = Chain::tail(directory, manifest)?;
        if !tail.has_next()? {
            return match snapshot {
                Some(snapshot) => Ok(Self::Mapped(Box::new(Mapped::open(snapshot, config)?))),
                None => Ok(Self::Replayed(Box::new(Model::new(config.clone())), Box::new(tail))),
            };
        }
        let mut model = match &snapshot {
            Some(snapshot) => snapshot.model(directory, manifest)?.0,
            None => Model::new(config.clone()),
        };
        tail.replay(&mut model)?;
        Ok(Self::Replayed(Box::new(model), Box::new(tail)))
    }
}
