//! Compares gates that are a trained net's own decisions with gates that know of no net.

use std::error::Error;
use std::process::ExitCode;

use clap::Parser;
use glam_benches::data::{Dataset, Targets};
use glam_benches::gates::{
    Form, Gates, Nets, Origin, Outcome, Plan, SETS, consolidated, contestants, drawn_anew, measure,
    plan, references, set,
};
use glam_benches::program::{ended, print_command_with};

/// Let memories that differ in their gates alone learn the same rows once, and test them: gates that are
/// decisions of a net that was trained on these rows before, and gates that know nothing of it.
#[derive(Parser)]
struct Arguments {
    /// Sets, separated by commas: robot_arm, fashion_mnist, banking77.
    #[arg(long, value_delimiter = ',', default_values_t = SETS.map(str::to_owned))]
    sets: Vec<String>,
    /// Numbers of tables, separated by commas.
    #[arg(long, value_delimiter = ',', default_value = "16,64,256")]
    tables: Vec<usize>,
    /// Inputs that a table sees, instead of what suits the set.
    #[arg(long)]
    view: Option<usize>,
    /// The level of all tables, instead of what suits the set.
    #[arg(long)]
    level: Option<u8>,
    /// Rows to learn, at most.
    #[arg(long, default_value_t = 60_000)]
    rows: usize,
    /// Rows to test, at most.
    #[arg(long, default_value_t = 10_000)]
    cues: usize,
    /// Passes in which the net is trained, instead of what suits the set.
    #[arg(long)]
    epochs: Option<usize>,
    /// Seeds of the rows, the net, the views and the gates; means are printed, and standard deviations.
    #[arg(long, default_value_t = 3)]
    seeds: u64,
    /// Rows that memories learn which are consolidated, with the gates as they are and with gates drawn
    /// anew; 0 leaves it out.
    #[arg(long, default_value_t = 0)]
    consolidated: usize,
    /// A few rows of everything.
    #[arg(long)]
    quick: bool,
}

impl Arguments {
    /// Quick or as given.
    fn settled(mut self) -> Self {
        if self.quick {
            self.rows = self.rows.min(1_500);
            self.cues = self.cues.min(500);
            self.seeds = self.seeds.min(1);
            self.tables.truncate(1);
            self.epochs = self.epochs.or(Some(2));
            self.consolidated = self.consolidated.min(400);
        }
        self
    }
}

/// A set as one seed draws it, and nets trained on it.
struct Draw {
    seed: u64,
    set: Dataset,
    nets: Nets,
}

fn main() -> ExitCode {
    ended("gates", run(&Arguments::parse().settled()))
}

fn run(arguments: &Arguments) -> Result<(), Box<dyn Error>> {
    print_command_with("--features peers", "gates");
    println!("With more than one seed: mean (standard deviation). Writes are timed on their core.");
    for name in &arguments.sets {
        if !SETS.contains(&name.as_str()) {
            return Err(format!("there is no set {name} here").into());
        }
        compare(name, arguments)?;
    }
    Ok(())
}

fn compare(name: &str, arguments: &Arguments) -> Result<(), Box<dyn Error>> {
    let (form, trained) = plan(name);
    let form = Form {
        view: arguments.view.unwrap_or(form.view),
        level: arguments.level.unwrap_or(form.level),
        ..form
    };
    let plan = Plan { epochs: arguments.epochs.unwrap_or(trained.epochs), ..trained };
    let draws = draw(name, arguments.rows, arguments.cues, arguments.seeds, &plan)?;
    let Some(first) = draws.first() else { return Ok(()) };
    let what = match first.set.train_y {
        Targets::Labels { .. } => "accuracy",
        Targets::Values(_) => "mean nMSE",
    };
    println!(
        "\n{name}: {} rows to learn, {} to test, views of {} inputs, level {}",
        first.set.train_x.nrows(),
        first.set.test_x.nrows(),
        form.view,
        form.level
    );
    println!(
        "the net {:?}, {} passes over these rows: {what} {}, {:.2} MB, {:.1} us a row in all",
        plan.hidden,
        plan.epochs,
        spread(draws.iter().map(|draw| draw.nets.score)),
        first.nets.bytes as f64 / 1e6,
        first.nets.row_micros
    );
    head(what);
    for gates in contestants().iter().chain(&references()) {
        for &tables in &arguments.tables {
            let measured = |draw: &Draw| {
                let form = Form { tables, seed: draw.seed, ..form };
                measure(&draw.set, &draw.nets, gates, form)
            };
            line(gates.name, &draws.iter().map(measured).collect::<Result<Vec<_>, _>>()?);
        }
    }
    let mut pairs = Vec::new();
    for draw in &draws {
        pairs.extend(drawn_anew(&draw.set, &draw.nets, draw.seed)?);
    }
    if !pairs.is_empty() {
        println!("what the memory picks for itself:");
        for (place, name) in ["gates drawn once", "gates drawn anew by slopes"].iter().enumerate() {
            line(name, &pairs.iter().map(|pair| pair[place]).collect::<Vec<_>>());
        }
    }
    if arguments.consolidated > 0 {
        after(name, arguments, form, &plan)?;
    }
    Ok(())
}

