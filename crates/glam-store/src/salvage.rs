//! What can be read of a damaged log, written anew.

use std::ops::RangeInclusive;
use std::path::PathBuf;

use crate::bytes::wide;
use crate::disk::Directory;
use crate::error::{Error, Result};
use crate::log::{Content, Frames, Header, Writer};
use crate::manifest::{MAX_NUMBER, Manifest};
use crate::names::Name;

/// Frames that one missing log file may have held; a larger gap in the numbers is no gap but damage.
const FILE_BYTES: u64 = 512 << 20;

/// A log that was written anew.
#[derive(Debug)]
pub(crate) struct Salvaged {
    /// The number of its first file.
    pub(crate) number: u64,
    /// Behind its last observation.
    pub(crate) writer: Writer,
    /// Observations that could not be read.
    pub(crate) lost: Vec<RangeInclusive<u64>>,
    /// The files that it takes the place of, and which of them are damaged.
    old: Vec<u64>,
    damaged: Vec<u64>,
}

impl Salvaged {
    /// Sets the damaged old files aside and removes the others; says where those are now.
    pub(crate) fn clear(old: &[u64], damaged: &[u64], directory: &Directory) -> Vec<PathBuf> {
        let mut aside = Vec::new();
        for &number in old {
            let path = directory.join(Name::Log(number));
            if damaged.contains(&number) {
                let mut name = path.clone().into_os_string();
                name.push(".damaged");
                if directory.disk().rename(&path, name.as_ref()).is_ok() {
                    aside.push(name.into());
                }
            } else {
                let _ = directory.disk().remove(&path);
            }
        }
        aside
    }

    pub(crate) fn old(&self) -> (Vec<u64>, Vec<u64>) {
        (self.old.clone(), self.damaged.clone())
    }
}

/// Writes every observation that can be read, from all log files, to new files behind them; in the
/// place of those that cannot be read stands what stands in that of erased ones, and in that of
/// observation `erased` too. The log reaches the snapshot's last observation.
pub(crate) fn salvage(
    directory: &Directory,
    manifest: &Manifest,
    erased: Option<u64>,
) -> Result<Salvaged> {
    let (mut old, mut bytes) = (Vec::new(), 0_u64);
    for found in directory.list()? {
        match found.name {
            Name::Log(number) if number <= MAX_NUMBER => {
                old.push(number);
                bytes = bytes.saturating_add(found.bytes);
            }
            _ => {}
        }
    }
    old.sort_unstable();
    // A gap in the numbers: what a repair that was cut has written is no continuation of the log.
    let number = old.last().copied().unwrap_or(manifest.log).max(manifest.log) + 2;
    let written = rewrite(directory, manifest, erased, &old, number, bytes);
    if written.is_err() {
        for new in number.. {
            if directory.remove(Name::Log(new)).is_err() {
                break;
            }
        }
    }
    let (New { writer, lost, .. }, damaged) = written?;
    Ok(Salvaged { number, writer, lost, old, damaged })
}

