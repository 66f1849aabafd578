//! Columns of text as inputs.

use glam_memory::Memory;
use serde_json::Value;

use crate::place::Place;

fn inputs(place: &Place, memory: &str) -> Vec<Vec<f32>> {
    let memory = Memory::open_read_only(place.path(memory)).unwrap();
    let mut history = memory.history().unwrap();
    let mut all = Vec::new();
    while let Some(observation) = history.next().unwrap() {
        all.push(observation.x.to_vec());
    }
    all
}

/// The place of the one in a row of ones and zeros; `None` where all are missing.
fn one(x: &[f32]) -> Option<usize> {
    if x.iter().all(|x| x.is_nan()) {
        return None;
    }
    assert!(x.iter().all(|&x| x == 0.0 || x == 1.0) && x.iter().sum::<f32>() == 1.0, "{x:?}");
    x.iter().position(|&x| x == 1.0)
}

#[test]
fn values_of_the_first_file_have_an_input_each_and_later_ones_share_eight() {
    let place = Place::new();
    place.file("first.csv", "a,colour,y\n1,red,2\n2,green,4\n?,red,6\n3,NA,1\n4, 7 ,5\n");
    let run = place.glam("write m first.csv --targets y").succeeds();
    let parts = [
        "glam: \"colour\" is categorical, 3 values + 8 hashed: line 2 holds \"red\", though 1 cell is a \
         number; if that is a mistake, correct it and make the memory anew\n",
        "glam: 5 rows learned",
        "glam: 2 input cells were missing: 1 in \"a\", 1 in \"colour\"\n",
    ];
    for part in parts {
        assert!(run.err.contains(part), "{part}: {}", run.err);
    }
    place.file("second.csv", "colour,y,a\nblue,1,1\ngreen,2,2\nRed,3,3\n,4,4\n8,5,5\n");
    let run = place.glam("write m second.csv --targets y").succeeds();
    assert!(!run.err.contains("categorical"), "{}", run.err);
    let x = inputs(&place, "m");
    assert!(x.iter().all(|x| x.len() == 1 + 3 + 8));
    let places: Vec<Option<usize>> = x.iter().map(|x| one(&x[1..])).collect();
    assert_eq!(places[..5], [Some(0), Some(1), Some(0), None, Some(2)]);
    assert_eq!((places[6], places[8]), (Some(1), None));
    for row in [5, 7, 9] {
        assert!(places[row].is_some_and(|place| (3..11).contains(&place)), "{places:?}");
    }
    let inspect = place.glam("inspect m").succeeds().out;
    for part in [
        "learns        1 number from 12 inputs\n",
        "inputs        a, colour\n",
        "categories    colour: 3 values + 8 hashed (red, green, 7)\n",
    ] {
        assert!(inspect.contains(part), "{part}: {inspect}");
    }
    let json: Value = serde_json::from_str(&place.glam("inspect m --json").succeeds().out).unwrap();
    let expected = serde_json::json!({"categories": ["red", "green", "7"]});
    assert_eq!(json["columns"][1]["is"], expected);
    place.glam("verify m").succeeds();
}

#[test]
fn read_and_score_encode_as_write_did() {
    let place = Place::new();
    let row = |i: usize| {
        let (colour, slope) = [("red", 1.0), ("green", -1.0), ("blue", 3.0)][i % 3];
        let a = (i * 37 % 101) as f64 / 50.0 - 1.0;
        format!("{colour},{a},{:.6}\n", slope * a)
    };
    let rows = |from, to| format!("colour,a,y\n{}", (from..to).map(row).collect::<String>());
    place.file("rows.csv", rows(0, 1500));
    place.file("test.csv", rows(1500, 1800));
    place.glam("write m rows.csv --targets y").succeeds();
    let score = place.glam("score m test.csv --targets y --json").succeeds().out;
    let score: Value = serde_json::from_str(&score).unwrap();
    // Without the colour the best guess is the mean slope: an nMSE of 8/11.
    assert!(score["mean_nmse"].as_f64().unwrap() < 0.1, "{score}");
    place.file("cues.csv", "a,colour\n0.5,blue\n0.5,never seen\n0.5,\n");
    let run = place.glam("read m cues.csv").succeeds();
    let memory = Memory::open_read_only(place.path("m")).unwrap();
    let cue = [&[0.0, 0.0, 1.0], &[0.0; 8][..], &[0.5]].concat();
    let missing = [&[f32::NAN; 11][..], &[0.5]].concat();
    let answers: Vec<f32> = run.out.lines().skip(1).map(|line| line.parse().unwrap()).collect();
    assert_eq!(answers[0], memory.read(&cue).unwrap()[0]);
    assert_eq!(answers[2], memory.read(&missing).unwrap()[0]);
    // The first file decides which column is what: by place where there are no names.
    place.file("bare.csv", "blue,0.5\n");
    let bare = place.glam("read m bare.csv").succeeds();
    assert_eq!(bare.out.lines().nth(1), run.out.lines().nth(1));
}

