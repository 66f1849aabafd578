//! Streams of labels in time order.

use ndarray::{Array2, ArrayView1};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::Failure;
use crate::data::{Dataset, Targets, elec2, weather};
use crate::report::Plan;

/// Rows in the order of time.
pub(super) struct Stream {
    pub(super) x: Array2<f32>,
    pub(super) labels: Vec<u32>,
    pub(super) classes: usize,
}

/// Which stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Turning,
    Elec2,
    Weather,
}

impl Kind {
    /// Those of a plan.
    pub(super) fn of(plan: Plan) -> &'static [Self] {
        plan.pick(&[Self::Turning], &[Self::Elec2, Self::Weather])
    }

    /// Its name.
    pub(super) fn set(self) -> &'static str {
        match self {
            Self::Turning => "generated, another rule in each third",
            Self::Elec2 => "elec2",
            Self::Weather => "weather",
        }
    }

    /// Reads or generates it.
    pub(super) fn stream(self) -> Result<Stream, Failure> {
        match self {
            Self::Turning => Ok(turning(3_000, 1)),
            Self::Elec2 => labelled(elec2()?),
            Self::Weather => labelled(weather()?),
        }
    }
}

fn labelled(set: Dataset) -> Result<Stream, Failure> {
    match set.train_y {
        Targets::Labels { labels, names } => {
            Ok(Stream { x: set.train_x, labels, classes: names.len() })
        }
        Targets::Values(_) => Err(format!("{} is no stream of labels", set.name).into()),
    }
}

/// Four inputs between -1 and 1; the label is the side of a plane through 0, wrong on one row of
/// twenty. After each third of the rows another plane stands upright on the one before.
pub(super) fn turning(rows: usize, seed: u64) -> Stream {
    const PLANES: [[f32; 4]; 3] =
        [[1.0, 1.0, 1.0, 1.0], [1.0, -1.0, 1.0, -1.0], [-1.0, -1.0, 1.0, 1.0]];
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let x = Array2::from_shape_simple_fn((rows, 4), || 2.0 * rng.random::<f32>() - 1.0);
    let label = |(row, x): (usize, ArrayView1<'_, f32>)| {
        let plane = PLANES[3 * row / rows.max(1)];
        let side = x.iter().zip(plane).map(|(x, normal)| x * normal).sum::<f32>() > 0.0;
        u32::from(side != (rng.random_range(0..20) == 0))
    };
    let labels = x.rows().into_iter().enumerate().map(label).collect();
    Stream { x, labels, classes: 2 }
}
