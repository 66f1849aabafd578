//! Values that are missing.

use glam_memory::Memory;
use serde_json::Value;

use crate::place::Place;

/// Every way to say that a value is missing.
const FORMS: [&str; 10] = ["", "  ", "NA", "n/a", "NaN", "nan", "NULL", "None", "?", " na "];

#[test]
fn every_form_of_a_missing_input_is_the_librarys_nan() {
    let place = Place::new();
    let rows: String = FORMS.iter().map(|form| format!("{form},1,2\n3,{form},4\n")).collect();
    place.file("rows.csv", format!("a,b,y\n{rows}"));
    let run = place.glam("write m rows.csv --targets y").succeeds();
    let expected = "glam: 20 input cells were missing: 10 in \"a\", 10 in \"b\"\n";
    assert!(run.err.contains("20 rows learned") && run.err.ends_with(expected), "{}", run.err);

    let memory = Memory::open_read_only(place.path("m")).unwrap();
    let mut history = memory.history().unwrap();
    let mut rows = 0;
    while let Some(observation) = history.next().unwrap() {
        let [missing, number] = if rows % 2 == 0 { [0, 1] } else { [1, 0] };
        assert!(observation.x[missing].is_nan() && !observation.x[number].is_nan(), "row {rows}");
        rows += 1;
    }
    assert_eq!(rows, 20);

    for form in FORMS {
        place.file("cues.csv", format!("a,b\n{form},1.5\n"));
        let run = place.glam("read m cues.csv").succeeds();
        assert_eq!(run.err, "glam: 1 input cell was missing: 1 in \"a\"\n", "{form:?}");
        let expected = memory.read(&[f32::NAN, 1.5]).unwrap()[0];
        assert_eq!(run.out.lines().nth(1).unwrap().parse::<f32>().unwrap(), expected, "{form:?}");
    }
}

#[test]
fn a_target_may_be_unknown_where_another_is_known() {
    let place = Place::new();
    place.file("rows.csv", "a,y,z\n1,2,?\n2,,6\n3,6,9\n4,8,NA\n");
    let run = place.glam("write m rows.csv --targets y,z").succeeds();
    let expected = "glam: 3 targets were not known: 2 in \"z\", 1 in \"y\"\n";
    assert!(run.err.contains("4 rows learned") && run.err.ends_with(expected), "{}", run.err);
    place.glam("verify m").succeeds();
}

#[test]
fn a_row_without_any_known_target_is_refused_with_its_place() {
    let place = Place::with_memory(20);
    let before = place.bytes("m");
    for form in FORMS {
        place.file("one.csv", format!("a,b,y\n1,2,3\n1,2,{form}\n"));
        let parts = ["one.csv, line 3, column 3 (\"y\"): the target is missing", "remove the row"];
        place.glam("write m one.csv --targets y").fails(1, &parts).fails(1, &["nothing was"]);
        place.glam("write new one.csv --targets y").fails(1, &parts);
        place.file("two.csv", format!("1,{form},{form}\n1,2,3\n"));
        let parts = ["two.csv, line 1, column 2: none of the 2 targets is known"];
        place.glam("write new two.csv --targets last:2").fails(1, &parts);
    }
    assert_eq!(place.bytes("m"), before);
    assert!(!place.exists("new"));
}

#[test]
fn score_leaves_out_what_is_not_known_and_says_how_much() {
    let place = Place::new();
    place.file("rows.csv", "a,y,z\n1,2,3\n2,4,6\n3,6,9\n4,8,12\n");
    place.glam("write m rows.csv --targets y,z").succeeds();
    place.file("test.csv", "a,y,z\n1,2,?\n?,NA,\n3,5,9\n4,7,null\n,1,1\n");
    let line = "score m test.csv --targets y,z";
    let json: Value =
        serde_json::from_str(&place.glam(&format!("{line} --json")).succeeds().out).unwrap();
    assert_eq!((&json["rows"], &json["skipped"]), (&4.into(), &1.into()));
    assert_eq!((&json["unknown"], &json["missing"]), (&4.into(), &2.into()));
    let text = place.glam(line).succeeds().out;
    for part in [
        "skipped    1 row without a known target\n",
        "\n2 input cells were missing: 2 in \"a\"\n",
        "\n4 targets were not known: 3 in \"z\", 1 in \"y\"\n",
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }
    place.file("never.csv", "a,y,z\n1,2,?\n2,1,?\n");
    let text = place.glam("score m never.csv --targets y,z").succeeds().out;
    assert!(text.lines().any(|line| line.split_whitespace().eq(["z", "-", "-", "-"])), "{text}");
    place.file("none.csv", "a,y,z\n1,?,?\n");
    place.glam("score m none.csv --targets y,z").fails(1, &["none.csv: no row has a target"]);
}

#[test]
fn a_label_is_any_text_but_none() {
    let place = Place::new();
    place.file("rows.csv", "a,kind\n1,none\n2,some\n?,none\n");
    let run = place.glam("write m rows.csv --targets kind --labels").succeeds();
    assert!(run.err.ends_with("1 input cell was missing: 1 in \"a\"\n"), "{}", run.err);
    let memory = Memory::open_read_only(place.path("m")).unwrap();
    assert_eq!(memory.labels(), ["none", "some"]);
    place.file("rows.csv", "a,kind\n1,none\n2,\n");
    let parts = ["rows.csv, line 3, column 2 (\"kind\"): the label is missing", "fill it in"];
    place.glam("write m rows.csv --targets kind --labels").fails(1, &parts);
    place.glam("score m rows.csv --targets kind --labels").fails(1, &parts);
}

#[test]
fn last_and_first_ask_for_a_number_and_columns_go_by_place() {
    let place = Place::with_memory(20);
    for word in ["last", "first"] {
        let run = place.glam(&format!("write m rows.csv --targets {word}"));
        assert_eq!(run.status, Some(2));
        assert!(run.err.contains(&format!("{word}:1 is the {word} column")), "{}", run.err);
    }
    place.glam("write m rows.csv --targets column:3").succeeds();
    let parts = ["rows.csv, line 1: there is no column 4; this file has 3 columns"];
    place.glam("write m rows.csv --targets column:4").fails(1, &parts);
}
