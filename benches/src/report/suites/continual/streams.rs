//! The streams, and their tasks.

use std::sync::Arc;

use ndarray::{Array2, ArrayView2, Axis, concatenate};

use super::Failure;
use crate::adapt::Shift;
use crate::data::{
    Banking77Order, HoldOut, Run, Targets, banking77, fashion_mnist, held_out_tenth, robot_arm,
    shuffled_indices,
};
use crate::peers::mlp::InputScale;
use crate::report::Plan;
use crate::report::suites::generated::{normal, rng};

/// A task: rows of the stream.
#[derive(Debug, Clone)]
pub(super) struct Task {
    pub(super) train: Vec<usize>,
    pub(super) test: Vec<usize>,
}

/// Tasks, one after the other.
#[derive(Debug, Clone)]
pub(super) struct Stream {
    x: Arc<Array2<f32>>,
    y: Arc<Targets>,
    pub(super) tasks: Vec<Task>,
    /// How learners that choose no scale themselves scale inputs.
    pub(super) scale: InputScale,
}

impl Stream {
    pub(super) fn new(x: Array2<f32>, y: Targets, tasks: Vec<Task>, scale: InputScale) -> Self {
        Self { x: Arc::new(x), y: Arc::new(y), tasks, scale }
    }

    pub(super) fn inputs(&self) -> usize {
        self.x.ncols()
    }

    pub(super) fn targets(&self) -> &Targets {
        &self.y
    }

    /// A copy of these rows.
    pub(super) fn rows(&self, rows: &[usize]) -> (Array2<f32>, Targets) {
        (self.x.select(Axis(0), rows), self.y.select(rows))
    }

    /// A copy of the training rows of all tasks.
    pub(super) fn all_training_rows(&self) -> (Array2<f32>, Targets) {
        let rows: Vec<usize> = self.tasks.iter().flat_map(|task| task.train.clone()).collect();
        self.rows(&rows)
    }

    /// With the training rows of each task in an order that the seed draws.
    pub(super) fn ordered(&self, seed: u64) -> Self {
        let mut stream = self.clone();
        for (number, task) in stream.tasks.iter_mut().enumerate() {
            let order = shuffled_indices(task.train.len(), seed ^ ((number as u64) << 32));
            task.train = order.into_iter().map(|row| task.train[row]).collect();
        }
        stream
    }

    /// To choose settings on: a tenth of each task's training rows are its test rows, and its own test
    /// rows are gone.
    pub(super) fn held_out(&self, seed: u64) -> Self {
        let mut stream = self.clone();
        for task in &mut stream.tasks {
            let split = held_out_tenth(task.train.len(), seed);
            let pick = |rows: Vec<usize>| rows.into_iter().map(|row| task.train[row]).collect();
            (task.test, task.train) = (pick(split.held_out), pick(split.kept));
        }
        stream
    }
}

/// Which stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Mixture,
    Fashion,
    Banking,
    Turned,
    Arm,
    Late,
}

/// The pixel value of white.
const WHITE: f32 = 255.0;

impl Kind {
    /// Those of a plan.
    pub(super) fn of(plan: Plan) -> &'static [Self] {
        plan.pick(
            &[Self::Mixture, Self::Arm],
            &[Self::Fashion, Self::Banking, Self::Turned, Self::Arm, Self::Late],
        )
    }

    /// How the tasks differ.
    pub(super) fn part(self) -> &'static str {
        match self {
            Self::Mixture | Self::Fashion | Self::Banking => "class-sorted",
            Self::Turned | Self::Arm => "domain shift",
            Self::Late => "late class",
        }
    }

    /// What they are made of.
    pub(super) fn set(self) -> &'static str {
        match self {
            Self::Mixture => "generated clusters, 5 tasks of 2 classes",
            Self::Fashion => "Fashion-MNIST, 5 tasks of 2 classes",
            Self::Banking => "banking77, 11 tasks of 7 classes",
            Self::Turned => "Fashion-MNIST upright, then turned by 45 degrees",
            Self::Arm => "robot arm, first path, then second",
            Self::Late => "Fashion-MNIST, 9 classes, then the tenth",
        }
    }

    /// Reads or generates it.
    pub(super) fn stream(self, plan: Plan) -> Result<Stream, Failure> {
        Ok(match self {
            Self::Mixture => sorted(mixture(2_000, 1), 2, InputScale::EachInput)?,
            Self::Fashion => sorted(whole(fashion_mnist()?)?, 2, InputScale::AllInputs)?,
            Self::Banking => {
                sorted(whole(banking77(Banking77Order::SortedByClass)?)?, 7, InputScale::AllInputs)?
            }
            Self::Turned => turned()?,
            Self::Arm => arm(plan.pick(40, 2))?,
            Self::Late => late()?,
        })
    }
}

/// Training rows, test rows behind them, and how many the first are.
pub(super) struct Whole {
    pub(super) x: Array2<f32>,
    pub(super) labels: Vec<u32>,
    pub(super) names: Vec<String>,
    pub(super) training: usize,
}

fn whole(set: crate::data::Dataset) -> Result<Whole, Failure> {
    let (train, test) = (labels_of(set.train_y)?, labels_of(set.test_y)?);
    let x = concatenate(Axis(0), &[set.train_x.view(), set.test_x.view()])?;
    let training = train.0.len();
    Ok(Whole { x, labels: [train.0, test.0].concat(), names: train.1, training })
}

fn labels_of(y: Targets) -> Result<(Vec<u32>, Vec<String>), Failure> {
    match y {
        Targets::Labels { labels, names } => Ok((labels, names)),
        Targets::Values(_) => Err("a set of labels is needed".into()),
    }
}

