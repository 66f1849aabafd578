//! A robot arm: the state of six joints, and the torques that move them.

use std::ops::{Range, RangeInclusive};
use std::path::{Path, PathBuf};

use ndarray::{Array2, Axis};

use super::folder::DataFile;
use super::npy::{read_labels, read_matrix};
use super::packed::{self, Slope, Table};
use super::{DataError, Dataset, Targets};

/// Positions, speeds and accelerations of six joints.
pub const ROBOT_ARM_INPUT_COUNT: usize = 18;
/// One torque a joint.
pub const ROBOT_ARM_TORQUE_COUNT: usize = 6;
/// Rows follow each other at this rate within a run.
pub const ROBOT_ARM_SAMPLES_PER_SECOND: f64 = 250.0;
/// Where the repository keeps the packed file, from its root.
pub const ROBOT_ARM_PACKED_PATH: &str = "examples/data/robot_arm/robot_arm.bin.gz";

/// Which runs are for testing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HoldOut {
    /// The runs whose number 5 divides. Each has near twins among the training runs.
    EveryFifthRun,
    /// The runs with these numbers, for example a whole path, so that no twin is left to learn from.
    Runs(RangeInclusive<u32>),
}

impl HoldOut {
    fn holds_out(&self, run: u32) -> bool {
        match self {
            Self::EveryFifthRun => run.is_multiple_of(5),
            Self::Runs(runs) => runs.contains(&run),
        }
    }
}

/// One run of the arm.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Run {
    /// Its number, from 1.
    pub id: u32,
    /// Its rows among the training or the test rows.
    pub rows: Range<usize>,
}

/// The robot arm, with the runs that its rows belong to.
#[derive(Clone, Debug)]
pub struct RobotArm {
    /// The rows, in time order.
    pub dataset: Dataset,
    /// The runs among the training rows.
    pub train_runs: Vec<Run>,
    /// The runs among the test rows.
    pub test_runs: Vec<Run>,
}

/// Reads the robot arm from the repository's packed file.
///
/// # Errors
///
/// Returns an error if the file is missing or malformed.
pub fn robot_arm(hold_out: &HoldOut) -> Result<RobotArm, DataError> {
    let path = packed_path();
    let bytes = std::fs::read(&path).map_err(|source| match source.kind() {
        std::io::ErrorKind::NotFound => DataError::MissingFromCheckout { path: path.clone() },
        _ => DataError::Io { path: path.clone(), source },
    })?;
    let table = packed::decode(&bytes)
        .map_err(|source| DataError::Packed { path: path.clone(), source })?;
    let width = ROBOT_ARM_INPUT_COUNT + ROBOT_ARM_TORQUE_COUNT;
    if table.columns.len() != width {
        let reason = format!("{} columns where {width} were expected", table.columns.len());
        return Err(DataError::malformed(&path, reason));
    }
    Ok(split(&table, hold_out))
}

/// Reads the robot arm from the arrays it was packed from, in the data folder.
///
/// # Errors
///
/// Returns an error if a file is missing or malformed.
pub fn robot_arm_source() -> Result<Table, DataError> {
    let inputs = read_matrix(&DataFile::new("robot_arm/X.npy"))?;
    let torques = read_matrix(&DataFile::new("robot_arm/y.npy"))?;
    let ids_file = DataFile::new("robot_arm/trajectory_id.npy");
    let ids = read_labels(&ids_file)?;
    if inputs.nrows() != ids.len() || torques.nrows() != ids.len() {
        return Err(ids_file.malformed(format!(
            "{} run numbers for {} rows of inputs and {} of torques",
            ids.len(),
            inputs.nrows(),
            torques.nrows()
        )));
    }
    let runs = ids
        .chunk_by(|before, after| before == after)
        .filter_map(|run| Some((*run.first()?, u32::try_from(run.len()).ok()?)))
        .collect();
    let columns_of = |values: &Array2<f32>| -> Vec<Vec<f32>> {
        values.columns().into_iter().map(|column| column.to_vec()).collect()
    };
    let mut columns = columns_of(&inputs);
    columns.extend(columns_of(&torques));
    Ok(Table { runs, columns })
}

