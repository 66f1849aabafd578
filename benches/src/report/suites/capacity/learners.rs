//! What pairs are given to.

use std::time::Instant;

use glam_memory::{Family, Flow, Memory};
use ndarray::{Array2, ArrayView2, Axis};

use super::super::common::Result;
use super::pairs::{Cues, Pairs, Shape};
use crate::data::Targets;
use crate::metrics::rmse;
use crate::peers::hash_memory::HashMemory;
use crate::peers::hopfield::Hopfield;
use crate::peers::mlp::{InputScale, Mlp, MlpParams, fit, fit_by_steps};
use crate::peers::neighbours::Neighbours;
use crate::report::{Found, Plan};

/// The memory that recalls best.
pub(super) const RIGHT: &str = "GLAM, consolidated for recall";
/// Cues that learners are asked which look at every row for each.
const ASKED: usize = 500;
/// Passes of a hash memory.
const PASSES: usize = 20;
/// Iterations of its joint optimum, at most.
const ITERATIONS: usize = 10_000;
/// Passes of a net at most; most end sooner, as nothing is gained any more.
const EPOCHS: usize = 500;
/// The learning rates that a net's is chosen from: the best at recalling the pairs after 20 passes.
const RATES: [f64; 3] = [1e-3, 3e-3, 1e-2];
const SEARCH_EPOCHS: usize = 20;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Learner {
    OnePass,
    Consolidated,
    Net,
    NetInTime,
    HashMemory,
    HashRidge,
    Neighbour,
    Hopfield,
}

pub(super) const LEARNERS: [Learner; 8] = [
    Learner::OnePass,
    Learner::Consolidated,
    Learner::Net,
    Learner::NetInTime,
    Learner::HashMemory,
    Learner::HashRidge,
    Learner::Neighbour,
    Learner::Hopfield,
];

impl Learner {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::OnePass => "GLAM, one pass",
            Self::Consolidated => RIGHT,
            Self::Net => "MLP of as many floats, settled",
            Self::NetInTime => "MLP of as many floats, GLAM's seconds",
            Self::HashMemory => "hash memory, 20 passes",
            Self::HashRidge => "ridge on a hash memory's code",
            Self::Neighbour => "nearest of all rows",
            Self::Hopfield => "modern Hopfield, all rows",
        }
    }

    /// Nets and learners that keep every row cost too much to be asked everywhere.
    pub(super) fn is_asked_at(self, cues: Cues, ratio: f64, plan: Plan) -> bool {
        match self {
            Self::Net => match plan {
                Plan::Quick => cues == Cues::Gaussian && ratio == 0.5,
                Plan::Full => [0.1, 0.5, 1.0].contains(&ratio),
            },
            Self::NetInTime => plan == Plan::Full && [0.1, 0.5].contains(&ratio),
            _ => true,
        }
    }

    pub(super) fn is_asked_under_noise(self, plan: Plan) -> bool {
        match self {
            Self::Net => plan == Plan::Full,
            Self::NetInTime => false,
            _ => true,
        }
    }
}

/// Learns the pairs and is asked for each.
pub(super) fn exact(learner: Learner, pairs: &Pairs, shape: Shape) -> Result<Found> {
    noisy(learner, pairs, shape, 0.0)
}

