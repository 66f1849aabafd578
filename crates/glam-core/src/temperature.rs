//! From scores to probabilities: one number that says how much a difference of scores means.

use crate::error::Result;
use crate::exp::exp_of_negative;
use crate::wire::{Reader, Writer};

/// Observations over which the inverse temperature forgets.
const WINDOW: f64 = 1000.0;
/// The inverse temperature before any data: a difference of 1, which parts a sure class from the
/// others, is odds of e^8 = 3,000.
const PRIOR_BETA: f64 = 8.0;
/// Curvature before any data: that of about twenty observations in doubt between two classes whose
/// scores are .5 apart.
const PRIOR_CURVATURE: f64 = 1.0;
/// The share of slips before any data, and its limits.
const PRIOR_SLIP: f64 = 0.01;
const SLIP_LIMITS: (f64, f64) = (1e-6, 0.5);
/// Limits of the inverse temperature; also those of a step, so that no single class that was never
/// expected undoes what others taught.
const LIMITS: (f64, f64) = (0.25, 1000.0);
/// The most that one observation changes the inverse temperature by, as a share of it.
const STEP: f64 = 0.1;

/// p(class) = (1 - slip) q(class) + slip / classes, with q(class) proportional to e^(beta score).
///
/// beta, the inverse temperature (Guo et al. 2017), follows the minimum of the log loss on
/// prequential scores by Newton steps: under q alone the loss has the slope mean_q(score) - score
/// of the right class and the curvature var_q(score); a step is the slope over the decaying sum of
/// curvatures.
///
/// slip is the share of labels that no score foresees, wrong ones above all. Without it, beta would
/// have to be low enough for a few hopeless labels, too low for all others, and the surest answers
/// would still be too sure. It is estimated as the share of any mixture is: each observation counts
/// with the probability that it was a slip, slip / classes / p(right class), and that much less in
/// the steps of beta.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Temperature {
    beta: f64,
    curvature: f64,
    slip: f64,
}

impl Default for Temperature {
    fn default() -> Self {
        Self { beta: PRIOR_BETA, curvature: PRIOR_CURVATURE, slip: PRIOR_SLIP }
    }
}

/// Sums of p, p score and p score² over the classes, with p unnormalised and 1 at the highest
/// score, and that score; scores are counted from it.
struct Sums {
    highest: f64,
    mass: f64,
    mean: f64,
    variance: f64,
}

impl Temperature {
    fn sums(&self, scores: &[f32]) -> Sums {
        let highest = f64::from(scores.iter().copied().fold(f32::NEG_INFINITY, f32::max));
        let (mut mass, mut first, mut second) = (0.0, 0.0, 0.0);
        for &score in scores {
            let score = f64::from(score) - highest;
            let p = exp_of_negative(self.beta * score);
            mass += p;
            first += p * score;
            second += p * score * score;
        }
        let mean = first / mass;
        Sums { highest, mass, mean, variance: (second / mass - mean * mean).max(0.0) }
    }

    /// Learns from `scores` that were given before `class` was known to be the right one.
    pub(crate) fn observe(&mut self, scores: &[f32], class: usize) {
        let Some(&right) = scores.get(class) else { return };
        let sums = self.sums(scores);
        let right = f64::from(right) - sums.highest;
        let by_chance = self.slip / scores.len() as f64;
        let expected = (1.0 - self.slip) * exp_of_negative(self.beta * right) / sums.mass;
        let slipped = by_chance / (by_chance + expected);
        let slip = self.slip + (slipped - self.slip) / WINDOW;
        self.slip = slip.clamp(SLIP_LIMITS.0, SLIP_LIMITS.1);
        let slope = (1.0 - slipped) * (sums.mean - right);
        let keep = 1.0 - 1.0 / WINDOW;
        // Between the two, no run of scores that say nothing or too much spoils later steps.
        let curvature = keep * self.curvature + (1.0 - slipped) * sums.variance.min(1.0);
        self.curvature = curvature.max(PRIOR_CURVATURE);
        let most = STEP * self.beta;
        let step = (slope / self.curvature).clamp(-most, most);
        self.beta = (self.beta - step).clamp(LIMITS.0, LIMITS.1);
    }

    /// Writes the probability of each class into `out`, as long as `scores`.
    pub(crate) fn probabilities(&self, scores: &[f32], out: &mut [f32]) {
        let sums = self.sums(scores);
        let by_chance = self.slip / scores.len() as f64;
        for (out, &score) in out.iter_mut().zip(scores) {
            let q = exp_of_negative(self.beta * (f64::from(score) - sums.highest)) / sums.mass;
            *out = (by_chance + (1.0 - self.slip) * q) as f32;
        }
    }

    pub(crate) fn encode(&self, writer: &mut Writer) {
        writer.f64s(&[self.beta, self.curvature, self.slip]);
    }

