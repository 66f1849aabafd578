//! Eight floats at a time, on whatever the machine has.
//!
//! The kernels are written once over [`Simd`]. Each operation is one IEEE operation a lane, never a
//! fused one, and [`Simd::totals`] adds in one fixed order: every implementation gives the same
//! bits, which a test checks.

/// One group of lanes in memory.
pub(crate) type Lane = [f32; LANES];

/// Floats that are worked on side by side.
pub(crate) const LANES: usize = 8;

/// Arithmetic on eight lanes.
pub(crate) trait Simd: Copy {
    /// Eight floats in a register.
    type V: Copy;

    fn load(self, lane: &Lane) -> Self::V;
    fn store(self, value: Self::V, lane: &mut Lane);
    fn splat(self, value: f32) -> Self::V;
    fn add(self, a: Self::V, b: Self::V) -> Self::V;
    fn mul(self, a: Self::V, b: Self::V) -> Self::V;
    fn div(self, a: Self::V, b: Self::V) -> Self::V;
    fn max(self, a: Self::V, b: Self::V) -> Self::V;

    /// Appends to each path whether its lane of `values` lies above that of `thresholds`.
    fn decide(self, values: Self::V, thresholds: Self::V, paths: &mut [u32; LANES]);

    /// The sums of the lanes of eight values, each ((0+1) + (2+3)) + ((4+5) + (6+7)).
    fn totals(self, values: [Self::V; LANES]) -> Self::V;

    /// The sum of the lanes of one value, in the same order.
    #[inline(always)]
    fn total(self, value: Self::V) -> f32 {
        let mut lane = [0.0; LANES];
        self.store(value, &mut lane);
        let [a, b, c, d, e, f, g, h] = lane;
        ((a + b) + (c + d)) + ((e + f) + (g + h))
    }

    /// `sum` + `a` * `b`.
    #[inline(always)]
    fn add_product(self, sum: Self::V, a: Self::V, b: Self::V) -> Self::V {
        self.add(sum, self.mul(a, b))
    }
}

/// Plain Rust, for machines without a vector unit that is known here.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Portable;

#[inline(always)]
fn each(a: Lane, b: Lane, operation: impl Fn(f32, f32) -> f32) -> Lane {
    std::array::from_fn(|lane| operation(a[lane], b[lane]))
}

impl Simd for Portable {
    type V = Lane;

    #[inline(always)]
    fn load(self, lane: &Lane) -> Lane {
        *lane
    }

    #[inline(always)]
    fn store(self, value: Lane, lane: &mut Lane) {
        *lane = value;
    }

    #[inline(always)]
    fn splat(self, value: f32) -> Lane {
        [value; LANES]
    }

    #[inline(always)]
    fn add(self, a: Lane, b: Lane) -> Lane {
        each(a, b, |a, b| a + b)
    }

    #[inline(always)]
    fn mul(self, a: Lane, b: Lane) -> Lane {
        each(a, b, |a, b| a * b)
    }

    #[inline(always)]
    fn div(self, a: Lane, b: Lane) -> Lane {
        each(a, b, |a, b| a / b)
    }

    #[inline(always)]
    fn max(self, a: Lane, b: Lane) -> Lane {
        each(a, b, |a, b| if a > b { a } else { b })
    }

    #[inline(always)]
    fn decide(self, values: Lane, thresholds: Lane, paths: &mut [u32; LANES]) {
        for (path, (value, threshold)) in paths.iter_mut().zip(values.iter().zip(thresholds)) {
            *path = *path << 1 | u32::from(*value > threshold);
        }
    }

    #[inline(always)]
    fn totals(self, values: [Lane; LANES]) -> Lane {
        values.map(|value| self.total(value))
    }
}

#[cfg(target_arch = "x86_64")]
mod x86 {
    use std::arch::x86_64::{__m256, __m256i, _CMP_GT_OQ};

    use pulp::x86::V3;

    use super::{LANES, Lane, Simd};

    impl Simd for V3 {
        type V = __m256;

        #[inline(always)]
        fn load(self, lane: &Lane) -> __m256 {
            bytemuck::cast(*lane)
        }

        #[inline(always)]
        fn store(self, value: __m256, lane: &mut Lane) {
            *lane = bytemuck::cast(value);
        }

        #[inline(always)]
        fn splat(self, value: f32) -> __m256 {
            self.avx._mm256_set1_ps(value)
        }

        #[inline(always)]
        fn add(self, a: __m256, b: __m256) -> __m256 {
            self.avx._mm256_add_ps(a, b)
        }

        #[inline(always)]
        fn mul(self, a: __m256, b: __m256) -> __m256 {
            self.avx._mm256_mul_ps(a, b)
        }

