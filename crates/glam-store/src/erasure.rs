//! The intent to erase an observation: a small file that is on the disk before the first byte of
//! the observation's frame is overwritten, and goes once no snapshot holds the observation.
//!
//! A frame that was half overwritten is completed from the intent by the next writer, and meanwhile
//! read as erased. What the intent names is as long, and has the same sequence number, before and
//! after: those bytes of the frame never change, so that a frame without them is not the one meant.

use std::io::Write;
use std::path::Path;

use crate::bytes::{put, u32_at, u64_at, wide};
use crate::disk::{Directory, Mode, failed, is_absent};
use crate::error::{Error, Result};
use crate::log::entry::layout::FIXED;
use crate::log::entry::{Fixed, KIND_ERASED};
use crate::log::{HEADER_BYTES, Header, Located};
use crate::manifest::Manifest;
use crate::names::Name;
use crate::{FORMAT_VERSION, OLDEST_VERSION, check};

const MAGIC_BYTES: [u8; 8] = *b"GLAMERAS";

/// Where the fields of the file lie.
pub(crate) mod layout {
    pub(crate) const MAGIC: usize = 0;
    pub(crate) const VERSION: usize = MAGIC + 8;
    pub(crate) const LENGTH: usize = VERSION + 4;
    pub(crate) const MEMORY: usize = LENGTH + 4;
    pub(crate) const LOG: usize = MEMORY + 8;
    pub(crate) const OFFSET: usize = LOG + 8;
    pub(crate) const SEQUENCE: usize = OFFSET + 8;
    pub(crate) const UNFLUSHED: usize = SEQUENCE + 8;
    pub(crate) const CHECKSUM: usize = UNFLUSHED + 4;
    /// Bytes of the file.
    pub(crate) const BYTES: usize = CHECKSUM + 4;
}
use layout::{BYTES, CHECKSUM, LENGTH, LOG, MAGIC, MEMORY, OFFSET, SEQUENCE, UNFLUSHED, VERSION};

/// Which frame is to be erased.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Intent {
    /// The memory's number.
    memory: u64,
    /// The log file, and the byte in it, at which the frame starts.
    log: u64,
    offset: u64,
    length: u32,
    sequence: u64,
    unflushed: u32,
}

impl Intent {
    /// The intent to erase the frame at `located`.
    pub(crate) fn new(memory: u64, located: &Located) -> Self {
        let Located { log, offset, fixed } = *located;
        let Fixed { length, sequence, unflushed, .. } = fixed;
        // At most `Layout::longest`, which fits.
        Self { memory, log, offset, length: length as u32, sequence, unflushed }
    }

    fn encode(&self) -> [u8; BYTES] {
        let mut bytes = [0; BYTES];
        put(&mut bytes, MAGIC, &MAGIC_BYTES);
        put(&mut bytes, VERSION, &FORMAT_VERSION.to_le_bytes());
        put(&mut bytes, LENGTH, &self.length.to_le_bytes());
        put(&mut bytes, MEMORY, &self.memory.to_le_bytes());
        put(&mut bytes, LOG, &self.log.to_le_bytes());
        put(&mut bytes, OFFSET, &self.offset.to_le_bytes());
        put(&mut bytes, SEQUENCE, &self.sequence.to_le_bytes());
        put(&mut bytes, UNFLUSHED, &self.unflushed.to_le_bytes());
        let checksum = crc32c::crc32c(&bytes[..CHECKSUM]);
        put(&mut bytes, CHECKSUM, &checksum.to_le_bytes());
        bytes
    }

