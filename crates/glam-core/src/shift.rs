//! Whether the targets of late are those of the whole stream: a sorted stream shows a part of them at
//! a time.

use crate::config::Targets;
use crate::error::Result;
use crate::wire::{Reader, Writer};

/// Observations over which the late mean forgets.
const WINDOW: f64 = 256.0;
/// Observations after which the late mean is what it is whatever it was before, to exp(-16).
const SETTLED: usize = 4096;
/// No mean of a target in a normaliser's units is as large.
const LARGEST: f64 = 1e39;

/// The mean of the targets of late and that of all, one an output, in units of the normaliser.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Shift {
    count: f64,
    late: Vec<f64>,
    all: Vec<f64>,
    /// Sum over outputs of the mean square distance from the mean of all.
    spread: f64,
}

impl Shift {
    /// Makes room for `outputs` outputs: a class that is new was 0 until now.
    pub(crate) fn widen(&mut self, outputs: usize) {
        self.late.resize(outputs, 0.0);
        self.all.resize(outputs, 0.0);
    }

    /// Counts labels that came before all others, in order, of `known` classes: in O(rows), and the late
    /// mean from the last [`SETTLED`] of them, by which what it was before is forgotten.
    pub(crate) fn start(&mut self, known: usize, classes: &[u32]) {
        let (first, last) = classes.split_at(classes.len().saturating_sub(SETTLED));
        self.widen(known);
        for &class in first {
            if let Some(count) = self.all.get_mut(class as usize) {
                *count += 1.0;
            }
        }
        self.count = first.len() as f64;
        self.all.iter_mut().for_each(|share| *share /= self.count.max(1.0));
        self.late.copy_from_slice(&self.all);
        // The mean square distance of indicators from their mean: 1 less the squared length of that.
        let length: f64 = self.all.iter().map(|share| share * share).sum();
        self.spread = if first.is_empty() { 0.0 } else { 1.0 - length };
        for &class in last {
            self.note((0..known).map(|output| f32::from(u8::from(class as usize == output))));
        }
    }

    /// Counts an observation; a target that is NaN is not known and counts as the mean of all.
    pub(crate) fn note(&mut self, targets: impl Iterator<Item = f32>) {
        self.count += 1.0;
        let mut square = 0.0;
        for ((late, all), y) in self.late.iter_mut().zip(&mut self.all).zip(targets) {
            square += moved((late, all), y, self.count);
        }
        self.spread += (square - self.spread) * (1.0 / self.count);
    }

    /// What [`Shift::distance`] gives once `targets`, one an output, are noted.
    pub(crate) fn distance_after(&self, kind: Targets, targets: impl Iterator<Item = f32>) -> f64 {
        let (count, mut square, mut sums) = (self.count + 1.0, 0.0, Sums::default());
        for (output, y) in targets.enumerate() {
            let mean = |means: &[f64]| means.get(output).copied().unwrap_or(0.0);
            let (mut late, mut all) = (mean(&self.late), mean(&self.all));
            square += moved((&mut late, &mut all), y, count);
            sums.add(late, all);
        }
        sums.distance(kind, self.spread + (square - self.spread) * (1.0 / count))
    }

    /// How far the late mean is from that of all.
    ///
    /// Of numbers, their squared distance in units of the targets' variance: near 1 / 511 in random
    /// order, near 1 where the stream is sorted.
    ///
    /// Of labels, where means are shares of classes, it is in units of the squared length of all
    /// shares, less what chance makes of it: 0 in random order, and but for that K / n - 1 where n of K
    /// equally frequent classes are shown. So half the classes at a time are about 1, however many they are,
    /// up to some hundreds; thousands cannot be told from [`WINDOW`] rows. In units of the variance, most of
    /// which is within a handful of classes too, 7 of 77 would be .13. Those are the units where they are
    /// smaller: where one class is most of what there is. A class that is rare hardly counts.
    pub(crate) fn distance(&self, kind: Targets) -> f64 {
        let mut sums = Sums::default();
        self.late.iter().zip(&self.all).for_each(|(&late, &all)| sums.add(late, all));
        sums.distance(kind, self.spread)
    }

    pub(crate) fn encode(&self, writer: &mut Writer) {
        writer.f64s(&[self.count, self.spread]);
        writer.f64s(&self.late);
        writer.f64s(&self.all);
    }

