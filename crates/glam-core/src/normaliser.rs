//! Inputs and targets in units of their own spread, fitted on the first observations, then frozen.

use crate::error::Result;
use crate::wire::{Reader, Writer};

/// An input further than this many spreads from its mean counts as this far: a value far outside
/// what was seen while warming up must neither overflow nor let a linear map run away.
pub const INPUT_LIMIT: f32 = 16.0;
/// The same for targets; wide, because least squares is linear in the target.
pub const TARGET_LIMIT: f32 = 1e6;
/// A spread is at least this share of the range of the values it was fitted on.
const RANGE_SHARE: f64 = 0.1;

/// Offset and scale of every input and target.
///
/// An input's scale is sqrt(s² + (r/10)²) with s its standard deviation and r its range over the
/// rows it was fitted on. The second term is a floor with no unit of its own: an input that was
/// nearly constant (a pixel at the border) and then moves is measured against the range it has
/// shown, not against a spread of almost nothing. An input that was constant has shown no unit at
/// all: it is measured in its own size or in the root mean square scale of the other inputs,
/// whichever is larger.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Normaliser {
    input_mean: Vec<f32>,
    input_scale: Vec<f32>,
    /// Standard deviation over scale: 0 for a constant input, near 1 for a well spread one.
    input_spread: Vec<f32>,
    target_mean: Vec<f32>,
    target_scale: Vec<f32>,
    /// How large a normalised target can be.
    target_limit: f32,
}

/// Mean, standard deviation, minimum and maximum of what is known of one column, in f64; zeros
/// where nothing is.
fn moments(column: impl Iterator<Item = f32> + Clone) -> (f64, f64, f64, f64) {
    let column = column.filter(|value| !value.is_nan());
    let (mut n, mut sum, mut low, mut high) = (0.0, 0.0, f64::INFINITY, f64::NEG_INFINITY);
    for value in column.clone().map(f64::from) {
        n += 1.0;
        sum += value;
        low = low.min(value);
        high = high.max(value);
    }
    if n == 0.0 {
        return (0.0, 0.0, 0.0, 0.0);
    }
    let mean = sum / n;
    let squares: f64 = column
        .map(|value| {
            let distance = f64::from(value) - mean;
            distance * distance
        })
        .sum();
    (mean, (squares / n).sqrt(), low, high)
}

/// A scale as f32, never 0, never so small or large that a quotient overflows.
fn safe_scale(scale: f64, fallback: f64) -> f32 {
    let scale = if scale > 0.0 { scale } else { fallback };
    scale.clamp(1e-30, 1e30) as f32
}

/// The power of two below a positive, normal number.
fn power_of_two(number: f32) -> f32 {
    f32::from_bits(number.to_bits() & 0x7F80_0000)
}

impl Normaliser {
    /// Fits on `rows` (flat, `inputs` floats each) and `targets` (flat, `outputs` floats each;
    /// empty for labels, whose 0/1 outputs are left as they are). NaN is left out; a column with
    /// nothing else is a constant 0.
    pub(crate) fn fit(rows: &[f32], inputs: usize, targets: &[f32], outputs: usize) -> Self {
        let mut fitted = Self {
            input_mean: Vec::with_capacity(inputs),
            input_scale: Vec::with_capacity(inputs),
            input_spread: Vec::with_capacity(inputs),
            target_mean: Vec::with_capacity(outputs),
            target_scale: Vec::with_capacity(outputs),
            target_limit: TARGET_LIMIT,
        };
        let columns: Vec<(f64, f64, f64)> = (0..inputs)
            .map(|input| {
                let column = rows.iter().skip(input).step_by(inputs).copied();
                let (mean, deviation, low, high) = moments(column);
                let floor = RANGE_SHARE * (high - low);
                (mean, deviation, (deviation * deviation + floor * floor).sqrt())
            })
            .collect();
        let moving = columns.iter().filter(|column| column.2 > 0.0);
        let (count, squares) = moving
            .fold((0.0, 0.0), |(count, sum), column| (count + 1.0, sum + column.2 * column.2));
        let common = if count > 0.0 { f64::sqrt(squares / count) } else { 0.0 };
        for (mean, deviation, scale) in columns {
            let constant = mean.abs().max(common);
            fitted.input_mean.push(mean as f32);
            fitted.input_scale.push(safe_scale(scale, if constant > 0.0 { constant } else { 1.0 }));
            fitted.input_spread.push(if scale > 0.0 { (deviation / scale) as f32 } else { 0.0 });
        }
        if !targets.is_empty() {
            for output in 0..outputs {
                let (mean, deviation, ..) =
                    moments(targets.iter().skip(output).step_by(outputs).copied());
                let constant_scale = if mean == 0.0 { 1.0 } else { mean.abs() };
                fitted.target_mean.push(mean as f32);
                fitted.target_scale.push(safe_scale(deviation, constant_scale));
            }
        }
        fitted
    }

