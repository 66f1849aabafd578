//! How a column of text becomes inputs: one input a value, and a few that later values share.

use std::collections::HashMap;

use crate::cell;
use crate::date;
use crate::error::Fault;
use crate::message::quoted;

/// Values of a column that have an input each: the first to appear in the first file.
pub(crate) const MAX_VALUES: usize = 64;
/// Inputs that all other values share, by their hash.
pub(crate) const HASHED: usize = 8;
/// Distinct values that the first file may hold in a column.
pub(crate) const MAX_DISTINCT: usize = 1_024;
/// The longest value, in bytes.
pub(crate) const MAX_VALUE_BYTES: usize = 256;

/// How the cells of an input column become inputs of a memory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Encoding {
    /// One input: the number in the cell.
    Number,
    /// An input for each value, and [`HASHED`] for all others.
    Categories(Categories),
}

impl Encoding {
    /// Inputs that a cell becomes.
    pub(crate) fn width(&self) -> usize {
        match self {
            Self::Number => 1,
            Self::Categories(categories) => categories.values.len() + HASHED,
        }
    }
}

/// The values of a categorical column that have an input each.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Categories {
    values: Vec<String>,
    places: HashMap<String, usize>,
}

impl Categories {
    /// Of these values, in the order of their inputs; `None` unless they are one to
    /// [`MAX_VALUES`] distinct texts that a cell can hold.
    pub(crate) fn new(values: Vec<String>) -> Option<Self> {
        let places: HashMap<String, usize> =
            values.iter().enumerate().map(|(place, value)| (value.clone(), place)).collect();
        let can_be = |value: &String| {
            let bytes = value.as_bytes();
            text(bytes).is_ok() && !cell::is_missing(bytes) && !date::is_like(bytes)
        };
        let fits = (1..=MAX_VALUES).contains(&values.len())
            && places.len() == values.len()
            && values.iter().all(can_be);
        fits.then_some(Self { values, places })
    }

    /// The values that have an input each.
    pub(crate) fn values(&self) -> &[String] {
        &self.values
    }

    /// Appends the inputs that `field` becomes: 1 at its value, 0 elsewhere; NaN in all of them
    /// where it is missing.
    pub(crate) fn encode(&self, field: &[u8], x: &mut Vec<f32>) -> Result<(), Fault> {
        let start = x.len();
        let width = self.values.len() + HASHED;
        if cell::is_missing(field) {
            x.resize(start + width, f32::NAN);
            return Ok(());
        }
        let value = text(field)?;
        let place = match self.places.get(value) {
            Some(&place) => place,
            None if date::is_like(field) => {
                return Err(Fault::Date { text: quoted(value), ignore: None });
            }
            None => self.values.len() + bucket(value),
        };
        x.resize(start + width, 0.0);
        x[start + place] = 1.0;
        Ok(())
    }
}

/// The value in a cell of a categorical column.
pub(crate) fn text(field: &[u8]) -> Result<&str, Fault> {
    match std::str::from_utf8(field) {
        Ok(value) if value.len() > MAX_VALUE_BYTES => {
            Err(Fault::LongValue { got: value.len() as u64, max: MAX_VALUE_BYTES as u64 })
        }
        Ok(value) => Ok(value),
        Err(_) => Err(Fault::NotText),
    }
}

/// FNV-1a of 64 bits (Fowler, Noll, Vo; RFC 9923). Memories depend on it: it is never changed.
pub(crate) fn hash(value: &str) -> u64 {
    const OFFSET: u64 = 0xCBF2_9CE4_8422_2325;
    const PRIME: u64 = 0x0000_0100_0000_01B3;
    value.bytes().fold(OFFSET, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(PRIME))
}

/// The shared input of a value, below [`HASHED`]: the top three bits of its hash times 2^64 over the
/// golden ratio. The low bits of the hash alone depend on no more than the low bits of each byte.
fn bucket(value: &str) -> usize {
    (hash(value).wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 61) as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    fn categories(values: &[&str]) -> Option<Categories> {
        Categories::new(values.iter().map(|&value| value.to_owned()).collect())
    }

    fn encoded(categories: &Categories, field: &[u8]) -> Vec<f32> {
        let mut x = vec![7.0];
        categories.encode(field, &mut x).unwrap();
        assert_eq!(x.remove(0), 7.0);
        x
    }

    #[test]
    fn the_hash_is_fnv_1a_and_frozen() {
        // The published values of FNV-1a.
        assert_eq!(hash(""), 0xCBF2_9CE4_8422_2325);
        assert_eq!(hash("a"), 0xAF63_DC4C_8601_EC8C);
        assert_eq!(hash("foobar"), 0x8594_4171_F739_67E8);
        let buckets = ["a", "b", "c", "red", "green", "blue", "\u{e9}"].map(bucket);
        assert_eq!(buckets, [3, 6, 5, 6, 7, 3, 1]);
    }

    #[test]
    fn values_that_look_alike_spread_over_all_shared_inputs() {
        for prefix in ["", "v", "customer-"] {
            let mut counts = [0; HASHED];
            (0..800).for_each(|i| counts[bucket(&format!("{prefix}{i}"))] += 1);
            // Binomial with mean 100 and deviation 9.4: five deviations either way.
            assert!(counts.iter().all(|count| (53..=147).contains(count)), "{counts:?}");
        }
    }

    #[test]
    fn each_value_has_an_input_and_all_others_share_eight() {
        let categories = categories(&["red", "1"]).unwrap();
        assert_eq!(encoded(&categories, b"red"), [1., 0., 0., 0., 0., 0., 0., 0., 0., 0.]);
        assert_eq!(encoded(&categories, b"1"), [0., 1., 0., 0., 0., 0., 0., 0., 0., 0.]);
        for other in ["Red", "blue", "1.0", "1,5", "inf"] {
            let x = encoded(&categories, other.as_bytes());
            assert_eq!(x.iter().position(|&x| x == 1.0), Some(2 + bucket(other)));
            assert_eq!(x.iter().sum::<f32>(), 1.0);
        }
        for missing in ["", "NA", "?"] {
            let x = encoded(&categories, missing.as_bytes());
            assert!(x.len() == 10 && x.iter().all(|x| x.is_nan()));
        }
    }

    #[test]
    fn values_that_no_file_can_have_given_are_refused() {
        let long = "x".repeat(MAX_VALUE_BYTES + 1);
        for wrong in [&[][..], &["a", "a"], &[""], &["a", "NA"], &["12:30"], &[long.as_str()]] {
            assert_eq!(categories(wrong), None, "{wrong:?}");
        }
        let many = |count: usize| Categories::new((0..count).map(|i| i.to_string()).collect());
        assert!(many(MAX_VALUES).is_some() && many(MAX_VALUES + 1).is_none());
        let categories = categories(&["a"]).unwrap();
        assert!(categories.encode(b"2024-01-31", &mut Vec::new()).is_err());
        assert!(categories.encode(b"\xff", &mut Vec::new()).is_err());
        assert!(categories.encode(long.as_bytes(), &mut Vec::new()).is_err());
    }
}
