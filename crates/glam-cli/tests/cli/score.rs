//! `glam score`: the errors, by their definitions.

use serde_json::Value;

use crate::place::{Place, product};

fn json(place: &Place, line: &str) -> Value {
    let run = place.glam(line).succeeds();
    assert_eq!((run.out.lines().count(), run.err.as_str()), (1, ""));
    serde_json::from_str(&run.out).unwrap()
}

#[test]
fn the_line_of_json_has_its_keys_in_order() {
    let place = Place::with_memory(20);
    let keys = |line: &str| -> Vec<String> {
        let out = place.glam(line).succeeds().out;
        let starts = out.match_indices("\":").map(|(end, _)| {
            let start = out[..end].rfind('"').unwrap();
            out[start + 1..end].to_owned()
        });
        starts.collect()
    };
    let counts = ["missing", "unknown", "skipped", "seconds"];
    let expected = [&["rows", "rmse", "nmse", "mean_nmse", "mae"], &counts[..]].concat();
    assert_eq!(keys("score m rows.csv --targets y --json"), expected);
    place.file("labels.csv", "1,a\n2,b\n");
    place.glam("write l labels.csv --targets last:1 --labels").succeeds();
    let errors = ["rows", "rmse", "nmse", "mean_nmse", "mae", "accuracy"];
    let expected = [&errors, &counts[..]].concat();
    assert_eq!(keys("score l labels.csv --targets last:1 --labels --json"), expected);
}

#[test]
fn errors_are_those_of_the_answers_of_read() {
    let place = Place::with_memory(1000);
    place.file("test.csv", product(1000, 1200));
    place.file("named.csv", format!("a,b,y\n{}", product(1000, 1200)));
    let score = json(&place, "score m test.csv --targets last:1 --json");
    let answers = place.glam("read m named.csv").succeeds().numbers();
    let truth: Vec<f64> = product(1000, 1200)
        .lines()
        .map(|line| line.rsplit_once(',').unwrap().1.parse().unwrap())
        .collect();
    let errors: Vec<f64> =
        answers.iter().zip(&truth).map(|(answer, truth)| answer[0] - truth).collect();
    let mean = |values: &mut dyn Iterator<Item = f64>| values.sum::<f64>() / 200.0;
    let square = mean(&mut errors.iter().map(|error| error * error));
    let centre = mean(&mut truth.iter().copied());
    let variance = mean(&mut truth.iter().map(|truth| (truth - centre).powi(2)));
    let absolute = mean(&mut errors.iter().map(|error| error.abs()));
    // Targets are rounded to f32 on the way in: relative errors of 6e-8, of sums of 200 terms.
    let near = |key: &str, expected: f64| {
        let got = score[key][0].as_f64().unwrap();
        assert!((got / expected - 1.0).abs() < 1e-4, "{key}: {got}, expected {expected}");
    };
    near("rmse", square.sqrt());
    near("nmse", square / variance);
    near("mae", absolute);
    assert_eq!(score["rows"], 200);
    assert_eq!(score["mean_nmse"], score["nmse"][0]);
    assert!(score["nmse"][0].as_f64().unwrap() < 0.05, "{score}");
    assert!(score["seconds"].as_f64().unwrap() > 0.0);
}

#[test]
fn a_constant_target_has_no_nmse() {
    let place = Place::new();
    place.file("rows.csv", "a,y,z\n1,2,5\n2,4,5\n3,6,5\n");
    place.glam("write m rows.csv --targets y,z").succeeds();
    let score = json(&place, "score m rows.csv --targets y,z --json");
    assert!(score["nmse"][0].is_f64() && score["nmse"][1].is_null(), "{score}");
    assert_eq!(score["mean_nmse"], score["nmse"][0]);
    let table = place.glam("score m rows.csv --targets y,z").succeeds().out;
    for part in ["rows", "mean nMSE", "target", "RMSE", "MAE", "\n  y ", "\n  z "] {
        assert!(table.contains(part), "{part}: {table}");
    }
}

#[test]
fn labels_have_an_accuracy_and_a_label_never_seen_is_wrong() {
    let place = Place::new();
    place.file("rows.csv", "x,kind\n-3,low\n-2,low\n-1,low\n1,high\n2,high\n3,high\n");
    place.glam("write m rows.csv --targets kind --labels").succeeds();
    place.file("test.csv", "x,kind\n-2.5,low\n2.5,high\n2.6,low\n2.7,never seen\n");
    let score = json(&place, "score m test.csv --targets kind --labels --json");
    assert_eq!(score["accuracy"], 0.5);
    assert_eq!(score["rows"], 4);
    for list in ["rmse", "nmse", "mae"] {
        assert_eq!(score[list], Value::Array(Vec::new()));
    }
    assert!(score["mean_nmse"].is_null());
    let text = place.glam("score m test.csv --targets kind --labels").succeeds().out;
    assert!(text.contains("accuracy  50.00 %"), "{text}");
}

#[test]
fn score_learns_nothing_and_must_be_asked_for_what_the_memory_learns() {
    let place = Place::with_memory(50);
    let before = place.bytes("m");
    place.glam("score m rows.csv --targets y").succeeds();
    place.glam("score m rows.csv --targets y --labels").fails(1, &["m: ", "leave out `--labels`"]);
    place.glam("score m rows.csv --targets a").fails(1, &["rows.csv, line 1", "m learns y"]);
    place.glam("score m rows.csv --targets y,b").fails(1, &["1 target from 2 inputs", "2 targets"]);
    assert_eq!(place.bytes("m"), before);
}
