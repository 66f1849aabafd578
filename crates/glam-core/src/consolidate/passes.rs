//! Passes over the lifted rows: from maps to what they say of each row, and from errors of the rows
//! to a sum a slot.
//!
//! The first goes block by block of rows, the second piece by piece of columns. Each sum then has one
//! owner and one order, whoever does which: no sums of parts, and the same bits on any number of
//! threads.

use super::lifted::{Block, Lifted};
use crate::kernel::simd::{Kernel, dispatch};
use crate::kernel::{LANES, Lane, Simd, lanes, lanes_mut, map};

impl Lifted<'_> {
    /// The sums of the active maps `weights` at each row of block number `block`, one an output, into
    /// `values`, row after row. O(rows x columns x floats of a map).
    pub(super) fn gather(&self, block: usize, weights: &[f32], values: &mut [f32]) {
        dispatch(Gather { lifted: self, block: &self.blocks[block], weights, values });
    }

    /// Adds to `sums`, maps of the slots of piece number `piece`, the products of `values`, one an
    /// output for every row, with the rows' features. O(rows x columns of the piece x floats of a
    /// map).
    pub(super) fn scatter(&self, piece: usize, values: &[f32], sums: &mut [f32]) {
        dispatch(Scatter { lifted: self, piece, values, sums });
    }

    /// Sums weight phi phi' of the rows of the slots of piece number `piece`: one square of n x width
    /// groups a slot.
    pub(super) fn grams(&self, piece: usize, grams: &mut [f32]) {
        dispatch(Grams { lifted: self, piece, grams });
    }
}

/// Features of the rows of a block: those that all share, or filled when they are asked for.
struct Phi {
    filled: Vec<Lane>,
    feature: u32,
}

impl Phi {
    fn new() -> Self {
        Self { filled: Vec::new(), feature: u32::MAX }
    }

    /// Feature number `feature` at the rows of `block`. Another block takes another [`Phi`].
    #[inline(always)]
    fn of<'a>(&'a mut self, lifted: &'a Lifted<'_>, block: &Block, feature: u32) -> &'a [Lane] {
        let width = lifted.structure.width();
        if let Some((shared, phi)) = &lifted.shared
            && *shared == feature
        {
            return &phi[block.rows.start * width..block.rows.end * width];
        }
        if self.feature != feature {
            self.feature = feature;
            self.filled.resize(block.rows.len() * width, [0.0; LANES]);
            let shape = &lifted.structure.features()[feature as usize];
            for (row, phi) in block.rows.clone().zip(self.filled.chunks_exact_mut(width)) {
                shape.fill(lifted.rows.z(row), phi);
            }
        }
        &self.filled
    }
}

/// Calls `$call` with the number of groups `$width` as the constant `W`, which keeps a map in registers
/// along its rows; for many groups, `$wide`.
macro_rules! by_width {
    ($width:expr, $call:ident::<S, W>($($argument:expr),*), $wide:expr) => {
        match $width {
            1 => $call::<S, 1>($($argument),*),
            2 => $call::<S, 2>($($argument),*),
            3 => $call::<S, 3>($($argument),*),
            4 => $call::<S, 4>($($argument),*),
            _ => $wide,
        }
    };
}

struct Gather<'a> {
    lifted: &'a Lifted<'a>,
    block: &'a Block,
    weights: &'a [f32],
    values: &'a mut [f32],
}

impl Kernel for Gather<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        let Self { lifted, block, weights, values } = self;
        let (width, outputs, stride) =
            (lifted.structure.width(), lifted.rows.outputs, lifted.stride());
        let mut sums = vec![[0.0; LANES]; block.rows.len() * outputs];
        let mut phi = Phi::new();
        for (number, column) in lifted.columns.iter().enumerate() {
            let phi = phi.of(lifted, block, column.feature);
            for (slot, rows) in block.runs(number) {
                let map = &weights[slot * stride..][..stride];
                by_width!(width, gather_run::<S, W>(simd, map, phi, rows, &mut sums), {
                    for row in rows.iter().map(|&row| usize::from(row)) {
                        let sums = &mut sums[row * outputs..][..outputs];
                        map::accumulate(simd, map, &phi[row * width..][..width], sums);
                    }
                });
            }
        }
        for (value, sum) in values.iter_mut().zip(&sums) {
            *value = simd.total(simd.load(sum));
        }
    }
}

