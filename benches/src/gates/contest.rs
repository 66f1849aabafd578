//! One memory under one kind of gates.

use std::time::Instant;

use glam_memory::{Basis, Builder, Family, Memory, Views};
use ndarray::s;

use super::Nets;
use crate::adapt::AdaptError;
use crate::data::{Dataset, Targets};
use crate::timing::core_seconds;

/// Cues whose keys are looked at.
const EXPLAINED: usize = 500;

/// What a memory has of a net.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// Nothing: it knows of no net.
    Detached,
    /// The decisions of the net with its first weights, for gates alone.
    Untrained,
    /// The decisions of the trained net, for gates alone.
    Trained,
    /// The trained net's decisions and the values of its hidden layers, which maps see too.
    Values,
    /// The same, and it starts as the net.
    Starts,
}

/// One kind of gates.
#[derive(Clone, Debug, PartialEq)]
pub struct Gates {
    /// The name that tables print.
    pub name: &'static str,
    /// Families, dealt to the tables in turn.
    pub families: Vec<Family>,
    /// What the memory has of a net.
    pub origin: Origin,
}

/// What is equal between gates that are compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Form {
    /// Number of tables.
    pub tables: usize,
    /// Inputs that a table sees.
    pub view: usize,
    /// The level of a table's slots.
    pub level: u8,
    /// Draws views and gates.
    pub seed: u64,
}

/// What came of it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Outcome {
    /// Tables beside the root.
    pub tables: usize,
    /// Accuracy of labels, mean nMSE of values, on the test rows.
    pub score: f64,
    /// Slots.
    pub slots: usize,
    /// Bytes of their maps and covariances.
    pub bytes: usize,
    /// Microseconds of a write on a core, the fits of the warm-up included.
    pub write_micros: f64,
    /// Share of the keys of test cues that had a slot.
    pub found: f64,
}

/// The gates that are compared: every one on maps that see the raw inputs alone.
#[must_use]
pub fn contestants() -> Vec<Gates> {
    let gates = |name, family, origin| Gates { name, families: vec![family], origin };
    let units = Family::Relu { layer: 0 };
    vec![
        gates("entangled: units of the net", units, Origin::Trained),
        gates("entangled: hash of layer 1", Family::ReluHash { layer: 1 }, Origin::Trained),
        gates("units of the untrained net", units, Origin::Untrained),
        gates("half-spaces of 4 inputs", Family::Hyperplane { inputs: 4 }, Origin::Detached),
        gates("trees of the whole view", Family::Tree { inputs: 0 }, Origin::Detached),
        Gates {
            name: "trees of all, 1 and 2 inputs",
            families: [0, 1, 2].map(|inputs| Family::Tree { inputs }).to_vec(),
            origin: Origin::Detached,
        },
        gates("signs and Walsh-Hadamard", Family::Hadamard, Origin::Detached),
        gates("winner-take-all of 4 inputs", Family::WinnerTakeAll { inputs: 4 }, Origin::Detached),
    ]
}

/// What more than its gates a memory can take from the net.
#[must_use]
pub fn references() -> Vec<Gates> {
    let gates = |name, origin| Gates { name, families: vec![Family::Relu { layer: 0 }], origin };
    vec![
        gates("units, maps see hidden values", Origin::Values),
        gates("the same, starts as the net", Origin::Starts),
    ]
}

/// A builder of a memory for the rows of `set`, with what it has of a net.
pub(super) fn builder(set: &Dataset, nets: &Nets, origin: Origin) -> Builder {
    let over = |net: &glam_memory::net::Net, views| Basis::new(net.clone()).views(views);
    let basis = match origin {
        Origin::Detached => {
            let builder = Memory::builder(set.train_x.ncols());
            return match &set.train_y {
                Targets::Labels { .. } => builder.labels(),
                Targets::Values(values) => builder.targets(values.ncols()),
            };
        }
        Origin::Untrained => over(&nets.untrained, Views::Inputs).from_nothing(),
        Origin::Trained => over(&nets.trained, Views::Inputs).from_nothing(),
        Origin::Values => over(&nets.trained, Views::Both).from_nothing(),
        Origin::Starts => over(&nets.trained, Views::Both),
    };
    Memory::builder_on(basis)
}

/// The builder with the numbers of `form`.
pub(super) fn formed(builder: Builder, gates: &Gates, form: Form) -> Builder {
    builder
        .families(gates.families.clone())
        .tables(form.tables)
        .view(form.view)
        .levels([form.level])
        .seed(form.seed)
}

/// Lets a memory with these gates learn every row of `set` once and in order, and tests it.
///
/// # Errors
///
/// Returns an error where the memory refuses a row.
pub fn measure(
    set: &Dataset,
    nets: &Nets,
    gates: &Gates,
    form: Form,
) -> Result<Outcome, AdaptError> {
    let memory = formed(builder(set, nets, gates.origin), gates, form).in_memory()?;
    let write_micros = learn(&memory, set)?;
    outcome(&memory, set, write_micros)
}

/// Writes every row of `set`; gives the microseconds of one, on a core.
pub(super) fn learn(memory: &Memory, set: &Dataset) -> Result<f64, AdaptError> {
    let (start, core) = (Instant::now(), core_seconds());
    for (row, x) in set.train_x.rows().into_iter().enumerate() {
        let x = x.to_vec();
        match &set.train_y {
            Targets::Labels { labels, names } => {
                memory.write(&x, names[labels[row] as usize].as_str())?;
            }
            Targets::Values(values) => memory.write(&x, values.row(row).to_vec().as_slice())?,
        }
    }
    // Writes are the work of one thread.
    let seconds = match (core, core_seconds()) {
        (Some(start), Some(end)) => end - start,
        _ => start.elapsed().as_secs_f64(),
    };
    Ok(1e6 * seconds / set.train_x.nrows().max(1) as f64)
}

/// Tests a memory.
pub(super) fn outcome(
    memory: &Memory,
    set: &Dataset,
    write_micros: f64,
) -> Result<Outcome, AdaptError> {
    let x = set.test_x.view();
    let score = match &set.test_y {
        Targets::Labels { labels, names } => {
            let truth: Vec<&str> =
                labels.iter().map(|&label| names[label as usize].as_str()).collect();
            memory.score_labels(x, &truth)?.accuracy
        }
        Targets::Values(values) => memory.score(x, values.view())?.mean_nmse,
    };
    // Cues from all over the test rows.
    let step = x.nrows().div_ceil(EXPLAINED).max(1);
    let explained = memory.explain_batch(x.slice(s![..;step, ..]))?;
    let keys: usize = explained.iter().map(|explained| explained.keys).sum();
    let found: usize = explained.iter().map(|explained| explained.active.len()).sum();
    let report = memory.inspect()?.report;
    Ok(Outcome {
        tables: report.picks.as_ref().map_or(0, |picks| picks.tables),
        score: score.unwrap_or(f64::NAN),
        slots: report.slots,
        bytes: report.weight_bytes + report.covariance_bytes,
        write_micros,
        found: found as f64 / keys.max(1) as f64,
    })
}
