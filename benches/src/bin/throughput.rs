//! Writes per second at 784 inputs and 10 classes, one thread, beside another program in the same run.
//!
//! ```text
//! cargo run --release -p glam-benches --bin throughput [-- --peer 'COMMAND'] [--rounds N]
//! ```
//!
//! Fashion-MNIST is written once from memory to memory, without files: the time holds normalising,
//! gates, look-ups, least squares and the whole warm-up. The peer is any command that prints
//! `N writes/s`; it takes turns with GLAM, and medians are compared.

use std::error::Error;
use std::process::ExitCode;
use std::time::Instant;

use clap::Parser;
use glam_benches::command::{number_before, printed};
use glam_benches::data::{Dataset, Targets, fashion_mnist};
use glam_benches::program::{ended, print_command};
use glam_benches::timing::median;
use glam_memory::{Family, Memory};

/// Measure writes per second on Fashion-MNIST, beside another program in the same run.
#[derive(Parser)]
struct Arguments {
    /// A command that prints "N writes/s"; run by the shell.
    #[arg(long, value_name = "COMMAND")]
    peer: Option<String>,
    /// How many turns each takes.
    #[arg(long, default_value_t = 3, value_name = "N")]
    #[arg(value_parser = clap::value_parser!(u32).range(1..))]
    rounds: u32,
}

fn main() -> ExitCode {
    ended("throughput", run(&Arguments::parse()))
}

fn run(arguments: &Arguments) -> Result<(), Box<dyn Error>> {
    print_command("throughput");
    let set = fashion_mnist()?;
    let (mut default, mut shaped, mut peer) = (Vec::new(), Vec::new(), Vec::new());
    for round in 0..arguments.rounds {
        eprintln!("round {}", round + 1);
        default.push(writes_per_second(&set, Memory::builder(784))?);
        let shape = Memory::builder(784)
            .tables(128)
            .levels([8])
            .view(16)
            .families([Family::Hyperplane { inputs: 4 }]);
        shaped.push(writes_per_second(&set, shape)?);
        if let Some(command) = &arguments.peer {
            peer.push(peer_writes_per_second(command)?);
        }
    }
    let (default, shaped) = (median(&default), median(&shaped));
    println!(
        "{:<44} {:>10} {:>10}",
        "Fashion-MNIST, 60,000 writes, one thread", "writes/s", "to peer"
    );
    let peer = arguments.peer.is_some().then(|| median(&peer));
    let ratio = |own: f64| peer.map_or_else(String::new, |peer| format!("{:.2}", own / peer));
    println!("{:<44} {default:>10.0} {:>10}", "GLAM, default settings", ratio(default));
    println!("{:<44} {shaped:>10.0} {:>10}", "GLAM, 128 tables, level 8, view 16", ratio(shaped));
    if let (Some(peer), Some(command)) = (peer, &arguments.peer) {
        println!("{:<44} {peer:>10.0} {:>10}", format!("peer: {command}"), "1");
    }
    Ok(())
}

fn writes_per_second(set: &Dataset, builder: glam_memory::Builder) -> Result<f64, Box<dyn Error>> {
    let Targets::Labels { labels, .. } = &set.train_y else {
        return Err("Fashion-MNIST has no labels".into());
    };
    let memory = builder.labels().in_memory()?;
    let started = Instant::now();
    for (x, &label) in set.train_x.rows().into_iter().zip(labels) {
        memory.write(x.as_slice().ok_or("the inputs are not in row order")?, label)?;
    }
    let seconds = started.elapsed().as_secs_f64();
    // The answer is checked, so that nothing is measured that did not learn.
    let Targets::Labels { labels, .. } = &set.test_y else {
        return Err("Fashion-MNIST has no labels".into());
    };
    let score = memory.score_labels(set.test_x.view(), labels)?;
    match score.accuracy {
        Some(accuracy) if accuracy > 0.86 => Ok(set.train_x.nrows() as f64 / seconds),
        other => Err(format!("the memory did not learn: accuracy {other:?}").into()),
    }
}

/// Runs the peer and reads the number before `writes/s` in what it prints.
fn peer_writes_per_second(command: &str) -> Result<f64, Box<dyn Error>> {
    let printed = printed(command)?;
    number_before(&printed, "writes/s")
        .ok_or_else(|| format!("`{command}` printed no `N writes/s`: {printed}").into())
}
