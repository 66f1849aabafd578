//! Nets from named tensors and a description.

use glam_core::net::{Activation, Net, NetError};
use safetensors::{Dtype, SafeTensors};

use crate::builder::{Builder, Values};
use crate::description::Description;
use crate::error::{Error, short};
use crate::numbers::{Format, Numbers};

/// The longest list of tensors, in bytes, that is read.
const MAX_HEADER_BYTES: u64 = 16 << 20;

/// A net of the weights in `bytes`, a safetensors file, in the order that `description` says; its
/// form is in the [crate's documentation](crate#the-description-of-weights).
///
/// # Errors
/// [`Error::NotSafetensors`], [`Error::Description`], [`Error::Tensor`] where one is not there or not
/// what it should be, [`Error::Layer`] and [`Error::Net`] where no net can be made of them.
///
/// ```
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let temporary = tempfile::tempdir()?;
/// # let path = temporary.path().join("abs.safetensors");
/// # let header = concat!(r#"{"w":{"dtype":"F32","shape":[1,1],"data_offsets":[0,4]},"#,
/// #     r#""v":{"dtype":"F32","shape":[1,2],"data_offsets":[4,12]}}"#);
/// # let mut file = (header.len() as u64).to_le_bytes().to_vec();
/// # file.extend(header.as_bytes());
/// # [1.0_f32; 3].iter().for_each(|one| file.extend(one.to_le_bytes()));
/// # std::fs::write(&path, file)?;
/// let bytes = std::fs::read(path)?;
/// let layers = r#"{"layers": [{"weight": "w", "activation": "two_sided"}, {"weight": "v"}]}"#;
/// let net = glam_net::from_safetensors(&bytes, layers)?;
/// let mut out = [0.0];
/// net.forward(&[-3.0], &mut Default::default(), &mut out)?;
/// assert_eq!(out, [3.0]);
/// # Ok(())
/// # }
/// ```
pub fn from_safetensors(bytes: &[u8], description: &str) -> Result<Net, Error> {
    let description = Description::parse(description)?;
    let header = bytes.first_chunk().map_or(0, |length| u64::from_le_bytes(*length));
    if header > MAX_HEADER_BYTES {
        let reason =
            format!("its list of tensors has {header} bytes, at most {MAX_HEADER_BYTES} are read");
        return Err(Error::NotSafetensors { reason });
    }
    let tensors = SafeTensors::deserialize(bytes)
        .map_err(|source| Error::NotSafetensors { reason: source.to_string() })?;
    let mut builder = Builder::new();
    normalise(&mut builder, &description)?;
    for layer in &description.layers {
        let part = format!("the layer of weights {:?}", short(&layer.weight));
        let (numbers, shape) = tensor(&tensors, &layer.weight)?;
        let &[rows, columns] = shape.as_slice() else {
            let reason = format!("weights must have 2 dimensions, not {}", shape.len());
            return Err(Error::tensor(&layer.weight, reason));
        };
        let bias = match &layer.bias {
            None => Values::All(0.0),
            Some(name) => bias(&tensors, name)?,
        };
        if description.transposed {
            let weight = |sum, input| numbers.at(input * columns + sum);
            builder.affine(&part, (columns, rows), weight, bias)?;
        } else {
            let weight = |sum, input| numbers.at(sum * columns + input);
            builder.affine(&part, (rows, columns), weight, bias)?;
        }
        // A layer without an activation is closed by the next.
        if layer.activation() != Activation::Linear {
            builder.activation(&part, layer.activation())?;
        }
    }
    if description.layers.is_empty() {
        return Err(NetError::NoLayers.into());
    }
    let net = builder.finish("the end of the net", description.output())?;
    if description.labels.is_empty() {
        return Ok(net);
    }
    Ok(net.with_labels(description.labels)?)
}

/// x becomes (x - mean) / scale.
fn normalise(builder: &mut Builder, description: &Description) -> Result<(), Error> {
    let numbers = |field: &str, list: &Option<Vec<f64>>, none: f64| match list.as_deref() {
        None => Ok(Values::All(none)),
        Some([]) => Err(Error::Description { reason: format!("input.{field} is an empty list") }),
        Some(&[one]) => Ok(Values::All(one)),
        Some(each) => Ok(Values::Each(each.to_vec())),
    };
    let mean = numbers("mean", &description.input.mean, 0.0)?;
    let scale = numbers("scale", &description.input.scale, 1.0)?;
    let part = "the description's input";
    builder.fold(part, Values::All(1.0), mean.map(|mean| -mean))?;
    builder.fold(part, scale.map(|scale| 1.0 / scale), Values::All(0.0))
}

fn bias(tensors: &SafeTensors<'_>, name: &str) -> Result<Values, Error> {
    let (numbers, shape) = tensor(tensors, name)?;
    if shape.len() != 1 {
        let reason = format!("a bias must have 1 dimension, not {}", shape.len());
        return Err(Error::tensor(name, reason));
    }
    Ok(Values::Each((0..numbers.len()).map(|index| numbers.at(index)).collect()))
}

fn tensor<'a>(tensors: &SafeTensors<'a>, name: &str) -> Result<(Numbers<'a>, Vec<usize>), Error> {
    let view = tensors.tensor(name).map_err(|_| {
        Error::tensor(name, "the description names it, and the file has none of this name")
    })?;
    let format = match view.dtype() {
        Dtype::F16 => Format::F16,
        Dtype::BF16 => Format::Bf16,
        Dtype::F32 => Format::F32,
        Dtype::F64 => Format::F64,
        other => {
            let reason = format!("it holds {other:?}; save it as F32, F64, F16 or BF16");
            return Err(Error::tensor(name, reason));
        }
    };
    let count = view.shape().iter().try_fold(1_usize, |product, &size| product.checked_mul(size));
    match Numbers::new(format, view.data()) {
        Some(numbers) if Some(numbers.len()) == count => Ok((numbers, view.shape().to_vec())),
        _ => Err(Error::tensor(name, "its shape and its data do not fit each other")),
    }
}