    /// Means of no more than `outputs` outputs.
    pub(crate) fn decode(reader: &mut Reader<'_>, outputs: usize) -> Result<Self> {
        let (scalars, late, all) = (reader.f64s()?, reader.f64s()?, reader.f64s()?);
        match *scalars.as_slice() {
            [count, spread] if late.len() == all.len() && late.len() <= outputs => {
                let is_large = |mean: &f64| mean.abs() > LARGEST;
                if count < 0.0 || spread < 0.0 || late.iter().chain(&all).any(is_large) {
                    return Err(reader.damaged("the means of the targets are out of range"));
                }
                Ok(Self { count, late, all, spread })
            }
            _ => Err(reader.damaged("the means of the targets have a wrong size")),
        }
    }
}

/// Sums over outputs.
#[derive(Debug, Clone, Copy, Default)]
struct Sums {
    /// Of the squared distance of the late mean from that of all.
    distance: f64,
    /// Of the square of the mean of all.
    length: f64,
}

impl Sums {
    fn add(&mut self, late: f64, all: f64) {
        self.distance += (late - all).powi(2);
        self.length += all.powi(2);
    }

    fn distance(self, kind: Targets, spread: f64) -> f64 {
        let (distance, unit) = match kind {
            Targets::Numbers(_) => (self.distance, spread),
            Targets::Labels => (self.distance - self.chance(spread), self.length.min(spread)),
        };
        if unit > 0.0 { distance.max(0.0) / unit } else { 0.0 }
    }

    /// What the squared distance of labels in random order hardly exceeds: its mean and three standard
    /// deviations. A mean that forgets over [`WINDOW`] has a share of 1 / (2 [`WINDOW`] - 1) of the
    /// covariance C of what it is a mean of, its squared length so much of tr C, which is `spread`, and a
    /// standard deviation of so much of sqrt(2 tr C²). tr C² is at most (tr C)², and the squared length of all
    /// shares.
    fn chance(self, spread: f64) -> f64 {
        let squares = self.length.min(spread * spread);
        (spread + 3.0 * (2.0 * squares).sqrt()) / (2.0 * WINDOW - 1.0)
    }
}

