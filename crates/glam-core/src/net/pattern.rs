//! The decisions of all units at an input: the key of a net's linear map.

use super::{Activations, Layer, Net, NetError};

/// The decisions of every deciding layer's units: bit u of a layer is 1 where unit u's sum is positive.
/// Two inputs of one pattern are mapped by one linear map.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct Pattern {
    /// Each deciding layer from a word of its own on, unit 0 in the lowest bit of the first.
    pub(super) words: Vec<u64>,
}

/// Words of the bits of `layer`.
pub(super) fn words_of(layer: &Layer) -> usize {
    if layer.activation().decides() { layer.sums().div_ceil(64) } else { 0 }
}

impl Pattern {
    /// The bits of all deciding layers, each from a word of its own on, unit 0 in the lowest bit.
    pub fn words(&self) -> &[u64] {
        &self.words
    }

    /// In how many units two patterns of one net differ: the Hamming distance.
    pub fn distance(&self, other: &Self) -> u32 {
        self.words.iter().zip(&other.words).map(|(one, other)| (one ^ other).count_ones()).sum()
    }

    /// How many units are on.
    pub fn ones(&self) -> u32 {
        self.words.iter().map(|word| word.count_ones()).sum()
    }
}

impl Net {
    /// Which layers decide: [`Pattern`]s have bits for these, in this order.
    pub fn deciding(&self) -> impl Iterator<Item = usize> + '_ {
        let layers = self.layers().iter().enumerate();
        layers.filter(|(_, layer)| layer.activation().decides()).map(|(number, _)| number)
    }

    /// Units that decide: bits of a pattern.
    pub fn deciding_units(&self) -> usize {
        self.deciding().map(|layer| self.layers()[layer].sums()).sum()
    }

    /// The pattern at `x`: one forward pass.
    ///
    /// # Errors
    /// As [`Net::forward`].
    pub fn pattern(&self, x: &[f32]) -> Result<Pattern, NetError> {
        let (mut activations, mut pattern) = (Activations::default(), Pattern::default());
        self.logits(x, &mut activations)?;
        self.pattern_of(&activations, &mut pattern);
        Ok(pattern)
    }

    /// The pattern behind the values that a forward pass of this net left, into `pattern`; no
    /// allocation after the first.
    pub fn pattern_of(&self, activations: &Activations, pattern: &mut Pattern) {
        pattern.words.clear();
        self.push_words(activations, &mut pattern.words);
    }

    /// Appends the words of [`Net::pattern_of`]; layers behind the last that decides need not have been
    /// computed.
    pub(super) fn push_words(&self, activations: &Activations, words: &mut Vec<u64>) {
        for layer in self.deciding() {
            // A value is positive just where the unit's sum is, of two-sided units the first half.
            let values = &activations.layer(layer)[..self.layers()[layer].sums()];
            push_bits(values, words);
        }
    }

    /// The words of layer number `layer`, counted from 0, in the patterns of this net.
    pub fn layer_words(&self, layer: usize) -> std::ops::Range<usize> {
        let layers = self.layers();
        let start: usize = layers.iter().take(layer).map(words_of).sum();
        start..start + layers.get(layer).map_or(0, words_of)
    }
}

/// Appends one bit a value, 1 where it is positive, filled up to whole words.
pub(super) fn push_bits(values: &[f32], words: &mut Vec<u64>) {
    words.extend(values.chunks(64).map(|chunk| {
        let bits = chunk.iter().enumerate().map(|(bit, &value)| u64::from(value > 0.0) << bit);
        bits.fold(0, |word, bit| word | bit)
    }));
}
