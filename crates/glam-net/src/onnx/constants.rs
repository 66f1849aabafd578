//! Constants of a graph: initializers and Constant nodes.

use glam_core::MAX_INPUTS;

use super::proto::{Attribute, Tensor, data_type as kind};
use crate::builder::Values;
use crate::error::{Error, short};
use crate::numbers::{Format, Numbers};

/// A tensor whose length is that of its dimensions.
#[derive(Debug, Clone)]
pub(super) struct Constant<'a> {
    name: &'a str,
    dims: Vec<usize>,
    data: Data<'a>,
}

#[derive(Debug, Clone, Copy)]
enum Data<'a> {
    Numbers(Numbers<'a>),
    Floats(&'a [f32]),
    Doubles(&'a [f64]),
    /// Bits of half-precision numbers.
    Halves(Format, &'a [i32]),
    Ints(&'a [i64]),
    ShortInts(&'a [i32]),
    /// Little-endian integers of so many bytes.
    RawInts(usize, &'a [u8]),
    Strings(&'a [Vec<u8>]),
    /// Of a kind that nothing here reads.
    Other(i32),
}

impl<'a> Constant<'a> {
    pub(super) fn of_tensor(tensor: &'a Tensor, name: &'a str) -> Result<Self, Error> {
        if tensor.data_location != 0 || !tensor.external_data.is_empty() {
            let reason = "its data are in another file; export the net with its weights in it";
            return Err(Error::tensor(name, reason));
        }
        let raw = tensor.raw_data.as_slice();
        let numbers = |format| {
            Numbers::new(format, raw).map(Data::Numbers).ok_or_else(|| misfit(name, &tensor.dims))
        };
        let has_raw = !raw.is_empty();
        let data = match tensor.data_type {
            kind::FLOAT if has_raw => numbers(Format::F32)?,
            kind::FLOAT => Data::Floats(&tensor.float_data),
            kind::DOUBLE if has_raw => numbers(Format::F64)?,
            kind::DOUBLE => Data::Doubles(&tensor.double_data),
            kind::FLOAT16 if has_raw => numbers(Format::F16)?,
            kind::FLOAT16 => Data::Halves(Format::F16, &tensor.int32_data),
            kind::BFLOAT16 if has_raw => numbers(Format::Bf16)?,
            kind::BFLOAT16 => Data::Halves(Format::Bf16, &tensor.int32_data),
            kind::INT64 if has_raw => Data::RawInts(8, raw),
            kind::INT64 => Data::Ints(&tensor.int64_data),
            kind::INT32 if has_raw => Data::RawInts(4, raw),
            kind::BOOL if has_raw => Data::RawInts(1, raw),
            kind::INT32 | kind::BOOL => Data::ShortInts(&tensor.int32_data),
            kind::STRING => Data::Strings(&tensor.string_data),
            other => Data::Other(other),
        };
        let dims: Option<Vec<usize>> =
            tensor.dims.iter().map(|&size| usize::try_from(size).ok()).collect();
        let dims = dims.ok_or_else(|| Error::tensor(name, "a dimension is negative"))?;
        let count = dims.iter().try_fold(1_usize, |product, &size| product.checked_mul(size));
        let constant = Self { name, dims, data };
        match constant.len() {
            Some(len) if Some(len) != count => Err(misfit(name, &tensor.dims)),
            _ => Ok(constant),
        }
    }

    /// The constant of a Constant node's attribute; nothing where no such attribute is known.
    pub(super) fn of_attribute(
        attribute: &'a Attribute,
        name: &'a str,
    ) -> Result<Option<Self>, Error> {
        let one = |data| Some(Self { name, dims: Vec::new(), data });
        let list = |len, data| Some(Self { name, dims: vec![len], data });
        Ok(match (attribute.name.as_str(), &attribute.t) {
            ("value", Some(tensor)) => Some(Self::of_tensor(tensor, name)?),
            ("value_float", _) => one(Data::Floats(std::slice::from_ref(&attribute.f))),
            ("value_floats", _) => list(attribute.floats.len(), Data::Floats(&attribute.floats)),
            ("value_int", _) => one(Data::Ints(std::slice::from_ref(&attribute.i))),
            ("value_ints", _) => list(attribute.ints.len(), Data::Ints(&attribute.ints)),
            ("value_strings", _) => {
                list(attribute.strings.len(), Data::Strings(&attribute.strings))
            }
            _ => None,
        })
    }

    pub(super) fn dims(&self) -> &[usize] {
        &self.dims
    }

    fn len(&self) -> Option<usize> {
        Some(match self.data {
            Data::Numbers(numbers) => numbers.len(),
            Data::Floats(values) => values.len(),
            Data::Doubles(values) => values.len(),
            Data::Halves(_, values) | Data::ShortInts(values) => values.len(),
            Data::Ints(values) => values.len(),
            Data::RawInts(size, raw) => raw.len() / size,
            Data::Strings(values) => values.len(),
            Data::Other(_) => return None,
        })
    }

    /// Fails where these are no floating-point numbers.
    pub(super) fn floats(&self) -> Result<&Self, Error> {
        let other = match self.data {
            Data::Numbers(_) | Data::Floats(_) | Data::Doubles(_) | Data::Halves(..) => {
                return Ok(self);
            }
            Data::Ints(_) | Data::ShortInts(_) | Data::RawInts(..) => "integers".to_owned(),
            Data::Strings(_) => "strings".to_owned(),
            Data::Other(number) => format!("data of type {number}"),
        };
        let reason = format!("it holds {other}, not float, double, float16 or bfloat16");
        Err(Error::tensor(self.name, reason))
    }

    /// The floating-point number at `index`, row by row; NaN where there is none.
    pub(super) fn at(&self, index: usize) -> f64 {
        match self.data {
            Data::Numbers(numbers) => Some(numbers.at(index)),
            Data::Floats(values) => values.get(index).copied().map(f64::from),
            Data::Doubles(values) => values.get(index).copied(),
            Data::Halves(format, values) => values.get(index).and_then(|&bits| {
                let bytes = u16::try_from(bits).ok()?.to_le_bytes();
                Numbers::new(format, &bytes).map(|one| one.at(0))
            }),
            _ => None,
        }
        .unwrap_or(f64::NAN)
    }

    /// All numbers, where there is one, or one in each of the last dimension; with the number of
    /// dimensions of a row vector at most.
    pub(super) fn values(&self) -> Result<Option<Values>, Error> {
        self.floats()?;
        Ok(match self.dims.as_slice() {
            [] | [1] | [1, 1] => Some(Values::All(self.at(0))),
            [n] | [1, n] => Some(Values::Each((0..*n).map(|index| self.at(index)).collect())),
            _ => None,
        })
    }

    /// The integers or truth values, where it holds such, `max` at most.
    pub(super) fn ints(&self, max: usize) -> Option<Vec<i64>> {
        if self.len().is_none_or(|len| len > max) {
            return None;
        }
        Some(match self.data {
            Data::Ints(values) => values.to_vec(),
            Data::ShortInts(values) => values.iter().copied().map(i64::from).collect(),
            Data::RawInts(8, raw) => {
                raw.as_chunks().0.iter().map(|bytes| i64::from_le_bytes(*bytes)).collect()
            }
            Data::RawInts(4, raw) => raw
                .as_chunks()
                .0
                .iter()
                .map(|bytes| i64::from(i32::from_le_bytes(*bytes)))
                .collect(),
            Data::RawInts(_, raw) => raw.iter().copied().map(i64::from).collect(),
            _ => return None,
        })
    }

    /// The names of classes: integers or strings.
    pub(super) fn labels(&self) -> Option<Vec<String>> {
        if let Data::Strings(values) = self.data {
            return texts(values);
        }
        Some(self.ints(MAX_INPUTS)?.iter().map(i64::to_string).collect())
    }
}

/// Strings, where they are UTF-8.
pub(super) fn texts(values: &[Vec<u8>]) -> Option<Vec<String>> {
    values.iter().map(|value| String::from_utf8(value.clone()).ok()).collect()
}

fn misfit(name: &str, dims: &[i64]) -> Error {
    let dims: Vec<String> = dims.iter().take(8).map(i64::to_string).collect();
    let reason = format!("its data are not as many as its dimensions say: {}", dims.join(" x "));
    Error::tensor(name, short(&reason))
}
