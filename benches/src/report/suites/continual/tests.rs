use ndarray::{Array2, array};

use super::learners::{Features, Glam, learn, learn_unwatched};
use super::net::{Net, Setting, best_of};
use super::reservoir::Reservoir;
use super::streams::{Kind, Stream, mixture, sorted};
use super::*;
use crate::data::Targets;
use crate::peers::mlp::InputScale;
use crate::report::suites::made_up::results;
use crate::report::suites::tally::check_tables;
use crate::report::{Block, Drawing, Found, Key, Plan, Trial};

fn clusters(rows: usize) -> Stream {
    sorted(mixture(rows, 1), 2, InputScale::EachInput).unwrap().ordered(1)
}

#[test]
fn the_figures_agree_with_a_hand_count() {
    let matrix = [vec![0.9, 0.1, 0.0], vec![0.7, 0.8, 0.0], vec![0.5, 0.9, 0.6]];
    let near = |a: f64, b: f64| assert!((a - b).abs() < 1e-12, "{a} {b}");
    near(average(&matrix), (0.5 + 0.9 + 0.6) / 3.0);
    // Of the first task .9 was the best before the end, of the second .8.
    near(forgetting(&matrix), ((0.9 - 0.5) + (0.8 - 0.9)) / 2.0);
    near(backward_transfer(&matrix), ((0.5 - 0.9) + (0.9 - 0.8)) / 2.0);
    // A task may be at its best before it was learned, or after: that is forgotten too, but not what was
    // just learned.
    let matrix = [vec![0.2, 0.0, 0.0], vec![0.7, 0.4, 0.0], vec![0.3, 0.4, 0.9]];
    near(forgetting(&matrix), (0.7 - 0.3) / 2.0);
    near(backward_transfer(&matrix), (0.3 - 0.2) / 2.0);
}

#[test]
fn one_task_alone_has_an_average_and_nothing_to_forget() {
    let matrix = [vec![0.7]];
    assert_eq!(average(&matrix), 0.7);
    assert!(forgetting(&matrix).is_nan() && backward_transfer(&matrix).is_nan());
    assert!(average(&[]).is_nan() && forgetting(&[]).is_nan());
}

#[test]
fn a_reservoir_never_takes_more_bytes_than_it_may() {
    let labels = Targets::Labels { labels: vec![0; 7], names: vec!["one".into()] };
    let values = Targets::Values(Array2::zeros((7, 5)));
    let x = Array2::<f32>::ones((7, 3));
    for (y, row_bytes) in [(labels, 16), (values, 32)] {
        for budget in [0, 1, row_bytes - 1, row_bytes, 10 * row_bytes + 3, 1_000 * row_bytes] {
            let mut reservoir = Reservoir::new(3, &y, budget, 1);
            for batch in 1..=20 {
                reservoir.offer(x.view(), &y).unwrap();
                assert!(reservoir.bytes() <= budget);
                assert_eq!(reservoir.kept(), (7 * batch).min(budget / row_bytes));
                let (drawn, targets) = reservoir.draw(4).unwrap();
                let count = if reservoir.kept() == 0 { 0 } else { 4 };
                assert_eq!((drawn.nrows(), targets.row_count()), (count, count));
            }
        }
    }
}

#[test]
fn a_reservoir_is_a_fair_sample_and_keeps_rows_whole() {
    // 8 bytes a row: 100 of 2,000 are kept, over 100 seeds.
    let mut counts = [0.0_f64; 4];
    for seed in 0..100 {
        let like = Targets::Values(Array2::zeros((0, 1)));
        let mut reservoir = Reservoir::new(1, &like, 800, seed);
        for row in 0..2_000 {
            let (x, y) = (array![[row as f32]], Targets::Values(array![[row as f32]]));
            reservoir.offer(x.view(), &y).unwrap();
        }
        let (x, y) = reservoir.draw(100).unwrap();
        assert_eq!(Targets::Values(x.clone()), y);
        x.iter().for_each(|row| counts[(row / 500.0) as usize] += 1.0);
    }
    // 2,500 each; drawing with replacement doubles the binomial variance of 1,875 at most.
    assert!(counts.iter().all(|count| (count - 2_500.0).abs() < 4.0 * 61.3), "{counts:?}");
}

