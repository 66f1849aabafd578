//! Where a value lies on an axis, which values are marked there, and how they are printed.

use crate::report::Axis;

/// Values beyond it are not drawn: the distance between two of them would not be finite.
const GREATEST: f64 = 1e300;
/// A logarithmic axis draws nothing below it.
const LEAST: f64 = 1e-300;
/// As many marked values as fit without touching.
const TICKS: usize = 7;
/// Ends that differ by less than this part of them count as one value.
const NARROW: f64 = 1e-9;

/// What the axis begins with, if nothing is said about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Start {
    /// A round number at or below the least value.
    Value,
    /// Below the least value, and at 0 on a linear axis, so that every bar has a length.
    Bar,
}

/// An axis with its ends and its marked values.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Scale {
    log: bool,
    low: f64,
    high: f64,
    /// The marked values, rising.
    pub(super) ticks: Vec<f64>,
    /// Their distance, of a linear axis.
    step: f64,
}

/// Whether an axis can show this value.
pub(super) fn shows(axis: &Axis, value: f64) -> bool {
    value.is_finite() && value.abs() <= GREATEST && (!axis.log || value >= LEAST)
}

impl Scale {
    /// The scale that shows these values; those that the axis cannot show are left out. `None` where
    /// nothing is left.
    pub(super) fn of(axis: &Axis, values: impl Iterator<Item = f64>, start: Start) -> Option<Self> {
        let shown = values.filter(|&value| shows(axis, value));
        let (low, high) = shown
            .map(|value| (value, value))
            .reduce(|(low, high), (value, _)| (low.min(value), high.max(value)))?;
        let given = axis.range.map(|(a, b)| (a.min(b), a.max(b))).filter(|&(low, high)| {
            shows(axis, low) && shows(axis, high) && high - low > NARROW * low.abs().max(high.abs())
        });
        Some(if axis.log {
            Self::logarithmic(low, high, given, start)
        } else {
            Self::linear(low, high, given, start)
        })
    }

    fn linear(low: f64, high: f64, given: Option<(f64, f64)>, start: Start) -> Self {
        let (low, high) = match start {
            Start::Value => (low, high),
            Start::Bar => (low.min(0.0), high.max(0.0)),
        };
        let (low, high) = given.unwrap_or_else(|| {
            let size = low.abs().max(high.abs());
            match high - low > NARROW * size {
                true => (low, high),
                false if size == 0.0 => (0.0, 1.0),
                false => (low - 0.1 * size, high + 0.1 * size),
            }
        });
        let step = round_step((high - low) / (TICKS - 2) as f64);
        let (low, high) = match given {
            Some(ends) => ends,
            None => ((low / step + NARROW).floor() * step, (high / step - NARROW).ceil() * step),
        };
        Self { log: false, low, high, ticks: multiples(low, high, step), step }
    }

    fn logarithmic(low: f64, high: f64, given: Option<(f64, f64)>, start: Start) -> Self {
        let (low, high) = given.unwrap_or_else(|| {
            let slack = if high - low > NARROW * high { NARROW } else { 0.01 };
            let low = match start {
                Start::Value => at_most(low * (1.0 + NARROW - slack), &[5, 2, 1]),
                Start::Bar => at_most(low * 0.99, &[1]),
            };
            (low, at_least(high * (1.0 - NARROW + slack)))
        });
        let ticks = round_numbers(low, high);
        if ticks.len() >= 2 {
            return Self { log: true, low, high, ticks, step: 0.0 };
        }
        // The given ends lie between two round numbers.
        let step = round_step((high - low) / (TICKS - 2) as f64);
        Self { log: true, low, high, ticks: multiples(low, high, step), step }
    }

    /// Where the value lies: 0 at the low end, 1 at the high end.
    pub(super) fn share(&self, value: f64) -> f64 {
        let of = |value: f64| if self.log { value.log10() } else { value };
        (of(value) - of(self.low)) / (of(self.high) - of(self.low))
    }

    /// The low end, or 0 where a linear axis has it within: where bars begin.
    pub(super) fn base(&self) -> f64 {
        if self.log { self.low } else { 0.0_f64.clamp(self.low, self.high) }
    }

    /// The marked values of a lying axis so many letters long: where each lies, and its label. Where
    /// labels would touch, every second has one, or every third.
    pub(super) fn marked(&self, letters: f64) -> Vec<(f64, Option<String>)> {
        let marks: Vec<(f64, String)> =
            self.ticks.iter().map(|tick| (self.share(*tick), self.label(*tick))).collect();
        let touch = |every: usize| {
            let end = |&(share, ref label): &(f64, String), side: f64| {
                share * letters + side * (label.chars().count() + 1) as f64 / 2.0
            };
            let next = marks.iter().step_by(every).skip(1);
            marks.iter().step_by(every).zip(next).any(|(a, b)| end(a, 1.0) > end(b, -1.0))
        };
        let every = (1..=marks.len()).find(|&every| !touch(every)).unwrap_or(1);
        let label = |(i, (share, label))| (share, (i % every == 0).then_some(label));
        marks.into_iter().enumerate().map(label).collect()
    }

