use super::growth::{SPOILED, measure, read_name};
use super::rows::{Shape, micros};
use super::shown::number;
use super::{GROWTH, ID, Learner, OPERATIONS, section};
use crate::data::Targets;
use crate::report::suites::made_up::results;
use crate::report::suites::tally::check_tables;
use crate::report::{Block, Chart, Drawing, Found, Key, Point, Section, Table, Trial};

fn trial(part: &str, learner: Learner, found: Result<Found, &str>) -> Trial {
    let key = Key::new(ID, part, "8 in, 1", learner.name(), 1);
    let failure = found.as_ref().err().map(|&why| why.to_owned());
    Trial { key, found: found.unwrap_or_default(), failure, took: 1.0 }
}

fn charts(section: &Section) -> Vec<&Chart> {
    let charts = section.blocks.iter().filter_map(|block| match block {
        Block::Chart(chart) => Some(chart),
        _ => None,
    });
    charts.collect()
}

fn texts(table: &Table) -> Vec<Vec<&str>> {
    table.rows.iter().map(|row| row.iter().map(|cell| cell.text.as_str()).collect()).collect()
}

#[test]
fn figures_and_failures_stand_in_their_rows() {
    let costs = |write, read| Found::default().with("write us", write).with("read us", read);
    let grown = Found {
        points: vec![
            Point { rows: 1000.0, seconds: 0.5, measure: 500.0 },
            Point { rows: 2000.0, seconds: 0.6, measure: 100.0 },
        ],
        ..Found::default().with(&read_name(1000.0), 7.0).with("memory MB", 12.5)
    };
    let section = section(&results(vec![
        trial(
            OPERATIONS,
            Learner::Memory,
            Ok(costs(29.0, 8.0).with("rows", 2000.0).with("nmse", 0.1)),
        ),
        trial(OPERATIONS, Learner::Floor, Ok(costs(10.0, 3.0))),
        trial(OPERATIONS, Learner::Mlp, Err("diverged")),
        trial(OPERATIONS, Learner::Recursive, Ok(costs(1.5, 12.0).with("nmse", 0.6))),
        trial(GROWTH, Learner::Memory, Ok(grown)),
    ]));
    check_tables(&section);
    let [write, read, growth] = charts(&section)[..] else { panic!("three charts") };
    let rows = texts(&write.table);
    assert_eq!(rows[0], ["8 in, 1", "GLAM", "29.0", "0.100"]);
    assert_eq!(rows[1], ["8 in, 1", Learner::Floor.name(), "10.0", "-"]);
    assert_eq!(rows[2], ["8 in, 1", Learner::Mlp.name(), "failed: diverged", ""]);
    assert_eq!(rows[3][2], "1.50");
    // The lower bound is no learner, so that it cannot be the best one.
    let best =
        |chart: &Chart| -> Vec<bool> { chart.table.rows.iter().map(|row| row[2].best).collect() };
    assert_eq!(
        (best(write), best(read)),
        (vec![false, false, false, true], vec![true, false, false, false])
    );
    let Drawing::Bars(bars) = &write.drawing else { panic!("bars") };
    assert_eq!(bars.series[0].points, [(0.0, 29.0)]);
    assert!(bars.series[0].ours && bars.series[2].points.is_empty());
    let Drawing::Lines(lines) = &growth.drawing else { panic!("lines") };
    assert_eq!(lines.series[0].points, [(1000.0, 500.0), (2000.0, 100.0)]);
    assert_eq!(lines.series[1].points, [(1000.0, 7.0)]);
    assert_eq!(texts(&growth.table)[1], ["2,000", "100", "-", "0.600"]);
    let tables: Vec<&Table> = section
        .blocks
        .iter()
        .filter_map(|block| match block {
            Block::Table(table) => Some(table),
            _ => None,
        })
        .collect();
    assert_eq!(texts(tables[1])[0], ["8 in, 1", "2,000", "-", "-", "-"]);
}

#[test]
fn nothing_kept_and_nothing_but_failures_are_shown_as_that() {
    assert_eq!(section(&results(Vec::new())).blocks.len(), 2);
    let failures = section(&results(vec![
        trial(OPERATIONS, Learner::Memory, Err("the disk is full")),
        trial(GROWTH, Learner::Memory, Err("the error grew")),
    ]));
    check_tables(&failures);
    let [write, _, growth] = charts(&failures)[..] else { panic!("three charts") };
    assert_eq!(texts(&write.table)[0][2], "failed: the disk is full");
    assert_eq!(texts(&growth.table)[0][1], "failed: the error grew");
}

#[test]
fn numbers_have_three_digits() {
    let shown = [29.04, 1234.5, 0.001_234, 0.0, 999.6, 1_234_567.0].map(|n| number(Some(n)));
    assert_eq!(shown, ["29.0", "1,234", "0.00123", "0", "1,000", "1,234,567"]);
    assert_eq!(number(None), "-");
}

#[test]
fn the_last_part_takes_what_would_be_too_few() {
    let mut rows = Vec::new();
    let took = micros(3..203, |row| {
        rows.push(row);
        Ok(())
    });
    assert!(took.unwrap() >= 0.0);
    assert_eq!(rows, (3..203).collect::<Vec<_>>());
    assert!(micros(0..1, |_| Err("no".into())).is_err());
}

#[test]
fn rows_are_of_their_shape_and_no_cue_was_written() {
    for shape in Shape::ALL {
        let set = shape.rows(20);
        assert_eq!(set.train_x.dim(), (20, shape.inputs));
        assert!(set.train_x.rows().into_iter().all(|row| row != set.test_x.row(0)));
        if let Targets::Labels { labels, names } = &set.test_y {
            let met = names.len() as u32;
            assert!(labels.iter().all(|&label| label < met));
            let first = labels.iter().filter(|&&label| label == labels[0]).count();
            assert!(first < labels.len() / 2, "{first}");
        }
    }
}

#[test]
fn every_learner_is_measured() {
    let set = Shape::GROWN.rows(1200);
    for learner in Learner::ALL {
        let found = learner.measure(&set, 1).unwrap();
        for figure in ["write us", "read us"] {
            assert!(found.figures[figure] > 0.0, "{} {figure}", learner.name());
        }
        // Only the lower bound recalls nothing.
        assert_eq!(found.figures.contains_key("nmse"), learner != Learner::Floor);
    }
    // Too few rows to warm a memory up.
    assert!(Learner::Memory.measure(&Shape::GROWN.rows(100), 1).is_err());
}

#[test]
fn a_memory_that_grows_is_looked_at_on_the_way() {
    let found = measure(Shape::GROWN, 2000).unwrap();
    let rows: Vec<f64> = found.points.iter().map(|point| point.rows).collect();
    assert_eq!(rows, [1000.0, 2000.0]);
    assert!(found.points.iter().all(|point| point.measure > 0.0));
    assert!(found.figures[&read_name(2000.0)] > 0.0 && found.figures["memory MB"] > 0.0);
    assert!(!found.figures.contains_key(SPOILED));
    // Had it grown, the chart would say so, and keep what was measured.
    let spoiled =
        section(&results(vec![trial(GROWTH, Learner::Memory, Ok(found.with(SPOILED, 2000.0)))]));
    let [chart] = charts(&spoiled)[..] else { panic!("one chart") };
    assert!(chart.caption.contains("**At 2,000 rows its error had grown**"), "{}", chart.caption);
    assert_eq!(chart.table.rows.len(), 2);
}
