//! How far reads and writes are from the least work that any implementation must do.
//!
//! ```text
//! cargo run --release -p glam-benches --no-default-features --bin floors [-- --shapes 18x6x128x8]
//! ```
//!
//! For each shape, inputs x outputs x tables x level, a memory learns rows of a smooth function. Then, in
//! turns in one process and on one thread, it is measured what a cue or row takes:
//!
//! - **read**: `Recall::read` of rows that were written, in random order. *bytes* is a loop that knows
//!   their slots beforehand and only adds up the floats of their maps, in the same order; *products* as
//!   many fused multiply-adds as the maps and the gates need, on numbers that stay in registers; *copy*
//!   moves the same maps to one place.
//! - **write**: `Model::write` of further rows. *bytes* reads the maps and covariances of their slots and
//!   writes each float back; *products* are those of the update.
//!
//! The floor is the larger of bytes and products, and *ratio* is the time over it. Medians over rounds.

use std::error::Error;
use std::hint::black_box;
use std::process::ExitCode;
use std::str::FromStr;

use clap::Parser;
use glam_benches::data::shuffled_indices;
use glam_benches::floors::{Slots, products};
use glam_benches::program::{ended, print_command};
use glam_benches::stream::Stream;
use glam_benches::timing::{median, seconds};
use glam_memory::core::{Config, Model, Rehearse, Scratch, Targets};

/// Measure reads and writes against the least work that they can be.
#[derive(Parser)]
struct Arguments {
    /// Shapes as inputs x outputs x tables x level.
    #[arg(
        long,
        value_delimiter = ',',
        value_name = "DxMxTxL",
        default_value = "18x6x128x8,784x10x128x8,384x77x128x4,8x1x128x8"
    )]
    shapes: Vec<Shape>,
    /// Rows that are written before anything is measured; the memory warms up with the first 1,024.
    #[arg(long, default_value_t = 20_000, value_name = "N")]
    #[arg(value_parser = clap::value_parser!(u32).range(1024..))]
    rows: u32,
    /// Cues and rows of a round.
    #[arg(long, default_value_t = 2000, value_name = "N")]
    #[arg(value_parser = clap::value_parser!(u32).range(1..))]
    cues: u32,
    /// Rounds, of which medians are taken.
    #[arg(long, default_value_t = 7, value_name = "N")]
    #[arg(value_parser = clap::value_parser!(u32).range(1..))]
    rounds: u32,
}

#[derive(Clone, Copy)]
struct Shape {
    inputs: usize,
    outputs: u32,
    tables: usize,
    level: u8,
}

impl FromStr for Shape {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || "give four numbers, such as 18x6x128x8".to_owned();
        let [inputs, outputs, tables, level] = text.split('x').collect::<Vec<_>>()[..] else {
            return Err(wrong());
        };
        Ok(Self {
            inputs: inputs.parse().map_err(|_| wrong())?,
            outputs: outputs.parse().map_err(|_| wrong())?,
            tables: tables.parse().map_err(|_| wrong())?,
            level: level.parse().map_err(|_| wrong())?,
        })
    }
}

fn main() -> ExitCode {
    ended("floors", run(&Arguments::parse()))
}

fn run(arguments: &Arguments) -> Result<(), Box<dyn Error>> {
    print_command("floors");
    println!(
        "{:<16} {:>8} {:>6} {:>8} {:<6} {:>8} {:>8} {:>8} {:>8} {:>6}",
        "shape", "slots", "active", "KB", "path", "time", "bytes", "products", "copy", "ratio"
    );
    for &shape in &arguments.shapes {
        measure(shape, arguments)?;
    }
    println!("\nMicroseconds a cue or row; KB that it touches.");
    Ok(())
}

/// Seconds a cue or row, one number a round.
#[derive(Default)]
struct Times {
    own: Vec<f64>,
    bytes: Vec<f64>,
    products: Vec<f64>,
    copy: Vec<f64>,
}

