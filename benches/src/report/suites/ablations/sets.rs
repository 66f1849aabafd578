//! The rows.

use ndarray::{Array2, Axis};

use super::Failure;
use super::changes::Change;
use crate::data::{
    Banking77Order, Dataset, HoldOut, Targets, banking77, fashion_mnist, robot_arm, uci,
};
use crate::report::Plan;
use crate::report::suites::generated;

/// Seeds of the memory, or splits of the rows; the first alone in a quick run.
pub(super) const SEEDS: [u64; 3] = [1, 2, 3];
/// Rows of Fashion-MNIST that are written, for the sake of time.
const FASHION_ROWS: usize = 20_000;
/// Of the arm, in a quick run, every so many rows.
const ARM_STEP: usize = 10;
/// Rows of Friedman's function to learn from and to test on.
const FRIEDMAN_ROWS: usize = 2000;
const FRIEDMAN_TESTS: usize = 1000;
/// Of the smaller memory of it.
const SMALL_ROWS: usize = 1000;
const SMALL_TABLES: usize = 64;

/// A set of rows in an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Set {
    /// A UCI set, by its folder.
    Uci(&'static str),
    Arm,
    ThinArm,
    Banking,
    BankingSorted,
    Fashion,
    /// Friedman's first function.
    Friedman,
    /// Half the rows and a quarter of the tables, for what takes longer.
    SmallFriedman,
}

impl Set {
    /// Those of a run.
    pub(super) fn of(plan: Plan) -> &'static [Self] {
        const FULL: [Set; 6] = [
            Set::Uci("kin8nm"),
            Set::Uci("concrete"),
            Set::Arm,
            Set::Banking,
            Set::BankingSorted,
            Set::Fashion,
        ];
        const QUICK: [Set; 3] = [Set::ThinArm, Set::Friedman, Set::SmallFriedman];
        plan.pick(&QUICK[..], &FULL[..])
    }

    pub(super) fn name(self) -> String {
        match self {
            Self::Uci(name) => name.to_owned(),
            Self::Arm => "robot arm".to_owned(),
            Self::ThinArm => "robot arm, every tenth row".to_owned(),
            Self::Banking => "banking77".to_owned(),
            Self::BankingSorted => "banking77, class after class".to_owned(),
            Self::Fashion => "Fashion-MNIST, 20,000 rows".to_owned(),
            Self::Friedman => "Friedman #1, 2,000 rows".to_owned(),
            Self::SmallFriedman => "Friedman #1, 1,000 rows, 64 tables".to_owned(),
        }
    }

    /// The tables of all memories, where they are not picked.
    pub(super) fn tables(self) -> Option<usize> {
        (self == Self::SmallFriedman).then_some(SMALL_TABLES)
    }

    /// The learners that are measured on it.
    pub(super) fn changes(self) -> Vec<Change> {
        let first = [Change::None];
        let more: Vec<Change> = match self {
            Self::Uci(_) => [Change::NARROW, &Change::CONSOLIDATED].concat(),
            Self::Arm => [Change::NARROW, &[Change::NoRehearsal]].concat(),
            Self::ThinArm => Change::FEW.to_vec(),
            Self::Fashion => Change::WIDE.to_vec(),
            Self::Banking => quicker(Change::WIDE),
            Self::BankingSorted => vec![Change::NoRehearsal],
            Self::Friedman => Change::SOME.to_vec(),
            Self::SmallFriedman => vec![Change::AsItIs(0), Change::ForRecall],
        };
        first.into_iter().chain(more).collect()
    }

    /// The seeds of a full run. With many inputs or rows a memory takes long: there the default alone has several,
    /// which say how far they lie apart.
    pub(super) fn seeds_of(self, change: Change) -> &'static [u64] {
        match self {
            Self::Arm | Self::Banking | Self::Fashion if change != Change::None => &SEEDS[..1],
            _ => &SEEDS[..],
        }
    }

    /// The number of the rows, of those that have several, and the memory's seed.
    pub(super) fn drawn(self, seed: u64) -> (u64, u64) {
        match self {
            Self::Uci(_) => (seed.saturating_sub(1), 1),
            _ => (0, seed),
        }
    }

    /// Reads or generates rows number `number`.
    pub(super) fn read(self, number: u64) -> Result<Dataset, Failure> {
        Ok(match self {
            Self::Uci(name) => uci(name, usize::try_from(number)?)?,
            Self::Arm => robot_arm(&HoldOut::EveryFifthRun)?.dataset,
            Self::ThinArm => thinned(&robot_arm(&HoldOut::EveryFifthRun)?.dataset),
            Self::Banking => banking77(Banking77Order::Shuffled { seed: 1 })?,
            Self::BankingSorted => banking77(Banking77Order::SortedByClass)?,
            Self::Fashion => {
                let set = fashion_mnist()?;
                let rows: Vec<usize> = (0..FASHION_ROWS.min(set.train_x.nrows())).collect();
                let train_x = set.train_x.select(Axis(0), &rows);
                Dataset { train_x, train_y: set.train_y.select(&rows), ..set }
            }
            Self::Friedman => friedman(FRIEDMAN_ROWS),
            Self::SmallFriedman => friedman(SMALL_ROWS),
        })
    }
}

/// All but that which takes several times as long as the default.
fn quicker(changes: &[Change]) -> Vec<Change> {
    changes.iter().filter(|change| **change != Change::MoreTables).copied().collect()
}

/// Every tenth row of both sides, in their order.
fn thinned(set: &Dataset) -> Dataset {
    let of = |x: &Array2<f32>, y: &Targets| {
        let rows: Vec<usize> = (0..x.nrows()).step_by(ARM_STEP).collect();
        (x.select(Axis(0), &rows), y.select(&rows))
    };
    let (train_x, train_y) = of(&set.train_x, &set.train_y);
    let (test_x, test_y) = of(&set.test_x, &set.test_y);
    Dataset { name: set.name.clone(), train_x, train_y, test_x, test_y }
}

/// Without noise on the rows to test on.
pub(super) fn friedman(rows: usize) -> Dataset {
    generated::friedman(rows, FRIEDMAN_TESTS, 0.0, 1)
}
