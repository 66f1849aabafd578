//! From the solved maps to the mean outer product of the gradient.

use super::lifted::Lifted;
use crate::slopes::{OuterProduct, Slopes};

/// Blocks that are looked at, at most: directions need no more rows.
const MOST_BLOCKS: usize = 16;
/// Floats that the gradients of one block may take at a time: 64 MiB.
const MOST_FLOATS: usize = 1 << 24;

/// M = mean over rows of G' G with G = sum of the active maps without their bias, in units of the
/// normalised inputs.
pub(crate) fn slopes(lifted: &Lifted<'_>, weights: &[f32]) -> Slopes {
    let (inputs, outputs) = (lifted.rows.inputs, lifted.rows.outputs);
    let mut outer = OuterProduct::new(inputs);
    let mut gradients = Vec::new();
    for block in lifted.some_blocks(MOST_BLOCKS) {
        let step = (MOST_FLOATS / (inputs * lifted.block_rows(block)).max(1)).max(1);
        for first in (0..outputs).step_by(step) {
            let some = first..(first + step).min(outputs);
            lifted.gradients(block, some, weights, &mut gradients);
            gradients.chunks_exact(inputs).for_each(|gradient| outer.add(gradient));
        }
    }
    outer.slopes()
}
