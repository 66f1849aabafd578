//! How honest a memory is about what it does not know, with its default settings and one pass.
//!
//! ```text
//! cargo run --release -p glam-benches --no-default-features --bin uncertainty
//! ```
//!
//! - **numbers**: on every stored split of each UCI set, the share of test truths inside intervals
//!   of four levels, and the mean log density that the memory's Gaussians give to them, beside that
//!   of Gaussians around the same means whose one variance is that of the memory's own prequential
//!   errors. Above it, the same shares over the second half of the training rows, each row asked
//!   for just before it was written. The test parts of small sets have too few rows to tell three
//!   points apart, so a third line has the shares over every tenth of the training rows, held out in
//!   turn; the figure after them is the standard error of the first share.
//! - **classes**: the expected calibration error of the likeliest class's probability.
//!   With `--consolidate` these two ask memories that were consolidated after their last write.
//! - **novelty**: how well 1 - `Familiarity::seen` parts test pictures of Fashion-MNIST from noise and
//!   from pictures of a class that was never written, beside the distance to the nearest stored row.

use std::error::Error;
use std::process::ExitCode;

use clap::Parser;
use glam_benches::data::{
    Banking77Order, DataError, Dataset, Targets, UCI_NAMES, by_name, shuffled_indices, uci,
};
use glam_benches::metrics::{auroc, calibration_error, coverage, log_likelihood};
use glam_memory::{Flow, Memory, Options};
use ndarray::{Array1, Array2, ArrayView2, Axis, s};

/// Levels of the intervals.
const LEVELS: [f64; 4] = [0.5, 0.8, 0.9, 0.95];
/// The targets: off by so much at most on every set and level, and so much on both sets of classes.
const MOST_OFF: f64 = 0.03;
const MOST_CALIBRATION_ERROR: f64 = 0.03;
/// Test cues whose nearest stored row is searched.
const CUES: usize = 2000;
/// Training rows below which tenths are held out in turn, of so many splits.
const SMALL: usize = 2000;
const TENTHS_SPLITS: usize = 3;

/// Measure the honesty of a memory with its default settings on the stored data sets.
#[derive(Parser)]
struct Arguments {
    /// The parts to measure.
    #[arg(long, value_delimiter = ',', default_value = "numbers,classes,novelty")]
    parts: Vec<Part>,
    /// UCI sets, by name; every one unless told otherwise.
    #[arg(long, value_delimiter = ',', value_name = "NAME,NAME")]
    sets: Vec<String>,
    /// Splits of each UCI set at most; all that are stored unless told otherwise.
    #[arg(long, value_name = "N")]
    splits: Option<usize>,
    /// The classes of Fashion-MNIST that are left out in turn, 0 to 9.
    #[arg(long, value_delimiter = ',', default_value = "0,1,2,3,4,5,6,7,8,9", value_name = "N,N")]
    #[arg(value_parser = clap::value_parser!(u32).range(0..10))]
    left_out: Vec<u32>,
    /// Consolidate each memory before its test rows are asked for.
    #[arg(long)]
    consolidate: bool,
    /// The memory's seed.
    #[arg(long, default_value_t = 1, value_name = "N")]
    seed: u64,
}

#[derive(Clone, Copy, PartialEq, clap::ValueEnum)]
enum Part {
    Numbers,
    Classes,
    Novelty,
}

type Result<T> = std::result::Result<T, Box<dyn Error>>;

fn main() -> ExitCode {
    match run(&Arguments::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("uncertainty: {error}");
            ExitCode::from(1)
        }
    }
}

fn run(arguments: &Arguments) -> Result<()> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    println!(
        "cargo run --release -p glam-benches --no-default-features --bin uncertainty -- {}",
        words.join(" ")
    );
    if arguments.parts.contains(&Part::Numbers) {
        numbers(arguments)?;
    }
    if arguments.parts.contains(&Part::Classes) {
        for name in ["fashion_mnist", "banking77"] {
            classes(name, arguments)?;
        }
    }
    if arguments.parts.contains(&Part::Novelty) {
        novelty(arguments)?;
    }
    Ok(())
}

/// What one split of a UCI set gave.
struct Split {
    prequential: [f64; 4],
    test: [f64; 4],
    /// Rows that were held out, and how many of them lay inside.
    tenths: (usize, [f64; 4]),
    likelihood: f64,
    constant: f64,
}

