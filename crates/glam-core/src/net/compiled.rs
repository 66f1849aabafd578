//! A net compiled into slots: its maps by key, found instead of multiplied out.

mod bound;
mod cache;
mod compose;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use serde::Serialize;

use super::forward::{add_columns, select, softmax};
use super::pattern::push_bits;
use super::{Activations, Net, NetError, Output};
use crate::kernel::Lane;
use cache::Cache;
use compose::{Composer, padded};

/// What a slot of a [`Compiled`] net is found by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Keys {
    /// The whole pattern, from a forward pass through all layers that decide. One slot a pattern, with the
    /// map from the input to the outputs. What is saved is the layers behind the last that decides, so
    /// it is for nets that end wide and begin narrow.
    Forward,
    /// Step by step: the first layer's sums come from its own weights, and the pattern of the first l
    /// layers that decide finds the slot with the map from the input to the sums of the next one, or to
    /// the outputs. No hidden layer is multiplied: a read costs inputs times units, the forward pass
    /// units times units.
    Path,
}

/// How an answer was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Found {
    /// Every map on the way was stored.
    Stored,
    /// By a forward pass, as a map was not stored.
    Computed,
}

/// What a [`Compiled`] net has done and holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct Lookups {
    /// Reads that were answered from slots alone.
    pub hits: u64,
    /// Reads that took a forward pass.
    pub misses: u64,
    /// Slots that were taken out to make room.
    pub evictions: u64,
    /// Slots.
    pub slots: usize,
    /// Bytes of all slots and of what finds them, as allocated.
    pub bytes: usize,
}

/// A net and the maps of the patterns that it met, by key: an exact copy of the net as a table, filled as
/// it is read.
///
/// A slot's pattern is compared bit by bit, so a map is never another pattern's. A look-up differs from
/// the forward pass by rounding alone; [`Compiled::rounding`] says by how much at most.
/// Reads with one `Compiled` go one after another, as each may store something; the net is shared.
///
/// ```
/// use std::sync::Arc;
///
/// use glam_core::net::{Activation, Compiled, Found, Keys, Layer, Net, Output};
/// use ndarray::array;
///
/// // |x| as a net.
/// let hidden = Layer::new(array![[1.0], [-1.0]].view(), &[0.0, 0.0], Activation::Relu)?;
/// let last = Layer::new(array![[1.0, 1.0]].view(), &[0.0], Activation::Linear)?;
/// let net = Arc::new(Net::new(vec![hidden, last], Output::Linear)?);
/// let mut compiled = Compiled::new(net, Keys::Path, 1 << 20);
/// let mut out = [0.0];
/// assert_eq!(compiled.read(&[-3.0], &mut out)?, Found::Computed);
/// assert_eq!(compiled.read(&[-5.0], &mut out)?, Found::Stored);
/// assert_eq!(out, [5.0]);
/// # Ok::<(), glam_core::net::NetError>(())
/// ```
#[derive(Debug, Clone)]
pub struct Compiled {
    net: Arc<Net>,
    keys: Keys,
    cache: Cache,
    /// The layers whose sums are looked up, in order; the last one's are the outputs.
    targets: Vec<usize>,
    hits: u64,
    misses: u64,
    /// Hashes of patterns that were computed, each at its place; none where maps are stored at once.
    computed: Vec<u64>,
    work: Work,
}

/// Hashes of patterns that [`Compiled::second_time`] remembers: 32 KiB.
const REMEMBERED: usize = 1 << 12;

/// Working memory of a read.
#[derive(Debug, Clone, Default)]
struct Work {
    activations: Activations,
    /// Inputs that are not 0.
    active: Vec<(u32, f32)>,
    sums: Vec<Lane>,
    words: Vec<u64>,
    /// The words of the forward pass.
    whole: Vec<u64>,
    /// The slots that the read came by.
    met: Vec<u32>,
}

