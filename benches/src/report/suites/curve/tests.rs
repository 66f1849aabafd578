use super::super::generated::{clusters, friedman};
use super::super::made_up::{failed, found, on_the_way, results, said};
use super::*;

#[test]
fn a_learner_that_knows_everything_makes_no_error_and_windows_are_counted() {
    struct Oracle;
    impl Online for Oracle {
        fn predict_then_learn(
            &mut self,
            set: &Dataset,
            row: usize,
            before: &mut Vec<f32>,
        ) -> Result<()> {
            before.clear();
            before.extend(set.train_y.select(&[row]).to_values());
            // Wrong in the first window alone, which has 100 rows.
            if row < 50 {
                before.reverse();
                before[0] += 1e3;
            }
            Ok(())
        }
        fn setting(&self) -> String {
            String::new()
        }
    }
    for set in [friedman(300, 1, 1.0, 1), clusters(4, 300, 1, 1)] {
        let found = prequential(&set, |_| Ok(Box::new(Oracle))).unwrap();
        let rows: Vec<f64> = found.points.iter().map(|point| point.rows).collect();
        assert_eq!(rows, [100.0, 150.0, 225.0, 300.0]);
        let errors: Vec<f64> = found.points.iter().map(|point| point.measure).collect();
        assert!(errors[0] > 0.3 && errors[1..] == [0.0; 3], "{errors:?}");
        let all = found.figures["prequential error"];
        assert!((all - errors[0] * 100.0 / 300.0).abs() < 1e-12, "{all}");
    }
}

#[test]
fn every_learner_learns() {
    let set = friedman(500, 1, 1.0, 1);
    for make in [glam, net, line, nearest] {
        let found = prequential(&set, |set| make(set, 1)).unwrap();
        let (first, last) = (found.points[0].measure, found.figures["last window"]);
        assert!(last < first && last < 0.9, "{first} {last} {}", found.setting);
    }
    let set = clusters(6, 600, 1, 1);
    for make in [glam, net, line, nearest] {
        let found = prequential(&set, |set| make(set, 1)).unwrap();
        assert!(found.figures["last window"] < 0.8, "{:?} {}", found.figures, found.setting);
    }
}

#[test]
fn curves_and_failures_are_shown() {
    let key = |learner: &str| Key::new(ID, "", "kin8nm", learner, 1);
    let glam = found(key("GLAM"), &[("prequential error", 0.25), ("seconds", 2.0)]);
    let glam = on_the_way(glam, &[(100.0, 1.0, 0.5), (150.0, 2.0, 0.125)]);
    let said = said(&section(&results(vec![glam, failed(key("MLP 256, row by row"), "diverged")])));
    assert!(said.contains("GLAM | 0.125\n"), "{said}");
    assert!(said.contains("GLAM | 0.2500 | - | 2 | -\n"), "{said}");
    assert!(said.contains("MLP 256, row by row | failed: diverged"), "{said}");
    assert_eq!(section(&results(Vec::new())).blocks.len(), 1);
}
