//! Who learns a stream of tasks.

use std::time::Instant;

use glam_memory::Memory;
use ndarray::{Array2, ArrayView2};

use super::Failure;
use super::streams::Stream;
use crate::data::Targets;
use crate::metrics::{accuracy, largest, mean_nmse};
use crate::peers::features::{FeatureParams, FeatureRidge};

/// A learner of one task after the other.
pub(super) trait Learner {
    /// Learns the rows of a task, once and in order.
    fn learn(&mut self, x: ArrayView2<'_, f32>, y: &Targets) -> Result<(), Failure>;

    /// Values, or a score for each label, one row a cue.
    fn recall(&self, x: ArrayView2<'_, f32>) -> Result<Array2<f32>, Failure>;

    /// Bytes of all that it needs to go on learning.
    fn bytes(&self) -> Result<usize, Failure>;

    /// Its setting, in words.
    fn setting(&self) -> Result<String, Failure>;
}

/// What came of a stream.
#[derive(Debug, Clone)]
pub(super) struct Learned {
    pub(super) matrix: Vec<Vec<f64>>,
    /// Of learning alone.
    pub(super) seconds: f64,
    pub(super) bytes: usize,
    pub(super) setting: String,
}

/// Shows a stream to a learner, and judges it on every task after each.
pub(super) fn learn(stream: &Stream, learner: &mut dyn Learner) -> Result<Learned, Failure> {
    let (mut matrix, mut seconds) = (Vec::new(), 0.0);
    for task in &stream.tasks {
        seconds += learn_task(stream, &task.train, learner)?;
        matrix.push(judge(stream, learner)?);
    }
    Ok(Learned { matrix, seconds, bytes: learner.bytes()?, setting: learner.setting()? })
}

/// Shows a stream to a learner; the measure on every task at the end.
pub(super) fn learn_unwatched(
    stream: &Stream,
    learner: &mut dyn Learner,
) -> Result<Vec<f64>, Failure> {
    for task in &stream.tasks {
        learn_task(stream, &task.train, learner)?;
    }
    judge(stream, learner)
}

fn learn_task(stream: &Stream, rows: &[usize], learner: &mut dyn Learner) -> Result<f64, Failure> {
    let (x, y) = stream.rows(rows);
    let start = Instant::now();
    learner.learn(x.view(), &y)?;
    Ok(start.elapsed().as_secs_f64())
}

fn judge(stream: &Stream, learner: &dyn Learner) -> Result<Vec<f64>, Failure> {
    let on = |rows: &[usize]| -> Result<f64, Failure> {
        let (x, truth) = stream.rows(rows);
        let recalled = learner.recall(x.view())?;
        if recalled.iter().any(|value| value.is_nan()) {
            return Err("what is recalled is not a number".into());
        }
        Ok(match truth {
            Targets::Labels { labels, .. } => accuracy(&largest(recalled.view()), &labels),
            Targets::Values(values) => 1.0 - mean_nmse(recalled.view(), values.view()),
        })
    };
    stream.tasks.iter().map(|task| on(&task.test)).collect()
}

/// GLAM with its default settings, in memory.
pub(super) struct Glam {
    memory: Memory,
    /// Of the labels; empty for values.
    names: Vec<String>,
    rehearsed: Vec<u32>,
}

impl Glam {
    pub(super) fn new(stream: &Stream, seed: u64) -> Result<Self, Failure> {
        let builder = Memory::builder(stream.inputs()).seed(seed);
        let (builder, names) = match stream.targets() {
            Targets::Labels { names, .. } => (builder.labels(), names.clone()),
            Targets::Values(values) => (builder.targets(values.ncols()), Vec::new()),
        };
        Ok(Self { memory: builder.in_memory()?, names, rehearsed: Vec::new() })
    }
}

impl Learner for Glam {
    fn learn(&mut self, x: ArrayView2<'_, f32>, y: &Targets) -> Result<(), Failure> {
        for (row, x) in x.rows().into_iter().enumerate() {
            let x = x.as_slice().ok_or("the inputs are not in row order")?;
            match y {
                Targets::Labels { labels, names } => {
                    self.memory.write(x, &names[labels[row] as usize])?;
                }
                Targets::Values(values) => {
                    let y = values.row(row);
                    self.memory
                        .write(x, y.as_slice().ok_or("the targets are not in row order")?)?;
                }
            }
        }
        self.rehearsed.push(self.memory.inspect()?.report.rehearsing.times);
        Ok(())
    }

    fn recall(&self, x: ArrayView2<'_, f32>) -> Result<Array2<f32>, Failure> {
        let recalled = self.memory.read_batch(x)?;
        if self.names.is_empty() {
            return Ok(recalled);
        }
        // Labels are numbered as they were met; those that were not score least.
        let mut scores = Array2::from_elem((x.nrows(), self.names.len()), f32::NEG_INFINITY);
        for (name, column) in self.memory.labels().iter().zip(recalled.columns()) {
            let place = self.names.iter().position(|known| known == name);
            scores.column_mut(place.ok_or("a label that was never written")?).assign(&column);
        }
        Ok(scores)
    }

    /// Weights, covariances, tables, and the rows that are kept for rehearsal, which the report counts
    /// among the tables.
    fn bytes(&self) -> Result<usize, Failure> {
        let report = self.memory.inspect()?.report;
        Ok(report.weight_bytes + report.covariance_bytes + report.table_bytes)
    }

    fn setting(&self) -> Result<String, Failure> {
        let times: Vec<String> = self.rehearsed.iter().map(u32::to_string).collect();
        Ok(format!("defaults; rehearses {} rows a write after each task", times.join(", ")))
    }
}

/// Ridge regression on features that are drawn once.
pub(super) struct Features {
    ridge: FeatureRidge,
    features: usize,
    penalty: f64,
}

impl Features {
    pub(super) fn new(stream: &Stream, features: usize, penalty: f64, seed: u64) -> Self {
        let params = FeatureParams { features, input_scale: stream.scale, seed };
        let (x, y) = stream.all_training_rows();
        Self { ridge: FeatureRidge::new(&params, x.view(), &y), features, penalty }
    }

    /// The penalty with the best average over the tasks.
    pub(super) fn best_of(&mut self, penalties: &[f64], stream: &Stream) -> Result<f64, Failure> {
        for task in &stream.tasks {
            let (x, y) = stream.rows(&task.train);
            self.ridge.learn(x.view(), &y);
        }
        let mut best = None;
        for &penalty in penalties {
            // A penalty that is too small for the features is none to choose.
            if self.ridge.solve(penalty).is_ok() {
                let each = judge(stream, self)?;
                let average = each.iter().sum::<f64>() / each.len() as f64;
                if best.is_none_or(|(highest, _)| average > highest) {
                    best = Some((average, penalty));
                }
            }
        }
        Ok(best.ok_or("no penalty can be solved for")?.1)
    }
}

impl Learner for Features {
    fn learn(&mut self, x: ArrayView2<'_, f32>, y: &Targets) -> Result<(), Failure> {
        self.ridge.learn(x, y);
        Ok(self.ridge.solve(self.penalty)?)
    }

    fn recall(&self, x: ArrayView2<'_, f32>) -> Result<Array2<f32>, Failure> {
        Ok(self.ridge.recall(x))
    }

    fn bytes(&self) -> Result<usize, Failure> {
        Ok(self.ridge.bytes())
    }

    fn setting(&self) -> Result<String, Failure> {
        Ok(format!("{} features, penalty {}", self.features, self.penalty))
    }
}
