//! The history: every observation that a memory retains, in order.

use glam_core::Target;

use crate::disk::Directory;
use crate::error::{Error, Result};
use crate::log::{Chain, Content};
use crate::manifest::Manifest;

/// One observation of the history.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct Observation<'a> {
    /// Its sequence number, counted from 1.
    pub sequence: u64,
    /// The input; a missing value is NaN.
    pub x: &'a [f32],
    /// What belongs to it; a target that is not known is NaN.
    pub target: Target<'a>,
    /// How many observations it counts as: 1, unless it was written with another weight.
    pub weight: f32,
}

/// Goes through the observations of a memory from the first to the last that there was when it was
/// made, leaving out those that were erased. Holds one observation in memory at a time, whatever
/// the history's length.
///
/// Made by [`Store::history`](crate::Store::history) and
/// [`Reader::history`](crate::Reader::history); lends each observation until the next call:
///
/// ```
/// # use glam_core::{Config, Targets};
/// # use glam_store::Store;
/// # let temporary = tempfile::tempdir()?;
/// # let directory = temporary.path().join("memory");
/// # let (mut store, _) = Store::create(&directory, Config::builder(1, Targets::Numbers(1)).build()?)?;
/// store.append(1, &[0.5], (&[2.0]).into(), 1.0)?;
/// let mut history = store.history()?;
/// while let Some(observation) = history.next()? {
///     println!("{}: {:?}", observation.sequence, observation.x);
/// }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct History {
    chain: Chain,
    /// The number with which it begins.
    first: u64,
    /// The last sequence number to give.
    last: u64,
}

impl History {
    /// The observations up to number `last`, which must be in the files.
    pub(crate) fn open(directory: &Directory, manifest: &Manifest, last: u64) -> Result<Self> {
        let chain = Chain::history(directory, manifest)?;
        let first = chain.first();
        Ok(Self { chain, first, last })
    }

    /// The sequence number of the first observation that is retained, or was erased: 1, unless the
    /// beginning was dropped.
    pub fn first(&self) -> u64 {
        self.first
    }

    /// Fails where the beginning was dropped.
    ///
    /// # Errors
    /// [`Error::HistoryDropped`].
    pub fn check_whole(&self) -> Result<()> {
        match self.first {
            1 => Ok(()),
            first => {
                let path = self.chain.frames().path().to_owned();
                Err(Error::HistoryDropped { path, first })
            }
        }
    }

    /// The sequence number of the last observation that there was when this was made.
    pub fn last(&self) -> u64 {
        self.last
    }

    /// The next observation; `None` behind the last.
    ///
    /// # Errors
    /// [`Error::Io`], and those of damage. What was damaged can be passed by no further call.
    #[expect(clippy::should_implement_trait, reason = "it lends, which `Iterator` cannot")]
    pub fn next(&mut self) -> Result<Option<Observation<'_>>> {
        while self.chain.sequence() < self.last {
            match self.chain.advance()? {
                Some(Content::Observation) => return Ok(Some(self.chain.observation())),
                Some(Content::Erased) => {}
                None => {
                    let frames = self.chain.frames();
                    let (path, offset) = (frames.path().to_owned(), frames.offset());
                    let (expected, got) = (self.last, self.chain.sequence());
                    return Err(Error::Sequence { path, offset, expected, got });
                }
            }
        }
        Ok(None)
    }
}
