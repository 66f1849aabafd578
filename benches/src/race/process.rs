//! Drives learners that are Python programs.
//!
//! The rows are written as little-endian f32 into a temporary folder: `train_x`, `train_y`,
//! `test_x`, `test_y`, labels as one number a row. The script learns, keeps its own clock on learning
//! alone, and prints lines:
//!
//! ```text
//! ROWS SECONDS MEASURE      at each checkpoint
//! setting WORDS             what it chose
//! search SECONDS            for choosing it, on training rows
//! read MICROSECONDS         for one cue
//! bytes NUMBER              of what it learned
//! ```
//!
//! At the end it writes what it recalls at the test rows, in the form of `test_y`, to `recalled`;
//! the measure of that must be the last one printed. It may write the numbers of training rows that it
//! held out to `held_out`, what it recalled at these to `held_scores`, and at the test rows to
//! `test_scores`, of the same measure again: values, or a score for each label, an output after the other
//! and a row after the other.

use std::path::Path;

use ndarray::Array2;

use super::outcome::End;
use super::script::{hear, read_numbers, temporary_folder, write_numbers};
use super::{Course, Outcome, Point, RaceError, Scores};
use crate::data::Targets;

/// The script of Vowpal Wabbit.
pub const VOWPAL_WABBIT: &str = "vw_peer.py";
/// The script of River.
pub const RIVER: &str = "river_peer.py";
/// The script of LightGBM, to which the seconds of the course are for search and learning together.
pub const LIGHTGBM: &str = "lightgbm_peer.py";
/// The script of scikit-learn's multilayer perceptron.
pub const SKLEARN_MLP: &str = "sklearn_mlp_peer.py";

/// How far the script's last measure may be from that of what it recalled: it prints as many digits
/// as f64 has, and sums in another order.
const MEASURE_TOLERANCE: f64 = 1e-6;

/// Lets a script run the course.
///
/// # Errors
///
/// Returns an error if the script cannot be started, fails, prints what was not agreed, or recalls
/// something else than it says.
pub fn run_script(
    course: &Course,
    name: &str,
    python: &Path,
    script: &'static str,
) -> Result<Outcome, RaceError> {
    let temporary = temporary_folder()?;
    write_rows(course, temporary.path())?;
    let arguments = [
        ("--inputs", course.input_count().to_string()),
        ("--outputs", course.output_count().to_string()),
        ("--kind", if course.has_labels() { "labels" } else { "values" }.to_owned()),
        ("--goal", course.goal.to_string()),
        ("--seconds", course.seconds.to_string()),
        ("--passes", course.passes.to_string()),
    ];
    let threads = threads_of(script);
    let mut outcome =
        Outcome { threads, ..Outcome::without_points(name, End::NotRun(String::new())) };
    hear(python, script, temporary.path(), &arguments, &mut |line| understand(line, &mut outcome))?;
    check(course, &outcome, temporary.path(), script)?;
    outcome.scores = scores(course, &outcome, temporary.path(), script)?;
    let nothing = || RaceError::Script { script, reason: "it printed no checkpoint".to_owned() };
    outcome.end = End::of(course, &outcome.points).ok_or_else(nothing)?;
    Ok(outcome)
}

/// Threads that a script learns on: one a core where its library can.
fn threads_of(script: &str) -> usize {
    match script {
        LIGHTGBM | SKLEARN_MLP => std::thread::available_parallelism().map_or(1, usize::from),
        _ => 1,
    }
}

fn write_rows(course: &Course, folder: &Path) -> Result<(), RaceError> {
    let set = course.set();
    let targets = |name: &str, y: &Targets| match y {
        Targets::Values(values) => write_numbers(&folder.join(name), values.iter().copied()),
        Targets::Labels { labels, .. } => {
            write_numbers(&folder.join(name), labels.iter().map(|&label| label as f32))
        }
    };
    write_numbers(&folder.join("train_x"), set.train_x.iter().copied())?;
    write_numbers(&folder.join("test_x"), set.test_x.iter().copied())?;
    targets("train_y", &set.train_y)?;
    targets("test_y", &set.test_y)
}

