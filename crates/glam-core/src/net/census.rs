//! Which patterns a net meets over a stream of cues, and how often.

mod tally;
#[cfg(test)]
mod tests;

use serde::Serialize;

use super::{Activations, Net, NetError};
use crate::rng::Rng;
use tally::Tally;

pub use tally::Bin;

/// Patterns of a layer, and of the whole path, that a [`Census`] keeps unless it is told otherwise.
pub const CENSUS_PATTERNS: usize = 1 << 16;
/// Cues, drawn evenly, whose pairs say how far patterns of any two cues are from each other.
const SAMPLE: usize = 256;

/// Counts the patterns of cues, layer by layer and of all layers together.
///
/// A cue costs a forward pass and a look-up a layer. It keeps at most a given number of distinct patterns of
/// each layer and of the path, [`CENSUS_PATTERNS`] unless told otherwise: twice the bits of a pattern and 20
/// bytes each. Patterns are compared bit by bit.
///
/// ```
/// use glam_core::net::{Activation, Census, Layer, Net, Output};
/// use ndarray::array;
///
/// // |x| as a net: two patterns, and a third at 0.
/// let hidden = Layer::new(array![[1.0], [-1.0]].view(), &[0.0, 0.0], Activation::Relu)?;
/// let last = Layer::new(array![[1.0, 1.0]].view(), &[0.0], Activation::Linear)?;
/// let net = Net::new(vec![hidden, last], Output::Linear)?;
/// let mut census = Census::new(&net);
/// for x in [-2.0, -1.0, 1.0, 3.0] {
///     census.add(&[x])?;
/// }
/// let path = census.report().path;
/// assert_eq!((path.units, path.distinct, path.entropy_bits, path.on), (2, 2, 1.0, 0.5));
/// # Ok::<(), glam_core::net::NetError>(())
/// ```
#[derive(Debug, Clone)]
pub struct Census<'a> {
    net: &'a Net,
    cues: u64,
    limit: usize,
    /// One a deciding layer.
    layers: Vec<Tally>,
    path: Tally,
    /// The words of some cues.
    sample: Vec<Vec<u64>>,
    rng: Rng,
    activations: Activations,
    words: Vec<u64>,
    /// The words of the cue before.
    before: Vec<u64>,
}

/// What a [`Census`] found.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct CensusReport {
    /// Cues.
    pub cues: u64,
    /// The most distinct patterns that are kept of each layer and of the path.
    pub limit: usize,
    /// The layers that decide, the first one first.
    pub layers: Vec<LayerCensus>,
    /// The patterns of all layers together, each of which is one linear map.
    pub path: PatternCensus,
}

/// What a [`Census`] found in one layer.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct LayerCensus {
    /// The layer's number in the net, counted from 1.
    pub layer: usize,
    /// Its patterns.
    #[serde(flatten)]
    pub patterns: PatternCensus,
}

/// Patterns in numbers. Where `complete` is false, more distinct patterns were met than are kept: then
/// `distinct`, `entropy_bits` and `seen_before` are the least that they can be.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct PatternCensus {
    /// Units that decide: bits.
    pub units: usize,
    /// Distinct patterns.
    pub distinct: usize,
    /// Whether all patterns were kept.
    pub complete: bool,
    /// Kept patterns by how often each was met.
    pub recurrence: Vec<Bin>,
    /// How often the most frequent kept one was met.
    pub most: u64,
    /// Entropy of the shares of patterns among the cues, - sum p log2 p: the plug-in estimate, which is too
    /// low where most patterns were met once or twice (Paninski 2003). Cues whose pattern is not kept
    /// count as of one.
    pub entropy_bits: f64,
    /// The most that `entropy_bits` can be with so many cues and units: the lesser of log2(cues) and units.
    pub entropy_limit_bits: f64,
    /// Share of the cues whose pattern an earlier cue had: hits of a table without a limit.
    pub seen_before: f64,
    /// Mean share of units that are on.
    pub on: f64,
    /// Units that were on at no cue.
    pub never_on: usize,
    /// Units that were on at every cue.
    pub always_on: usize,
    /// Units in which the patterns of a cue and of the one before it differ.
    pub successive: Distances,
    /// The same of any two cues: of all pairs of 256 cues that were drawn evenly, always the same ones.
    pub any_two: Distances,
}

/// Hamming distances.
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
pub struct Distances {
    /// Pairs of cues.
    pub pairs: u64,
    /// Their mean distance; 0 where there is no pair.
    pub mean: f64,
    /// Pairs by distance.
    pub histogram: Vec<Bin>,
}

impl<'a> Census<'a> {
    /// A census of `net`'s patterns that has met no cue.
    pub fn new(net: &'a Net) -> Self {
        Self::with_limit(net, CENSUS_PATTERNS)
    }

    /// A census that keeps at most `limit` distinct patterns of each layer and of the path.
    pub fn with_limit(net: &'a Net, limit: usize) -> Self {
        let limit = limit.min(u32::MAX as usize);
        let units = |layer: usize| net.layers()[layer].sums();
        let layers = net.deciding().map(|layer| Tally::new(units(layer), net.layer_words(layer)));
        let words = 0..net.deciding().last().map_or(0, |layer| net.layer_words(layer).end);
        Self {
            net,
            cues: 0,
            limit,
            layers: layers.collect(),
            path: Tally::new(net.deciding_units(), words),
            sample: Vec::new(),
            rng: Rng::new(0, 1),
            activations: Activations::default(),
            words: Vec::new(),
            before: Vec::new(),
        }
    }

    /// Counts the pattern at `x`.
    ///
    /// # Errors
    /// As [`Net::forward`]; then nothing is counted.
    pub fn add(&mut self, x: &[f32]) -> Result<(), NetError> {
        self.net.logits(x, &mut self.activations)?;
        std::mem::swap(&mut self.words, &mut self.before);
        self.words.clear();
        self.net.push_words(&self.activations, &mut self.words);
        let before = (self.cues > 0).then_some(&self.before[..]);
        for tally in self.layers.iter_mut().chain([&mut self.path]) {
            tally.add(&self.words, before, self.limit);
        }
        self.cues += 1;
        // Every cue so far is in the sample with the same chance (Vitter 1985, algorithm R).
        if self.sample.len() < SAMPLE {
            self.sample.push(self.words.clone());
        } else {
            let place = self.rng.below(self.cues.min(u64::from(u32::MAX)) as usize);
            if let Some(kept) = self.sample.get_mut(place) {
                kept.copy_from_slice(&self.words);
            }
        }
        Ok(())
    }

    /// Cues that were counted.
    pub fn cues(&self) -> u64 {
        self.cues
    }

    /// What was found so far.
    pub fn report(&self) -> CensusReport {
        let layers = self.net.deciding().zip(&self.layers).map(|(layer, tally)| LayerCensus {
            layer: layer + 1,
            patterns: tally.report(self.cues, &self.sample),
        });
        CensusReport {
            cues: self.cues,
            limit: self.limit,
            layers: layers.collect(),
            path: self.path.report(self.cues, &self.sample),
        }
    }
}
