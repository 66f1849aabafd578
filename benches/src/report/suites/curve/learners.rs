//! Learners that predict a row and then learn it.

use glam_memory::Memory;
use ndarray::Axis;
use rayon::{ThreadPool, ThreadPoolBuilder};

use super::super::common::{Result, builder};
use crate::data::{Dataset, Targets, held_out_tenth};
use crate::metrics::{accuracy, largest, rmse};
use crate::peers::mlp::{Descent, InputScale, MlpError, Stepwise, StepwiseParams};
use crate::peers::neighbour::{Neighbour, NeighbourParams};
use crate::peers::recursive::Recursive;

/// A learner that takes one row at a time.
pub(super) trait Online {
    /// Leaves in `before` what the learner says of a row, values or a score for each label of the set, or
    /// nothing where it has seen nothing; then learns the row.
    fn predict_then_learn(
        &mut self,
        set: &Dataset,
        row: usize,
        before: &mut Vec<f32>,
    ) -> Result<()>;

    /// Its setting, in words.
    fn setting(&self) -> String;
}

struct Glam {
    memory: Memory,
    said: Vec<f32>,
    /// The place in the set of each label, in the order in which they were written.
    places: Vec<usize>,
}

pub(super) fn glam(set: &Dataset, seed: u64) -> Result<Box<dyn Online>> {
    let memory = builder(set).seed(seed).in_memory()?;
    Ok(Box::new(Glam { memory, said: Vec::new(), places: Vec::new() }))
}

impl Online for Glam {
    fn predict_then_learn(
        &mut self,
        set: &Dataset,
        row: usize,
        before: &mut Vec<f32>,
    ) -> Result<()> {
        let x = set.train_x.row(row);
        let x = x.as_slice().ok_or("the inputs are not in row order")?;
        match &set.train_y {
            Targets::Values(values) => {
                let y = values.row(row);
                let y = y.as_slice().ok_or("the targets are not in row order")?;
                self.memory.write_predicting(x, y, before)?;
            }
            Targets::Labels { labels, names } => {
                let label = labels[row] as usize;
                self.memory.write_predicting(x, &names[label], &mut self.said)?;
                if !self.places.contains(&label) {
                    self.places.push(label);
                }
                before.clear();
                before.resize(names.len(), f32::NEG_INFINITY);
                for (&score, &place) in self.said.iter().zip(&self.places) {
                    before[place] = score;
                }
            }
        }
        Ok(())
    }

    fn setting(&self) -> String {
        "defaults, in memory".to_owned()
    }
}

struct Net {
    net: Stepwise,
    rate: f64,
    /// One row is no work to share: threads would spin while they wait.
    thread: ThreadPool,
}

/// Learning rates that the net's is chosen from.
const RATES: [f64; 4] = [1e-4, 3e-4, 1e-3, 3e-3];
/// Rows from the beginning of the stream that it is chosen on, at most.
const SEARCH_ROWS: usize = 2_000;

/// A net of 256 units, trained by Adam with batches of one row. Its rate is the best of four on a tenth
/// of the first rows of the stream,
/// which is off the clock.
pub(super) fn net(set: &Dataset, seed: u64) -> Result<Box<dyn Online>> {
    let first: Vec<usize> = (0..set.train_x.nrows().min(SEARCH_ROWS)).collect();
    let split = held_out_tenth(first.len(), seed);
    let x = set.train_x.select(Axis(0), &split.held_out);
    let y = set.train_y.select(&split.held_out);
    let mut best: Option<(f64, f64)> = None;
    for rate in RATES {
        let mut net = untrained(set, rate, seed)?;
        for &row in &split.kept {
            learn(&mut net, set, row)?;
        }
        let said = net.recall(x.view())?;
        let error = match &y {
            Targets::Values(truth) => rmse(said.view(), truth.view()),
            Targets::Labels { labels, .. } => 1.0 - accuracy(&largest(said.view()), labels),
        };
        if best.is_none_or(|(least, _)| error < least) {
            best = Some((error, rate));
        }
    }
    let (_, rate) = best.ok_or("no rate was tried")?;
    let thread = ThreadPoolBuilder::new().num_threads(1).build()?;
    Ok(Box::new(Net { net: untrained(set, rate, seed)?, rate, thread }))
}

