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
use glam_benches::data::{Banking77Order, Dataset, Targets, by_name};
use glam_memory::core::{Config, Model, Target, Targets as Learns};

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

/// Rows that were predicted right.
#[derive(Default)]
struct Right {
    rows: usize,
    all: usize,
    last_half: usize,
}

impl Right {
    fn count(&mut self, row: usize, rows: usize, right: bool) {
        self.rows = rows;
        self.all += usize::from(right);
        self.last_half += usize::from(right && row >= rows / 2);
    }

    fn print(&self, set: &str, rule: &str, seconds: Option<f64>) {
        let half = self.rows - self.rows / 2;
        let speed = seconds.map_or_else(
            || "-".to_owned(),
            |seconds| format!("{:.0}", self.rows as f64 / seconds.max(1e-9)),
        );
        println!(
            "{set:<8} {rule:<32} {:>8.4} {:>9.4} {speed:>9}",
            self.all as f64 / self.rows.max(1) as f64,
            self.last_half as f64 / half.max(1) as f64,
        );
    }
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
        let Targets::Labels { labels, names } = &set.train_y else {
            return Err(format!("{name} is no stream of labels").into());
        };
        previous(labels).print(name, "the label before", None);
        majority(labels, names.len()).print(name, "the most frequent label so far", None);
        for with_previous in [false, true] {
            for &window in &windows {
                let started = Instant::now();
                let right = memory(&set, labels, names, window, with_previous, arguments.seed)?;
                let rule = match window {
                    None => "memory, no window".to_owned(),
                    Some(writes) => format!("memory, window {writes}"),
                };
                let rule = if with_previous { rule + " + previous label" } else { rule };
                right.print(name, &rule, Some(started.elapsed().as_secs_f64()));
            }
        }
    }
    Ok(())
}

fn previous(labels: &[u32]) -> Right {
    let mut right = Right::default();
    for row in 0..labels.len() {
        right.count(row, labels.len(), row > 0 && labels[row] == labels[row - 1]);
    }
    right
}

fn majority(labels: &[u32], classes: usize) -> Right {
    let (mut right, mut counts) = (Right::default(), vec![0_usize; classes]);
    for (row, &label) in labels.iter().enumerate() {
        let most = counts.iter().copied().max().unwrap_or(0);
        let guess = counts.iter().position(|&count| count == most && count > 0);
        right.count(row, labels.len(), guess == Some(label as usize));
        counts[label as usize] += 1;
    }
    right
}

fn memory(
    set: &Dataset,
    labels: &[u32],
    names: &[String],
    window: Option<u32>,
    with_previous: bool,
    seed: u64,
) -> Result<Right, Box<dyn Error>> {
    let inputs = set.train_x.ncols() + usize::from(with_previous);
    let builder = Config::builder(inputs, Learns::Labels).seed(seed);
    let builder = match window {
        Some(writes) => builder.window(writes),
        None => builder,
    };
    let mut model = Model::new(builder.build()?);
    let mut right = Right::default();
    let mut x = Vec::with_capacity(inputs);
    for (row, &label) in labels.iter().enumerate() {
        x.clear();
        x.extend(set.train_x.row(row));
        if with_previous {
            x.push(if row == 0 { 0.5 } else { labels[row - 1] as f32 });
        }
        let name = names[label as usize].as_str();
        let scores = model.write(&x, Target::Label(name.into()))?;
        let best = scores.iter().enumerate().max_by(|a, b| a.1.total_cmp(b.1).then(b.0.cmp(&a.0)));
        let best = best.filter(|_| row > 0).map(|(class, _)| class);
        let found = model.recall().labels().position(name.into());
        right.count(row, labels.len(), best.is_some() && best == found);
    }
    Ok(right)
}
