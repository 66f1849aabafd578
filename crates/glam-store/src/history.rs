//! The history: every observation that a memory retains, in order.

use glam_core::Target;

use crate::disk::Directory;
use crate::error::{Error, Result};
use crate::log::{Content, Frames, check_start, check_whole};
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
    directory: Directory,
    manifest: Manifest,
    /// The log file that is gone through, and its number.
    frames: Frames,
    number: u64,
    /// The last sequence number to give.
    last: u64,
}

impl History {
    /// The observations up to number `last`, which must be in the files.
    pub(crate) fn open(directory: Directory, manifest: Manifest, last: u64) -> Result<Self> {
        let number = manifest.first_log;
        let frames = Frames::open(&directory, &manifest, number)?;
        check_start(&frames, 0)?;
        Ok(Self { directory, manifest, frames, number, last })
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
        while self.frames.sequence() < self.last {
            match self.frames.advance()? {
                Some(Content::Observation) => return Ok(Some(self.frames.observation())),
                Some(Content::Erased) => {}
                None => self.go_on()?,
            }
        }
        Ok(None)
    }

    /// Goes on in the next log file.
    fn go_on(&mut self) -> Result<()> {
        if self.number >= self.manifest.log {
            let (path, offset) = (self.frames.path().to_owned(), self.frames.offset());
            let (expected, got) = (self.last, self.frames.sequence());
            return Err(Error::Sequence { path, offset, expected, got });
        }
        check_whole(&self.frames)?;
        let next = Frames::open(&self.directory, &self.manifest, self.number + 1)?;
        check_start(&next, self.frames.sequence())?;
        self.frames = next;
        self.number += 1;
        Ok(())
    }
}