impl Compiled {
    /// The net as a table that takes at most `max_bytes` with all slots; none is filled yet. With 0 bytes
    /// every read is a forward pass.
    pub fn new(net: Arc<Net>, keys: Keys, max_bytes: usize) -> Self {
        Self::with_hash(net, keys, max_bytes, cache::hash)
    }

    fn with_hash(net: Arc<Net>, keys: Keys, max_bytes: usize, hash: cache::Hash) -> Self {
        let targets = targets(&net, keys);
        let cache = Cache::new(max_bytes, hash);
        let (hits, misses, computed, work) = (0, 0, Vec::new(), Work::default());
        Self { net, keys, cache, targets, hits, misses, computed, work }
    }

    /// The same table, whose reads compose a map not when they first meet its pattern but when they meet it
    /// again, among the last thousands (the doorkeeper of Einziger et al. 2017, "TinyLFU").
    ///
    /// Composing costs tens to hundreds of forward passes, and patterns that never come again cost nothing
    /// so. A hash of each pattern is remembered, in 32 KiB beside the bytes of slots; where two have one
    /// hash a map is composed too early, and no answer is changed.
    pub fn second_time(mut self) -> Self {
        self.computed = vec![0; REMEMBERED];
        self
    }

    /// The net.
    pub fn net(&self) -> &Arc<Net> {
        &self.net
    }

    /// What slots are found by.
    pub fn keys(&self) -> Keys {
        self.keys
    }

    /// What was done, and what is held.
    pub fn lookups(&self) -> Lookups {
        Lookups {
            hits: self.hits,
            misses: self.misses,
            evictions: self.cache.evictions(),
            slots: self.cache.len(),
            bytes: self.cache.bytes(),
        }
    }

    /// The net's outputs at `x` into `out`, which must be [`Net::outputs`] long, with the softmax of a net
    /// that has one.
    ///
    /// Where all maps on the way are stored, it costs two operations for every number of theirs whose input
    /// is not 0, and allocates nothing after the first time. Otherwise the answer is the forward
    /// pass's, and the maps that are missing are composed in f64, rounded and stored, at once or the second
    /// time ([`Compiled::second_time`]): outputs ([`Keys::Forward`]) or inputs ([`Keys::Path`]) times the
    /// weights. Of one state, equal inputs give
    /// equal bits; the last bits of maps may differ between machines, as products in f64 are fused
    /// where a machine can.
    ///
    /// A map with a number outside the range of f32 is not stored. A net whose forward pass leaves that
    /// range may be answered where no sum of the look-up does.
    ///
    /// # Errors
    /// As [`Net::forward`]; then nothing has changed.
    pub fn read(&mut self, x: &[f32], out: &mut [f32]) -> Result<Found, NetError> {
        if out.len() != self.net.outputs() {
            return Err(NetError::Length { expected: self.net.outputs(), got: out.len() });
        }
        self.net.check_input(x)?;
        match self.look_up(x)? {
            None => {
                let sums = self.work.sums.as_flattened();
                out.copy_from_slice(&sums[..out.len()]);
                if self.net.output() == Output::Softmax {
                    softmax(out);
                }
                self.touch();
                self.hits += 1;
                Ok(Found::Stored)
            }
            Some(step) => {
                // What is left of the look-up's own pass, or all of it.
                let Self { net, work, .. } = self;
                if self.keys == Keys::Path {
                    work.activations.clear();
                }
                net.go_on(x, &mut work.activations, net.layers().len())?;
                out.copy_from_slice(work.activations.layer(net.layers().len() - 1));
                if net.output() == Output::Softmax {
                    softmax(out);
                }
                self.touch();
                self.misses += 1;
                if self.computed_before() {
                    self.compose_from(step);
                }
                Ok(Found::Computed)
            }
        }
    }

    /// Composes and stores the maps that a read at `x` needs, without an answer. `true` where all of them
    /// are stored now, so that the same input is a hit.
    ///
    /// # Errors
    /// As [`Net::forward`]; then nothing has changed.
    pub fn store(&mut self, x: &[f32]) -> Result<bool, NetError> {
        self.net.check_input(x)?;
        if let Some(step) = self.look_up(x)? {
            self.touch();
            self.compose_from(step);
        } else {
            self.touch();
        }
        Ok(self.look_up(x)?.is_none())
    }

