//! The manifest: which files make up the memory now. Replaced as a whole, so it is never torn.

use std::hash::{BuildHasher, Hasher, RandomState};
use std::io::Write;
use std::path::Path;
use std::sync::Arc;

use glam_core::Config;

use crate::bytes::{put, u32_at, u64_at, wide};
use crate::disk::Directory;
use crate::durability::Durability;
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
pub(crate) const HISTORY_BYTES: usize = STRUCTURE_BYTES + 8;
pub(crate) const STRUCTURE_CHECKSUM: usize = HISTORY_BYTES + 8;
pub(crate) const HISTORY_CHECKSUM: usize = STRUCTURE_CHECKSUM + 4;
pub(crate) const DURABILITY: usize = HISTORY_CHECKSUM + 4;
pub(crate) const SEGMENT_COUNT: usize = DURABILITY + 4;
/// The list of slot segments follows, then the configuration record, and after it a checksum of all
/// bytes before.
pub(crate) const SEGMENTS: usize = SEGMENT_COUNT + 4;
const CHECKSUM_BYTES: usize = 4;

/// Where the fields of a slot segment lie in its entry of the list.
pub(crate) mod entry {
    pub(crate) const NUMBER: usize = 0;
    pub(crate) const WEIGHTS_BYTES: usize = NUMBER + 8;
    pub(crate) const COVARIANCES_BYTES: usize = WEIGHTS_BYTES + 8;
    pub(crate) const WEIGHTS_CHECKSUM: usize = COVARIANCES_BYTES + 8;
    pub(crate) const COVARIANCES_CHECKSUM: usize = WEIGHTS_CHECKSUM + 4;
    /// Bytes of an entry.
    pub(crate) const BYTES: usize = COVARIANCES_CHECKSUM + 4;
}

/// The largest number of a log file, a generation or an observation: one that no writer reaches by
/// counting, so that counting on does not overflow.
pub(crate) const MAX_NUMBER: u64 = 1 << 62;

/// The most slot segments of one snapshot.
pub(crate) const MAX_SEGMENTS: usize = 32;
const MAX_BYTES: usize =
    SEGMENTS + MAX_SEGMENTS * entry::BYTES + record::MAX_BYTES + net::BYTES + CHECKSUM_BYTES;

/// What follows the configuration record where the memory is built on a net.
pub(crate) mod net {
    pub(crate) const LENGTH: usize = 0;
    pub(crate) const CHECKSUM: usize = LENGTH + 8;
    pub(crate) const BYTES: usize = CHECKSUM + 4;
}

/// A file of a snapshot as the manifest names it.
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

/// A slot segment: some slots' weights in one file, their covariances in another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct SlotSegment {
    /// The generation that wrote it, after which its files are named.
    pub(crate) number: u64,
    pub(crate) weights: Segment,
    pub(crate) covariances: Segment,
}

impl SlotSegment {
    fn encode(&self) -> [u8; entry::BYTES] {
        let mut bytes = [0; entry::BYTES];
        put(&mut bytes, entry::NUMBER, &self.number.to_le_bytes());
        put(&mut bytes, entry::WEIGHTS_BYTES, &self.weights.bytes.to_le_bytes());
        put(&mut bytes, entry::COVARIANCES_BYTES, &self.covariances.bytes.to_le_bytes());
        put(&mut bytes, entry::WEIGHTS_CHECKSUM, &self.weights.checksum.to_le_bytes());
        put(&mut bytes, entry::COVARIANCES_CHECKSUM, &self.covariances.checksum.to_le_bytes());
        bytes
    }

    fn decode(bytes: &[u8]) -> Self {
        let segment = |bytes_at, checksum_at| Segment {
            bytes: u64_at(bytes, bytes_at),
            checksum: u32_at(bytes, checksum_at),
        };
        Self {
            number: u64_at(bytes, entry::NUMBER),
            weights: segment(entry::WEIGHTS_BYTES, entry::WEIGHTS_CHECKSUM),
            covariances: segment(entry::COVARIANCES_BYTES, entry::COVARIANCES_CHECKSUM),
        }
    }
}

