//! A learning rate that falls wherever the loss does not.

/// A loss counts as less below this share of the least so far.
const SIGNIFICANT: f64 = 0.99;
/// Passes without a lesser loss after which the rate falls.
const PATIENCE: usize = 10;
/// What it falls to.
const FALL: f64 = 0.5;
/// The share of the first rate at which nothing more is to be gained.
const LEAST_SHARE: f64 = 1.0 / 64.0;

/// The rate, and what it follows.
#[derive(Debug)]
pub(super) struct Plateau {
    first: f64,
    rate: f64,
    least: f64,
    since: usize,
}

impl Plateau {
    pub(super) fn new(rate: f64) -> Self {
        Self { first: rate, rate, least: f64::INFINITY, since: 0 }
    }

    /// The rate after a pass of so much loss; none where training is to end.
    pub(super) fn rate_after(&mut self, loss: f64) -> Option<f64> {
        if loss < SIGNIFICANT * self.least {
            (self.least, self.since) = (loss, 0);
            return Some(self.rate);
        }
        self.since += 1;
        if self.since == PATIENCE {
            (self.rate, self.since) = (FALL * self.rate, 0);
        }
        (self.rate >= LEAST_SHARE * self.first).then_some(self.rate)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rate_stays_while_the_loss_falls_and_halves_until_the_end_where_it_does_not() {
        let mut plateau = Plateau::new(0.64);
        for pass in 0..30 {
            assert_eq!(plateau.rate_after(0.9_f64.powi(pass)), Some(0.64));
        }
        let still = 0.9_f64.powi(29) * 0.995;
        let mut rates = Vec::new();
        while let Some(rate) = plateau.rate_after(still) {
            rates.push(rate);
        }
        // Nine at the first, ten at each half of the next six, and the last.
        assert_eq!(rates.len(), 9 + 6 * 10);
        assert_eq!((rates[8], rates[9], rates[68]), (0.64, 0.32, 0.01));
        // Losses that are no numbers are not less.
        assert_eq!(Plateau::new(1.0).rate_after(f64::NAN), Some(1.0));
    }
}