fn numbers(arguments: &Arguments) -> Result<()> {
    println!(
        "\n{:<17} {:>6} {:<11} {:>5} {:>5} {:>5} {:>5} {:>9} {:>9}",
        "set", "splits", "rows", "50 %", "80 %", "90 %", "95 %", "log lik.", "constant"
    );
    let all = UCI_NAMES.map(str::to_owned).to_vec();
    let sets = if arguments.sets.is_empty() { all } else { arguments.sets.clone() };
    for name in &sets {
        let mut splits = Vec::new();
        while arguments.splits.is_none_or(|most| splits.len() < most) {
            match uci(name, splits.len()) {
                Ok(set) => splits.push(split(&set, splits.len() < TENTHS_SPLITS, arguments)?),
                // Past the last stored split.
                Err(DataError::Missing { .. }) if !splits.is_empty() => break,
                Err(error) => return Err(error.into()),
            }
        }
        let mean = |value: &dyn Fn(&Split) -> f64| {
            splits.iter().map(value).sum::<f64>() / splits.len() as f64
        };
        let shares = |part: fn(&Split) -> &[f64; 4]| [0, 1, 2, 3].map(|i| mean(&|s| part(s)[i]));
        let percent = |shares: [f64; 4]| shares.map(|share| format!("{:>5.1}", 100.0 * share));
        let before = shares(|split| &split.prequential);
        println!(
            "{name:<17} {:>6} {:<11} {}",
            splits.len(),
            "prequential",
            percent(before).join(" ")
        );
        let test = shares(|split| &split.test);
        let (likelihood, constant) = (mean(&|s| s.likelihood), mean(&|s| s.constant));
        let off = test.iter().zip(LEVELS).map(|(share, level)| (share - level).abs());
        let far = off.fold(0.0, f64::max) > MOST_OFF;
        println!(
            "{:<24} {:<11} {} {likelihood:>9.3} {constant:>9.3}{}{}",
            "",
            "test",
            percent(test).join(" "),
            if far { "  misses by more than 3 points" } else { "" },
            if likelihood < constant { "  no better than constant" } else { "" },
        );
        let rows: usize = splits.iter().map(|split| split.tenths.0).sum();
        if rows > 0 {
            let inside = |level: usize| splits.iter().map(|s| s.tenths.1[level]).sum::<f64>();
            let tenths = [0, 1, 2, 3].map(|level| inside(level) / rows as f64);
            let error = 100.0 * (tenths[0] * (1.0 - tenths[0]) / rows as f64).sqrt();
            println!("{:<24} {:<11} {} +- {error:.1}", "", "tenths", percent(tenths).join(" "));
        }
    }
    Ok(())
}

fn split(set: &Dataset, tenths: bool, arguments: &Arguments) -> Result<Split> {
    let (Targets::Values(train), Targets::Values(test)) = (&set.train_y, &set.test_y) else {
        return Err(format!("{} holds labels", set.name).into());
    };
    let (train, test) = (train.column(0).to_vec(), test.column(0).to_vec());
    let temporary = tempfile::tempdir()?;
    let builder = Memory::builder(set.train_x.ncols()).seed(arguments.seed);
    let memory = builder.create(temporary.path().join("memory"))?;
    let (mut intervals, mut truth, mut squares) = (vec![Vec::new(); 4], Vec::new(), 0.0);
    for (row, (x, &y)) in set.train_x.rows().into_iter().zip(&train).enumerate() {
        let x = x.as_slice().ok_or("the inputs are not in row order")?;
        if row >= train.len() / 2 {
            for (level, intervals) in LEVELS.into_iter().zip(&mut intervals) {
                let (mean, interval) = memory.read_with_interval(x, level)?;
                intervals.push(interval[0]);
                if level == LEVELS[0] {
                    squares += f64::from(y - mean[0]).powi(2);
                }
            }
            truth.push(y);
        }
        memory.write(x, y)?;
    }
    let prequential = covered(&intervals, &truth);
    let constant_std = (squares / truth.len() as f64).sqrt() as f32;
    if arguments.consolidate {
        memory.consolidate(Options::default(), &|_| Flow::Continue)?;
    }

    let asked = ask(&memory, set.test_x.view())?;
    let small = tenths && train.len() < SMALL;
    let tenths = if small { held_in_turn(set, &train, arguments)? } else { Default::default() };
    Ok(Split {
        prequential,
        test: covered(&asked.intervals, &test),
        tenths,
        likelihood: log_likelihood(&asked.means, &asked.stds, &test),
        constant: log_likelihood(&asked.means, &vec![constant_std; test.len()], &test),
    })
}