/// Where the configuration record lies in a manifest of an earlier version. Such a manifest lacks the
/// list of slot segments; it is read for its log.
fn record_of_old(version: u32) -> usize {
    // Bytes and checksums of three segments in version 1, of four in version 2.
    let segments = if version == 1 { 3 } else { 4 };
    LOG_OFFSET + 8 + segments * 12
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
    pub(crate) history: Segment,
    /// The file of the net that the memory is built on, where there is one.
    pub(crate) net: Option<Segment>,
    /// When a write is acknowledged.
    pub(crate) durability: Durability,
    /// Where the snapshot's slots are.
    pub(crate) segments: Vec<SlotSegment>,
}

impl Manifest {
    /// The manifest of a new memory whose only log file is number 1.
    pub(crate) fn new(config: Config, log_offset: u64) -> Self {
        Self {
            version: FORMAT_VERSION,
            net: config.basis().map(|basis| crate::net::segment(&basis.to_bytes())),
            config,
            memory: RandomState::new().build_hasher().finish(),
            generation: 0,
            sequence: 0,
            first_log: 1,
            log: 1,
            log_offset,
            structure: Segment::default(),
            history: Segment::default(),
            durability: Durability::default(),
            segments: Vec::new(),
        }
    }

    /// The bytes of this manifest in the version that is written.
    pub(crate) fn encode(&self, path: &Path) -> Result<Vec<u8>> {
        let record = record::encode(&self.config, path)?;
        let mut bytes = vec![0; SEGMENTS];
        put(&mut bytes, MAGIC, &MAGIC_BYTES);
        // A record has at most `record::MAX_BYTES`, a list at most `MAX_SEGMENTS`.
        for (at, field) in [
            (VERSION, FORMAT_VERSION),
            (RECORD_BYTES, record.len() as u32),
            (STRUCTURE_CHECKSUM, self.structure.checksum),
            (HISTORY_CHECKSUM, self.history.checksum),
            (DURABILITY, self.durability.code()),
            (SEGMENT_COUNT, self.segments.len() as u32),
        ] {
            put(&mut bytes, at, &field.to_le_bytes());
        }
        for (at, field) in [
            (MEMORY, self.memory),
            (GENERATION, self.generation),
            (SEQUENCE, self.sequence),
            (FIRST_LOG, self.first_log),
            (LOG, self.log),
            (LOG_OFFSET, self.log_offset),
            (STRUCTURE_BYTES, self.structure.bytes),
            (HISTORY_BYTES, self.history.bytes),
        ] {
            put(&mut bytes, at, &field.to_le_bytes());
        }
        for segment in &self.segments {
            bytes.extend_from_slice(&segment.encode());
        }
        bytes.extend_from_slice(&record);
        if let Some(Segment { bytes: length, checksum }) = self.net {
            bytes.extend_from_slice(&length.to_le_bytes());
            bytes.extend_from_slice(&checksum.to_le_bytes());
        }
        let checksum = crc32c::crc32c(&bytes);
        bytes.extend_from_slice(&checksum.to_le_bytes());
        Ok(bytes)
    }