/// Consolidated with the gates as they are, and with gates drawn anew.
fn after(name: &str, arguments: &Arguments, form: Form, plan: &Plan) -> Result<(), Box<dyn Error>> {
    let draws = draw(name, arguments.consolidated, arguments.cues, arguments.seeds, plan)?;
    let Some(&tables) = arguments.tables.first() else { return Ok(()) };
    println!(
        "consolidated over {} rows; us with consolidating; the net of these rows: {}",
        arguments.consolidated,
        spread(draws.iter().map(|draw| draw.nets.score))
    );
    let is_compared =
        |gates: &&Gates| gates.origin == Origin::Trained || gates.families[0].inputs().is_some();
    for gates in contestants().iter().filter(is_compared) {
        for (regates, how) in [(0, "as drawn"), (2, "drawn anew")] {
            // A net's decisions are not drawn by slopes.
            if regates > 0 && gates.origin != Origin::Detached {
                continue;
            }
            let measured = |draw: &Draw| {
                let form = Form { tables, seed: draw.seed, ..form };
                consolidated(&draw.set, &draw.nets, gates, form, regates)
            };
            let outcomes = draws.iter().map(measured).collect::<Result<Vec<_>, _>>()?;
            line(&format!("{}, {how}", gates.name), &outcomes);
        }
    }
    Ok(())
}

fn draw(
    name: &str,
    rows: usize,
    cues: usize,
    seeds: u64,
    plan: &Plan,
) -> Result<Vec<Draw>, Box<dyn Error>> {
    let draw = |seed| -> Result<Draw, Box<dyn Error>> {
        let set = set(name, rows, cues, seed)?;
        let nets = Nets::fit(&set, plan, seed)?;
        Ok(Draw { seed, set, nets })
    };
    (1..=seeds).map(draw).collect()
}

fn head(what: &str) {
    println!(
        "{:<42}  {:>6}  {what:>15}  {:>8}  {:>8}  {:>8}  {:>5}",
        "gates", "tables", "slots", "MB", "us/write", "found"
    );
}

fn line(name: &str, outcomes: &[Outcome]) {
    let mean =
        |of: fn(&Outcome) -> f64| outcomes.iter().map(of).sum::<f64>() / outcomes.len() as f64;
    println!(
        "{name:<42}  {:>6}  {:>15}  {:>8.0}  {:>8.1}  {:>8.1}  {:>5.3}",
        outcomes.first().map_or(0, |outcome| outcome.tables),
        spread(outcomes.iter().map(|outcome| outcome.score)),
        mean(|outcome| outcome.slots as f64),
        mean(|outcome| outcome.bytes as f64 / 1e6),
        mean(|outcome| outcome.write_micros),
        mean(|outcome| outcome.found)
    );
}

/// The mean, and the standard deviation where there are several.
fn spread(values: impl Iterator<Item = f64>) -> String {
    let values: Vec<f64> = values.collect();
    let count = values.len() as f64;
    let mean = values.iter().sum::<f64>() / count;
    if values.len() < 2 {
        return format!("{mean:.4}");
    }
    let squares: f64 = values.iter().map(|value| (value - mean).powi(2)).sum();
    format!("{mean:.4} ({:.4})", (squares / (count - 1.0)).sqrt())
}
