use std::collections::BTreeSet;

use ndarray::Axis;

use super::bench::{found, picks};
use super::changes::{Change, DEFAULT};
use super::sets::{Set, friedman};
use super::{ID, section};
use crate::data::{Dataset, Targets};
use crate::memories::{builder, write_row};
use crate::report::suites::made_up::results;
use crate::report::suites::tally::check_tables;
use crate::report::{Block, Chart, Drawing, Found, Key, Plan, Section, Table, Trial};

fn trial(set: &str, change: &str, seed: u64, figure: Result<(&str, f64), &str>) -> Trial {
    let (found, failure) = match figure {
        Ok((name, value)) => {
            let found = Found::default().with(name, value).with("seconds", 2.0).with("MB", 3.0);
            (found.set("8 tables"), None)
        }
        Err(why) => (Found::default(), Some(why.to_owned())),
    };
    Trial { key: Key::new(ID, "", set, change, seed), found, failure, took: 1.0 }
}

fn tables(section: &Section) -> Vec<&Table> {
    let tables = section.blocks.iter().filter_map(|block| match block {
        Block::Table(table) => Some(table),
        _ => None,
    });
    tables.collect()
}

fn texts(row: &[crate::report::Cell]) -> Vec<&str> {
    row.iter().map(|cell| cell.text.as_str()).collect()
}

#[test]
fn errors_are_compared_with_the_default_of_their_set() {
    let deeper = Change::Deeper.name();
    let section = section(&results(vec![
        trial("numbers", DEFAULT, 1, Ok(("rmse", 1.0))),
        trial("numbers", DEFAULT, 2, Ok(("rmse", 3.0))),
        trial("numbers", &deeper, 1, Ok(("rmse", 5.0))),
        trial("numbers", &deeper, 2, Err("no room")),
        trial("labels", DEFAULT, 1, Ok(("accuracy", 0.9))),
        trial("labels", &deeper, 1, Ok(("accuracy", 0.8))),
        trial("lost", &deeper, 1, Ok(("nmse", 0.5))),
        trial("lost", DEFAULT, 1, Err("not read")),
    ]));
    check_tables(&section);
    let [numbers, labels, lost] = tables(&section)[..] else { panic!("three tables") };
    assert_eq!(texts(&numbers.rows[0]), [DEFAULT, "2.000 ± 1.414", "", "2.00 ± 0.00", "3.0"]);
    // Over the seed that both have.
    assert_eq!(texts(&numbers.rows[1]), [&deeper, "5.000", "+400.0 %", "2.00", "3.0"]);
    assert_eq!(texts(&numbers.rows[2]), [&deeper, "failed: no room", "", "", ""]);
    assert!(numbers.rows[0][1].best && !numbers.rows[1][1].best);
    assert_eq!(texts(&labels.rows[1])[1..3], ["0.8000", "+100.0 %"]);
    assert!(labels.rows[0][1].best);
    assert_eq!(texts(&lost.rows[0])[2], "-");
    assert_eq!(texts(&lost.rows[1])[1], "failed: not read");

    let Some(Block::Chart(Chart { drawing: Drawing::Bars(bars), table, .. })) =
        section.blocks.iter().find(|block| matches!(block, Block::Chart(_)))
    else {
        panic!("a chart")
    };
    assert_eq!((bars.groups.as_slice(), bars.series.len()), (&[deeper.clone()][..], 3));
    assert_eq!(bars.series[0].points, [(0.0, 5.0)]);
    assert!((bars.series[1].points[0].1 - 2.0).abs() < 1e-12);
    assert!(bars.series[2].points.is_empty());
    assert_eq!(texts(&table.rows[0]), [&deeper, "5.000", "2.000", "-"]);
}

#[test]
fn nothing_kept_and_nothing_but_failures_are_shown_as_that() {
    let empty = section(&results(Vec::new()));
    assert_eq!(empty.blocks.len(), 2);
    let failed = section(&results(vec![trial("numbers", DEFAULT, 1, Err("not read"))]));
    check_tables(&failed);
    assert_eq!(texts(&tables(&failed)[0].rows[0])[1], "failed: not read");
}

