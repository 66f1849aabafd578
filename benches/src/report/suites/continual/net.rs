//! A net that learns a stream by Adam, with or without rows that it learns again.

use std::sync::atomic::{AtomicUsize, Ordering};

use ndarray::{Array2, ArrayView2, Axis, concatenate, s};
use rayon::{ThreadPool, ThreadPoolBuilder};

use super::Failure;
use super::learners::{Learner, learn_unwatched};
use super::reservoir::Reservoir;
use super::streams::Stream;
use crate::data::{Targets, shuffled_indices};
use crate::peers::mlp::{Descent, InputScale, Stepwise, StepwiseParams};

/// Units of the hidden layer.
const UNITS: usize = 256;
/// Rows of a batch.
const BATCH: usize = 64;
/// Learning rates to choose from.
const RATES: [f64; 4] = [3e-4, 1e-3, 3e-3, 1e-2];
/// Batches of replayed rows for each batch of new ones to choose from, the slowest first.
const REPLAYED: [usize; 3] = [12, 6, 3];
/// Those that the scale of the inputs is chosen with.
const FEWEST: usize = 1;

/// What is chosen on held-out rows.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Setting {
    pub(super) rate: f64,
    pub(super) scale: InputScale,
    /// Batches of replayed rows for each batch of new ones.
    pub(super) replayed: usize,
}

impl Setting {
    /// First rate and scale, with the fewest replayed rows; then, with `replay`, rate and number of replayed
    /// rows, with that scale.
    pub(super) fn choose(
        stream: &Stream,
        replay: bool,
        bytes: usize,
        seed: u64,
    ) -> Result<Self, Failure> {
        let all =
            |scale: InputScale, replayed: usize| RATES.map(|rate| Self { rate, scale, replayed });
        let fewest = if replay { FEWEST } else { 0 };
        let scales = InputScale::candidates(stream.targets()).iter();
        let first: Vec<Self> = scales.flat_map(|&scale| all(scale, fewest)).collect();
        let first = best_of(&first, stream, bytes, seed)?;
        if !replay {
            return Ok(first);
        }
        let more = REPLAYED.iter().flat_map(|&replayed| all(first.scale, replayed));
        best_of(&more.chain([first]).collect::<Vec<_>>(), stream, bytes, seed)
    }
}

/// A net of one hidden layer, on one thread.
///
/// For each batch of new rows so many batches are drawn from the reservoir, and all are mixed before
/// they are cut into batches again, one step of Adam each: so the same number of rows makes more steps
/// than one step on all of them at once would. Then the new rows are offered to the reservoir.
pub(super) struct Net {
    net: Stepwise,
    setting: Setting,
    reservoir: Reservoir,
    batches: u64,
    seed: u64,
    /// The tensor library multiplies on it.
    thread: ThreadPool,
}

impl Net {
    /// A net that has learned nothing. Net, optimiser and reservoir take at most `bytes` together, which
    /// matters only where rows are replayed.
    pub(super) fn new(
        stream: &Stream,
        setting: Setting,
        bytes: usize,
        seed: u64,
    ) -> Result<Self, Failure> {
        let params = StepwiseParams {
            hidden: vec![UNITS],
            descent: Descent::Adam,
            rate: setting.rate,
            input_scale: setting.scale,
            seed,
        };
        let (x, y) = stream.all_training_rows();
        let net = Stepwise::new(&params, x.view(), &y)?;
        let bytes = if setting.replayed == 0 { 0 } else { bytes.saturating_sub(net.bytes()) };
        let reservoir = Reservoir::new(x.ncols(), &y, bytes, seed);
        let thread = ThreadPoolBuilder::new().num_threads(1).build()?;
        Ok(Self { net, setting, reservoir, batches: 0, seed, thread })
    }

