//! Appending to the log.

use std::io::{self, Write};

use glam_core::{Target, check_input, check_weight};

use super::entry::Layout;
use super::header::{BYTES, Header};
use crate::bytes::wide;
use crate::disk::{Directory, Mode, OpenFile, failed};
use crate::error::{Error, Result};
use crate::names::Name;

/// Frames are handed to the operating system in pieces of about this many bytes.
const BUFFER_BYTES: usize = 1 << 18;

/// The end of the log, for one writer.
#[derive(Debug)]
pub(crate) struct Writer {
    file: OpenFile,
    layout: Layout,
    /// Frames that the file lacks.
    buffer: Vec<u8>,
    /// Bytes of the file.
    end: u64,
    /// The last observation appended.
    sequence: u64,
    /// The last observation known to be on the disk.
    flushed: u64,
    /// The first failure: after it, nothing is known about the file.
    failure: Option<(&'static str, io::ErrorKind)>,
}

impl Writer {
    /// Makes a log file; its name is on the disk after [`Directory::sync`].
    pub(crate) fn create(directory: &Directory, header: &Header) -> Result<Self> {
        let bytes = header.encode();
        let file = directory.replace(Name::Log(header.number), |file| file.write_all(&bytes))?;
        Ok(Self::at(file, header.layout(), wide(BYTES), header.first_sequence - 1))
    }

    /// Goes on behind byte `end`, where the frame of observation `sequence` ends; what is `torn`
    /// behind it is cut off.
    pub(super) fn reopen(
        directory: &Directory,
        name: Name,
        layout: Layout,
        end: u64,
        sequence: u64,
        torn: bool,
    ) -> Result<Self> {
        let file = directory.open_as(name, Mode::Write, "open the log for writing")?;
        let path = file.path();
        if torn {
            file.set_length(end).map_err(failed(path, "cut off the torn end of the log"))?;
        }
        // Frames may have come from a process that never flushed them. They count as flushed from
        // here on, so they must be.
        file.sync_data().map_err(failed(path, "hand the log to the disk"))?;
        Ok(Self::at(file, layout, end, sequence))
    }

    fn at(file: OpenFile, layout: Layout, end: u64, sequence: u64) -> Self {
        let buffer = Vec::with_capacity(BUFFER_BYTES.max(layout.longest()));
        Self { file, layout, buffer, end, sequence, flushed: sequence, failure: None }
    }

    /// The last observation appended.
    pub(crate) fn sequence(&self) -> u64 {
        self.sequence
    }

    /// The last observation known to be on the disk.
    pub(crate) fn flushed(&self) -> u64 {
        self.flushed
    }

    /// Bytes of the file with what is still buffered.
    pub(crate) fn bytes(&self) -> u64 {
        self.end + wide(self.buffer.len())
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
        self.layout.encode(sequence, unflushed, x, target, weight, &mut self.buffer);
        self.sequence = sequence;
        Ok(())
    }

    /// Refuses what could not be read back, or not be replayed.
    fn check(&self, x: &[f32], target: Target<'_>, weight: f32) -> Result<(), glam_core::Error> {
        check_weight(weight)?;
        check_input(x, self.layout.inputs)?;
        target.check(self.layout.kind_of_targets())
    }

    /// Hands what is buffered to the operating system.
    pub(crate) fn hand_over(&mut self) -> Result<()> {
        self.check_failure()?;
        if self.buffer.is_empty() {
            return Ok(());
        }
        let result = self.file.write(&self.buffer, self.end);
        self.noted(result, "write the log")?;
        self.end += wide(self.buffer.len());
        self.buffer.clear();
        Ok(())
    }

    /// Hands everything to the disk.
    pub(crate) fn flush(&mut self) -> Result<()> {
        self.hand_over()?;
        if self.flushed < self.sequence {
            let result = self.file.sync_data();
            self.noted(result, "hand the log to the disk")?;
            self.flushed = self.sequence;
        }
        Ok(())
    }

    /// Remembers a failure.
    fn noted(&mut self, result: io::Result<()>, action: &'static str) -> Result<()> {
        result.map_err(|error| {
            self.fail(action, error.kind());
            failed(self.file.path(), action)(error)
        })
    }

    /// From now on every write is refused.
    pub(crate) fn fail(&mut self, action: &'static str, kind: io::ErrorKind) {
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