fn measure(shape: Shape, arguments: &Arguments) -> Result<(), Box<dyn Error>> {
    let config = Config::builder(shape.inputs, Targets::Numbers(shape.outputs))
        .tables(shape.tables)
        .levels([shape.level])
        .rehearse(Rehearse::Fixed(0))
        .build()?;
    let source = Stream::new(shape.inputs, shape.outputs as usize);
    let (rows, cues) = (arguments.rows as usize, arguments.cues as usize);
    let mut model = Model::new(config);
    for number in 0..rows {
        let (x, y) = source.row(number);
        model.write(&x, (&y[..]).into())?;
    }
    let order = shuffled_indices(rows, 2);
    let mut scratch = Scratch::default();
    let mut out = vec![0.0; shape.outputs as usize];
    let (mut read, mut write) = (Times::default(), Times::default());
    let (mut slots, mut active, mut kilobytes) = (0, 0.0, [0.0; 2]);
    for round in 0..arguments.rounds as usize {
        let asked: Vec<(Vec<f32>, Vec<f32>)> =
            (0..cues).map(|cue| source.row(order[(round * cues + cue) % rows])).collect();
        let further: Vec<(Vec<f32>, Vec<f32>)> =
            (0..cues).map(|row| source.row(rows + round * cues + row)).collect();
        let places = places(&model, &asked, &mut scratch)?;
        let timed = |work: &mut dyn FnMut()| seconds(work) / cues as f64;
        let state = model.state();
        slots = state.keys.len();
        let mut maps = Slots::new(state.weights.to_vec()?, slots);
        let mut covariances = Slots::new(state.covariances.to_vec()?, slots);

        let mut result = Ok(());
        read.own.push(timed(&mut || {
            for (x, _) in &asked {
                if let Err(error) = model.recall().read(x, &mut scratch, &mut out) {
                    result = Err(error);
                }
                black_box(&out);
            }
        }));
        std::mem::replace(&mut result, Ok(()))?;
        read.bytes.push(timed(&mut || {
            black_box(maps.sum(&places));
        }));
        let decisions = shape.tables * usize::from(shape.level);
        let gates = decisions * 4.min(shape.inputs) * cues;
        let count = places.len() * maps.floats() + gates;
        read.products.push(timed(&mut || {
            black_box(products(count, black_box(0.5), black_box(1.0)));
        }));
        let mut to = Vec::new();
        read.copy.push(timed(&mut || maps.copy(&places, &mut to)));

        let places = self::places(&model, &further, &mut scratch)?;
        write.bytes.push(timed(&mut || {
            let one = black_box(1.0);
            covariances.scale(&places, one);
            maps.scale(&places, one);
        }));
        write.own.push(timed(&mut || {
            for (x, y) in &further {
                if let Err(error) = model.write(x, (&y[..]).into()) {
                    result = Err(error);
                }
            }
        }));
        result?;
        // W phi and e u'; U' phi, and for each of U's elements one product for it and one for u.
        let count = places.len() * (2 * maps.floats() + 3 * covariances.floats()) + gates;
        write.products.push(timed(&mut || {
            black_box(products(count, black_box(0.5), black_box(1.0)));
        }));
        write.copy.push(timed(&mut || {
            covariances.copy(&places, &mut to);
            maps.copy(&places, &mut to);
        }));
        active = places.len() as f64 / cues as f64;
        let each = |bytes: usize| active * bytes as f64 / 1024.0;
        kilobytes = [each(maps.bytes()), each(maps.bytes() + covariances.bytes())];
    }
    check(&model, &source, rows + arguments.rounds as usize * cues, cues)?;
    let Shape { inputs, outputs, tables, level } = shape;
    for (path, times, kilobytes) in [("read", read, kilobytes[0]), ("write", write, kilobytes[1])] {
        let Times { own, bytes, products, copy } = times;
        let [own, bytes, products, copy] =
            [own, bytes, products, copy].map(|times| 1e6 * median(&times));
        println!(
            "{:<16} {slots:>8} {active:>6.1} {kilobytes:>8.1} {path:<6} {own:>8.2} {bytes:>8.2} \
             {products:>8.2} {copy:>8.2} {:>6.2}",
            format!("{inputs}x{outputs}x{tables}x{level}"),
            own / bytes.max(products),
        );
    }
    Ok(())
}

/// Fails where the memory is no better than the constant that is best on `count` rows from `first` on.
fn check(model: &Model, source: &Stream, first: usize, count: usize) -> Result<(), Box<dyn Error>> {
    let rows = source.rows(first, count.max(100));
    let mut scratch = Scratch::default();
    let mut out = vec![0.0; model.recall().outputs()];
    let (mut squares, mut sums, mut truths) = (0.0, vec![0.0; out.len()], vec![0.0; out.len()]);
    for (x, y) in &rows {
        model.recall().read(x, &mut scratch, &mut out)?;
        for (((out, &y), sum), truth) in out.iter().zip(y).zip(&mut sums).zip(&mut truths) {
            let y = f64::from(y);
            squares += (f64::from(*out) - y).powi(2);
            *sum += y;
            *truth += y * y;
        }
    }
    let each = sums.iter().zip(truths).map(|(sum, truth)| truth - sum * sum / rows.len() as f64);
    let constant = each.sum::<f64>();
    if squares < 0.9 * constant {
        Ok(())
    } else {
        Err(format!("nothing was learned: squares {squares:.3}, of the mean {constant:.3}").into())
    }
}

/// The slots of all cues, one after the other.
fn places(
    model: &Model,
    cues: &[(Vec<f32>, Vec<f32>)],
    scratch: &mut Scratch,
) -> Result<Vec<u32>, Box<dyn Error>> {
    let mut places = Vec::new();
    for (x, _) in cues {
        let explanation = model.recall().explain(x, scratch)?;
        places.extend(explanation.active.iter().map(|active| active.slot));
    }
    Ok(places)
}