    /// Reads a manifest of any version since [`OLDEST_VERSION`], but for the net.
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
        let old = version < FORMAT_VERSION;
        let (count, record_at) = if old {
            (0, record_of_old(version))
        } else {
            check_least(SEGMENTS)?;
            let count = u32_at(bytes, SEGMENT_COUNT) as usize;
            if count > MAX_SEGMENTS {
                return malformed("there are too many slot segments", SEGMENT_COUNT);
            }
            (count, SEGMENTS + count * entry::BYTES)
        };
        check_least(record_at + CHECKSUM_BYTES)?;
        let record_bytes = u32_at(bytes, RECORD_BYTES) as usize;
        if record_bytes > record::MAX_BYTES {
            return malformed("the configuration record is too long", RECORD_BYTES);
        }
        let record_end = record_at + record_bytes;
        let has_net = !old && bytes.len() > record_end + CHECKSUM_BYTES;
        let end = record_end + if has_net { net::BYTES } else { 0 };
        check::length(path, wide(end + CHECKSUM_BYTES), wide(bytes.len()))?;
        check::sum(path, "the manifest", u32_at(bytes, end), crc32c::crc32c(&bytes[..end]))?;
        let segment = |bytes_at, checksum_at| match old {
            true => Segment::default(),
            false => {
                Segment { bytes: u64_at(bytes, bytes_at), checksum: u32_at(bytes, checksum_at) }
            }
        };
        let durability = if old { 0 } else { u32_at(bytes, DURABILITY) };
        let Some(durability) = Durability::of_code(durability) else {
            return malformed("there is no such durability", DURABILITY);
        };
        let entries = bytes[record_at - count * entry::BYTES..record_at].chunks_exact(entry::BYTES);
        let record = &bytes[record_at..record_end];
        let net = has_net.then(|| Segment {
            bytes: u64_at(bytes, record_end + net::LENGTH),
            checksum: u32_at(bytes, record_end + net::CHECKSUM),
        });
        let manifest = Self {
            version,
            config: record::decode(record, version, has_net, path, wide(record_at))?,
            net,
            memory: u64_at(bytes, MEMORY),
            generation: u64_at(bytes, GENERATION),
            sequence: u64_at(bytes, SEQUENCE),
            first_log: u64_at(bytes, FIRST_LOG),
            log: u64_at(bytes, LOG),
            log_offset: u64_at(bytes, LOG_OFFSET),
            structure: segment(STRUCTURE_BYTES, STRUCTURE_CHECKSUM),
            history: segment(HISTORY_BYTES, HISTORY_CHECKSUM),
            durability,
            segments: entries.map(SlotSegment::decode).collect(),
        };
        if manifest.first_log == 0 || manifest.first_log > manifest.log {
            return malformed("the history has no first log file", FIRST_LOG);
        }
        if manifest.generation == 0 && manifest.sequence > 0 {
            return malformed("observations are counted without a snapshot", SEQUENCE);
        }
        let rising = manifest.segments.is_sorted_by(|a, b| a.number < b.number);
        let newest = manifest.segments.last().map_or(0, |segment| segment.number);
        if !rising || newest > manifest.generation {
            return malformed("the slot segments are not in order", SEGMENTS);
        }
        // Numbers that no writer reaches by counting; the next one must still be a number.
        let largest = manifest.log.max(manifest.generation).max(manifest.sequence);
        if largest > MAX_NUMBER {
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
    /// one, all but what it says about the snapshot.
    pub(crate) fn read_any(directory: &Directory) -> Result<Self> {
        directory.check()?;
        let Some(bytes) = directory.read(Name::Manifest, MAX_BYTES)? else {
            return Err(Error::NotAMemory { path: directory.path().to_owned() });
        };
        Self::decode(&bytes, &directory.join(Name::Manifest))?.with_net(directory)
    }

    /// [`Manifest::read`], where `known` was read of the same directory before: its net, which never
    /// changes, is not read again.
    pub(crate) fn read_again(directory: &Directory, known: &Self) -> Result<Self> {
        directory.check()?;
        let Some(bytes) = directory.read(Name::Manifest, MAX_BYTES)? else {
            return Err(Error::NotAMemory { path: directory.path().to_owned() });
        };
        let path = directory.join(Name::Manifest);
        let read = Self::decode(&bytes, &path)?;
        let same =
            (read.memory, read.net, read.version) == (known.memory, known.net, known.version);
        match known.config.basis() {
            Some(basis) if same => {
                let joined = read.config.with_basis(Arc::clone(basis));
                let config = joined.map_err(|source| Error::Damaged { path, source })?;
                Ok(Self { config, ..read })
            }
            _ => Self::read(directory),
        }
    }

    /// Joins the net that the memory is built on, where there is one.
    fn with_net(self, directory: &Directory) -> Result<Self> {
        let Some(segment) = self.net else { return Ok(self) };
        let config = crate::net::join(self.config, directory, segment)?;
        Ok(Self { config, ..self })
    }

    /// Reads the copy of the manifest of `directory`, for a repair; `None` where it is of no use.
    pub(crate) fn read_copy(directory: &Directory) -> Option<Self> {
        let bytes = directory.read(Name::ManifestCopy, MAX_BYTES).ok()??;
        let copy = Self::decode(&bytes, &directory.join(Name::ManifestCopy)).ok()?;
        let copy = copy.with_net(directory).ok()?;
        (copy.version == FORMAT_VERSION).then_some(copy)
    }

    /// Puts this manifest in the place of the directory's. It, and all that has a name in the directory,
    /// is on the disk when this returns.
    pub(crate) fn write(&self, directory: &Directory) -> Result<()> {
        let bytes = self.encode(&directory.join(Name::Manifest))?;
        directory.replace(Name::Manifest, |file| file.write_all(&bytes))?;
        directory.sync()?;
        // The memory does not rest on it: a failure here is for the next manifest to make up for.
        let _ = directory
            .replace(Name::ManifestCopy, |file| file.write_all(&bytes))
            .and_then(|_| directory.sync());
        Ok(())
    }
}