/// Takes one line into the outcome; false if it is none of those agreed on.
fn understand(line: &str, outcome: &mut Outcome) -> bool {
    let number = |word: &str| word.parse::<f64>().ok();
    match line.split_once(' ') {
        Some(("setting", words)) => outcome.setting = words.to_owned(),
        Some(("search", seconds)) => {
            outcome.search_seconds = number(seconds);
            return outcome.search_seconds.is_some();
        }
        Some(("read", micros)) => {
            outcome.read_micros = number(micros);
            return outcome.read_micros.is_some();
        }
        Some(("bytes", count)) => {
            outcome.bytes = number(count);
            return outcome.bytes.is_some();
        }
        _ => {
            let words: Vec<&str> = line.split_whitespace().collect();
            let [rows, seconds, measure] = words[..] else { return false };
            let (Ok(rows), Some(seconds), Some(measure)) =
                (rows.parse(), number(seconds), number(measure))
            else {
                return false;
            };
            outcome.points.push(Point { rows, seconds, measure });
        }
    }
    true
}

/// Fails unless what the script recalled at the end has the measure that it printed last.
fn check(
    course: &Course,
    outcome: &Outcome,
    folder: &Path,
    script: &'static str,
) -> Result<(), RaceError> {
    let values = read_numbers(&folder.join("recalled"))?.unwrap_or_default();
    agrees(outcome, measure_of(course, values), script)
}

/// Fails unless the measure is that which was printed last.
fn agrees(outcome: &Outcome, measure: Option<f64>, script: &'static str) -> Result<(), RaceError> {
    let printed = outcome.points.last().map(|point| point.measure);
    match (measure, printed) {
        (Some(measure), Some(printed))
            if (measure - printed).abs() <= MEASURE_TOLERANCE * printed.abs().max(1.0)
                || (measure.is_nan() && printed.is_nan()) =>
        {
            Ok(())
        }
        _ => {
            let reason = format!("it printed {printed:?}, what it recalled gives {measure:?}");
            Err(RaceError::Script { script, reason })
        }
    }
}

/// What the script wrote of how sure it was, if it did.
fn scores(
    course: &Course,
    outcome: &Outcome,
    folder: &Path,
    script: &'static str,
) -> Result<Option<Scores>, RaceError> {
    let held_out = folder.join("held_out");
    if !held_out.exists() {
        return Ok(None);
    }
    let wrong = |file: &str| {
        let reason = format!("what it wrote to {file} does not fit the rows");
        RaceError::Script { script, reason }
    };
    let rows = course.set().train_x.nrows();
    let is_row = |number: &f32| number.fract() == 0.0 && (0.0..rows as f32).contains(number);
    let numbers = read_numbers(&held_out)?.filter(|numbers| numbers.iter().all(is_row));
    let held_out: Vec<usize> =
        numbers.ok_or_else(|| wrong("held_out"))?.into_iter().map(|row| row as usize).collect();
    let read = |file: &str, rows: usize| {
        let values = read_numbers(&folder.join(file))?.unwrap_or_default();
        Array2::from_shape_vec((rows, course.output_count()), values).map_err(|_| wrong(file))
    };
    let held = read("held_scores", held_out.len())?;
    let test = read("test_scores", course.cues().nrows())?;
    agrees(outcome, Some(course.judge(test.view())), script)?;
    Ok(Some(Scores { held_out, held, test }))
}