#[test]
fn a_file_without_a_header_is_remembered_by_place() {
    let place = Place::new();
    place.file("rows.csv", "1,red,2\n2,green,4\n3,red,6\n");
    let parts = ["line 1, column 2", "\"red\"", "`--header no` where it is data"];
    place.glam("write m rows.csv --targets last:1").fails(1, &parts);
    let run = place.glam("write m rows.csv --targets last:1 --header no").succeeds();
    assert!(run.err.contains("column 2 is categorical, 2 values"), "{}", run.err);
    // It is known by now that the second column holds text.
    place.glam("write m rows.csv --targets last:1").succeeds();
    place.glam("score m rows.csv --targets last:1").succeeds();
    place.file("cues.csv", "1,red\n2,blue\n");
    assert_eq!(place.glam("read m cues.csv").succeeds().out.lines().count(), 3);
    place.file("text.csv", "red,1,2\n");
    let run = place.glam("write m text.csv --targets last:1 --header no");
    run.fails(1, &["text.csv, line 1, column 1: \"red\" is not a number", "leave it empty"]);
}

#[test]
fn a_pipe_gives_the_same_memory_as_a_file() {
    let place = Place::new();
    let rows: String = (0..200).map(|i| format!("v{},{i},{}\n", i % 90, i % 7)).collect();
    let rows = format!("kind,a,y\n{rows}");
    place.file("rows.csv", &rows);
    place.glam("write file rows.csv --targets y").succeeds();
    place.glam_fed("write pipe - --targets y", &rows).succeeds();
    let x = inputs(&place, "file");
    assert_eq!(x, inputs(&place, "pipe"));
    // 64 of the 90 values have an input each, the others share eight.
    assert!(x.iter().all(|x| x.len() == 64 + 8 + 1));
    assert_eq!(one(&x[63][..72]), Some(63));
    assert!((64..90).all(|row| one(&x[row][..72]).unwrap() >= 64));
    assert_eq!(place.bytes("file")["COLUMNS"], place.bytes("pipe")["COLUMNS"]);
}

#[test]
fn a_column_of_names_or_free_text_is_refused_with_advice() {
    let place = Place::new();
    let rows: String = (0..1_025).map(|i| format!("{i},name {i},1\n")).collect();
    place.file("rows.csv", format!("a,who,y\n{rows}"));
    let parts = ["line 1026, column 2 (\"who\")", "1,025", "1,024", "`--ignore who`", "nothing"];
    place.glam("write m rows.csv --targets y").fails(1, &parts);
    place.glam("write m rows.csv --targets y --ignore who").succeeds();
    // One text among many numbers is rather a mistake, and its line is said.
    let rows: String = (0..2_000).map(|i| format!("{i},{},1\n", i as f32 / 8.0)).collect();
    place.file("typo.csv", format!("a,b,y\n1,1.25x,2\n{rows}"));
    let parts = ["column 2 (\"b\")", "line 2 holds \"1.25x\", no number", "correct line 2"];
    place.glam("write new typo.csv --targets y").fails(1, &parts);
    assert!(!place.exists("new"));
    place.file("long.csv", format!("a,b,y\n1,{},2\n", "x".repeat(257)));
    place.glam("write new long.csv --targets y").fails(1, &["line 2, column 2", "257 bytes"]);
    let few: String = (0..1_024).map(|i| format!("value {i},1\n")).collect();
    place.file("few.csv", format!("a,y\n{few}"));
    let run = place.glam("write few few.csv --targets y").succeeds();
    assert!(run.err.contains("; no two rows share a value: `--ignore a` leaves"), "{}", run.err);
}

