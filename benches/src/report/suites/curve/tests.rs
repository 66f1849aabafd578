use super::super::generated::{clusters, friedman};
use super::super::made_up::{failed, found, on_the_way, results, said};
use super::*;
use crate::race::RaceError;

#[test]
fn a_learner_that_knows_everything_makes_no_error_and_windows_are_counted() {
    /// Says what is learned, but for the first fifty rows; the first window has a hundred.
    struct Oracle(usize);
    impl OnlineLearner for Oracle {
        fn learn(&mut self, _: &[f32], _: Answer<'_>) -> std::result::Result<(), RaceError> {
            self.0 += 1;
            Ok(())
        }
        fn recall(&self, _: &[f32], _: &mut [f32]) -> std::result::Result<(), RaceError> {
            Ok(())
        }
        fn predict_then_learn(
            &mut self,
            x: &[f32],
            y: Answer<'_>,
            out: &mut [f32],
        ) -> std::result::Result<(), RaceError> {
            let wrong = self.0 < 50;
            match y {
                Answer::Values(values) => out[0] = values[0] + if wrong { 1e3 } else { 0.0 },
                Answer::Label(label) => {
                    out.fill(0.0);
                    out[(label as usize + usize::from(wrong)) % out.len()] = 1.0;
                }
            }
            self.learn(x, y)
        }
        fn setting(&self) -> String {
            String::new()
        }
    }
    for set in [friedman(300, 1, 1.0, 1), clusters(4, 300, 1, 1)] {
        let course = Course::new(set, 0.0, f64::INFINITY, 1).unwrap();
        let found = prequential(&course, &mut Oracle(0)).unwrap();
        let rows: Vec<f64> = found.points.iter().map(|point| point.rows).collect();
        assert_eq!(rows, [100.0, 150.0, 225.0, 300.0]);
        let errors: Vec<f64> = found.points.iter().map(|point| point.measure).collect();
        assert!(errors[0] >= 0.5 && errors[1..] == [0.0; 3], "{errors:?}");
        let all = found.figures["prequential error"];
        assert!((all - errors[0] * 100.0 / 300.0).abs() < 1e-9 * errors[0], "{all}");
    }
}

#[test]
fn every_learner_learns() {
    let learned = |set: Dataset, most: f64| {
        let course = Course::new(set, 0.0, f64::INFINITY, 1).unwrap();
        for learner in LEARNERS {
            let mut made = made(learner, &course, 1).unwrap();
            let found = prequential(&course, &mut *made).unwrap();
            let (first, last) = (found.points[0].measure, found.figures["last window"]);
            assert!(last < first && last < most, "{learner}: {first} {last}");
        }
    };
    learned(friedman(500, 1, 1.0, 1), 0.9);
    learned(clusters(6, 600, 1, 1), 0.8);
}

#[test]
fn what_glam_says_while_writing_is_what_a_read_says() {
    for set in [friedman(200, 1, 1.0, 1), clusters(6, 200, 1, 1)] {
        let course = Course::new(set, 0.0, f64::INFINITY, 1).unwrap();
        let [mut one, mut two] = [3, 3].map(|seed| Glam::seeded(&course, seed).unwrap());
        let width = course.output_count();
        for row in 0..200 {
            let (x, y) = course.row(row);
            let (mut said, mut read) = (vec![0.0; width], vec![0.0; width]);
            one.predict_then_learn(x, y, &mut said).unwrap();
            if row > 0 {
                two.settle().unwrap();
                two.recall(x, &mut read).unwrap();
                assert_eq!(said, read, "{row}");
            }
            two.learn(x, y).unwrap();
        }
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
