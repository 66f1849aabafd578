//! The net: weights, and the way forward.

use candle_core::{Device, Error, Result, Tensor, Var};
use ndarray::{Array1, Array2, s};
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

    /// The weights, one row an input, and the bias of every layer.
    pub(super) fn weights(&self) -> Result<Vec<(Array2<f32>, Array1<f32>)>> {
        self.layers
            .iter()
            .map(|Layer { weights, bias }| {
                let shape = weights.dims2()?;
                let weights = weights.flatten_all()?.to_vec1::<f32>()?;
                let weights = Array2::from_shape_vec(shape, weights).map_err(Error::wrap)?;
                Ok((weights, Array1::from(bias.to_vec1::<f32>()?)))
            })
            .collect()
    }

    /// A copy with `outputs` outputs at least, those that are new at 0.
    pub(super) fn copied(&self, outputs: usize) -> Result<Self> {
        let mut layers = self.weights()?;
        if let Some((weights, bias)) = layers.last_mut() {
            let (inputs, sums) = weights.dim();
            let mut wider = Array2::zeros((inputs, outputs.max(sums)));
            wider.slice_mut(s![.., ..sums]).assign(weights);
            let mut longer = Array1::zeros(outputs.max(sums));
            longer.slice_mut(s![..sums]).assign(bias);
            (*weights, *bias) = (wider, longer);
        }
        let layers = layers.into_iter().map(|(weights, bias)| {
            let (shape, width) = (weights.dim(), bias.len());
            let weights: Vec<f32> = weights.iter().copied().collect();
            let weights = Tensor::from_vec(weights, shape, &Device::Cpu)?;
            let bias = Tensor::from_vec(bias.to_vec(), width, &Device::Cpu)?;
            Ok(Layer { weights: Var::from_tensor(&weights)?, bias: Var::from_tensor(&bias)? })
        });
        Ok(Self { layers: layers.collect::<Result<_>>()? })
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
