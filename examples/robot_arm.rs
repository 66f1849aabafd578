//! Learns the torques of a robot arm, and draws one held-out run.
//!
//! ```text
//! cargo run --release -p glam-examples --example robot_arm [-- FILE.svg]
//! ```
//!
//! Every fifth run is held out. The table on standard output gives, for each model, the mean square
//! error over the variance of the torque, mean of six joints (nMSE).

use std::error::Error;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Instant;

use clap::Parser;
use glam_benches::data::{Dataset, HoldOut, ROBOT_ARM_SAMPLES_PER_SECOND, Targets, robot_arm};
use glam_benches::metrics::mean_nmse;
use glam_benches::peers::mlp::{self, MlpParams, RowOrder};
use glam_benches::peers::ridge::{Ridge, RidgeParams};
use glam_examples::plot::{Captions, draw_torques, make_folder_of, svg};
use glam_examples::table::{Measurement, render};
use glam_memory::Memory;
use indicatif::{ProgressBar, ProgressStyle};
use ndarray::{Array2, s};

/// The error that GLAM must stay below.
const MOST_NMSE: f64 = 0.062;
/// The held-out run that is drawn.
const DRAWN_RUN: u32 = 80;

/// Learn the torques of a robot arm, print how well each model does, and draw one held-out run.
#[derive(Parser)]
struct Arguments {
    /// The picture to write.
    #[arg(value_name = "FILE.svg", default_value = "target/robot_arm.svg", value_parser = svg)]
    picture: PathBuf,
}

fn main() -> ExitCode {
    match run(&Arguments::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("robot_arm: {error}");
            ExitCode::from(2)
        }
    }
}

fn run(arguments: &Arguments) -> Result<(), Box<dyn Error>> {
    make_folder_of(&arguments.picture)?;
    let arm = robot_arm(&HoldOut::EveryFifthRun)?;
    let set = &arm.dataset;
    let Targets::Values(truth) = &set.test_y else {
        return Err("the robot arm's targets are not values".into());
    };
    eprintln!(
        "robot arm: {} rows to learn, {} held out, {} inputs, {} torques",
        set.train_x.nrows(),
        set.test_x.nrows(),
        set.train_x.ncols(),
        truth.ncols()
    );

    let mut results = vec![ridge(set)?];
    results.push(perceptron(set, 1, RowOrder::Given)?);
    results.push(perceptron(set, 1, RowOrder::Shuffled)?);
    results.push(perceptron(set, 20, RowOrder::Shuffled)?);
    results.push(memory(set)?);

    let mut measurements = Vec::new();
    for (mut measurement, recalled) in results.iter().cloned() {
        measurement.nmse = mean_nmse(recalled.view(), truth.view());
        measurements.push(measurement);
    }
    print!("{}", render(&measurements));
    // The answer is checked: the same rows give the same bits, so this can only fail by a change.
    match measurements.last() {
        Some(memory) if memory.nmse > MOST_NMSE => {
            return Err(format!("GLAM's nMSE is above {MOST_NMSE}").into());
        }
        _ => {}
    }

    // The last result is drawn.
    if let (Some(run), Some((drawn, recalled))) =
        (arm.test_runs.iter().find(|run| run.id == DRAWN_RUN), results.last())
    {
        let captions = Captions {
            title: "Torques of a robot arm: recorded and recalled".to_owned(),
            subtitle: format!(
                "Run {DRAWN_RUN}, held out; recalled by {} after one pass over the other runs in time order",
                drawn.model
            ),
        };
        let rows = s![run.rows.clone(), ..];
        let rate = ROBOT_ARM_SAMPLES_PER_SECOND;
        draw_torques(&captions, truth.slice(rows), recalled.slice(rows), rate, &arguments.picture)?;
        eprintln!("picture: {}", arguments.picture.display());
    }
    Ok(())
}

/// A line of the table (its error still to be filled in), and the recalled torques of all held-out rows.
type Learned = (Measurement, Array2<f32>);

