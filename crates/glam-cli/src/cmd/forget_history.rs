//! `glam forget-history`: drop rows that were learned from the log.

use std::path::PathBuf;

use glam_memory::Memory;

use crate::error::Result;
use crate::message::{counted, grouped, print};

/// Drop the history: the rows that were written, not what was learned from them.
///
/// Every row stays in the log, so that the memory can be consolidated, rows can be forgotten and a
/// damaged snapshot can be made again. Where that room is needed, or rows must not be kept, this drops
/// them; answers stay as they are. Log files go as a whole: with `--keep`, some rows more than asked
/// for may stay.
///
/// From then on `glam consolidate`, `glam regate`, `glam forget` and `glam rebuild` refuse the memory,
/// as they need all rows. This cannot be undone.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES, after_long_help = EXAMPLES)]
pub(crate) struct ForgetHistoryArgs {
    /// The directory of the memory.
    #[arg(value_name = "MEM")]
    memory: PathBuf,
    /// Keep at least the last N rows.
    #[arg(long, value_name = "N", default_value_t = 0)]
    keep: u64,
}

const EXAMPLES: &str = "\
Examples:
  glam forget-history robot.glam
  glam forget-history robot.glam --keep 100000";

pub(crate) fn run(args: &ForgetHistoryArgs) -> Result<()> {
    let memory = Memory::open(&args.memory)?;
    let before = memory.history()?.first();
    let first = memory.forget_history(args.keep)?;
    let last = memory.sequence();
    memory.close()?;
    let (path, dropped) = (args.memory.display(), counted(first - before, "row"));
    let kept = if first > last {
        "none is kept".to_owned()
    } else {
        format!("rows {} to {} are kept", grouped(first), grouped(last))
    };
    print(&format!("{path}: dropped {dropped}, {kept}; what was learned stays\n"))
}