    /// A marked value in print.
    pub(super) fn label(&self, value: f64) -> String {
        if self.step == 0.0 {
            return short(value);
        }
        let size = self.low.abs().max(self.high.abs());
        if !(1e-3..1e9).contains(&size) {
            let digits = ((size / self.step).log10().ceil()).clamp(0.0, 9.0) as usize;
            return without_zeros(&format!("{value:.digits$e}"));
        }
        let (unit, letter) = match size {
            size if size >= 1e6 && self.step >= 1e4 => (1e6, "M"),
            size if size >= 1e4 && self.step >= 1e2 => (1e3, "k"),
            _ => (1.0, ""),
        };
        let decimals = (-(self.step / unit).log10() - NARROW).ceil().clamp(0.0, 12.0) as usize;
        let text = format!("{:.decimals$}", value / unit);
        if text.trim_matches(['-', '0', '.']).is_empty() { "0".into() } else { text + letter }
    }
}

/// 1, 2 or 5 times a power of ten, at or above this distance.
fn round_step(distance: f64) -> f64 {
    at_least(distance.clamp(LEAST, GREATEST))
}

/// The multiples of `step` between two ends.
fn multiples(low: f64, high: f64, step: f64) -> Vec<f64> {
    let (first, last) = ((low / step - NARROW).ceil(), (high / step + NARROW).floor());
    // A step is a fifth of the distance or more, so that these are few, whatever the ends are.
    (0..2 * TICKS).map(|i| (first + i as f64) * step).take_while(|v| *v <= last * step).collect()
}

fn power(exponent: i32) -> f64 {
    // Nearer to the power of ten than a product of tens.
    format!("1e{exponent}").parse().unwrap_or(1.0)
}

/// The greatest of `digits` times a power of ten that is no greater than the value.
fn at_most(value: f64, digits: &[u8]) -> f64 {
    let exponent = value.log10().floor() as i32;
    (exponent - 1..=exponent + 1)
        .rev()
        .flat_map(|exponent| digits.iter().map(move |&d| f64::from(d) * power(exponent)))
        .find(|&round| round <= value)
        .unwrap_or(value)
}

/// The least of 1, 2, 5 times a power of ten that is no less than the value.
fn at_least(value: f64) -> f64 {
    let exponent = value.log10().floor() as i32;
    (exponent - 1..=exponent + 1)
        .flat_map(|exponent| [1.0, 2.0, 5.0].map(|digit| digit * power(exponent)))
        .find(|&round| round >= value)
        .unwrap_or(value)
}

/// 1, 2 and 5 times the powers of ten between two ends, or the powers alone, or some of them: the
/// most that fit.
fn round_numbers(low: f64, high: f64) -> Vec<f64> {
    let (first, last) = (low.log10().floor() as i32, high.log10().ceil() as i32);
    let within = |every: usize, digits: &[f64]| -> Vec<f64> {
        let exponents = (first..=last).filter(|e| e.rem_euclid(every as i32) == 0);
        exponents
            .flat_map(|e| digits.iter().map(move |digit| digit * power(e)))
            .filter(|v| (low * (1.0 - NARROW)..=high * (1.0 + NARROW)).contains(v))
            .collect()
    };
    let fine = within(1, &[1.0, 2.0, 5.0]);
    if fine.len() <= TICKS {
        return fine;
    }
    // From -300 to 300 there are 601 powers.
    let powers = (1..=601).map(|every| within(every, &[1.0]));
    powers.into_iter().find(|ticks| ticks.len() <= TICKS).unwrap_or_default()
}

/// A number in few characters: 0.01, 1, 100, 10k, 2M, 1e9, 1e-5.
fn short(value: f64) -> String {
    match value.abs() {
        0.0 => "0".into(),
        size if !(1e-4..1e9).contains(&size) => without_zeros(&format!("{value:.2e}")),
        size if size >= 1e6 => format!("{}M", value / 1e6),
        size if size >= 1e4 => format!("{}k", value / 1e3),
        _ => format!("{value}"),
    }
}

/// A measured number with three digits that count: 0.931, 12.3, 1234, 12.3k.
pub(super) fn figure(value: f64) -> String {
    match value.abs() {
        0.0 => "0".into(),
        size if !(1e-3..1e9).contains(&size) => without_zeros(&format!("{value:.2e}")),
        size if size >= 1e6 => format!("{:.2}M", value / 1e6),
        size if size >= 1e4 => format!("{:.1}k", value / 1e3),
        size if size >= 100.0 => format!("{value:.0}"),
        size if size >= 10.0 => format!("{value:.1}"),
        size if size >= 1.0 => format!("{value:.2}"),
        _ => format!("{value:.3}"),
    }
}

