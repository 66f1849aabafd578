//! Every kind of gates on a few hundred rows made up here: answers are checked, times are not.

#![expect(clippy::unwrap_used, reason = "a helper of tests may fail as a test may")]

use glam_benches::data::{Dataset, Targets};
use glam_benches::gates::{
    Form, Nets, Origin, Outcome, Plan, consolidated, contestants, drawn_anew, measure, references,
};
use glam_benches::peers::mlp::InputScale;
use ndarray::{Array2, s};

const ROWS: usize = 700;
const TRAIN_ROWS: usize = 500;
const WIDTH: usize = 5;

fn inputs() -> Array2<f32> {
    Array2::from_shape_fn((ROWS, WIDTH), |(row, column)| {
        ((row * 7 + 1) as f32 * (column as f32 + 1.3)).sin()
    })
}

fn dataset(train_y: Targets, test_y: Targets) -> Dataset {
    let x = inputs();
    Dataset {
        name: "made up".to_owned(),
        train_x: x.slice(s![..TRAIN_ROWS, ..]).to_owned(),
        train_y,
        test_x: x.slice(s![TRAIN_ROWS.., ..]).to_owned(),
        test_y,
    }
}

fn values() -> Dataset {
    let x = inputs();
    let y = Array2::from_shape_fn((ROWS, 2), |(row, output)| {
        let x = x.row(row);
        (x[output] - x[2]).abs() + x[0] * x[1]
    });
    let part = |rows| Targets::Values(y.slice(rows).to_owned());
    dataset(part(s![..TRAIN_ROWS, ..]), part(s![TRAIN_ROWS.., ..]))
}

fn labels() -> Dataset {
    let label = |x: f32| if x > 0.4 { 1 } else { u32::from(x <= -0.4) * 2 };
    let labels: Vec<u32> = inputs().rows().into_iter().map(|x| label(x[0] + 0.5 * x[1])).collect();
    let names = ["middle", "high", "low"].map(str::to_owned).to_vec();
    let part = |labels: &[u32]| Targets::Labels { labels: labels.to_vec(), names: names.clone() };
    dataset(part(&labels[..TRAIN_ROWS]), part(&labels[TRAIN_ROWS..]))
}

fn nets(set: &Dataset) -> Nets {
    let plan = Plan { hidden: vec![24], epochs: 20, scale: InputScale::EachInput };
    Nets::fit(set, &plan, 1).unwrap()
}

const FORM: Form = Form { tables: 8, view: WIDTH, level: 3, seed: 1 };

fn is_whole(outcome: &Outcome) {
    assert!(outcome.slots > 0 && outcome.bytes > 0, "{outcome:?}");
    assert!(outcome.found > 0.5 && outcome.found <= 1.0, "{outcome:?}");
}

#[test]
fn every_kind_of_gates_beats_the_mean() {
    let set = values();
    let nets = nets(&set);
    assert!(nets.score < 0.9, "{}", nets.score);
    for gates in contestants().iter().chain(&references()) {
        let outcome = measure(&set, &nets, gates, FORM).unwrap();
        assert!(outcome.score < 1.0, "{}: {outcome:?}", gates.name);
        assert_eq!(outcome.tables, FORM.tables);
        is_whole(&outcome);
    }
    let [once, anew] = drawn_anew(&set, &nets, 1).unwrap().unwrap();
    assert!(once.score < 0.9 && anew.score < 0.9, "{once:?} {anew:?}");
    assert_eq!(once.tables, anew.tables);
}

#[test]
fn every_kind_of_gates_beats_the_most_frequent_label() {
    let set = labels();
    let nets = nets(&set);
    let Targets::Labels { labels, .. } = &set.test_y else { panic!("labels are labels") };
    let most = (0..3).map(|label| labels.iter().filter(|&&own| own == label).count()).max();
    let chance = most.unwrap() as f64 / labels.len() as f64;
    for gates in contestants().iter().chain(&references()) {
        let outcome = measure(&set, &nets, gates, FORM).unwrap();
        assert!(outcome.score > chance + 0.1, "{}: {outcome:?}, {chance}", gates.name);
        is_whole(&outcome);
    }
}

#[test]
fn gates_of_nets_and_of_none_are_consolidated() {
    let set = values();
    let nets = nets(&set);
    for gates in contestants().iter().filter(|gates| gates.origin != Origin::Untrained) {
        let outcome = consolidated(&set, &nets, gates, FORM, 1).unwrap();
        assert!(outcome.score < 1.0, "{}: {outcome:?}", gates.name);
        is_whole(&outcome);
    }
}
