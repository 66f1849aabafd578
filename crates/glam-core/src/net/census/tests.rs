use std::collections::BTreeMap;

use super::*;
use crate::net::tests::{KINDS, cue, net};
use crate::net::{Activation, Output, Pattern};

/// The bits of one layer, or of all.
fn bits(net: &Net, pattern: &Pattern, layer: Option<usize>) -> Vec<bool> {
    let layers: Vec<usize> = layer.map_or_else(|| net.deciding().collect(), |layer| vec![layer]);
    let of = |layer: usize| {
        let words = pattern.words()[net.layer_words(layer)].to_vec();
        (0..net.layers()[layer].sums()).map(move |unit| words[unit / 64] >> (unit % 64) & 1 == 1)
    };
    layers.into_iter().flat_map(of).collect()
}

/// Everything again, the long way, where no pattern is left out and all cues are in the sample.
fn naive(patterns: &[Vec<bool>]) -> PatternCensus {
    let (cues, units) = (patterns.len() as f64, patterns[0].len());
    let mut met: BTreeMap<&[bool], u64> = BTreeMap::new();
    patterns.iter().for_each(|pattern| *met.entry(pattern).or_default() += 1);
    let distance = |one: &[bool], other: &[bool]| {
        one.iter().zip(other).filter(|(one, other)| one != other).count() as u64
    };
    let bins = |numbers: &[u64], first: u64| {
        let most = numbers.iter().copied().max().unwrap_or(0);
        let (mut bins, mut from, mut to) = (Vec::new(), first, first);
        while from <= most {
            let count = numbers.iter().filter(|&&number| from <= number && number <= to).count();
            bins.push(Bin { from, to, count: count as u64 });
            (from, to) = (to + 1, if to == 0 { 1 } else { to * 2 });
        }
        bins
    };
    let distances = |numbers: Vec<u64>| Distances {
        pairs: numbers.len() as u64,
        mean: numbers.iter().sum::<u64>() as f64 / numbers.len() as f64,
        histogram: bins(&numbers, 0),
    };
    let on = |unit: usize| patterns.iter().filter(|pattern| pattern[unit]).count();
    let pairs = (0..patterns.len()).flat_map(|one| (0..one).map(move |other| (one, other)));
    PatternCensus {
        units,
        distinct: met.len(),
        complete: true,
        recurrence: bins(&met.values().copied().collect::<Vec<_>>(), 1),
        most: *met.values().max().unwrap(),
        entropy_bits: met.values().map(|&n| n as f64 / cues * (cues / n as f64).log2()).sum(),
        entropy_limit_bits: cues.log2().min(units as f64),
        seen_before: 1.0 - met.len() as f64 / cues,
        on: (0..units).map(on).sum::<usize>() as f64 / units as f64 / cues,
        never_on: (0..units).filter(|&unit| on(unit) == 0).count(),
        always_on: (0..units).filter(|&unit| on(unit) == patterns.len()).count(),
        successive: distances(
            patterns.windows(2).map(|pair| distance(&pair[0], &pair[1])).collect(),
        ),
        any_two: distances(
            pairs.map(|(one, other)| distance(&patterns[one], &patterns[other])).collect(),
        ),
    }
}

/// Equal but for the last bits of sums in another order.
fn same(one: &PatternCensus, other: &PatternCensus) {
    let near = |one: f64, other: f64| assert!((one - other).abs() < 1e-12, "{one} {other}");
    near(one.entropy_bits, other.entropy_bits);
    near(one.seen_before, other.seen_before);
    near(one.on, other.on);
    let PatternCensus { entropy_bits, seen_before, on, .. } = *one;
    assert_eq!(one, &PatternCensus { entropy_bits, seen_before, on, ..other.clone() });
}

#[test]
fn it_counts_what_counting_the_long_way_gives() {
    for activation in KINDS.into_iter().filter(|kind| kind.decides()) {
        let net = net(&[2, 70, 3, 5, 1], activation, Output::Linear, 4);
        let mut rng = Rng::new(6, 6);
        // Cues on a grid, so that patterns recur, all of them within the sample.
        let cues: Vec<[f32; 2]> =
            (0..SAMPLE).map(|_| [rng.below(5) as f32, rng.below(5) as f32 - 2.0]).collect();
        let mut census = Census::new(&net);
        cues.iter().for_each(|x| census.add(x).unwrap());
        let report = census.report();
        assert_eq!((report.cues, report.layers.len()), (SAMPLE as u64, 3));
        let patterns: Vec<Pattern> = cues.iter().map(|x| net.pattern(x).unwrap()).collect();
        let all = |layer| -> Vec<_> { patterns.iter().map(|p| bits(&net, p, layer)).collect() };
        for layer in &report.layers {
            same(&layer.patterns, &naive(&all(Some(layer.layer - 1))));
        }
        same(&report.path, &naive(&all(None)));
        assert!(report.path.most > 5 && report.path.distinct > 5 && report.path.always_on > 0);
    }
}

#[test]
fn beyond_the_limit_it_says_at_least() {
    let net = net(&[3, 20, 20, 1], Activation::Relu, Output::Linear, 4);
    let mut rng = Rng::new(2, 6);
    let (mut whole, mut part) = (Census::new(&net), Census::with_limit(&net, 10));
    for _ in 0..500 {
        let x = cue(3, &mut rng);
        whole.add(&x).unwrap();
        part.add(&x).unwrap();
    }
    let (whole, part) = (whole.report().path, part.report().path);
    assert!(whole.complete && !part.complete);
    assert!(part.distinct == 11 && whole.distinct > 50);
    assert!(part.entropy_bits < whole.entropy_bits && part.seen_before <= whole.seen_before);
    assert!(part.recurrence.iter().map(|bin| bin.count).sum::<u64>() == 10);
    // What needs no pattern to be kept is the same.
    assert_eq!((part.on, part.never_on), (whole.on, whole.never_on));
    assert_eq!((&part.successive, &part.any_two), (&whole.successive, &whole.any_two));
    assert_eq!(part.any_two.pairs, (SAMPLE * (SAMPLE - 1) / 2) as u64);
}

#[test]
fn a_cue_that_is_refused_is_not_counted_and_none_is_a_census_too() {
    let net = net(&[3, 4, 1], Activation::Relu, Output::Linear, 4);
    let mut census = Census::new(&net);
    let nothing = census.report();
    assert_eq!(
        (nothing.path.distinct, nothing.path.entropy_bits, nothing.path.never_on),
        (0, 0.0, 4)
    );
    for x in [&[0.0; 2][..], &[f32::NAN, 0.0, 0.0]] {
        assert!(census.add(x).is_err());
    }
    assert_eq!(census.report(), nothing);
    census.add(&[1.0; 3]).unwrap();
    let one = census.report();
    census.add(&[f32::INFINITY; 3]).unwrap_err();
    assert_eq!(census.report(), one);
    census.add(&[1.0; 3]).unwrap();
    let two = census.report().path;
    assert_eq!((two.distinct, two.seen_before, two.successive.mean), (1, 0.5, 0.0));
    // Without a layer that decides there is one pattern, of no bits.
    let affine = crate::net::tests::net(&[3, 4, 1], Activation::Linear, Output::Linear, 4);
    let mut census = Census::new(&affine);
    census.add(&[1.0; 3]).unwrap();
    let report = census.report();
    assert_eq!((report.layers.len(), report.path.units, report.path.distinct), (0, 0, 1));
}
