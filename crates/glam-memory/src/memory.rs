//! The front door.

use glam_core::{Basis, Config, Explanation, Familiarity, Model, Scratch, Target, check_weight};
use glam_store::{Durability, Reader, Store};
use parking_lot::{Mutex, RwLock};

use crate::builder::Builder;
use crate::commits::Commits;
use crate::error::{Error, Result};
use crate::observation::Observed;
use crate::stored::Stored;
use crate::threads::Threads;

/// A gated linear associative memory, in files or without.
///
/// Every method that reads or writes takes `&self`: share a memory between threads by reference or in an `Arc`. Reads
/// run side by side; a write waits for them and they for it.
///
/// See the [crate's page](crate) for a whole program.
#[derive(Debug)]
pub struct Memory {
    pub(crate) state: RwLock<State>,
    /// Held by whoever makes a checkpoint of its own accord, before the state is locked.
    pub(crate) checkpoints: Mutex<()>,
    commits: Commits,
    scratches: Mutex<Vec<Scratch>>,
    pub(crate) threads: Threads,
}

#[derive(Debug)]
pub(crate) enum State {
    /// Without files.
    Volatile(Box<Model>),
    /// In files, for writing.
    Stored(Box<Model>, Box<Stored>),
    /// In files, for reading.
    ReadOnly(Box<Reader>),
}

impl State {
    /// Checks an observation, logs it, learns it; gives the prediction made before.
    pub(crate) fn learn(&mut self, x: &[f32], target: Target<'_>, weight: f32) -> Result<&[f32]> {
        match self {
            Self::Volatile(model) => Ok(model.write_weighted(x, target, weight)?),
            Self::Stored(model, stored) => {
                // What the model would refuse must not reach the log.
                check_weight(weight)?;
                model.check(x, target)?;
                stored.store.append(model.recall().sequence() + 1, x, target, weight)?;
                let learned = model.write_weighted(x, target, weight);
                if learned.is_err() {
                    // A damaged slot; the model is as it was, and so must the log be.
                    stored.store.retract();
                }
                Ok(learned?)
            }
            Self::ReadOnly(_) => Err(Error::ReadOnly),
        }
    }

    pub(crate) fn read_with_std(
        &self,
        x: &[f32],
        scratch: &mut Scratch,
        out: &mut [f32],
        std: &mut [f32],
    ) -> Result<()> {
        match self {
            Self::Volatile(model) | Self::Stored(model, _) => {
                Ok(model.recall().read_with_std(model.covariances(), x, scratch, out, std)?)
            }
            Self::ReadOnly(reader) => Ok(reader.read_with_std(x, scratch, out, std)?),
        }
    }

    fn read_with_interval(
        &self,
        x: &[f32],
        level: f64,
        scratch: &mut Scratch,
        out: &mut [f32],
        intervals: &mut [(f32, f32)],
    ) -> Result<()> {
        match self {
            Self::Volatile(model) | Self::Stored(model, _) => {
                let (recall, covariances) = (model.recall(), model.covariances());
                Ok(recall.read_with_interval(covariances, x, level, scratch, out, intervals)?)
            }
            Self::ReadOnly(reader) => {
                Ok(reader.read_with_interval(x, level, scratch, out, intervals)?)
            }
        }
    }

    fn familiarity(&self, x: &[f32], scratch: &mut Scratch) -> Result<Familiarity> {
        match self {
            Self::Volatile(model) | Self::Stored(model, _) => {
                Ok(model.recall().familiarity(model.covariances(), x, scratch)?)
            }
            Self::ReadOnly(reader) => Ok(reader.familiarity(x, scratch)?),
        }
    }

    /// After writes: looks after checkpoints, and returns the observation that has to be on the disk
    /// before the write returns; `None` where it does not wait.
    pub(crate) fn after_write(&mut self) -> Option<u64> {
        let Self::Stored(model, stored) = self else { return None };
        stored.after_write(model);
        let waits = stored.store.durability() == Durability::Synced;
        waits.then(|| model.recall().sequence())
    }

    /// Fails where [`State::learn`] would refuse the observation.
    pub(crate) fn check(&self, x: &[f32], target: Target<'_>, weight: f32) -> Result<()> {
        match self {
            Self::Volatile(model) | Self::Stored(model, _) => {
                check_weight(weight)?;
                Ok(model.check(x, target)?)
            }
            Self::ReadOnly(_) => Err(Error::ReadOnly),
        }
    }
}

