//! Weights of rows, and columns that are left out.

use glam_memory::Memory;

use crate::place::Place;

/// Inputs, target and weight of every observation of a memory.
fn history(place: &Place, memory: &str) -> Vec<(Vec<f32>, f32)> {
    let memory = Memory::open_read_only(place.path(memory)).unwrap();
    let mut history = memory.history().unwrap();
    let mut all = Vec::new();
    while let Some(observation) = history.next().unwrap() {
        all.push((observation.x.to_vec(), observation.weight));
    }
    all
}

#[test]
fn a_column_of_weights_is_neither_input_nor_target() {
    let place = Place::new();
    place.file("rows.csv", "a,w,b,y\n1,2,3,4\n5,1e-6,7,8\n9,1000000,1,2\n");
    let expected = vec![(vec![1.0, 3.0], 2.0), (vec![5.0, 7.0], 1e-6), (vec![9.0, 1.0], 1e6)];
    for (memory, weights) in [("name", "w"), ("place", "column:2")] {
        place.glam(&format!("write {memory} rows.csv --targets y --weights {weights}")).succeeds();
        assert_eq!(history(&place, memory), expected);
    }
    place.file("plain.csv", "1,3,4,2\n5,7,8,1e-6\n9,1,2,1000000\n");
    place.glam("write plain plain.csv --targets column:3 --weights last:1").succeeds();
    assert_eq!(history(&place, "plain"), expected);
    let inspect = place.glam("inspect name").succeeds().out;
    assert!(inspect.contains("  weights       w\n"), "{inspect}");
    let inspect = place.glam("inspect plain").succeeds().out;
    assert!(inspect.contains("  inputs        column 1, column 2\n"), "{inspect}");
    assert!(inspect.contains("  weights       column 4\n"), "{inspect}");
}

#[test]
fn later_files_have_their_weights_in_the_same_column_and_need_none() {
    let place = Place::new();
    place.file("rows.csv", "a,w,y\n1,2,3\n");
    place.file("other.csv", "y,a,w\n6,5,0.5\n");
    place.file("none.csv", "a,y\n7,8\n");
    place.file("bare.csv", "9,4,1\n");
    place.glam("write m rows.csv --targets y --weights w").succeeds();
    place.glam("write m other.csv --targets y").succeeds();
    place.glam("write m bare.csv --targets last:1").succeeds();
    let run = place.glam("write m none.csv --targets y").succeeds();
    assert!(run.err.contains("glam: no column of weights in this file: each row"), "{}", run.err);
    let weights: Vec<f32> = history(&place, "m").iter().map(|(_, weight)| *weight).collect();
    assert_eq!(weights, [2.0, 0.5, 4.0, 1.0]);

    let answers = place.glam("read m none.csv").succeeds().out;
    for (file, cues) in [
        ("named.csv", "w,a\n-5,7\n"),
        ("text.csv", "w,a\nnone of it,7\n"),
        ("bare.csv", "7\n"),
        ("both.csv", "7,0.1\n"),
    ] {
        place.file(file, cues);
        assert_eq!(place.glam(&format!("read m {file}")).succeeds().out, answers, "{file}");
    }
    place.file("test.csv", "w,a,y\n-5,7,8\n");
    place.glam("score m test.csv --targets y").succeeds();
    place.file("test.csv", "7,-5,8\n");
    place.glam("score m test.csv --targets last:1").succeeds();
}

#[test]
fn weights_that_cannot_be_are_refused_with_their_place() {
    let place = Place::with_memory(20);
    let before = place.bytes("m");
    for weight in ["0", "-1", "1e-7", "1000001", "1e40", "inf", "heavy"] {
        place.file("rows.csv", format!("a,b,w,y\n1,2,1,3\n1,2,{weight},3\n"));
        for memory in ["m", "new"] {
            let line = format!("write {memory} rows.csv --targets y --weights w");
            let weight = format!("the weight \"{weight}\" is not");
            let parts = ["rows.csv, line 3, column 3 (\"w\")", &weight, "1e-6 to 1e6", "nothing"];
            place.glam(&line).fails(1, &parts);
        }
    }
    for weight in ["", "NA", "nan"] {
        place.file("rows.csv", format!("a,b,w,y\n1,2,{weight},3\n"));
        let parts = ["rows.csv, line 2, column 3 (\"w\"): the weight is missing", "fill it in"];
        place.glam("write m rows.csv --targets y --weights w").fails(1, &parts);
    }
    assert_eq!(place.bytes("m"), before);
    assert!(!place.exists("new"));
}

