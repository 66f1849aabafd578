//! The segments of a snapshot, together.

use std::sync::Arc;

use glam_core::{Config, Model, SavedRecall};

use super::header::{Kind, Named};
use super::mapped::MappedSlots;
use super::opened::Opened;
use super::patched::Patched;
use super::place::{Place, PlacedSlots};
use super::{history, structure};
use crate::check;
use crate::disk::Directory;
use crate::error::{Error, Result};
use crate::manifest::Manifest;

/// The open segments of a snapshot, but for the history, which reading in place does not need. Open
/// files stay readable after a checkpoint has taken their names away.
#[derive(Debug)]
pub(crate) struct Snapshot {
    structure: Opened,
    /// In the manifest's order.
    weights: Vec<Opened>,
    covariances: Vec<Opened>,
}

/// The reading half of a snapshot, and where its slots lie.
#[derive(Debug)]
pub(crate) struct Loaded {
    pub(crate) saved: SavedRecall,
    pub(crate) places: Arc<[Place]>,
}

impl Snapshot {
    /// Opens the snapshot that `manifest` names, which must not be of generation 0.
    pub(crate) fn open(directory: &Directory, manifest: &Manifest) -> Result<Self> {
        let structure = Named::of_generation(Kind::Structure, manifest);
        let slots = |kind| {
            let named = manifest.segments.iter().map(|of| Named::of_slots(kind, manifest, of));
            named.map(|named| Opened::open(directory, &named)).collect::<Result<Vec<_>>>()
        };
        Ok(Self {
            structure: Opened::open(directory, &structure)?,
            weights: slots(Kind::Weights)?,
            covariances: slots(Kind::Covariances)?,
        })
    }

    /// From segments that are open already.
    pub(crate) fn of(structure: Opened, weights: Vec<Opened>, covariances: Vec<Opened>) -> Self {
        Self { structure, weights, covariances }
    }

    /// The reading half without its weights. Costs O(keys).
    pub(crate) fn load(&self, config: &Config) -> Result<Loaded> {
        let body = structure::read(&self.structure)?;
        let saved = SavedRecall::decode(config.clone(), &body.block, body.keys)
            .map_err(|source| self.damaged(source))?;
        let (path, expected) = (self.structure.path(), self.structure.header.stamp.sequence);
        check::named(path, "the structure's sequence number", expected, saved.sequence())?;
        let halves =
            [(&self.weights, saved.weight_lines()), (&self.covariances, saved.covariance_lines())];
        for (segments, lines) in halves {
            for opened in segments {
                if opened.slots()?.lines != lines {
                    let what = "the slots are not those of the structure";
                    return Err(Error::Malformed { path: opened.path().to_owned(), what, at: 0 });
                }
            }
        }
        for (weights, covariances) in self.weights.iter().zip(&self.covariances) {
            let path = covariances.path();
            check::named(
                path,
                "the number of slots",
                weights.header.count,
                covariances.header.count,
            )?;
        }
        let lies = |place: &Place| {
            let segment = self.weights.get(place.segment as usize);
            segment.is_some_and(|segment| u64::from(place.position) < segment.header.count)
        };
        if !body.places.iter().all(lies) {
            let what = "a slot lies in no segment";
            return Err(Error::Malformed { path: path.to_owned(), what, at: 0 });
        }
        Ok(Loaded { saved, places: body.places.into() })
    }

    /// How many slots each of its slot segments has.
    pub(crate) fn sizes(&self) -> Result<Vec<usize>> {
        self.weights.iter().map(|opened| Ok(opened.slots()?.slots)).collect()
    }

    /// The weights, mapped. Costs O(slots of the segments), of which it touches none.
    pub(crate) fn weights(&self, places: &Arc<[Place]>) -> Result<PlacedSlots> {
        placed(&self.weights, places)
    }

    /// The open files of the covariances, to map them later.
    pub(crate) fn into_covariances(self) -> Vec<Opened> {
        self.covariances
    }

    /// The covariances, mapped, as [`Snapshot::weights`].
    pub(crate) fn covariances(&self, places: &Arc<[Place]>) -> Result<PlacedSlots> {
        placed(&self.covariances, places)
    }

    /// The whole model, its slots in maps until it writes to them. Costs O(keys). The history is
    /// opened only now: where a checkpoint has removed its name meanwhile, the error says that it is
    /// absent.
    pub(crate) fn model(
        &self,
        directory: &Directory,
        manifest: &Manifest,
    ) -> Result<(Model, Arc<[Place]>)> {
        let named = Named::of_generation(Kind::History, manifest);
        let history = Opened::open(directory, &named)?;
        let Loaded { saved, places } = self.load(&manifest.config)?;
        let saved = history::join(saved, &history)?;
        let (weights, covariances) = (self.weights(&places)?, self.covariances(&places)?);
        let model = saved
            .model_over(Arc::new(weights), Arc::new(covariances))
            .map_err(|source| self.damaged(source))?;
        Ok((model, places))
    }

    /// [`Snapshot::model`] in which slots that are damaged have learned nothing, and how many of its
    /// slots those are. Reads every slot.
    pub(crate) fn patched_model(
        &self,
        directory: &Directory,
        manifest: &Manifest,
    ) -> Result<(Model, u64)> {
        let named = Named::of_generation(Kind::History, manifest);
        let history = Opened::open(directory, &named)?;
        let Loaded { saved, places } = self.load(&manifest.config)?;
        let slots = saved.slots();
        let (fresh_weights, fresh_covariance) = saved.fresh_slot();
        let weights = Patched::new(self.weights(&places)?, fresh_weights, slots);
        let covariances = Patched::new(self.covariances(&places)?, fresh_covariance, slots);
        let (weights, covariances, lost) = weights.joined(covariances);
        let saved = history::join(saved, &history)?;
        let model = saved
            .model_over(Arc::new(weights), Arc::new(covariances))
            .map_err(|source| self.damaged(source))?;
        Ok((model, lost))
    }

    fn damaged(&self, source: glam_core::Error) -> Error {
        Error::Damaged { path: self.structure.path().to_owned(), source }
    }
}

/// The slots at `places` of `segments`, mapped.
pub(crate) fn placed(segments: &[Opened], places: &Arc<[Place]>) -> Result<PlacedSlots> {
    let maps = segments.iter().map(MappedSlots::map).collect::<Result<Vec<_>>>()?;
    Ok(PlacedSlots::new(Arc::clone(places), maps))
}
