//! A memory that was only written to against what a search finds.

use super::choose::tenths;
use super::*;
use crate::config::{Config, Targets};
use crate::label::{Label, Labels};
use crate::observation::Target;
use crate::rng::Rng;
use crate::scratch::Scratch;

fn go_on(_: &Progress<'_>) -> Flow {
    Flow::Continue
}

/// Inputs, targets, weights.
type Rows = Vec<(f32, [f32; 2], f32)>;

/// A model with few tables, what it was written, and that as a history.
fn made(
    targets: Targets,
    window: Option<u32>,
    count: usize,
    target: impl Fn(usize, f32) -> [f32; 2],
) -> (Model, Rows, Observations) {
    let config = Config::builder(1, targets).tables(4).levels([1, 2]);
    let config = window.map_or(config.clone(), |window| config.window(window));
    let mut model = Model::new(config.build().unwrap());
    let (mut rng, mut rows, mut history) = (Rng::new(5, 9), Vec::new(), Observations::new());
    for row in 0..count {
        let x = 2.0 * rng.unit() - 1.0;
        let (y, weight) = (target(row, x), [1.0, 0.5, 3.0][row % 3]);
        rows.push((x, y, weight));
        model.write_weighted(&[x], as_target(targets, &y), weight).unwrap();
        let labels = model.recall().labels();
        history.add(labels, &[x], as_target(targets, &y), weight).unwrap();
    }
    (model, rows, history)
}

/// A label says which of the two numbers is larger.
fn as_target(targets: Targets, y: &[f32; 2]) -> Target<'_> {
    match targets {
        Targets::Numbers(_) => Target::Numbers(y),
        Targets::Labels => Target::Label(Label::Integer(i64::from(y[0] > y[1]))),
    }
}

fn curve(row: usize, x: f32) -> [f32; 2] {
    // Some targets are not known.
    [if row % 5 == 1 { f32::NAN } else { (3.0 * x).sin() }, 0.2 * x]
}

#[test]
fn its_error_is_that_of_writing_all_rows_but_a_tenth_for_each_tenth() {
    let count = 90;
    for targets in [Targets::Numbers(2), Targets::Labels] {
        let (model, rows, history) = made(targets, None, count, curve);
        let options = Options { regates: 0, as_it_is: true };
        let found = model.consolidate(&history, options, &Serial, &go_on).unwrap();
        let trials = found.report().decision.unwrap().trials;
        let trial = trials.last().unwrap();
        assert_eq!((trial.name.as_str(), trial.iterations, trial.lambda), ("as written", 0, 0.0));

        let known = |output: usize| rows.iter().map(move |(_, y, _)| f64::from(y[output]));
        let deviation = [0, 1].map(|output| {
            let values: Vec<f64> = known(output).filter(|y| !y.is_nan()).collect();
            let mean = values.iter().sum::<f64>() / values.len() as f64;
            let squares: f64 = values.iter().map(|y| (y - mean).powi(2)).sum();
            (squares / values.len() as f64).sqrt()
        });
        let tenths = tenths(1, count);
        let mut errors = Vec::new();
        for fold in 0..5 {
            let mut other = Model::new(model.recall().config().clone());
            let (mut out, mut scratch) = ([0.0; 2], Scratch::default());
            for ((x, y, weight), _) in rows.iter().zip(&tenths).filter(|(_, tenth)| **tenth != fold)
            {
                other.write_weighted(&[*x], as_target(targets, y), *weight).unwrap();
            }
            let (mut sum, mut total) = (0.0, 0.0);
            for ((x, y, weight), _) in rows.iter().zip(&tenths).filter(|(_, tenth)| **tenth == fold)
            {
                other.recall().read(&[*x], &mut scratch, &mut out).unwrap();
                total += f64::from(*weight);
                for output in 0..2 {
                    let error = match targets {
                        Targets::Numbers(_) => {
                            f64::from(out[output] - y[output]) / deviation[output]
                        }
                        Targets::Labels => {
                            let class = Label::Integer(i64::from(y[0] > y[1]));
                            let place = model.recall().labels().position(class).unwrap();
                            // The order in which this memory met the classes.
                            let own = other.recall().labels().position(class).unwrap();
                            let same = |at: usize| if at == place { own } else { 1 - own };
                            f64::from(out[same(output)]) - f64::from(u8::from(output == place))
                        }
                    };
                    if !error.is_nan() {
                        sum += f64::from(*weight) * error * error;
                    }
                }
            }
            errors.push(sum / total);
        }
        let expected = errors.iter().sum::<f64>() / 5.0;
        // An error is a difference of f32 numbers of about 1: 1e-7 of each, twice that of its square.
        assert!((trial.error - expected).abs() < 1e-6 * (1.0 + expected), "{trial:?} {expected}");
    }
}

