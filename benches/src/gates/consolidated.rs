//! Gates that are drawn anew by the slopes of what was learned.

use std::time::Instant;

use glam_memory::{Flow, Memory, Options};

use super::contest::{builder, formed, learn, outcome};
use super::{Form, Gates, Nets, Origin, Outcome};
use crate::adapt::AdaptError;
use crate::data::Dataset;

/// A memory that picks everything for itself, whose gates are drawn at random and stay (first), and one
/// that draws the same gates anew by slopes in its warm-up where it finds that better (second). `None`
/// where it sees too many inputs to do so.
///
/// # Errors
///
/// Returns an error where a memory refuses a row.
pub fn drawn_anew(
    set: &Dataset,
    nets: &Nets,
    seed: u64,
) -> Result<Option<[Outcome; 2]>, AdaptError> {
    let start = || builder(set, nets, Origin::Detached).seed(seed);
    let anew = start().in_memory()?;
    let micros = learn(&anew, set)?;
    let report = anew.inspect()?.report;
    let (Some(picks), Some(_)) = (report.picks, report.decision) else { return Ok(None) };
    // Told the families that it picks anyway, it keeps the gates that it draws first.
    let families: Vec<_> = picks.deals.iter().map(|deal| deal.family).collect();
    let once: Memory = start().families(families).in_memory()?;
    let once_micros = learn(&once, set)?;
    Ok(Some([outcome(&once, set, once_micros)?, outcome(&anew, set, micros)?]))
}

/// A memory with these gates, consolidated as it is, its gates drawn anew up to `regates` times where
/// held-out rows find that better. Its microseconds are of writing and consolidating, a row.
///
/// # Errors
///
/// Returns an error where the memory refuses a row, or its files cannot be written.
pub fn consolidated(
    set: &Dataset,
    nets: &Nets,
    gates: &Gates,
    form: Form,
    regates: usize,
) -> Result<Outcome, AdaptError> {
    let temporary = tempfile::tempdir().map_err(AdaptError::Folder)?;
    let builder = formed(builder(set, nets, gates.origin), gates, form);
    let memory = builder.create(temporary.path().join("memory"))?;
    let write_micros = learn(&memory, set)?;
    let start = Instant::now();
    let options = Options { regates, as_it_is: true };
    memory.consolidate(options, &|_| Flow::Continue)?;
    let micros = 1e6 * start.elapsed().as_secs_f64() / set.train_x.nrows().max(1) as f64;
    outcome(&memory, set, write_micros + micros)
}
