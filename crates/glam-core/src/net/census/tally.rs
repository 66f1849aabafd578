//! The counts of one layer's patterns, or of all layers'.

use std::hash::BuildHasher;
use std::ops::Range;

use hashbrown::HashTable;
use serde::Serialize;

use super::{Distances, PatternCensus};
use crate::slots::FixedState;

/// How many of something have a number from `from` to `to`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Bin {
    /// The least number.
    pub from: u64,
    /// The largest.
    pub to: u64,
    /// How many have it.
    pub count: u64,
}

/// Counts of numbers in bins 0, 1, 2, 3 to 4, 5 to 8 and so on.
#[derive(Debug, Clone, Default)]
struct Histogram {
    counts: Vec<u64>,
    sum: u64,
}

impl Histogram {
    fn add(&mut self, number: u64) {
        // 0 and 1 by themselves, then each doubling.
        let bin = number.min(1) as usize + bits(number.saturating_sub(1));
        if self.counts.len() <= bin {
            self.counts.resize(bin + 1, 0);
        }
        self.counts[bin] += 1;
        self.sum += number;
    }

    /// The bins up to the last that holds something; without that of 0 unless `zero`.
    fn bins(&self, zero: bool) -> Vec<Bin> {
        let bins = self.counts.iter().enumerate().skip(usize::from(!zero));
        bins.map(|(bin, &count)| match bin {
            0 | 1 => Bin { from: bin as u64, to: bin as u64, count },
            _ => Bin { from: (1 << (bin - 2)) + 1, to: 1 << (bin - 1), count },
        })
        .collect()
    }

    fn distances(&self) -> Distances {
        let pairs: u64 = self.counts.iter().sum();
        let mean = if pairs == 0 { 0.0 } else { self.sum as f64 / pairs as f64 };
        Distances { pairs, mean, histogram: self.bins(true) }
    }
}

/// Binary digits of `number`; none of 0.
fn bits(number: u64) -> usize {
    (u64::BITS - number.leading_zeros()) as usize
}

/// The counts of the patterns that lie in some of a cue's words.
#[derive(Debug, Clone)]
pub(super) struct Tally {
    units: usize,
    range: Range<usize>,
    /// The kept patterns, one after another, and how often each was met.
    words: Vec<u64>,
    met: Vec<u64>,
    table: HashTable<u32>,
    /// Cues whose pattern is not kept.
    left_out: u64,
    /// One a word and bit: cues at which that unit is on.
    on: Vec<u64>,
    successive: Histogram,
}

impl Tally {
    /// Counts of `units` units, whose bits lie in the words `range` of a pattern.
    pub(super) fn new(units: usize, range: Range<usize>) -> Self {
        Self {
            units,
            on: vec![0; range.len() * 64],
            range,
            words: Vec::new(),
            met: Vec::new(),
            table: HashTable::new(),
            left_out: 0,
            successive: Histogram::default(),
        }
    }

    pub(super) fn add(&mut self, words: &[u64], before: Option<&[u64]>, limit: usize) {
        let Self { range, words: kept, met, table, .. } = self;
        let words = &words[range.clone()];
        let place =
            |number: u32| number as usize * range.len()..(number as usize + 1) * range.len();
        let hash = FixedState.hash_one(words);
        if let Some(&number) = table.find(hash, |&number| kept[place(number)] == *words) {
            met[number as usize] += 1;
        } else if met.len() < limit {
            let number = met.len() as u32;
            kept.extend_from_slice(words);
            met.push(1);
            table.insert_unique(hash, number, |&number| FixedState.hash_one(&kept[place(number)]));
        } else {
            self.left_out += 1;
        }
        for (&word, on) in words.iter().zip(self.on.as_chunks_mut::<64>().0) {
            let mut rest = word;
            while rest != 0 {
                on[rest.trailing_zeros() as usize] += 1;
                rest &= rest - 1;
            }
        }
        if let Some(before) = before {
            self.successive.add(distance(words, &before[self.range.clone()]));
        }
    }

    pub(super) fn report(&self, cues: u64, sample: &[Vec<u64>]) -> PatternCensus {
        let mut recurrence = Histogram::default();
        self.met.iter().for_each(|&times| recurrence.add(times));
        let share = |times: u64| if cues == 0 { 0.0 } else { times as f64 / cues as f64 };
        let terms = self.met.iter().chain([&self.left_out]).filter(|&&times| times > 0);
        let entropy: f64 = terms.map(|&times| -share(times) * share(times).log2()).sum();
        let on: u64 = self.on.iter().sum();
        // Bits beyond the units of a layer are never on, so count those that were.
        let ever_on = self.on.iter().filter(|&&times| times > 0).count();
        let always_on = self.on.iter().filter(|&&times| times == cues && cues > 0).count();
        let mut any_two = Histogram::default();
        for (number, one) in sample.iter().enumerate() {
            for other in &sample[..number] {
                let range = self.range.clone();
                any_two.add(distance(&one[range.clone()], &other[range]));
            }
        }
        PatternCensus {
            units: self.units,
            distinct: self.met.len() + usize::from(self.left_out > 0),
            complete: self.left_out == 0,
            recurrence: recurrence.bins(false),
            most: self.met.iter().copied().max().unwrap_or(0),
            entropy_bits: entropy,
            entropy_limit_bits: (cues.max(1) as f64).log2().min(self.units as f64),
            seen_before: share(cues - self.met.len() as u64 - self.left_out),
            on: if self.units == 0 { 0.0 } else { share(on) / self.units as f64 },
            never_on: self.units - ever_on,
            always_on,
            successive: self.successive.distances(),
            any_two: any_two.distances(),
        }
    }
}

/// Bits in which two patterns differ.
fn distance(one: &[u64], other: &[u64]) -> u64 {
    one.iter().zip(other).map(|(one, other)| u64::from((one ^ other).count_ones())).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_number_lies_in_its_bin() {
        for number in 0..200 {
            let mut histogram = Histogram::default();
            histogram.add(number);
            let bins = histogram.bins(true);
            for pair in bins.windows(2) {
                assert_eq!(pair[0].to + 1, pair[1].from);
            }
            let Some(&Bin { from, to, count }) = bins.last() else { panic!("no bin") };
            assert!(from <= number && number <= to && count == 1, "{number} {from} {to}");
        }
    }
}
