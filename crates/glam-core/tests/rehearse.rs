//! Rehearse: what it saves of a stream that is sorted by class, and what it leaves alone.

#![expect(clippy::unwrap_used, reason = "a helper of tests may fail as a test may")]

use std::ops::Range;

use glam_core::{
    Config, Flow, Label, Model, Observations, Options, Rehearse, Scratch, Serial, Target, Targets,
};

const INPUTS: usize = 8;
const CLASSES: usize = 6;
const NAMES: [&str; CLASSES] = ["a", "b", "c", "d", "e", "f"];

/// Splitmix64: numbers that depend on nothing but `n`.
fn hash(n: u64) -> u64 {
    let mut z = n.wrapping_add(1).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

/// About a Gaussian with variance 1: the sum of twelve uniform numbers.
fn normal(n: u64) -> f32 {
    let uniform = |part: u64| (hash(12 * n + part) >> 40) as f32 / (1 << 24) as f32;
    (0..12).map(uniform).sum::<f32>() - 6.0
}

/// A row of class `class`: a Gaussian of unit spread round the class's centre. Centres are two
/// spreads from the origin, two inputs a class, so that classes overlap a little at most.
fn row(class: usize, number: u64) -> [f32; INPUTS] {
    let mut x: [f32; INPUTS] = std::array::from_fn(|input| {
        normal((number * CLASSES as u64 + class as u64) * 8 + input as u64)
    });
    x[class] += 2.0;
    x[(class + 1) % INPUTS] -= 2.0;
    x
}

/// The classes of a stream: one after the other, or dealt anew at every row.
fn stream(sorted: bool, each: usize) -> Vec<(usize, u64)> {
    let mut rows: Vec<(usize, u64)> =
        (0..CLASSES).flat_map(|class| (0..each as u64).map(move |row| (class, row))).collect();
    if !sorted {
        rows.sort_by_key(|&(class, row)| hash(row * 64 + class as u64));
    }
    rows
}

fn model(rehearse: Rehearse, warm_up: usize) -> Model {
    let config = Config::builder(INPUTS, Targets::Labels)
        .tables(16)
        .levels([4])
        .warm_up(warm_up)
        .rehearse(rehearse)
        .build()
        .unwrap();
    Model::new(config)
}

fn write(model: &mut Model, stream: &[(usize, u64)]) {
    for &(class, number) in stream {
        let label = Target::Label(Label::Text(NAMES[class]));
        model.write(&row(class, number), label).unwrap();
    }
}

fn written(rehearse: Rehearse, stream: &[(usize, u64)]) -> Model {
    let mut model = model(rehearse, 128);
    write(&mut model, stream);
    model
}

/// The scores of rows that were never written, the same number of each class.
fn scores(model: &Model) -> Vec<(usize, Vec<f32>)> {
    let known = model.recall().labels().names().len();
    let (mut scratch, mut out) = (Scratch::default(), vec![0.0; known]);
    let mut scores = Vec::new();
    for class in 0..CLASSES {
        for fresh in 0..100 {
            let x = row(class, 1_000_000 + fresh);
            model.recall().read(&x, &mut scratch, &mut out).unwrap();
            scores.push((class, out.clone()));
        }
    }
    scores
}

fn accuracy(model: &Model) -> f64 {
    accuracy_of(model, 0..CLASSES)
}

/// The share that is right of fresh rows of some classes, where any class may be recalled.
fn accuracy_of(model: &Model, classes: Range<usize>) -> f64 {
    let scores = scores(model).into_iter().filter(|(class, _)| classes.contains(class));
    let right: Vec<bool> = scores
        .map(|(class, scores)| {
            let best = (0..scores.len()).max_by(|&a, &b| scores[a].total_cmp(&scores[b])).unwrap();
            model.recall().labels().names()[best] == NAMES[class]
        })
        .collect();
    right.iter().filter(|&&right| right).count() as f64 / right.len() as f64
}

#[test]
fn a_stream_sorted_by_class_is_not_forgotten() {
    let sorted = stream(true, 300);
    let auto = accuracy(&written(Rehearse::Auto, &sorted));
    let none = accuracy(&written(Rehearse::Fixed(0), &sorted));
    let shuffled = accuracy(&written(Rehearse::Fixed(0), &stream(false, 300)));
    // 600 held-out rows: the standard error of an accuracy is at most .02, and five of them lie
    // between the two.
    assert!(auto > none + 0.1, "auto {auto}, none {none}, shuffled {shuffled}");
    assert!(auto > shuffled - 0.1, "auto {auto}, none {none}, shuffled {shuffled}");
}

#[test]
fn a_shuffled_stream_rehearses_nothing() {
    // Looking at kept rows learns nothing: without a demand every bit is that of no rehearsal.
    let shuffled = stream(false, 300);
    let bits = |rehearse| -> Vec<u32> {
        let scores = scores(&written(rehearse, &shuffled));
        scores.iter().flat_map(|(_, scores)| scores).map(|score| score.to_bits()).collect()
    };
    assert!(bits(Rehearse::Auto) == bits(Rehearse::Fixed(0)));
    assert!(bits(Rehearse::Fixed(1)) != bits(Rehearse::Fixed(0)));
}

/// Rows of all classes but the last in any order, and then many of the last alone.
fn late_class(first: usize, last: usize) -> [Vec<(usize, u64)>; 2] {
    let mut early = stream(false, first);
    early.retain(|&(class, _)| class + 1 < CLASSES);
    [early, (0..last as u64).map(|number| (CLASSES - 1, number)).collect()]
}

#[test]
fn classes_that_the_warm_up_alone_has_shown_are_rehearsed() {
    // 600 rows that are the warm-up's: after it nothing but the last class.
    let [early, late] = late_class(120, 300);
    let mut first = model(Rehearse::Auto, 600);
    write(&mut first, &early);
    let before = accuracy_of(&first, 0..CLASSES - 1);
    let after = |rehearse| {
        let mut model = model(rehearse, 600);
        write(&mut model, &early);
        write(&mut model, &late);
        (accuracy_of(&model, 0..CLASSES - 1), model.report().rehearsing.times)
    };
    let (auto, times) = after(Rehearse::Auto);
    let (none, _) = after(Rehearse::Fixed(0));
    assert_eq!(times, 6, "{before}, {auto}, {none}");
    // 500 fresh rows: the standard error of an accuracy is about .015.
    assert!(auto > before - 0.1 && none < before - 0.1, "{before}, {auto}, {none}");
}

#[test]
fn classes_that_a_consolidated_memory_has_learned_are_rehearsed() {
    let [early, late] = late_class(200, 1000);
    let consolidated = |rehearse| {
        let model = written(rehearse, &early);
        let mut history = Observations::new();
        for &(class, number) in &early {
            let label = Target::Label(Label::Text(NAMES[class]));
            history.add(model.recall().labels(), &row(class, number), label, 1.0).unwrap();
        }
        let model =
            model.consolidate(&history, Options::default(), &Serial, &|_| Flow::Continue).unwrap();
        assert!(model.report().decision.unwrap().iterations > 0);
        model
    };
    let before = accuracy_of(&consolidated(Rehearse::Auto), 0..CLASSES - 1);
    let after = |rehearse| {
        let mut model = consolidated(rehearse);
        write(&mut model, &late);
        (accuracy_of(&model, 0..CLASSES - 1), model.report().rehearsing.times)
    };
    let (auto, times) = after(Rehearse::Auto);
    let (none, _) = after(Rehearse::Fixed(0));
    assert_eq!(times, 6, "{before}, {auto}, {none}");
    assert!(auto > before - 0.1 && none < before - 0.1, "{before}, {auto}, {none}");
}

#[test]
fn a_sorted_stream_is_rehearsed_alike_by_who_was_reopened_on_the_way() {
    let sorted = stream(true, 200);
    let whole = written(Rehearse::Auto, &sorted);
    assert!(whole.report().rehearsing.times > 0);
    let bits = |model: &Model| -> Vec<u32> {
        let scores = scores(model);
        scores.iter().flat_map(|(_, scores)| scores).map(|score| score.to_bits()).collect()
    };
    // In the warm-up of 128, at its last row, just after, and where classes change and are rehearsed.
    for stop in [1, 100, 127, 128, 129, 300, 601, 1001] {
        let half = written(Rehearse::Auto, &sorted[..stop]);
        let state = half.state();
        let mut resumed = Model::restore(
            half.recall().config().clone(),
            &state.structure,
            state.keys.to_vec(),
            state.weights.to_vec().unwrap(),
            state.covariances.to_vec().unwrap(),
            &state.history,
        )
        .unwrap();
        write(&mut resumed, &sorted[stop..]);
        assert_eq!(resumed.report().rehearsing, whole.report().rehearsing, "{stop}");
        assert!(bits(&resumed) == bits(&whole), "{stop}");
    }
}
