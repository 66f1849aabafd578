//! Memories that start as a net.

use std::fs;
use std::path::{Path, PathBuf};

use crate::place::Place;

fn nets() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/nets")
}

/// The arm's net: 18 inputs, 6 outputs.
fn with_arm() -> (Place, String) {
    let place = Place::new();
    fs::copy(nets().join("arm_128_128.onnx"), place.path("arm.onnx")).unwrap();
    let run = place.glam("import-net arm.onnx m").succeeds();
    assert!(run.out.contains("18-128-128-6"), "{}", run.out);
    (place, run.out)
}

fn row(place: usize, values: usize) -> String {
    let value = |column: usize| ((place * 31 + column * 17) % 40) as f32 / 40.0 - 0.5;
    (0..values).map(|column| value(column).to_string()).collect::<Vec<_>>().join(",")
}

fn rows(count: usize, values: usize) -> String {
    (0..count).map(|place| row(place, values) + "\n").collect()
}

#[test]
fn it_answers_as_the_net_before_a_row_is_written_and_is_corrected_after() {
    let (place, _) = with_arm();
    place.file("cues.csv", rows(5, 18));
    let net = place.glam("read m cues.csv").succeeds().out;
    assert_eq!(net.lines().count(), 6, "{net}");
    let run = place.glam("inspect m").succeeds();
    for told in ["a net 18-128-128-6", "the net, uncorrected", "6 numbers from 18 inputs"] {
        assert!(run.out.contains(told), "{told}: {}", run.out);
    }
    place.glam("read m cues.csv --std").fails(1, &["nothing"]);
    // What is written is learned; the net does not need its file any more.
    fs::remove_file(place.path("arm.onnx")).unwrap();
    place.file("more.csv", rows(60, 24));
    place.glam("write m more.csv --targets last:6").succeeds();
    assert_ne!(place.glam("read m cues.csv").succeeds().out, net);
    place.glam("verify m").succeeds();
    place.glam("backup m copy").succeeds();
    assert_eq!(place.glam("read m cues.csv").out, place.glam("read copy cues.csv").out);
}

#[test]
fn missing_values_are_refused_by_their_cell_and_nothing_is_written() {
    let (place, _) = with_arm();
    let bad = rows(2, 24) + &row(3, 17) + ",NA," + &row(4, 6) + "\n";
    place.file("bad.csv", &bad);
    let run = place.glam("write m bad.csv --targets last:6");
    run.fails(1, &["bad.csv", "line 3", "column 18", "no missing values", "nothing was written"]);
    place.file("cues.csv", &(rows(1, 18) + &row(3, 17) + ",\n"));
    place.glam("read m cues.csv").fails(1, &["line 2", "column 18", "no missing values"]);
    place.glam("score m bad.csv --targets last:6").fails(1, &["line 3", "no missing values"]);
}

#[test]
fn names_of_classes_make_a_memory_of_labels_and_more_may_come() {
    let place = Place::new();
    fs::copy(nets().join("arm_128_128.onnx"), place.path("arm.onnx")).unwrap();
    place
        .glam("import-net arm.onnx m --labels a,b")
        .fails(1, &["arm.onnx", "6 outputs", "2 class"]);
    assert!(!place.exists("m"));
    place.glam("import-net arm.onnx m --labels a,b,c,d,e,f").succeeds();
    place.file("cues.csv", rows(3, 18));
    let before = place.glam("read m cues.csv --probabilities").succeeds().out;
    let labelled = |place: usize| row(place, 18) + ["\n", ",new\n", ",a\n"][1 + place % 2];
    place.file("more.csv", (0..40).map(labelled).collect::<String>());
    place.glam("write m more.csv --targets last:1 --labels").succeeds();
    let after = place.glam("read m cues.csv --probabilities").succeeds().out;
    assert_ne!(before, after);
    assert!(place.glam("inspect m").succeeds().out.contains("7: a, b, c, d, e, f, new"));
}

#[test]
fn files_that_are_no_nets_and_places_that_are_taken_are_refused() {
    let place = Place::with_memory(30);
    place.file("no.onnx", "no net");
    place.glam("import-net no.onnx n").fails(1, &["no.onnx"]);
    place.glam("import-net nothing.onnx n").fails(1, &["nothing.onnx"]);
    place.glam("import-net net.txt n").fails(1, &["net.txt"]);
    assert!(!place.exists("n"));
    fs::copy(nets().join("arm_128_128.onnx"), place.path("arm.onnx")).unwrap();
    place.glam("import-net arm.onnx m").fails(1, &["there is a memory already"]);
}
