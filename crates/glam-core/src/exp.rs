//! The exponential function from sums and products alone, so that no platform's library decides a
//! bit of a memory.

/// ln 2 in two parts: the first has few enough digits that its product with a small integer is
/// exact.
const LN_2: (f64, f64) = (0.693_147_180_369_123_8, 1.908_214_929_270_587_7e-10);
/// Below this e^x is taken as 0; it is less than the square of the least normal f32.
const LEAST: f64 = -200.0;
/// 1 / k! for k = 12 down to 0: with |r| <= ln 2 / 2 the first term left out is below 2e-16.
const TERMS: [f64; 13] = [
    1.0 / 479_001_600.0,
    1.0 / 39_916_800.0,
    1.0 / 3_628_800.0,
    1.0 / 362_880.0,
    1.0 / 40_320.0,
    1.0 / 5_040.0,
    1.0 / 720.0,
    1.0 / 120.0,
    1.0 / 24.0,
    1.0 / 6.0,
    0.5,
    1.0,
    1.0,
];

/// e^x of an `x` that is not positive, right to a few units in the last place; 1 for one that is,
/// and for NaN.
#[inline]
pub(crate) const fn exp_of_negative(x: f64) -> f64 {
    if x <= LEAST {
        return 0.0;
    }
    if x >= 0.0 || x.is_nan() {
        return 1.0;
    }
    // e^x = 2^k e^r; the cast cuts off towards 0, so k is the integer nearest to x / ln 2.
    let k = (x * std::f64::consts::LOG2_E - 0.5) as i32;
    let r = (x - k as f64 * LN_2.0) - k as f64 * LN_2.1;
    let mut sum = TERMS[0];
    let mut term = 1;
    while term < TERMS.len() {
        sum = sum * r + TERMS[term];
        term += 1;
    }
    // 2^k with k above -300: a normal number.
    sum * f64::from_bits(((1023 + k) as u64) << 52)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_equals_the_library_to_a_few_units_in_the_last_place() {
        for i in 0..200_000 {
            let x = -f64::from(i) * 1e-3;
            let (own, library) = (exp_of_negative(x), x.exp());
            // Thirteen roundings and the argument's own, each of half a unit.
            assert!((own - library).abs() <= 8.0 * f64::EPSILON * library, "{x}: {own} {library}");
        }
    }

    #[test]
    fn it_is_defined_everywhere() {
        assert_eq!(exp_of_negative(0.0), 1.0);
        assert_eq!(exp_of_negative(3.0), 1.0);
        assert_eq!(exp_of_negative(f64::NAN), 1.0);
        assert_eq!(exp_of_negative(f64::NEG_INFINITY), 0.0);
        assert_eq!(exp_of_negative(-200.0), 0.0);
        assert!(exp_of_negative(-199.9) > 0.0);
    }
}
