//! `glam net`: patterns of a net over rows, and its outputs at one.

use glam_memory::core::net::{Activation, Layer, Net, Output};
use glam_memory::ndarray::array;
use serde_json::Value;

use crate::place::Place;

/// |a| and |b| of a and b, and rows of which the first and the third decide alike.
fn place() -> Place {
    let hidden = array![[1.0, 0.0], [-1.0, 0.0], [0.0, 1.0], [0.0, -1.0]];
    let hidden = Layer::new(hidden.view(), &[0.0; 4], Activation::Relu).unwrap();
    let last = array![[1.0, 1.0, 0.0, 0.0], [0.0, 0.0, 1.0, 1.0]];
    let last = Layer::new(last.view(), &[0.0, 0.5], Activation::Linear).unwrap();
    let net = Net::new(vec![hidden, last], Output::Linear).unwrap();
    let net = net.with_labels(vec!["left".into(), "right".into()]).unwrap();
    let place = Place::new();
    place.file("abs.net", net.to_bytes());
    place.file("rows.csv", "a,b\n1,2\n-3,4\n2,0.5\n-1,-1\n");
    place
}

/// The words of the first line that begins with `start`.
fn line(out: &str, start: &str) -> Vec<String> {
    let line = out.lines().find(|line| line.trim_start().starts_with(start)).unwrap();
    line.split_whitespace().map(str::to_owned).collect()
}

#[test]
fn a_census_counts_patterns() {
    let place = place();
    let out = place.glam("net census abs.net rows.csv").succeeds().out;
    // Patterns ++, -+, ++, --: three; 1.5 bits of at most 2.
    assert_eq!(line(&out, "path")[1..], ["4", "3", "25.00", "%", "1.500", "2.000"], "{out}");
    let units: Vec<&str> = out.lines().filter(|line| line.contains("path")).collect();
    assert!(units[1].ends_with("50.00 %      0       0  2.667    2.333"), "{out}");
    assert!(out.lines().all(|line| line.len() <= 80 && line == line.trim_end()), "{out}");
    let json = place.glam("net census abs.net rows.csv --json").succeeds().out;
    let json: Value = serde_json::from_str(&json).unwrap();
    assert_eq!((&json["cues"], &json["layers"][0]["layer"]), (&4.into(), &1.into()));
    assert_eq!(json["layers"][0]["distinct"], json["path"]["distinct"]);
}

#[test]
fn an_inspection_shows_what_an_output_is_made_of() {
    let place = place();
    let out = place.glam("net inspect abs.net rows.csv --row 2 --top 1").succeeds().out;
    let left = ["left", "3.000", "0", "53.1", "\"a\":", "-1.000", "x", "-3.000"];
    assert_eq!(line(&out, "left"), left, "{out}");
    let right = ["right", "4.500", "0.5000", "36.9", "\"b\":", "1.000", "x", "4.000"];
    assert_eq!(line(&out, "right"), right, "{out}");
    let json = place.glam("net inspect abs.net rows.csv --json").succeeds().out;
    let json: Value = serde_json::from_str(&json).unwrap();
    assert_eq!(json["outputs"][1]["top"][0]["share"], 2.0);
}

#[test]
fn what_does_not_fit_is_said() {
    let place = place();
    place.file("wide.csv", "1,2,3\n");
    place.file("gap.csv", "a,b\n1,2\n3,\n");
    place.file("broken.net", "no net");
    place
        .glam("net census abs.net wide.csv")
        .fails(1, &["wide.csv, line 1: this file has 3 columns, the net takes 2 inputs"]);
    place
        .glam("net census abs.net gap.csv")
        .fails(1, &["gap.csv, line 3, column 2 (\"b\")", "a net takes no missing values"]);
    place.glam("net inspect abs.net rows.csv --row 5").fails(1, &["no row 5", "4 rows"]);
    place.glam("net inspect broken.net rows.csv").fails(1, &["broken.net", "damaged"]);
    place.glam("net inspect rows.csv rows.csv").fails(1, &["rows.csv", ".onnx"]);
}
