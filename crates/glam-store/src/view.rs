//! A snapshot in place: the reading half in memory, the slots in maps.

use std::sync::OnceLock;

use glam_core::{Config, Recall, Report, Sizes};

use crate::error::Result;
use crate::segment::{MappedSlots, Opened, Snapshot};

/// The reading half of a memory over mapped weights.
#[derive(Debug)]
pub(crate) struct Mapped {
    pub(crate) recall: Recall<MappedSlots>,
    covariances: OnceLock<MappedSlots>,
    /// Kept open, so that it can be mapped after its name is gone.
    covariance_segment: Opened,
    sizes: Sizes,
}

impl Mapped {
    pub(crate) fn open(snapshot: Snapshot, config: &Config) -> Result<Self> {
        let saved = snapshot.recall(config)?;
        let weights = MappedSlots::map(&snapshot.weights)?;
        let sizes = Sizes {
            warming_up: saved.warming_up(),
            // The reading half lets them go.
            kept_bytes: 0,
            weight_bytes: weights.bytes(),
            covariance_bytes: snapshot.covariances.slots()?.bytes(),
            rehearsing: saved.rehearsing(),
        };
        Ok(Self {
            recall: saved.with_weights(weights),
            covariances: OnceLock::new(),
            covariance_segment: snapshot.covariances,
            sizes,
        })
    }

    /// The covariances, mapped by the first call.
    pub(crate) fn covariances(&self) -> Result<&MappedSlots> {
        if let Some(covariances) = self.covariances.get() {
            return Ok(covariances);
        }
        // Two threads may both come here; one map is dropped again.
        let mapped = MappedSlots::map(&self.covariance_segment)?;
        Ok(self.covariances.get_or_init(|| mapped))
    }

    pub(crate) fn report(&self) -> Report {
        self.recall.report(&self.sizes)
    }
}