/// Learns the pairs and is asked by cues under noise.
pub(super) fn noisy(learner: Learner, pairs: &Pairs, shape: Shape, noise: f64) -> Result<Found> {
    let asked = match learner {
        Learner::Neighbour | Learner::Hopfield => ASKED.min(pairs.x.nrows()),
        _ => pairs.x.nrows(),
    };
    let rows: Vec<usize> = (0..asked).collect();
    let cues = if noise > 0.0 { pairs.noisy(noise) } else { pairs.x.clone() };
    let cues = cues.select(Axis(0), &rows);
    let truth = pairs.y.select(Axis(0), &rows);
    let (y, inputs) = (Targets::Values(pairs.y.clone()), shape.inputs);
    let started = Instant::now();
    let ended = |recalled: Array2<f32>, seconds: f64, floats: usize| {
        judged(pairs, recalled.view(), truth.view(), seconds, floats)
    };
    match learner {
        Learner::OnePass | Learner::Consolidated => {
            let memory = glam(learner, pairs, shape)?;
            let seconds = started.elapsed().as_secs_f64();
            let floats = memory.memory.inspect()?.report.weight_bytes / size_of::<f32>();
            let iterations = memory.iterations;
            let found = ended(memory.memory.read_batch(cues.view())?, seconds, floats)?;
            Ok(found.set(format!("{shape:?}, {iterations} iterations")))
        }
        Learner::Net => {
            let rate = best_rate(pairs, &y, shape)?;
            let params = net_params(shape, EPOCHS, rate, pairs.seed);
            let params = MlpParams { until_settled: true, ..params }.check()?;
            let mut epochs = 0;
            let net = fit_by_steps(&params, rate, pairs.x.view(), &y, &mut |_, now| {
                epochs = now.rows_seen / pairs.x.nrows();
                Ok(std::ops::ControlFlow::Continue(()))
            })?;
            let found = ended(net.predict(cues.view())?, net.train_seconds, net_floats(&net))?;
            let end = if epochs == EPOCHS { " (no more were allowed)" } else { "" };
            Ok(found.set(format!("rate {rate}, falling, {epochs} epochs{end}, batches of 64")))
        }
        Learner::NetInTime => {
            // What GLAM takes, here and now.
            glam(Learner::Consolidated, pairs, shape)?;
            let limit = started.elapsed().as_secs_f64();
            let rate = best_rate(pairs, &y, shape)?;
            let params = net_params(shape, 100 * EPOCHS, rate, pairs.seed).check()?;
            let mut epochs = 0.0;
            let net = fit_by_steps(&params, rate, pairs.x.view(), &y, &mut |_, now| {
                epochs = now.rows_seen as f64 / pairs.x.nrows() as f64;
                Ok(match now.seconds < limit {
                    true => std::ops::ControlFlow::Continue(()),
                    false => std::ops::ControlFlow::Break(()),
                })
            })?;
            let found = ended(net.predict(cues.view())?, net.train_seconds, net_floats(&net))?;
            Ok(found.set(format!("rate {rate}, {epochs:.0} epochs, batches of 64")))
        }
        Learner::HashMemory | Learner::HashRidge => {
            // As many entries as the memory's maps have floats, in as many tables.
            let bits = (shape.floats() / shape.outputs / shape.tables).ilog2() as usize;
            let mut memory = HashMemory::new(inputs, shape.outputs, shape.tables, bits, pairs.seed);
            let active = memory.active(pairs.x.view());
            if learner == Learner::HashMemory {
                (0..PASSES).for_each(|_| memory.learn(&active, pairs.y.view()));
            } else {
                memory.solve(&active, pairs.y.view(), ITERATIONS);
            }
            let seconds = started.elapsed().as_secs_f64();
            let found =
                ended(memory.recall(&memory.active(cues.view())), seconds, memory.floats())?;
            Ok(found.set(format!("{} tables of 2^{bits} entries", shape.tables)))
        }
        Learner::Neighbour => {
            let kept = Neighbours::new(pairs.x.view(), &y, InputScale::AllInputs, 1);
            let seconds = started.elapsed().as_secs_f64();
            ended(kept.recall(cues.view()), seconds, kept.bytes() / size_of::<f32>())
        }
        Learner::Hopfield => {
            // A cue is as like itself as the square root of the number of inputs is to others.
            let sharpness = 20.0 / (inputs as f32).sqrt();
            let net = Hopfield::new(pairs.x.clone(), pairs.y.clone(), sharpness);
            let seconds = started.elapsed().as_secs_f64();
            Ok(ended(net.recall(cues.view()), seconds, net.floats())?
                .set("sharpness 20 / sqrt(inputs)"))
        }
    }
}

struct Kept {
    memory: Memory,
    iterations: u32,
    _folder: tempfile::TempDir,
}

