//! Columns by name.

use crate::place::{Place, product};

/// The rows of [`product`] as y, b, x, a, with a column x of text that nobody asked for.
fn reordered(from: usize, to: usize) -> String {
    let reorder = |line: &str| {
        let fields: Vec<&str> = line.split(',').collect();
        format!("{},{},ignored,{}\n", fields[2], fields[1], fields[0])
    };
    let rows: String = product(from, to).lines().map(reorder).collect();
    format!("y,b,x,a\n{rows}")
}

#[test]
fn inputs_are_picked_by_name_in_any_order_and_other_columns_are_ignored() {
    let place = Place::with_memory(200);
    place.file("other.csv", reordered(200, 260));
    place.file("plain.csv", product(200, 260));
    place.file("inputs.csv", plain_inputs(200, 260));
    let expected = place.glam("read m inputs.csv").succeeds().out;
    assert!(expected.starts_with("y\n") && expected.lines().count() == 61, "{expected}");
    assert_eq!(place.glam("read m other.csv").succeeds().out, expected);
    let score = |line: &str| {
        let json: serde_json::Value =
            serde_json::from_str(&place.glam(line).succeeds().out).unwrap();
        json["rmse"].clone()
    };
    let by_place = score("score m plain.csv --targets last:1 --json");
    assert_eq!(score("score m other.csv --targets first:1 --json"), by_place);
    assert_eq!(score("score m other.csv --targets y --json"), by_place);
}

fn plain_inputs(from: usize, to: usize) -> String {
    let cut = |line: &str| format!("{}\n", line.rsplit_once(',').unwrap().0);
    product(from, to).lines().map(cut).collect()
}

#[test]
fn a_later_file_may_order_its_columns_differently() {
    let place = Place::new();
    place.file("first.csv", "a,b,y,z\n1,2,3,-1\n2,1,4,-2\n0,5,5,0\n");
    place.file("same.csv", "a,b,y,z\n4,4,8,1\n1,6,7,2\n");
    place.file("other.csv", "z,b,y,a\n1,4,8,4\n2,6,7,1\n");
    for (memory, second) in
        [("same", "same.csv --targets y,z"), ("other", "other.csv --targets z,y")]
    {
        place.glam(&format!("write {memory} first.csv --targets y,z")).succeeds();
        place.glam(&format!("write {memory} {second}")).succeeds();
    }
    let read = |memory: &str| place.glam(&format!("read {memory} same.csv --std")).succeeds().out;
    assert_eq!(read("same"), read("other"));
    assert!(read("same").starts_with("y,z,y_std,z_std\n"));
}

#[test]
fn a_missing_input_is_named() {
    let place = Place::with_memory(20);
    place.file("cues.csv", "a,c\n1,2\n");
    let parts = ["cues.csv, line 1", "no column \"b\"", "inputs a, b", "--header no"];
    place.glam("read m cues.csv").fails(1, &parts);
    place.file("rows.csv", "a,c,y\n1,2,3\n");
    place.glam("score m rows.csv --targets y").fails(1, &["no column \"b\""]);
    place.file("twice.csv", "a,b,b\n1,2,3\n");
    place.glam("read m twice.csv").fails(1, &["line 1", "column 3", "named \"b\""]);
}

#[test]
fn without_a_header_columns_are_counted() {
    let place = Place::with_memory(20);
    place.file("cues.csv", "0.5,0.5\n1,1\n");
    place.glam("read m cues.csv").succeeds();
    place.file("rows.csv", product(0, 3));
    let parts = ["rows.csv, line 1, column 3", "inputs only", "`glam score`"];
    place.glam("read m rows.csv").fails(1, &parts);
    place.file("narrow.csv", "1\n");
    place
        .glam("read m narrow.csv")
        .fails(1, &["narrow.csv, line 1, column 2", "takes 2 input columns (a, b)"]);
    place.file("wide.csv", "1,2,3,4\n");
    place
        .glam("read m wide.csv")
        .fails(1, &["wide.csv, line 1, column 3", "takes 2 input columns"]);
}

#[test]
fn a_memory_without_names_tells_columns_apart_by_their_place() {
    let place = Place::with_memory(20);
    place.file("cues.csv", "b,a\n0.5,-1\n");
    place.file("swapped.csv", "-1,0.5\n");
    let by_name = place.glam("read m cues.csv").succeeds().out;
    assert_eq!(place.glam("read m swapped.csv").succeeds().out, by_name);
    std::fs::remove_file(place.path("m/COLUMNS")).unwrap();
    let by_place = place.glam("read m cues.csv").succeeds().out;
    assert!(by_place.starts_with("y1\n"), "{by_place}");
    assert_ne!(by_place.lines().nth(1), by_name.lines().nth(1));
    place.file("rows.csv", format!("a,b,y\n{}", product(0, 3)));
    place.glam("read m rows.csv").fails(1, &["rows.csv, line 1", "inputs only"]);
    // Observations that came without names are not named afterwards.
    place.glam("write m rows.csv --targets y").succeeds();
    assert!(!place.exists("m/COLUMNS"));
}

#[test]
fn damaged_names_are_refused_and_can_be_removed() {
    let place = Place::with_memory(20);
    let text = std::fs::read_to_string(place.path("m/COLUMNS")).unwrap();
    place.file("m/COLUMNS", text.replace("\"a\"", "\"c\""));
    for line in ["read m rows.csv", "write m rows.csv --targets y", "inspect m"] {
        place.glam(line).fails(1, &["m/COLUMNS", "damaged", "remove the file"]);
    }
    std::fs::remove_file(place.path("m/COLUMNS")).unwrap();
    place.glam("verify m").succeeds();
}
