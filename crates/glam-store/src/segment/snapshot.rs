//! The segments of a generation, together.

use glam_core::{Config, Model, SavedRecall, State};

use super::header::{Kind, Stamp};
use super::opened::Opened;
use super::{history, slots, structure};
use crate::check;
use crate::disk::Directory;
use crate::error::{Error, Result};
use crate::manifest::Manifest;

/// Writes the segments of `state` as generation `stamp.generation` and enters them in `manifest`.
/// They are on the disk when this returns; their names are after [`Directory::sync`].
pub(crate) fn write(
    directory: &Directory,
    stamp: Stamp,
    state: &State<'_>,
    manifest: &mut Manifest,
) -> Result<()> {
    let count = state.keys.len();
    manifest.generation = stamp.generation;
    manifest.sequence = stamp.sequence;
    manifest.structure = structure::write(directory, stamp, state)?;
    let (lines, weights) = (state.weight_lines, state.weights);
    manifest.weights = slots::write(directory, stamp, Kind::Weights, count, lines, weights)?;
    let (lines, covariances) = (state.covariance_lines, state.covariances);
    manifest.covariances =
        slots::write(directory, stamp, Kind::Covariances, count, lines, covariances)?;
    manifest.history = history::write(directory, stamp, &state.history)?;
    Ok(())
}

/// The open segments of a generation, but for the history, which reading in place does not need.
#[derive(Debug)]
pub(crate) struct Snapshot {
    pub(crate) structure: Opened,
    pub(crate) weights: Opened,
    pub(crate) covariances: Opened,
}

impl Snapshot {
    /// Opens the generation that `manifest` names, which must not be 0.
    pub(crate) fn open(directory: &Directory, manifest: &Manifest) -> Result<Self> {
        let open = |kind| Opened::open(directory, kind, manifest);
        Ok(Self {
            structure: open(Kind::Structure)?,
            weights: open(Kind::Weights)?,
            covariances: open(Kind::Covariances)?,
        })
    }

    /// The reading half without its weights.
    pub(crate) fn recall(&self, config: &Config) -> Result<SavedRecall> {
        let (block, keys) = structure::read(&self.structure)?;
        let saved = SavedRecall::decode(config.clone(), &block, keys)
            .map_err(|source| Error::Damaged { path: self.structure.path().to_owned(), source })?;
        self.check_sequence(saved.sequence())?;
        for (opened, lines) in
            [(&self.weights, saved.weight_lines()), (&self.covariances, saved.covariance_lines())]
        {
            let layout = opened.slots()?;
            // A memory without slots has no lines to count.
            let fits = layout.slots == saved.slots() && (layout.lines == lines || lines == 0);
            if !fits {
                let what = "the slots are not those of the structure";
                return Err(Error::Malformed { path: opened.path().to_owned(), what, at: 0 });
            }
        }
        Ok(saved)
    }

    /// The whole model, every slot and the history read and checked. The history is opened only
    /// now: where a checkpoint has removed its name meanwhile, the error says that it is absent.
    pub(crate) fn model(&self, directory: &Directory, manifest: &Manifest) -> Result<Model> {
        let history = Opened::open(directory, Kind::History, manifest)?;
        let saved = history::join(self.recall(&manifest.config)?, &history)?;
        let (weights, covariances) = (slots::read(&self.weights)?, slots::read(&self.covariances)?);
        saved
            .model(weights, covariances)
            .map_err(|source| Error::Damaged { path: self.structure.path().to_owned(), source })
    }

    fn check_sequence(&self, found: u64) -> Result<()> {
        let expected = self.structure.header.stamp.sequence;
        check::named(self.structure.path(), "the structure's sequence number", expected, found)
    }
}