    /// The same for a memory that starts as a function, whose values at the rows are `starts`: targets
    /// keep their origin, so that nothing is added where no map is active, and their unit is about the
    /// root mean square of what there is to correct: a power of two, so that the function's values
    /// come through normalising and back bit for bit, and a thousandth of the targets' own size at least.
    pub(crate) fn for_starts(mut self, targets: &[f32], starts: &[f32], outputs: usize) -> Self {
        for output in 0..outputs {
            let columns = targets.iter().zip(starts).skip(output).step_by(outputs);
            let (mut n, mut corrected, mut size) = (0.0, 0.0, 0.0);
            for (&target, &start) in columns.filter(|(target, _)| !target.is_nan()) {
                let (target, start) = (f64::from(target), f64::from(start));
                n += 1.0;
                corrected += (target - start) * (target - start);
                size += target * target + start * start;
            }
            let unit = f64::max(corrected, size * 1e-6) / f64::max(n, 1.0);
            self.target_mean[output] = 0.0;
            self.target_scale[output] = power_of_two(safe_scale(unit.sqrt(), 1.0));
        }
        self.unlimited()
    }

    /// Writes `x` in units of spread into `z`; both `inputs` long. A missing value is the mean's.
    #[inline(always)]
    pub(crate) fn inputs(&self, x: &[f32], z: &mut [f32]) {
        let parts = self.input_mean.iter().zip(&self.input_scale);
        for ((z, x), (mean, scale)) in z.iter_mut().zip(x).zip(parts) {
            let value = ((x - mean) / scale).clamp(-INPUT_LIMIT, INPUT_LIMIT);
            // Only from a NaN in x: means are finite, scales finite and positive.
            *z = if value.is_nan() { 0.0 } else { value };
        }
    }

    /// Target number `output` in units of spread; NaN stays NaN.
    #[inline(always)]
    pub(crate) fn target(&self, output: usize, y: f32) -> f32 {
        ((y - self.target_mean(output)) / self.target_scale(output))
            .clamp(-self.target_limit, self.target_limit)
    }

    /// The same without a limit but that of `f32`: what a memory starts as must come through whole,
    /// wherever it is; errors are limited instead.
    pub(crate) fn unlimited(self) -> Self {
        Self { target_limit: f32::MAX, ..self }
    }

    pub(crate) fn input_mean(&self) -> &[f32] {
        &self.input_mean
    }

    pub(crate) fn input_scale(&self) -> &[f32] {
        &self.input_scale
    }

    pub(crate) fn input_spread(&self) -> &[f32] {
        &self.input_spread
    }

    /// Mean of a target; 0 for a class.
    #[inline(always)]
    pub(crate) fn target_mean(&self, output: usize) -> f32 {
        self.target_mean.get(output).copied().unwrap_or(0.0)
    }

    /// Spread of a target; 1 for a class.
    #[inline(always)]
    pub(crate) fn target_scale(&self, output: usize) -> f32 {
        self.target_scale.get(output).copied().unwrap_or(1.0)
    }

    pub(crate) fn encode(&self, writer: &mut Writer) {
        for values in [
            &self.input_mean,
            &self.input_scale,
            &self.input_spread,
            &self.target_mean,
            &self.target_scale,
        ] {
            writer.f32s(values);
        }
    }

