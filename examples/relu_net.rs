//! Reads a ReLU net as a hash table of linear maps, from training to adaptation, and draws it.
//!
//! ```text
//! cargo run --release -p glam-examples --example relu_net [-- --set fashion_mnist] [FILE.svg]
//! ```
//!
//! Wherever its units decide alike, a ReLU net is one linear map. The pattern of decisions, a bit a
//! unit, is the key of that map, so the net is a table of maps. This program
//!
//! 1. trains a net on an old world;
//! 2. compiles it to a table that is filled as it is read, and holds look-ups against the forward pass;
//! 3. counts the patterns that the test rows meet;
//! 4. starts a memory as the net and lets it learn some rows of a new world, once and in order;
//! 5. draws the counts and the linear maps that the net is at some rows.
//!
//! The robot arm's data come with the repository; Fashion-MNIST is read from the folder that
//! `GLAM_DATA` names.

use std::error::Error;
use std::hint::black_box;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Instant;

use clap::{Parser, ValueEnum};
use glam_benches::adapt::{Shift, World, images_shifted, new_path};
use glam_benches::data::Targets;
use glam_benches::metrics::{accuracy, largest, mean_nmse};
use glam_benches::timing::{median, seconds};
use glam_examples::plot::{make_folder_of, svg};
use glam_examples::relu_net_plot::{ArmPicture, ImagePicture, ShownImage, draw_arm, draw_images};
use glam_examples::table::{aligned, census_table, grouped};
use glam_memory::Memory;
use glam_memory::net::{
    Activations, Census, CensusReport, Compiled, Found, Keys, Net, NetError, Output,
};
use ndarray::{Array2, Axis, s};

/// The most that the maps of a compiled net may take.
const MAX_BYTES: usize = 1 << 29;
/// Rounds of timing, of which the median is taken.
const ROUNDS: usize = 5;
/// The row of the robot arm whose linear map is drawn: the middle of the first held-out run.
const DRAWN_ROW: usize = 468;

/// Show a ReLU net as a hash table of linear maps: train it, look its maps up, count them, let it
/// adapt, and draw it.
#[derive(Parser)]
struct Arguments {
    /// The data.
    #[arg(long, value_enum, default_value_t = Set::RobotArm)]
    set: Set,
    /// Passes over the training rows; 20 for the robot arm and 5 for Fashion-MNIST unless told
    /// otherwise.
    #[arg(long, value_name = "N")]
    #[arg(value_parser = clap::value_parser!(u32).range(1..=1000))]
    epochs: Option<u32>,
    /// Rows of the new world that are learned.
    #[arg(long, default_value_t = 1000, value_name = "N")]
    #[arg(value_parser = clap::value_parser!(u32).range(1..))]
    rows: u32,
    /// The picture to write.
    #[arg(value_name = "FILE.svg", default_value = "target/relu_net.svg", value_parser = svg)]
    picture: PathBuf,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
#[value(rename_all = "snake_case")]
enum Set {
    RobotArm,
    FashionMnist,
}

impl Set {
    fn epochs(self) -> u32 {
        match self {
            Self::RobotArm => 20,
            Self::FashionMnist => 5,
        }
    }

    fn world(self, epochs: u32, rows: u32) -> Result<World, Box<dyn Error>> {
        let (epochs, rows) = (epochs as usize, rows as usize);
        Ok(match self {
            Self::RobotArm => new_path(&[128, 128], epochs, rows, 0)?,
            Self::FashionMnist => images_shifted(&[128, 64], epochs, Shift::Turned(45.0), rows, 0)?,
        })
    }

    /// Test rows that are read from the table: the maps of an image take 250 kB and some milliseconds
    /// of composing.
    fn compiled_rows(self) -> usize {
        match self {
            Self::RobotArm => usize::MAX,
            Self::FashionMnist => 1000,
        }
    }
}

fn main() -> ExitCode {
    match run(&Arguments::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("relu_net: {error}");
            ExitCode::from(2)
        }
    }
}

fn run(arguments: &Arguments) -> Result<(), Box<dyn Error>> {
    // First, so that nobody waits for a picture that cannot be written.
    make_folder_of(&arguments.picture)?;
    let epochs = arguments.epochs.unwrap_or(arguments.set.epochs());
    let passes = if epochs == 1 { "pass" } else { "passes" };
    eprintln!("training a net, {epochs} {passes}");
    let world = arguments.set.world(epochs, arguments.rows)?;
    let net = world.net.to_net(&world.known)?;
    let (test_x, test_y) = &world.old;
    println!("1. A net of {}, {} parameters", net.sizes(), grouped(net.parameters()));
    let score = score(&recalled(&net, test_x)?, test_y);
    println!(
        "{epochs} {passes} in {:.1} s; {} on {} test rows: {score:.4}",
        world.net.train_seconds,
        measure(test_y),
        grouped(test_x.nrows())
    );

    let count = arguments.set.compiled_rows().min(test_x.nrows());
    eprintln!("looking up {} rows", grouped(count));
    println!("\n2. Compiled: {} test rows, in order", grouped(count));
    compile(&net, &rows_of(&test_x.slice(s![..count, ..]).to_owned()))?;

    println!("\n3. Patterns at {} test rows", grouped(test_x.nrows()));
    let mut census = Census::new(&net);
    rows_of(test_x).iter().try_for_each(|x| census.add(x))?;
    let report = census.report();
    print!("{}", census_table(&report));

    eprintln!("learning {} rows", arguments.rows);
    println!("\n4. A memory that starts as the net learns: {}", world.name);
    learn(&world, &net)?;

    match test_y {
        Targets::Values(torques) => draw_map(&net, &report, test_x, torques, arguments)?,
        Targets::Labels { labels, .. } => draw_maps(&net, test_x, labels, arguments)?,
    }
    println!("\n5. Picture: {}", arguments.picture.display());
    Ok(())
}

