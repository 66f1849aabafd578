//! Appending to the log.

use std::io::{self, Write};

use glam_core::{Target, check_input, check_weight};

use super::entry::{Fixed, KIND_ERASED, Layout};
use super::header::{BYTES, Header};
use crate::FORMAT_VERSION;
use crate::bytes::wide;
use crate::disk::{Directory, Mode, OpenFile, failed};
use crate::error::{Error, Result};
use crate::names::Name;

/// Frames are handed to the operating system in pieces of about this many bytes.
const BUFFER_BYTES: usize = 1 << 18;

/// The log goes on in a new file once the current one has this many bytes. Files before it are
/// never written again.
const ROLL_BYTES: u64 = 256 << 20;

/// Where every write is waited for, this many bytes of zeros are kept ready behind the end: a frame
/// that takes their place changes no length, so that the system has nothing but its bytes to write.
const RESERVE_BYTES: u64 = 1 << 20;

static ZEROS: [u8; 1 << 16] = [0; 1 << 16];

/// The end of the log, for one writer.
#[derive(Debug)]
pub(crate) struct Writer {
    directory: Directory,
    header: Header,
    layout: Layout,
    file: OpenFile,
    /// Frames that the file lacks.
    buffer: Vec<u8>,
    /// Bytes of the file up to the end of its last frame.
    end: u64,
    /// Bytes of the file, with the zeros that are kept ready.
    length: u64,
    /// The last observation appended.
    sequence: u64,
    /// The last observation in the file.
    handed: u64,
    /// The last observation known to be on the disk.
    flushed: u64,
    /// Where the last frame starts in the buffer; `None` where it is not there.
    last: Option<usize>,
    roll_bytes: u64,
    /// How many zeros are kept ready.
    reserve_bytes: u64,
    /// The first failure: after it, nothing is known about the file.
    failure: Option<(&'static str, io::ErrorKind)>,
}

/// What was handed to the operating system and may not be on the disk yet.
#[derive(Debug)]
pub(crate) struct Pending {
    file: OpenFile,
    /// The last observation of it.
    sequence: u64,
}

impl Pending {
    /// Waits until it is on the disk; returns the last observation that is.
    pub(crate) fn wait(&self) -> Result<u64> {
        self.file.sync_data().map_err(failed(self.file.path(), SYNC))?;
        Ok(self.sequence)
    }
}

/// What is tried when the log is handed to the disk.
const SYNC: &str = "hand the log to the disk";

impl Writer {
    /// Makes a log file; its name is on the disk after [`Directory::sync`].
    pub(crate) fn create(directory: &Directory, header: Header) -> Result<Self> {
        let bytes = header.encode();
        let file = directory.replace(Name::Log(header.number), |file| file.write_all(&bytes))?;
        Ok(Self::at(directory, header, file, wide(BYTES), header.first_sequence - 1))
    }

    /// Goes on behind byte `end` of the log file of `header`, where the frame of observation `sequence`
    /// ends; what is `torn` behind it is cut off.
    pub(super) fn reopen(
        directory: &Directory,
        header: Header,
        end: u64,
        sequence: u64,
        torn: bool,
    ) -> Result<Self> {
        let name = Name::Log(header.number);
        let file = directory.open_as(name, Mode::Write, "open the log for writing")?;
        if torn {
            file.set_length(end).map_err(failed(file.path(), "cut off the torn end of the log"))?;
        }
        // Frames may have come from a process that never flushed them. They count as flushed from
        // here on, so they must be.
        file.sync_data().map_err(failed(file.path(), SYNC))?;
        Ok(Self::at(directory, header, file, end, sequence))
    }

    fn at(directory: &Directory, header: Header, file: OpenFile, end: u64, sequence: u64) -> Self {
        let layout = header.layout();
        Self {
            directory: directory.clone(),
            header,
            layout,
            file,
            buffer: Vec::with_capacity(BUFFER_BYTES.max(layout.longest())),
            end,
            length: end,
            sequence,
            handed: sequence,
            flushed: sequence,
            last: None,
            roll_bytes: ROLL_BYTES,
            reserve_bytes: 0,
            failure: None,
        }
    }