#[test]
fn tasks_keep_their_rows_and_what_is_held_out_is_of_the_training_rows() {
    let stream = sorted(mixture(400, 1), 2, InputScale::EachInput).unwrap();
    assert_eq!(stream.tasks.len(), 5);
    let (ordered, held_out) = (stream.ordered(7), stream.held_out(7));
    for ((task, ordered), held) in stream.tasks.iter().zip(&ordered.tasks).zip(&held_out.tasks) {
        assert_ne!(task.train, ordered.train);
        let mut again = ordered.train.clone();
        again.sort_unstable();
        assert_eq!((&task.train, &task.test), (&again, &ordered.test));
        assert_eq!(held.test.len(), task.train.len() / 10);
        let mut both = [held.train.clone(), held.test.clone()].concat();
        both.sort_unstable();
        assert_eq!(both, task.train);
        let Targets::Labels { labels, .. } = stream.rows(&task.train).1 else { panic!() };
        assert!(labels.iter().all(|label| label / 2 == labels[0] / 2));
    }
}

#[test]
fn the_generated_classes_are_no_matter_of_planes() {
    let mut whole = mixture(2_000, 1);
    let targets = |labels: Vec<u32>| Targets::Labels { labels, names: whole.names.clone() };
    let test = targets(whole.labels.split_off(2_000));
    let train = targets(whole.labels.clone());
    let (x, test_x) = whole.x.view().split_at(ndarray::Axis(0), 2_000);
    let line = crate::peers::ridge::Ridge::fit(&Default::default(), x, &train).unwrap();
    let Targets::Labels { labels, .. } = &test else { panic!("these are labels") };
    let right = crate::metrics::accuracy(&line.predict_labels(test_x), labels);
    assert!(right < 0.8, "{right}");
    let stream = clusters(2_000);
    let each = learn_unwatched(&stream, &mut Features::new(&stream, 500, 1.0, 1)).unwrap();
    assert!(each.iter().sum::<f64>() / 5.0 > 0.9, "{each:?}");
}

#[test]
fn replay_beats_none_where_classes_come_one_after_the_other() {
    let stream = clusters(2_000);
    let budget = 400_000;
    let learned = |replayed| {
        let setting = Setting { rate: 3e-3, scale: InputScale::EachInput, replayed };
        learn(&stream, &mut Net::new(&stream, setting, budget, 1).unwrap()).unwrap()
    };
    let (without, with) = (learned(0), learned(3));
    assert!(average(&with.matrix) > average(&without.matrix) + 0.3);
    assert!(without.bytes < with.bytes && with.bytes <= budget);
    assert_eq!(learned(3).matrix, with.matrix);
}

#[test]
fn the_best_setting_is_not_one_that_hardly_learns() {
    let stream = clusters(500).held_out(1);
    let settings = [1e-9, 3e-3, f64::INFINITY].map(|rate| Setting {
        rate,
        scale: InputScale::EachInput,
        replayed: 1,
    });
    assert_eq!(best_of(&settings, &stream, 400_000, 1).unwrap(), settings[1]);
    assert!(best_of(&[], &stream, 400_000, 1).is_err());
}

#[test]
fn a_memory_is_judged_by_the_names_of_its_classes() {
    let mut stream = clusters(600);
    stream.tasks.reverse();
    let learned = learn(&stream, &mut Glam::new(&stream, 1).unwrap()).unwrap();
    // The last classes came first, and before a class came it was never named.
    assert!(learned.matrix[0][0] > 0.9, "{:?}", learned.matrix);
    assert!(learned.matrix[0][1..].iter().all(|&right| right == 0.0));
    assert!(average(&learned.matrix) > 0.7, "{:?}", learned.matrix);
    assert!(learned.bytes > 600 * 32 * 4);
}