#[test]
fn a_column_is_one_thing_only() {
    let place = Place::new();
    place.file("rows.csv", "a,w,y\n1,2,3\n4,5,6\n");
    place.glam("write m rows.csv --targets y --weights w").succeeds();
    let before = place.bytes("m");
    let cases: [(&str, &[&str]); 9] = [
        ("new rows.csv --targets y --weights y", &["column 3", "`--targets` and `--weights` both"]),
        ("new rows.csv --targets last:1 --ignore y", &["`--targets` and `--ignore` both"]),
        ("new rows.csv --targets y --weights w --ignore w", &["`--weights` and `--ignore` both"]),
        ("new rows.csv --targets y --weights v", &["line 1", "no column \"v\"", "a, w, y"]),
        ("new rows.csv --targets y --ignore column:4", &["no column 4", "3 columns"]),
        ("new rows.csv --targets y --ignore a,w", &["no column is left for inputs"]),
        ("m rows.csv --targets y --weights a", &["\"a\" is an input of m", "leave the option out"]),
        ("m rows.csv --targets y --ignore a", &["\"a\" is an input of m"]),
        ("m rows.csv --targets y --ignore first:1", &["\"a\" is an input of m"]),
    ];
    for (line, parts) in cases {
        place.glam(&format!("write {line}")).fails(1, parts).fails(1, &["nothing was written"]);
    }
    place.file("two.csv", "a,w,v,y\n1,2,3,4\n");
    let parts = ["column 3", "m takes its weights from the column \"w\"", "`--ignore`"];
    place.glam("write m two.csv --targets y --weights v").fails(1, &parts);
    assert_eq!(place.bytes("m"), before);
    place.glam("write m two.csv --targets y --weights v --ignore w").succeeds();
    assert_eq!(history(&place, "m").last().unwrap().1, 3.0);
    for line in ["--weights last:2", "--weights a,w", "--weights last", "--header no --ignore a"] {
        let run = place.glam(&format!("write m rows.csv --targets last:1 {line}"));
        assert_eq!(run.status, Some(2), "{line}: {}", run.err);
    }
}

#[test]
fn ignored_columns_may_hold_anything_and_are_remembered() {
    let place = Place::new();
    let rows = "id,a,when,y\nx1,1,2024-01-31,2\nx2,2,12:30,4\n\"x,3\",3,,6\n";
    place.file("rows.csv", rows);
    place.glam("write m rows.csv --targets y --ignore id --ignore when").succeeds();
    place.glam("write m rows.csv --targets y").succeeds();
    let inspect = place.glam("inspect m").succeeds().out;
    assert!(inspect.contains("learns        1 number from 1 input\n"), "{inspect}");
    assert!(inspect.contains("  ignored       id, when\n"), "{inspect}");
    // Without a header: by the places of the first file.
    place.file("bare.csv", rows.split_once('\n').unwrap().1);
    place.glam("write m bare.csv --targets last:1").succeeds();
    assert_eq!(history(&place, "m").len(), 9);
    place.file("cues.csv", "x9,2,10:30\n");
    place.file("cue.csv", "2\n");
    let answer = place.glam("read m cue.csv").succeeds().out;
    assert_eq!(place.glam("read m cues.csv").succeeds().out, answer);
    place.glam("score m bare.csv --targets last:1").succeeds();
    // A new column has to be named each time.
    place.file("more.csv", "id,a,when,note,y\nx1,1,,hello,2\n");
    let parts = ["column 4", "m has no input \"note\"", "`--ignore note`"];
    place.glam("write m more.csv --targets y").fails(1, &parts);
    place.glam("write m more.csv --targets y --ignore note").succeeds();
}

#[test]
fn the_advice_about_a_date_names_an_option_that_works() {
    let place = Place::new();
    place.file("rows.csv", "a,when,y\n1,2024-01-31,2\n");
    place.glam("write m rows.csv --targets y").fails(1, &["line 2, column 2", "`--ignore when`"]);
    place.glam("write m rows.csv --targets y --ignore when").succeeds();
    place.file("rows.csv", "1,2024-01-31T12:30:00Z,2\n");
    let parts = ["line 1, column 2", "\"2024-01-31T12:30:00Z\" is a date", "`--ignore column:2`"];
    place.glam("write n rows.csv --targets last:1").fails(1, &parts);
    place.glam("write n rows.csv --targets last:1 --ignore column:2").succeeds();
    // An input of a memory cannot be left out any more.
    place.file("rows.csv", "a,when,y\n2024-01-31,,2\n");
    let run = place.glam("write m rows.csv --targets y").fails(1, &["line 2, column 1", "a date"]);
    assert!(!run.err.contains("--ignore"), "{}", run.err);
}
