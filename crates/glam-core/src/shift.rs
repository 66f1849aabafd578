//! Whether the targets of late are those of the whole stream: a sorted stream shows a part of them at
//! a time.

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
    pub(crate) fn distance_after(&self, targets: impl Iterator<Item = f32>) -> f64 {
        let (count, mut square, mut distance) = (self.count + 1.0, 0.0, 0.0);
        for (output, y) in targets.enumerate() {
            let mean = |means: &[f64]| means.get(output).copied().unwrap_or(0.0);
            let (mut late, mut all) = (mean(&self.late), mean(&self.all));
            square += moved((&mut late, &mut all), y, count);
            distance += (late - all).powi(2);
        }
        let spread = self.spread + (square - self.spread) * (1.0 / count);
        if spread > 0.0 { distance / spread } else { 0.0 }
    }

    /// The squared distance of the late mean from that of all, in units of the targets' variance: near
    /// 1 / 512 in random order, near 1 where only one class is shown.
    pub(crate) fn distance(&self) -> f64 {
        let squares = self.late.iter().zip(&self.all).map(|(late, all)| (late - all).powi(2));
        if self.spread > 0.0 { squares.sum::<f64>() / self.spread } else { 0.0 }
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

    fn shown(classes: impl Iterator<Item = usize>) -> f64 {
        let mut shift = Shift::default();
        shift.widen(4);
        for class in classes {
            shift.note((0..4).map(|output| f32::from(u8::from(output == class))));
        }
        shift.distance()
    }

    #[test]
    fn a_shuffled_stream_does_not_move_and_a_sorted_one_does() {
        let mut rng = Rng::new(4, 4);
        // A decaying mean over 256 has a variance of 1/511 of the targets'; eight times that is far.
        assert!(shown((0..8000).map(|_| rng.below(4))) < 8.0 / 511.0);
        // One class of four: its indicator is 1 - 1/4 from the mean, in all 3/4 squared of 3/4. Of the
        // class before, exp(-2000 / 256) = 4e-4 is left, which takes 2 / (3/4) times as much away.
        assert!((shown((0..8000).map(|row| row / 2000)) - 1.0).abs() < 1.5e-3);
    }

    #[test]
    fn constants_and_unknown_targets_do_not_move() {
        let mut shift = Shift::default();
        shift.widen(2);
        (0..100).for_each(|_| shift.note([3.0, f32::NAN].into_iter()));
        assert_eq!(shift.distance(), 0.0);
    }
}
