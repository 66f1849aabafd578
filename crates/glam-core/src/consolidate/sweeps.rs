//! What conjugate gradients do to their vectors: one sweep over the slots of a piece for each sum that
//! all of them wait for.
//!
//! A product of two vectors is summed in f32 within a map and in f64 over maps and pieces: numbers of
//! one map are few, and it is over the many slots that roundings would add up.

use std::ops::Range;

use super::inverses::Inverses;
use crate::kernel::simd::{Kernel, dispatch};
use crate::kernel::{LANES, Simd, lanes, lanes_mut};

/// The shape of a vector: maps of so many groups, so many side by side in a slot.
#[derive(Debug, Clone, Copy)]
pub(super) struct Shape {
    pub(super) width: usize,
    pub(super) outputs: usize,
}

impl Shape {
    /// Floats of the maps of one slot.
    pub(super) fn stride(self) -> usize {
        self.outputs * self.width * LANES
    }

    /// q += lambda p, and then p.q, one product an output.
    pub(super) fn curvature(self, q: &mut [f32], p: &[f32], lambda: f32) -> Vec<f64> {
        dispatch(Curvature { shape: self, q, p, lambda })
    }

    /// r -= step q and w += step p with one step an output; then z = M^-1 r over q, and r.z, one product
    /// an output. `slots` are those that the vectors are of.
    pub(super) fn descend(
        self,
        [w, r, q]: [&mut [f32]; 3],
        p: &[f32],
        step: &[f32],
        inverses: &Inverses,
        slots: Range<usize>,
    ) -> Vec<f64> {
        dispatch(Descend { shape: self, w, r, q, p, step, inverses, slots })
    }

    /// p = z + turn p with one turn an output.
    pub(super) fn turn(self, p: &mut [f32], z: &[f32], turn: &[f32]) {
        dispatch(Turn { shape: self, p, z, turn });
    }
}

struct Curvature<'a> {
    shape: Shape,
    q: &'a mut [f32],
    p: &'a [f32],
    lambda: f32,
}

impl Kernel for Curvature<'_> {
    type Output = Vec<f64>;

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) -> Vec<f64> {
        let Self { shape: Shape { width, outputs }, q, p, lambda } = self;
        let lambda = simd.splat(lambda);
        let mut products = vec![0.0; outputs];
        let groups = (width * outputs).max(1);
        let slots = lanes_mut(q).chunks_exact_mut(groups).zip(lanes(p).chunks_exact(groups));
        for (q, p) in slots {
            let maps = q.chunks_exact_mut(width).zip(p.chunks_exact(width));
            for ((q, p), product) in maps.zip(&mut products) {
                let mut sum = simd.splat(0.0);
                for (q, p) in q.iter_mut().zip(p) {
                    let p = simd.load(p);
                    let value = simd.add_product(simd.load(q), lambda, p);
                    simd.store(value, q);
                    sum = simd.add_product(sum, p, value);
                }
                *product += f64::from(simd.total(sum));
            }
        }
        products
    }
}

struct Descend<'a> {
    shape: Shape,
    w: &'a mut [f32],
    r: &'a mut [f32],
    q: &'a mut [f32],
    p: &'a [f32],
    step: &'a [f32],
    inverses: &'a Inverses,
    slots: Range<usize>,
}

impl Kernel for Descend<'_> {
    type Output = Vec<f64>;

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) -> Vec<f64> {
        let Self { shape: Shape { width, outputs }, w, r, q, p, step, inverses, slots } = self;
        let n = inverses.n;
        // The group that ends a row of an inverse reaches into the next: what it finds there is none
        // of this map's.
        let own =
            std::array::from_fn(|lane| if (width - 1) * LANES + lane < n { 1.0 } else { 0.0 });
        let own = simd.load(&own);
        let mut products = vec![0.0; outputs];
        let floats = width * LANES;
        let vectors = w.chunks_exact_mut(floats).zip(r.chunks_exact_mut(floats));
        let vectors = vectors.zip(q.chunks_exact_mut(floats).zip(p.chunks_exact(floats)));
        for (map, ((w, r), (q, p))) in vectors.enumerate() {
            let (slot, output) = (map / outputs, map % outputs);
            let (step, back) = (simd.splat(step[output]), simd.splat(-step[output]));
            let groups = lanes_mut(w).iter_mut().zip(lanes_mut(r));
            for ((w, r), (q, p)) in groups.zip(lanes(q).iter().zip(lanes(p))) {
                simd.store(simd.add_product(simd.load(w), step, simd.load(p)), w);
                simd.store(simd.add_product(simd.load(r), back, simd.load(q)), r);
            }
            let inverse = &inverses.floats[(slots.start + slot) * n * n..];
            let mut sum = simd.splat(0.0);
            for (group, z) in lanes_mut(q).iter_mut().enumerate() {
                // Symmetric: row j times r_j, which needs no sums across lanes.
                let mut total = simd.splat(0.0);
                for (j, &r) in r.iter().take(n).enumerate() {
                    let at = j * n + group * LANES;
                    if let Some(row) = inverse[at..].first_chunk() {
                        total = simd.add_product(total, simd.load(row), simd.splat(r));
                    }
                }
                if group + 1 == width {
                    total = simd.mul(total, own);
                }
                simd.store(total, z);
                sum = simd.add_product(sum, total, simd.load(&lanes(r)[group]));
            }
            products[output] += f64::from(simd.total(sum));
        }
        products
    }
}

struct Turn<'a> {
    shape: Shape,
    p: &'a mut [f32],
    z: &'a [f32],
    turn: &'a [f32],
}

impl Kernel for Turn<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        let Self { shape: Shape { width, .. }, p, z, turn } = self;
        let maps = lanes_mut(p).chunks_exact_mut(width).zip(lanes(z).chunks_exact(width));
        for ((p, z), &turn) in maps.zip(turn.iter().cycle()) {
            let turn = simd.splat(turn);
            for (p, z) in p.iter_mut().zip(z) {
                simd.store(simd.add_product(simd.load(z), turn, simd.load(p)), p);
            }
        }
    }
}