fn untrained(set: &Dataset, rate: f64, seed: u64) -> Result<Stepwise> {
    let wide = set.train_x.ncols() >= 100;
    let input_scale = if wide { InputScale::AllInputs } else { InputScale::EachInput };
    let params =
        StepwiseParams { hidden: vec![256], descent: Descent::Adam, rate, input_scale, seed };
    Ok(Stepwise::new(&params, set.train_x.view(), &set.train_y)?)
}

fn learn(net: &mut Stepwise, set: &Dataset, row: usize) -> Result<()> {
    let x = set.train_x.slice(ndarray::s![row..=row, ..]);
    Ok(net.step(x, &set.train_y.select(&[row]))?)
}

impl Online for Net {
    fn predict_then_learn(
        &mut self,
        set: &Dataset,
        row: usize,
        before: &mut Vec<f32>,
    ) -> Result<()> {
        let (x, y) = (set.train_x.slice(ndarray::s![row..=row, ..]), set.train_y.select(&[row]));
        let net = &mut self.net;
        let said = self.thread.install(|| {
            let said = net.recall(x)?;
            net.step(x, &y)?;
            Ok::<_, MlpError>(said)
        })?;
        before.clear();
        before.extend(said);
        Ok(())
    }

    fn setting(&self) -> String {
        format!("Adam, rate {}, batches of one row", self.rate)
    }
}

struct Line {
    line: Recursive,
    y: ndarray::Array2<f32>,
}

pub(super) fn line(set: &Dataset, _: u64) -> Result<Box<dyn Online>> {
    let y = set.train_y.to_values();
    Ok(Box::new(Line { line: Recursive::new(1.0, set.train_x.view(), y.view())?, y }))
}

impl Online for Line {
    fn predict_then_learn(
        &mut self,
        set: &Dataset,
        row: usize,
        before: &mut Vec<f32>,
    ) -> Result<()> {
        let x = set.train_x.row(row);
        let x = x.as_slice().ok_or("the inputs are not in row order")?;
        let y = self.y.row(row);
        before.resize(y.len(), 0.0);
        self.line.recall(x, before)?;
        Ok(self.line.learn(x, y.as_slice().ok_or("the targets are not in row order")?)?)
    }

    fn setting(&self) -> String {
        "one dense covariance in f64, penalty 1, scales taken from all rows".to_owned()
    }
}

struct Nearest {
    index: Neighbour,
    y: ndarray::Array2<f32>,
}

pub(super) fn nearest(set: &Dataset, _: u64) -> Result<Box<dyn Online>> {
    let wide = set.train_x.ncols() >= 100;
    let y = set.train_y.to_values();
    let index = Neighbour::new(NeighbourParams::default(), set.train_x.view(), wide, y.ncols())?;
    Ok(Box::new(Nearest { index, y }))
}

impl Online for Nearest {
    fn predict_then_learn(
        &mut self,
        set: &Dataset,
        row: usize,
        before: &mut Vec<f32>,
    ) -> Result<()> {
        let x = set.train_x.row(row);
        let x = x.as_slice().ok_or("the inputs are not in row order")?;
        let y = self.y.row(row);
        before.clear();
        if row > 0 {
            before.resize(y.len(), 0.0);
            self.index.recall(x, before)?;
        }
        Ok(self.index.learn(x, y.as_slice().ok_or("the targets are not in row order")?)?)
    }

    fn setting(&self) -> String {
        "an index of 16 links a row, one neighbour, scales taken from all rows".to_owned()
    }
}
