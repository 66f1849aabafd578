//! `glam verify`: check every checksum.

use std::path::PathBuf;

use crate::columns::Columns;
use crate::error::{Error, Result};
use crate::message::{counted, grouped, print, say};

/// Damages that are printed.
const LISTED: usize = 20;

/// Check every checksum of a memory.
///
/// Reads every byte: manifest, snapshot, log, column names. Exits with status 0 where all is sound,
/// with 1 where anything is damaged, and says where. Takes no lock and changes nothing: `glam repair`
/// saves what can be saved.
#[derive(Debug, clap::Args)]
pub(crate) struct VerifyArgs {
    /// The directory of the memory.
    #[arg(value_name = "MEM")]
    memory: PathBuf,
}

pub(crate) fn run(args: &VerifyArgs) -> Result<()> {
    let found = glam_memory::verify(&args.memory).map_err(glam_memory::Error::from)?;
    let mut damages: Vec<String> = found.damages.iter().map(ToString::to_string).collect();
    if let Err(error) = Columns::read(&args.memory) {
        damages.push(error.to_string());
    }
    if !damages.is_empty() {
        damages.iter().take(LISTED).for_each(|damage| say(damage));
        if damages.len() > LISTED {
            say(&format!("and {} more", grouped((damages.len() - LISTED) as u64)));
        }
        let (memory, damages) = (args.memory.clone(), damages.len() as u64);
        return Err(Error::Damaged { memory, damages });
    }
    let mut text = format!(
        "{}: sound ({}, {}, {}, {})\n",
        args.memory.display(),
        counted(found.files, "file"),
        counted(found.bytes, "byte"),
        counted(found.slots, "slot"),
        counted(found.frames, "observation"),
    );
    if found.first > 1 {
        let first = grouped(found.first);
        text.push_str(&format!("the history begins with row {first}: those before were dropped\n"));
    }
    if found.torn_bytes > 0 {
        text.push_str(&format!(
            "{} at the end of the log are an observation that was not finished: no damage\n",
            counted(found.torn_bytes, "byte")
        ));
    }
    print(&text)
}