#[test]
fn text_in_a_column_of_numbers_is_refused_later() {
    let place = Place::with_memory(20);
    place.file("bad.csv", "a,b,y\n1,2,3\n1,red,3\n");
    let parts = ["bad.csv, line 3, column 2 (\"b\"): \"red\" is not a number", "leave it empty"];
    for line in ["write m bad.csv --targets y", "read m bad.csv", "score m bad.csv --targets y"] {
        place.glam(line).fails(1, &parts);
    }
    // Nor does a column of categories take a date.
    place.file("text.csv", "a,colour,y\n1,red,2\n");
    place.glam("write t text.csv --targets y").succeeds();
    place.file("date.csv", "a,colour,y\n1,red,2\n1,12:30,2\n");
    let parts = ["line 3, column 2 (\"colour\"): \"12:30\" is a date or a time"];
    for line in ["write t date.csv --targets y", "read t date.csv", "score t date.csv --targets y"]
    {
        place.glam(line).fails(1, &parts);
    }
    // A memory without the file knows of numbers only.
    let memory = Memory::builder(1).create(place.path("made")).unwrap();
    memory.write(&[1.0], 1.0).unwrap();
    memory.close().unwrap();
    place.file("text.csv", "a,y\nred,3\n");
    place.glam("write made text.csv --targets y").fails(1, &["\"red\" is not a number"]);
}

#[test]
fn numbers_badly_written_make_no_categories_unless_there_is_other_text() {
    let place = Place::new();
    for (cell, advice) in [
        ("\"1,5\"", "decimals with a point"),
        ("1_000", "without separators"),
        ("inf", "finite"),
        ("1e39", "out of range"),
    ] {
        place.file("rows.csv", format!("a,b,y\n1,2,3\n1,{cell},3\n"));
        let parts = ["rows.csv, line 3, column 2 (\"b\")", advice];
        place.glam("write m rows.csv --targets y").fails(1, &parts);
        place.file("text.csv", format!("a,b,y\n1,{cell},3\n1,red,3\n"));
        place.glam("write t text.csv --targets y").succeeds();
        std::fs::remove_dir_all(place.path("t")).unwrap();
    }
}

#[test]
fn a_column_that_later_files_lack_is_named() {
    let place = Place::new();
    place.file("rows.csv", "a,colour,y\n1,red,2\n2,green,4\n");
    place.glam("write m rows.csv --targets y").succeeds();
    place.file("less.csv", "a,y\n1,2\n");
    let parts = ["less.csv, line 1", "no column \"colour\"", "a, colour", "may be empty"];
    for line in ["write m less.csv --targets y", "score m less.csv --targets y", "read m less.csv"]
    {
        place.glam(line).fails(1, &parts);
    }
    place.file("empty.csv", "a,colour,y\n1,,2\n");
    place.glam("write m empty.csv --targets y").succeeds();
}

#[test]
fn hostile_columns_are_refused_by_every_command() {
    let place = Place::new();
    place.file("rows.csv", "a,colour,y\n1,red,2\n2,green,4\n");
    place.glam("write m rows.csv --targets y").succeeds();
    let good = std::fs::read_to_string(place.path("m/COLUMNS")).unwrap();
    let before = place.bytes("m");
    let nested = format!("{{\"version\":1,\"columns\":{}", "[".repeat(100_000));
    for bad in [
        String::new(),
        "{}".to_owned(),
        nested,
        good.replace("red", "blue"),
        good.replace("\"green\"", "\"red\""),
        good.replace("\"version\": 1", "\"version\": 2"),
        good.replace("\"number\"", "\"ignored\""),
        format!("{good} "),
    ] {
        assert_ne!(bad, good);
        place.file("m/COLUMNS", &bad);
        for line in ["write m rows.csv --targets y", "read m rows.csv", "inspect m"] {
            place.glam(line).fails(1, &["m/COLUMNS", "damaged"]);
        }
        assert_eq!(place.glam("verify m").status, Some(1));
    }
    std::fs::remove_file(place.path("m/COLUMNS")).unwrap();
    place.glam("write m rows.csv --targets y").fails(1, &["2 inputs and 1 target", "11 inputs"]);
    place.file("m/COLUMNS", &good);
    assert_eq!(place.bytes("m"), before);
}

#[test]
fn a_memory_that_was_made_and_never_written_to_takes_its_columns_from_the_file() {
    let place = Place::new();
    place.file("rows.csv", "a,colour,y\n1,red,2\n2,green,4\n");
    let make = |name: &str, inputs: usize| {
        Memory::builder(inputs).create(place.path(name)).unwrap().close().unwrap();
    };
    make("fits", 11);
    place.glam("write fits rows.csv --targets y").succeeds();
    assert!(place.exists("fits/COLUMNS"));
    make("other", 2);
    let parts = ["11 inputs and 1 target", "other learns 1 target from 2 inputs", "nothing was"];
    place.glam("write other rows.csv --targets y").fails(1, &parts);
    assert!(!place.exists("other/COLUMNS"));
}
