//! Whether the targets of late are those of the whole stream: a sorted stream shows a part of them at
//! a time.

use crate::config::Targets;
use crate::error::Result;
use crate::wire::{Reader, Writer};

/// Observations over which the late mean forgets.
const WINDOW: f64 = 256.0;

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
    /// shares, less what chance makes of it: 0 in random order, and K / n - 1 where n of K equally
    /// frequent classes are shown. So half the classes at a time are 1, however many there are; in units of
    /// the variance, most of which is within a handful of classes too, 7 of 77 would be .13. A class
    /// that is rare hardly counts.
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
            Targets::Labels => (self.distance - self.chance(spread), self.length),
        };
        if unit > 0.0 { distance.max(0.0) / unit } else { 0.0 }
    }

    /// What the squared distance of labels in random order hardly exceeds: its mean and three standard
    /// deviations. A mean that forgets over [`WINDOW`] has a share of 1 / (2 [`WINDOW`] - 1) of the
    /// covariance C of what it is a mean of, its squared length so much of tr C, which is `spread`, and a
    /// standard deviation of so much of sqrt(2 tr C²), where tr C² is at most the length of all shares.
    fn chance(self, spread: f64) -> f64 {
        (spread + 3.0 * (2.0 * self.length).sqrt()) / (2.0 * WINDOW - 1.0)
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
        let mut rng = Rng::new(5, 5);
        for (known, parts, off) in [(2, 2, 0.03), (10, 5, 0.1), (80, 2, 0.15), (77, 11, 0.7)] {
            // Classes in parts, 2,000 rows each; n of K at a time are K / n - 1 off. Chance adds
            // (K - n) / 511 and takes (K - 1 + 3 sqrt(2 K)) / 511 away, and the noise of the shares of
            // the n is as large as a tenth of what is added.
            let each = known / parts;
            let classes = (0..2000 * parts).map(|row| row / 2000 * each + rng.below(each));
            let moved = shown(known, classes).distance(Targets::Labels);
            let expected = known as f64 / each as f64 - 1.0;
            assert!((moved - expected).abs() < off, "{each} of {known}: {moved}, not {expected}");
        }
    }

    #[test]
    fn labels_in_random_order_do_not_move_however_many_or_rare_they_are() {
        for (known, seed) in [(2, 1), (10, 2), (77, 3), (1000, 4)] {
            let mut rng = Rng::new(6, seed);
            let mut shift = Shift::default();
            shift.widen(known);
            let (mut moved, mut beyond) = (0.0_f64, 0);
            for row in 0..4000 {
                // Half of them of one class, the others of any: most classes are rare.
                let class = if rng.below(2) == 0 { 0 } else { rng.below(known) };
                shift.note((0..known).map(|output| f32::from(u8::from(output == class))));
                let now = shift.distance(Targets::Labels);
                moved = moved.max(now);
                beyond += usize::from(now > 0.0);
                assert!(row > 256 || now == 0.0, "{known} classes, row {row}: {now}");
            }
            // Three standard deviations: hardly ever more, and never as far as .1.
            assert!(moved < 0.1 && beyond < 400, "{known} classes: {moved}, {beyond} times");
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
