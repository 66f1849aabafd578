//! From the solved maps to the mean outer product of the gradient.

use super::lifted::Lifted;
use super::workers::{Workers, collect};
use crate::slopes::{OuterProduct, Slopes};

/// Blocks of rows that are looked at, at most, and rows in all of them together: directions need no
/// more.
const MOST_BLOCKS: usize = 16;
const MOST_ROWS: usize = 8192;
/// Floats that the gradients of one block may take at a time: 32 MiB.
const MOST_FLOATS: usize = 1 << 23;

/// M = mean over rows of G' G with G = sum of the active maps without their bias, in units of the
/// normalised inputs.
pub(crate) fn slopes(lifted: &Lifted<'_>, weights: &[f32], workers: &dyn Workers) -> Slopes {
    let (inputs, outputs) = (lifted.rows.slope_inputs, lifted.rows.outputs);
    let blocks: Vec<usize> = lifted.some_blocks(MOST_BLOCKS).collect();
    let rows: usize = blocks.iter().map(|&block| lifted.block_rows(block)).sum();
    let every = rows.div_ceil(MOST_ROWS).max(1);
    let parts = collect(workers, blocks.len(), |place| {
        let (block, mut gradients) = (blocks[place], Vec::new());
        let mut outer = OuterProduct::new(inputs);
        let count = lifted.block_rows(block).div_ceil(every);
        let step = (MOST_FLOATS / (inputs * count).max(1)).max(1);
        for first in (0..outputs).step_by(step) {
            let some = first..(first + step).min(outputs);
            lifted.gradients((block, every), some, weights, &mut gradients);
            gradients.chunks_exact(inputs).for_each(|gradient| outer.add(gradient));
        }
        outer
    });
    let mut whole = OuterProduct::new(inputs);
    parts.iter().for_each(|part| whole.merge(part));
    whole.slopes()
}
