use super::bench::found;
use super::learners::{Followed, Learner};
use super::streams::{Kind, turning};
use super::*;
use crate::prequential::{previous_label, share};
use crate::report::suites::made_up::results;
use crate::report::suites::tally::check_tables;
use crate::report::{Block, Chart, Drawing, Found, Key, Plan, Trial};

#[test]
fn another_plane_decides_in_each_third_and_one_row_in_twenty_is_wrong() {
    let stream = turning(6_000, 1);
    let agrees = |plane: [f32; 4], rows: std::ops::Range<usize>| {
        let right: Vec<bool> = rows
            .map(|row| {
                let side: f32 = stream.x.row(row).iter().zip(plane).map(|(x, n)| x * n).sum();
                stream.labels[row] == u32::from(side > 0.0)
            })
            .collect();
        share(&right)
    };
    let first = [1.0; 4];
    // 2,000 rows: a standard deviation of .005 at .95, of .011 at a half.
    assert!((agrees(first, 0..2_000) - 0.95).abs() < 0.02);
    assert!((agrees(first, 2_000..4_000) - 0.5).abs() < 0.05);
    assert!((agrees([-1.0, -1.0, 1.0, 1.0], 4_000..6_000) - 0.95).abs() < 0.02);
}

#[test]
fn who_learns_is_ahead_of_the_rules_and_a_window_of_none_after_a_change() {
    let stream = turning(3_000, 1);
    let accuracy = |learner: Learner| share(&learner.follow(&stream, 1, None).unwrap().right);
    let rule = accuracy(Learner::PreviousLabel).max(accuracy(Learner::MostFrequent));
    assert!(rule < 0.6);
    let windowed = accuracy(Learner::Memory(Some(100), false));
    assert!(windowed > accuracy(Learner::Memory(None, false)));
    assert!(windowed > rule + 0.1 && accuracy(Learner::Mlp(false)) > rule + 0.1);
}

#[test]
fn models_of_river_are_left_out_with_a_word_where_no_python_is_given() {
    let river = |learner: &&Learner| matches!(learner, Learner::River(_));
    let all = Learner::of(Plan::Full);
    assert_eq!(all.iter().filter(river).count(), 3);
    let stream = turning(100, 1);
    for learner in all.iter().filter(river) {
        let refused = learner.follow(&stream, 1, None).unwrap_err().to_string();
        assert_eq!(refused, "not run: give --python");
    }
    let mut names: Vec<String> = all.iter().map(|learner| learner.name()).collect();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), all.len());
}

#[test]
fn points_cover_the_stream_and_figures_count_all_rows() {
    for rows in [0, 1, 49, 50, 51, 1_234] {
        let right: Vec<bool> = (0..rows).map(|row| row % 4 == 0).collect();
        let found = found(Followed { right: right.clone(), seconds: 2.0, setting: String::new() });
        assert!(found.points.len() <= 50);
        let Some(last) = found.points.last() else {
            assert_eq!((rows, found.figures.get("accuracy")), (0, None));
            continue;
        };
        assert_eq!((last.rows, last.seconds), (rows as f64, 2.0));
        assert_eq!(found.figures["accuracy"], share(&right));
        assert_eq!(found.figures["rows per second"], rows as f64 / 2.0);
    }
}

fn trial(learner: Learner, seed: u64, right: Option<usize>) -> Trial {
    let key = Key::new(ID, "", "made up", &learner.name(), seed);
    let Some(right) = right else {
        let failure = Some("give --python".to_owned());
        return Trial { key, found: Found::default(), failure, took: 1.0 };
    };
    let right = (0..100).map(|row| row < right).collect();
    let setting = "defaults".to_owned();
    let found = found(Followed { right, seconds: 1.0, setting });
    Trial { key, found, failure: None, took: 1.0 }
}

#[test]
fn a_section_shows_lines_the_best_and_failures() {
    let memory = Learner::Memory(Some(100), false);
    let section = section(&results(vec![
        trial(memory, 1, Some(80)),
        trial(memory, 2, Some(90)),
        trial(Learner::Mlp(false), 1, Some(70)),
        trial(Learner::River("arf"), 1, None),
    ]));
    check_tables(&section);
    assert_eq!(section.id, ID);
    let Some(Block::Chart(chart)) =
        section.blocks.iter().find(|block| matches!(block, Block::Chart(_)))
    else {
        panic!("no chart")
    };
    let Drawing::Lines(lines) = &chart.drawing else { panic!("no lines") };
    assert_eq!(lines.series.len(), 2);
    assert!(lines.series[0].ours && !lines.series[1].ours);
    assert_eq!(lines.series[0].points.len(), 50);
    assert!(lines.marks.is_empty());
    let Some(Block::Table(table)) =
        section.blocks.iter().find(|block| matches!(block, Block::Table(_)))
    else {
        panic!("no table")
    };
    let cells: Vec<(&str, bool)> =
        table.rows.iter().map(|row| (row[2].text.as_str(), row[2].best)).collect();
    let expected = [("0.8500 ± 0.0707", true), ("0.7000", false), ("failed: give --python", false)];
    assert_eq!(cells, expected);
}

#[test]
fn the_marks_of_the_generated_stream_stand_where_its_rule_changes() {
    let stream = Kind::Turning.stream().unwrap();
    let right = previous_label(&stream.labels);
    let rows = right.len();
    let key = Key::new(ID, "", Kind::Turning.set(), "the label before", 1);
    let found = found(Followed { right, seconds: 1.0, setting: String::new() });
    let section = section(&results(vec![Trial { key, found, failure: None, took: 1.0 }]));
    let lines = section.blocks.iter().find_map(|block| match block {
        Block::Chart(Chart { drawing: Drawing::Lines(lines), .. }) => Some(lines),
        _ => None,
    });
    let marks: Vec<f64> = lines.unwrap().marks.iter().map(|mark| mark.at).collect();
    assert_eq!(marks, [rows as f64 / 3.0, 2.0 * rows as f64 / 3.0]);
}

#[test]
fn without_results_a_section_says_so() {
    let empty = section(&results(Vec::new()));
    check_tables(&empty);
    assert!(format!("{empty:?}").contains("No trial of this suite was kept."));
    let failed = section(&results(vec![trial(Learner::Mlp(false), 1, None)]));
    check_tables(&failed);
    assert!(!failed.blocks.iter().any(|block| matches!(block, Block::Chart(_))));
}
