//! Drives River's classifiers on a stream of labels: each row is predicted, then learned, in order.
//!
//! The rows are written as little-endian f32 into a temporary folder: `x`, and `y` with one label a
//! row. The script keeps its own clock on predicting and learning alone, and prints lines:
//!
//! ```text
//! window START RIGHT        after each 500 rows, and after the rest
//! done SECONDS              at the end
//! ```
//!
//! It writes the labels that it predicted, in the form of `y`, to `recalled`; they must have as many
//! right in each window as it printed.

use std::path::Path;

use ndarray::ArrayView2;

use super::RaceError;
use super::script::{hear, read_numbers, temporary_folder, write_numbers};

/// The script of River on streams.
pub const RIVER_STREAM: &str = "river_stream.py";
/// The models that it knows: one adaptive tree, an adaptive random forest of ten trees, streaming
/// random patches of ten trees, and logistic regression on scaled inputs.
pub const STREAM_MODELS: [&str; 4] = ["hoeffding", "arf", "srp", "logistic"];

/// Rows of a window.
const WINDOW_ROWS: usize = 500;

/// How a model did on a stream.
#[derive(Clone, Debug, PartialEq)]
pub struct StreamOutcome {
    /// Whether the label of each row was predicted before it was learned.
    pub right: Vec<bool>,
    /// Seconds of predicting and learning.
    pub seconds: f64,
}

/// Lets a model of River, one of [`STREAM_MODELS`], predict and learn a stream.
///
/// # Errors
///
/// Returns an error if there is not one label a row, or if the script cannot be started, fails,
/// prints what was not agreed, or recalls something else than it says.
pub fn run_stream(
    x: ArrayView2<'_, f32>,
    labels: &[u32],
    python: &Path,
    model: &str,
) -> Result<StreamOutcome, RaceError> {
    if x.nrows() != labels.len() || labels.is_empty() {
        let reason = "one label a row is needed, and a row at least";
        return Err(RaceError::Set { set: "stream".to_owned(), reason });
    }
    let folder = temporary_folder()?;
    write_numbers(&folder.path().join("x"), x.iter().copied())?;
    write_numbers(&folder.path().join("y"), labels.iter().map(|&label| label as f32))?;
    let arguments = [("--inputs", x.ncols().to_string()), ("--model", model.to_owned())];
    let mut printed = Printed::default();
    hear(python, RIVER_STREAM, folder.path(), &arguments, &mut |line| printed.understand(line))?;
    let recalled = read_numbers(&folder.path().join("recalled"))?.unwrap_or_default();
    printed
        .outcome(labels, &recalled)
        .map_err(|reason| RaceError::Script { script: RIVER_STREAM, reason })
}

/// What the script printed.
#[derive(Debug, Default, PartialEq)]
struct Printed {
    /// Where each window starts, and how many of its rows were right.
    windows: Vec<(usize, usize)>,
    seconds: Option<f64>,
}

impl Printed {
    /// Takes one line in; false if it is none of those agreed on.
    fn understand(&mut self, line: &str) -> bool {
        let words: Vec<&str> = line.split_whitespace().collect();
        match words[..] {
            ["window", start, right] => {
                let (Ok(start), Ok(right)) = (start.parse(), right.parse()) else { return false };
                self.windows.push((start, right));
            }
            ["done", seconds] => {
                self.seconds = seconds.parse().ok();
                return self.seconds.is_some();
            }
            _ => return false,
        }
        true
    }

    /// The outcome of these labels; the reason if they are not what was printed.
    fn outcome(&self, labels: &[u32], recalled: &[f32]) -> Result<StreamOutcome, String> {
        let (rows, found) = (labels.len(), recalled.len());
        if found != rows {
            return Err(format!("it recalled {found} labels for {rows} rows"));
        }
        let pairs = recalled.iter().zip(labels);
        let right: Vec<bool> = pairs.map(|(&found, &label)| found == label as f32).collect();
        let counts = right.chunks(WINDOW_ROWS).map(|rows| rows.iter().filter(|&&it| it).count());
        let windows: Vec<_> = (0..).step_by(WINDOW_ROWS).zip(counts).collect();
        if windows != self.windows {
            return Err("its windows are not those of what it recalled".to_owned());
        }
        let seconds = self.seconds.ok_or("it printed no seconds")?;
        Ok(StreamOutcome { right, seconds })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::Array2;

    #[test]
    fn the_agreed_lines_are_understood_and_no_others() {
        let mut printed = Printed::default();
        for line in ["window 0 400", "window 500 450", "done 12.5"] {
            assert!(printed.understand(line), "{line}");
        }
        let windows = vec![(0, 400), (500, 450)];
        assert_eq!(printed, Printed { windows, seconds: Some(12.5) });
        for line in ["", "hello", "window 1", "window 1 x", "window 1 2 3", "done", "done soon"] {
            assert!(!printed.understand(line), "{line}");
        }
    }

    #[test]
    fn what_was_recalled_must_be_what_was_printed() {
        let labels = vec![1; 600];
        let mut recalled = vec![1.0; 600];
        recalled[3] = 0.0;
        recalled[599] = 2.0;
        let printed =
            |windows: &[(usize, usize)], seconds| Printed { windows: windows.to_vec(), seconds };
        let told = printed(&[(0, 499), (500, 99)], Some(1.0));
        let outcome = told.outcome(&labels, &recalled).unwrap();
        assert_eq!(outcome.seconds, 1.0);
        let wrong: Vec<usize> = (0..600).filter(|&row| !outcome.right[row]).collect();
        assert_eq!(wrong, [3, 599]);
        assert!(told.outcome(&labels, &recalled[..599]).is_err());
        for (windows, seconds) in [
            (&[(0, 500), (500, 98)][..], Some(1.0)),
            (&[(0, 499)], Some(1.0)),
            (&[(0, 499), (500, 99)], None),
        ] {
            assert!(printed(windows, seconds).outcome(&labels, &recalled).is_err(), "{windows:?}");
        }
    }

    #[test]
    fn a_python_that_is_not_there_is_an_error_by_its_path() {
        let x = Array2::zeros((4, 1));
        let python = Path::new("no/such/python");
        let error = run_stream(x.view(), &[0; 4], python, "arf").unwrap_err();
        assert!(error.to_string().starts_with("no/such/python"), "{error}");
        let error = run_stream(x.view(), &[0; 3], python, "arf").unwrap_err();
        assert!(matches!(error, RaceError::Set { .. }), "{error}");
    }
}
