//! From the solved maps to the mean outer product of the gradient.

use super::lifted::Lifted;
use crate::slopes::Slopes;

/// Blocks that are looked at, at most: directions need no more rows.
const MOST_BLOCKS: usize = 16;
/// Up to this many inputs the whole outer product is taken, beyond it the diagonal.
const WHOLE_INPUTS: usize = 64;

/// M = mean over rows of G' G with G = sum of the active maps without their bias, in units of the
/// normalised inputs.
pub(crate) fn slopes(lifted: &Lifted<'_>, weights: &[f32]) -> Slopes {
    let (inputs, outputs) = (lifted.rows.inputs, lifted.rows.outputs);
    let whole = inputs <= WHOLE_INPUTS;
    let mut outer = vec![0.0_f64; if whole { inputs * inputs } else { inputs }];
    let mut count = 0.0;
    let mut gradients = Vec::new();
    for block in lifted.some_blocks(MOST_BLOCKS) {
        lifted.gradients(block, weights, &mut gradients);
        for gradient in gradients.chunks_exact(inputs) {
            if whole {
                for (i, &a) in gradient.iter().enumerate() {
                    for (j, &b) in gradient.iter().enumerate() {
                        outer[i * inputs + j] += f64::from(a) * f64::from(b);
                    }
                }
            } else {
                for (outer, &a) in outer.iter_mut().zip(gradient) {
                    *outer += f64::from(a) * f64::from(a);
                }
            }
        }
        count += (gradients.len() / (inputs * outputs.max(1))) as f64;
    }
    outer.iter_mut().for_each(|value| *value /= f64::max(count, 1.0));
    Slopes::new(&outer, inputs)
}
