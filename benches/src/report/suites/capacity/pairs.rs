//! Random pairs.

use ndarray::Array2;
use rand::RngExt;

use super::super::generated::{normal, rng};
use crate::report::Plan;

/// The shape of a memory.
///
/// A linear function of what several tables see they can say but once: the offset, and each input that
/// views share, is a float lost to all tables but one. So cues have enough inputs for all views to be dealt, and tables are few.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Shape {
    pub(super) inputs: usize,
    pub(super) tables: usize,
    pub(super) level: u8,
    pub(super) view: usize,
    pub(super) outputs: usize,
}

impl Shape {
    pub(super) const SMALL: Self = Self { inputs: 512, tables: 4, level: 6, view: 15, outputs: 1 };
    pub(super) const LARGE: Self = Self { inputs: 512, tables: 8, level: 7, view: 15, outputs: 1 };
    /// Of signs, sums over a view take few values: of seven decisions some keys would hardly be met.
    pub(super) const SIGNS: Self = Self { tables: 16, level: 6, ..Self::LARGE };
    /// Every pair carries a vector, so that each float of an offset that is lost is eight.
    pub(super) const VECTORS: Self = Self { tables: 4, level: 5, outputs: 8, ..Self::LARGE };

    /// The one that random pairs of these cues are given to.
    pub(super) fn of(cues: Cues, plan: Plan) -> Self {
        match (plan, cues) {
            (Plan::Quick, _) => Self::SMALL,
            (Plan::Full, Cues::Signs) => Self::SIGNS,
            (Plan::Full, Cues::Gaussian) => Self::LARGE,
        }
    }

    /// Floats of all maps once every slot was met.
    pub(super) fn floats(self) -> usize {
        (self.tables << self.level) * (self.view + 1) * self.outputs
    }
}

/// What cues are drawn from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Cues {
    /// Each input is 1 or -1.
    Signs,
    /// Each input is normal.
    Gaussian,
}

impl Cues {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Signs => "signs",
            Self::Gaussian => "Gaussian",
        }
    }

    /// Shares of signs that are flipped, or standard deviations of what is added.
    pub(super) fn noises(self) -> &'static [f64] {
        match self {
            Self::Signs => &[0.0, 0.05, 0.1, 0.2],
            Self::Gaussian => &[0.0, 0.1, 0.3, 1.0],
        }
    }
}

/// Cues and the values that belong to them.
#[derive(Debug, Clone)]
pub(super) struct Pairs {
    pub(super) cues: Cues,
    pub(super) x: Array2<f32>,
    /// Normal numbers, a row a pair.
    pub(super) y: Array2<f32>,
    pub(super) seed: u64,
}

impl Pairs {
    /// `ratio` normal numbers for every float of a memory of `shape`.
    pub(super) fn draw(cues: Cues, shape: Shape, ratio: f64, seed: u64) -> Self {
        let count = (ratio * shape.floats() as f64 / shape.outputs as f64).round() as usize;
        let mut rng = rng(seed, 4);
        let x = Array2::from_shape_simple_fn((count, shape.inputs), || match cues {
            Cues::Signs => f32::from(i8::from(rng.random::<bool>()) * 2 - 1),
            Cues::Gaussian => normal(&mut rng),
        });
        let y = Array2::from_shape_simple_fn((count, shape.outputs), || normal(&mut rng));
        Self { cues, x, y, seed }
    }

    /// The cues with a share of their signs flipped, or with normal numbers of that standard deviation
    /// added.
    pub(super) fn noisy(&self, share: f64) -> Array2<f32> {
        let mut rng = rng(self.seed, 5);
        self.x.mapv(|x| match self.cues {
            Cues::Signs if rng.random::<f64>() < share => -x,
            Cues::Signs => x,
            Cues::Gaussian => x + share as f32 * normal(&mut rng),
        })
    }

    /// From the smallest to the largest value.
    pub(super) fn range(&self) -> f32 {
        let most = self.y.fold(f32::NEG_INFINITY, |a, &b| a.max(b));
        most - self.y.fold(f32::INFINITY, |a, &b| a.min(b))
    }
}