    /// The last observation appended.
    pub(crate) fn sequence(&self) -> u64 {
        self.sequence
    }

    /// The last observation known to be on the disk.
    pub(crate) fn flushed(&self) -> u64 {
        self.flushed
    }

    /// The number of the file that grows.
    pub(crate) fn number(&self) -> u64 {
        self.header.number
    }

    /// Whether that file holds a frame.
    pub(crate) fn has_frames(&self) -> bool {
        self.end > wide(BYTES)
    }

    /// Whether an earlier format version began that file.
    pub(crate) fn is_old(&self) -> bool {
        self.header.version < FORMAT_VERSION
    }

    /// Bytes of that file with what is still buffered.
    pub(crate) fn bytes(&self) -> u64 {
        self.end + wide(self.buffer.len())
    }

    /// Keeps zeros ready behind the end, for a log whose every write is waited for.
    pub(crate) fn keep_reserve(&mut self, keep: bool) {
        self.reserve_bytes = if keep { RESERVE_BYTES } else { 0 };
    }

    /// Goes on in a new file sooner, and keeps less ready.
    #[cfg(test)]
    pub(crate) fn set_sizes(&mut self, roll_bytes: u64, reserve_bytes: u64) {
        (self.roll_bytes, self.reserve_bytes) = (roll_bytes, reserve_bytes);
    }

    /// Appends an observation. Everything is checked before the first byte is written.
    pub(crate) fn append(
        &mut self,
        sequence: u64,
        x: &[f32],
        target: Target<'_>,
        weight: f32,
    ) -> Result<()> {
        self.check_failure()?;
        let expected = self.sequence.saturating_add(1);
        if sequence != expected {
            let (path, offset) = (self.file.path().to_owned(), self.bytes());
            return Err(Error::Sequence { path, offset, expected, got: sequence });
        }
        self.check(x, target, weight)?;
        if self.buffer.len() + self.layout.longest() > self.buffer.capacity() {
            self.hand_over()?;
        }
        let unflushed = u32::try_from(self.sequence - self.flushed).unwrap_or(u32::MAX);
        self.last = Some(self.buffer.len());
        self.layout.encode(sequence, unflushed, x, target, weight, &mut self.buffer);
        self.sequence = sequence;
        Ok(())
    }

    /// Appends the frame of an observation that is not there any more.
    pub(crate) fn append_erased(&mut self, sequence: u64) -> Result<()> {
        self.check_failure()?;
        if self.buffer.len() + self.layout.longest() > self.buffer.capacity() {
            self.hand_over()?;
        }
        let unflushed = u32::try_from(self.sequence - self.flushed).unwrap_or(u32::MAX);
        let length = self.layout.shortest();
        let fixed = Fixed { length, checksum: 0, sequence, unflushed, kind: KIND_ERASED };
        self.last = None;
        self.buffer.extend(self.layout.encode_erased(&fixed));
        self.sequence = sequence;
        Ok(())
    }

    /// Takes back the observation that was appended last; false where it is in the file already.
    pub(crate) fn retract(&mut self) -> bool {
        let Some(start) = self.last.take() else { return false };
        self.buffer.truncate(start);
        self.sequence -= 1;
        true
    }

    /// Refuses what could not be read back, or not be replayed.
    fn check(&self, x: &[f32], target: Target<'_>, weight: f32) -> Result<(), glam_core::Error> {
        check_weight(weight)?;
        check_input(x, self.layout.inputs)?;
        target.check(self.layout.kind_of_targets())
    }