#[test]
fn the_robot_arm_is_two_tasks_of_values() {
    let stream = Kind::Arm.stream(Plan::Quick).unwrap();
    assert_eq!(stream.tasks.len(), 2);
    let each = learn_unwatched(&stream, &mut Features::new(&stream, 200, 10.0, 1)).unwrap();
    assert!(each.iter().all(|&share| share > 0.5 && share < 1.0), "{each:?}");
}

fn trial(kind: Kind, learner: &str, seed: u64, last: Option<f64>) -> Trial {
    let key = Key::new(ID, kind.part(), kind.set(), learner, seed);
    let Some(last) = last else {
        let failure = Some("it diverged".to_owned());
        return Trial { key, found: Found::default(), failure, took: 1.0 };
    };
    let matrix = vec![vec![0.9, 0.0], vec![last, 0.8]];
    let found = Found::default()
        .with("average", average(&matrix))
        .with("forgetting", forgetting(&matrix))
        .with("backward transfer", backward_transfer(&matrix))
        .with("seconds", 2.0)
        .with("bytes", 3e6)
        .set("defaults");
    Trial { key, found: Found { matrix, ..found }, failure: None, took: 1.0 }
}

#[test]
fn a_section_shows_means_best_learners_matrices_and_failures() {
    let results = results(vec![
        trial(Kind::Mixture, GLAM, 1, Some(0.6)),
        trial(Kind::Mixture, GLAM, 2, Some(0.8)),
        trial(Kind::Mixture, REPLAY, 1, Some(0.4)),
        trial(Kind::Mixture, REPLAY, 2, None),
        trial(Kind::Mixture, NO_REPLAY, 1, None),
        trial(Kind::Arm, GLAM, 1, Some(0.7)),
        trial(Kind::Arm, REPLAY, 1, Some(0.9)),
    ]);
    let section = section(&results);
    assert_eq!(section.id, ID);
    check_tables(&section);
    let Some(Block::Chart(chart)) =
        section.blocks.iter().find(|block| matches!(block, Block::Chart(_)))
    else {
        panic!("no chart")
    };
    let Drawing::Bars(bars) = &chart.drawing else { panic!("no bars") };
    assert_eq!(bars.groups.len(), 1, "the robot arm has no accuracy");
    let names: Vec<&str> = bars.series.iter().map(|series| series.name.as_str()).collect();
    assert_eq!(names, [GLAM, REPLAY]);
    assert!((bars.series[0].points[0].1 - 0.75).abs() < 1e-9 && bars.series[0].ours);
    assert_eq!(chart.table.rows.len(), 2);
    let best: Vec<bool> = chart.table.rows[0].iter().map(|cell| cell.best).collect();
    assert_eq!(best, [false, true, false, false]);
    let text = format!("{section:?}");
    assert_eq!(text.matches("failed: it diverged").count(), 2);
    assert!(text.contains("0.150 ahead of") && text.contains("0.100 behind"), "{text}");
    // Of GLAM and of the net with replay.
    assert_eq!(text.matches("the measure on each task").count(), 2);
}

#[test]
fn without_results_a_section_says_so() {
    let section = section(&results(Vec::new()));
    check_tables(&section);
    assert!(format!("{section:?}").contains("No trial of this suite was kept."));
    // Nor does one where everything failed draw or divide anything.
    let failed = [GLAM, REPLAY].map(|learner| trial(Kind::Fashion, learner, 1, None));
    let section = super::section(&results(failed.to_vec()));
    check_tables(&section);
    assert!(!section.blocks.iter().any(|block| matches!(block, Block::Chart(_))));
}
