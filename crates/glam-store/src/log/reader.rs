//! Frames one after the other, from hostile bytes.

use std::io::{self, BufReader, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use glam_core::{Label, Target, check_weight};

use super::entry::layout::FIXED;
use super::entry::{Fixed, KIND_ERASED, Layout};
use super::header::{BYTES, Header};
use super::recovery::{Verdict, judge};
use crate::bytes::{to_floats, wide};
use crate::disk::{Directory, OpenFile, Stream, failed};
use crate::erasure::Intent;
use crate::error::{Error, Result};
use crate::history::Observation;
use crate::manifest::Manifest;
use crate::names::Name;

/// What a frame holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Content {
    /// An observation, [`Frames::observation`].
    Observation,
    /// Nothing any more: the observation was erased.
    Erased,
}

/// Goes through a log file frame by frame. Holds one frame at a time.
#[derive(Debug)]
pub(crate) struct Frames {
    directory: Directory,
    path: PathBuf,
    file: BufReader<Stream>,
    header: Header,
    layout: Layout,
    /// Where the next frame starts.
    offset: u64,
    /// Bytes of the file when it was opened; what a writer appends later is not looked at.
    end: u64,
    /// The sequence number of the last frame.
    sequence: u64,
    /// Its fixed part; `None` before the first.
    fixed: Option<Fixed>,
    /// Set once the end of the whole frames was found.
    torn: bool,
    /// Where to go on after damage, and the sequence number before it.
    resume: Option<(u64, u64)>,
    frame: Vec<u8>,
    /// The parts of the last frame's observation, but for a label.
    x: Vec<f32>,
    y: Vec<f32>,
    weight: f32,
}

impl Frames {
    /// Opens log file `number` in `directory` and reads its header.
    pub(crate) fn open(directory: &Directory, manifest: &Manifest, number: u64) -> Result<Self> {
        let file = directory.open(Name::Log(number))?;
        let header = Header::read(&file, manifest, number)?;
        Self::over(directory, &file, header)
    }

    /// Goes through log file `number` without looking at its header, which is damaged, as the one that
    /// begins behind observation `sequence`.
    pub(crate) fn headless(
        directory: &Directory,
        manifest: &Manifest,
        number: u64,
        sequence: u64,
    ) -> Result<Self> {
        let file = directory.open(Name::Log(number))?;
        let first = sequence.saturating_add(1);
        let header = Header::new(manifest.memory, &manifest.config, number, first);
        Self::over(directory, &file, header)
    }

    fn over(directory: &Directory, file: &OpenFile, header: Header) -> Result<Self> {
        // A file that is shorter than its header has no frames.
        let end = file.length()?.max(wide(BYTES));
        let layout = header.layout();
        Ok(Self {
            directory: directory.clone(),
            path: file.path().to_owned(),
            file: file.reader(wide(BYTES)),
            header,
            layout,
            offset: wide(BYTES),
            end,
            sequence: header.first_sequence - 1,
            fixed: None,
            torn: false,
            resume: None,
            frame: Vec::new(),
            x: vec![0.0; layout.inputs],
            y: vec![0.0; layout.targets.unwrap_or(0)],
            weight: 1.0,
        })
    }

