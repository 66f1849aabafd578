//! Every learner of the race that is written in Rust, on a few hundred rows made up here.
//!
//! Answers are checked, times are not.

#![expect(clippy::unwrap_used, reason = "a helper of tests may fail as a test may")]

use glam_benches::data::{Dataset, Targets};
use glam_benches::race::{Contestant, Course, End, Outcome, run};
use ndarray::{Array2, s};

const RUST: [Contestant; 6] = [
    Contestant::Glam,
    Contestant::Mlp64,
    Contestant::Mlp1,
    Contestant::Rls,
    Contestant::Forest,
    Contestant::Neighbour,
];

/// Rows, and those of them that are for testing.
const ROWS: usize = 800;
const TRAIN_ROWS: usize = 600;
/// More than any learner here needs: no clock decides.
const SECONDS: f64 = 3_600.0;

fn inputs() -> Array2<f32> {
    Array2::from_shape_fn((ROWS, 3), |(row, column)| {
        ((row * 7 + 1) as f32 * (column as f32 + 1.3)).sin()
    })
}

fn course(x: &Array2<f32>, train_y: Targets, test_y: Targets, goal: f64) -> Course {
    let set = Dataset {
        name: "made up".into(),
        train_x: x.slice(s![..TRAIN_ROWS, ..]).to_owned(),
        train_y,
        test_x: x.slice(s![TRAIN_ROWS.., ..]).to_owned(),
        test_y,
    };
    Course::new(set, goal, SECONDS, 3).unwrap()
}

/// Two outputs, mostly straight, a little curved.
fn values(goal: f64) -> Course {
    let x = inputs();
    let y = Array2::from_shape_fn((ROWS, 2), |(row, output)| {
        let x = x.row(row);
        2.0 * x[output] - x[2] + 0.3 * x[0] * x[1] + output as f32
    });
    let part = |rows| Targets::Values(y.slice(rows).to_owned());
    course(&x, part(s![..TRAIN_ROWS, ..]), part(s![TRAIN_ROWS.., ..]), goal)
}

/// Three labels in bands, met in another order than they are numbered in.
fn labels(goal: f64) -> Course {
    let x = inputs();
    let label = |x: f32| if x > 0.4 { 1 } else { u32::from(x <= -0.4) * 2 };
    let labels: Vec<u32> = x.rows().into_iter().map(|x| label(x[0] + 0.5 * x[1])).collect();
    assert_ne!(labels[0], 0);
    let part = |labels: &[u32]| {
        let names = ["middle", "high", "low"].map(str::to_owned).to_vec();
        Targets::Labels { labels: labels.to_vec(), names }
    };
    course(&x, part(&labels[..TRAIN_ROWS]), part(&labels[TRAIN_ROWS..]), goal)
}

fn last(outcome: &Outcome) -> f64 {
    outcome.points.last().unwrap().measure
}

#[test]
fn every_learner_of_values_beats_the_mean_and_says_that_it_missed_what_nobody_reaches() {
    // No error at all.
    let course = values(1e-12);
    assert!((course.constant() - 1.0).abs() < 0.1, "{}", course.constant());
    for contestant in RUST {
        let outcome = run(&course, contestant, None).unwrap();
        let name = contestant.name();
        let End::Missed { best, last: end } = outcome.end else {
            panic!("{name}: {:?}", outcome.end)
        };
        assert!(best.measure < 0.5 * course.constant(), "{name}: {best:?}");
        assert!(last(&outcome) < course.constant(), "{name}: {end:?}");
        let passes = match contestant {
            Contestant::Mlp64 | Contestant::Mlp1 => 3,
            _ => 1,
        };
        assert_eq!(end.rows, TRAIN_ROWS as u64 * passes, "{name}");
        assert!(outcome.points.is_sorted_by_key(|point| point.rows), "{name}");
        assert!(outcome.read_micros.unwrap() > 0.0 && outcome.seconds_to_goal().is_none());
    }
}

#[test]
fn every_learner_of_labels_beats_the_most_frequent_one_and_stops_at_the_goal() {
    let course = labels(0.7);
    assert!(course.constant() < 0.6, "{}", course.constant());
    for contestant in RUST {
        let outcome = run(&course, contestant, None).unwrap();
        let name = contestant.name();
        let End::Reached(point) = outcome.end else { panic!("{name}: {:?}", outcome.end) };
        assert!(point.measure >= 0.7, "{name}: {point:?}");
        // It stopped there, and nothing before it was as good.
        assert_eq!(outcome.points.last(), Some(&point), "{name}");
        let before = &outcome.points[..outcome.points.len() - 1];
        assert!(before.iter().all(|point| point.measure < 0.7), "{name}");
    }
}

#[test]
fn a_learner_whose_seconds_are_spent_is_judged_and_stopped() {
    let mut course = values(1e-12);
    course.seconds = 1e-9;
    for contestant in RUST {
        let outcome = run(&course, contestant, None).unwrap();
        assert_eq!(outcome.points.len(), 1, "{}", contestant.name());
        assert!(matches!(outcome.end, End::Missed { .. }), "{}", contestant.name());
    }
}

#[test]
fn a_script_without_a_python_is_not_run() {
    for contestant in [Contestant::Vw, Contestant::River] {
        let outcome = run(&values(0.5), contestant, None).unwrap();
        assert_eq!(outcome.end, End::NotRun("give --python".to_owned()));
    }
}
