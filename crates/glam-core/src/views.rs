//! Which inputs each table sees.

use crate::rng::Rng;

/// How the views of a memory's tables are drawn. Every table has a stream of random numbers of its own.
///
/// **Dealt.** Where inputs suffice for all tables, no table draws an input that one before it has: the same
/// multiple of an input can be added to the maps of all slots of a table and taken from those of another
/// that sees it too, and nothing is changed. That is one float less to store pairs in for every input that is
/// shared.
pub(crate) struct Views<'a> {
    seed: u64,
    spread: &'a [f32],
    count: usize,
    /// Of every table, where they are dealt; else empty.
    dealt: Vec<(Vec<u32>, Rng)>,
}

impl<'a> Views<'a> {
    /// Views of `count` inputs for `tables` tables, of inputs with this spread.
    pub(crate) fn new(seed: u64, spread: &'a [f32], tables: usize, count: usize) -> Self {
        let views = Self { seed, spread, count, dealt: Vec::new() };
        if count >= spread.len() || !suffice(spread, tables.saturating_mul(count)) {
            return views;
        }
        let mut left = spread.to_vec();
        let deal = |table| {
            let mut rng = views.stream(table);
            let view = draw_view(&left, count, &mut rng);
            view.iter().for_each(|&input| left[input as usize] = 0.0);
            (view, rng)
        };
        let dealt = (0..tables).map(deal).collect();
        Self { dealt, ..views }
    }

    /// The inputs that a table sees, rising, and its stream of draws after them.
    pub(crate) fn draw(&self, table: usize) -> (Vec<u32>, Rng) {
        if let Some(dealt) = self.dealt.get(table) {
            return dealt.clone();
        }
        let mut rng = self.stream(table);
        if self.count >= self.spread.len() {
            return ((0..self.spread.len() as u32).collect(), rng);
        }
        (draw_view(self.spread, self.count, &mut rng), rng)
    }

    fn stream(&self, table: usize) -> Rng {
        Rng::new(self.seed, table as u64)
    }
}

/// Whether so many inputs have half the weight of the heaviest or more: as many are left for each view
/// that is dealt, whatever else was drawn before.
fn suffice(spread: &[f32], count: usize) -> bool {
    let most = spread.iter().copied().fold(0.0, f32::max);
    // Weights are square roots of spreads.
    most > 0.0 && spread.iter().filter(|&&spread| spread >= most / 4.0).count() >= count
}

