//! A segment that was opened, its header and its length checked, its body not read yet.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use glam_core::MAX_SLOTS;

use super::header::{BYTES, Header, Kind};
use super::slots::Layout;
use super::{history, structure};
use crate::bytes::wide;
use crate::check;
use crate::error::{Error, Result};
use crate::file::{self, failed};
use crate::manifest::Manifest;

/// An open segment of the generation that a manifest names. The handle keeps the bytes readable
/// after the file has lost its name.
#[derive(Debug)]
pub(crate) struct Opened {
    pub(crate) path: PathBuf,
    pub(crate) file: File,
    pub(crate) header: Header,
}

impl Opened {
    pub(crate) fn open(directory: &Path, kind: Kind, manifest: &Manifest) -> Result<Self> {
        let path = kind.name(manifest.generation).in_directory(directory);
        let mut file = file::open(&path)?;
        let length = file::length(&file, &path)?;
        let named = kind.named(manifest).bytes;
        if named < wide(BYTES) {
            let what = "the manifest names a length that no segment has";
            return Err(Error::Malformed { path, what, at: named });
        }
        check::length(&path, named, length)?;
        let mut bytes = [0; BYTES];
        file.read_exact(&mut bytes).map_err(failed(&path, "read the header"))?;
        let header = Header::decode(&bytes, kind, manifest, &path)?;
        let expected = match kind {
            Kind::Structure => structure::length(&header),
            Kind::History => history::length(&header),
            Kind::Weights | Kind::Covariances => Layout::of(&header).map(|found| wide(found.end)),
        };
        if header.count > wide(MAX_SLOTS) {
            let source = glam_core::Error::TooManySlots { max: MAX_SLOTS };
            return Err(Error::Damaged { path, source });
        }
        let opened = Self { path, file, header };
        check::length(&opened.path, expected.ok_or_else(|| opened.too_long())?, length)?;
        Ok(opened)
    }

    /// The layout of a segment of slots.
    pub(crate) fn slots(&self) -> Result<Layout> {
        Layout::of(&self.header).ok_or_else(|| self.too_long())
    }

    /// Everything behind the header.
    pub(super) fn read_body(&self) -> Result<Vec<u8>> {
        let mut body = Vec::new();
        let mut file = &self.file;
        file.seek(SeekFrom::Start(wide(BYTES)))
            .and_then(|_| file.read_to_end(&mut body))
            .map_err(failed(&self.path, "read the file"))?;
        Ok(body)
    }

    fn too_long(&self) -> Error {
        let what = "the header's sizes are out of range";
        Error::Malformed { path: self.path.clone(), what, at: wide(super::header::COUNT) }
    }
}