    /// Hands what is buffered to the operating system, in a new file where the current one has grown
    /// large.
    pub(crate) fn hand_over(&mut self) -> Result<()> {
        self.check_failure()?;
        if self.buffer.is_empty() {
            return Ok(());
        }
        if self.end >= self.roll_bytes {
            self.roll()?;
        }
        let written = self.reserve().and_then(|()| self.file.write(&self.buffer, self.end));
        self.noted(written, "write the log")?;
        self.end += wide(self.buffer.len());
        self.length = self.length.max(self.end);
        self.handed = self.sequence;
        self.last = None;
        self.buffer.clear();
        Ok(())
    }

    /// Writes zeros behind the end, where those that are ready do not hold the buffer.
    fn reserve(&mut self) -> io::Result<()> {
        let needed = self.end + wide(self.buffer.len());
        if self.reserve_bytes == 0 || needed <= self.length {
            return Ok(());
        }
        let target = needed + self.reserve_bytes;
        while self.length < target {
            let count = (target - self.length).min(wide(ZEROS.len()));
            // At most the length of `ZEROS`.
            self.file.write(&ZEROS[..count as usize], self.length)?;
            self.length += count;
        }
        Ok(())
    }

    /// Goes on in a new file. The one before it ends with its last frame, and is on the disk.
    pub(crate) fn roll(&mut self) -> Result<()> {
        self.check_failure()?;
        let trimmed = self.trim().and_then(|()| self.file.sync_data());
        self.noted(trimmed, "complete a log file")?;
        let header = Header {
            version: FORMAT_VERSION,
            number: self.header.number + 1,
            first_sequence: self.handed + 1,
            ..self.header
        };
        let made = Self::create(&self.directory, header)
            .and_then(|next| self.directory.sync().map(|()| next));
        match made {
            Ok(next) => {
                (self.file, self.header) = (next.file, header);
                (self.end, self.length) = (next.end, next.length);
                self.flushed = self.handed;
                Ok(())
            }
            Err(error) => {
                // A file that is there, or comes back after a crash, must not be passed by.
                self.fail("begin a log file", &error);
                Err(error)
            }
        }
    }

    /// Cuts off the zeros that are kept ready.
    fn trim(&mut self) -> io::Result<()> {
        if self.length > self.end {
            self.file.set_length(self.end)?;
            self.length = self.end;
        }
        Ok(())
    }

    /// Hands everything to the operating system, and cuts off the zeros that are kept ready.
    pub(crate) fn finish(&mut self) -> Result<()> {
        self.hand_over()?;
        let trimmed = self.trim();
        self.noted(trimmed, "cut off what was kept ready for the log")
    }

    /// Hands everything to the operating system; what is returned waits for the disk.
    pub(crate) fn pending(&mut self) -> Result<Pending> {
        self.hand_over()?;
        Ok(Pending { file: self.file.clone(), sequence: self.handed })
    }

    /// Notes that everything up to observation `sequence` is on the disk.
    pub(crate) fn set_flushed(&mut self, sequence: u64) {
        self.flushed = self.flushed.max(sequence);
    }

    /// Hands everything to the disk.
    pub(crate) fn flush(&mut self) -> Result<()> {
        self.hand_over()?;
        if self.flushed < self.sequence {
            let result = self.file.sync_data();
            self.noted(result, SYNC)?;
            self.flushed = self.sequence;
        }
        Ok(())
    }

    /// Remembers a failure.
    fn noted(&mut self, result: io::Result<()>, action: &'static str) -> Result<()> {
        result.map_err(|error| {
            let error = failed(self.file.path(), action)(error);
            self.fail(action, &error);
            error
        })
    }

    /// From now on every write is refused.
    pub(crate) fn fail(&mut self, action: &'static str, error: &Error) {
        let kind = match error {
            Error::Io { source, .. } => source.kind(),
            _ => io::ErrorKind::Other,
        };
        self.failure.get_or_insert((action, kind));
    }

    /// Fails where something failed before.
    pub(crate) fn check_failure(&self) -> Result<()> {
        match self.failure {
            Some((action, kind)) => {
                Err(Error::Poisoned { path: self.file.path().to_owned(), action, kind })
            }
            None => Ok(()),
        }
    }
}
