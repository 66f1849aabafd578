//! Before a write over a base changes anything: the slots that it needs are copied in, so that one that
//! is damaged refuses the whole write.

use super::{Model, normalised, weight_lines};
use crate::error::Result;
use crate::observation::Target;
use crate::observations::Kept;
use crate::recall::{find_active, prefetch_ahead};
use crate::rehearsal::Look;
use crate::scratch::Active;
use crate::slots::Arena;

/// Copies every active slot into its arenas.
#[inline(never)]
pub(super) fn own_active(
    weights: &mut Arena,
    covariances: &mut Arena,
    active: &[Active],
) -> Result<()> {
    for (index, entry) in active.iter().enumerate() {
        prefetch_ahead(weights, active, index);
        prefetch_ahead(covariances, active, index);
        if let Some(slot) = entry.slot {
            weights.own(slot)?;
            covariances.own(slot)?;
        }
    }
    Ok(())
}

impl Model {
    /// Owns what a write of a checked observation needs, but for the active slots of the observation
    /// itself where nothing is changed before they are found. After it no slot of the write can fail.
    ///
    /// Does nothing where all slots are owned. Over a base it costs finding the active slots of the
    /// observations that may be rehearsed, at times of more than will be; and all slots where a new
    /// label makes them longer, or where the byte limit is near, so that any of them may give way.
    pub(super) fn own_ahead(&mut self, x: &[f32], target: Target<'_>) -> Result<()> {
        if !(self.recall.weights.is_lent() || self.covariances.is_lent()) {
            return Ok(());
        }
        let Self { recall, covariances, rehearsal, scratch, .. } = self;
        let Some(structure) = &recall.structure else { return Ok(()) };
        let (config, known) = (&recall.config, recall.outputs());
        let (kept, outputs) = match target {
            Target::Numbers(y) => (Kept::Numbers(y), known),
            Target::Label(label) => {
                let class = recall.labels.position(label).unwrap_or(known);
                (Kept::Class(class), known.max(class + 1))
            }
        };
        let bounded = config.max_bytes().is_some();
        let wider = weight_lines(structure.width(), outputs) > recall.weights.stride();
        let warming_up = !self.warm_up.done();
        let targets = (0..outputs).map(|output| normalised(structure, kept, output));
        let (looks, look) =
            if warming_up { (0, Look::Measure) } else { rehearsal.at_most(config, targets) };
        let opened = structure.active().saturating_mul(1 + looks as usize);
        let all = bounded && (wider || recall.room.is_near(recall.slots.len(), opened));
        if all || wider {
            recall.weights.own_all()?;
        }
        if all {
            return covariances.own_all();
        }
        let inputs = config.inputs();
        if warming_up || outputs > known {
            scratch.fit(structure, known);
            find_active(structure, &recall.slots, x, scratch);
            own_active(&mut recall.weights, covariances, &scratch.active)?;
        }
        let mut pick = rehearsal.pick(config);
        for _ in 0..looks {
            let (x, ..) = rehearsal.kept().get(pick(), inputs, known);
            scratch.fit(structure, known);
            find_active(structure, &recall.slots, x, scratch);
            match look {
                Look::Learn => own_active(&mut recall.weights, covariances, &scratch.active)?,
                Look::Measure => {
                    let slots = scratch.active.iter().filter_map(|active| active.slot);
                    slots.into_iter().try_for_each(|slot| recall.weights.check(slot))?;
                }
            }
        }
        Ok(())
    }
}