/// Goes through the `old` log files, of `bytes` bytes together, and writes the new ones from file `number`
/// on; gives which of the old are damaged.
fn rewrite(
    directory: &Directory,
    manifest: &Manifest,
    erased: Option<u64>,
    old: &[u64],
    number: u64,
    bytes: u64,
) -> Result<(New, Vec<u64>)> {
    let (mut new, mut damaged): (Option<New>, Vec<u64>) = (None, Vec::new());
    let mut before = manifest.first_log;
    for &at in old.iter().filter(|&&at| at >= manifest.first_log) {
        let sequence = new.as_ref().map(|new| new.sequence);
        let mut frames = match Frames::open(directory, manifest, at) {
            Ok(frames) => frames,
            Err(error @ Error::Io { .. }) => return Err(error),
            Err(_) => {
                damaged.push(at);
                let follows = match sequence {
                    Some(sequence) => Some(sequence),
                    // Nothing was dropped before the first file.
                    None if at == 1 => Some(0),
                    None => before_first(directory, manifest, at)?,
                };
                let Some(follows) = follows else { continue };
                Frames::headless(directory, manifest, at, follows)?
            }
        };
        let first = frames.header().first_sequence;
        if sequence.is_some_and(|sequence| first <= sequence) && !damaged.contains(&at) {
            // Left by a repair that was cut.
            continue;
        }
        let files = at - before + 1;
        before = at;
        let new = match &mut new {
            Some(new) => new,
            None => {
                let header = Header::new(manifest.memory, &manifest.config, number, first);
                let mut begun = New::begin(directory, header, erased)?;
                if manifest.first_log == 1 && first > 1 {
                    begun.lost.push(1..=first - 1);
                }
                new.insert(begun)
            }
        };
        let longest = FILE_BYTES.saturating_mul(files).saturating_add(bytes);
        new.most = longest / wide(frames.header().layout().shortest());
        loop {
            match frames.advance() {
                Ok(Some(content)) => new.take(&frames, content)?,
                Ok(None) => break,
                Err(error @ Error::Io { .. }) => return Err(error),
                Err(_) => {
                    if damaged.last() != Some(&at) {
                        damaged.push(at);
                    }
                    if !frames.resume()? {
                        break;
                    }
                }
            }
        }
    }
    let mut new = match new {
        Some(new) => new,
        None => {
            // Nothing is left: the history begins behind the snapshot.
            let first = manifest.sequence + 1;
            let header = Header::new(manifest.memory, &manifest.config, number, first);
            let mut begun = New::begin(directory, header, erased)?;
            if manifest.first_log == 1 && first > 1 {
                begun.lost.push(1..=first - 1);
            }
            begun
        }
    };
    if manifest.sequence > new.sequence.saturating_add(new.most) {
        let path = directory.path().to_owned();
        let why = format!(
            "the log ends with observation {}, the snapshot with {}",
            new.sequence, manifest.sequence
        );
        return Err(Error::Unrepairable { path, why });
    }
    new.reach(manifest.sequence)?;
    new.writer.flush()?;
    directory.sync()?;
    Ok((new, damaged))
}

/// The number before the first observation that can be read in a log file whose header is damaged; `None`
/// where none can.
fn before_first(directory: &Directory, manifest: &Manifest, number: u64) -> Result<Option<u64>> {
    let mut frames = Frames::headless(directory, manifest, number, 0)?;
    loop {
        match frames.advance() {
            Ok(Some(_)) => return Ok(Some(frames.sequence() - 1)),
            Ok(None) => return Ok(None),
            Err(error @ Error::Io { .. }) => return Err(error),
            Err(_) => {
                if !frames.resume()? {
                    return Ok(None);
                }
            }
        }
    }
}

/// The new log, while it is written.
struct New {
    writer: Writer,
    /// Its last observation.
    sequence: u64,
    lost: Vec<RangeInclusive<u64>>,
    /// The most observations that may be lost at once.
    most: u64,
    /// The observation that is left out.
    erased: Option<u64>,
}

impl New {
    fn begin(directory: &Directory, header: Header, erased: Option<u64>) -> Result<Self> {
        let writer = Writer::create(directory, header)?;
        let sequence = header.first_sequence - 1;
        Ok(Self { writer, sequence, lost: Vec::new(), most: 0, erased })
    }

    /// Takes over the frame to which `frames` went, and what is missing before it.
    fn take(&mut self, frames: &Frames, content: Content) -> Result<()> {
        let sequence = frames.sequence();
        if sequence <= self.sequence || sequence - self.sequence > self.most.saturating_add(1) {
            return Ok(());
        }
        self.reach(sequence - 1)?;
        match content {
            Content::Observation if self.erased != Some(sequence) => {
                let seen = frames.observation();
                self.writer.append(sequence, seen.x, seen.target, seen.weight)?;
            }
            _ => self.writer.append_erased(sequence)?,
        }
        self.sequence = sequence;
        Ok(())
    }

    /// Notes that everything up to observation `sequence` is lost.
    fn reach(&mut self, sequence: u64) -> Result<()> {
        if sequence > self.sequence {
            self.lost.push(self.sequence + 1..=sequence);
        }
        while self.sequence < sequence {
            self.writer.append_erased(self.sequence + 1)?;
            self.sequence += 1;
        }
        Ok(())
    }
}
