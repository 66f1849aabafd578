//! `glam repair`: make a damaged memory whole again.

use std::ops::RangeInclusive;
use std::path::PathBuf;

use crate::error::Result;
use crate::message::{counted, grouped, print};

/// Ranges that are listed.
const LISTED: usize = 8;

/// Make a damaged memory sound again, and say what could not be saved.
///
/// A damaged snapshot is made again from the log: the same memory, but for a consolidation, which has
/// to be made again. A damaged log is written anew without the rows that cannot be read; the memory
/// goes on knowing those that its snapshot holds, the others are as if they had been forgotten. A
/// damaged manifest is replaced by its copy. Where the history was dropped, damaged slots of the
/// snapshot are lost and the others stay.
///
/// Damaged log files are set aside under names that end with `.damaged`. A memory that is sound is left
/// as it is. Make a copy of the directory first where the data matter.
#[derive(Debug, clap::Args)]
pub(crate) struct RepairArgs {
    /// The directory of the memory.
    #[arg(value_name = "MEM")]
    memory: PathBuf,
}

pub(crate) fn run(args: &RepairArgs) -> Result<()> {
    let done = glam_memory::repair(&args.memory).map_err(glam_memory::Error::from)?;
    let path = args.memory.display();
    if done.is_idle() {
        return print(&format!("{path}: sound, nothing to repair\n"));
    }
    let damages = done.found.damages.len() as u64 + u64::from(done.manifest);
    let mut lines = vec![format!("{path}: repaired ({})", counted(damages, "damaged place"))];
    if done.manifest {
        lines.push("  the manifest was replaced by its copy".to_owned());
    }
    if done.rebuilt {
        let again = "  the snapshot was made again from the log; consolidate again where it was";
        lines.push(again.to_owned());
    }
    if done.lost_slots > 0 {
        let slots = counted(done.lost_slots, "slot");
        lines.push(format!("  lost: {slots}, which know nothing now"));
    }
    if !done.lost.is_empty() {
        lines.push(format!("  lost from the history: {}", ranges(&done.lost)));
        lines.push(match done.unlearned.as_slice() {
            [] => "  what was learned from them is kept".to_owned(),
            unlearned => format!("  not learned any more: {}", ranges(unlearned)),
        });
    }
    for aside in &done.aside {
        lines.push(format!("  set aside: {}", aside.display()));
    }
    if done.lost.is_empty() && done.lost_slots == 0 {
        lines.push("  nothing is lost".to_owned());
    }
    print(&(lines.join("\n") + "\n"))
}

/// Ranges of rows, the first few of them.
fn ranges(ranges: &[RangeInclusive<u64>]) -> String {
    let rows: u64 = ranges.iter().map(|range| range.end() - range.start() + 1).sum();
    let named = ranges.iter().take(LISTED).map(|range| match (*range.start(), *range.end()) {
        (first, last) if first == last => grouped(first),
        (first, last) => format!("{} to {}", grouped(first), grouped(last)),
    });
    let mut text = named.collect::<Vec<_>>().join(", ");
    if ranges.len() > LISTED {
        text.push_str(&format!(" and {} more places", grouped((ranges.len() - LISTED) as u64)));
    }
    format!("{} ({text})", counted(rows, "row"))
}