    /// Goes to byte `offset`, where the frame after observation `sequence` starts.
    pub(crate) fn seek(&mut self, offset: u64, sequence: u64) -> Result<()> {
        if self.end < offset {
            let (path, expected, got) = (self.path.clone(), offset, self.end);
            return Err(Error::Truncated { path, expected, got });
        }
        if offset < wide(BYTES) {
            let what = "the manifest starts the replay inside the header";
            return Err(Error::Malformed { path: self.path.clone(), what, at: offset });
        }
        self.file.seek(SeekFrom::Start(offset)).map_err(failed(&self.path, "read the log"))?;
        (self.offset, self.sequence, self.torn) = (offset, sequence, false);
        Ok(())
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    pub(crate) fn header(&self) -> &Header {
        &self.header
    }

    /// The byte behind the last whole frame.
    pub(crate) fn offset(&self) -> u64 {
        self.offset
    }

    /// The sequence number of the last frame.
    pub(crate) fn sequence(&self) -> u64 {
        self.sequence
    }

    /// The fixed part of the frame to which [`Frames::advance`] went.
    pub(crate) fn fixed(&self) -> Option<Fixed> {
        self.fixed
    }

    /// Bytes behind the last whole frame, once there is no next one.
    pub(crate) fn torn_bytes(&self) -> u64 {
        self.end - self.offset
    }

    /// [`Frames::torn_bytes`] without the zeros at the end of the file, which a writer keeps ready.
    pub(crate) fn torn_to_zeros(&mut self) -> Result<u64> {
        let (mut last, mut at) = (0, 0);
        self.file.seek(SeekFrom::Start(self.offset)).map_err(failed(&self.path, "read the log"))?;
        for byte in (&mut self.file).take(self.end - self.offset).bytes() {
            at += 1;
            if byte.map_err(failed(&self.path, "read the log"))? != 0 {
                last = at;
            }
        }
        Ok(last)
    }

    /// Looks how long the file is now; true where there may be more to read, from the same place.
    ///
    /// # Errors
    /// Where the system refuses.
    pub(crate) fn refresh(&mut self) -> Result<bool> {
        let end = self.file.get_ref().length().map_err(failed(&self.path, "read the log"))?;
        let grown = end > self.end;
        if end != self.end {
            // What was read ahead may have been the zeros that are kept ready for frames.
            self.end = end.max(self.offset);
            self.seek(self.offset, self.sequence)?;
        }
        Ok(grown)
    }

    /// Goes back before the frame to which [`Frames::advance`] went.
    pub(crate) fn step_back(&mut self) -> Result<()> {
        match self.fixed.take() {
            Some(fixed) => self.seek(self.offset - wide(fixed.length), self.sequence - 1),
            None => Ok(()),
        }
    }

    /// Forgets that the end was found, and what was read ahead: a writer may have gone on.
    pub(crate) fn look_again(&mut self) -> Result<()> {
        self.end = self.file.get_ref().length().map_err(failed(&self.path, "read the log"))?;
        self.end = self.end.max(self.offset);
        self.seek(self.offset, self.sequence)
    }

    /// After an error about one frame: goes on behind it. False where nothing is to go on to.
    pub(crate) fn resume(&mut self) -> Result<bool> {
        match self.resume.take() {
            Some((offset, sequence)) => self.seek(offset, sequence).map(|()| true),
            None => Ok(false),
        }
    }

    /// Goes to the next frame; `None` at the end of the whole frames.
    ///
    /// # Errors
    /// Where a frame is damaged and it is not the torn end of the log, or out of order.
    pub(crate) fn advance(&mut self) -> Result<Option<Content>> {
        if self.torn || self.offset == self.end {
            return Ok(None);
        }
        let read = match self.read_frame()? {
            None => self.read_again()?,
            whole => whole,
        };
        let fixed = match read {
            Some(fixed) => fixed,
            None => match self.judge_rest()? {
                Some(fixed) => fixed,
                None => {
                    self.torn = true;
                    return Ok(None);
                }
            },
        };
        let expected = self.sequence.saturating_add(1);
        if fixed.sequence != expected {
            let (path, offset, got) = (self.path.clone(), self.offset, fixed.sequence);
            self.resume = Some((offset, got.saturating_sub(1)));
            return Err(Error::Sequence { path, offset, expected, got });
        }
        let offset = self.offset;
        self.offset += wide(fixed.length);
        self.sequence = fixed.sequence;
        self.fixed = Some(fixed);
        if fixed.kind == KIND_ERASED {
            return Ok(Some(Content::Erased));
        }
        let (weight, x, y) = self.layout.split(&self.frame);
        to_floats(x, &mut self.x);
        self.weight = weight;
        let mut wrong = check_weight(weight).is_err().then_some("a weight is out of range");
        match self.layout.targets {
            Some(_) => to_floats(y, &mut self.y),
            None if std::str::from_utf8(y).is_err() => wrong = Some("a label is not UTF-8"),
            None => {}
        }
        match wrong {
            Some(what) => {
                self.resume = Some((self.offset, self.sequence));
                Err(Error::Malformed { path: self.path.clone(), what, at: offset })
            }
            None => Ok(Some(Content::Observation)),
        }
    }

    /// The observation to which [`Frames::advance`] went.
    pub(crate) fn observation(&self) -> Observation<'_> {
        let target = match self.layout.targets {
            Some(_) => Target::Numbers(&self.y),
            None => {
                let (.., label) = self.layout.split(&self.frame);
                // `advance` has checked it.
                Target::Label(Label::Text(std::str::from_utf8(label).unwrap_or_default()))
            }
        };
        Observation { sequence: self.sequence, x: &self.x, target, weight: self.weight }
    }

