use super::super::made_up::{found, of_block, results};
use super::*;
use crate::report::Key;

#[test]
fn every_suite_has_its_say_on_the_first_screen() {
    let trial = |suite: &str, part: &str, learner: &str, figure: &str, value: f64| {
        found(Key::new(suite, part, "a set", learner, 1), &[(figure, value)])
    };
    let at = |part: &str, learner: &str, place: f64, figure: &str, value: f64| {
        let key = Key::new(capacity::ID, part, "signs", learner, 1).at(place);
        found(key, &[(figure, value)])
    };
    let net = "MLP of as many floats, settled";
    let lead = lead(&results(vec![
        trial(drift::ID, "", "GLAM, no window", "accuracy", 0.9),
        trial(drift::ID, "", "MLP, row by row", "accuracy", 0.8),
        trial(drift::ID, "", "the label before", "accuracy", 0.95),
        trial(continual::ID, "class-sorted", "GLAM", "average", 0.9),
        trial(continual::ID, "class-sorted", "MLP, replay", "average", 0.8),
        trial(curve::ID, "", "GLAM", "prequential error", 0.5),
        trial(curve::ID, "", "MLP 256, row by row", "prequential error", 0.4),
        trial(rewriting::ID, "", "GLAM, one pass", "newest", 0.1),
        trial(rewriting::ID, "", "nearest neighbour, values replaced", "newest", 1.0),
        trial(cost::ID, "operations", "GLAM", "write us", 30.0),
        trial(cost::ID, "operations", "MLP, a step a row", "write us", 30.0),
        at("capacity", RECALLED, 0.5, "bits a float", 1.0),
        at("capacity", RECALLED, 1.0, "bits a float", 3.0),
        at("capacity", net, 0.5, "bits a float", 2.0),
        at("noisy cues", RECALLED, 0.1, "rmse", 0.7),
        at("noisy cues", "nearest of all rows", 0.1, "rmse", 0.0),
    ]));
    let said: String = lead.iter().map(|block| of_block(block) + "\n").collect();
    let (screen, rest) = said.split_once("Where it is better, set by set").unwrap();
    let (better, rest) = rest.split_once("Where it is worse, set by set").unwrap();
    let (worse, even) = rest.split_once("by two standard errors").unwrap();
    for (part, line) in [
        (better, "row by row, on 1 of 1: a set (0.9000 against 0.8000)"),
        (better, "bytes, on 1 of 1: a set, class-sorted (0.9000 against 0.8000)"),
        (worse, "the label before, on 1 of 1: a set (0.9000 against 0.9500)"),
        (worse, "row by row, on 1 of 1: a set (0.5000 against 0.4000)"),
        (worse, "are replaced, on 1 of 1: a set (0.1000 against 1.00)"),
        // At the one load that both were given.
        (worse, "as many floats, on 1 of 1: signs (1.00 against 2.00)"),
        (worse, "of all rows, on 1 of 1: signs at 0.1 (0.7000 against 0.0000)"),
        (even, "one row at a time, on 1 of 1: a set (30.0 against 30.0)"),
    ] {
        assert!(part.contains(line), "{line}\n{said}");
    }
    let (nets, others) = screen.split_once("than what else a user would pick").unwrap();
    assert!(others.contains("no window | repeating the label before | 0 | 1 | 0\n"), "{said}");
    // From better to worse, and nets apart.
    let places =
        ["row by row | 1 | 0 | 0\n", "one row at a time | 0 | 0 | 1\n", "floats | 0 | 1 | 0\n"]
            .map(|row| nets.find(row).unwrap_or_else(|| panic!("{row}\n{said}")));
    assert!(places.is_sorted(), "{said}");
    assert!(!others.contains("MLP"), "{said}");
}

#[test]
fn the_choice_of_a_rate_is_counted_only_where_it_is_said() {
    let one = |set: &str, net, search, glam| Reached {
        set: set.to_owned(),
        goal: 0.9,
        net,
        search,
        glam,
        one_pass: true,
    };
    let mut said = Said::default();
    times(&mut said, &[one("a", 2.0, 6.0, Some(4.0)), one("b", 1.0, 1.0, None)]);
    assert_eq!(said.better.len(), 1);
    assert!(said.better[0].contains("rate counted"), "{said:?}");
    assert!(said.better[0].ends_with("on 1 of 2: a (4 s against 8 s, 0.5 times)"), "{said:?}");
    let lost =
        ["on 2 of 2: a (4 s against 2 s, 2 times), b (not reached)", "on 1 of 2: b (not reached)"];
    assert_eq!(said.worse.len(), lost.len());
    for (line, end) in said.worse.iter().zip(lost) {
        assert!(line.ends_with(end), "{said:?}");
    }
}
