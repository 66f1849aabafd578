use super::super::made_up::{failed, found, results, said};
use super::learners::{RIGHT, exact, noisy};
use super::*;

const TINY: Shape = Shape { inputs: 64, tables: 4, level: 3, view: 15, outputs: 1 };

#[test]
fn what_fits_is_recalled_and_what_does_not_is_not() {
    let pairs = |ratio| Pairs::draw(Cues::Gaussian, TINY, ratio, 1);
    for learner in
        [Learner::Consolidated, Learner::HashRidge, Learner::Neighbour, Learner::Hopfield]
    {
        let figures = exact(learner, &pairs(0.4), TINY).unwrap().figures;
        assert_eq!(figures["within 1 %"], 1.0, "{learner:?} {figures:?}");
        assert!(figures["rmse"] < 1e-2, "{learner:?} {figures:?}");
    }
    let vectors = Shape { outputs: 3, ..TINY };
    let figures =
        exact(Learner::Consolidated, &Pairs::draw(Cues::Gaussian, vectors, 0.4, 1), vectors);
    let figures = figures.unwrap().figures;
    assert_eq!((figures["within 1 %"], figures["floats"]), (1.0, 3.0 * TINY.floats() as f64));
    let figures = exact(Learner::Consolidated, &pairs(3.0), TINY).unwrap().figures;
    // Of three times as many equations as unknowns no more than a third of the variance can be met.
    assert!(figures["rmse"] > (2.0_f64 / 3.0).sqrt() * 0.95, "{figures:?}");
    assert!((figures["pairs a float"] - 3.0).abs() < 0.05, "{figures:?}");
    for learner in [Learner::OnePass, Learner::Net, Learner::HashMemory] {
        let found = exact(learner, &pairs(0.4), TINY).unwrap();
        assert!(found.figures["rmse"] < 1.0, "{learner:?} {found:?}");
        // Equal bytes, to a unit of the net.
        let floats = found.figures["floats"] / TINY.floats() as f64;
        assert!((floats - 1.0).abs() < 0.15, "{learner:?} {floats}");
    }
}

#[test]
fn noise_in_the_cue_costs_recall() {
    let pairs = Pairs::draw(Cues::Signs, TINY, 0.2, 1);
    let flipped = pairs.noisy(0.25);
    let share = flipped.iter().zip(&pairs.x).filter(|(a, b)| a != b).count() as f64;
    let share = share / flipped.len() as f64;
    assert!((share - 0.25).abs() < 0.03, "{share}");
    let rmse = |noise| noisy(Learner::Consolidated, &pairs, TINY, noise).unwrap().figures["rmse"];
    assert!(rmse(0.0) < 0.01 && rmse(0.2) > 0.1);
}

#[test]
fn rows_are_shown_by_place_and_failures_say_why() {
    let key = |learner: &str, at: f64| Key::new(ID, CAPACITY, "signs", learner, 1).at(at);
    let figures = [("within 1 %", 0.5), ("rmse", 0.25), ("bits a float", 1.5)];
    let trials = vec![
        found(key(RIGHT, 1.0), &figures),
        found(key(RIGHT, 0.5), &[("within 1 %", 1.0), ("rmse", 0.01), ("bits a float", 3.0)]),
        failed(key("nearest of all rows", 1.0), "no room"),
        found(Key::new(ID, NOISE, "signs", RIGHT, 1).at(0.1), &figures),
        failed(Key::new(ID, PICTURES, "spots", "GLAM, one pass", 1), "no data"),
    ];
    let said = said(&section(&results(trials)));
    assert!(said.contains("learner, by values for each float | 0.5 | 1\n"), "{said}");
    assert!(said.contains(&format!("{RIGHT} | 100.0 % | 50.0 %\n")), "{said}");
    assert!(said.contains(&format!("{RIGHT} | 3 | 1.5\n")), "{said}");
    assert!(said.contains("nearest of all rows | failed: no room | "), "{said}");
    assert!(said.contains("signs | - | 1 | 50.0 % ± 0.0 % | 0.25 | 1.5 | -\n"), "{said}");
    assert!(said.contains("learner, by share of signs flipped | 0.1\n"), "{said}");
    assert!(said.contains("GLAM, one pass | failed: no data"), "{said}");
    assert_eq!(section(&results(Vec::new())).blocks.len(), 1);
}
