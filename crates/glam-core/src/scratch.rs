//! Working memory of one write or one read, kept so that neither allocates.

use crate::kernel::{LANES, Lane};
use crate::net::Activations;
use crate::slots::LINE_FLOATS;
use crate::structure::Structure;

/// A slot that an input has active.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Active {
    /// The packed key.
    pub(crate) key: u64,
    /// The slot, or `None` for a key with no slot.
    pub(crate) slot: Option<u32>,
    /// Number of its feature.
    pub(crate) feature: u32,
}

/// Working memory of one write or one read. Make one with `Scratch::default()` per thread and
/// hand it to every call; after the first call it allocates nothing.
#[derive(Debug, Clone, Default)]
pub struct Scratch {
    /// The input, normalised, padded with zeros to whole groups.
    pub(crate) z: Vec<f32>,
    /// The input and the hidden values of a net, where the memory is built on one; what the pass
    /// left.
    pub(crate) lifted: Vec<f32>,
    pub(crate) activations: Activations,
    /// What the memory starts as, one number an output, in normalised units; empty without a net.
    pub(crate) start: Vec<f32>,
    /// The path of every table's gate.
    pub(crate) paths: Vec<u32>,
    /// Every feature, padded.
    pub(crate) phi: Vec<Lane>,
    /// The active keys, table by table.
    pub(crate) active: Vec<Active>,
    /// One group of lanes an output.
    pub(crate) sums: Vec<Lane>,
    /// The prediction, in normalised units.
    pub(crate) predicted: Vec<f32>,
    /// The errors, in normalised units.
    pub(crate) errors: Vec<f32>,
    /// f = U' phi of every active slot.
    pub(crate) f: Vec<Lane>,
    /// v = D f of every active slot.
    pub(crate) v: Vec<Lane>,
    /// phi' P phi of every active slot.
    pub(crate) spreads: Vec<f32>,
    /// S at the observation that was learned last.
    pub(crate) claimed: f32,
    /// u = P phi of one slot.
    pub(crate) u: Vec<Lane>,
    /// A slot's covariance while it is relaxed.
    pub(crate) old: Vec<Lane>,
}

impl Scratch {
    /// Fits the sizes to a structure and a number of outputs.
    #[inline]
    pub(crate) fn fit(&mut self, structure: &Structure, outputs: usize) {
        let (width, active) = (structure.width(), structure.active());
        let inputs = structure.normaliser().input_mean().len();
        const ZERO: Lane = [0.0; LANES];
        self.phi.resize(width * structure.features().len(), ZERO);
        self.z.resize(inputs.next_multiple_of(LANES), 0.0);
        self.z[inputs..].fill(0.0);
        self.paths.resize(structure.tables().len(), 0);
        self.active.clear();
        self.active.reserve(active);
        self.sums.resize(outputs, ZERO);
        self.predicted.resize(outputs, 0.0);
        self.errors.resize(outputs, 0.0);
        self.f.resize(width * active, ZERO);
        self.v.resize(width * active, ZERO);
        self.spreads.resize(active, 0.0);
        self.u.resize(width, ZERO);
    }

    /// Fits the working memory of a write to covariances of `lines` lines.
    #[inline]
    pub(crate) fn fit_covariance(&mut self, lines: usize) {
        self.old.resize(lines * LINE_FLOATS / LANES, [0.0; LANES]);
    }
}
