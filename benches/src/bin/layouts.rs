//! What ways to lay out slots cost a write.
//!
//! ```text
//! cargo run --release -p glam-benches --no-default-features --bin layouts
//! ```
//!
//! For each shape a memory learns rows of a smooth function; the slots of further rows are then touched in
//! the order in which writes touch them (maps, covariances, and both again to change them), in arenas that
//! are laid out in several ways, in turns. No arithmetic but sums and products: what is left is what the
//! layout costs. Medians over rounds.
//!
//! - **apart**: maps and covariances apart, every slot from a cache line on, of a covariance the upper
//!   triangle in groups of eight: what the library does.
//! - **close**: the same, slot behind slot without a gap, so that they share cache lines.
//! - **joined**: each slot's map and covariance side by side.
//! - **by table**: as apart, but slots numbered table by table, not in the order of their first write.
//! - **square**: as apart, with all n x n floats of a covariance.

use std::error::Error;
use std::hint::black_box;
use std::process::ExitCode;

use clap::Parser;
use glam_benches::layouts::Layout;
use glam_benches::program::{ended, print_command};
use glam_benches::stream::Stream;
use glam_benches::timing::{median, seconds};
use glam_memory::core::{Config, Model, Rehearse, Scratch, Targets};

/// Measure what ways to lay out slots cost a write.
#[derive(Parser)]
struct Arguments {
    /// Rows that are written before anything is measured.
    #[arg(long, default_value_t = 20_000, value_name = "N")]
    #[arg(value_parser = clap::value_parser!(u32).range(1024..))]
    rows: u32,
    /// Rows of a round.
    #[arg(long, default_value_t = 2000, value_name = "N")]
    #[arg(value_parser = clap::value_parser!(u32).range(1..))]
    cues: u32,
    /// Rounds, of which medians are taken.
    #[arg(long, default_value_t = 15, value_name = "N")]
    #[arg(value_parser = clap::value_parser!(u32).range(1..))]
    rounds: u32,
}

fn main() -> ExitCode {
    ended("layouts", run(&Arguments::parse()))
}

/// Inputs, outputs, inputs of a view, level.
type Shape = (usize, u32, usize, u8);

const SHAPES: [Shape; 4] = [(18, 6, 18, 8), (784, 10, 15, 8), (384, 77, 15, 4), (8, 1, 8, 8)];
const TABLES: usize = 128;
/// Floats of a group: rows of maps and columns of covariances are padded to it.
const GROUP: usize = 8;

fn run(arguments: &Arguments) -> Result<(), Box<dyn Error>> {
    print_command("layouts");
    println!("{:<16} {:<10} {:>8} {:>9} {:>7}", "shape", "layout", "MB", "us/write", "ratio");
    for shape in SHAPES {
        measure(arguments, shape)?;
    }
    Ok(())
}

fn measure(arguments: &Arguments, shape: Shape) -> Result<(), Box<dyn Error>> {
    let (inputs, outputs, view, level) = shape;
    let config = Config::builder(inputs, Targets::Numbers(outputs))
        .tables(TABLES)
        .levels([level])
        .view(view)
        .rehearse(Rehearse::Fixed(0))
        .build()?;
    let stream = Stream::new(inputs, outputs as usize);
    let (rows, cues) = (arguments.rows as usize, arguments.cues as usize);
    let mut model = Model::new(config);
    for (x, y) in stream.rows(0, rows) {
        model.write(&x, (&y[..]).into())?;
    }
    let mut scratch = Scratch::default();
    let mut active = Vec::new();
    for (x, _) in stream.rows(rows, cues) {
        let explanation = model.recall().explain(&x, &mut scratch)?;
        active.push(explanation.active.iter().map(|slot| slot.slot).collect::<Vec<u32>>());
    }
    // Number of each slot where they stand table by table.
    let state = model.state();
    let slots = state.keys.len();
    let mut by_table: Vec<u32> = (0..slots as u32).collect();
    by_table.sort_by_key(|&slot| state.keys[slot as usize]);
    let mut numbers = vec![0; slots];
    for (number, &slot) in (0..).zip(&by_table) {
        numbers[slot as usize] = number;
    }
    let renumber = |slots: &Vec<u32>| slots.iter().map(|&slot| numbers[slot as usize]).collect();
    let renumbered: Vec<Vec<u32>> = active.iter().map(renumber).collect();

    let n = view + 1;
    let map = outputs as usize * n.next_multiple_of(GROUP);
    let triangle =
        n.next_multiple_of(GROUP) + (0..n).map(|j| GROUP * (j / GROUP + 1)).sum::<usize>();
    let square = n * n.next_multiple_of(GROUP);
    let mut ways = [
        ("apart", Layout::apart(slots, map, triangle), &active),
        ("close", Layout::close(slots, map, triangle), &active),
        ("joined", Layout::joined(slots, map, triangle), &active),
        ("by table", Layout::apart(slots, map, triangle), &renumbered),
        ("square", Layout::apart(slots, map, square), &active),
    ];
    let mut times = vec![Vec::new(); ways.len()];
    for round in 0..arguments.rounds as usize {
        for turn in 0..ways.len() {
            // Who follows whom should not matter: each round begins with another.
            let way = (round + turn * (1 + round % (ways.len() - 1))) % ways.len();
            let ((name, layout, active), times) = (&mut ways[way], &mut times[way]);
            let floats = if *name == "square" { map + square } else { map + triangle };
            let mut sum = 0.0;
            let taken = seconds(|| {
                for active in *active {
                    sum += f64::from(layout.write(active, black_box(1.0)));
                }
            });
            let touched = active.iter().map(Vec::len).sum::<usize>() as f64 * floats as f64;
            // All floats are one.
            if sum != touched {
                return Err(format!("{name}: {sum} floats were touched, not {touched}").into());
            }
            times.push(taken / cues as f64);
        }
    }
    let first = median(&times[0]);
    for ((name, layout, _), times) in ways.iter().zip(&times) {
        println!(
            "{:<16} {name:<10} {:>8.1} {:>9.2} {:>7.2}",
            format!("{inputs}x{outputs}x{TABLES}x{level}"),
            layout.bytes() as f64 / 1e6,
            1e6 * median(times),
            median(times) / first,
        );
    }
    Ok(())
}
