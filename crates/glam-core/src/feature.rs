//! Features: what a table's slots see of an input.

use crate::error::Result;
use crate::kernel::{LANES, Lane};
use crate::wire::{Reader, Writer};

/// phi(x) = s [x_view / sqrt(v), 1, 0 ...]: a view of v inputs, a bias, padded to whole lanes.
///
/// Tables with the same view and the same s share one feature.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Feature {
    view: Vec<u32>,
    scale: f32,
}

impl Feature {
    /// `view` holds positions of inputs; `scale` is s.
    pub(crate) fn new(view: Vec<u32>, scale: f32) -> Self {
        Self { view, scale }
    }

    pub(crate) fn view(&self) -> &[u32] {
        &self.view
    }

    pub(crate) fn scale(&self) -> f32 {
        self.scale
    }

    /// s / sqrt(v), what an input is multiplied by.
    #[inline(always)]
    pub(crate) fn input_scale(&self) -> f32 {
        self.scale / (self.view.len() as f32).sqrt()
    }

    /// Fills `phi`, its padding with zeros.
    #[inline(always)]
    pub(crate) fn fill(&self, z: &[f32], phi: &mut [Lane]) {
        let phi = phi.as_flattened_mut();
        let scale = self.input_scale();
        for (phi, &input) in phi.iter_mut().zip(&self.view) {
            *phi = z[input as usize] * scale;
        }
        phi[self.view.len()] = self.scale;
        phi[self.view.len() + 1..].fill(0.0);
    }

    /// Adds to the gradients of a sum of maps, `inputs` floats an output, those of the rows `maps`
    /// of one of them.
    pub(crate) fn add_gradients<'a>(
        &self,
        maps: impl Iterator<Item = &'a [f32]>,
        gradients: &mut [f32],
        inputs: usize,
    ) {
        let scale = self.input_scale();
        for (map, gradient) in maps.zip(gradients.chunks_exact_mut(inputs)) {
            for (&input, weight) in self.view.iter().zip(map) {
                gradient[input as usize] += scale * weight;
            }
        }
    }

    pub(crate) fn encode(&self, writer: &mut Writer) {
        writer.u32s(&self.view);
        writer.f32s(&[self.scale]);
    }

    pub(crate) fn decode(reader: &mut Reader<'_>, inputs: usize, view: usize) -> Result<Self> {
        let decoded = Self { view: reader.u32s()?, scale: 0.0 };
        let scale = reader.f32s()?;
        let in_range = decoded.view.iter().all(|&input| (input as usize) < inputs);
        match scale.as_slice() {
            &[scale] if in_range && decoded.view.len() == view => Ok(Self { scale, ..decoded }),
            _ => Err(reader.damaged("a view has a wrong size or a wrong input")),
        }
    }
}

/// Groups of a feature of `view` inputs, with its bias and its padding.
pub(crate) fn width(view: usize) -> usize {
    (view + 1).div_ceil(LANES)
}