fn glam(learner: Learner, pairs: &Pairs, shape: Shape) -> Result<Kept> {
    let folder = tempfile::tempdir()?;
    let memory = Memory::builder(shape.inputs)
        .targets(shape.outputs)
        .seed(pairs.seed)
        .tables(shape.tables)
        .levels([shape.level])
        .view(shape.view)
        .families([Family::Hadamard])
        .create(folder.path().join("memory"))?;
    memory.write_batch(pairs.x.view(), pairs.y.view())?;
    let mut iterations = 0;
    if learner == Learner::Consolidated {
        iterations = memory.consolidate_for_recall(&|_| Flow::Continue)?.iterations;
    }
    Ok(Kept { memory, iterations, _folder: folder })
}

/// A net of one hidden layer with as many numbers as the memory's maps have.
fn net_params(shape: Shape, epochs: usize, rate: f64, seed: u64) -> MlpParams {
    let units = (shape.floats() as f64 / (shape.inputs + shape.outputs + 1) as f64).round().max(1.0)
        as usize;
    MlpParams {
        hidden: vec![units],
        epochs,
        learning_rates: vec![rate],
        input_scale: InputScale::AllInputs,
        seed,
        ..MlpParams::default()
    }
}

/// The rate by which a short training recalls the pairs best. Off the clock.
fn best_rate(pairs: &Pairs, y: &Targets, shape: Shape) -> Result<f64> {
    let mut best = (f64::INFINITY, RATES[0]);
    for rate in RATES {
        let params = net_params(shape, SEARCH_EPOCHS, rate, pairs.seed);
        let net = fit(&params.check()?, pairs.x.view(), y)?;
        let error = rmse(net.predict(pairs.x.view())?.view(), pairs.y.view());
        if error < best.0 {
            best = (error, rate);
        }
    }
    Ok(best.1)
}

fn net_floats(net: &Mlp) -> usize {
    net.parameter_bytes() / size_of::<f32>()
}

/// The figures of what was recalled.
///
/// Bits: a normal value and what is recalled of it have at least -1/2 log2(1 - r²) bits in common, r
/// their correlation (the rate of a Gaussian channel; Cover and Thomas, "Elements of information theory",
/// 8.5 and 10.3).
fn judged(
    pairs: &Pairs,
    recalled: ArrayView2<'_, f32>,
    truth: ArrayView2<'_, f32>,
    seconds: f64,
    floats: usize,
) -> Result<Found> {
    let near = 0.01 * pairs.range();
    let count = truth.len() as f64;
    let within = recalled.iter().zip(truth).filter(|(r, t)| (**r - **t).abs() <= near).count();
    let mean = |values: ArrayView2<'_, f32>| {
        values.iter().map(|&value| f64::from(value)).sum::<f64>() / count
    };
    let (of_recalled, of_truth) = (mean(recalled), mean(truth));
    let (mut both, mut left, mut right, mut squares) = (0.0, 0.0, 0.0, 0.0);
    for (&recalled, &truth) in recalled.iter().zip(truth) {
        let (r, t) = (f64::from(recalled), f64::from(truth));
        both += (r - of_recalled) * (t - of_truth);
        left += (r - of_recalled).powi(2);
        right += (t - of_truth).powi(2);
        squares += (r - t).powi(2);
    }
    if floats == 0 {
        return Err("nothing is stored".into());
    }
    let alike = both * both / (left * right).max(f64::MIN_POSITIVE);
    // f32 has no more than 24 bits of a number.
    let bits = (-0.5 * (1.0 - alike).max(2.0_f64.powi(-48)).log2()).max(0.0);
    let pairs_a_float = pairs.y.len() as f64 / floats as f64;
    Ok(Found::default()
        .with("within 1 %", within as f64 / count)
        .with("rmse", (squares / count).sqrt() / (right / count).sqrt())
        .with("bits a float", bits * pairs_a_float)
        .with("pairs a float", pairs_a_float)
        .with("floats", floats as f64)
        .with("seconds", seconds))
}

/// What noise is called.
pub(super) fn noise_name(cues: &str) -> &'static str {
    if cues == Cues::Signs.name() { "share of signs flipped" } else { "standard deviation added" }
}
