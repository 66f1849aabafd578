//! Who follows a stream, and how.

use std::path::Path;
use std::time::Instant;

use ndarray::{ArrayView2, s};

use super::Failure;
use super::streams::Stream;
use crate::data::Targets;
use crate::metrics::largest;
use crate::peers::mlp::{Descent, InputScale, RowByRow, StepwiseParams};
use crate::prequential::{Follow, memory, most_frequent, previous_label, share, with_previous};
use crate::race::stream_process::{StreamOutcome, run_stream};
use crate::report::Plan;
use crate::report::suites::common::NO_PYTHON;

/// Who follows a stream.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Learner {
    PreviousLabel,
    MostFrequent,
    /// With a window, and with the label before as an input.
    Memory(Option<u32>, bool),
    /// With the label before as an input.
    Mlp(bool),
    /// A model of River.
    River(&'static str),
}

/// The models of River: a tree, a forest and a line.
const RIVER: [&str; 3] = ["hoeffding", "arf", "logistic"];

/// What came of it.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Followed {
    pub(super) right: Vec<bool>,
    /// Of learning and predicting.
    pub(super) seconds: f64,
    pub(super) setting: String,
}

impl Learner {
    /// Those of a plan.
    pub(super) fn of(plan: Plan) -> Vec<Self> {
        let mut all =
            vec![Self::Memory(None, false), Self::Memory(Some(100), false), Self::Mlp(false)];
        if plan == Plan::Full {
            all.insert(1, Self::Memory(Some(1_000), false));
            all.extend([Self::Memory(Some(100), true), Self::Mlp(true)]);
        }
        all.extend(RIVER.map(Self::River));
        all.extend([Self::PreviousLabel, Self::MostFrequent]);
        all
    }

    /// Its name.
    pub(super) fn name(self) -> String {
        match self {
            Self::PreviousLabel => "the label before".to_owned(),
            Self::MostFrequent => "the most frequent label so far".to_owned(),
            Self::Memory(window, with_previous) => {
                let window = window.map_or("no window".to_owned(), |rows| format!("window {rows}"));
                let more = if with_previous { " and the label before" } else { "" };
                format!("GLAM, {window}{more}")
            }
            Self::Mlp(with_previous) => {
                let more = if with_previous { ", and the label before" } else { "" };
                format!("MLP, row by row{more}")
            }
            Self::River("hoeffding") => "River, Hoeffding adaptive tree".to_owned(),
            Self::River("arf") => "River, adaptive random forest of 10".to_owned(),
            Self::River("logistic") => "River, logistic regression".to_owned(),
            Self::River(model) => format!("River, {model}"),
        }
    }

    /// Whether it has draws that a seed moves.
    pub(super) fn is_seeded(self) -> bool {
        matches!(self, Self::Memory(..) | Self::Mlp(_))
    }

    /// Follows a stream.
    pub(super) fn follow(
        self,
        stream: &Stream,
        seed: u64,
        python: Option<&Path>,
    ) -> Result<Followed, Failure> {
        let (x, labels) = (stream.x.view(), stream.labels.as_slice());
        let start = Instant::now();
        let (right, setting) = match self {
            Self::PreviousLabel => (previous_label(labels), String::new()),
            Self::MostFrequent => (most_frequent(labels), String::new()),
            Self::Memory(window, with_previous) => {
                let setting = window.map_or("defaults".to_owned(), |rows| {
                    format!("defaults but for a window of {rows} writes")
                });
                (memory(x, labels, Follow { window, with_previous, seed })?, setting)
            }
            Self::Mlp(false) => return mlp(stream, seed),
            Self::Mlp(true) => {
                let (labels, classes) = (stream.labels.clone(), stream.classes);
                return mlp(&Stream { x: with_previous(x, &labels), labels, classes }, seed);
            }
            Self::River(model) => return river(x, labels, python, model),
        };
        Ok(Followed { right, seconds: start.elapsed().as_secs_f64(), setting })
    }
}

/// A model of River, as a program of its own.
fn river(
    x: ArrayView2<'_, f32>,
    labels: &[u32],
    python: Option<&Path>,
    model: &str,
) -> Result<Followed, Failure> {
    let python = python.ok_or(NO_PYTHON)?;
    let StreamOutcome { right, seconds } = run_stream(x, labels, python, model)?;
    Ok(Followed { right, seconds, setting: "the defaults of its script".to_owned() })
}

/// Units of the net's hidden layer.
const UNITS: usize = 64;
/// The steps to choose from.
const STEPS: [(Descent, f64); 8] = [
    (Descent::Sgd, 0.01),
    (Descent::Sgd, 0.03),
    (Descent::Sgd, 0.1),
    (Descent::Sgd, 0.3),
    (Descent::Adam, 3e-4),
    (Descent::Adam, 1e-3),
    (Descent::Adam, 3e-3),
    (Descent::Adam, 1e-2),
];

/// A net that takes a step on every row. How it steps is what was right most often on the first tenth of
/// the stream, from which its scales are taken too; then it begins anew.
fn mlp(stream: &Stream, seed: u64) -> Result<Followed, Failure> {
    let tenth = stream.labels.len() / 10;
    let mut best: Option<(f64, (Descent, f64))> = None;
    for step in STEPS {
        let right = share(&steps(stream, tenth, step, seed)?);
        if best.is_none_or(|(most, _)| right > most) {
            best = Some((right, step));
        }
    }
    let (_, (descent, rate)) = best.ok_or("there is nothing to choose from")?;
    let start = Instant::now();
    let right = steps(stream, stream.labels.len(), (descent, rate), seed)?;
    let seconds = start.elapsed().as_secs_f64();
    Ok(Followed { right, seconds, setting: format!("{UNITS} units, {descent:?}, rate {rate}") })
}

/// The first `rows` rows, learned one by one.
fn steps(
    stream: &Stream,
    rows: usize,
    (descent, rate): (Descent, f64),
    seed: u64,
) -> Result<Vec<bool>, Failure> {
    let names: Vec<String> = (0..stream.classes).map(|class| class.to_string()).collect();
    let of = |labels: &[u32]| Targets::Labels { labels: labels.to_vec(), names: names.clone() };
    let first = stream.x.slice(s![..stream.labels.len() / 10, ..]);
    let input_scale = InputScale::EachInput;
    let params = StepwiseParams { hidden: vec![UNITS], descent, rate, input_scale, seed };
    let mut net = RowByRow::new(&params, first, &of(&[]))?;
    let mut right = Vec::with_capacity(rows);
    for row in 0..rows {
        let (x, label) = (stream.x.slice(s![row..=row, ..]), stream.labels[row]);
        let guess = largest(net.recall(x)?.view());
        // Before the first row nothing is known: a guess there would be luck.
        right.push(row > 0 && guess == [label]);
        net.learn(x, &of(&[label]))?;
    }
    Ok(right)
}
