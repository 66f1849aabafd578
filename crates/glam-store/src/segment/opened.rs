//! A segment that was opened, its header and its length checked, its body not read yet.

use std::path::Path;

use glam_core::MAX_SLOTS;

use super::header::{BYTES, Header, Kind, Named};
use super::slots::Layout;
use super::{history, structure};
use crate::bytes::wide;
use crate::check;
use crate::disk::{Directory, OpenFile};
use crate::error::{Error, Result};

/// An open segment that a manifest names. The handle keeps the bytes readable
/// after the file has lost its name.
#[derive(Debug)]
pub(crate) struct Opened {
    pub(crate) file: OpenFile,
    pub(crate) header: Header,
}

impl Opened {
    pub(crate) fn open(directory: &Directory, named: &Named) -> Result<Self> {
        let file = directory.open(named.name())?;
        let (path, length) = (file.path().to_owned(), file.length()?);
        let expected = named.segment.bytes;
        if expected < wide(BYTES) {
            let what = "the manifest names a length that no segment has";
            return Err(Error::Malformed { path, what, at: expected });
        }
        check::length(&path, expected, length)?;
        let mut bytes = [0; BYTES];
        file.read_exact(&mut bytes, 0, "read the header")?;
        let header = Header::decode(&bytes, named, &path)?;
        let expected = match named.kind {
            Kind::Structure => structure::length(&header),
            Kind::History => history::length(&header),
            Kind::Weights | Kind::Covariances => Layout::of(&header).map(|found| wide(found.end)),
        };
        if header.count > wide(MAX_SLOTS) {
            let source = glam_core::Error::TooManySlots { max: MAX_SLOTS };
            return Err(Error::Damaged { path, source });
        }
        let opened = Self { file, header };
        check::length(&path, expected.ok_or_else(|| opened.too_long())?, length)?;
        Ok(opened)
    }

    /// The layout of a segment of slots.
    pub(crate) fn slots(&self) -> Result<Layout> {
        Layout::of(&self.header).ok_or_else(|| self.too_long())
    }

    /// Everything behind the header.
    pub(super) fn read_body(&self) -> Result<Vec<u8>> {
        let length = self.file.length()?.saturating_sub(wide(BYTES));
        // The file was found to be as long as the manifest says.
        let mut body = vec![0; usize::try_from(length).map_err(|_| self.too_long())?];
        self.file.read_exact(&mut body, wide(BYTES), "read the file")?;
        Ok(body)
    }

    pub(crate) fn path(&self) -> &Path {
        self.file.path()
    }

    fn too_long(&self) -> Error {
        let what = "the header's sizes are out of range";
        Error::Malformed { path: self.file.path().to_owned(), what, at: wide(super::header::COUNT) }
    }
}