fn rows_of(x: &Array2<f32>) -> Vec<Vec<f32>> {
    x.rows().into_iter().map(|row| row.to_vec()).collect()
}

/// The net's outputs at each row.
fn recalled(net: &Net, x: &Array2<f32>) -> Result<Array2<f32>, Box<dyn Error>> {
    let (mut activations, mut out) = (Activations::default(), vec![0.0; net.outputs()]);
    let mut all = Vec::with_capacity(x.nrows() * net.outputs());
    for row in rows_of(x) {
        net.forward(&row, &mut activations, &mut out)?;
        all.extend_from_slice(&out);
    }
    Ok(Array2::from_shape_vec((x.nrows(), net.outputs()), all)?)
}

fn score(recalled: &Array2<f32>, truth: &Targets) -> f64 {
    match truth {
        Targets::Labels { labels, .. } => accuracy(&largest(recalled.view()), labels),
        Targets::Values(values) => mean_nmse(recalled.view(), values.view()),
    }
}

fn measure(truth: &Targets) -> &'static str {
    match truth {
        Targets::Labels { .. } => "accuracy",
        Targets::Values(_) => "mean nMSE",
    }
}

/// Reads the rows from a table of the net's maps, by either key, and from the net.
fn compile(net: &Net, rows: &[Vec<f32>]) -> Result<(), Box<dyn Error>> {
    // Before a softmax, where the bound holds.
    let net = Arc::new(net.clone().with_output(Output::Linear));
    let (mut activations, mut out) = (Activations::default(), vec![0.0; net.outputs()]);
    let mut looked_up = out.clone();
    let head = ["keys", "hits", "filling", "hits again", "look-up", "forward", "slots", "MB"];
    let mut speeds = vec![head.map(str::to_owned).to_vec()];
    let head = ["keys", "from slots", "most apart", "most of bound", "other class"];
    let mut distances = vec![head.map(str::to_owned).to_vec()];
    for (keys, name) in [(Keys::Forward, "forward"), (Keys::Path, "path")] {
        let mut compiled = Compiled::new(net.clone(), keys, MAX_BYTES);
        let filling = timed(rows, |x| compiled.read(x, &mut looked_up).map(drop))?;
        let hits = compiled.lookups().hits;
        let (mut again, mut forward) = (Vec::new(), Vec::new());
        for _ in 0..ROUNDS {
            again.push(timed(rows, |x| compiled.read(x, &mut looked_up).map(drop))?);
            forward.push(timed(rows, |x| net.forward(x, &mut activations, &mut out))?);
        }
        let lookups = compiled.lookups();
        let percent = |hits: u64| format!("{:.1} %", 100.0 * hits as f64 / rows.len() as f64);
        speeds.push(vec![
            name.to_owned(),
            percent(hits),
            format!("{filling:.1}"),
            percent((lookups.hits - hits) / ROUNDS as u64),
            format!("{:.2}", median(&again)),
            format!("{:.2}", median(&forward)),
            grouped(lookups.slots),
            format!("{:.1}", lookups.bytes as f64 / 1e6),
        ]);

        let (mut stored, mut others, mut most, mut share) = (0, 0, 0.0_f64, 0.0_f64);
        for x in rows {
            compiled.store(x)?;
            stored += usize::from(compiled.read(x, &mut looked_up)? == Found::Stored);
            net.forward(x, &mut activations, &mut out)?;
            others += usize::from(first_largest(&looked_up) != first_largest(&out));
            for ((one, other), bound) in looked_up.iter().zip(&out).zip(compiled.rounding(x)?) {
                let apart = (f64::from(*one) - f64::from(*other)).abs();
                if apart > bound {
                    return Err(format!("a look-up is {apart:e} off, more than {bound:e}").into());
                }
                most = most.max(apart);
                share = share.max(if bound > 0.0 { apart / bound } else { 0.0 });
            }
        }
        distances.push(vec![
            name.to_owned(),
            grouped(stored),
            format!("{most:.1e}"),
            format!("{:.2} %", 100.0 * share),
            if net.labels().is_empty() { "-".to_owned() } else { others.to_string() },
        ]);
    }
    print!("{}", aligned(&distances));
    println!("No look-up is farther from the forward pass than its bound (before a softmax).\n");
    print!("{}", aligned(&speeds));
    println!(
        "Microseconds a row. filling: from an empty table, with what is composed and stored; \
         look-up: once more, median of {ROUNDS} rounds."
    );
    Ok(())
}

