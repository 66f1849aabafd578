//! Appending to the log.

use std::fs::{File, OpenOptions};
use std::io::{self, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use glam_core::{Target, check_input, check_weight};

use super::entry::Layout;
use super::header::{BYTES, Header};
use crate::bytes::wide;
use crate::error::{Error, Result};
use crate::file::{self, failed};
use crate::names::Name;

/// Frames are handed to the operating system in pieces of about this many bytes.
const BUFFER_BYTES: usize = 1 << 18;

/// The end of the log, for one writer.
#[derive(Debug)]
pub(crate) struct Writer {
    path: PathBuf,
    file: File,
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
    /// Makes a log file; its name is on the disk after [`file::sync_directory`].
    pub(crate) fn create(directory: &Path, header: &Header) -> Result<Self> {
        let path = Name::Log(header.number).in_directory(directory);
        let bytes = header.encode();
        let file = file::replace(&path, |file| file.write_all(&bytes))?;
        Ok(Self::at(path, file, header.layout(), wide(BYTES), header.first_sequence - 1))
    }

    /// Goes on behind byte `end`, where the frame of observation `sequence` ends; what is `torn`
    /// behind it is cut off.
    pub(super) fn reopen(
        path: PathBuf,
        layout: Layout,
        end: u64,
        sequence: u64,
        torn: bool,
    ) -> Result<Self> {
        let mut file = OpenOptions::new()
            .read(true)
            .write(true)
            .open(&path)
            .map_err(failed(&path, "open the log for writing"))?;
        if torn {
            file.set_len(end).map_err(failed(&path, "cut off the torn end of the log"))?;
        }
        // Frames may have come from a process that never flushed them. They count as flushed from
        // here on, so they must be.
        file.sync_data().map_err(failed(&path, "hand the log to the disk"))?;
        file.seek(SeekFrom::Start(end)).map_err(failed(&path, "go to the end of the log"))?;
        Ok(Self::at(path, file, layout, end, sequence))
    }

    fn at(path: PathBuf, file: File, layout: Layout, end: u64, sequence: u64) -> Self {
        let buffer = Vec::with_capacity(BUFFER_BYTES.max(layout.longest()));
        Self { path, file, layout, buffer, end, sequence, flushed: sequence, failure: None }
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
            let (path, offset) = (self.path.clone(), self.bytes());
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
        let result = self.file.write_all(&self.buffer);
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
            failed(&self.path, action)(error)
        })
    }

    /// From now on every write is refused.
    pub(crate) fn fail(&mut self, action: &'static str, kind: io::ErrorKind) {
        self.failure.get_or_insert((action, kind));
    }

    /// Fails where something failed before.
    pub(crate) fn check_failure(&self) -> Result<()> {
        match self.failure {
            Some((action, kind)) => Err(Error::Poisoned { path: self.path.clone(), action, kind }),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(target_os = "linux")]
    #[test]
    fn after_a_failed_write_everything_fails_the_same_way() {
        // Every write to it fails as on a full disk.
        let path = PathBuf::from("/dev/full");
        let file = OpenOptions::new().write(true).open(&path).unwrap();
        let mut log = Writer::at(path, file, Layout::new(1, 1, Some(1)), wide(BYTES), 0);
        let mut failed = None;
        for sequence in 1..100_000 {
            if let Err(error) = log.append(sequence, &[1.0], Target::Numbers(&[2.0]), 1.0) {
                failed = Some((sequence, error));
                break;
            }
        }
        let (sequence, error) = failed.unwrap();
        assert!(matches!(error, Error::Io { action: "write the log", .. }), "{error}");
        let poisoned = [
            log.append(sequence, &[1.0], Target::Numbers(&[2.0]), 1.0),
            log.hand_over(),
            log.flush(),
        ];
        for error in poisoned.map(Result::unwrap_err) {
            let full = matches!(error, Error::Poisoned { kind: io::ErrorKind::StorageFull, .. });
            assert!(full, "{error}");
        }
        assert_eq!(log.flushed(), 0);
    }
}
