//! `glam rebuild`: make a snapshot anew, where it is damaged or of an earlier format.

use std::path::PathBuf;

use glam_memory::Memory;

use crate::error::Result;
use crate::message::{counted, print};

/// Make a memory's snapshot anew from its log.
///
/// For a memory whose snapshot `glam verify` finds damaged: every observation of the log is learned
/// again, and the result, the same memory bit for bit, takes the snapshot's place. Takes as long as
/// writing the rows did. Where the log or the manifest is damaged too, use `glam repair`.
///
/// Also for a memory of an earlier file format, which no other sub-command opens: its rows are
/// learned as this version learns, and it is kept in this version's format from then on.
#[derive(Debug, clap::Args)]
pub(crate) struct RebuildArgs {
    /// The directory of the memory.
    #[arg(value_name = "MEM")]
    memory: PathBuf,
}

pub(crate) fn run(args: &RebuildArgs) -> Result<()> {
    let memory = Memory::rebuild(&args.memory)?;
    memory.checkpoint()?;
    // Those that were forgotten have a number and are not there.
    let (mut history, mut left) = (memory.history()?, 0);
    while history.next().map_err(glam_memory::Error::from)?.is_some() {
        left += 1;
    }
    drop(history);
    let observations = counted(left, "observation");
    memory.close()?;
    print(&format!("{}: rebuilt from {observations}\n", args.memory.display()))
}