#[test]
fn a_memory_than_which_nothing_is_better_stays_and_tells_so() {
    let line = |_, x: f32| [x, 3.0 - x];
    let (model, _, history) = made(Targets::Numbers(2), None, 8, line);
    let options = Options { regates: 1, as_it_is: false };
    let stays = model.consolidate(&history, options, &Serial, &go_on).unwrap();
    let decision = stays.report().decision.unwrap();
    let chosen = decision.trials.iter().rfind(|trial| trial.accepted).unwrap();
    assert_eq!(chosen.name, "as written");
    assert!(decision.trials.len() > 1 && !decision.is_consolidated());
    assert_eq!((decision.rows, decision.sequence, decision.folds), (8, 8, 5));
    // All but what it tells is the memory as it was, and it learns on alike.
    let bits = |model: &Model| {
        let state = model.state();
        let lines =
            [state.weights, state.covariances].map(|slots| slots.to_vec().unwrap()).concat();
        let floats: Vec<u32> = lines.iter().flat_map(|line| line.0.map(f32::to_bits)).collect();
        (state.history, state.keys.to_vec(), floats)
    };
    assert!(bits(&stays) == bits(&model));
    let (mut one, mut other) = (model, stays);
    for row in 0..1000 {
        let (x, y) = ([row as f32 / 500.0 - 1.0], [(row % 7) as f32, row as f32 / 99.0]);
        assert_eq!(one.write(&x, (&y).into()).unwrap(), other.write(&x, (&y).into()).unwrap());
    }
    assert!(bits(&one) == bits(&other));
}

#[test]
fn what_was_consolidated_before_is_its_own_first_trial_and_written_no_more() {
    let line = |_, x: f32| [x, 3.0 - x];
    let (model, _, history) = made(Targets::Numbers(2), None, 300, line);
    let options = Options { regates: 0, as_it_is: true };
    let names = |model: &Model| -> Vec<String> {
        let decision = model.report().decision.unwrap();
        decision.trials.into_iter().map(|trial| trial.name).collect()
    };
    let once = model.consolidate(&history, options, &Serial, &go_on).unwrap();
    assert_eq!(names(&once), ["as it is", "as written"]);
    assert!(once.report().decision.unwrap().is_consolidated());
    let twice = once.consolidate(&history, options, &Serial, &go_on).unwrap();
    assert_eq!(names(&twice), ["kept gates"]);
}

#[test]
fn a_window_leaves_the_last_rows_and_the_memory_forgets_them_by_itself() {
    // The function turns over; what is left of the history is of after that.
    let turned = |row: usize, x: f32| [if row < 400 { x } else { -x }, 0.0];
    let (model, _, history) = made(Targets::Numbers(2), Some(20), 600, turned);
    let options = Options { regates: 0, as_it_is: true };
    let found = model.consolidate(&history, options, &Serial, &go_on).unwrap();
    let decision = found.report().decision.unwrap();
    assert_eq!(decision.rows, 160, "eight windows");
    // A memory of the rows before 400 would be wrong by four variances.
    let trial = decision.trials.last().unwrap();
    assert!(trial.name == "as written" && trial.error < 0.5, "{trial:?}");
}

#[test]
fn a_stop_while_it_is_written_ends_it() {
    let (model, _, history) = made(Targets::Numbers(2), None, 100, curve);
    let watch = |progress: &Progress<'_>| {
        if progress.name == "as written" { Flow::Stop } else { Flow::Continue }
    };
    let options = Options { regates: 0, as_it_is: true };
    let stopped = model.consolidate(&history, options, &Serial, &watch);
    assert_eq!(stopped.err(), Some(Error::Cancelled));
}

#[test]
fn many_outputs_with_gaps_are_judged_by_what_is_known_of_them() {
    // Every output is the same line, and half of the targets are not known.
    let outputs = 40;
    let config = Config::builder(1, Targets::Numbers(outputs as u32)).tables(4).levels([1]).build();
    let mut model = Model::new(config.unwrap());
    let (mut rng, mut history) = (Rng::new(4, 4), Observations::new());
    for row in 0..300 {
        let x = 2.0 * rng.unit() - 1.0;
        let y: Vec<f32> = (0..outputs)
            .map(|output| if (row * 7 + output * 3) % 2 == 0 { f32::NAN } else { x })
            .collect();
        model.write(&[x], Target::Numbers(&y)).unwrap();
        history.add(&Labels::default(), &[x], Target::Numbers(&y), 1.0).unwrap();
    }
    let options = Options { regates: 0, as_it_is: true };
    let found = model.consolidate(&history, options, &Serial, &go_on).unwrap();
    // A gap that counted as a mean would leave half a variance for each of 20 known outputs.
    let trials = found.report().decision.unwrap().trials;
    assert!(trials.iter().all(|trial| trial.error < 1.0), "{trials:?}");
}