    /// Whether there is a next frame; the place stays the same.
    ///
    /// # Errors
    /// As [`Frames::advance`].
    pub(crate) fn has_next(&mut self) -> Result<bool> {
        let (offset, sequence) = (self.offset, self.sequence);
        let found = self.advance()?.is_some();
        if found {
            self.seek(offset, sequence)?;
        }
        Ok(found)
    }

    /// Reads the frame at `offset` into `self.frame`; `None` where there is no whole one.
    fn read_frame(&mut self) -> Result<Option<Fixed>> {
        let left = self.end - self.offset;
        if left < wide(FIXED) {
            return Ok(None);
        }
        self.frame.resize(FIXED, 0);
        if !self.fill(0)? {
            return Ok(None);
        }
        let fixed = Fixed::read(&self.frame);
        // An admitted length is bounded by the configuration and the file, so this allocates no
        // more than a frame.
        if !self.layout.admits(&fixed) || left < wide(fixed.length) {
            return Ok(None);
        }
        self.frame.resize(fixed.length, 0);
        if !self.fill(FIXED)? {
            return Ok(None);
        }
        Ok(self.layout.whole(&self.frame))
    }

    /// Looks at the frame at `offset` once more: a writer may be erasing it, or have done so between
    /// two reads of parts of it.
    fn read_again(&mut self) -> Result<Option<Fixed>> {
        // The intent is there before the first byte changes, and goes after the last did.
        let erasing = Intent::read(&self.directory, self.header.memory)?
            .and_then(|intent| intent.names(self.header.number, self.offset, self.sequence))
            .filter(|fixed| self.layout.admits(fixed))
            .filter(|fixed| wide(fixed.length) <= self.end - self.offset);
        let behind = self.offset + erasing.map_or(0, |fixed| wide(fixed.length));
        self.file.seek(SeekFrom::Start(behind)).map_err(failed(&self.path, "read the log"))?;
        match erasing {
            None => self.read_frame(),
            erasing => Ok(erasing),
        }
    }

    /// Fills the frame from byte `from` on; false where the file has ended: a writer has cut off zeros
    /// since its length was looked at.
    fn fill(&mut self, from: usize) -> Result<bool> {
        let frame = &mut self.frame[from..];
        match self.file.read_exact(frame) {
            Ok(()) => Ok(true),
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => {
                let length = self.file.get_ref().length();
                self.end = length.map_err(failed(&self.path, "read the log"))?.max(self.offset);
                Ok(false)
            }
            Err(error) => Err(failed(&self.path, "read the log")(error)),
        }
    }

    /// Judges the bytes at `offset`, which are no whole frame: `None` where they are the torn end of the
    /// log. A writer may have completed the frame while those behind it were looked at; then it is read.
    fn judge_rest(&mut self) -> Result<Option<Fixed>> {
        let Err(error) = self.find_damage() else { return Ok(None) };
        self.file.seek(SeekFrom::Start(self.offset)).map_err(failed(&self.path, "read the log"))?;
        match self.read_frame()? {
            None => Err(error),
            whole => {
                self.resume = None;
                Ok(whole)
            }
        }
    }

    /// Looks whether the bytes at `offset`, which are no whole frame, are the torn end of the log.
    fn find_damage(&mut self) -> Result<()> {
        self.file.seek(SeekFrom::Start(self.offset)).map_err(failed(&self.path, "read the log"))?;
        let mut rest = Vec::new();
        (&mut self.file)
            .take(self.end - self.offset)
            .read_to_end(&mut rest)
            .map_err(failed(&self.path, "read the log"))?;
        let sequence = self.sequence.saturating_add(1);
        match judge(&rest, self.layout, self.offset, sequence) {
            Verdict::Torn => Ok(()),
            Verdict::Damaged { next, next_sequence } => {
                let (path, offset) = (self.path.clone(), self.offset);
                self.resume = Some((next, next_sequence - 1));
                Err(Error::DamagedFrame { path, offset, sequence, next })
            }
        }
    }
}
