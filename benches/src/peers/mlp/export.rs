//! A trained net as a net of GLAM's.

use glam_memory::net::{Activation, Layer, Net, NetError, Output};
use ndarray::Array2;

use super::{Mlp, MlpError};

impl Mlp {
    /// The same function as a net: scales and offsets of inputs and targets become part of the first and
    /// the last layer, in f64; scores of labels end in a softmax, and `names` name its outputs.
    ///
    /// # Errors
    ///
    /// Returns an error if the weights cannot be copied, or `names` are not one an output.
    pub fn to_net(&self, names: &[String]) -> Result<Net, MlpError> {
        let weights = self.network.weights()?;
        let last = weights.len().saturating_sub(1);
        let layers = weights.into_iter().enumerate().map(|(index, (weights, bias))| {
            // One column a unit here, one row a unit there.
            let mut weights = weights.t().mapv(f64::from);
            let mut bias = bias.mapv(f64::from);
            if index == 0 {
                for (mut column, (&mean, &spread)) in
                    weights.columns_mut().into_iter().zip(self.x_scaler.units())
                {
                    column /= f64::from(spread);
                    bias.scaled_add(-f64::from(mean), &column);
                }
            }
            if let (true, Some(scaler)) = (index == last, &self.y_scaler) {
                for ((mut row, bias), (&mean, &spread)) in
                    weights.rows_mut().into_iter().zip(&mut bias).zip(scaler.units())
                {
                    row *= f64::from(spread);
                    *bias = *bias * f64::from(spread) + f64::from(mean);
                }
            }
            let single = |values: ndarray::ArrayView2<'_, f64>| -> Array2<f32> {
                values.mapv(|value| value as f32)
            };
            let bias: Vec<f32> = bias.iter().map(|&value| value as f32).collect();
            let activation = if index == last { Activation::Linear } else { Activation::Relu };
            Layer::new(single(weights.view()).view(), &bias, activation)
        });
        let layers = layers.collect::<Result<Vec<_>, NetError>>()?;
        if self.y_scaler.is_some() {
            return Ok(Net::new(layers, Output::Linear)?);
        }
        Ok(Net::new(layers, Output::Softmax)?.with_labels(names.to_vec())?)
    }
}

#[cfg(test)]
mod tests {
    use super::super::{MlpParams, fit};
    use super::*;
    use crate::data::Targets;
    use glam_memory::net::Activations;

    #[test]
    fn the_exported_net_is_the_same_function() {
        let x = Array2::from_shape_fn((200, 3), |(row, column)| {
            ((row * 13 + 5) as f32 * (column as f32 + 0.7)).sin() * 20.0 + 100.0
        });
        let values =
            Array2::from_shape_fn((200, 2), |(row, target)| x[[row, target]] * x[[row, 2]] + 1e3);
        let labels = (0..200).map(|row| u32::from(x[[row, 0]] > 100.0)).collect();
        let names = vec!["low".to_owned(), "high".to_owned()];
        for y in [Targets::Values(values), Targets::Labels { labels, names: names.clone() }] {
            let params = MlpParams {
                hidden: vec![16, 9],
                epochs: 4,
                learning_rates: vec![1e-2],
                thread_count: 1,
                ..Default::default()
            };
            let net = fit(&params.check().unwrap(), x.view(), &y).unwrap();
            let expected = net.predict(x.view()).unwrap();
            let exported = net.to_net(&names).unwrap();
            let mut activations = Activations::default();
            for (x, expected) in x.rows().into_iter().zip(expected.rows()) {
                let x = x.to_vec();
                // Before the softmax, as the peer's scores are.
                exported.logits(&x, &mut activations).unwrap();
                let logits = activations.layer(exported.layers().len() - 1);
                let size = expected.iter().fold(1.0, |size: f32, value| size.max(value.abs()));
                for (own, expected) in logits.iter().zip(&expected) {
                    // Inputs far from 0 against their spread cost digits: a hundred times f32's.
                    assert!((own - expected).abs() < 2e-5 * size, "{own} {expected}");
                }
            }
        }
    }
}
