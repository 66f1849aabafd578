//! An associative memory of hash tables: each table's entry is a bare number an output, the entries that a
//! cue's bits name are summed, and a write spreads its error over them evenly.
//!
//! The bits are signs of sums of all inputs under random sign flips. It is what a gated memory is without
//! linear maps and without least squares. After Sean O'Connor's associative memories (published as code
//! and blog posts), with independent sign flips in place of a fast transform.

use ndarray::{Array2, ArrayView2, Axis};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// Tables of entries.
pub struct HashMemory {
    bits: usize,
    tables: usize,
    outputs: usize,
    /// One column a bit of a table.
    flips: Array2<f32>,
    /// Table by table, entry by entry, output by output.
    entries: Vec<f32>,
}

impl HashMemory {
    /// `tables` of 2^`bits` entries that are nought. The seed draws the sign flips.
    #[must_use]
    pub fn new(inputs: usize, outputs: usize, tables: usize, bits: usize, seed: u64) -> Self {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let flips = Array2::from_shape_simple_fn((inputs, tables * bits), || {
            if rng.random::<bool>() { 1.0 } else { -1.0 }
        });
        let entries = vec![0.0; (tables << bits) * outputs];
        Self { bits, tables, outputs, flips, entries }
    }

    /// Floats that it holds, its sign flips not counted.
    #[must_use]
    pub fn floats(&self) -> usize {
        self.entries.len()
    }

    /// The active entries of every row, `tables` a row.
    #[must_use]
    pub fn active(&self, x: ArrayView2<'_, f32>) -> Vec<usize> {
        let sums = x.dot(&self.flips);
        let mut active = Vec::with_capacity(x.nrows() * self.tables);
        for sums in sums.axis_iter(Axis(0)) {
            for table in 0..self.tables {
                let bits = (0..self.bits).map(|bit| sums[table * self.bits + bit] > 0.0);
                let key = bits.fold(0, |key, bit| key << 1 | usize::from(bit));
                active.push(((table << self.bits) + key) * self.outputs);
            }
        }
        active
    }

    /// Learns every row once, in order.
    pub fn learn(&mut self, active: &[usize], y: ArrayView2<'_, f32>) {
        let mut said = vec![0.0; self.outputs];
        for (active, y) in active.chunks_exact(self.tables).zip(y.axis_iter(Axis(0))) {
            self.say(active, &mut said);
            for (output, (said, y)) in said.iter().zip(y).enumerate() {
                let part = (y - said) / self.tables as f32;
                active.iter().for_each(|&entry| self.entries[entry + output] += part);
            }
        }
    }

    /// What the active entries of every row add up to.
    #[must_use]
    pub fn recall(&self, active: &[usize]) -> Array2<f32> {
        let rows = active.len() / self.tables.max(1);
        let mut recalled = Array2::zeros((rows, self.outputs));
        let mut said = vec![0.0; self.outputs];
        for (active, mut row) in active.chunks_exact(self.tables).zip(recalled.rows_mut()) {
            self.say(active, &mut said);
            row.iter_mut().zip(&said).for_each(|(to, from)| *to = *from);
        }
        recalled
    }

    fn say(&self, active: &[usize], said: &mut [f32]) {
        said.fill(0.0);
        for &entry in active {
            let entries = &self.entries[entry..entry + self.outputs];
            said.iter_mut().zip(entries).for_each(|(said, entry)| *said += entry);
        }
    }

    /// The entries that recall the rows with the least square error, of those the smallest: ridge
    /// regression with a vanishing penalty on the same code, by conjugate gradients from nought.
    pub fn solve(&mut self, active: &[usize], y: ArrayView2<'_, f32>, iterations: usize) {
        for output in 0..self.outputs {
            let goal: Vec<f64> = y.column(output).iter().map(|&y| f64::from(y)).collect();
            let count = self.tables << self.bits;
            let place = |entry: usize| entry / self.outputs;
            let forward = |w: &[f64]| -> Vec<f64> {
                let rows = active.chunks_exact(self.tables);
                rows.map(|row| row.iter().map(|&entry| w[place(entry)]).sum()).collect()
            };
            let back = |errors: &[f64]| -> Vec<f64> {
                let mut sums = vec![0.0; count];
                for (row, error) in active.chunks_exact(self.tables).zip(errors) {
                    row.iter().for_each(|&entry| sums[place(entry)] += error);
                }
                sums
            };
            let product = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
            let (mut w, mut errors) = (vec![0.0; count], goal);
            let mut slope = back(&errors);
            let mut direction = slope.clone();
            let mut size = product(&slope, &slope);
            let enough = size * 1e-16;
            for _ in 0..iterations {
                if size <= enough {
                    break;
                }
                let ahead = forward(&direction);
                let step = size / product(&ahead, &ahead).max(f64::MIN_POSITIVE);
                w.iter_mut().zip(&direction).for_each(|(w, d)| *w += step * d);
                errors.iter_mut().zip(&ahead).for_each(|(e, a)| *e -= step * a);
                slope = back(&errors);
                let next = product(&slope, &slope);
                let turn = next / size;
                size = next;
                direction.iter_mut().zip(&slope).for_each(|(d, s)| *d = s + turn * *d);
            }
            for (entry, w) in w.into_iter().enumerate() {
                self.entries[entry * self.outputs + output] = w as f32;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pairs(rows: usize) -> (Array2<f32>, Array2<f32>) {
        let mut rng = ChaCha8Rng::seed_from_u64(5);
        let x = Array2::from_shape_simple_fn((rows, 24), || rng.random::<f32>() - 0.5);
        let y = Array2::from_shape_simple_fn((rows, 2), || rng.random::<f32>());
        (x, y)
    }

    fn error(memory: &HashMemory, active: &[usize], y: &Array2<f32>) -> f32 {
        let errors = &memory.recall(active) - y;
        errors.iter().map(|error| error * error).sum::<f32>() / errors.len() as f32
    }

    #[test]
    fn the_row_just_learned_is_recalled() {
        let (x, y) = pairs(40);
        let mut memory = HashMemory::new(24, 2, 8, 4, 1);
        let active = memory.active(x.view());
        memory.learn(&active, y.view());
        let last = memory.recall(&active[39 * 8..]);
        assert!((&last.row(0) - &y.row(39)).iter().all(|error| error.abs() < 1e-5));
    }

    #[test]
    fn the_solution_recalls_what_fits_and_no_pass_does_better_than_it() {
        let (x, y) = pairs(60);
        let mut memory = HashMemory::new(24, 2, 8, 4, 1);
        let active = memory.active(x.view());
        memory.solve(&active, y.view(), 500);
        assert!(error(&memory, &active, &y) < 1e-6, "{}", error(&memory, &active, &y));
        // Far more rows than entries.
        let (x, y) = pairs(600);
        let mut learned = HashMemory::new(24, 2, 8, 4, 1);
        let active = learned.active(x.view());
        (0..30).for_each(|_| learned.learn(&active, y.view()));
        memory.solve(&active, y.view(), 500);
        let (solved, learned) = (error(&memory, &active, &y), error(&learned, &active, &y));
        assert!(solved < learned && learned < 1.0, "{solved} {learned}");
        assert_eq!(memory.floats(), 8 * 16 * 2);
    }
}
