//! The 64 bytes at the start of every snapshot segment.

use std::path::Path;

use glam_core::Line;

use crate::bytes::{put, u32_at, u64_at, wide};
use crate::error::{Error, Result};
use crate::manifest::{Manifest, Segment, SlotSegment};
use crate::names::Name;
use crate::{FORMAT_VERSION, check};

pub(crate) const MAGIC: usize = 0;
pub(crate) const VERSION: usize = MAGIC + 8;
pub(crate) const ZERO: usize = VERSION + 4;
pub(crate) const MEMORY: usize = ZERO + 4;
pub(crate) const GENERATION: usize = MEMORY + 8;
pub(crate) const SEQUENCE: usize = GENERATION + 8;
pub(crate) const COUNT: usize = SEQUENCE + 8;
pub(crate) const SIZE: usize = COUNT + 8;
pub(crate) const BODY_CHECKSUM: usize = SIZE + 8;
pub(crate) const CHECKSUM: usize = BODY_CHECKSUM + 4;
/// Bytes of the header: one line, so that what follows is aligned as lines are.
pub(crate) const BYTES: usize = CHECKSUM + 4;
const _: () = assert!(BYTES == size_of::<Line>());

/// Which part of a snapshot a segment holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Structure,
    Weights,
    Covariances,
    History,
}

impl Kind {
    pub(crate) const ALL: [Self; 4] =
        [Self::Structure, Self::Weights, Self::Covariances, Self::History];

    pub(crate) fn magic(self) -> [u8; 8] {
        match self {
            Self::Structure => *b"GLAMSTRU",
            Self::Weights => *b"GLAMWEIG",
            Self::Covariances => *b"GLAMCOVA",
            Self::History => *b"GLAMHIST",
        }
    }

    pub(crate) fn name(self, generation: u64) -> Name {
        match self {
            Self::Structure => Name::Structure(generation),
            Self::Weights => Name::Weights(generation),
            Self::Covariances => Name::Covariances(generation),
            Self::History => Name::History(generation),
        }
    }
}

/// A segment as a manifest names it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Named {
    pub(crate) kind: Kind,
    /// The generation that wrote it, after which it is named.
    pub(crate) number: u64,
    pub(crate) segment: Segment,
    memory: u64,
    /// The sequence number in its header, where the manifest tells it: a segment of slots may be of an
    /// earlier generation.
    sequence: Option<u64>,
}

impl Named {
    /// The structure or the history of the snapshot that `manifest` names.
    pub(crate) fn of_generation(kind: Kind, manifest: &Manifest) -> Self {
        let segment = match kind {
            Kind::History => manifest.history,
            _ => manifest.structure,
        };
        let (number, memory) = (manifest.generation, manifest.memory);
        Self { kind, number, segment, memory, sequence: Some(manifest.sequence) }
    }

    /// The weights or covariances of one of its slot segments.
    pub(crate) fn of_slots(kind: Kind, manifest: &Manifest, slots: &SlotSegment) -> Self {
        let segment = match kind {
            Kind::Covariances => slots.covariances,
            _ => slots.weights,
        };
        Self { kind, number: slots.number, segment, memory: manifest.memory, sequence: None }
    }

    pub(crate) fn name(&self) -> Name {
        self.kind.name(self.number)
    }
}

/// The memory and the moment that a segment belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Stamp {
    pub(crate) memory: u64,
    pub(crate) generation: u64,
    pub(crate) sequence: u64,
}

/// The header. What `count` and `size` count depends on the kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Header {
    pub(crate) stamp: Stamp,
    /// Keys, or slots; 0 of a history.
    pub(crate) count: u64,
    /// Bytes of the structure block or of the history, or lines of a slot.
    pub(crate) size: u64,
    /// The checksum of the structure block and the keys, of the slots' checksums, or of the history.
    pub(crate) body_checksum: u32,
}

impl Header {
    pub(crate) fn encode(&self, kind: Kind) -> [u8; BYTES] {
        let mut bytes = [0; BYTES];
        put(&mut bytes, MAGIC, &kind.magic());
        put(&mut bytes, VERSION, &FORMAT_VERSION.to_le_bytes());
        for (at, field) in [
            (MEMORY, self.stamp.memory),
            (GENERATION, self.stamp.generation),
            (SEQUENCE, self.stamp.sequence),
            (COUNT, self.count),
            (SIZE, self.size),
        ] {
            put(&mut bytes, at, &field.to_le_bytes());
        }
        put(&mut bytes, BODY_CHECKSUM, &self.body_checksum.to_le_bytes());
        let checksum = crc32c::crc32c(&bytes[..CHECKSUM]);
        put(&mut bytes, CHECKSUM, &checksum.to_le_bytes());
        bytes
    }

    /// Reads a header and holds it against what the manifest names.
    pub(crate) fn decode(bytes: &[u8; BYTES], named: &Named, path: &Path) -> Result<Self> {
        let malformed =
            |what, at| Err(Error::Malformed { path: path.to_owned(), what, at: wide(at) });
        if bytes[MAGIC..VERSION] != named.kind.magic() {
            return malformed("this is no segment of its kind", MAGIC);
        }
        check::version(path, u32_at(bytes, VERSION), FORMAT_VERSION)?;
        let checksum = u32_at(bytes, CHECKSUM);
        check::sum(path, "the header", checksum, crc32c::crc32c(&bytes[..CHECKSUM]))?;
        if u32_at(bytes, ZERO) != 0 {
            return malformed("a field that must be 0 is not", ZERO);
        }
        let stamp = Stamp {
            memory: u64_at(bytes, MEMORY),
            generation: u64_at(bytes, GENERATION),
            sequence: u64_at(bytes, SEQUENCE),
        };
        check::named(path, "the memory's number", named.memory, stamp.memory)?;
        check::named(path, "the generation", named.number, stamp.generation)?;
        if let Some(sequence) = named.sequence {
            check::named(path, "the sequence number", sequence, stamp.sequence)?;
        }
        let expected = named.segment.checksum;
        check::named(path, "the header's checksum", expected.into(), checksum.into())?;
        Ok(Self {
            stamp,
            count: u64_at(bytes, COUNT),
            size: u64_at(bytes, SIZE),
            body_checksum: u32_at(bytes, BODY_CHECKSUM),
        })
    }
}
