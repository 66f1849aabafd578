//! The start of a log file.

use glam_core::{Config, Targets};

use super::entry::Layout;
use crate::bytes::{put, u32_at, u64_at, wide};
use crate::disk::OpenFile;
use crate::error::{Error, Result};
use crate::manifest::Manifest;
use crate::{FORMAT_VERSION, OLDEST_VERSION, check};

const MAGIC_BYTES: [u8; 8] = *b"GLAMLOG\0";

pub(crate) const MAGIC: usize = 0;
pub(crate) const VERSION: usize = MAGIC + 8;
pub(crate) const INPUTS: usize = VERSION + 4;
pub(crate) const MEMORY: usize = INPUTS + 4;
pub(crate) const NUMBER: usize = MEMORY + 8;
pub(crate) const FIRST_SEQUENCE: usize = NUMBER + 8;
pub(crate) const TARGETS: usize = FIRST_SEQUENCE + 8;
pub(crate) const CHECKSUM: usize = TARGETS + 4;
/// Bytes of the header; frames follow.
pub(crate) const BYTES: usize = CHECKSUM + 4;

/// What a log file says about itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Header {
    /// The format version that began the file; [`FORMAT_VERSION`] where it is written.
    pub(crate) version: u32,
    pub(crate) memory: u64,
    pub(crate) inputs: u32,
    /// Numbers in a target; 0 for labels.
    pub(crate) targets: u32,
    pub(crate) number: u64,
    /// The sequence number of the first frame.
    pub(crate) first_sequence: u64,
}

impl Header {
    pub(crate) fn new(memory: u64, config: &Config, number: u64, first_sequence: u64) -> Self {
        let targets = match config.targets() {
            Targets::Numbers(targets) => targets,
            Targets::Labels => 0,
        };
        // At most `glam_core::MAX_INPUTS`.
        let inputs = config.inputs() as u32;
        Self { version: FORMAT_VERSION, memory, inputs, targets, number, first_sequence }
    }

    pub(crate) fn layout(&self) -> Layout {
        let targets = (self.targets > 0).then_some(self.targets as usize);
        Layout::new(self.memory, self.inputs as usize, targets)
    }

    pub(crate) fn encode(&self) -> [u8; BYTES] {
        let mut bytes = [0; BYTES];
        put(&mut bytes, MAGIC, &MAGIC_BYTES);
        put(&mut bytes, VERSION, &FORMAT_VERSION.to_le_bytes());
        put(&mut bytes, INPUTS, &self.inputs.to_le_bytes());
        put(&mut bytes, MEMORY, &self.memory.to_le_bytes());
        put(&mut bytes, NUMBER, &self.number.to_le_bytes());
        put(&mut bytes, FIRST_SEQUENCE, &self.first_sequence.to_le_bytes());
        put(&mut bytes, TARGETS, &self.targets.to_le_bytes());
        let checksum = crc32c::crc32c(&bytes[..CHECKSUM]);
        put(&mut bytes, CHECKSUM, &checksum.to_le_bytes());
        bytes
    }

    /// Reads the header from the start of `file`, the log file number `number` of the memory.
    pub(crate) fn read(file: &OpenFile, manifest: &Manifest, number: u64) -> Result<Self> {
        let (path, got) = (file.path(), file.length()?);
        if got < wide(BYTES) {
            let expected = wide(BYTES);
            return Err(Error::Truncated { path: path.to_owned(), expected, got });
        }
        let mut bytes = [0; BYTES];
        file.read_exact(&mut bytes, 0, "read the header")?;
        if bytes[MAGIC..VERSION] != MAGIC_BYTES {
            let what = "this is no log file";
            return Err(Error::Malformed { path: path.to_owned(), what, at: wide(MAGIC) });
        }
        // The header and the frames are the same since the oldest version.
        check::version(path, u32_at(&bytes, VERSION), OLDEST_VERSION)?;
        let computed = crc32c::crc32c(&bytes[..CHECKSUM]);
        check::sum(path, "the header", u32_at(&bytes, CHECKSUM), computed)?;
        let header = Self {
            version: u32_at(&bytes, VERSION),
            memory: u64_at(&bytes, MEMORY),
            inputs: u32_at(&bytes, INPUTS),
            targets: u32_at(&bytes, TARGETS),
            number: u64_at(&bytes, NUMBER),
            first_sequence: u64_at(&bytes, FIRST_SEQUENCE),
        };
        let expected = Self::new(manifest.memory, &manifest.config, number, header.first_sequence);
        check::named(path, "the memory's number", expected.memory, header.memory)?;
        check::named(path, "the log file's number", expected.number, header.number)?;
        check::named(path, "the number of inputs", expected.inputs.into(), header.inputs.into())?;
        let (targets, got) = (expected.targets.into(), header.targets.into());
        check::named(path, "the number of targets", targets, got)?;
        if header.first_sequence == 0 || header.first_sequence == u64::MAX {
            let what = "the first sequence number is out of range";
            let at = wide(FIRST_SEQUENCE);
            return Err(Error::Malformed { path: path.to_owned(), what, at });
        }
        Ok(header)
    }
}
