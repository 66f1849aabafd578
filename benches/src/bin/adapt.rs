//! Holds a memory that starts as a trained net against training the net further, in a new world.

use std::error::Error;
use std::process::ExitCode;

use clap::Parser;
use glam_benches::adapt::{
    AdaptError, Adapted, Learner, Point, Shape, Shift, World, adapt, class_added, images_shifted,
    new_path,
};
use glam_benches::data::Targets;
use glam_benches::program::{ended, print_command_with};
use glam_memory::{Family, Views};

/// Train a net on one world, then let a memory that starts as the net, and gradient descent at its
/// best learning rate, learn some rows of another, once; test both on rows of the new world and of
/// the old.
#[derive(Parser)]
struct Arguments {
    /// Worlds, separated by commas: turned, noisy, class, arm.
    #[arg(long, value_delimiter = ',', default_value = "turned,noisy,class,arm")]
    worlds: Vec<String>,
    /// Rows of the new world.
    #[arg(long, default_value_t = 1000)]
    rows: usize,
    /// Draws of these rows, the mean of which is printed.
    #[arg(long, default_value_t = 3)]
    seeds: u64,
    /// Passes over the old world's rows when the net is trained.
    #[arg(long, default_value_t = 5)]
    epochs: usize,
    /// Try every view of the memory and gates that are the net's own decisions.
    #[arg(long)]
    all_views: bool,
    /// Tables of the memory, instead of what it picks.
    #[arg(long)]
    tables: Option<usize>,
    /// Inputs that a table sees.
    #[arg(long)]
    view: Option<usize>,
    /// Levels of a table, separated by commas.
    #[arg(long, value_delimiter = ',')]
    levels: Option<Vec<u8>>,
    /// Degrees by which `turned` turns the images.
    #[arg(long, default_value_t = 45.0)]
    degrees: f64,
    /// Noise of `noisy`, as a share of white.
    #[arg(long, default_value_t = 0.4)]
    noise: f64,
    /// The class that `class` adds.
    #[arg(long, default_value_t = 9)]
    class: u32,
    /// Learning rates of gradient descent, separated by commas.
    #[arg(long, value_delimiter = ',', default_value = "0.0001,0.0003,0.001,0.003,0.01,0.03,0.1")]
    rates: Vec<f64>,
    /// Rows a step of gradient descent, separated by commas.
    #[arg(long, value_delimiter = ',', default_value = "1,8,32")]
    batches: Vec<usize>,
}

fn main() -> ExitCode {
    ended("adapt", run(&Arguments::parse()))
}

fn run(arguments: &Arguments) -> Result<(), Box<dyn Error>> {
    print_command_with("--features peers", "adapt");
    for name in &arguments.worlds {
        let make = |seed| world(name, arguments, seed);
        let worlds: Vec<World> = (0..arguments.seeds).map(make).collect::<Result<_, _>>()?;
        let Some(first) = worlds.first() else { return Ok(()) };
        let labels = matches!(first.new.1, Targets::Labels { .. });
        let what = if labels { "accuracy" } else { "mean nMSE" };
        println!("\n{}: {what}, mean of {} draws", first.name, worlds.len());
        let stops: Vec<usize> =
            [arguments.rows / 10, arguments.rows * 3 / 10, arguments.rows].to_vec();
        print!("{:<46}", "learner");
        stops.iter().for_each(|stop| print!("  new@{stop:<5}"));
        println!("  old@{:<5}  seconds", arguments.rows);
        let line = |name: &str, adapted: &Adapted| {
            print!("{name:<46}");
            adapted.points.iter().for_each(|point| print!("  {:>9.4}", point.new));
            let old = adapted.points.last().map_or(f64::NAN, |point| point.old);
            println!("  {old:>9.4}  {:>7.2}", adapted.seconds);
        };
        line("the net as it is", &mean(&worlds, &Learner::Net, &stops)?);
        let shape = Shape {
            tables: arguments.tables,
            view: arguments.view,
            levels: arguments.levels.clone(),
            ..Shape::default()
        };
        let memory = |name, views, families| {
            (name, Learner::Memory(Shape { views, families, ..shape.clone() }))
        };
        let mut memories = vec![memory("memory over the net", Views::default(), None)];
        if arguments.all_views {
            let relu = || Some(vec![Family::Relu { layer: 0 }]);
            memories = vec![
                memory("memory, inputs and hidden values", Views::Both, None),
                memory("memory, inputs", Views::Inputs, None),
                memory("memory, hidden values", Views::Units, None),
                memory("memory, both, the net's gates", Views::Both, relu()),
                memory("memory, inputs, the net's gates", Views::Inputs, relu()),
                memory("memory, hidden values, the net's gates", Views::Units, relu()),
            ];
        }
        for (name, learner) in &memories {
            line(name, &mean(&worlds, learner, &stops)?);
        }
        line("memory from nothing", &mean(&worlds, &Learner::FromNothing, &stops)?);
        for (name, last_alone) in [("all layers", false), ("last layer", true)] {
            let mut best: Option<(Adapted, f64, usize)> = None;
            for &rate in &arguments.rates {
                for &batch in &arguments.batches {
                    let learner = Learner::Sgd { rate, batch, last_alone };
                    let adapted = mean(&worlds, &learner, &stops)?;
                    let better = best.as_ref().is_none_or(|(best, ..)| {
                        let (new, old) = (end(&adapted), end(best));
                        if labels { new > old } else { new < old }
                    });
                    if better {
                        best = Some((adapted, rate, batch));
                    }
                }
            }
            if let Some((adapted, rate, batch)) = best {
                line(&format!("gradient descent, {name}, {rate} by {batch}"), &adapted);
            }
        }
    }
    println!("\nGradient descent has the rate and the batch that are best on the new test rows.");
    Ok(())
}

/// On the new world's test rows at the end; the worst of all where it diverged.
fn end(adapted: &Adapted) -> f64 {
    adapted.points.last().map_or(f64::NAN, |point| point.new)
}

fn world(name: &str, arguments: &Arguments, seed: u64) -> Result<World, Box<dyn Error>> {
    let (epochs, rows) = (arguments.epochs, arguments.rows);
    Ok(match name {
        "turned" => images_shifted(&[256], epochs, Shift::Turned(arguments.degrees), rows, seed)?,
        "noisy" => images_shifted(&[256], epochs, Shift::Noisy(arguments.noise), rows, seed)?,
        "class" => class_added(&[256], epochs, arguments.class, rows, seed)?,
        "arm" => new_path(&[128, 128], epochs, rows, seed)?,
        other => return Err(format!("there is no world {other}").into()),
    })
}

/// Means over the worlds.
fn mean(worlds: &[World], learner: &Learner, stops: &[usize]) -> Result<Adapted, AdaptError> {
    let each: Vec<Adapted> =
        worlds.iter().map(|world| adapt(world, learner, stops)).collect::<Result<_, _>>()?;
    let share = 1.0 / each.len() as f64;
    let points = (0..stops.len()).map(|stop| {
        let mut point = Point { rows: stops[stop], new: 0.0, old: 0.0 };
        for adapted in &each {
            point.new += share * adapted.points[stop].new;
            point.old += share * adapted.points[stop].old;
        }
        point
    });
    let points = points.collect();
    Ok(Adapted { points, seconds: each.iter().map(|adapted| share * adapted.seconds).sum() })
}
