//! Ways to lay out slots, and a loop that touches them as a write does.

use glam_memory::core::Line;
use pulp::{Arch, Simd, WithSimd};

/// Floats of a cache line.
const LINE: usize = 16;

/// Where the map or the covariance of each slot stands: slot i at `first` + i `stride`, `floats` long.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Places {
    first: usize,
    stride: usize,
    floats: usize,
}

impl Places {
    fn of(self, slot: u32) -> std::ops::Range<usize> {
        let start = self.first + slot as usize * self.stride;
        start..start + self.floats
    }
}

/// Slots laid out in one of several ways.
#[derive(Debug, Clone)]
pub struct Layout {
    lines: Vec<Line>,
    maps: Places,
    covariances: Places,
}

impl Layout {
    /// Maps and covariances apart, each slot from a cache line on: slots of `maps` and of
    /// `covariances` floats.
    #[must_use]
    pub fn apart(slots: usize, maps: usize, covariances: usize) -> Self {
        let (stride, other) = (maps.next_multiple_of(LINE), covariances.next_multiple_of(LINE));
        Self::new(
            slots * (stride + other),
            Places { first: 0, stride, floats: maps },
            Places { first: slots * stride, stride: other, floats: covariances },
        )
    }

    /// The same without a gap between slots, which then share cache lines.
    #[must_use]
    pub fn close(slots: usize, maps: usize, covariances: usize) -> Self {
        Self::new(
            slots * (maps + covariances),
            Places { first: 0, stride: maps, floats: maps },
            Places { first: slots * maps, stride: covariances, floats: covariances },
        )
    }

    /// Each slot's map and behind it its covariance, both from a cache line on.
    #[must_use]
    pub fn joined(slots: usize, maps: usize, covariances: usize) -> Self {
        let first = maps.next_multiple_of(LINE);
        let stride = first + covariances.next_multiple_of(LINE);
        Self::new(
            slots * stride,
            Places { first: 0, stride, floats: maps },
            Places { first, stride, floats: covariances },
        )
    }

    fn new(floats: usize, maps: Places, covariances: Places) -> Self {
        let lines = vec![Line([1.0; LINE]); floats.div_ceil(LINE)];
        Self { lines, maps, covariances }
    }

    /// Bytes of all slots.
    #[must_use]
    pub fn bytes(&self) -> usize {
        size_of_val(self.lines.as_slice())
    }

    /// Touches the slots of one cue as a write does: adds up the maps, then the covariances, then
    /// multiplies both by `factor`. Gives the sum.
    pub fn write(&mut self, active: &[u32], factor: f32) -> f32 {
        struct Write<'a>(&'a mut Layout, &'a [u32], f32);
        impl WithSimd for Write<'_> {
            type Output = f32;

            #[inline(always)]
            fn with_simd<S: Simd>(self, _: S) -> f32 {
                let Self(layout, active, factor) = self;
                let (maps, covariances) = (layout.maps, layout.covariances);
                let floats: &mut [f32] = bytemuck::cast_slice_mut(&mut layout.lines);
                let mut sums = [0.0; LINE];
                for &slot in active {
                    add(&mut sums, &floats[maps.of(slot)]);
                }
                for &slot in active {
                    add(&mut sums, &floats[covariances.of(slot)]);
                }
                for &slot in active {
                    floats[covariances.of(slot)].iter_mut().for_each(|value| *value *= factor);
                    floats[maps.of(slot)].iter_mut().for_each(|value| *value *= factor);
                }
                sums.iter().sum()
            }
        }
        Arch::new().dispatch(Write(self, active, factor))
    }
}

#[inline(always)]
fn add(sums: &mut [f32; LINE], values: &[f32]) {
    let (whole, rest) = values.as_chunks::<LINE>();
    for values in whole {
        sums.iter_mut().zip(values).for_each(|(sum, value)| *sum += value);
    }
    sums.iter_mut().zip(rest).for_each(|(sum, value)| *sum += value);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_layout_touches_each_float_of_the_active_slots_once_a_pass() {
        let (slots, maps, covariances) = (9, 23, 41);
        let ways = [Layout::apart, Layout::close, Layout::joined];
        for mut layout in ways.map(|way| way(slots, maps, covariances)) {
            // No two slots' floats are the same ones.
            let mut owners = vec![0; 16 * layout.lines.len()];
            for slot in 0..slots as u32 {
                for at in layout.maps.of(slot).chain(layout.covariances.of(slot)) {
                    owners[at] += 1;
                }
            }
            assert!(owners.iter().all(|&owners| owners <= 1));
            assert_eq!(owners.iter().sum::<usize>(), slots * (maps + covariances));
            let all = (maps + covariances) as f32;
            assert_eq!(layout.write(&[3, 0, 8], 2.0), 3.0 * all);
            assert_eq!(layout.write(&[3, 1], 1.0), 3.0 * all);
            assert_eq!(layout.write(&[8, 0], 0.5), 4.0 * all);
            assert_eq!(layout.write(&[8], 1.0), all);
        }
        let bytes = |layout: Layout| layout.bytes();
        assert_eq!(bytes(Layout::apart(slots, maps, covariances)), 9 * (32 + 48) * 4);
        assert_eq!(bytes(Layout::close(slots, maps, covariances)), 36 * 64);
    }
}
