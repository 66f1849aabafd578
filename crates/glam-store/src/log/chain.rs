//! The log file after file: its history from the beginning, or what a snapshot lacks.

use glam_core::Model;

use super::reader::{Content, Frames};
use super::writer::Writer;
use crate::bytes::wide;
use crate::disk::{Directory, is_absent};
use crate::error::{Error, Result};
use crate::history::Observation;
use crate::manifest::Manifest;
use crate::names::Name;

/// Goes through the frames of one log file after the other, up to the end of the last that there is.
#[derive(Debug)]
pub(crate) struct Chain {
    directory: Directory,
    manifest: Manifest,
    frames: Frames,
    /// Whether the file was looked at once more since there is a next one.
    complete: bool,
}

impl Chain {
    /// All observations that are retained.
    pub(crate) fn history(directory: &Directory, manifest: &Manifest) -> Result<Self> {
        let frames = Frames::open(directory, manifest, manifest.first_log)?;
        Ok(Self::over(directory, manifest, frames))
    }

    fn over(directory: &Directory, manifest: &Manifest, frames: Frames) -> Self {
        let (directory, manifest) = (directory.clone(), manifest.clone());
        Self { directory, manifest, frames, complete: false }
    }

    /// [`Chain::history`], where that begins with the first observation.
    ///
    /// # Errors
    /// [`Error::HistoryDropped`] where it does not.
    pub(crate) fn whole_history(directory: &Directory, manifest: &Manifest) -> Result<Self> {
        let chain = Self::history(directory, manifest)?;
        match chain.first() {
            1 => Ok(chain),
            first => Err(Error::HistoryDropped { path: directory.path().to_owned(), first }),
        }
    }

    /// The observations that the snapshot lacks.
    pub(crate) fn tail(directory: &Directory, manifest: &Manifest) -> Result<Self> {
        let mut frames = Frames::open(directory, manifest, manifest.log)?;
        frames.seek(manifest.log_offset, manifest.sequence)?;
        Ok(Self::over(directory, manifest, frames))
    }

    /// The sequence number with which the file that is gone through begins.
    pub(crate) fn first(&self) -> u64 {
        self.frames.header().first_sequence
    }

    /// The file that is gone through.
    pub(crate) fn frames(&self) -> &Frames {
        &self.frames
    }

    /// The sequence number of the last frame.
    pub(crate) fn sequence(&self) -> u64 {
        self.frames.sequence()
    }

    /// The observation to which [`Chain::advance`] went.
    pub(crate) fn observation(&self) -> Observation<'_> {
        self.frames.observation()
    }

    /// Goes to the next frame; `None` at the end of the log. What a writer appends later may be found by
    /// another call.
    ///
    /// # Errors
    /// As [`Frames::advance`], and where a file does not go on where the one before it ends.
    pub(crate) fn advance(&mut self) -> Result<Option<Content>> {
        loop {
            if let Some(content) = self.frames.advance()? {
                return Ok(Some(content));
            }
            if !self.go_on()? {
                return Ok(None);
            }
        }
    }

    /// Whether there is a next frame; the place stays the same.
    ///
    /// # Errors
    /// As [`Chain::advance`].
    pub(crate) fn has_next(&mut self) -> Result<bool> {
        loop {
            if self.frames.has_next()? {
                return Ok(true);
            }
            if !self.go_on()? {
                return Ok(false);
            }
        }
    }

    /// Goes on in the next log file, or in this one where it has grown; false where there is neither.
    fn go_on(&mut self) -> Result<bool> {
        let number = self.frames.header().number;
        let next = match Frames::open(&self.directory, &self.manifest, number + 1) {
            Err(error) if is_absent(&error) && number >= self.manifest.log => {
                return self.frames.refresh();
            }
            opened => opened?,
        };
        // Now that there is a next file, this one is complete: only now its end can be told.
        if !std::mem::replace(&mut self.complete, true) {
            self.frames.look_again()?;
            return Ok(true);
        }
        check_whole(&self.frames)?;
        check_start(&next, self.frames.sequence())?;
        (self.frames, self.complete) = (next, false);
        Ok(true)
    }

    /// [`Chain::replay`] of what a writer has appended since the end was found.
    pub(crate) fn replay_more(&mut self, model: &mut Model) -> Result<()> {
        self.frames.look_again()?;
        self.replay(model)
    }

    /// Writes the observation of every frame that follows to `model`.
    pub(crate) fn replay(&mut self, model: &mut Model) -> Result<()> {
        while let Some(content) = self.advance()? {
            match content {
                Content::Observation => {
                    let Observation { x, target, weight, .. } = self.frames.observation();
                    if let Err(source) = model.write_weighted(x, target, weight) {
                        // Whoever tries again must not pass it by.
                        self.frames.step_back()?;
                        let path = self.frames.path().to_owned();
                        return Err(Error::Damaged { path, source });
                    }
                }
                Content::Erased => model.skip(),
            }
        }
        Ok(())
    }

    /// The log ready for more behind the last frame, the torn end of its last file cut off.
    pub(crate) fn writer(&self) -> Result<Writer> {
        let header = *self.frames.header();
        let torn = self.frames.torn_bytes() > 0;
        let (end, sequence) = (self.frames.offset(), self.frames.sequence());
        Writer::reopen(&self.directory, header, end, sequence, torn)
    }
}

/// Fails unless the log file goes on after observation `sequence`.
pub(crate) fn check_start(frames: &Frames, sequence: u64) -> Result<()> {
    let (expected, got) = (sequence.saturating_add(1), frames.header().first_sequence);
    if expected == got {
        return Ok(());
    }
    let (path, offset) = (frames.path().to_owned(), 0);
    Err(Error::Sequence { path, offset, expected, got })
}

/// Fails where bytes follow the last frame: only the last log file can have a torn end.
pub(crate) fn check_whole(frames: &Frames) -> Result<()> {
    if frames.torn_bytes() == 0 {
        return Ok(());
    }
    let what = "an earlier log file has a torn end";
    Err(Error::Malformed { path: frames.path().to_owned(), what, at: frames.offset() })
}

/// The number of the log file that grows: the last of those that follow one another.
pub(crate) fn growing(directory: &Directory, manifest: &Manifest) -> Result<u64> {
    let mut numbers: Vec<u64> = directory
        .list()?
        .iter()
        .filter_map(|found| match found.name {
            Name::Log(number) if number > manifest.log => Some(number),
            _ => None,
        })
        .collect();
    numbers.sort_unstable();
    let following =
        numbers.iter().zip(1..).take_while(|&(&number, by)| number == manifest.log + by);
    Ok(manifest.log + wide(following.count()))
}