        #[inline(always)]
        fn div(self, a: __m256, b: __m256) -> __m256 {
            self.avx._mm256_div_ps(a, b)
        }

        #[inline(always)]
        fn max(self, a: __m256, b: __m256) -> __m256 {
            self.avx._mm256_max_ps(a, b)
        }

        #[inline(always)]
        fn decide(self, values: __m256, thresholds: __m256, paths: &mut [u32; LANES]) {
            // All ones, which is -1, where it lies above; false for what is not a number.
            let above = self.avx._mm256_cmp_ps::<_CMP_GT_OQ>(values, thresholds);
            let old: __m256i = bytemuck::cast(*paths);
            let twice = self.avx2._mm256_add_epi32(old, old);
            let above = self.avx._mm256_castps_si256(above);
            *paths = bytemuck::cast(self.avx2._mm256_sub_epi32(twice, above));
        }

        #[inline(always)]
        fn totals(self, [a, b, c, d, e, f, g, h]: [__m256; LANES]) -> __m256 {
            let avx = self.avx;
            // Pairs of neighbours, then pairs of pairs; each half of a register keeps its own.
            let ab = avx._mm256_hadd_ps(a, b);
            let cd = avx._mm256_hadd_ps(c, d);
            let ef = avx._mm256_hadd_ps(e, f);
            let gh = avx._mm256_hadd_ps(g, h);
            let abcd = avx._mm256_hadd_ps(ab, cd);
            let efgh = avx._mm256_hadd_ps(ef, gh);
            let low = avx._mm256_permute2f128_ps::<0x20>(abcd, efgh);
            let high = avx._mm256_permute2f128_ps::<0x31>(abcd, efgh);
            avx._mm256_add_ps(low, high)
        }
    }
}

/// Work to be done with the best [`Simd`] of this machine.
pub(crate) trait Kernel {
    /// What the work gives.
    type Output;

    /// The work. Everything it calls must be inlined, to be compiled for the same machine.
    fn run<S: Simd>(self, simd: S) -> Self::Output;
}

/// Runs a kernel with the best [`Simd`] of this machine.
#[inline]
pub(crate) fn dispatch<K: Kernel>(kernel: K) -> K::Output {
    #[cfg(target_arch = "x86_64")]
    if let Some(v3) = pulp::x86::V3::try_new() {
        struct Vectorised<K>(K, pulp::x86::V3);
        impl<K: Kernel> pulp::NullaryFnOnce for Vectorised<K> {
            type Output = K::Output;

            #[inline(always)]
            fn call(self) -> K::Output {
                self.0.run(self.1)
            }
        }
        return v3.vectorize(Vectorised(kernel, v3));
    }
    kernel.run(Portable)
}

/// Asks for a cache line to be brought near; never fails, whatever the address.
#[inline(always)]
pub(crate) fn prefetch<T>(at: &T) {
    #[cfg(target_arch = "x86_64")]
    // SAFETY: a prefetch is a hint: it reads nothing into the program and faults on no address,
    // and SSE is part of every x86-64.
    unsafe {
        use std::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
        _mm_prefetch::<_MM_HINT_T0>(std::ptr::from_ref(at).cast());
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = at;
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng::Rng;

    struct Every([Lane; LANES]);

    impl Kernel for Every {
        type Output = Vec<u32>;

        fn run<S: Simd>(self, simd: S) -> Vec<u32> {
            let v = self.0.map(|lane| simd.load(&lane));
            let results = [
                simd.add(v[0], v[1]),
                simd.mul(v[2], v[3]),
                simd.div(v[4], v[5]),
                simd.max(v[6], v[7]),
                simd.add_product(v[0], v[1], v[2]),
                simd.splat(simd.total(v[3])),
                simd.totals(v),
            ];
            let mut lane = [0.0; LANES];
            let mut bits = Vec::new();
            for result in results {
                simd.store(result, &mut lane);
                bits.extend(lane.map(f32::to_bits));
            }
            let mut paths = [0, 1, 2, 3, u32::MAX, 5, 6, 7];
            simd.decide(v[0], v[1], &mut paths);
            simd.decide(v[2], v[2], &mut paths);
            simd.decide(v[2], simd.splat(f32::NAN), &mut paths);
            bits.extend(paths);
            bits
        }
    }

    #[test]
    fn every_implementation_gives_the_same_bits() {
        let mut rng = Rng::new(1, 9);
        for _ in 0..200 {
            let lanes = std::array::from_fn(|_| std::array::from_fn(|_| rng.normal() * 1e3));
            assert_eq!(dispatch(Every(lanes)), Every(lanes).run(Portable));
        }
    }
}