#[test]
fn every_set_begins_with_the_default_and_no_name_comes_twice() {
    for plan in [Plan::Quick, Plan::Full] {
        let sets = Set::of(plan);
        let names: BTreeSet<String> = sets.iter().map(|set| set.name()).collect();
        assert_eq!(names.len(), sets.len());
        for set in sets {
            let changes = set.changes();
            assert_eq!(changes[0], Change::None);
            let names: BTreeSet<String> = changes.iter().map(|change| change.name()).collect();
            assert_eq!(names.len(), changes.len());
        }
    }
}

/// The figure of a change on the rows.
fn measured(set: &Dataset, change: Change) -> f64 {
    let found = found(set, Some(32), change, &picks(set).unwrap(), 1).unwrap();
    let measure = ["rmse", "nmse", "accuracy"].iter().find_map(|name| found.figures.get(*name));
    *measure.unwrap()
}

#[test]
fn a_memory_of_numbers_picks_at_the_first_write() {
    let set = friedman(1100);
    let memory = builder(&set).in_memory().unwrap();
    (0..1100).try_for_each(|row| write_row(&memory, &set, row)).unwrap();
    assert_eq!(memory.inspect().unwrap().report.picks, Some(picks(&set).unwrap()));
}

#[test]
fn friedmans_function_has_the_spread_that_it_should() {
    let set = friedman(2000);
    let Targets::Values(y) = &set.train_y else { panic!("values") };
    // Without noise its variance is about 23.8 (standard deviation 4.88).
    let variance = f64::from(y.var(0.0));
    assert!((variance - 24.8).abs() < 1.5, "{variance}");
    assert_eq!((set.train_x.dim(), set.test_x.dim()), ((2000, 10), (1000, 10)));
}

#[test]
fn a_memory_is_better_than_one_line_and_stopping_early_than_going_on() {
    let set = friedman(1100);
    let default = measured(&set, Change::None);
    let line = measured(&set, Change::RootAlone);
    assert!(default < 0.95 * line, "{default} {line}");
    // A line cannot be better than the function's part that is not one, about 2.3.
    assert!((2.2..2.8).contains(&line), "{line}");
    let consolidated = measured(&set, Change::AsItIs(0));
    // Judged by rows held out, it stays as it was where nothing is better.
    assert!(consolidated < 1.01 * default, "{consolidated} {default}");
    // The noise is learned too.
    let not_stopped = measured(&set, Change::ForRecall);
    assert!(not_stopped > consolidated, "{not_stopped} {consolidated}");
}

#[test]
fn every_change_makes_a_memory_and_says_so_in_its_setting() {
    let narrow = friedman(80);
    // Many inputs: those of the function, and what they are repeated.
    let wide = |x: &ndarray::Array2<f32>| {
        let wide = ndarray::concatenate(Axis(1), &[x.view(), x.view(), x.view()]).unwrap();
        wide.as_standard_layout().into_owned()
    };
    let label = |y: &Targets| {
        let labels = y.to_values().iter().map(|&y| u32::from(y > 14.0)).collect();
        Targets::Labels { labels, names: vec!["low".into(), "high".into()] }
    };
    let wide = Dataset {
        train_x: wide(&narrow.train_x),
        test_x: wide(&narrow.test_x),
        train_y: label(&narrow.train_y),
        test_y: label(&narrow.test_y),
        ..narrow.clone()
    };
    for (set, changes) in [(&narrow, Change::NARROW), (&wide, Change::WIDE)] {
        let picks = picks(set).unwrap();
        let setting = |change| found(set, None, change, &picks, 1).unwrap().setting;
        let default = setting(Change::None);
        let settings: BTreeSet<String> = changes.iter().map(|&change| setting(change)).collect();
        // A diagonal and a short warm-up do not show in the structure; all others do.
        let hidden = [Change::Diagonal, Change::ShortWarmUp].len();
        assert!(settings.len() + hidden > changes.len(), "{settings:?}");
        assert!(setting(Change::RootAlone).starts_with("1 tables"), "{default}");
    }
}
