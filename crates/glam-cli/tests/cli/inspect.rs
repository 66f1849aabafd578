//! `glam inspect`: the table and the JSON.

use serde_json::{Value, json};

use crate::place::Place;

#[test]
fn the_table_says_what_the_memory_is_and_takes() {
    let place = Place::with_memory(1200);
    let out = place.glam("inspect m").succeeds().out;
    for part in [
        "learns        1 number from 2 inputs\n",
        "inputs        a, b\n",
        "targets       y\n",
        "observations  1,200 written\n",
        "rehearses     0 earlier rows a write\n",
        "forgetting    too few earlier rows were looked at to tell\n",
        "moved         late targets are ",
        "warm: ",
        "\npicks\n",
        "\nslots\n",
        "\nbytes\n",
    ] {
        assert!(out.contains(part), "{part}: {out}");
    }
    assert!(out.lines().all(|line| line.len() <= 80 && line == line.trim_end()), "{out}");
}

#[test]
fn the_json_agrees_with_the_files() {
    let place = Place::with_memory(100);
    let json: Value = serde_json::from_str(&place.glam("inspect m --json").succeeds().out).unwrap();
    assert_eq!((&json["observations"], &json["sequence"]), (&json!(100), &json!(100)));
    let columns = json!([
        {"name": "a", "is": "number"},
        {"name": "b", "is": "number"},
        {"name": "y", "is": {"target": 0}},
    ]);
    assert_eq!(json["columns"], columns);
    assert_eq!(json["config"]["inputs"], 2);
    assert_eq!(json["warming_up"], 100);
    assert_eq!(json["directory"], "m");
    let levels = json["levels"].as_array().unwrap();
    let slots: u64 = levels.iter().map(|level| level["slots"].as_u64().unwrap()).sum();
    assert_eq!(json["slots"], slots);
    let bytes = place.bytes("m");
    let file = |start: &str| {
        let files = bytes.iter().filter(|(name, _)| name.starts_with(start));
        files.map(|(_, bytes)| bytes.len() as u64).sum::<u64>()
    };
    for (key, start) in [
        ("weights", "weights-"),
        ("covariances", "covariances-"),
        ("history", "history-"),
        ("log", "log-"),
    ] {
        assert_eq!(json["files"][key], file(start), "{key}");
    }
}

#[test]
fn many_names_are_cut_short_and_labels_are_listed() {
    let place = Place::new();
    let names: Vec<String> = (0..30).map(|input| format!("x{input}")).collect();
    let zeros = vec!["0.5"; 30].join(",");
    place.file("rows.csv", format!("{},kind\n{zeros},red\n{zeros},\"a, b\"\n", names.join(",")));
    place.glam("write m rows.csv --targets kind --labels").succeeds();
    let out = place.glam("inspect m").succeeds().out;
    assert!(out.contains("x6, x7, and 22 more\n"), "{out}");
    assert!(out.contains("classes       2: red, \"a, b\"\n"), "{out}");
    assert!(out.contains("warming up: 2 of 1,024 observations\n"), "{out}");
}

#[test]
fn inspect_changes_nothing() {
    let place = Place::with_memory(20);
    let before = place.bytes("m");
    place.glam("inspect m").succeeds();
    place.glam("verify m").succeeds();
    place.glam("read m rows.csv").succeeds();
    assert_eq!(place.bytes("m"), before);
}
