//! `glam backup`: a copy of a memory, taken while it may be written to.

use std::path::PathBuf;

use crate::columns::Columns;
use crate::error::Result;
use crate::message::{counted, print};

/// Copy a memory, while it may be written to.
///
/// The copy is a memory of its own in the state of one moment, on the disk when this returns. Files of
/// a snapshot never change: they become hard links where the file system has them, which takes no
/// room and no time; the log is copied.
///
/// Rows that are forgotten afterwards stay in the copy.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES, after_long_help = EXAMPLES)]
pub(crate) struct BackupArgs {
    /// The directory of the memory.
    #[arg(value_name = "MEM")]
    memory: PathBuf,
    /// The directory to make; it must not hold anything yet.
    #[arg(value_name = "TO")]
    to: PathBuf,
}

const EXAMPLES: &str = "\
Examples:
  glam backup robot.glam robot-monday.glam
  glam inspect robot-monday.glam             a memory like any other";

pub(crate) fn run(args: &BackupArgs) -> Result<()> {
    let made = glam_memory::backup(&args.memory, &args.to).map_err(glam_memory::Error::from)?;
    if let Some(columns) = Columns::read(&args.memory)? {
        columns.write(&args.to)?;
    }
    print(&format!(
        "{}: a copy of {} ({}, {} copied, {} shared)\n",
        args.to.display(),
        args.memory.display(),
        counted(made.files, "file"),
        counted(made.copied, "byte"),
        counted(made.linked, "byte"),
    ))
}
