//! One learner in one new world.

use std::time::Instant;

use glam_memory::{Basis, Family, Memory, Views};
use ndarray::{Array2, ArrayView2, s};

use super::{AdaptError, World};
use crate::data::Targets;
use crate::metrics::{accuracy, largest, mean_nmse};
use crate::peers::mlp::Tuner;

/// How a memory over a net is made; what is `None` it picks for itself.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Shape {
    /// What tables see.
    pub views: Views,
    /// Gate families.
    pub families: Option<Vec<Family>>,
    /// Number of tables.
    pub tables: Option<usize>,
    /// Inputs that a table sees.
    pub view: Option<usize>,
    /// Levels.
    pub levels: Option<Vec<u8>>,
}

/// Who learns.
#[derive(Clone, Debug, PartialEq)]
pub enum Learner {
    /// Nobody: the net as it is.
    Net,
    /// A memory that starts as the net.
    Memory(Shape),
    /// A memory that knows nothing of the net.
    FromNothing,
    /// Gradient descent with this learning rate and so many rows a step; on the last layer alone.
    Sgd {
        /// The learning rate.
        rate: f64,
        /// Rows a step.
        batch: usize,
        /// Whether the other layers stay as they are.
        last_alone: bool,
    },
}

/// How a learner does after so many rows: accuracy of labels, mean nMSE of values.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Point {
    /// Rows that were learned.
    pub rows: usize,
    /// On test rows of the new world.
    pub new: f64,
    /// On test rows of the old world.
    pub old: f64,
}

/// What came of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Adapted {
    /// After each number of rows that was asked for.
    pub points: Vec<Point>,
    /// Seconds of learning, without the tests.
    pub seconds: f64,
}

/// Lets `learner` learn the stream of `world`, once and in order, and tests it after each number of
/// rows in `stops`.
///
/// # Errors
///
/// Returns an error where a learner refuses a row.
pub fn adapt(world: &World, learner: &Learner, stops: &[usize]) -> Result<Adapted, AdaptError> {
    let (x, y) = &world.stream;
    let (mut state, mut batch) = (State::new(world, learner)?, 1);
    if let Learner::Sgd { batch: rows, .. } = learner {
        batch = *rows;
    }
    let (mut adapted, mut done) = (Adapted { points: Vec::new(), seconds: 0.0 }, 0);
    for &stop in stops {
        let start = Instant::now();
        while done < stop.min(x.nrows()) {
            let end = (done + batch).min(x.nrows());
            let rows: Vec<usize> = (done..end).collect();
            state.learn(x.slice(s![done..end, ..]), &y.select(&rows))?;
            done = end;
        }
        adapted.seconds += start.elapsed().as_secs_f64();
        let measure = |(x, y): &(Array2<f32>, Targets)| -> Result<f64, AdaptError> {
            Ok(score(&state.recall(x.view())?, y))
        };
        adapted.points.push(Point {
            rows: done,
            new: measure(&world.new)?,
            old: measure(&world.old)?,
        });
    }
    Ok(adapted)
}

fn score(recalled: &Array2<f32>, truth: &Targets) -> f64 {
    match truth {
        Targets::Labels { labels, .. } => accuracy(&largest(recalled.view()), labels),
        Targets::Values(values) => mean_nmse(recalled.view(), values.view()),
    }
}

enum State {
    /// And the order of its outputs.
    Memory(Memory, Vec<String>),
    Tuner(Tuner, bool),
}

impl State {
    fn new(world: &World, learner: &Learner) -> Result<Self, AdaptError> {
        let y = &world.stream.1;
        let order = match y {
            Targets::Labels { names, .. } => names.clone(),
            Targets::Values(_) => Vec::new(),
        };
        let sgd = |rate, last_alone| Tuner::new(&world.net, y.width(), rate, last_alone);
        Ok(match learner {
            Learner::Net => Self::Tuner(sgd(0.0, true)?, false),
            Learner::Sgd { rate, last_alone, .. } => Self::Tuner(sgd(*rate, *last_alone)?, true),
            Learner::Memory(shape) => {
                let net = world.net.to_net(&world.known)?;
                let mut builder = Memory::builder_on(Basis::new(net).views(shape.views));
                if let Some(families) = &shape.families {
                    builder = builder.families(families.clone());
                }
                if let Some(levels) = &shape.levels {
                    builder = builder.levels(levels.clone());
                }
                if let Some(tables) = shape.tables {
                    builder = builder.tables(tables);
                }
                if let Some(view) = shape.view {
                    builder = builder.view(view);
                }
                Self::Memory(builder.in_memory()?, order)
            }
            Learner::FromNothing => {
                let builder = Memory::builder(world.stream.0.ncols());
                let builder = match y {
                    Targets::Labels { .. } => builder.labels(),
                    Targets::Values(values) => builder.targets(values.ncols()),
                };
                Self::Memory(builder.in_memory()?, order)
            }
        })
    }

    fn learn(&mut self, x: ArrayView2<'_, f32>, y: &Targets) -> Result<(), AdaptError> {
        match self {
            Self::Tuner(tuner, learns) if *learns => tuner.step(x, y)?,
            Self::Tuner(..) => {}
            Self::Memory(memory, _) => {
                for (row, x) in x.rows().into_iter().enumerate() {
                    let x = x.to_vec();
                    match y {
                        Targets::Labels { labels, names } => {
                            memory.write(&x, names[labels[row] as usize].as_str())?;
                        }
                        Targets::Values(values) => {
                            memory.write(&x, values.row(row).to_vec().as_slice())?;
                        }
                    }
                }
            }
        }
        Ok(())
    }

    fn recall(&self, x: ArrayView2<'_, f32>) -> Result<Array2<f32>, AdaptError> {
        match self {
            Self::Tuner(tuner, _) => Ok(tuner.recall(x)?),
            Self::Memory(memory, order) => {
                let recalled = memory.read_batch(x)?;
                let labels = memory.labels();
                if order.is_empty() || &labels == order {
                    return Ok(recalled);
                }
                // A class that was never written has no score.
                let mut ordered = Array2::from_elem((x.nrows(), order.len()), f32::NEG_INFINITY);
                for (place, name) in order.iter().enumerate() {
                    if let Some(own) = labels.iter().position(|label| label == name) {
                        ordered.column_mut(place).assign(&recalled.column(own));
                    }
                }
                Ok(ordered)
            }
        }
    }
}