fn ridge(set: &Dataset) -> Result<Learned, Box<dyn Error>> {
    eprintln!("ridge regression");
    let ridge = Ridge::fit(&RidgeParams::default(), set.train_x.view(), &set.train_y)?;
    let measurement = Measurement {
        model: "ridge regression".to_owned(),
        passes: 1,
        nmse: f64::NAN,
        train_seconds: ridge.train_seconds,
        bytes: ridge.parameter_bytes(),
    };
    Ok((measurement, ridge.predict(set.test_x.view())))
}

fn perceptron(set: &Dataset, epochs: usize, order: RowOrder) -> Result<Learned, Box<dyn Error>> {
    let params = MlpParams { epochs, order, ..MlpParams::default() }.check()?;
    let batch_count = params.batch_count(set.train_x.nrows());
    let passes = if epochs == 1 { "pass" } else { "passes" };
    let rows = match order {
        RowOrder::Given => "time order",
        RowOrder::Shuffled => "shuffled",
    };
    let name =
        format!("MLP 128x128, {rows}, {epochs} {passes}, and the search for its learning rate");
    let progress = progress_bar(batch_count, &name)?;
    let net = mlp::fit_watched(&params, set.train_x.view(), &set.train_y, &|| progress.inc(1));
    progress.finish_and_clear();
    let net = net?;
    eprintln!("{name} ({}, found in {:.1} s)", net.learning_rate, net.search_seconds);
    let measurement = Measurement {
        model: format!("MLP 128x128, {rows}"),
        passes: epochs,
        nmse: f64::NAN,
        train_seconds: net.train_seconds,
        bytes: net.parameter_bytes(),
    };
    Ok((measurement, net.predict(set.test_x.view())?))
}

/// Writes the rows in time order into a memory in files, closes it, opens it again, and recalls.
fn memory(set: &Dataset) -> Result<Learned, Box<dyn Error>> {
    let Targets::Values(values) = &set.train_y else {
        return Err("the robot arm's targets are not values".into());
    };
    let directory = tempfile::tempdir()?;
    let directory = directory.path().join("arm");
    let progress = progress_bar(set.train_x.nrows() as u64, "GLAM, 1 pass in time order")?;
    let started = Instant::now();
    let memory = Memory::builder(set.train_x.ncols()).targets(values.ncols()).create(&directory)?;
    for (x, y) in set.train_x.rows().into_iter().zip(values.rows()) {
        memory.write(x.as_slice().ok_or("x is not in row order")?, &y.to_vec())?;
        progress.inc(1);
    }
    let train_seconds = started.elapsed().as_secs_f64();
    progress.finish_and_clear();
    let recalled = memory.read_batch(set.test_x.view())?;
    memory.close()?;

    let started = Instant::now();
    let memory = Memory::open_read_only(&directory)?;
    let open_milliseconds = 1e3 * started.elapsed().as_secs_f64();
    let again = memory.read_batch(set.test_x.view())?;
    let equal = recalled.iter().zip(&again).all(|(one, two)| one.to_bits() == two.to_bits());
    if !equal {
        return Err("the reopened memory recalls other bits".into());
    }
    let inspection = memory.inspect()?;
    let files = inspection.files.ok_or("a memory in files has no files")?;
    eprintln!(
        "GLAM: {} slots; closed, opened again in {open_milliseconds:.1} ms, recalls equal bits",
        inspection.report.slots
    );
    let measurement = Measurement {
        model: "GLAM".to_owned(),
        passes: 1,
        nmse: f64::NAN,
        train_seconds,
        // What reads need; the covariances and the log are for learning on.
        bytes: usize::try_from(files.weights + files.structure)?,
    };
    Ok((measurement, again))
}

/// A bar on standard error; it shows nothing where that is not a terminal.
fn progress_bar(batch_count: u64, name: &str) -> Result<ProgressBar, Box<dyn Error>> {
    let style = ProgressStyle::with_template("{msg} {wide_bar} {percent:>3} % {eta:>4} left")?;
    Ok(ProgressBar::new(batch_count).with_style(style).with_message(name.to_owned()))
}
