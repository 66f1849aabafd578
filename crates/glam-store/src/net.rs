//! The file of the net that a memory is built on: written before the first manifest, and never changed.

use std::io::Write;
use std::sync::Arc;

use glam_core::net::MAX_WEIGHTS;
use glam_core::{Basis, Config, MAX_LABEL_BYTES};

use crate::bytes::wide;
use crate::check;
use crate::disk::Directory;
use crate::error::{Error, Result};
use crate::manifest::{Manifest, Segment};
use crate::names::Name;

/// The most bytes of the file: every weight and bias, and the names of the classes.
const MAX_BYTES: usize = 8 * MAX_WEIGHTS + (MAX_LABEL_BYTES + 4) * glam_core::MAX_LABELS;

/// What a net's bytes begin with, behind two that say what the memory makes of it.
const START: &[u8] = b"NET1";

/// The file of `bytes` as the manifest names it.
pub(crate) fn segment(bytes: &[u8]) -> Segment {
    Segment { bytes: wide(bytes.len()), checksum: crc32c::crc32c(bytes) }
}

/// Writes the file, where the memory of `manifest` is built on a net. Its name is on the disk after
/// [`Directory::sync`].
pub(crate) fn write(directory: &Directory, manifest: &Manifest) -> Result<()> {
    let Some(basis) = manifest.config.basis() else { return Ok(()) };
    let bytes = basis.to_bytes();
    directory.replace(Name::Net, |file| file.write_all(&bytes)).map(drop)
}

/// Whether the file there begins as one of these does: a creation that was cut may have left it.
pub(crate) fn is_ours(directory: &Directory) -> bool {
    let start = directory.read(Name::Net, START.len() + 1);
    matches!(start, Ok(Some(bytes)) if bytes.get(2..2 + START.len()) == Some(START))
}

/// `config`, which was read, over the net in the file that the manifest names as `segment`; checked.
pub(crate) fn join(config: Config, directory: &Directory, segment: Segment) -> Result<Config> {
    let path = directory.join(Name::Net);
    // No more is read than the manifest says, nor than a net can have.
    let most = usize::try_from(segment.bytes).unwrap_or(usize::MAX).min(MAX_BYTES);
    let Some(bytes) = directory.read(Name::Net, most)? else {
        return Err(Error::Malformed { path, what: "the net of this memory is missing", at: 0 });
    };
    check::length(&path, segment.bytes, wide(bytes.len()))?;
    check::sum(&path, "the net", segment.checksum, crc32c::crc32c(&bytes))?;
    let damaged = |source| Error::Damaged { path: path.clone(), source };
    let basis = Basis::from_bytes(&bytes).map_err(|error| damaged(error.into()))?;
    config.with_basis(Arc::new(basis)).map_err(damaged)
}
