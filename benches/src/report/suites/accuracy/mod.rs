//! Accuracy: a memory with its one default setting beside what a user would pick instead.

mod glam;
mod mlp;
mod others;
mod published;
mod section;
mod sureness;
#[cfg(test)]
mod tests;

use std::path::Path;
use std::rc::Rc;

use self::mlp::Rates;
use super::common::{Result, Sets, reordered, stored};
use super::generated::{clusters, friedman};
use crate::data::{DataError, Dataset, Targets, UCI_NAMES, shuffled_indices};
use crate::report::{Found, Key, Plan, ReportError, Runner};
pub use section::section;
pub(super) use section::{Line, Reached, best, lines, measure_of, reached};

/// The suite's name.
pub const ID: &str = "accuracy";

/// A data set of the suite.
struct Source {
    /// The name that tables print.
    title: &'static str,
    /// The name that it is stored by; of a generated one its title.
    name: &'static str,
    read: fn(&'static str, u64) -> std::result::Result<Dataset, DataError>,
}

fn sources(plan: Plan) -> Vec<Source> {
    let stored = |name, title| Source { title, name, read: stored };
    match plan {
        Plan::Quick => vec![
            Source {
                title: "Friedman #1",
                name: "friedman",
                read: |_, s| Ok(friedman(300, 1_000, 1.0, s)),
            },
            Source {
                title: "clusters",
                name: "clusters",
                read: |_, s| Ok(clusters(16, 600, 1_000, s)),
            },
        ],
        Plan::Full => {
            let titles = UCI_NAMES.map(|name| match name {
                "bostonHousing" => "boston housing",
                "wine-quality-red" => "wine quality, red",
                other => other,
            });
            let mut all: Vec<_> = UCI_NAMES
                .into_iter()
                .zip(titles)
                .map(|(name, title)| stored(name, title))
                .collect();
            all.push(stored("robot_arm", "robot arm"));
            all.push(Source { read: shuffled, ..stored("fashion_mnist", "Fashion-MNIST") });
            all.push(stored("banking77", "banking77"));
            all
        }
    }
}

/// A stored set with its rows in an order that the seed draws.
fn shuffled(name: &'static str, seed: u64) -> std::result::Result<Dataset, DataError> {
    let set = stored(name, seed)?;
    let order = shuffled_indices(set.train_x.nrows(), seed);
    Ok(reordered(set, &order))
}

fn has_labels(set: &Dataset) -> bool {
    matches!(set.train_y, Targets::Labels { .. })
}

/// Measures.
///
/// # Errors
///
/// Returns an error if the file of trials cannot be written.
pub fn run(runner: &mut Runner, python: Option<&Path>) -> std::result::Result<(), ReportError> {
    let plan = runner.plan();
    let mut sets = Sets::default();
    let mut rates = Rates::default();
    for source in sources(plan) {
        // Where all seeds have the same rows, a rate is chosen once.
        let draws = plan == Plan::Quick || UCI_NAMES.contains(&source.name);
        for seed in 1..=3 {
            let search = if draws { seed } else { 1 };
            let mut trial =
                |learner: &str, measure: &mut dyn FnMut(Rc<Dataset>) -> Result<Found>| {
                    let key = Key::new(ID, "", source.title, learner, seed);
                    runner.trial(key, || {
                        let set =
                            sets.get(source.name, seed, || (source.read)(source.name, seed))?;
                        let rows = set.train_x.nrows() as f64;
                        Ok(measure(set)?.with("train rows", rows))
                    })
                };
            trial("GLAM, one pass", &mut |set| glam::one_pass(&set, seed))?;
            // One set, once, shows it where there is little time.
            if plan == Plan::Full || (source.name, seed) == ("friedman", 1) {
                trial("GLAM, consolidated", &mut |set| glam::consolidated(&set, seed, plan))?;
            }
            for size in mlp::sizes(plan) {
                trial(&mlp::name(size), &mut |set| {
                    mlp::by_epochs(&set, size, rates.of(source.name, search, size, &set)?, seed)
                })?;
            }
            trial("MLP 256, early stopped", &mut |set| {
                mlp::early_stopped(&set, rates.of(source.name, search, &[256], &set)?, seed)
            })?;
            trial("random ReLU features + ridge", &mut |set| others::features(&set, plan, seed))?;
            // What draws nothing is the same for every seed, but for the rows of a split.
            if seed == 1 || draws {
                trial("ridge regression", &mut |set| others::ridge(&set, seed))?;
                trial("k nearest neighbours", &mut |set| others::neighbours(&set, seed))?;
                trial("LightGBM", &mut |set| others::lightgbm(&set, python))?;
            }
            if seed == 1 && source.name == "fashion_mnist" {
                trial("scikit-learn MLP 256, 5 epochs", &mut |set| others::sklearn(&set, python))?;
            }
        }
    }
    Ok(())
}
