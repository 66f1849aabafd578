//! A snapshot in place: the reading half in memory, the slots in maps.

use std::sync::{Arc, OnceLock};

use glam_core::{Config, Recall, Report, Sizes};

use crate::error::Result;
use crate::segment::slots::LINE_BYTES;
use crate::segment::{Loaded, Opened, Place, PlacedSlots, Snapshot, placed};

/// The reading half of a memory over mapped weights.
#[derive(Debug)]
pub(crate) struct Mapped {
    pub(crate) recall: Recall<PlacedSlots>,
    covariances: OnceLock<PlacedSlots>,
    /// Kept open, so that they can be mapped after their names are gone.
    covariance_segments: Vec<Opened>,
    places: Arc<[Place]>,
    sizes: Sizes,
}

impl Mapped {
    pub(crate) fn open(snapshot: Snapshot, config: &Config) -> Result<Self> {
        let Loaded { saved, places } = snapshot.load(config)?;
        let weights = snapshot.weights(&places)?;
        let sizes = Sizes {
            warming_up: saved.warming_up(),
            // The reading half lets them go.
            kept_bytes: 0,
            weight_bytes: weights.bytes(),
            covariance_bytes: saved.slots() * saved.covariance_lines() * LINE_BYTES,
            rehearsing: saved.rehearsing(),
        };
        Ok(Self {
            recall: saved.with_weights(weights),
            covariances: OnceLock::new(),
            covariance_segments: snapshot.into_covariances(),
            places,
            sizes,
        })
    }

    /// The covariances, mapped by the first call.
    pub(crate) fn covariances(&self) -> Result<&PlacedSlots> {
        if let Some(covariances) = self.covariances.get() {
            return Ok(covariances);
        }
        // Two threads may both come here; one map is dropped again.
        let mapped = placed(&self.covariance_segments, &self.places)?;
        Ok(self.covariances.get_or_init(|| mapped))
    }

    pub(crate) fn report(&self) -> Report {
        self.recall.report(&self.sizes)
    }
}
