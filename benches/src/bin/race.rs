//! How long each learner takes to a given accuracy on the test rows, and what a read costs.
//!
//! ```text
//! cargo run --release -p glam-benches --bin race [-- --sets robot_arm --learners glam,rls]
//! cargo run --release -p glam-benches --bin race -- --python PATH_OF_A_PYTHON
//! ```
//!
//! The second command runs Vowpal Wabbit and River too, in a Python that has
//! `benches/python/requirements.txt`.
//!
//! Seconds are those of learning alone, up to the first checkpoint at which the goal is reached:
//! after 500 rows, 1,000, 2,000 and so on, and twelve times a pass; the Python programs four times
//! in each later pass, and River, which is slow, some twenty times in all. The test rows are looked
//! at there, off the clock, and by nobody for anything else: settings are chosen on training rows, the
//! MLP's learning rate and what the Python programs choose on a held-out tenth of them, also off the
//! clock. GLAM runs first and last, both are printed, and ratios are to the mean of the two. A read
//! is of one cue on one thread, over the first 1,000 test rows, by the learner as it was when it
//! stopped. The forest learns all of its rows at once: it is grown on an eighth, a quarter, half and all of
//! them, and only the seconds of the one that reaches the goal count. The Python programs are not
//! charged for making their examples from numbers.

use std::error::Error;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;
use glam_benches::data::{Banking77Order, by_name};
use glam_benches::race::course::first_rows;
use glam_benches::race::{Contestant, Course, End, Outcome, run, table};

/// Measure how long GLAM and its peers take to a given accuracy on the same rows.
#[derive(Parser)]
struct Arguments {
    /// The sets, by name; those without a goal of their own need --target.
    #[arg(long, value_delimiter = ',', default_value = "fashion_mnist,robot_arm")]
    sets: Vec<String>,
    /// Who takes part, in this order.
    #[arg(
        long,
        value_delimiter = ',',
        value_parser = clap::builder::PossibleValuesParser::new(Contestant::ALL.map(Contestant::name)),
        default_value = "glam,mlp64,mlp1,rls,forest,neighbour,vw,river"
    )]
    learners: Vec<String>,
    /// Seconds of learning that each learner has.
    #[arg(long, default_value_t = 120.0, value_parser = positive, value_name = "N")]
    seconds: f64,
    /// Passes of those that gain from more than one.
    #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(u16).range(1..), value_name = "N")]
    passes: u16,
    /// The accuracy to reach, or the mean nMSE to come down to; without it, that of the set.
    #[arg(long, value_parser = positive, value_name = "X")]
    target: Option<f64>,
    /// Learn only the first so many training rows.
    #[arg(long, value_name = "N")]
    rows: Option<usize>,
    /// Judge on only the first so many test rows.
    #[arg(long, value_name = "N")]
    test_rows: Option<usize>,
    /// A Python that has the packages of benches/python/requirements.txt.
    #[arg(long, value_name = "PATH")]
    python: Option<PathBuf>,
    /// Print every checkpoint.
    #[arg(long)]
    checkpoints: bool,
}

fn positive(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(number) if number.is_finite() && number > 0.0 => Ok(number),
        _ => Err("a number above 0 is needed".to_owned()),
    }
}

fn main() -> ExitCode {
    match race(&Arguments::parse()) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::from(1),
        Err(error) => {
            eprintln!("race: {error}");
            ExitCode::from(1)
        }
    }
}

/// The goal of a set: what GLAM reaches on the way of its one pass.
fn goal(set: &str) -> Option<f64> {
    match set {
        "fashion_mnist" => Some(0.87),
        "robot_arm" => Some(0.06),
        _ => None,
    }
}

/// Runs all sets; false if a learner failed.
fn race(arguments: &Arguments) -> Result<bool, Box<dyn Error>> {
    println!("race {}", std::env::args().skip(1).collect::<Vec<_>>().join(" "));
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    println!("{cores} cores");
    let mut none_failed = true;
    for name in &arguments.sets {
        let goal = arguments.target.or_else(|| goal(name));
        let goal = goal.ok_or_else(|| format!("{name} has no goal of its own: give --target"))?;
        let set = by_name(name, 0, Banking77Order::Shuffled { seed: 1 })?;
        let all = usize::MAX;
        let set =
            first_rows(set, arguments.rows.unwrap_or(all), arguments.test_rows.unwrap_or(all));
        let course = Course::new(set, goal, arguments.seconds, usize::from(arguments.passes))?;
        println!(
            "\n{name}: {} {} on {} test rows, from {} training rows of {} inputs and {} outputs; {} s each",
            course.measure_name(),
            table::measure(goal),
            course.cues().nrows(),
            course.row_count(),
            course.input_count(),
            course.output_count(),
            arguments.seconds
        );
        let outcomes = run_all(&course, arguments);
        none_failed &= !outcomes.iter().any(|outcome| matches!(outcome.end, End::Failed(_)));
        for line in table::lines(&outcomes, unit(&outcomes)) {
            println!("{line}");
        }
        if arguments.checkpoints {
            outcomes.iter().for_each(print_checkpoints);
        }
    }
    Ok(none_failed)
}

fn run_all(course: &Course, arguments: &Arguments) -> Vec<Outcome> {
    let mut order: Vec<Contestant> =
        arguments.learners.iter().filter_map(|name| Contestant::by_name(name)).collect();
    if order.len() > 1 && order.contains(&Contestant::Glam) {
        // Once more at the end, so that drift of the machine shows.
        order.push(Contestant::Glam);
    }
    order
        .into_iter()
        .map(|contestant| {
            let name = contestant.title();
            eprintln!("{}: {name}", course.set().name);
            let outcome = run(course, contestant, arguments.python.as_deref());
            let outcome = outcome.unwrap_or_else(|error| {
                Outcome::without_points(name, End::Failed(error.to_string()))
            });
            // A race takes long: what is known already is shown, the table comes at its end.
            for line in table::lines(std::slice::from_ref(&outcome), None).iter().skip(1) {
                eprintln!("  {line}");
            }
            outcome
        })
        .collect()
}

/// The mean of GLAM's seconds, if it reached the goal each time.
fn unit(outcomes: &[Outcome]) -> Option<f64> {
    let glam = outcomes.iter().filter(|outcome| outcome.learner == Contestant::Glam.title());
    let seconds: Option<Vec<f64>> = glam.map(Outcome::seconds_to_goal).collect();
    let seconds = seconds.filter(|seconds| !seconds.is_empty())?;
    Some(seconds.iter().sum::<f64>() / seconds.len() as f64)
}

fn print_checkpoints(outcome: &Outcome) {
    println!("\n{}: rows, seconds, measure", outcome.learner);
    for point in &outcome.points {
        println!("{:>9} {:>9.3} {:>7}", point.rows, point.seconds, table::measure(point.measure));
    }
}
