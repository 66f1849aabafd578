//! Loops that do the least that any implementation of a read or a write must do.
//!
//! Each is compiled for the machine's vector unit, as the library's own loops are, and gives
//! something that depends on all that it touched.

use glam_memory::core::Line;
use pulp::{Arch, Simd, WithSimd};

/// Floats that are worked on side by side: a cache line.
const WIDE: usize = 16;
/// Sums that do not wait for each other.
const SUMS: usize = 5;

type Wide = [f32; WIDE];

/// Slots of one length, one after another.
#[derive(Debug, Clone)]
pub struct Slots {
    lines: Vec<Line>,
    stride: usize,
}

impl Slots {
    /// `count` slots that fill `lines`.
    #[must_use]
    pub fn new(lines: Vec<Line>, count: usize) -> Self {
        let stride = lines.len() / count.max(1);
        Self { lines, stride }
    }

    /// Bytes of a slot.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.stride * size_of::<Line>()
    }

    /// Floats of a slot.
    #[must_use]
    pub fn floats(&self) -> usize {
        self.stride * WIDE
    }

    fn slot(&self, slot: u32) -> &[Line] {
        &self.lines[slot as usize * self.stride..][..self.stride]
    }

    /// Adds up every float of the slots in `order`.
    #[must_use]
    pub fn sum(&self, order: &[u32]) -> f32 {
        struct Sum<'a>(&'a Slots, &'a [u32]);
        impl WithSimd for Sum<'_> {
            type Output = f32;

            #[inline(always)]
            fn with_simd<S: Simd>(self, _: S) -> f32 {
                let mut sums: [Wide; SUMS] = [[0.0; WIDE]; SUMS];
                for &slot in self.1 {
                    let mut lines = self.0.slot(slot).chunks_exact(SUMS);
                    for lines in lines.by_ref() {
                        for (sums, line) in sums.iter_mut().zip(lines) {
                            add(sums, &line.0);
                        }
                    }
                    for (sums, line) in sums.iter_mut().zip(lines.remainder()) {
                        add(sums, &line.0);
                    }
                }
                sums.as_flattened().iter().sum()
            }
        }
        Arch::new().dispatch(Sum(self, order))
    }

    /// Reads every float of the slots in `order` and writes it back `factor` times as large.
    pub fn scale(&mut self, order: &[u32], factor: f32) {
        struct Scale<'a>(&'a mut Slots, &'a [u32], f32);
        impl WithSimd for Scale<'_> {
            type Output = ();

            #[inline(always)]
            fn with_simd<S: Simd>(self, _: S) {
                let Self(slots, order, factor) = self;
                for &slot in order {
                    let lines = &mut slots.lines[slot as usize * slots.stride..][..slots.stride];
                    for line in lines {
                        line.0.iter_mut().for_each(|value| *value *= factor);
                    }
                }
            }
        }
        Arch::new().dispatch(Scale(self, order, factor));
    }

    /// Copies the slots in `order` to one place, one over the other. `to` gets as long as a slot.
    pub fn copy(&self, order: &[u32], to: &mut Vec<Line>) {
        to.resize(self.stride, Line::default());
        for &slot in order {
            to.copy_from_slice(self.slot(slot));
        }
    }
}

#[inline(always)]
fn add(sums: &mut Wide, values: &Wide) {
    sums.iter_mut().zip(values).for_each(|(sum, value)| *sum += value);
}

/// At least `count` fused multiply-adds on numbers that stay in registers, each `sum = sum a + b`; gives
/// the sum of all of them.
#[must_use]
pub fn products(count: usize, a: f32, b: f32) -> f32 {
    struct Products(usize, f32, f32);
    impl WithSimd for Products {
        type Output = f32;

        #[inline(always)]
        fn with_simd<S: Simd>(self, _: S) -> f32 {
            let Self(count, a, b) = self;
            let mut sums: [Wide; SUMS] = [[0.0; WIDE]; SUMS];
            for _ in 0..count.div_ceil(SUMS * WIDE) {
                for sum in sums.as_flattened_mut() {
                    *sum = sum.mul_add(a, b);
                }
            }
            sums.as_flattened().iter().sum()
        }
    }
    Arch::new().dispatch(Products(count, a, b))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_loop_touches_each_float_of_each_slot_named() {
        // Slots of 7 lines: more than the sums that go side by side, and some over.
        let (count, stride) = (5, 7);
        let value = |slot: usize, float: usize| (slot * 1000 + float) as f32;
        let lines: Vec<Line> = (0..count * stride)
            .map(|line| {
                let (slot, first) = (line / stride, line % stride * WIDE);
                Line(std::array::from_fn(|float| value(slot, first + float)))
            })
            .collect();
        let mut slots = Slots::new(lines, count);
        assert_eq!((slots.bytes(), slots.floats()), (7 * 64, 7 * 16));
        let whole = |slot: usize| (0..112).map(|float| value(slot, float)).sum::<f32>();
        // Whole numbers below 2^24 add up exactly in any order.
        assert_eq!(slots.sum(&[3, 0, 3]), 2.0 * whole(3) + whole(0));
        slots.scale(&[1, 3], 2.0);
        assert_eq!(slots.sum(&[0]), whole(0));
        assert_eq!(slots.sum(&[1, 3]), 2.0 * (whole(1) + whole(3)));
        let mut to = Vec::new();
        slots.copy(&[4, 2], &mut to);
        let copied = Slots::new(to, 1);
        assert_eq!(copied.sum(&[0]), whole(2));
    }

    #[test]
    fn as_many_products_are_made_as_were_asked_for() {
        for (count, rounds) in [(0, 0), (1, 1), (80, 1), (81, 2), (800, 10)] {
            // Each sum counts its rounds.
            assert_eq!(products(count, 1.0, 1.0), (rounds * SUMS * WIDE) as f32);
        }
    }
}
