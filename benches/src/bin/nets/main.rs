//! Nets as tables of linear maps: how exact a look-up is, where it is faster than the forward pass, and
//! what leaving columns out saves.
//!
//! ```text
//! cargo run --release -p glam-benches --no-default-features --bin nets [-- --tables speed]
//! ```
//!
//! - **exactness**: the largest distance of a look-up from the forward pass over cues, before a softmax,
//!   and the largest part of its bound that it is; cues whose largest output is another one. Nets are
//!   random, or the one of `--net`.
//! - **speed**: the forward pass against look-ups, in turns in one process and on one thread, medians over
//!   rounds. A round begins with an empty table and includes what is composed and stored. *random* are
//!   independent cues, *walk* a point that moves slowly, *arm* the robot arm's states as they followed each
//!   other, 250 a second, *again* a few cues whose maps are all stored. *ratio* is the look-up's time over
//!   the forward pass's: below 1 the look-up wins.
//!   *data* are the test rows of `--data` in their order.
//! - **columns**: one layer with some inputs that are not 0: *rows*, a dense read by dot products; *dense*,
//!   the layer's own read made to add all columns; *sparse*, the same where columns of zeros are left
//!   out. *saved* is dense over sparse. The last two must be equal to the bit.
//! - **stored**: the nets in `tests/nets` over 10,000 cues of their data sets, also against what the
//!   frameworks computed that trained them; Fashion-MNIST is read from the data folder.

mod columns;
mod exactness;
mod speed;
mod stored;

use std::error::Error;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, ValueEnum};
use glam_benches::data::{Banking77Order, by_name};
use glam_benches::program::{ended, print_command};
use glam_memory::core::net::{Net, Output};

/// Measure nets read as tables of linear maps.
#[derive(Parser)]
struct Arguments {
    /// What to measure.
    #[arg(long, value_delimiter = ',', default_value = "exactness,speed,columns")]
    tables: Vec<Table>,
    /// A net to take for exactness and speed instead of random ones: .onnx, .safetensors or .net.
    #[arg(long, value_name = "FILE")]
    net: Option<PathBuf>,
    /// A data set whose test rows are the cues of `--net`, in their order, instead of random ones.
    #[arg(long, value_name = "NAME", requires = "net")]
    data: Option<String>,
    /// Units of the hidden layers.
    #[arg(long, value_delimiter = ',', value_name = "N", default_value = "32,128,512")]
    #[arg(value_parser = clap::value_parser!(u32).range(1..=4096))]
    widths: Vec<u32>,
    /// Hidden layers.
    #[arg(long, value_delimiter = ',', value_name = "N", default_value = "1,3,6")]
    #[arg(value_parser = clap::value_parser!(u32).range(1..=64))]
    depths: Vec<u32>,
    /// Inputs.
    #[arg(long, value_delimiter = ',', value_name = "N", default_value = "4,18,784")]
    #[arg(value_parser = clap::value_parser!(u32).range(1..=4096))]
    inputs: Vec<u32>,
    /// Outputs.
    #[arg(long, default_value_t = 10, value_name = "N")]
    #[arg(value_parser = clap::value_parser!(u32).range(1..=4096))]
    outputs: u32,
    /// Cues of a round; fewer where composing their maps would take long.
    #[arg(long, default_value_t = 1000, value_name = "N")]
    #[arg(value_parser = clap::value_parser!(u32).range(1..=100_000))]
    cues: u32,
    /// Rounds, of which medians are taken.
    #[arg(long, default_value_t = 5, value_name = "N")]
    #[arg(value_parser = clap::value_parser!(u32).range(1..))]
    rounds: u32,
    /// How far a walk goes at a step on each input, in spreads of random cues.
    #[arg(long, default_value_t = 0.001, value_name = "X")]
    step: f32,
    /// Compose a map only where its pattern is met again.
    #[arg(long)]
    second_time: bool,
    /// Megabytes that a table of maps may take.
    #[arg(long, default_value_t = 256, value_name = "N")]
    megabytes: u16,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Table {
    Exactness,
    Speed,
    Columns,
    Stored,
}

impl Arguments {
    fn max_bytes(&self) -> usize {
        usize::from(self.megabytes) << 20
    }

    /// Cues of `net`, such that composing the maps of each is not endless.
    fn cues(&self, net: &Net) -> usize {
        let first = net.layers().first().map_or(0, |layer| layer.inputs() * layer.sums());
        let products = net.inputs() * net.parameters().saturating_sub(first);
        (2_000_000_000 / products.max(1)).max(8).min(self.cues as usize)
    }
}

/// The net of `--net` and the cues of `--data`, of which there may be none.
type Given = (Net, Vec<Vec<f32>>);

/// What `--net` and `--data` give; `None` where they are left out.
fn given(arguments: &Arguments) -> Result<Option<Given>, Box<dyn Error>> {
    let Some(path) = &arguments.net else { return Ok(None) };
    // Before a softmax, so that distances are those of sums.
    let net = glam_net::open(path)?.with_output(Output::Linear);
    let Some(name) = &arguments.data else { return Ok(Some((net, Vec::new()))) };
    let rows = by_name(name, 0, Banking77Order::SortedByClass)?.test_x;
    let cues = rows.rows().into_iter().take(arguments.cues as usize);
    Ok(Some((net, cues.map(|row| row.to_vec()).collect())))
}

fn main() -> ExitCode {
    ended("nets", run(&Arguments::parse()))
}

fn run(arguments: &Arguments) -> Result<(), Box<dyn Error>> {
    print_command("nets");
    for (number, table) in arguments.tables.iter().enumerate() {
        if number > 0 {
            println!();
        }
        match table {
            Table::Exactness => exactness::run(arguments)?,
            Table::Speed => speed::run(arguments)?,
            Table::Columns => columns::run(arguments)?,
            Table::Stored => stored::run(arguments)?,
        }
    }
    Ok(())
}
