//! Writes a stored data set as train.csv and test.csv, to try the command line tool on.

use std::error::Error;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Parser;
use glam_benches::data::{Banking77Order, Dataset, SET_NAMES, Targets, by_name};
use ndarray::Array2;

/// Write a stored data set as train.csv and test.csv: a header line, inputs first, then outputs or
/// the label.
///
/// The streams elec2 and weather have no test rows, so only train.csv is written.
#[derive(Parser)]
struct Arguments {
    /// The data set.
    #[arg(value_parser = clap::builder::PossibleValuesParser::new(SET_NAMES))]
    name: String,
    /// The folder to write to; made if it is not there.
    out_dir: PathBuf,
    /// The stored split of a UCI set.
    #[arg(long, default_value_t = 0)]
    split: usize,
    /// The seed that shuffles banking77.
    #[arg(long, default_value_t = 0, conflicts_with = "sorted")]
    seed: u64,
    /// Leave banking77 sorted by class.
    #[arg(long)]
    sorted: bool,
}

fn main() -> ExitCode {
    match run(&Arguments::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("export_csv: {error}");
            ExitCode::from(2)
        }
    }
}

fn run(arguments: &Arguments) -> Result<(), Box<dyn Error>> {
    let order = if arguments.sorted {
        Banking77Order::SortedByClass
    } else {
        Banking77Order::Shuffled { seed: arguments.seed }
    };
    let set = by_name(&arguments.name, arguments.split, order)?;
    std::fs::create_dir_all(&arguments.out_dir)
        .map_err(|error| format!("{}: {error}", arguments.out_dir.display()))?;
    export(&set, &arguments.out_dir)
}

fn export(set: &Dataset, out_dir: &Path) -> Result<(), Box<dyn Error>> {
    for (leaf, x, y) in
        [("train.csv", &set.train_x, &set.train_y), ("test.csv", &set.test_x, &set.test_y)]
    {
        if x.nrows() == 0 {
            continue;
        }
        let path = out_dir.join(leaf);
        write(&path, x, y).map_err(|error| format!("{}: {error}", path.display()))?;
        println!("{}: {} rows, {} inputs", path.display(), x.nrows(), x.ncols());
    }
    Ok(())
}

fn write(path: &Path, x: &Array2<f32>, y: &Targets) -> Result<(), csv::Error> {
    let mut writer = csv::Writer::from_path(path)?;
    let mut header: Vec<String> = (0..x.ncols()).map(|input| format!("x{input}")).collect();
    match y {
        Targets::Values(values) if values.ncols() == 1 => header.push("y".to_owned()),
        Targets::Values(values) => {
            header.extend((0..values.ncols()).map(|output| format!("y{output}")));
        }
        Targets::Labels { .. } => header.push("label".to_owned()),
    }
    writer.write_record(&header)?;
    for (row, inputs) in x.rows().into_iter().enumerate() {
        for value in inputs {
            writer.write_field(value.to_string())?;
        }
        match y {
            Targets::Values(values) => {
                for value in values.row(row) {
                    writer.write_field(value.to_string())?;
                }
            }
            Targets::Labels { labels, names } => {
                writer.write_field(&names[labels[row] as usize])?;
            }
        }
        writer.write_record(None::<&[u8]>)?;
    }
    writer.flush()?;
    Ok(())
}