/// Microseconds a row.
fn timed(
    rows: &[Vec<f32>],
    mut read: impl FnMut(&[f32]) -> Result<(), NetError>,
) -> Result<f64, NetError> {
    let mut result = Ok(());
    let time = seconds(|| result = rows.iter().try_for_each(|x| black_box(read(black_box(x)))));
    result.map(|()| 1e6 * time / rows.len() as f64)
}

fn first_largest(values: &[f32]) -> Option<usize> {
    let each = values.iter().enumerate().rev();
    each.max_by(|one, other| one.1.total_cmp(other.1)).map(|(place, _)| place)
}

/// Writes the stream of the new world into a memory over the net.
fn learn(world: &World, net: &Net) -> Result<(), Box<dyn Error>> {
    let memory = Memory::builder_on(net.clone()).in_memory()?;
    for (x, _) in [&world.old, &world.new] {
        let (own, nets) = (memory.read_batch(x.view())?, recalled(net, x)?);
        if own.iter().zip(&nets).any(|(own, net)| own.to_bits() != net.to_bits()) {
            return Err("the new memory reads other bits than the net".into());
        }
    }
    println!(
        "Before the first write it reads the net's bits at all {} test rows.",
        grouped(world.old.0.nrows() + world.new.0.nrows())
    );
    let scores = |name: String| -> Result<Vec<String>, Box<dyn Error>> {
        let [new, old] = [&world.new, &world.old].map(|(x, y)| -> Result<_, Box<dyn Error>> {
            Ok(format!("{:.4}", score(&memory.read_batch(x.view())?, y)))
        });
        Ok(vec![name, new?, old?])
    };
    let (x, y) = &world.stream;
    let measure = measure(y);
    let mut lines = vec![vec![measure.to_owned(), "new world".to_owned(), "old world".to_owned()]];
    lines.push(scores("before".to_owned())?);
    let started = Instant::now();
    for (number, x) in rows_of(x).iter().enumerate() {
        match y {
            Targets::Labels { labels, names } => {
                memory.write(x, names[labels[number] as usize].as_str())?;
            }
            Targets::Values(values) => memory.write(x, &values.row(number).to_vec())?,
        }
    }
    let seconds = started.elapsed().as_secs_f64();
    lines.push(scores(format!("after {} rows", grouped(x.nrows())))?);
    print!("{}", aligned(&lines));
    println!("Learned in {seconds:.2} s, each row once.");
    Ok(())
}

/// Draws the census, and the map that the net is at one state of the arm.
fn draw_map(
    net: &Net,
    census: &CensusReport,
    x: &Array2<f32>,
    torques: &Array2<f32>,
    arguments: &Arguments,
) -> Result<(), Box<dyn Error>> {
    let row = DRAWN_ROW.min(x.nrows() - 1);
    let mut weights = net.effective(&net.pattern(&x.row(row).to_vec())?)?.weights;
    // In standard deviations, so that positions, speeds and accelerations can be compared, and all joints.
    let spreads = |values: &Array2<f32>| values.mapv(f64::from).std_axis(Axis(0), 0.0);
    weights *= &spreads(x);
    weights /= &spreads(torques).insert_axis(Axis(1));
    let picture = ArmPicture {
        title: format!("A ReLU net of {} as a table of linear maps", net.sizes()),
        census,
        weights: weights.view(),
        state: "in the middle of the first held-out run",
    };
    Ok(draw_arm(&picture, &arguments.picture)?)
}

/// Draws the first test image of each class, and the weights that the net gives its pixels there.
fn draw_maps(
    net: &Net,
    x: &Array2<f32>,
    labels: &[u32],
    arguments: &Arguments,
) -> Result<(), Box<dyn Error>> {
    let mut images = Vec::new();
    for (class, name) in (0_u32..).zip(net.labels()) {
        let Some(row) = labels.iter().position(|&label| label == class) else { continue };
        let pixels = x.row(row).to_vec();
        let outputs = net.inspect(&pixels, 0)?.outputs;
        let best = outputs.into_iter().max_by(|one, other| one.value.total_cmp(&other.value));
        let Some(best) = best else { continue };
        images.push(ShownImage {
            pixels,
            truth: name.clone(),
            predicted: best.label.unwrap_or_default(),
            probability: best.value,
            weights: best.weights,
            angle: best.angle,
        });
    }
    let title = format!("A ReLU net of {}: the linear map that it is at an image", net.sizes());
    Ok(draw_images(&ImagePicture { title, images }, &arguments.picture)?)
}
