//! The trials.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::error::Error;

use super::learners::{Features, Glam, Learned, learn};
use super::net::{Net, Setting};
use super::streams::{Kind, Stream};
use super::{Failure, GLAM, ID, NO_REPLAY, REPLAY, RIDGE, average, backward_transfer, forgetting};
use crate::report::suites::common::Once;
use crate::report::{Found, Key, Plan, ReportError, Runner};

const SEEDS: [u64; 3] = [1, 2, 3];
/// The seed that settings are chosen with, and the held-out tenth drawn.
const SEARCH_SEED: u64 = 1;
/// Penalties of ridge regression to choose from.
const PENALTIES: [f64; 7] = [1e-4, 1e-3, 1e-2, 1e-1, 1.0, 1e1, 1e2];

/// Measures every learner on every stream of the plan.
///
/// # Errors
///
/// Returns an error if the file of trials cannot be written.
pub fn run(runner: &mut Runner) -> Result<(), ReportError> {
    let plan = runner.plan();
    for &kind in Kind::of(plan) {
        let bench = Bench::new(kind, plan);
        for seed in SEEDS {
            for learner in [GLAM, NO_REPLAY, REPLAY, RIDGE] {
                let key = Key::new(ID, kind.part(), kind.set(), learner, seed);
                let measure = || bench.measure(learner, seed);
                runner.trial(key, || measure().map_err(|error| -> Box<dyn Error> { error }))?;
            }
        }
    }
    Ok(())
}

/// A stream, and what several trials on it need. A trial that does not find it here makes it: it is the
/// same in every run.
struct Bench {
    kind: Kind,
    plan: Plan,
    stream: Once<Stream>,
    /// What GLAM made of it, by seed.
    glam: RefCell<BTreeMap<u64, Learned>>,
    without: Once<Setting>,
    with: Once<Setting>,
    penalty: Once<f64>,
}

impl Bench {
    fn new(kind: Kind, plan: Plan) -> Self {
        let (stream, glam) = (Once::default(), RefCell::default());
        let (without, with, penalty) = (Once::default(), Once::default(), Once::default());
        Self { kind, plan, stream, glam, without, with, penalty }
    }

    fn measure(&self, learner: &str, seed: u64) -> Result<Found, Failure> {
        let stream = self.stream()?;
        let ordered = stream.ordered(seed);
        let learned = match learner {
            GLAM => self.glam(seed)?,
            NO_REPLAY => {
                let held_out = || stream.ordered(SEARCH_SEED).held_out(SEARCH_SEED);
                let choose = || Setting::choose(&held_out(), false, 0, SEARCH_SEED);
                learn(&ordered, &mut Net::new(&ordered, *self.without.get(choose)?, 0, seed)?)?
            }
            REPLAY => {
                let bytes = self.glam(seed)?.bytes;
                let setting = self.with.get(|| {
                    let held_out = stream.ordered(SEARCH_SEED).held_out(SEARCH_SEED);
                    let bytes = self.glam(SEARCH_SEED)?.bytes;
                    Setting::choose(&held_out, true, bytes, SEARCH_SEED)
                })?;
                learn(&ordered, &mut Net::new(&ordered, *setting, bytes, seed)?)?
            }
            RIDGE => {
                let features = self.plan.pick(500, 2_000);
                let penalty = self.penalty.get(|| {
                    let held_out = stream.held_out(SEARCH_SEED);
                    let mut ridge = Features::new(&held_out, features, 1.0, SEARCH_SEED);
                    ridge.best_of(&PENALTIES, &held_out)
                })?;
                learn(&ordered, &mut Features::new(&ordered, features, *penalty, seed))?
            }
            _ => return Err(format!("no learner is named {learner:?}").into()),
        };
        let Learned { matrix, seconds, bytes, setting } = learned;
        let found = Found::default()
            .with("average", average(&matrix))
            .with("forgetting", forgetting(&matrix))
            .with("backward transfer", backward_transfer(&matrix))
            .with("seconds", seconds)
            .with("bytes", bytes as f64)
            .set(setting);
        Ok(Found { matrix, ..found })
    }

    fn stream(&self) -> Result<&Stream, Failure> {
        self.stream.get(|| self.kind.stream(self.plan))
    }

    fn glam(&self, seed: u64) -> Result<Learned, Failure> {
        if let Some(learned) = self.glam.borrow().get(&seed) {
            return Ok(learned.clone());
        }
        let ordered = self.stream()?.ordered(seed);
        let learned = learn(&ordered, &mut Glam::new(&ordered, seed)?)?;
        self.glam.borrow_mut().insert(seed, learned.clone());
        Ok(learned)
    }
}
