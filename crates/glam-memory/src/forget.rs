//! Making a memory that never had what was erased.

use glam_core::{Config, Model};
use glam_store::History;

use crate::error::Result;

/// The model that the observations of `history` make, with a skip for each that was erased: bit for
/// bit the model that was never given those.
pub(crate) fn relearned(config: Config, mut history: History) -> Result<Model> {
    let mut model = Model::new(config);
    while let Some(observation) = history.next()? {
        skip_to(&mut model, observation.sequence - 1);
        model.write_weighted(observation.x, observation.target, observation.weight)?;
    }
    skip_to(&mut model, history.last());
    Ok(model)
}

/// Skips until the model has counted `sequence` observations.
fn skip_to(model: &mut Model, sequence: u64) {
    while model.recall().sequence() < sequence {
        model.skip();
    }
}