/// `1.50e3` as `1.5e3`, and `1.00e3` as `1e3`.
fn without_zeros(text: &str) -> String {
    match text.split_once('e') {
        Some((number, exponent)) if number.contains('.') => {
            format!("{}e{exponent}", number.trim_end_matches('0').trim_end_matches('.'))
        }
        _ => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scale(log: bool, range: Option<(f64, f64)>, values: &[f64], start: Start) -> Vec<String> {
        let axis = Axis { label: String::new(), log, range };
        let scale = Scale::of(&axis, values.iter().copied(), start).unwrap();
        for tick in &scale.ticks {
            let share = scale.share(*tick);
            assert!((-1e-6..=1.0 + 1e-6).contains(&share), "{tick} at {share} of {scale:?}");
        }
        for value in values.iter().filter(|value| shows(&axis, **value) && range.is_none()) {
            let share = scale.share(*value);
            assert!((-1e-6..=1.0 + 1e-6).contains(&share), "{value} at {share} of {scale:?}");
        }
        scale.ticks.iter().map(|tick| scale.label(*tick)).collect()
    }

    #[test]
    fn linear_axes_mark_round_numbers() {
        let linear = |values: &[f64]| scale(false, None, values, Start::Value);
        assert_eq!(linear(&[0.62, 0.987]), ["0.6", "0.7", "0.8", "0.9", "1.0"]);
        assert_eq!(linear(&[0.0, 60_000.0]), ["0", "20k", "40k", "60k"]);
        assert_eq!(linear(&[0.0, 3e6]), ["0", "1M", "2M", "3M"]);
        assert_eq!(linear(&[15_000.0, 15_004.0]), ["15000", "15001", "15002", "15003", "15004"]);
        assert_eq!(linear(&[-1.0, 1.0]), ["-1.0", "-0.5", "0", "0.5", "1.0"]);
        assert_eq!(linear(&[0.0]), ["0", "0.2", "0.4", "0.6", "0.8", "1.0"]);
        assert_eq!(linear(&[0.0, 4e-5]), ["0e0", "1e-5", "2e-5", "3e-5", "4e-5"]);
        assert_eq!(
            scale(false, None, &[40.0, 95.0], Start::Bar),
            ["0", "20", "40", "60", "80", "100"]
        );
        assert_eq!(scale(false, Some((1.0, 0.5)), &[0.7], Start::Bar).len(), 6);
    }

    #[test]
    fn logarithmic_axes_mark_powers_of_ten_or_1_2_5() {
        let log = |values: &[f64]| scale(true, None, values, Start::Value);
        assert_eq!(log(&[0.03, 0.4]), ["0.02", "0.05", "0.1", "0.2", "0.5"]);
        assert_eq!(log(&[0.01, 12_000.0]), ["0.01", "0.1", "1", "10", "100", "1000", "10k"]);
        assert_eq!(log(&[7.0]), ["5", "10"]);
        assert_eq!(log(&[10.0]), ["5", "10", "20"]);
        assert_eq!(log(&[1e-300, 1e300]).len(), 7);
        assert_eq!(scale(true, None, &[0.2, 40.0], Start::Bar), ["0.1", "1", "10"]);
        assert_eq!(scale(true, None, &[1.0], Start::Bar), ["0.1", "0.2", "0.5", "1", "2"]);
        assert_eq!(scale(true, Some((2.1, 4.9)), &[3.0], Start::Value), ["3", "4"]);
    }

    #[test]
    fn labels_that_would_touch_are_left_out() {
        let axis = Axis { label: String::new(), log: false, range: None };
        let scale = Scale::of(&axis, [0.0, 60_000.0].into_iter(), Start::Value).unwrap();
        let labels = |letters| -> Vec<String> {
            scale.marked(letters).into_iter().filter_map(|(_, label)| label).collect()
        };
        assert_eq!(labels(40.0), ["0", "20k", "40k", "60k"]);
        assert_eq!(labels(10.0), ["0", "40k"]);
    }

    #[test]
    fn values_that_cannot_be_shown_are_left_out() {
        let axis = Axis { label: String::new(), log: true, range: Some((0.0, f64::NAN)) };
        let hostile = [f64::NAN, f64::INFINITY, -1.0, 0.0, f64::MAX, 5e-324];
        assert_eq!(Scale::of(&axis, hostile.into_iter(), Start::Bar), None);
        let some = hostile.into_iter().chain([3.0]);
        assert!(Scale::of(&axis, some, Start::Bar).is_some());
        for log in [false, true] {
            for start in [Start::Value, Start::Bar] {
                for ends in [[1.0, 1.0 + 1e-15], [1e300, 1e300], [1e-300, 1e300], [0.999, 1.0]] {
                    assert!(scale(log, None, &ends, start).len() >= 2, "{log} {start:?} {ends:?}");
                }
                scale(log, None, &[-1e300, 1e300, 1e-300], start);
            }
        }
    }

    #[test]
    fn figures_have_three_digits_that_count() {
        let all = [0.0, 0.93149, 12.345, 1234.5, 12_345.0, 2.5e6, 1.5e-7, -0.25, 3e12].map(figure);
        let want = ["0", "0.931", "12.3", "1234", "12.3k", "2.50M", "1.5e-7", "-0.250", "3e12"];
        assert_eq!(all, want);
    }
}