    /// `targets` is the number of numeric targets, 0 for labels.
    pub(crate) fn decode(reader: &mut Reader<'_>, inputs: usize, targets: usize) -> Result<Self> {
        let decoded = Self {
            input_mean: reader.f32s()?,
            input_scale: reader.f32s()?,
            input_spread: reader.f32s()?,
            target_mean: reader.f32s()?,
            target_scale: reader.f32s()?,
            target_limit: TARGET_LIMIT,
        };
        let lengths = [&decoded.input_mean, &decoded.input_scale, &decoded.input_spread];
        let fits = lengths.iter().all(|values| values.len() == inputs)
            && decoded.target_mean.len() == targets
            && decoded.target_scale.len() == targets
            && decoded.input_scale.iter().chain(&decoded.target_scale).all(|&scale| scale > 0.0);
        if fits { Ok(decoded) } else { Err(reader.damaged("the normaliser has a wrong size")) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_well_spread_column_has_mean_nought_and_a_border_pixel_does_not_blow_up() {
        // Column 0 alternates, column 1 is 0 but for one 200 in a thousand rows.
        let rows: Vec<f32> = (0..1000)
            .flat_map(|i| [if i % 2 == 0 { 3.0 } else { 5.0 }, if i == 7 { 200.0 } else { 0.0 }])
            .collect();
        let fitted = Normaliser::fit(&rows, 2, &[], 0);
        let mut z = [0.0; 2];
        fitted.inputs(&[4.0, 255.0], &mut z);
        assert_eq!(z[0], 0.0);
        assert!(z[1] > 1.0 && z[1] < 13.0, "{z:?}");
        // The floor adds (2/10)² to a variance of 1.
        assert!((f64::from(fitted.input_scale[0]) - 1.04_f64.sqrt()).abs() < 1e-6);
    }

    #[test]
    fn missing_values_are_left_out_of_the_fit_and_a_column_of_them_is_a_constant_nought() {
        let nan = f32::NAN;
        // Column 0 is known in two rows of four, column 1 in all, column 2 in none.
        let rows = [1.0, 2.0, nan, nan, 4.0, nan, 5.0, 6.0, nan, nan, 8.0, nan];
        let fitted = Normaliser::fit(&rows, 3, &[nan, 3.0, nan, 7.0, nan, nan, nan, 5.0], 2);
        let known = Normaliser::fit(&[1.0, 5.0], 1, &[3.0, 7.0, 5.0], 1);
        assert_eq!(fitted.input_mean[0], known.input_mean[0]);
        assert_eq!(fitted.input_scale[0], known.input_scale[0]);
        assert_eq!(fitted.input_spread[0], known.input_spread[0]);
        assert_eq!(fitted.target_mean, [0.0, known.target_mean[0]]);
        assert_eq!(fitted.target_scale, [1.0, known.target_scale[0]]);
        let nought = Normaliser::fit(
            &[1.0, 2.0, 0.0, 1.0, 4.0, 0.0, 5.0, 6.0, 0.0, 5.0, 8.0, 0.0],
            3,
            &[],
            0,
        );
        assert_eq!((fitted.input_mean[2], fitted.input_spread[2]), (0.0, 0.0));
        assert_eq!(fitted.input_scale[2], nought.input_scale[2]);
        let mut z = [1.0; 3];
        fitted.inputs(&[nan; 3], &mut z);
        assert_eq!(z, [0.0; 3]);
    }

    #[test]
    fn constant_inputs_and_extreme_values_stay_finite() {
        let fitted = Normaliser::fit(&[0.0, 7.0, f32::MAX, 0.0, 7.0, f32::MIN], 3, &[5.0, 5.0], 1);
        let mut z = [0.0; 3];
        for extreme in [0.0, f32::MAX, f32::MIN, f32::MIN_POSITIVE] {
            fitted.inputs(&[extreme; 3], &mut z);
            assert!(z.iter().all(|z| z.is_finite() && z.abs() <= INPUT_LIMIT), "{z:?}");
            assert!(fitted.target(0, extreme).is_finite());
        }
        assert_eq!(fitted.input_spread()[..2], [0.0, 0.0]);
        // A pixel that was always black is measured as its neighbours are.
        let fitted = Normaliser::fit(&[0.0, 100.0, 0.0, 200.0], 2, &[], 0);
        assert_eq!(fitted.input_scale[0], fitted.input_scale[1]);
    }
}