    fn step(&mut self, x: ArrayView2<'_, f32>, y: &Targets) -> Result<(), Failure> {
        self.batches += 1;
        let (old_x, old_y) = self.reservoir.draw(self.setting.replayed * BATCH)?;
        if old_x.is_empty() {
            return Ok(self.thread.install(|| self.net.step(x, y))?);
        }
        let (all_x, all_y) = (concatenate(Axis(0), &[x, old_x.view()])?, joined(y, &old_y)?);
        let order = shuffled_indices(all_x.nrows(), self.seed ^ (self.batches << 8));
        for rows in order.chunks(BATCH) {
            let (x, y) = (all_x.select(Axis(0), rows), all_y.select(rows));
            self.thread.install(|| self.net.step(x.view(), &y))?;
        }
        Ok(())
    }
}

impl Learner for Net {
    fn learn(&mut self, x: ArrayView2<'_, f32>, y: &Targets) -> Result<(), Failure> {
        for start in (0..x.nrows()).step_by(BATCH) {
            let rows: Vec<usize> = (start..x.nrows().min(start + BATCH)).collect();
            let (x, y) = (x.slice(s![start..start + rows.len(), ..]), y.select(&rows));
            self.step(x, &y)?;
            self.reservoir.offer(x, &y)?;
        }
        Ok(())
    }

    fn recall(&self, x: ArrayView2<'_, f32>) -> Result<Array2<f32>, Failure> {
        Ok(self.net.recall(x)?)
    }

    fn bytes(&self) -> Result<usize, Failure> {
        Ok(self.net.bytes() + self.reservoir.bytes())
    }

    fn setting(&self) -> Result<String, Failure> {
        let Setting { rate, scale, replayed } = self.setting;
        let replay = match replayed {
            0 => String::new(),
            _ => format!(
                ", {replayed} replayed rows for a new one out of {} kept",
                self.reservoir.kept()
            ),
        };
        let scale = scale.name();
        Ok(format!("{UNITS} units, Adam, rate {rate}, {scale}, batches of {BATCH}{replay}"))
    }
}

/// The rows of both.
fn joined(first: &Targets, second: &Targets) -> Result<Targets, Failure> {
    Ok(match (first, second) {
        (Targets::Labels { labels: a, names }, Targets::Labels { labels: b, .. }) => {
            Targets::Labels { labels: [a.as_slice(), b].concat(), names: names.clone() }
        }
        (Targets::Values(a), Targets::Values(b)) => {
            Targets::Values(concatenate(Axis(0), &[a.view(), b.view()])?)
        }
        _ => return Err("labels and values in one batch".into()),
    })
}

/// The setting with the best average over the tasks of a stream at its end; one that diverges is none
/// to choose. Each thread tries one at a time.
pub(super) fn best_of(
    settings: &[Setting],
    stream: &Stream,
    bytes: usize,
    seed: u64,
) -> Result<Setting, Failure> {
    let next = AtomicUsize::new(0);
    let work = || -> Result<Vec<(f64, usize)>, Failure> {
        let mut tried = Vec::new();
        loop {
            let index = next.fetch_add(1, Ordering::Relaxed);
            let Some(&setting) = settings.get(index) else { return Ok(tried) };
            let mut net = Net::new(stream, setting, bytes, seed)?;
            if let Ok(each) = learn_unwatched(stream, &mut net) {
                tried.push((each.iter().sum::<f64>() / each.len() as f64, index));
            }
        }
    };
    let threads = std::thread::available_parallelism().map_or(1, usize::from).min(settings.len());
    let mut tried = Vec::new();
    std::thread::scope(|scope| -> Result<(), Failure> {
        let workers: Vec<_> = (0..threads).map(|_| scope.spawn(work)).collect();
        for worker in workers {
            match worker.join() {
                Ok(found) => tried.extend(found?),
                Err(panic) => std::panic::resume_unwind(panic),
            }
        }
        Ok(())
    })?;
    // Of equal ones the first, whoever tried it.
    let best = tried.into_iter().max_by(|a, b| a.0.total_cmp(&b.0).then(b.1.cmp(&a.1)));
    Ok(settings[best.ok_or("no learning rate learns anything")?.1])
}
