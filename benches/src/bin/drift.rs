//! How well a memory follows a stream that drifts: prequential accuracy, window by window.
//!
//! ```text
//! cargo run --release -p glam-benches --no-default-features --bin drift [-- --sets elec2] [--windows none,100]
//! ```
//!
//! Each row of a stream is predicted just before it is learned, in time order; the share of right
//! predictions over all rows is printed, as is that of the last half. Beside the memory stand two
//! rules that learn nothing: the label that came before, and the label that was most frequent so far.
//! Rows marked "+ previous label" give the memory the label before as one more input (0 or 1, and 0.5 before
//! the first): what a user must do who wants to beat the rule of the label before.
//!
//! What it showed: on elec2 a memory without a window is a little ahead of the rule of the label before,
//! and every window is ahead of that; the shorter the better, and with one of up to 300 the label before
//! as an input costs some accuracy, from 1,000 on it adds some. On weather a window hardly helps:
//! there forgetting costs up to .006.

use std::error::Error;
use std::process::ExitCode;
use std::time::Instant;

use clap::Parser;
use glam_benches::data::{Banking77Order, Targets, by_name};
use glam_benches::prequential::{Follow, last_half, memory, most_frequent, previous_label, share};

/// Measure the prequential accuracy of memories with and without a window on streams in time order.
#[derive(Parser)]
struct Arguments {
    /// The streams, by name.
    #[arg(long, value_delimiter = ',', value_name = "NAME,NAME", default_value = "elec2,weather")]
    sets: Vec<String>,
    /// The windows, in writes; `none` for a memory that forgets nothing.
    #[arg(
        long,
        value_delimiter = ',',
        value_name = "N,N",
        default_value = "none,30,100,300,1000,3000,10000"
    )]
    windows: Vec<String>,
    /// The memory's seed.
    #[arg(long, default_value_t = 1, value_name = "N")]
    seed: u64,
}

fn main() -> ExitCode {
    match run(&Arguments::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("drift: {error}");
            ExitCode::from(1)
        }
    }
}

fn print(set: &str, rule: &str, right: &[bool], seconds: Option<f64>) {
    let speed = seconds.map_or_else(
        || "-".to_owned(),
        |seconds| format!("{:.0}", right.len() as f64 / seconds.max(1e-9)),
    );
    println!(
        "{set:<8} {rule:<32} {:>8.4} {:>9.4} {speed:>9}",
        share(right),
        share(last_half(right)),
    );
}

fn run(arguments: &Arguments) -> Result<(), Box<dyn Error>> {
    println!(
        "cargo run --release -p glam-benches --no-default-features --bin drift -- \
         --sets {} --windows {} --seed {}\n",
        arguments.sets.join(","),
        arguments.windows.join(","),
        arguments.seed
    );
    println!("{:<8} {:<32} {:>8} {:>9} {:>9}", "set", "rule", "accuracy", "last half", "writes/s");
    let windows = arguments
        .windows
        .iter()
        .map(|window| match window.as_str() {
            "none" => Ok(None),
            writes => writes.parse().map(Some),
        })
        .collect::<Result<Vec<Option<u32>>, _>>()?;
    for name in &arguments.sets {
        let set = by_name(name, 0, Banking77Order::SortedByClass)?;
        let Targets::Labels { labels, .. } = &set.train_y else {
            return Err(format!("{name} is no stream of labels").into());
        };
        print(name, "the label before", &previous_label(labels), None);
        print(name, "the most frequent label so far", &most_frequent(labels), None);
        for with_previous in [false, true] {
            for &window in &windows {
                let started = Instant::now();
                let follow = Follow { window, with_previous, seed: arguments.seed };
                let right = memory(set.train_x.view(), labels, follow)?;
                let rule = match window {
                    None => "memory, no window".to_owned(),
                    Some(writes) => format!("memory, window {writes}"),
                };
                let rule = if with_previous { rule + " + previous label" } else { rule };
                print(name, &rule, &right, Some(started.elapsed().as_secs_f64()));
            }
        }
    }
    Ok(())
}
