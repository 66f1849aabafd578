//! The manifest: which files make up the memory now. Replaced as a whole, so it is never torn.

use std::hash::{BuildHasher, Hasher, RandomState};
use std::io::Write;
use std::path::Path;

use glam_core::Config;

use crate::bytes::{put, u32_at, u64_at, wide};
use crate::disk::Directory;
use crate::error::{Error, Result};
use crate::names::Name;
use crate::segment::header;
use crate::{FORMAT_VERSION, OLDEST_VERSION, check, record};

pub(crate) const MAGIC_BYTES: [u8; 8] = *b"GLAMMANI";

pub(crate) const MAGIC: usize = 0;
pub(crate) const VERSION: usize = MAGIC + 8;
pub(crate) const RECORD_BYTES: usize = VERSION + 4;
pub(crate) const MEMORY: usize = RECORD_BYTES + 4;
pub(crate) const GENERATION: usize = MEMORY + 8;
pub(crate) const SEQUENCE: usize = GENERATION + 8;
pub(crate) const FIRST_LOG: usize = SEQUENCE + 8;
pub(crate) const LOG: usize = FIRST_LOG + 8;
pub(crate) const LOG_OFFSET: usize = LOG + 8;
pub(crate) const STRUCTURE_BYTES: usize = LOG_OFFSET + 8;
pub(crate) const WEIGHTS_BYTES: usize = STRUCTURE_BYTES + 8;
pub(crate) const COVARIANCES_BYTES: usize = WEIGHTS_BYTES + 8;
pub(crate) const HISTORY_BYTES: usize = COVARIANCES_BYTES + 8;
pub(crate) const STRUCTURE_CHECKSUM: usize = HISTORY_BYTES + 8;
pub(crate) const WEIGHTS_CHECKSUM: usize = STRUCTURE_CHECKSUM + 4;
pub(crate) const COVARIANCES_CHECKSUM: usize = WEIGHTS_CHECKSUM + 4;
pub(crate) const HISTORY_CHECKSUM: usize = COVARIANCES_CHECKSUM + 4;
/// The configuration record follows, and after it a checksum of all bytes before.
pub(crate) const RECORD: usize = HISTORY_CHECKSUM + 4;
const CHECKSUM_BYTES: usize = 4;
const MAX_BYTES: usize = RECORD + record::MAX_BYTES + CHECKSUM_BYTES;

/// A snapshot segment as the manifest names it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Segment {
    /// Its length in bytes.
    pub(crate) bytes: u64,
    /// The checksum in its header, which covers the checksums of everything in it.
    pub(crate) checksum: u32,
}

impl Segment {
    /// The segment of `bytes` bytes that starts with `header`.
    pub(crate) fn of(header: &[u8; header::BYTES], bytes: u64) -> Self {
        Self { bytes, checksum: u32_at(header, header::CHECKSUM) }
    }
}

/// Where a manifest's parts lie that are not at the same place in every version.
struct Places {
    /// The checksums of the segments.
    checksums: usize,
    record: usize,
}

impl Places {
    fn of(version: u32) -> Self {
        match version {
            // No history: its length would stand where the checksums do.
            1 => Self { checksums: HISTORY_BYTES, record: HISTORY_BYTES + 3 * CHECKSUM_BYTES },
            _ => Self { checksums: STRUCTURE_CHECKSUM, record: RECORD },
        }
    }
}

/// What the manifest says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Manifest {
    /// The format version of the file that was read, or that is to be written.
    pub(crate) version: u32,
    pub(crate) config: Config,
    /// A number drawn when the memory was made; all its files carry it.
    pub(crate) memory: u64,
    /// The snapshot's generation; 0 while there is none.
    pub(crate) generation: u64,
    /// Observations in the snapshot.
    pub(crate) sequence: u64,
    /// The log file in which the history begins.
    pub(crate) first_log: u64,
    /// The log file, and the byte in it, at which replay over the snapshot starts.
    pub(crate) log: u64,
    pub(crate) log_offset: u64,
    pub(crate) structure: Segment,
    pub(crate) weights: Segment,
    pub(crate) covariances: Segment,
    pub(crate) history: Segment,
}

impl Manifest {
    /// The manifest of a new memory whose only log file is number 1.
    pub(crate) fn new(config: Config, log_offset: u64) -> Self {
        Self {
            version: FORMAT_VERSION,
            config,
            memory: RandomState::new().build_hasher().finish(),
            generation: 0,
            sequence: 0,
            first_log: 1,
            log: 1,
            log_offset,
            structure: Segment::default(),
            weights: Segment::default(),
            covariances: Segment::default(),
            history: Segment::default(),
        }
    }