/// Draws `count` inputs without replacement, in proportion to the square root of their spread;
/// inputs that have been constant so far come last. Rising order.
///
/// The draw keeps the `count` largest of u^(1/w), the weighted reservoir of Efraimidis and
/// Spirakis (2006); with w a square root in [0, 1] it needs only u^(1/w) for w = 1/k, which is
/// taken as a comparison of logarithms.
fn draw_view(spread: &[f32], count: usize, rng: &mut Rng) -> Vec<u32> {
    let mut drawn: Vec<(f64, u32)> = spread
        .iter()
        .enumerate()
        .map(|(input, &spread)| {
            let unit = f64::from(rng.unit()).max(1e-9);
            let weight = f64::from(spread).sqrt();
            // Constant inputs get a rank below every other, in random order among themselves.
            let rank = if weight > 0.0 { log2(unit) / weight } else { f64::from(-1e30_f32) * unit };
            (rank, input as u32)
        })
        .collect();
    if count < drawn.len() {
        drawn.select_nth_unstable_by(count, |a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
    }
    let mut view: Vec<u32> = drawn.into_iter().take(count).map(|(_, input)| input).collect();
    view.sort_unstable();
    view
}

/// log2 of a positive number from its bits and one rational step: the same on every platform, and
/// right to 1e-3, which is enough to rank random draws.
fn log2(x: f64) -> f64 {
    let bits = x.to_bits();
    let exponent = ((bits >> 52) & 0x7FF) as f64 - 1023.0;
    let mantissa = f64::from_bits((bits & 0x000F_FFFF_FFFF_FFFF) | 0x3FF0_0000_0000_0000);
    // ln(m) = 2 atanh((m - 1) / (m + 1)), three terms.
    let t = (mantissa - 1.0) / (mantissa + 1.0);
    let t2 = t * t;
    exponent + 2.0 * t * (1.0 + t2 / 3.0 + t2 * t2 / 5.0) * std::f64::consts::LOG2_E
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn log2_is_right_to_a_thousandth() {
        for x in [1e-9, 0.001, 0.25, 0.5, 0.7, 0.999, 1.0, 1.5] {
            assert!((log2(x) - x.log2()).abs() < 1e-3, "{x}");
        }
    }

    #[test]
    fn views_follow_the_spread_and_leave_constants_out() {
        let spread = [0.0, 1.0, 0.04, 1.0, 0.0, 1.0, 0.04, 1.0];
        let mut counts = [0; 8];
        for seed in 0..2000 {
            let view = draw_view(&spread, 3, &mut Rng::new(seed, 0));
            assert_eq!(view.len(), 3);
            view.iter().for_each(|&input| counts[input as usize] += 1);
        }
        assert_eq!((counts[0], counts[4]), (0, 0));
        assert!(counts[1] > 2 * counts[2] && counts[3] > 2 * counts[6], "{counts:?}");
        // With nothing else to draw, constants are drawn too: a view is never short.
        assert_eq!(draw_view(&[0.0; 4], 3, &mut Rng::new(1, 0)).len(), 3);
    }

    #[test]
    fn views_are_dealt_where_inputs_suffice_and_only_there() {
        let shared = |spread: &[f32], tables: usize, count: usize| {
            let views = Views::new(7, spread, tables, count);
            let mut times = vec![0_usize; spread.len()];
            for table in 0..tables {
                let (view, _) = views.draw(table);
                assert!(view.len() == count && view.is_sorted_by(|a, b| a < b), "{view:?}");
                view.iter().for_each(|&input| times[input as usize] += 1);
            }
            times.iter().map(|&times| times.saturating_sub(1)).sum::<usize>()
        };
        // Up to the last card, and beyond the deck each table for itself.
        assert_eq!(shared(&[1.0; 60], 4, 15), 0);
        assert!(shared(&[1.0; 59], 4, 15) > 1);
        // 900 inputs of little spread are not worth being dealt once the others are gone.
        let mut spread = [0.01; 1000];
        spread[..100].fill(1.0);
        assert!(shared(&spread, 7, 15) > 1);
        assert_eq!(shared(&spread, 6, 15), 0);
        assert!(shared(&[0.0; 60], 4, 15) > 0);
        // Who sees everything shares everything.
        assert_eq!(shared(&[1.0; 15], 2, 15), 15);
    }

    #[test]
    fn a_table_that_is_dealt_a_view_goes_on_as_one_that_draws_it() {
        let spread: Vec<f32> = (0..64).map(|input| 1.0 - input as f32 / 128.0).collect();
        let alone = |table: u64, count: usize| {
            let mut rng = Rng::new(3, table);
            let view = draw_view(&spread, count, &mut rng);
            (view, rng.unit().to_bits())
        };
        let of = |views: &Views<'_>, table: usize| {
            let (view, mut rng) = views.draw(table);
            (view, rng.unit().to_bits())
        };
        let dealt = Views::new(3, &spread, 4, 15);
        let drawn = Views::new(3, &spread, 9, 15);
        assert_eq!(of(&dealt, 0), alone(0, 15));
        assert_eq!(of(&drawn, 2), alone(2, 15));
        // The view is another, the draws after it are the same.
        let ((view, next), (other, same)) = (of(&dealt, 2), alone(2, 15));
        assert!(view != other && next == same, "{view:?} {other:?}");
        let whole = Views::new(3, &spread, 2, 64);
        assert_eq!(of(&whole, 1), ((0..64).collect(), Rng::new(3, 1).unit().to_bits()));
    }
}