    pub(crate) fn decode(reader: &mut Reader<'_>) -> Result<Self> {
        match *reader.f64s()?.as_slice() {
            [beta, curvature, slip]
                if (LIMITS.0..=LIMITS.1).contains(&beta)
                    && curvature >= PRIOR_CURVATURE
                    && (SLIP_LIMITS.0..=SLIP_LIMITS.1).contains(&slip) =>
            {
                Ok(Self { beta, curvature, slip })
            }
            _ => Err(reader.damaged("the inverse temperature is out of range")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng::Rng;

    #[test]
    fn the_parameters_become_those_that_classes_were_drawn_with() {
        for (beta, slip) in [(2.0_f64, 0.0), (12.0, 0.0), (12.0, 0.1)] {
            let mut temperature = Temperature::default();
            let mut rng = Rng::new(2, 0);
            let (mut betas, mut slips, mut variance, mut counted) = (0.0, 0.0, 0.0, 0.0);
            for i in 0..20_000 {
                let scores: [f32; 5] = std::array::from_fn(|_| rng.unit());
                let q = scores.map(|score| (beta * f64::from(score)).exp());
                let mut left = f64::from(rng.unit()) * q.iter().sum::<f64>();
                let drawn = q.iter().position(|q| {
                    left -= q;
                    left < 0.0
                });
                let slips_now = f64::from(rng.unit()) < slip;
                let class = if slips_now { rng.below(5) } else { drawn.unwrap_or(4) };
                temperature.observe(&scores, class);
                if i >= 5000 {
                    betas += temperature.beta;
                    slips += temperature.slip;
                    variance += temperature.sums(&scores).variance;
                    counted += 1.0;
                }
            }
            // No estimate from so many observations has a smaller standard error than 1 over the
            // root of the curvature in all of them. Slips hide a part of it, and the two are
            // estimated together, so six of those are allowed, and a step's own size.
            let error = 6.0 / f64::sqrt(variance) + 0.01 * beta;
            assert!((betas / counted - beta).abs() < error, "{} {beta} {error}", betas / counted);
            assert!((slips / counted - slip).abs() < 0.02, "{} {slip}", slips / counted);
        }
    }

    #[test]
    fn probabilities_are_a_softmax_and_a_share_of_chance() {
        let temperature = Temperature { beta: 3.0, curvature: 1.0, slip: 0.1 };
        let scores = [0.2_f32, 0.9, -0.4, 0.9];
        let mut out = [0.0; 4];
        temperature.probabilities(&scores, &mut out);
        let e = scores.map(|score| (3.0 * f64::from(score)).exp());
        for (got, e_one) in out.iter().zip(e) {
            // Rounded once, to f32.
            let expected = 0.9 * e_one / e.iter().sum::<f64>() + 0.025;
            assert!((f64::from(*got) - expected).abs() < 6e-8);
        }
    }

    #[test]
    fn one_class_extreme_scores_and_no_class_are_no_trouble() {
        let mut temperature = Temperature::default();
        let mut one = [0.0];
        temperature.observe(&[0.3], 0);
        temperature.observe(&[], 0);
        temperature.observe(&[1.0, 2.0], 7);
        temperature.probabilities(&[0.3], &mut one);
        assert_eq!(one, [1.0]);
        temperature.probabilities(&[], &mut []);
        for _ in 0..3000 {
            temperature.observe(&[f32::MAX, f32::MIN, 0.0], 1);
            temperature.observe(&[0.0, 1.0], 0);
        }
        assert!((LIMITS.0..=LIMITS.1).contains(&temperature.beta));
        let mut out = [0.0; 3];
        temperature.probabilities(&[f32::MAX, f32::MIN, 0.0], &mut out);
        assert!((out.iter().sum::<f32>() - 1.0).abs() < 1e-6);
        assert!(out[0] > 0.5 && out[1] == out[2], "{out:?}");
    }

    #[test]
    fn it_survives_its_bytes_and_hostile_ones_are_refused() {
        let bytes = |beta, curvature, slip| {
            let mut writer = Writer::default();
            Temperature { beta, curvature, slip }.encode(&mut writer);
            writer.finish()
        };
        let saved = bytes(5.0, 2.0, 0.1);
        let back = Temperature { beta: 5.0, curvature: 2.0, slip: 0.1 };
        assert_eq!(Temperature::decode(&mut Reader::new(&saved)), Ok(back));
        for end in 0..saved.len() {
            assert!(Temperature::decode(&mut Reader::new(&saved[..end])).is_err());
        }
        for (beta, curvature, slip) in [
            (0.0, 1.0, 0.1),
            (1e9, 1.0, 0.1),
            (-3.0, 1.0, 0.1),
            (5.0, 0.0, 0.1),
            (5.0, -1.0, 0.1),
            (5.0, 1.0, 0.0),
            (5.0, 1.0, 1.0),
        ] {
            assert!(Temperature::decode(&mut Reader::new(&bytes(beta, curvature, slip))).is_err());
        }
    }
}