/// Adds the products of one slot's map with the features of its rows to the sums of these.
#[inline(always)]
fn gather_run<S: Simd, const W: usize>(
    simd: S,
    map: &[f32],
    phi: &[Lane],
    rows: &[u16],
    sums: &mut [Lane],
) {
    let (maps, phi) = (lanes(map).as_chunks::<W>().0, phi.as_chunks::<W>().0);
    for (output, map) in maps.iter().enumerate() {
        let map: [S::V; W] = std::array::from_fn(|group| simd.load(&map[group]));
        for row in rows.iter().map(|&row| usize::from(row)) {
            let (phi, sum) = (&phi[row], &mut sums[row * maps.len() + output]);
            let total = (0..W).fold(simd.load(sum), |total, group| {
                simd.add_product(total, map[group], simd.load(&phi[group]))
            });
            simd.store(total, sum);
        }
    }
}

struct Scatter<'a> {
    lifted: &'a Lifted<'a>,
    piece: usize,
    values: &'a [f32],
    sums: &'a mut [f32],
}

impl Kernel for Scatter<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        let Self { lifted, piece, values, sums } = self;
        let (width, outputs, stride) =
            (lifted.structure.width(), lifted.rows.outputs, lifted.stride());
        let piece = &lifted.pieces[piece];
        for block in &lifted.blocks {
            let values = &values[block.rows.start * outputs..block.rows.end * outputs];
            let mut phi = Phi::new();
            for number in piece.columns.clone() {
                let phi = phi.of(lifted, block, lifted.columns[number].feature);
                for (slot, rows) in block.runs(number) {
                    let sum = &mut sums[(slot - piece.slots.start) * stride..][..stride];
                    by_width!(width, scatter_run::<S, W>(simd, sum, phi, rows, values), {
                        for row in rows.iter().map(|&row| usize::from(row)) {
                            let values = &values[row * outputs..][..outputs];
                            map::correct(simd, sum, &phi[row * width..][..width], values);
                        }
                    });
                }
            }
        }
    }
}

/// Adds the products of the values of one slot's rows with their features to its sum.
#[inline(always)]
fn scatter_run<S: Simd, const W: usize>(
    simd: S,
    sum: &mut [f32],
    phi: &[Lane],
    rows: &[u16],
    values: &[f32],
) {
    let (sums, phi) = (lanes_mut(sum).as_chunks_mut::<W>().0, phi.as_chunks::<W>().0);
    let outputs = sums.len();
    for (output, sum) in sums.iter_mut().enumerate() {
        let mut total: [S::V; W] = std::array::from_fn(|group| simd.load(&sum[group]));
        for row in rows.iter().map(|&row| usize::from(row)) {
            let (phi, value) = (&phi[row], simd.splat(values[row * outputs + output]));
            for group in 0..W {
                total[group] = simd.add_product(total[group], simd.load(&phi[group]), value);
            }
        }
        for group in 0..W {
            simd.store(total[group], &mut sum[group]);
        }
    }
}

struct Grams<'a> {
    lifted: &'a Lifted<'a>,
    piece: usize,
    grams: &'a mut [f32],
}

impl Kernel for Grams<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        let Self { lifted, piece, grams } = self;
        let (width, n) = (lifted.structure.width(), lifted.structure.n());
        let stride = n * width * LANES;
        let piece = &lifted.pieces[piece];
        let mut weighted = vec![0.0; n];
        for block in &lifted.blocks {
            let mut phi = Phi::new();
            for number in piece.columns.clone() {
                let phi = phi.of(lifted, block, lifted.columns[number].feature);
                for (slot, rows) in block.runs(number) {
                    let gram = &mut grams[(slot - piece.slots.start) * stride..][..stride];
                    for row in rows.iter().map(|&row| usize::from(row)) {
                        let phi = &phi[row * width..][..width];
                        let weight = lifted.rows.weight(block.rows.start + row);
                        let products = weighted.iter_mut().zip(phi.as_flattened());
                        products.for_each(|(weighted, phi)| *weighted = weight * phi);
                        map::correct(simd, gram, phi, &weighted);
                    }
                }
            }
        }
    }
}
