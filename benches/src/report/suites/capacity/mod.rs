//! Recall and capacity: how many random pairs a memory of a given size gives back, how exactly, and from
//! how much of a cue.

mod learners;
mod pairs;
mod pictures;
mod section;
#[cfg(test)]
mod tests;

use self::learners::{LEARNERS, Learner};
use self::pairs::{Cues, Pairs, Shape};
use crate::report::{Key, Plan, ReportError, Runner};
pub use section::section;

/// The suite's name.
pub const ID: &str = "recall";
/// Pairs against floats.
const CAPACITY: &str = "capacity";
/// The cues of pairs that carry a vector.
const VECTORS: &str = "Gaussian, 8 values a pair";
/// Cues that are not those that were written.
const NOISE: &str = "noisy cues";
/// Pictures from parts of them.
const PICTURES: &str = "pictures";

/// Pairs of a scalar for every float of the memory's maps. Where both are about as many they take longest.
fn ratios(cues: Cues, plan: Plan) -> &'static [f64] {
    match (plan, cues) {
        (Plan::Quick, Cues::Signs) => &[0.1, 0.5, 0.9, 3.0],
        (Plan::Quick, Cues::Gaussian) => &[0.1, 0.5, 0.9, 0.98, 3.0],
        (Plan::Full, Cues::Signs) => {
            &[0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.98, 1.0, 1.25, 1.5, 2.0, 3.0]
        }
        (Plan::Full, Cues::Gaussian) => {
            &[0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.98, 1.0, 1.02, 1.1, 1.25, 1.5, 2.0, 3.0]
        }
    }
}

/// Measures.
///
/// # Errors
///
/// Returns an error if the file of trials cannot be written.
pub fn run(runner: &mut Runner) -> Result<(), ReportError> {
    let plan = runner.plan();
    for cues in [Cues::Signs, Cues::Gaussian] {
        let shape = Shape::of(cues, plan);
        for seed in 1..=3 {
            for &ratio in ratios(cues, plan) {
                for learner in LEARNERS {
                    if !learner.is_asked_at(cues, ratio, plan) {
                        continue;
                    }
                    let key = Key::new(ID, CAPACITY, cues.name(), learner.name(), seed);
                    runner.trial(key.at(ratio), || {
                        let pairs = Pairs::draw(cues, shape, ratio, seed);
                        learners::exact(learner, &pairs, shape)
                    })?;
                }
            }
        }
        for &share in cues.noises() {
            for learner in LEARNERS.into_iter().filter(|one| one.is_asked_under_noise(plan)) {
                for seed in 1..=3 {
                    let key = Key::new(ID, NOISE, cues.name(), learner.name(), seed);
                    runner.trial(key.at(share), || {
                        let pairs = Pairs::draw(cues, shape, 0.1, seed);
                        learners::noisy(learner, &pairs, shape, share)
                    })?;
                }
            }
        }
    }
    for &ratio in plan.pick(&[][..], &[0.1, 0.5, 0.9, 1.0, 1.5, 3.0][..]) {
        for learner in [Learner::OnePass, Learner::Consolidated, Learner::HashMemory] {
            for seed in 1..=3 {
                let (key, shape) =
                    (Key::new(ID, CAPACITY, VECTORS, learner.name(), seed), Shape::VECTORS);
                runner.trial(key.at(ratio), || {
                    let pairs = Pairs::draw(Cues::Gaussian, shape, ratio, seed);
                    learners::exact(learner, &pairs, shape)
                })?;
            }
        }
    }
    pictures::run(runner)
}
