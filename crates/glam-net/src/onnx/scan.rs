//! Counts what decoding would make, before it makes it: a field of two bytes can become a message of
//! hundreds, and a packed number of one byte one of eight.

use crate::error::Error;

/// The most fields and small numbers of a file, those within weights not counted.
const MAX_FIELDS: usize = 1 << 18;

/// The messages of `proto`.
#[derive(Clone, Copy)]
enum Kind {
    Model,
    Graph,
    Node,
    Attribute,
    Tensor,
    ValueInfo,
    Type,
    TensorType,
    Shape,
    /// A message without messages in it.
    Leaf,
}

impl Kind {
    /// The message in field `field`.
    fn child(self, field: u64) -> Option<Self> {
        Some(match (self, field) {
            (Self::Model, 7) => Self::Graph,
            (Self::Graph, 1) => Self::Node,
            (Self::Node, 5) => Self::Attribute,
            (Self::Graph, 5) | (Self::Attribute, 5) => Self::Tensor,
            (Self::Graph, 11 | 12) => Self::ValueInfo,
            (Self::ValueInfo, 2) => Self::Type,
            (Self::Type, 1) => Self::TensorType,
            (Self::TensorType, 2) => Self::Shape,
            (Self::Model, 8) | (Self::Shape, 1) | (Self::Tensor, 13) => Self::Leaf,
            _ => return None,
        })
    }

    /// Whether the field holds packed numbers that take less space in the file than in memory.
    fn grows(self, field: u64) -> bool {
        matches!((self, field), (Self::Tensor, 1 | 7) | (Self::Attribute, 8))
    }
}

/// Fails where `bytes` are no such messages, or decode to more than a few times their length.
pub(super) fn check(bytes: &[u8]) -> Result<(), Error> {
    if bytes.is_empty() {
        return Err(Error::not_onnx("it is empty"));
    }
    walk(bytes, Kind::Model, &mut 0)
}

/// Calls itself no deeper than messages of `Kind` lie within each other: 6 times.
fn walk(mut bytes: &[u8], kind: Kind, count: &mut usize) -> Result<(), Error> {
    while !bytes.is_empty() {
        let tag = varint(&mut bytes)?;
        let field = tag >> 3;
        let mut cost = 1;
        match tag & 7 {
            0 => {
                varint(&mut bytes)?;
            }
            1 => {
                take(&mut bytes, 8)?;
            }
            2 => {
                let length = varint(&mut bytes)?;
                let inner = take(&mut bytes, length)?;
                if kind.grows(field) {
                    cost += inner.len();
                } else if let Some(child) = kind.child(field) {
                    walk(inner, child, count)?;
                }
            }
            5 => {
                take(&mut bytes, 4)?;
            }
            _ => return Err(Error::not_onnx("a field is of an unknown kind")),
        }
        *count = count.saturating_add(cost);
        if *count > MAX_FIELDS {
            let reason = format!("more than {MAX_FIELDS} fields; a net has a few for each layer");
            return Err(Error::not_onnx(reason));
        }
    }
    Ok(())
}

fn varint(bytes: &mut &[u8]) -> Result<u64, Error> {
    let mut value = 0;
    for shift in (0..64).step_by(7) {
        let Some((&byte, rest)) = bytes.split_first() else { return Err(ends_early()) };
        *bytes = rest;
        value |= u64::from(byte & 0x7F) << shift;
        if byte < 0x80 {
            return Ok(value);
        }
    }
    Err(Error::not_onnx("a number has more than 10 bytes"))
}

fn take<'a>(bytes: &mut &'a [u8], length: u64) -> Result<&'a [u8], Error> {
    let taken = usize::try_from(length).ok().and_then(|length| bytes.split_at_checked(length));
    let (taken, rest) = taken.ok_or_else(ends_early)?;
    *bytes = rest;
    Ok(taken)
}

fn ends_early() -> Error {
    Error::not_onnx("it ends in the middle of a field")
}
