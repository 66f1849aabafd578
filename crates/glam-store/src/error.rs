//! What can go wrong with the files of a memory.

use std::io;
use std::path::PathBuf;

use thiserror::Error;

/// Why a memory's files could not be made, opened, read or written.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum Error {
    /// There is no such directory.
    #[error("{path}: there is no such directory; create the memory first")]
    Missing {
        /// The directory.
        path: PathBuf,
    },
    /// The path is no directory, or one without a manifest.
    #[error(
        "{path}: this is no memory (a directory with a MANIFEST that GLAM wrote); check the path"
    )]
    NotAMemory {
        /// The directory, or the manifest that GLAM did not write.
        path: PathBuf,
    },
    /// A memory was to be created where there is one.
    #[error("{path}: there is a memory already; open it, or choose another directory")]
    AlreadyExists {
        /// The directory.
        path: PathBuf,
    },
    /// A memory was to be created among other files.
    #[error("{path}: the directory holds other files; choose an empty or a new directory")]
    NotEmpty {
        /// The directory.
        path: PathBuf,
    },
    /// Another writer has the memory open.
    #[error(
        "{path}: {} has the memory open for writing; close it there, or open it for reading",
        holder(*.pid)
    )]
    Locked {
        /// The lock file.
        path: PathBuf,
        /// The writer's process, where it could be read.
        pid: Option<u32>,
    },
    /// The file is of another format version.
    #[error(
        "{path}: format version {got}, this program reads version {expected}; write its rows into a new memory, or use a \
         program of its version"
    )]
    Version {
        /// The file.
        path: PathBuf,
        /// The version that this crate reads and writes.
        expected: u32,
        /// The version found.
        got: u32,
    },
    /// The memory is of an earlier format version, whose snapshot cannot be used and whose log can.
    #[error(
        "{path}: a memory of format version {got}, this program reads version {expected}; \
         `glam rebuild {path}` (`Memory::rebuild` in a program) learns its log anew and keeps it in \
         version {expected}"
    )]
    OldVersion {
        /// The directory.
        path: PathBuf,
        /// The version that this crate reads and writes.
        expected: u32,
        /// The version found.
        got: u32,
    },
    /// Bytes do not match their checksum.
    #[error(
        "{path}: checksum mismatch of {what} ({got:08x}, expected {expected:08x}); `glam repair` saves \
         what can be saved"
    )]
    Checksum {
        /// The file.
        path: PathBuf,
        /// Which part of it.
        what: &'static str,
        /// The checksum stored.
        expected: u32,
        /// The checksum of the bytes found.
        got: u32,
    },
    /// The file is shorter than it must be.
    #[error(
        "{path}: {got} bytes where at least {expected} must be; `glam repair` saves what \
         can be saved"
    )]
    Truncated {
        /// The file.
        path: PathBuf,
        /// Bytes that must be there.
        expected: u64,
        /// Bytes that are there.
        got: u64,
    },
    /// A field or a size is not what it can be.
    #[error("{path}: {what} at byte {at}; `glam repair` saves what can be saved")]
    Malformed {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        what: &'static str,
        /// Where.
        at: u64,
    },
    /// A file that belongs to another memory, or to another moment of this one.
    #[error(
        "{path}: {what} is {got:016x}, the manifest names {expected:016x}; files of different \
         memories or copies are mixed up, restore the directory as a whole"
    )]
    Foreign {
        /// The file.
        path: PathBuf,
        /// Which field tells.
        what: &'static str,
        /// What the manifest names.
        expected: u64,
        /// What the file says.
        got: u64,
    },
    /// A damaged log frame that is not the torn end of the log: whole frames follow it.
    #[error(
        "{path}: the frame of observation {sequence} at byte {offset} is damaged, and whole \
         frames follow at byte {next}; `glam repair` saves what can be saved"
    )]
    DamagedFrame {
        /// The log file.
        path: PathBuf,
        /// Where the damaged frame starts.
        offset: u64,
        /// The observation it must hold.
        sequence: u64,
        /// Where the next whole frame starts.
        next: u64,
    },
    /// An observation is missing, or stands twice.
    #[error("{path}: observation {got} at byte {offset} where {expected} must follow")]
    Sequence {
        /// The log file.
        path: PathBuf,
        /// Where in it.
        offset: u64,
        /// The sequence number that must follow.
        expected: u64,
        /// The sequence number given or found.
        got: u64,
    },
    /// A file's checksum is right and its content is not: what the learning half refused.
    #[error("{path}: {source}")]
    Damaged {
        /// The file.
        path: PathBuf,
        /// Why it was refused.
        source: glam_core::Error,
    },
    /// The operating system refused.
    #[error("{path}: cannot {action}: {source}")]
    Io {
        /// The file or directory.
        path: PathBuf,
        /// What was tried.
        action: &'static str,
        /// The system's answer.
        source: io::Error,
    },
    /// The learning half refused.
    #[error(transparent)]
    Core(#[from] glam_core::Error),
    /// The model handed over is not the one that was opened with this store.
    #[error("{path}: {what}; hand over the model that was opened with this store")]
    OtherModel {
        /// The directory.
        path: PathBuf,
        /// What tells.
        what: &'static str,
    },
    /// An observation was to be erased that there never was.
    #[error("{path}: there is no observation {sequence}; the history holds 1 to {last}")]
    NoObservation {
        /// The directory.
        path: PathBuf,
        /// The sequence number given.
        sequence: u64,
        /// The sequence number of the last observation; 0 where there is none.
        last: u64,
    },
    /// Too little of a damaged memory is left to repair it.
    #[error("{path}: cannot be repaired: {why}; restore it from a backup")]
    Unrepairable {
        /// The directory.
        path: PathBuf,
        /// What stands in the way.
        why: String,
    },
    /// Observations are asked for that the history retains no longer.
    #[error(
        "{path}: the history begins with observation {first}, those before it were dropped; what was \
         learned from them is in the snapshot alone"
    )]
    HistoryDropped {
        /// The directory.
        path: PathBuf,
        /// The first observation that is retained.
        first: u64,
    },
    /// A checkpoint was to be begun, or an observation erased, while a checkpoint is being written.
    #[error("{path}: a checkpoint is being written; end it first")]
    Checkpointing {
        /// The directory.
        path: PathBuf,
    },
    /// An observation was to be erased that is erased already.
    #[error("{path}: observation {sequence} is erased already")]
    Erased {
        /// The log file.
        path: PathBuf,
        /// The sequence number given.
        sequence: u64,
    },
    /// An erasure was to be finished while the snapshot may still hold the observation.
    #[error(
        "{path}: no checkpoint was made since an observation was erased; make one with a model that \
         is rebuilt from the history"
    )]
    NotCheckpointed {
        /// The directory.
        path: PathBuf,
    },
    /// An earlier write failed, so what the files hold is not known until they are read again.
    #[error(
        "{path}: an earlier attempt to {action} failed ({kind}); close the memory and open it again"
    )]
    Poisoned {
        /// The file that could not be written.
        path: PathBuf,
        /// What failed.
        action: &'static str,
        /// How it failed.
        kind: io::ErrorKind,
    },
}

/// The result of this crate's calls.
pub type Result<T, E = Error> = std::result::Result<T, E>;

fn holder(pid: Option<u32>) -> String {
    pid.map_or_else(|| "another process".to_owned(), |pid| format!("process {pid}"))
}