/// The class that a memory finds likeliest.
#[derive(Debug, Clone, PartialEq)]
pub struct Class {
    /// Its label.
    pub label: String,
    /// Its score, about 1 where the memory is sure and near 0 where it is not.
    pub score: f32,
    /// The probability that it is the right one; see [`Memory::probabilities`].
    pub probability: f32,
}

/// Runs `$call` on the reading half of whichever state there is.
macro_rules! with_recall {
    ($state:expr, $recall:ident => $call:expr) => {
        match $state {
            State::Volatile(model) | State::Stored(model, _) => {
                let $recall = model.recall();
                $call
            }
            State::ReadOnly(reader) => {
                let $recall = reader;
                $call
            }
        }
    };
}

pub(crate) use with_recall;

impl Memory {
    /// Starts a new memory for `inputs` numbers in; one number out unless told otherwise.
    pub fn builder(inputs: usize) -> Builder {
        Builder::new(inputs)
    }

    /// Starts a new memory that is a trained net until something is written to it: its inputs are the
    /// net's, it learns labels where the net has the names of its classes and numbers otherwise.
    ///
    /// ```
    /// use glam_memory::net::{Activation, Layer, Net, Output};
    /// use glam_memory::{Memory, ndarray::array};
    ///
    /// let hidden = Layer::new(array![[1.0], [-1.0]].view(), &[0.0, 0.0], Activation::Relu)?;
    /// let last = Layer::new(array![[1.0, 1.0]].view(), &[0.0], Activation::Linear)?;
    /// let net = Net::new(vec![hidden, last], Output::Linear)?; // |x|
    /// let memory = Memory::builder_on(net).in_memory()?;
    /// assert_eq!(memory.read(&[-2.0])?, [2.0]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn builder_on(basis: impl Into<Basis>) -> Builder {
        let basis = basis.into();
        let builder = Builder::new(basis.net().inputs());
        let builder = match basis.net().labels() {
            [] => builder.targets(basis.net().outputs()),
            _ => builder.labels(),
        };
        builder.basis(basis)
    }

    pub(crate) fn volatile(model: Model) -> Self {
        Self::with_state(State::Volatile(Box::new(model)))
    }

    pub(crate) fn stored(store: Store, model: Model) -> Self {
        Self::with_state(State::Stored(Box::new(model), Box::new(Stored::new(store))))
    }

    pub(crate) fn with_state(state: State) -> Self {
        Self {
            state: RwLock::new(state),
            checkpoints: Mutex::new(()),
            commits: Commits::default(),
            scratches: Mutex::new(Vec::new()),
            threads: Threads::new(0),
        }
    }

    /// The same memory, working on at most `threads` threads where rows or steps can be shared out:
    /// [`Memory::read_batch`], [`Memory::read_batch_with_std`], scores, [`Memory::consolidate`] and
    /// [`Memory::forget`]. 0, the
    /// default, is one a core. No result depends on it, to the bit; writes are made one after the other.
    #[must_use]
    pub fn with_threads(self, threads: usize) -> Self {
        Self { threads: Threads::new(threads), ..self }
    }

    /// Calls `work` with a scratch of its own; a few are kept, so that reads do not allocate.
    pub(crate) fn with_scratch<T>(&self, work: impl FnOnce(&mut Scratch) -> T) -> T {
        let kept = self.scratches.lock().pop();
        let mut scratch = kept.unwrap_or_default();
        let result = work(&mut scratch);
        self.scratches.lock().push(scratch);
        result
    }

    /// Stores that `y` belongs to `x`, and learns it on the spot.
    ///
    /// `y` is a slice or array of numbers (`&[1.5]`), a single `f32`, or for a memory of labels a
    /// `&str` or an integer. With files, the observation is in the log's buffer when this returns:
    /// [`Memory::flush`] hands it to the disk.
    ///
    /// # Errors
    /// [`Error::Core`] where the row is refused (wrong length, infinite, no target known, wrong kind),
    /// [`Error::Store`] where the log cannot be written, [`Error::ReadOnly`]. Nothing is stored
    /// then.
    pub fn write<'a>(&self, x: &[f32], y: impl Into<Observed<'a>>) -> Result<()> {
        let y = y.into();
        self.store(x, y.target(), 1.0, |_| ())
    }

    /// [`Memory::write`] of an observation that counts as `weight` of them, 1e-6 to 1e6: its noise
    /// variance is divided by `weight`, as in weighted least squares, so that 2 is about the same
    /// observation twice. The error statistics count it once; what
    /// [`Memory::read_with_std`] gives is the spread of an observation of weight 1.
    ///
    /// # Errors
    /// As [`Memory::write`], and a weight out of range.
    pub fn write_weighted<'a>(
        &self,
        x: &[f32],
        y: impl Into<Observed<'a>>,
        weight: f32,
    ) -> Result<()> {
        let y = y.into();
        self.store(x, y.target(), weight, |_| ())
    }

    /// [`Memory::write`], with what a read of `x` gave just before in `before`: the prequential
    /// prediction.
    ///
    /// # Errors
    /// As [`Memory::write`].
    pub fn write_predicting<'a>(
        &self,
        x: &[f32],
        y: impl Into<Observed<'a>>,
        before: &mut Vec<f32>,
    ) -> Result<()> {
        let y = y.into();
        self.store(x, y.target(), 1.0, |prediction| {
            before.clear();
            before.extend_from_slice(prediction);
        })
    }

    /// [`Memory::write_weighted`] that also gives what [`Memory::write_predicting`] gives.
    ///
    /// # Errors
    /// As [`Memory::write_weighted`].
    pub fn write_weighted_predicting<'a>(
        &self,
        x: &[f32],
        y: impl Into<Observed<'a>>,
        weight: f32,
        before: &mut Vec<f32>,
    ) -> Result<()> {
        let y = y.into();
        self.store(x, y.target(), weight, |prediction| {
            before.clear();
            before.extend_from_slice(prediction);
        })
    }

    fn store(
        &self,
        x: &[f32],
        target: Target<'_>,
        weight: f32,
        note: impl FnOnce(&[f32]),
    ) -> Result<()> {
        let waits = {
            let mut state = self.state.write();
            note(state.learn(x, target, weight)?);
            state.after_write()
        };
        self.wait(waits)
    }

    /// Waits until the observation is on the disk, where there is one to wait for.
    pub(crate) fn wait(&self, sequence: Option<u64>) -> Result<()> {
        match sequence {
            Some(sequence) => self.commits.wait(sequence, &self.state),
            None => Ok(()),
        }
    }

    /// Recalls what belongs to `x`: one number a target, or one score a class in the order of
    /// [`Memory::labels`].
    ///
    /// # Errors
    /// [`Error::Core`]: a wrong length, an infinite value, or nothing written yet.
    pub fn read(&self, x: &[f32]) -> Result<Vec<f32>> {
        let state = self.state.read();
        let mut out = vec![0.0; with_recall!(&*state, recall => recall.outputs())];
        self.with_scratch(|scratch| with_recall!(&*state, recall => recall.read(x, scratch, &mut out).map_err(Error::from)))?;
        Ok(out)
    }

    /// [`Memory::read`] into a slice of [`Memory::outputs`] numbers; allocates nothing once warm.
    ///
    /// # Errors
    /// As [`Memory::read`], and a wrong length of `out`.
    pub fn read_into(&self, x: &[f32], out: &mut [f32]) -> Result<()> {
        let state = self.state.read();
        self.with_scratch(|scratch| with_recall!(&*state, recall => recall.read(x, scratch, out).map_err(Error::from)))?;
        Ok(())
    }

    /// Recalls what belongs to `x`, and the standard deviation of each number: the spread in which
    /// the memory expects the truth, from its covariances and from the errors that it made lately.
    ///
    /// # Errors
    /// As [`Memory::read`].
    pub fn read_with_std(&self, x: &[f32]) -> Result<(Vec<f32>, Vec<f32>)> {
        let state = self.state.read();
        let outputs = with_recall!(&*state, recall => recall.outputs());
        let (mut out, mut std) = (vec![0.0; outputs], vec![0.0; outputs]);
        self.with_scratch(|scratch| state.read_with_std(x, scratch, &mut out, &mut std))?;
        Ok((out, std))
    }

    /// Recalls what belongs to `x`, and for each target the interval (low, high) in which the truth
    /// lies with probability `level`, which is more than 0 and less than 1.
    ///
    /// The intervals hold as large a share of the truths as `level` says where new cues are like
    /// the ones written: how far they reach is taken from the errors that the memory made on
    /// observations just before it learned them.
    ///
    /// ```
    /// use glam_memory::Memory;
    /// let memory = Memory::builder(1).in_memory()?;
    /// (0..100).try_for_each(|i| memory.write(&[i as f32], 2.0 * i as f32))?;
    /// let (y, intervals) = memory.read_with_interval(&[30.5], 0.9)?;
    /// let (low, high) = intervals[0];
    /// assert!(low < y[0] && y[0] < high);
    /// # Ok::<(), glam_memory::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`Memory::read`]; a level out of its range; a memory of labels has
    /// [`Memory::probabilities`] instead.
    #[expect(clippy::type_complexity, reason = "two lists side by side, as in read_with_std")]
    pub fn read_with_interval(&self, x: &[f32], level: f64) -> Result<(Vec<f32>, Vec<(f32, f32)>)> {
        let state = self.state.read();
        let outputs = with_recall!(&*state, recall => recall.outputs());
        let (mut out, mut intervals) = (vec![0.0; outputs], vec![(0.0, 0.0); outputs]);
        self.with_scratch(|scratch| {
            state.read_with_interval(x, level, scratch, &mut out, &mut intervals)
        })?;
        Ok((out, intervals))
    }

    /// The probability of each class at `x`, in the order of [`Memory::labels`]; they add up to 1.
    /// The scores of [`Memory::read`] say which class is likeliest; these say how likely it is,
    /// judged by how often such scores were right before each write.
    ///
    /// # Errors
    /// As [`Memory::read`], and a memory of numbers has no classes.
    pub fn probabilities(&self, x: &[f32]) -> Result<Vec<f32>> {
        let state = self.state.read();
        let mut out = vec![0.0; with_recall!(&*state, recall => recall.outputs())];
        self.with_scratch(|scratch| with_recall!(&*state, recall => recall.probabilities(x, scratch, &mut out).map_err(Error::from)))?;
        Ok(out)
    }

    /// How much of `x` the memory has seen, whatever belongs to it: low for a cue unlike all that
    /// was written. Costs about as much as a read.
    ///
    /// # Errors
    /// As [`Memory::read`].
    pub fn familiarity(&self, x: &[f32]) -> Result<Familiarity> {
        let state = self.state.read();
        self.with_scratch(|scratch| state.familiarity(x, scratch))
    }

    /// The likeliest class of `x`; the earlier of equals.
    ///
    /// # Errors
    /// As [`Memory::read`], and a memory of numbers has no classes.
    pub fn classify(&self, x: &[f32]) -> Result<Class> {
        let state = self.state.read();
        let outputs = with_recall!(&*state, recall => recall.outputs());
        let (mut scores, mut chances) = (vec![0.0; outputs], vec![0.0; outputs]);
        self.with_scratch(|scratch| -> Result<()> {
            with_recall!(&*state, recall => {
                recall.read_with_probabilities(x, scratch, &mut scores, &mut chances)?;
            });
            Ok(())
        })?;
        let names = with_recall!(&*state, recall => recall.labels().names());
        match best(&scores).and_then(|best| Some((names.get(best)?, best))) {
            Some((label, best)) => {
                Ok(Class { label: label.clone(), score: scores[best], probability: chances[best] })
            }
            None => Err(glam_core::Error::Empty.into()),
        }
    }

    /// The linear map that the memory is at `x`, and the slots that it is made of.
    ///
    /// # Errors
    /// As [`Memory::read`].
    pub fn explain(&self, x: &[f32]) -> Result<Explanation> {
        let state = self.state.read();
        self.with_scratch(|scratch| {
            with_recall!(&*state, recall => recall.explain(x, scratch).map_err(Error::from))
        })
    }

    /// The sequence number of the last observation: how many were written, those that were
    /// forgotten among them.
    pub fn sequence(&self) -> u64 {
        with_recall!(&*self.state.read(), recall => recall.sequence())
    }

    /// The configuration that the memory was made with.
    pub fn config(&self) -> Config {
        with_recall!(&*self.state.read(), recall => recall.config().clone())
    }

    /// Numbers in a prediction.
    pub fn outputs(&self) -> usize {
        with_recall!(&*self.state.read(), recall => recall.outputs())
    }

    /// The classes in order of first appearance, which is the order of the scores that a read
    /// gives; empty for a memory of numbers.
    pub fn labels(&self) -> Vec<String> {
        with_recall!(&*self.state.read(), recall => recall.labels().names().to_vec())
    }
}

/// The position of the highest score, the first of equals.
pub(crate) fn best(scores: &[f32]) -> Option<usize> {
    let first_of_equals = |best: usize, next: usize| {
        if scores[next] > scores[best] { next } else { best }
    };
    (0..scores.len()).reduce(first_of_equals)
}
