//! The learners by name.

use std::path::Path;

use super::net::{NetPlan, run_net};
use super::online::run_online;
use super::online_learners::{Glam, Line, Nearest};
use super::outcome::End;
use super::process::{RIVER, VOWPAL_WABBIT, run_script};
use super::trees::run_forest;
use super::{Course, Outcome, RaceError};
use crate::peers::forest::ForestParams;

/// Who takes part.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Contestant {
    /// GLAM with its default settings.
    Glam,
    /// The multilayer perceptron, 64 rows a batch.
    Mlp64,
    /// The multilayer perceptron, one row a batch.
    Mlp1,
    /// Recursive least squares with one covariance.
    Rls,
    /// A random forest.
    Forest,
    /// The nearest row of an approximate index.
    Neighbour,
    /// Vowpal Wabbit, a process.
    Vw,
    /// River, a process.
    River,
}

impl Contestant {
    /// All of them, in the order of the tables.
    pub const ALL: [Self; 8] = [
        Self::Glam,
        Self::Mlp64,
        Self::Mlp1,
        Self::Rls,
        Self::Forest,
        Self::Neighbour,
        Self::Vw,
        Self::River,
    ];

    /// The name that commands take.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Glam => "glam",
            Self::Mlp64 => "mlp64",
            Self::Mlp1 => "mlp1",
            Self::Rls => "rls",
            Self::Forest => "forest",
            Self::Neighbour => "neighbour",
            Self::Vw => "vw",
            Self::River => "river",
        }
    }

    /// The one of this name.
    #[must_use]
    pub fn by_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|one| one.name() == name)
    }

    /// The name that tables print.
    #[must_use]
    pub fn title(self) -> &'static str {
        match self {
            Self::Glam => "GLAM",
            Self::Mlp64 => "MLP, batch 64",
            Self::Mlp1 => "MLP, batch 1",
            Self::Rls => "recursive least squares",
            Self::Forest => "random forest",
            Self::Neighbour => "nearest neighbour",
            Self::Vw => "Vowpal Wabbit",
            Self::River => "River",
        }
    }
}

/// Lets one learner run the course. A learner that is a script needs the path of a Python; without
/// it, it is not run.
///
/// # Errors
///
/// Returns an error if the learner fails.
pub fn run(
    course: &Course,
    contestant: Contestant,
    python: Option<&Path>,
) -> Result<Outcome, RaceError> {
    let name = contestant.title();
    let script = |script| match python {
        Some(python) => run_script(course, name, python, script),
        None => {
            let end = End::NotRun("give --python".to_owned());
            Ok(Outcome::without_points(name, end))
        }
    };
    match contestant {
        Contestant::Glam => run_online(course, name, Glam::new),
        Contestant::Mlp64 => run_net(course, name, &NetPlan::batches()),
        Contestant::Mlp1 => run_net(course, name, &NetPlan::row_by_row()),
        Contestant::Rls => run_online(course, name, Line::new),
        Contestant::Forest => run_forest(course, name, ForestParams::default()),
        Contestant::Neighbour => run_online(course, name, Nearest::new),
        Contestant::Vw => script(VOWPAL_WABBIT),
        Contestant::River => script(RIVER),
    }
}
