//! A net as bytes: little-endian, every length checked before it is used.

use ndarray::Array2;

use super::{Activation, Layer, MAX_LAYERS, Net, NetError, Output};
use crate::error::Error;
use crate::wire::{Reader, Writer};

/// What the bytes of a net begin with; the last digit is the version.
const MAGIC: u32 = u32::from_le_bytes(*b"NET1");

impl From<Error> for NetError {
    fn from(error: Error) -> Self {
        match error {
            Error::Damaged { what, at } => Self::Damaged { what, at },
            Error::Net(error) => error,
            _ => Self::Damaged { what: "a value is out of range", at: 0 },
        }
    }
}

impl Net {
    /// The net as bytes.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut writer = Writer::default();
        writer.u32(MAGIC);
        writer.u8(u8::from(self.output() == Output::Softmax));
        writer.u32(self.labels().len() as u32);
        self.labels().iter().for_each(|label| writer.text(label));
        writer.u32(self.layers().len() as u32);
        for layer in self.layers() {
            let (tag, slope) = match layer.activation() {
                Activation::Linear => (0, 0.0),
                Activation::Relu => (1, 0.0),
                Activation::LeakyRelu { slope } => (2, slope),
                Activation::TwoSided => (3, 0.0),
            };
            writer.u8(tag);
            writer.f32s(&[slope]);
            writer.u32(layer.inputs() as u32);
            writer.f32s(layer.bias());
            writer.f32s(&layer.weights().into_raw_vec_and_offset().0);
        }
        writer.finish()
    }

    /// The net whose bytes these are; allocates no more than about ten times their length.
    ///
    /// # Errors
    /// [`NetError::Damaged`], and those of [`Net::new`] and [`Layer::new`].
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, NetError> {
        let mut reader = Reader::new(bytes);
        if reader.u32()? != MAGIC {
            return Err(reader
                .damaged("these are not the bytes of a net, or a newer one's")
                .into());
        }
        let output = match reader.u8()? {
            0 => Output::Linear,
            1 => Output::Softmax,
            _ => return Err(reader.damaged("the end is of an unknown kind").into()),
        };
        let mut labels = Vec::new();
        for _ in 0..reader.u32()? {
            labels.push(reader.text()?.to_owned());
        }
        let count = reader.u32()? as usize;
        if count > MAX_LAYERS {
            return Err(NetError::TooLarge { what: "layers", got: count, max: MAX_LAYERS });
        }
        let layers = (0..count).map(|_| decode_layer(&mut reader)).collect::<Result<_, _>>()?;
        reader.end()?;
        let net = Self::new(layers, output)?;
        if labels.is_empty() { Ok(net) } else { net.with_labels(labels) }
    }
}

fn decode_layer(reader: &mut Reader<'_>) -> Result<Layer, NetError> {
    let (tag, slope) = (reader.u8()?, reader.f32s()?);
    let activation = match (tag, slope.as_slice()) {
        (0, [0.0]) => Activation::Linear,
        (1, [0.0]) => Activation::Relu,
        (2, &[slope]) => Activation::LeakyRelu { slope },
        (3, [0.0]) => Activation::TwoSided,
        _ => return Err(reader.damaged("an activation is of an unknown kind").into()),
    };
    let inputs = reader.u32()? as usize;
    let bias = reader.f32s()?;
    let weights = reader.f32s()?;
    let weights = Array2::from_shape_vec((bias.len(), inputs), weights)
        .map_err(|_| reader.damaged("a layer has a wrong number of weights"))?;
    Layer::new(weights.view(), &bias, activation)
}