    fn decode(bytes: &[u8], path: &Path) -> Result<Self> {
        if bytes.get(MAGIC..VERSION) != Some(&MAGIC_BYTES) {
            let what = "this is no intent to erase";
            return Err(Error::Malformed { path: path.to_owned(), what, at: wide(MAGIC) });
        }
        check::version(path, u32_at(bytes, VERSION), OLDEST_VERSION)?;
        check::length(path, wide(BYTES), wide(bytes.len()))?;
        let computed = crc32c::crc32c(&bytes[..CHECKSUM]);
        check::sum(path, "the intent to erase", u32_at(bytes, CHECKSUM), computed)?;
        Ok(Self {
            memory: u64_at(bytes, MEMORY),
            log: u64_at(bytes, LOG),
            offset: u64_at(bytes, OFFSET),
            length: u32_at(bytes, LENGTH),
            sequence: u64_at(bytes, SEQUENCE),
            unflushed: u32_at(bytes, UNFLUSHED),
        })
    }

    /// The intent in `directory`, of memory number `memory`; `None` where nothing is being erased.
    pub(crate) fn read(directory: &Directory, memory: u64) -> Result<Option<Self>> {
        let Some(bytes) = directory.read(Name::Erase, BYTES)? else { return Ok(None) };
        let path = directory.join(Name::Erase);
        let intent = Self::decode(&bytes, &path)?;
        check::named(&path, "the memory's number", memory, intent.memory)?;
        Ok(Some(intent))
    }

    /// Puts the intent in its place; its name is on the disk after [`Directory::sync`].
    pub(crate) fn write(&self, directory: &Directory) -> Result<()> {
        directory.replace(Name::Erase, |file| file.write_all(&self.encode()))?;
        Ok(())
    }

    /// The number of the log file that holds the frame.
    pub(crate) fn log(&self) -> u64 {
        self.log
    }

    /// The observation's sequence number.
    pub(crate) fn sequence(&self) -> u64 {
        self.sequence
    }

    /// The fixed part that the frame will have, if it starts at byte `offset` of log file `log`
    /// and follows observation `before`.
    pub(crate) fn names(&self, log: u64, offset: u64, before: u64) -> Option<Fixed> {
        let named = (self.log, self.offset, self.sequence) == (log, offset, before + 1);
        named.then_some(self.fixed())
    }

    fn fixed(&self) -> Fixed {
        let Self { length, sequence, unflushed, .. } = *self;
        Fixed { length: length as usize, checksum: 0, sequence, unflushed, kind: KIND_ERASED }
    }

    /// Overwrites the frame and waits until that is on the disk. What it finds there is the frame,
    /// whole, erased or in between; anything else is left alone, and an error.
    pub(crate) fn overwrite(&self, directory: &Directory, manifest: &Manifest) -> Result<()> {
        let name = Name::Log(self.log);
        let file = directory.open_as(name, Mode::Write, "open the log for writing")?;
        let path = file.path().to_owned();
        let header = Header::read(&file, manifest, self.log)?;
        let (layout, fixed) = (header.layout(), self.fixed());
        let foreign = |what| Error::Malformed { path: path.clone(), what, at: self.offset };
        if self.offset < wide(HEADER_BYTES) || !layout.admits(&fixed) {
            return Err(foreign("the intent to erase names no frame"));
        }
        let (end, got) = (self.offset.checked_add(self.length.into()), file.length()?);
        match end {
            Some(end) if end <= got => {}
            _ => {
                let expected = end.unwrap_or(u64::MAX);
                return Err(Error::Truncated { path, expected, got });
            }
        }
        let mut bytes = [0; FIXED];
        file.read_exact(&mut bytes, self.offset, "read the log")?;
        let found = Fixed::read(&bytes);
        let kept = |fixed: &Fixed| (fixed.length, fixed.sequence, fixed.unflushed);
        if kept(&found) != kept(&fixed) {
            return Err(foreign("the frame to erase is another one"));
        }
        let erased = layout.encode_erased(&fixed);
        file.write(&erased, self.offset)
            .and_then(|()| file.sync_data())
            .map_err(failed(&path, "overwrite the observation"))
    }
}

/// Removes the intent from `directory`.
pub(crate) fn remove(directory: &Directory) -> Result<()> {
    match directory.remove(Name::Erase) {
        // An attempt before this one may have come so far.
        Err(error) if is_absent(&error) => {}
        removed => removed?,
    }
    directory.sync()
}