/// How many training rows there are, and how many of them lie inside the intervals of a memory that was
/// not given their tenth.
fn held_in_turn(set: &Dataset, train: &[f32], arguments: &Arguments) -> Result<(usize, [f64; 4])> {
    let mut inside = [0.0; 4];
    for tenth in 0..10 {
        let (held, kept): (Vec<usize>, Vec<usize>) =
            (0..train.len()).partition(|row| row % 10 == tenth);
        let temporary = tempfile::tempdir()?;
        let builder = Memory::builder(set.train_x.ncols()).seed(arguments.seed);
        let memory = builder.create(temporary.path().join("memory"))?;
        for row in kept {
            let x = set.train_x.row(row);
            memory.write(x.as_slice().ok_or("not in row order")?, train[row])?;
        }
        if arguments.consolidate {
            memory.consolidate(Options::default(), &|_| Flow::Continue)?;
        }
        let asked = ask(&memory, set.train_x.select(Axis(0), &held).view())?;
        let truth: Vec<f32> = held.iter().map(|&row| train[row]).collect();
        for (sum, share) in inside.iter_mut().zip(covered(&asked.intervals, &truth)) {
            *sum += share * held.len() as f64;
        }
    }
    Ok((train.len(), inside))
}

fn covered(intervals: &[Vec<(f32, f32)>], truth: &[f32]) -> [f64; 4] {
    [0, 1, 2, 3].map(|level| coverage(&intervals[level], truth))
}

/// What a memory says about some rows: the intervals of each level, means and standard deviations.
struct Asked {
    intervals: Vec<Vec<(f32, f32)>>,
    means: Vec<f32>,
    stds: Vec<f32>,
}

fn ask(memory: &Memory, rows: ArrayView2<'_, f32>) -> Result<Asked> {
    let (mut means, mut stds) = (Vec::new(), Vec::new());
    let mut intervals = vec![Vec::new(); LEVELS.len()];
    for x in rows.rows() {
        let x = x.as_slice().ok_or("the inputs are not in row order")?;
        let (mean, std) = memory.read_with_std(x)?;
        let mut last = (f32::INFINITY, f32::NEG_INFINITY);
        for (level, intervals) in LEVELS.into_iter().zip(&mut intervals) {
            let (again, interval) = memory.read_with_interval(x, level)?;
            let (low, high) = interval[0];
            if again != mean || low > last.0 || high < last.1 || low > mean[0] || high < mean[0] {
                return Err("intervals are not nested around the mean".into());
            }
            last = (low, high);
            intervals.push(interval[0]);
        }
        means.push(mean[0]);
        stds.push(std[0]);
    }
    Ok(Asked { intervals, means, stds })
}

fn labelled(set: &Dataset) -> Result<(&[u32], &[u32], &[String])> {
    match (&set.train_y, &set.test_y) {
        (Targets::Labels { labels: train, names }, Targets::Labels { labels: test, .. }) => {
            Ok((train, test, names))
        }
        _ => Err(format!("{} holds numbers", set.name).into()),
    }
}

/// Confidence in the likeliest class of each row, and whether it was the right one.
#[derive(Default)]
struct Answers {
    confidence: Vec<f32>,
    right: Vec<bool>,
}

impl Answers {
    fn ask(&mut self, memory: &Memory, x: &[f32], truth: &str) -> Result<()> {
        let class = memory.classify(x)?;
        self.confidence.push(class.probability);
        self.right.push(class.label == truth);
        Ok(())
    }

    fn accuracy(&self) -> f64 {
        self.right.iter().filter(|&&right| right).count() as f64 / self.right.len() as f64
    }
}

fn classes(name: &str, arguments: &Arguments) -> Result<()> {
    let set = by_name(name, 0, Banking77Order::Shuffled { seed: 1 })?;
    let (train, test, names) = labelled(&set)?;
    let temporary = tempfile::tempdir()?;
    let builder = Memory::builder(set.train_x.ncols()).labels().seed(arguments.seed);
    let memory = builder.create(temporary.path().join("memory"))?;
    let mut before = Answers::default();
    for (row, x) in set.train_x.rows().into_iter().enumerate() {
        let x = x.as_slice().ok_or("the inputs are not in row order")?;
        let label = &names[train[row] as usize];
        if row >= train.len() / 2 {
            before.ask(&memory, x, label)?;
        }
        memory.write(x, label)?;
    }
    if arguments.consolidate {
        memory.consolidate(Options::default(), &|_| Flow::Continue)?;
    }
    let mut answers = Answers::default();
    for (x, &label) in set.test_x.rows().into_iter().zip(test) {
        let x = x.as_slice().ok_or("the inputs are not in row order")?;
        let sum: f32 = memory.probabilities(x)?.iter().sum();
        if (sum - 1.0).abs() > 1e-4 {
            return Err(format!("{name}: probabilities add up to {sum}").into());
        }
        answers.ask(&memory, x, &names[label as usize])?;
    }
    let error = calibration_error(&answers.confidence, &answers.right);
    println!(
        "\n{name}: accuracy {:.4}, calibration error {error:.4}{} (prequential {:.4} and {:.4})",
        answers.accuracy(),
        if error > MOST_CALIBRATION_ERROR { ", more than .03" } else { "" },
        before.accuracy(),
        calibration_error(&before.confidence, &before.right),
    );
    Ok(())
}

