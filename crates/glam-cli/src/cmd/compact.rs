//! `glam compact`: files without what newer ones have replaced.

use std::path::PathBuf;

use glam_memory::Memory;

use crate::error::Result;
use crate::message::{grouped, print};

/// Write a memory's snapshot anew, without slots that newer ones have replaced.
///
/// A checkpoint writes the slots that changed and leaves the others where they are, so that up to half
/// of a snapshot's files may be slots that nobody reads any more. This writes one file of weights and
/// one of covariances with the slots that there are. The log stays: `glam forget-history` drops it.
#[derive(Debug, clap::Args)]
pub(crate) struct CompactArgs {
    /// The directory of the memory.
    #[arg(value_name = "MEM")]
    memory: PathBuf,
}

pub(crate) fn run(args: &CompactArgs) -> Result<()> {
    let memory = Memory::open(&args.memory)?;
    let bytes = |memory: &Memory| -> Result<u64> {
        Ok(memory.inspect()?.files.map_or(0, |files| files.total()))
    };
    let before = bytes(&memory)?;
    memory.compact()?;
    let after = bytes(&memory)?;
    memory.close()?;
    let (path, before, after) = (args.memory.display(), grouped(before), grouped(after));
    print(&format!("{path}: {after} bytes of files, {before} before\n"))
}
