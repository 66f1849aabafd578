use super::super::generated::friedman;
use super::super::made_up::{failed, found, of_block, on_the_way, results, said};
use super::super::summary::lead;
use super::*;
use crate::data::Targets;
use crate::memories::measure;
use crate::report::{Results, Trial};

fn key(set: &str, learner: &str, seed: u64) -> Key {
    Key::new(ID, "", set, learner, seed)
}

/// Two seeds of a memory that is at an RMSE of 2 after 1 s and of 1 after 3 s, and of a net that is at 1.5
/// after 10 s.
fn some() -> Vec<Trial> {
    let mut trials = Vec::new();
    for (seed, off) in [(1, -0.1), (2, 0.1)] {
        let figures = [("rmse", 1.0 + off), ("seconds", 3.0), ("bytes", 5e6), ("covered", 0.9)];
        let glam = found(key("kin8nm", "GLAM, one pass", seed), &figures);
        trials.push(on_the_way(glam, &[(250.0, 1.0, 2.0 + off), (500.0, 3.0, 1.0 + off)]));
        let net = found(
            key("kin8nm", "MLP 256", seed),
            &[("rmse", 1.5 + off), ("seconds", 10.0), ("search seconds", 4.0)],
        );
        let points =
            [(1.0, 0.5, 3.0), (5.0, 2.5, 2.0), (20.0, 10.0, 1.5 + off), (100.0, 50.0, 1.6)];
        trials.push(on_the_way(net, &points));
    }
    trials.push(failed(key("kin8nm", "LightGBM", 1), "not run: give --python"));
    trials
}

#[test]
fn every_learner_has_a_row_and_a_failure_says_why() {
    let said = said(&section(&results(some())));
    assert!(said.contains("GLAM, one pass | 1.00 ± 0.14 | - | 90.0 % | 3 | 5\n"), "{said}");
    assert!(said.contains("MLP 256, 1 epoch | 3.00 ± 0.00 | - | - | 0.5 | -\n"), "{said}");
    assert!(said.contains("MLP 256, 20 epochs | 1.50 ± 0.14 | - | - | 10 | -\n"), "{said}");
    assert!(said.contains("LightGBM | failed: not run: give --python | "), "{said}");
    assert!(said.contains("kin8nm | 1.5 | 3 (one pass) | 10 | 0.3 | 4\n"), "{said}");
}

#[test]
fn what_is_not_reached_is_lost() {
    let mut trials = some();
    for trial in trials.iter_mut().filter(|trial| trial.key.learner.starts_with("GLAM")) {
        trial.found.figures.insert("rmse".to_owned(), 1.8);
        trial.found.points[1].measure = 1.8;
    }
    let results = results(trials);
    let said = said(&section(&results));
    assert!(said.contains("kin8nm | 1.5 | not reached | 10 | - | 4\n"), "{said}");
    let lead: String = lead(&results).iter().map(of_block).collect();
    let (_, worse) = lead.split_once("Where it is worse, set by set").unwrap();
    assert!(worse.contains("kin8nm (not reached)"), "{lead}");
    assert!(worse.contains("on 1 of 1: kin8nm (1.80 against 1.50, MLP 256, 20 epochs)"), "{lead}");
    assert!(!lead.contains("Where it is better"), "{lead}");
}

#[test]
fn nothing_and_nothing_but_failures_are_shown() {
    assert_eq!(section(&results(Vec::new())).blocks.len(), 2);
    let failures = vec![failed(key("yacht", "GLAM, one pass", 1), "no data")];
    let said = said(&section(&results(failures)));
    assert!(said.contains("GLAM, one pass | failed: no data | "), "{said}");
}

#[test]
fn learners_find_what_a_plain_recomputation_finds() {
    let set = friedman(400, 200, 1.0, 1);
    let Targets::Values(truth) = &set.test_y else { panic!("these are values") };
    let constant = f64::from(truth.std(0.0));
    let check = |found: Found, least: f64| {
        let covered = found.figures.get("covered").copied();
        // By epochs it says nothing of its errors.
        assert!(found.points.len() > 2 || covered.is_some_and(|share| share > 0.7), "{found:?}");
        assert_eq!(covered.is_some(), found.figures.contains_key("log likelihood"));
        let rmse = found.figures["rmse"];
        // No learner is below the noise, by more than the test rows' own chance, nor above the mean.
        assert!(rmse > 0.85 && rmse < least * constant, "{rmse} of {constant}");
    };
    let one_pass = glam::one_pass(&set, 1).unwrap();
    let covered = one_pass.figures["covered"];
    assert!((0.8..=1.0).contains(&covered), "{covered}");
    assert_eq!(one_pass.points.last().unwrap().measure, one_pass.figures["rmse"]);
    check(one_pass, 0.7);
    check(others::ridge(&set, 1).unwrap(), 0.7);
    check(others::features(&set, Plan::Quick, 1).unwrap(), 0.8);
    check(others::neighbours(&set, 1).unwrap(), 0.8);
    let rates = &mut Rates::default();
    let rate = rates.of("friedman", 1, &[64], &set).unwrap();
    let net = mlp::by_epochs(&set, &[64], rate, 1).unwrap();
    assert_eq!(net.points.len(), mlp::EPOCHS.len());
    check(net, 0.7);
    check(mlp::early_stopped(&set, rate, 1).unwrap(), 0.7);
    let refused = others::lightgbm(&set, None).unwrap_err().to_string();
    assert_eq!(refused, "not run: give --python");
    assert_eq!(measure(&set, truth.view()), ("rmse", 0.0));
}

#[test]
fn the_lead_of_no_results_claims_nothing() {
    let lead = lead(&Results { ..results(Vec::new()) });
    assert_eq!(lead.len(), 2);
}