fn novelty(arguments: &Arguments) -> Result<()> {
    let seed = arguments.seed;
    let set = by_name("fashion_mnist", 0, Banking77Order::SortedByClass)?;
    let (train, test, names) = labelled(&set)?;
    let inputs = set.train_x.ncols();
    let cues = set.test_x.slice(s![..CUES.min(set.test_x.nrows()), ..]).to_owned();
    // Pixels of noise: every value from 0 to 255 as likely, from one fixed order of them.
    let shades = shuffled_indices(256 * 4096, 1);
    let noise = Array2::from_shape_fn(cues.dim(), |(row, column)| {
        (shades[(row * inputs + column) % shades.len()] % 256) as f32
    });

    let memory = Memory::builder(inputs).labels().seed(seed).in_memory()?;
    write(&memory, set.train_x.view(), train, names)?;
    println!("\nnovelty, AUROC: 1 - seen | distance to the nearest stored row");
    let known = (unseen(&memory, cues.view())?, nearest(cues.view(), set.train_x.view()));
    let strange = (unseen(&memory, noise.view())?, nearest(noise.view(), set.train_x.view()));
    print_novelty("uniform noise", &strange, &known);

    let mut sums = (0.0, 0.0);
    for &class in &arguments.left_out {
        let kept: Vec<usize> = (0..train.len()).filter(|&row| train[row] != class).collect();
        let stored = set.train_x.select(Axis(0), &kept);
        let labels: Vec<u32> = kept.iter().map(|&row| train[row]).collect();
        let memory = Memory::builder(inputs).labels().seed(seed).in_memory()?;
        write(&memory, stored.view(), &labels, names)?;
        let rows = |left_out: bool| {
            let rows = (0..test.len()).filter(|&row| (test[row] == class) == left_out);
            set.test_x.select(Axis(0), &rows.take(CUES / 2).collect::<Vec<_>>())
        };
        let judge = |cues: &Array2<f32>| -> Result<_> {
            Ok((unseen(&memory, cues.view())?, nearest(cues.view(), stored.view())))
        };
        let name = format!("the class {:?}, never written", names[class as usize]);
        let (own, distance) = print_novelty(&name, &judge(&rows(true))?, &judge(&rows(false))?);
        sums = (sums.0 + own, sums.1 + distance);
    }
    let count = arguments.left_out.len() as f64;
    println!("{:<38} {:.4} | {:.4}", "mean of the classes", sums.0 / count, sums.1 / count);
    Ok(())
}

fn print_novelty(
    name: &str,
    strange: &(Vec<f32>, Vec<f32>),
    known: &(Vec<f32>, Vec<f32>),
) -> (f64, f64) {
    let (own, distance) = (auroc(&strange.0, &known.0), auroc(&strange.1, &known.1));
    println!(
        "{name:<38} {own:.4} | {distance:.4}   ({} against {} cues)",
        strange.0.len(),
        known.0.len()
    );
    (own, distance)
}

fn write(memory: &Memory, x: ArrayView2<'_, f32>, y: &[u32], names: &[String]) -> Result<()> {
    for (x, &label) in x.rows().into_iter().zip(y) {
        let x = x.as_slice().ok_or("the inputs are not in row order")?;
        memory.write(x, &names[label as usize])?;
    }
    Ok(())
}

/// 1 - seen of each row.
fn unseen(memory: &Memory, x: ArrayView2<'_, f32>) -> Result<Vec<f32>> {
    let each = |x: ndarray::ArrayView1<'_, f32>| -> Result<f32> {
        let familiarity = memory.familiarity(x.as_slice().ok_or("not in row order")?)?;
        if familiarity.known_keys > familiarity.keys {
            return Err("more keys are known than there are".into());
        }
        Ok(1.0 - familiarity.seen)
    };
    x.rows().into_iter().map(each).collect()
}

/// The squared distance from each row of `cues` to the nearest of `stored`.
fn nearest(cues: ArrayView2<'_, f32>, stored: ArrayView2<'_, f32>) -> Vec<f32> {
    let norms = |x: ArrayView2<'_, f32>| -> Array1<f32> {
        x.rows().into_iter().map(|row| row.dot(&row)).collect()
    };
    let own = norms(cues);
    let mut least = Array1::from_elem(cues.nrows(), f32::INFINITY);
    for stored in stored.axis_chunks_iter(Axis(0), 4096) {
        let (products, norms) = (cues.dot(&stored.t()), norms(stored));
        for (cue, products) in products.rows().into_iter().enumerate() {
            for (product, norm) in products.iter().zip(&norms) {
                least[cue] = f32::min(least[cue], own[cue] + norm - 2.0 * product);
            }
        }
    }
    least.to_vec()
}
