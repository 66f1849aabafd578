//! The net: weights, and the way forward.

use candle_core::{Device, Result, Tensor, Var};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// One layer: `x · weights + bias`.
struct Layer {
    weights: Var,
    bias: Var,
}

/// Layers with ReLU between them.
pub(super) struct Network {
    layers: Vec<Layer>,
}

impl Network {
    /// A net with the given number of units from inputs to outputs.
    ///
    /// First weights are uniform, with variance 2/inputs (He) before a ReLU and 1/inputs before the
    /// output; offsets are 0.
    pub(super) fn new(sizes: &[usize], seed: u64) -> Result<Self> {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let layer_count = sizes.len().saturating_sub(1);
        let layers = sizes
            .windows(2)
            .enumerate()
            .map(|(index, pair)| {
                let (inputs, outputs) = (pair[0], pair[1]);
                let variance =
                    if index + 1 < layer_count { 2.0 } else { 1.0 } / inputs.max(1) as f32;
                let bound = (3.0 * variance).sqrt();
                let weights: Vec<f32> = (0..inputs * outputs)
                    .map(|_| (rng.random::<f32>() * 2.0 - 1.0) * bound)
                    .collect();
                let weights = Tensor::from_vec(weights, (inputs, outputs), &Device::Cpu)?;
                let bias = Tensor::zeros(outputs, candle_core::DType::F32, &Device::Cpu)?;
                Ok(Layer { weights: Var::from_tensor(&weights)?, bias: Var::from_tensor(&bias)? })
            })
            .collect::<Result<_>>()?;
        Ok(Self { layers })
    }

    /// Outputs for a batch of inputs.
    pub(super) fn forward(&self, x: &Tensor) -> Result<Tensor> {
        let mut x = x.clone();
        for (index, layer) in self.layers.iter().enumerate() {
            if index > 0 {
                x = x.relu()?;
            }
            x = x.matmul(&layer.weights)?.broadcast_add(&layer.bias)?;
        }
        Ok(x)
    }

    /// Everything that is trained.
    pub(super) fn variables(&self) -> Vec<Var> {
        self.layers.iter().flat_map(|layer| [layer.weights.clone(), layer.bias.clone()]).collect()
    }

    /// Bytes of everything that is trained.
    pub(super) fn parameter_bytes(&self) -> usize {
        self.variables().iter().map(|variable| variable.elem_count() * size_of::<f32>()).sum()
    }
}