/// Packs the robot arm; the accelerations are the slopes of the speeds.
///
/// # Errors
///
/// Returns an error if the table does not hold together.
pub fn pack_robot_arm(table: &Table) -> Result<Vec<u8>, packed::PackedError> {
    let joints = ROBOT_ARM_TORQUE_COUNT;
    let slopes: Vec<Slope> = (0..joints)
        .map(|joint| Slope {
            column: 2 * joints + joint,
            base: joints + joint,
            rate: ROBOT_ARM_SAMPLES_PER_SECOND,
        })
        .collect();
    packed::encode(table, &slopes)
}

fn packed_path() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(ROBOT_ARM_PACKED_PATH)
}

fn split(table: &Table, hold_out: &HoldOut) -> RobotArm {
    let x = rows_of(&table.columns[..ROBOT_ARM_INPUT_COUNT]);
    let y = rows_of(&table.columns[ROBOT_ARM_INPUT_COUNT..]);
    let (mut train, mut test) = (Side::default(), Side::default());
    let mut first_row = 0;
    for &(id, row_count) in &table.runs {
        let rows = first_row..first_row + row_count as usize;
        first_row = rows.end;
        let side = if hold_out.holds_out(id) { &mut test } else { &mut train };
        side.push(id, rows);
    }
    RobotArm {
        dataset: Dataset {
            name: "robot_arm".to_owned(),
            train_x: x.select(Axis(0), &train.rows),
            train_y: Targets::Values(y.select(Axis(0), &train.rows)),
            test_x: x.select(Axis(0), &test.rows),
            test_y: Targets::Values(y.select(Axis(0), &test.rows)),
        },
        train_runs: train.runs,
        test_runs: test.runs,
    }
}

/// The rows of one side of the split, and the runs they belong to.
#[derive(Default)]
struct Side {
    rows: Vec<usize>,
    runs: Vec<Run>,
}

impl Side {
    fn push(&mut self, id: u32, rows: Range<usize>) {
        let start = self.rows.len();
        self.rows.extend(rows);
        self.runs.push(Run { id, rows: start..self.rows.len() });
    }
}

fn rows_of(columns: &[Vec<f32>]) -> Array2<f32> {
    let row_count = columns.first().map_or(0, Vec::len);
    Array2::from_shape_fn((row_count, columns.len()), |(row, column)| columns[column][row])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shipped_file_holds_the_whole_set() {
        let arm = robot_arm(&HoldOut::EveryFifthRun).unwrap();
        assert_eq!(arm.dataset.train_x.dim(), (53_440, ROBOT_ARM_INPUT_COUNT));
        assert_eq!(arm.dataset.test_x.dim(), (14_010, ROBOT_ARM_INPUT_COUNT));
        assert_eq!(arm.dataset.test_y.width(), ROBOT_ARM_TORQUE_COUNT);
        assert_eq!(arm.test_runs.len(), 20);
        assert!(arm.test_runs.iter().all(|run| run.id % 5 == 0));
        // The first row of run 1, as the source has it.
        assert_eq!(arm.dataset.train_x[[0, 0]].to_bits(), 1.0572_f32.to_bits());
        let Targets::Values(torques) = &arm.dataset.train_y else { panic!("torques are values") };
        assert_eq!(torques[[0, 0]].to_bits(), 3.9644_f32.to_bits());
    }

    #[test]
    fn runs_cover_the_rows_of_their_side_in_order() {
        let arm = robot_arm(&HoldOut::Runs(80..=100)).unwrap();
        for (runs, x) in
            [(&arm.train_runs, &arm.dataset.train_x), (&arm.test_runs, &arm.dataset.test_x)]
        {
            let mut next = 0;
            for run in runs {
                assert_eq!(run.rows.start, next);
                next = run.rows.end;
            }
            assert_eq!(next, x.nrows());
        }
    }
}
