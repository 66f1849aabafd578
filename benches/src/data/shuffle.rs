//! Orders and cuts of rows that are the same on every machine.

use rand::RngExt;
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

/// Rows to learn from and rows to judge by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Split {
    /// Rows to learn from, in their original order.
    pub kept: Vec<usize>,
    /// Rows to judge by, in their original order.
    pub held_out: Vec<usize>,
}

/// The numbers below `count` in an order that depends on the seed alone.
#[must_use]
pub fn shuffled_indices(count: usize, seed: u64) -> Vec<usize> {
    let mut indices: Vec<usize> = (0..count).collect();
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    for last in (1..count).rev() {
        indices.swap(last, rng.random_range(0..=last));
    }
    indices
}

/// Sets aside a tenth of the rows, drawn at random (at least one, if there are two), to choose a
/// setting on.
#[must_use]
pub fn held_out_tenth(row_count: usize, seed: u64) -> Split {
    let held_out_count = if row_count < 2 { 0 } else { (row_count / 10).max(1) };
    let order = shuffled_indices(row_count, seed);
    let (held_out, kept) = order.split_at(held_out_count);
    let (mut held_out, mut kept) = (held_out.to_vec(), kept.to_vec());
    held_out.sort_unstable();
    kept.sort_unstable();
    Split { kept, held_out }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_order_depends_on_the_seed_alone() {
        assert_eq!(shuffled_indices(100, 7), shuffled_indices(100, 7));
        assert_ne!(shuffled_indices(100, 7), shuffled_indices(100, 8));
    }

    #[test]
    fn every_row_is_either_kept_or_held_out() {
        for row_count in [0, 1, 2, 9, 10, 11, 1_003] {
            let split = held_out_tenth(row_count, 1);
            let mut all = [split.kept.clone(), split.held_out.clone()].concat();
            all.sort_unstable();
            assert_eq!(all, (0..row_count).collect::<Vec<_>>());
            if row_count >= 10 {
                assert_eq!(split.held_out.len(), row_count / 10);
            }
        }
    }
}