/// The measure of values, or of one label a row; none if there are not as many as test rows.
fn measure_of(course: &Course, values: Vec<f32>) -> Option<f64> {
    let (rows, outputs) = (course.cues().nrows(), course.output_count());
    let recalled = if course.has_labels() {
        let mut scores = Array2::zeros((rows, outputs));
        if values.len() != rows {
            return None;
        }
        for (row, &label) in values.iter().enumerate() {
            if label.fract() != 0.0 || label < 0.0 {
                return None;
            }
            *scores.get_mut((row, label as usize))? = 1.0;
        }
        scores
    } else {
        Array2::from_shape_vec((rows, outputs), values).ok()?
    };
    Some(course.judge(recalled.view()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_agreed_lines_are_understood_and_no_others() {
        let mut outcome = Outcome::without_points("script", End::NotRun(String::new()));
        for line in ["setting a rate of 0.5", "search 1.5", "500 0.25 0.75", "read 12.5", "bytes 8"]
        {
            assert!(understand(line, &mut outcome), "{line}");
        }
        assert_eq!(outcome.setting, "a rate of 0.5");
        assert_eq!((outcome.search_seconds, outcome.read_micros), (Some(1.5), Some(12.5)));
        assert_eq!(outcome.bytes, Some(8.0));
        assert_eq!(outcome.points, [Point { rows: 500, seconds: 0.25, measure: 0.75 }]);
        for line in ["", "hello", "1 2", "1 2 x", "1 2 3 4", "read fast", "bytes x", "-5 1 1"] {
            assert!(!understand(line, &mut outcome), "{line}");
        }
    }

    #[test]
    fn scores_must_fit_the_rows_and_what_was_printed() {
        let set = crate::data::Dataset {
            name: "two labels".into(),
            train_x: Array2::zeros((4, 1)),
            train_y: labels(&[0, 1, 0, 1]),
            test_x: Array2::zeros((2, 1)),
            test_y: labels(&[0, 1]),
        };
        let course = Course::new(set, 0.1, 1.0, 1).unwrap();
        let point = |measure| Point { rows: 4, seconds: 0.5, measure };
        let outcome = |measure| Outcome {
            points: vec![point(measure)],
            ..Outcome::without_points("script", End::NotRun(String::new()))
        };
        let folder = temporary_folder().unwrap();
        let read = |measure| scores(&course, &outcome(measure), folder.path(), "script");
        let write = |file: &str, values: &[f32]| {
            write_numbers(&folder.path().join(file), values.iter().copied()).unwrap();
        };
        assert_eq!(read(0.5).unwrap(), None);
        write("held_out", &[3.0]);
        write("held_scores", &[0.25, 0.5]);
        write("test_scores", &[1.0, 0.0, 1.0, 0.0]);
        let found = read(0.5).unwrap().unwrap();
        assert_eq!((found.held_out, found.held[[0, 1]], found.test.dim()), (vec![3], 0.5, (2, 2)));
        assert!(read(1.0).unwrap_err().to_string().contains("it printed Some(1.0)"));
        write("test_scores", &[1.0, 0.0]);
        assert!(read(0.5).unwrap_err().to_string().contains("test_scores"));
        for row in [4.0, -1.0, 0.5, f32::NAN] {
            write("held_out", &[row]);
            assert!(read(0.5).unwrap_err().to_string().contains("held_out"), "{row}");
        }
    }

    fn labels(labels: &[u32]) -> Targets {
        Targets::Labels { labels: labels.to_vec(), names: vec!["a".into(), "b".into()] }
    }

    #[test]
    fn a_python_that_is_not_there_is_an_error_by_its_path() {
        let set = crate::data::Dataset {
            name: "zeros".into(),
            train_x: Array2::zeros((4, 1)),
            train_y: Targets::Values(Array2::zeros((4, 1))),
            test_x: Array2::zeros((4, 1)),
            test_y: Targets::Values(Array2::zeros((4, 1))),
        };
        let course = Course::new(set, 0.1, 1.0, 1).unwrap();
        let error = run_script(&course, "none", Path::new("no/such/python"), RIVER).unwrap_err();
        assert!(error.to_string().starts_with("no/such/python"), "{error}");
    }
}
