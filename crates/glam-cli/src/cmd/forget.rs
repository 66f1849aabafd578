//! `glam forget`: make a memory as if rows had never been written.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::time::Instant;

use glam_memory::Memory;

use crate::error::{Error, Result};
use crate::interrupt;
use crate::message::{counted, grouped, print};

/// Forget rows, as if they had never been written.
///
/// A row is named by its sequence number. Rows are numbered from 1 in the order in which they were
/// written: row K of the first file has the number K; rows of the second go on where the first
/// ended (`glam write` says how many the memory holds). A header is no row, and rows that are
/// forgotten keep their numbers.
///
/// The row is overwritten in the log, and the memory is learned anew from all others, which takes as
/// long as writing them did, once for each number. Its answers are then those of a memory that was
/// never given the row; one that was consolidated is solved again with the gates that it has, and
/// keeps its classes, their names included, and its statistics of errors.
/// MEM/COLUMNS stays as it is: the values of categories that it lists are those of the first file,
/// whatever becomes of its rows. Copies that you made are out of reach.
///
/// All numbers are looked up first: where one is not there, nothing is forgotten. Ctrl-C stops between
/// two rows and says which were forgotten and which were not.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES, after_long_help = EXAMPLES)]
pub(crate) struct ForgetArgs {
    /// The directory of the memory.
    #[arg(value_name = "MEM")]
    memory: PathBuf,
    /// The sequence numbers of the rows.
    #[arg(value_name = "SEQUENCE", required = true, value_parser = sequence)]
    sequences: Vec<u64>,
}

const EXAMPLES: &str = "\
Examples:
  glam forget robot.glam 17           the 17th row that was written
  glam forget robot.glam 3 4 1205     three rows; learns the others three times

To find a number: the row on line L of the first file written is L, or L - 1
where that file has a header.";

fn sequence(text: &str) -> Result<u64, &'static str> {
    text.parse().map_err(|_| "give whole numbers, those of rows counted from 1")
}

pub(crate) fn run(args: &ForgetArgs) -> Result<()> {
    interrupt::listen();
    let memory = Memory::open(&args.memory)?;
    let sequences: BTreeSet<u64> = args.sequences.iter().copied().collect();
    let mut absent = sequences.clone();
    let mut rows = 0;
    let mut history = memory.history()?;
    while let Some(observation) = history.next().map_err(glam_memory::Error::from)? {
        rows += 1;
        absent.remove(&observation.sequence);
    }
    drop(history);
    // Those that are not there come first: the library refuses them and changes nothing.
    let start = Instant::now();
    interrupt::start_writing();
    let order: Vec<u64> = absent.iter().chain(sequences.difference(&absent)).copied().collect();
    for (place, &sequence) in order.iter().enumerate() {
        if interrupt::is_asked() {
            memory.close()?;
            let (forgotten, left) = order.split_at(place);
            return Err(match forgotten {
                [] => Error::Unchanged,
                _ => Error::PartlyForgotten { forgotten: forgotten.into(), left: left.into() },
            });
        }
        memory.forget(sequence)?;
    }
    memory.close()?;
    let (forgotten, seconds) = (sequences.len() as u64, start.elapsed().as_secs_f64());
    let numbers: Vec<String> = sequences.iter().map(|&sequence| grouped(sequence)).collect();
    print(&format!(
        "{}: forgot {} ({}); {} left, learned anew in {seconds:.2} s\n",
        args.memory.display(),
        counted(forgotten, "row"),
        numbers.join(", "),
        match rows - forgotten {
            1 => "1 row is".to_owned(),
            left => format!("{} are", counted(left, "row")),
        },
    ))
}