    /// The bytes of this manifest in the version that is written.
    pub(crate) fn encode(&self, path: &Path) -> Result<Vec<u8>> {
        let record = record::encode(&self.config, path)?;
        let mut bytes = vec![0; RECORD];
        put(&mut bytes, MAGIC, &MAGIC_BYTES);
        put(&mut bytes, VERSION, &FORMAT_VERSION.to_le_bytes());
        // At most `record::MAX_BYTES`.
        put(&mut bytes, RECORD_BYTES, &(record.len() as u32).to_le_bytes());
        for (at, field) in [
            (MEMORY, self.memory),
            (GENERATION, self.generation),
            (SEQUENCE, self.sequence),
            (FIRST_LOG, self.first_log),
            (LOG, self.log),
            (LOG_OFFSET, self.log_offset),
            (STRUCTURE_BYTES, self.structure.bytes),
            (WEIGHTS_BYTES, self.weights.bytes),
            (COVARIANCES_BYTES, self.covariances.bytes),
            (HISTORY_BYTES, self.history.bytes),
        ] {
            put(&mut bytes, at, &field.to_le_bytes());
        }
        for (at, field) in [
            (STRUCTURE_CHECKSUM, self.structure.checksum),
            (WEIGHTS_CHECKSUM, self.weights.checksum),
            (COVARIANCES_CHECKSUM, self.covariances.checksum),
            (HISTORY_CHECKSUM, self.history.checksum),
        ] {
            put(&mut bytes, at, &field.to_le_bytes());
        }
        bytes.extend_from_slice(&record);
        let checksum = crc32c::crc32c(&bytes);
        bytes.extend_from_slice(&checksum.to_le_bytes());
        Ok(bytes)
    }

    /// Reads a manifest of any version since [`OLDEST_VERSION`].
    pub(crate) fn decode(bytes: &[u8], path: &Path) -> Result<Self> {
        let malformed =
            |what, at: usize| Err(Error::Malformed { path: path.to_owned(), what, at: wide(at) });
        if bytes.get(MAGIC..VERSION) != Some(&MAGIC_BYTES) {
            return Err(Error::NotAMemory { path: path.to_owned() });
        }
        let check_least = |least: usize| match bytes.len() < least {
            true => Err(Error::Truncated {
                path: path.to_owned(),
                expected: wide(least),
                got: wide(bytes.len()),
            }),
            false => Ok(()),
        };
        check_least(RECORD_BYTES)?;
        let version = u32_at(bytes, VERSION);
        check::version(path, version, OLDEST_VERSION)?;
        let places = Places::of(version);
        check_least(places.record + CHECKSUM_BYTES)?;
        let record_bytes = u32_at(bytes, RECORD_BYTES) as usize;
        if record_bytes > record::MAX_BYTES {
            return malformed("the configuration record is too long", RECORD_BYTES);
        }
        let end = places.record + record_bytes;
        check::length(path, wide(end + CHECKSUM_BYTES), wide(bytes.len()))?;
        check::sum(path, "the manifest", u32_at(bytes, end), crc32c::crc32c(&bytes[..end]))?;
        let segment = |place: usize| Segment {
            bytes: u64_at(bytes, STRUCTURE_BYTES + 8 * place),
            checksum: u32_at(bytes, places.checksums + CHECKSUM_BYTES * place),
        };
        let record = &bytes[places.record..end];
        let manifest = Self {
            version,
            config: record::decode(record, version, path, wide(places.record))?,
            memory: u64_at(bytes, MEMORY),
            generation: u64_at(bytes, GENERATION),
            sequence: u64_at(bytes, SEQUENCE),
            first_log: u64_at(bytes, FIRST_LOG),
            log: u64_at(bytes, LOG),
            log_offset: u64_at(bytes, LOG_OFFSET),
            structure: segment(0),
            weights: segment(1),
            covariances: segment(2),
            history: if version == 1 { Segment::default() } else { segment(3) },
        };
        if manifest.first_log == 0 || manifest.first_log > manifest.log {
            return malformed("the history has no first log file", FIRST_LOG);
        }
        if manifest.generation == 0 && manifest.sequence > 0 {
            return malformed("observations are counted without a snapshot", SEQUENCE);
        }
        // Numbers that no writer reaches by counting; the next one must still be a number.
        let largest = manifest.log.max(manifest.generation).max(manifest.sequence);
        if largest == u64::MAX {
            return malformed("a number is out of range", GENERATION);
        }
        Ok(manifest)
    }

    /// Reads the manifest of `directory`.
    ///
    /// # Errors
    /// [`Error::OldVersion`] where it is sound and of an earlier version.
    pub(crate) fn read(directory: &Directory) -> Result<Self> {
        let manifest = Self::read_any(directory)?;
        if manifest.version == FORMAT_VERSION {
            return Ok(manifest);
        }
        let (path, got) = (directory.path().to_owned(), manifest.version);
        Err(Error::OldVersion { path, expected: FORMAT_VERSION, got })
    }

    /// Reads the manifest of `directory`, of whatever version since [`OLDEST_VERSION`]: of an earlier
    /// one, all but the segments' content is as in this.
    pub(crate) fn read_any(directory: &Directory) -> Result<Self> {
        directory.check()?;
        let Some(bytes) = directory.read(Name::Manifest, MAX_BYTES)? else {
            return Err(Error::NotAMemory { path: directory.path().to_owned() });
        };
        Self::decode(&bytes, &directory.join(Name::Manifest))
    }

    /// Puts this manifest in the place of the directory's. Its name is on the disk after
    /// [`Directory::sync`].
    pub(crate) fn write(&self, directory: &Directory) -> Result<()> {
        let path = directory.join(Name::Manifest);
        let bytes = self.encode(&path)?;
        directory.replace(Name::Manifest, |file| file.write_all(&bytes))?;
        Ok(())
    }
}
