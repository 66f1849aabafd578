//! The random draws of gates and views: a counter hashed by SplitMix64, so that a draw depends on
//! the stored seed and its place alone, on any machine.
//!
//! Source: Steele, Lea, Flood, "Fast splittable pseudorandom number generators", OOPSLA 2014. It is
//! ten lines of integer arithmetic; a random-number crate would promise the bits of its generator
//! but not those of its distributions, and gates must be drawn alike forever.

/// What the counter goes on by.
const STEP: u64 = 0x9E37_79B9_7F4A_7C15;
/// Draws that [`Rng::normal`] takes.
pub(crate) const NORMAL_DRAWS: usize = 12;

/// A stream of draws.
#[derive(Debug, Clone)]
pub(crate) struct Rng {
    state: u64,
}

impl Rng {
    /// Stream number `stream` of `seed`.
    pub(crate) fn new(seed: u64, stream: u64) -> Self {
        let mut rng = Self { state: seed };
        let start = rng.next() ^ stream.wrapping_mul(0xD134_2543_DE82_EF95);
        Self { state: start }
    }

    fn next(&mut self) -> u64 {
        self.state = self.state.wrapping_add(STEP);
        let mut z = self.state;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// Goes on as after `count` draws.
    pub(crate) fn skip(&mut self, count: usize) {
        self.state = self.state.wrapping_add(STEP.wrapping_mul(count as u64));
    }

    /// A number in [0, 1) with 24 random bits.
    pub(crate) fn unit(&mut self) -> f32 {
        (self.next() >> 40) as f32 / (1_u64 << 24) as f32
    }

    /// An index below `n` (0 where `n` is 0); the bias of n / 2^32 does not matter here.
    pub(crate) fn below(&mut self, n: usize) -> usize {
        (((self.next() >> 32) * n as u64) >> 32) as usize
    }

    /// Near enough a standard normal: twelve units less six (mean 0, variance 1), from sums alone,
    /// so that no platform's logarithm decides a gate.
    pub(crate) fn normal(&mut self) -> f32 {
        (0..NORMAL_DRAWS).map(|_| self.unit()).sum::<f32>() - 6.0
    }

    /// Moves `count` distinct indices, drawn evenly, to the front of `pool`.
    pub(crate) fn choose<'a>(&mut self, pool: &'a mut [u32], count: usize) -> &'a [u32] {
        let count = count.min(pool.len());
        for i in 0..count {
            let j = i + self.below(pool.len() - i);
            pool.swap(i, j);
        }
        &pool[..count]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_stream_is_frozen() {
        let mut rng = Rng::new(1, 2);
        let drawn: Vec<u64> = (0..3).map(|_| rng.next()).collect();
        assert_eq!(drawn, FROZEN);
    }

    /// Drawn once when the generator was written; gates of saved memories depend on it.
    const FROZEN: [u64; 3] =
        [17_726_990_778_372_864_297, 15_287_607_234_741_920_061, 16_287_601_470_165_433_696];

    #[test]
    fn skipping_is_drawing_and_not_looking() {
        let (mut skipped, mut drawn) = (Rng::new(3, 4), Rng::new(3, 4));
        skipped.skip(NORMAL_DRAWS + 2);
        drawn.normal();
        drawn.unit();
        drawn.below(7);
        assert_eq!(skipped.next(), drawn.next());
    }

    #[test]
    fn normals_have_mean_nought_and_variance_one() {
        let mut rng = Rng::new(5, 0);
        let n = 20_000;
        let drawn: Vec<f64> = (0..n).map(|_| f64::from(rng.normal())).collect();
        let mean = drawn.iter().sum::<f64>() / f64::from(n);
        let variance = drawn.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / f64::from(n);
        // Standard errors: 1 / sqrt(20,000) = .0071 of the mean, sqrt(2 / 20,000) = .01 of the variance.
        assert!(mean.abs() < 4.0 * 0.0071, "{mean}");
        assert!((variance - 1.0).abs() < 4.0 * 0.01, "{variance}");
    }

    #[test]
    fn chosen_indices_are_distinct() {
        let mut rng = Rng::new(9, 9);
        for count in 0..=7 {
            let mut pool: Vec<u32> = (0..7).collect();
            let mut chosen = rng.choose(&mut pool, count).to_vec();
            chosen.sort_unstable();
            chosen.dedup();
            assert_eq!(chosen.len(), count);
        }
    }
}