impl Whole {
    fn task(&self, classes: std::ops::Range<u32>) -> Task {
        let of = |rows: std::ops::Range<usize>| {
            rows.filter(|&row| classes.contains(&self.labels[row])).collect()
        };
        Task { train: of(0..self.training), test: of(self.training..self.labels.len()) }
    }

    fn stream(self, tasks: Vec<Task>, scale: InputScale) -> Stream {
        let y = Targets::Labels { labels: self.labels, names: self.names };
        Stream::new(self.x, y, tasks, scale)
    }
}

/// Tasks of so many classes, in the order of their numbers.
pub(super) fn sorted(whole: Whole, classes: u32, scale: InputScale) -> Result<Stream, Failure> {
    let count = u32::try_from(whole.names.len())?;
    let starts = (0..count).step_by(classes as usize);
    let tasks = starts.map(|start| whole.task(start..count.min(start + classes))).collect();
    Ok(whole.stream(tasks, scale))
}

/// Every second training row: the first half of them upright, the others turned; all test rows both ways.
fn turned() -> Result<Stream, Failure> {
    let set = fashion_mnist()?;
    let (train_y, test_y) = (labels_of(set.train_y)?, labels_of(set.test_y)?);
    let (quarter, test) = (train_y.0.len() / 4, test_y.0.len());
    let upright: Vec<usize> = (0..quarter).map(|row| 4 * row).collect();
    let others: Vec<usize> = (0..quarter).map(|row| 4 * row + 2).collect();
    let shift = |x: ArrayView2<'_, f32>| Shift::Turned(45.0).apply(x, WHITE, 0);
    let pick = |rows: &[usize]| set.train_x.select(Axis(0), rows);
    let parts =
        [pick(&upright), shift(pick(&others).view()), set.test_x.clone(), shift(set.test_x.view())];
    let x = concatenate(Axis(0), &parts.each_ref().map(|part| part.view()))?;
    let pick = |rows: &[usize]| -> Vec<u32> { rows.iter().map(|&row| train_y.0[row]).collect() };
    let labels = [pick(&upright), pick(&others), test_y.0.clone(), test_y.0].concat();
    let tests = 2 * quarter;
    let tasks = vec![
        Task { train: (0..quarter).collect(), test: (tests..tests + test).collect() },
        Task {
            train: (quarter..2 * quarter).collect(),
            test: (tests + test..tests + 2 * test).collect(),
        },
    ];
    let y = Targets::Labels { labels, names: train_y.1 };
    Ok(Stream::new(x, y, tasks, InputScale::AllInputs))
}

/// Every second training row of nine classes, then of the tenth.
fn late() -> Result<Stream, Failure> {
    let whole = whole(fashion_mnist()?)?;
    let mut tasks = vec![whole.task(0..9), whole.task(9..10)];
    for task in &mut tasks {
        task.train = task.train.iter().copied().step_by(2).collect();
    }
    Ok(whole.stream(tasks, InputScale::AllInputs))
}

/// The runs of the robot arm along its first path, then those along the second; of either, every fifth
/// run is for testing, and of all rows every so manyth is taken.
fn arm(step: usize) -> Result<Stream, Failure> {
    let arm = robot_arm(&HoldOut::Runs(80..=100))?;
    let first = arm.dataset.train_x.nrows();
    let x = concatenate(Axis(0), &[arm.dataset.train_x.view(), arm.dataset.test_x.view()])?;
    let y = match (&arm.dataset.train_y, &arm.dataset.test_y) {
        (Targets::Values(first), Targets::Values(second)) => {
            concatenate(Axis(0), &[first.view(), second.view()])?
        }
        _ => return Err("torques are values".into()),
    };
    let task = |runs: &[Run], offset: usize| {
        let of = |held: bool| {
            let runs = runs.iter().filter(|run| run.id.is_multiple_of(5) == held);
            runs.flat_map(|run| run.rows.clone()).map(|row| row + offset).step_by(step).collect()
        };
        Task { train: of(false), test: of(true) }
    };
    let tasks = vec![task(&arm.train_runs, 0), task(&arm.test_runs, first)];
    Ok(Stream::new(x, Targets::Values(y), tasks, InputScale::EachInput))
}

/// Ten classes, each of four clusters, in 32 dimensions; the middles of the clusters lie in six of them,
/// so that no plane parts the classes. So many training rows in all, and half as many test rows.
pub(super) fn mixture(training: usize, seed: u64) -> Whole {
    const CLASSES: usize = 10;
    const CLUSTERS: usize = 4;
    const PLANE: usize = 6;
    const INPUTS: usize = 32;
    let mut rng = rng(seed, 0);
    let mut normal = || normal(&mut rng);
    let middles = Array2::from_shape_simple_fn((CLASSES * CLUSTERS, PLANE), || 1.5 * normal());
    let plane = Array2::from_shape_simple_fn((PLANE, INPUTS), || normal() / 2.0);
    let middles = middles.dot(&plane);
    let rows = training + training / 2;
    let cluster = |row: usize| row % (CLASSES * CLUSTERS);
    let labels = (0..rows).map(|row| (cluster(row) % CLASSES) as u32).collect();
    let mut x = Array2::from_shape_simple_fn((rows, INPUTS), || 0.9 * normal());
    for (row, mut x) in x.rows_mut().into_iter().enumerate() {
        x += &middles.row(cluster(row));
    }
    Whole {
        x,
        labels,
        names: (0..CLASSES).map(|class| format!("class {class}")).collect(),
        training,
    }
}