/// Moves the means of one output by observation number `count`. Gives what that adds to the square
/// distance from the mean of all, by Welford's update.
fn moved((late, all): (&mut f64, &mut f64), y: f32, count: f64) -> f64 {
    let y = if y.is_nan() { *all } else { f64::from(y) };
    let before = y - *all;
    *all += before * (1.0 / count);
    *late += (y - *late) * (1.0 / count.min(WINDOW));
    before * (y - *all)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng::Rng;

    /// The shift of indicators of classes.
    fn shown(known: usize, classes: impl Iterator<Item = usize>) -> Shift {
        let mut shift = Shift::default();
        shift.widen(known);
        for class in classes {
            shift.note((0..known).map(|output| f32::from(u8::from(output == class))));
        }
        shift
    }

    #[test]
    fn numbers_in_random_order_do_not_move_and_sorted_ones_do() {
        let mut rng = Rng::new(4, 4);
        let distance = |classes: &mut dyn Iterator<Item = usize>| {
            shown(4, classes).distance(Targets::Numbers(4))
        };
        // A decaying mean over 256 has a variance of 1/511 of the targets'; eight times that is far.
        let random = distance(&mut (0..8000).map(|_| rng.below(4)));
        assert!(random > 0.0 && random < 8.0 / 511.0);
        // One class of four: its indicator is 1 - 1/4 from the mean, in all 3/4 squared of 3/4. Of the
        // class before, exp(-2000 / 256) = 4e-4 is left, which takes 2 / (3/4) times as much away.
        assert!((distance(&mut (0..8000).map(|row| row / 2000)) - 1.0).abs() < 1.5e-3);
    }

    #[test]
    fn labels_that_are_shown_in_part_move_as_far_however_many_there_are() {
        for (known, parts) in [(2, 2), (10, 5), (80, 2), (77, 11)] {
            // Classes in parts, 10,000 rows each, in turns: n of K at a time are K / n - 1 off. Chance adds
            // (K - K / n) / 511 and takes (K - 1 + 3 sqrt(2 K)) / 511 away. Means over 20 draws of the
            // order; the noise of what is added, sqrt(2 / (n - 1)) of it, is a fifth of that there.
            let each = known / parts;
            let (k, n) = (known as f64, each as f64);
            let added = (k - k / n) / 511.0;
            let expected = k / n - 1.0 + added - (k - 1.0 + 3.0 * (2.0 * k).sqrt()) / 511.0;
            let moved = (0..20).map(|seed| {
                let mut rng = Rng::new(5, seed);
                let classes = (0..10_000 * parts).map(|row| row / 10_000 * each + rng.below(each));
                shown(known, classes).distance(Targets::Labels)
            });
            let moved = moved.sum::<f64>() / 20.0;
            // Of the shares of all, which are even to 1 % and so to 4 % of K / n.
            let off = 0.02 + 0.04 * k / n + added;
            assert!((moved - expected).abs() < off, "{each} of {known}: {moved}, not {expected}");
        }
    }

    #[test]
    fn a_class_that_is_most_of_all_moves_in_units_of_the_variance() {
        // 2,000 rows of one class and then P in all of another, as far as two sorted numbers are:
        // (1 - P) / P, less chance; squared over squared length it would be .04 at .875.
        for (late, expected) in [(2000, 1.0), (6000, 1.0 / 3.0), (14_000, 1.0 / 7.0)] {
            let classes = (0..2000 + late).map(|row| usize::from(row >= 2000));
            let moved = shown(2, classes).distance(Targets::Labels);
            assert!((moved - expected).abs() < 0.03, "{late}: {moved}, not {expected}");
        }
    }

    #[test]
    fn labels_in_random_order_do_not_move_however_many_or_rare_they_are() {
        for (known, even) in [(2, true), (10, true), (77, true), (1000, true), (1000, false)] {
            let mut rng = Rng::new(6, known as u64);
            let mut shift = Shift::default();
            shift.widen(known);
            let (mut moved, mut beyond) = (0.0_f64, 0);
            for row in 0..4000 {
                // Even, or half of them of one class: then most are rare.
                let class = if even || rng.below(2) == 1 { rng.below(known) } else { 0 };
                shift.note((0..known).map(|output| f32::from(u8::from(output == class))));
                let now = shift.distance(Targets::Labels);
                moved = moved.max(now);
                beyond += usize::from(now > 0.0);
                assert!(row > 256 || now == 0.0, "{known} classes, row {row}: {now}");
            }
            // Three standard deviations: hardly ever more, and never as far as .1. Without that the 1,000
            // would be 2 off all the time.
            assert!(moved < 0.1 && beyond < 200, "{known} classes: {moved}, {beyond} times");
        }
    }

    #[test]
    fn what_came_before_counts_as_if_it_was_noted() {
        let mut rng = Rng::new(8, 8);
        for count in [0, 1, 3000, SETTLED, SETTLED + 1, 3 * SETTLED] {
            let classes: Vec<u32> =
                (0..count).map(|row| (rng.below(3) + row / 5000) as u32).collect();
            let noted = shown(6, classes.iter().map(|&class| class as usize));
            let mut started = Shift::default();
            started.start(6, &classes);
            assert_eq!(started.count, noted.count);
            // exp(-16) of the late mean is of what came before, and sums of f64 round apart.
            let near = |a: f64, b: f64| (a - b).abs() < 2.0 * (-16.0_f64).exp();
            assert!(started.late.iter().zip(&noted.late).all(|(&a, &b)| near(a, b)), "{count}");
            assert!(started.all.iter().zip(&noted.all).all(|(&a, &b)| near(a, b)), "{count}");
            assert!(near(started.spread, noted.spread), "{count}");
        }
    }

    #[test]
    fn means_that_no_target_has_are_refused() {
        let saved = |count: f64, spread: f64, mean: f64| {
            let shift = Shift { count, late: vec![mean], all: vec![0.0], spread };
            let mut writer = Writer::default();
            shift.encode(&mut writer);
            Shift::decode(&mut Reader::new(&writer.finish()), 1).is_ok()
        };
        assert!(saved(3.0, 1.0, -2.0));
        for (count, spread, mean) in [(-1.0, 1.0, 0.0), (1.0, -1.0, 0.0), (1.0, 1.0, -1e300)] {
            assert!(!saved(count, spread, mean), "{count} {spread} {mean}");
        }
    }

    #[test]
    fn what_would_be_noted_is_as_far_as_what_is() {
        for kind in [Targets::Numbers(3), Targets::Labels] {
            let mut shift = shown(2, (0..600).map(|row| row / 300));
            let next = [0.0, 0.0, 1.0];
            let ahead = shift.distance_after(kind, next.into_iter());
            shift.widen(3);
            shift.note(next.into_iter());
            assert_eq!(ahead.to_bits(), shift.distance(kind).to_bits());
        }
    }

    #[test]
    fn constants_and_unknown_targets_do_not_move() {
        let mut shift = Shift::default();
        shift.widen(2);
        (0..100).for_each(|_| shift.note([3.0, f32::NAN].into_iter()));
        assert_eq!(shift.distance(Targets::Numbers(2)), 0.0);
        let mut one = shown(1, (0..1000).map(|_| 0));
        one.widen(2);
        assert_eq!(one.distance(Targets::Labels), 0.0);
        assert_eq!(Shift::default().distance(Targets::Labels), 0.0);
    }
}