    /// Walks along the maps at `x`. `None` where all were found: the outputs before a softmax are in
    /// `work.sums`. Otherwise the number of the first target that was not, whose key is in `work.words`.
    /// Changes nothing but working memory.
    fn look_up(&mut self, x: &[f32]) -> Result<Option<usize>, NetError> {
        let Self { net, keys, cache, targets, work, .. } = self;
        let Work { activations, active, sums, words, met, .. } = work;
        words.clear();
        met.clear();
        if *keys == Keys::Forward {
            activations.clear();
            let end = net.deciding().last().map_or(0, |layer| layer + 1);
            net.go_on(x, activations, end)?;
            net.push_words(activations, words);
        }
        select(x, active);
        for (step, &target) in targets.iter().enumerate() {
            let layer = &net.layers()[target];
            if target == 0 {
                add_columns(layer.columns(), layer.padded_bias(), active, sums);
            } else {
                let Some(slot) = cache.find(words) else { return Ok(Some(step)) };
                met.push(slot);
                let (bias, columns) = cache.map(slot, layer.groups());
                add_columns(columns, bias, active, sums);
            }
            let sums = &sums.as_flattened()[..layer.sums()];
            if !sums.iter().all(|sum| sum.is_finite()) {
                return Ok(Some(step));
            }
            if layer.activation().decides() {
                push_bits(sums, words);
            }
        }
        Ok(None)
    }

    /// Whether the pattern of the last forward pass is to be stored; remembers that it was met.
    fn computed_before(&mut self) -> bool {
        let Work { activations, whole, .. } = &mut self.work;
        whole.clear();
        self.net.push_words(activations, whole);
        let hash = cache::hash(whole);
        let place = hash as usize % self.computed.len().max(1);
        self.computed.get_mut(place).is_none_or(|before| std::mem::replace(before, hash) == hash)
    }

    /// Gives the slots that the last look-up came by their second chance.
    fn touch(&mut self) {
        self.work.met.iter().for_each(|&slot| self.cache.touch(slot));
    }

    /// Composes and stores the maps from target number `step` on, along the decisions of the maps
    /// themselves. `work` is as [`Compiled::look_up`] left it.
    fn compose_from(&mut self, step: usize) {
        let Self { net, keys, cache, targets, work, .. } = self;
        let mut composer = None;
        for &target in &targets[step..] {
            let layer = &net.layers()[target];
            let lanes = layer.groups() * (1 + net.inputs());
            let words = &mut work.words;
            if target == 0 || !cache.has_room(words.len(), lanes) {
                return;
            }
            if let Some(slot) = cache.find(words) {
                let (bias, columns) = cache.map(slot, layer.groups());
                add_columns(columns, bias, &work.active, &mut work.sums);
            } else {
                let map = match keys {
                    Keys::Path => {
                        padded(composer.get_or_insert_with(|| Composer::new(net)).to(target, words))
                    }
                    Keys::Forward => net.effective_of(words, target).ok().as_ref().and_then(padded),
                };
                let Some(map) = map else { return };
                let (bias, columns) = map.split_at(layer.groups());
                add_columns(columns, bias, &work.active, &mut work.sums);
                cache.insert(words, map);
            }
            let sums = &work.sums.as_flattened()[..layer.sums()];
            if !sums.iter().all(|sum| sum.is_finite()) {
                return;
            }
            if layer.activation().decides() {
                push_bits(sums, words);
            }
        }
    }
}

/// The layers whose sums are looked up.
fn targets(net: &Net, keys: Keys) -> Vec<usize> {
    let last = net.layers().len() - 1;
    match keys {
        Keys::Forward => vec![last],
        Keys::Path => net.deciding().chain([last]).collect(),
    }
}
