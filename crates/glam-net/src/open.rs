//! Nets from files, by their extension.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use glam_core::net::Net;

use crate::error::Error;
use crate::{from_onnx, from_safetensors};

/// The longest file that is read: 1 GiB.
pub const MAX_FILE_BYTES: u64 = 1 << 30;
/// The longest description of layers that is read: 16 MiB.
pub const MAX_DESCRIPTION_BYTES: u64 = 16 << 20;

/// The net in the file at `path`: `.onnx`, `.safetensors` with the description of its layers beside
/// it in the file of the same name that ends in `.json`, or `.net`, as
/// [`Net::to_bytes`](glam_core::net::Net::to_bytes) makes it.
///
/// # Errors
/// [`Error::Extension`], [`Error::FileTooLarge`], [`Error::Io`], and those of [`from_onnx`] and
/// [`from_safetensors`].
///
/// ```no_run
/// let net = glam_net::open("digits.onnx".as_ref())?;
/// println!("{}", net.sizes());
/// # Ok::<(), glam_net::Error>(())
/// ```
pub fn open(path: &Path) -> Result<Net, Error> {
    let extension = path.extension().map(|extension| extension.to_ascii_lowercase());
    match extension.as_ref().and_then(|extension| extension.to_str()) {
        Some("onnx") => from_onnx(&read(path, MAX_FILE_BYTES)?),
        Some("safetensors") => {
            let beside = path.with_extension("json");
            let description = read(&beside, MAX_DESCRIPTION_BYTES)?;
            let description = String::from_utf8(description)
                .map_err(|source| Error::Description { reason: source.to_string() })?;
            from_safetensors(&read(path, MAX_FILE_BYTES)?, &description)
        }
        Some("net") => Ok(Net::from_bytes(&read(path, MAX_FILE_BYTES)?)?),
        _ => Err(Error::Extension { path: path.to_owned() }),
    }
}

fn read(path: &Path, max: u64) -> Result<Vec<u8>, Error> {
    let failed = |source| Error::Io { path: path.to_owned(), source };
    let too_large = |bytes| Error::FileTooLarge { path: path.to_owned(), bytes, max };
    let file = File::open(path).map_err(failed)?;
    let length = file.metadata().map_err(failed)?.len();
    if length > max {
        return Err(too_large(length));
    }
    let mut bytes = Vec::with_capacity(usize::try_from(length).unwrap_or(0));
    // It may grow meanwhile, or be no regular file.
    file.take(max + 1).read_to_end(&mut bytes).map_err(failed)?;
    if bytes.len() as u64 > max {
        return Err(too_large(bytes.len() as u64));
    }
    Ok(bytes)
}
