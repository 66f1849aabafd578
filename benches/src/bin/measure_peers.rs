//! Measures the peers on a stored data set: the figures that GLAM's are printed beside.

use std::error::Error;
use std::process::ExitCode;

use clap::{Parser, ValueEnum};
use glam_benches::data::{Banking77Order, Dataset, SET_NAMES, Targets, by_name};
use glam_benches::metrics::{accuracy, largest, mean_nmse, rmse};
use glam_benches::peers::mlp::{self, InputScale, MlpParams, RowOrder};
use glam_benches::peers::ridge::{Ridge, RidgeParams};
use ndarray::Array2;

/// Measure ridge regression and a multilayer perceptron on the test rows of a stored data set.
#[derive(Parser)]
struct Arguments {
    /// The data set.
    #[arg(value_parser = clap::builder::PossibleValuesParser::new(SET_NAMES))]
    name: String,
    /// Units of each hidden layer, separated by commas.
    #[arg(long, value_delimiter = ',', default_value = "128,128")]
    hidden: Vec<usize>,
    /// Passes over the data, one measurement each, separated by commas.
    #[arg(long, value_delimiter = ',', default_value = "1,20")]
    epochs: Vec<usize>,
    /// Rows a batch.
    #[arg(long, default_value_t = 64)]
    batch_rows: usize,
    /// Learning rates to choose from, separated by commas.
    #[arg(long, value_delimiter = ',', default_value = "0.0003,0.001,0.003,0.01")]
    rates: Vec<f64>,
    /// How inputs are scaled.
    #[arg(long, value_enum, default_value_t = Scale::Each)]
    scale: Scale,
    /// Visit the rows in the order that they come in.
    #[arg(long)]
    given_order: bool,
    /// Leave banking77 sorted by class.
    #[arg(long)]
    sorted: bool,
    /// The stored split of a UCI set.
    #[arg(long, default_value_t = 0)]
    split: usize,
    /// The seed of everything drawn at random.
    #[arg(long, default_value_t = 0)]
    seed: u64,
    /// Threads; without it, one a core.
    #[arg(long)]
    threads: Option<usize>,
}

#[derive(Clone, Copy, ValueEnum)]
enum Scale {
    /// Each input has its own mean and spread.
    Each,
    /// All inputs share one mean and one spread.
    All,
}

fn main() -> ExitCode {
    match run(Arguments::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("measure_peers: {error}");
            ExitCode::from(2)
        }
    }
}

fn run(arguments: Arguments) -> Result<(), Box<dyn Error>> {
    let seed = arguments.seed;
    let order = if arguments.sorted {
        Banking77Order::SortedByClass
    } else {
        Banking77Order::Shuffled { seed }
    };
    let set = by_name(&arguments.name, arguments.split, order)?;
    if set.test_x.nrows() == 0 {
        return Err(format!("{} is a stream: it has no test rows", set.name).into());
    }
    println!(
        "model        passes  {:>22}  search s  train s     bytes  setting",
        figure_names(&set)
    );

    let ridge =
        Ridge::fit(&RidgeParams { seed, ..Default::default() }, set.train_x.view(), &set.train_y)?;
    println!(
        "{:<12} {:>6}  {:>22}  {:>8.2}  {:>7.2}  {:>8}  penalty {}",
        "ridge",
        1,
        figures(&set, &ridge.predict(set.test_x.view())),
        ridge.search_seconds,
        ridge.train_seconds,
        ridge.parameter_bytes(),
        ridge.penalty
    );

    let defaults = MlpParams::default();
    for epochs in arguments.epochs {
        let params = MlpParams {
            hidden: arguments.hidden.clone(),
            batch_rows: arguments.batch_rows,
            epochs,
            learning_rates: arguments.rates.clone(),
            until_settled: false,
            order: if arguments.given_order { RowOrder::Given } else { RowOrder::Shuffled },
            input_scale: match arguments.scale {
                Scale::Each => InputScale::EachInput,
                Scale::All => InputScale::AllInputs,
            },
            seed,
            thread_count: arguments.threads.unwrap_or(defaults.thread_count),
        };
        let net = mlp::fit(&params.check()?, set.train_x.view(), &set.train_y)?;
        let widths: Vec<String> = arguments.hidden.iter().map(usize::to_string).collect();
        println!(
            "{:<12} {:>6}  {:>22}  {:>8.2}  {:>7.2}  {:>8}  rate {}",
            format!("mlp {}", widths.join("x")),
            epochs,
            figures(&set, &net.predict(set.test_x.view())?),
            net.search_seconds,
            net.train_seconds,
            net.parameter_bytes(),
            net.learning_rate
        );
    }
    Ok(())
}

fn figure_names(set: &Dataset) -> &'static str {
    match set.test_y {
        Targets::Values(_) => "RMSE / mean nMSE",
        Targets::Labels { .. } => "accuracy",
    }
}

fn figures(set: &Dataset, recalled: &Array2<f32>) -> String {
    match &set.test_y {
        Targets::Values(truth) => format!(
            "{:.4} / {:.4}",
            rmse(recalled.view(), truth.view()),
            mean_nmse(recalled.view(), truth.view())
        ),
        Targets::Labels { labels, .. } => {
            format!("{:.4}", accuracy(&largest(recalled.view()), labels))
        }
    }
}
