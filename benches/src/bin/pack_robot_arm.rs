//! Packs the robot arm's arrays into the file that the repository ships, and checks that nothing
//! was lost.

use std::error::Error;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;
use glam_benches::data::{pack_robot_arm, packed, robot_arm_source};

/// Pack the robot arm arrays of the data folder (GLAM_DATA) into one compact file.
#[derive(Parser)]
struct Arguments {
    /// The file to write.
    out: PathBuf,
}

fn main() -> ExitCode {
    match run(&Arguments::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("pack_robot_arm: {error}");
            ExitCode::from(2)
        }
    }
}

fn run(arguments: &Arguments) -> Result<(), Box<dyn Error>> {
    let table = robot_arm_source()?;
    let bytes = pack_robot_arm(&table)?;
    let back = packed::decode(&bytes)?;
    let bits = |column: &Vec<f32>| column.iter().map(|value| value.to_bits()).collect::<Vec<_>>();
    let exact = back.runs == table.runs
        && back.columns.len() == table.columns.len()
        && back.columns.iter().zip(&table.columns).all(|(now, then)| bits(now) == bits(then));
    if !exact {
        return Err("the packed file does not unpack to the same bits".into());
    }
    std::fs::write(&arguments.out, &bytes)?;
    println!(
        "{} rows, {} columns, {} runs: {} bytes, exact",
        table.row_count(),
        table.columns.len(),
        table.runs.len(),
        bytes.len()
    );
    Ok(())
}
