//! Drift: what is forgotten over a window, and what is not.

use super::*;
use crate::kernel::LANES;
use crate::window::{stamp, stamped};

fn with_window(precision: Precision, window: Option<u32>) -> Config {
    let builder = small_builder(precision).rehearse(Rehearse::Fixed(0));
    match window {
        Some(window) => builder.window(window).build().unwrap(),
        None => builder.build().unwrap(),
    }
}

#[test]
fn a_window_too_long_to_matter_changes_no_bit_of_what_is_learned() {
    // A slot catches up once it is a sixteenth of a window behind, which here is never.
    let rows = rows(41, 400);
    for precision in [Precision::Full, Precision::Diagonal] {
        let never = written(with_window(precision, None), &rows);
        let long = written(with_window(precision, Some(u32::MAX)), &rows);
        assert_eq!(never.recall.slots.keys(), long.recall.slots.keys());
        assert_eq!(never.state().weights.to_vec(), long.state().weights.to_vec());
        let floats = precision.floats(INPUTS + 1);
        for slot in 0..never.recall.slots.len() as u32 {
            let of = |model: &Model| model.covariances.floats(slot).unwrap()[..floats].to_vec();
            assert_eq!(of(&never), of(&long));
        }
    }
}

#[test]
fn a_restored_model_goes_on_forgetting_bit_for_bit() {
    let rows = rows(42, 300);
    for precision in [Precision::Full, Precision::Diagonal] {
        for stop in [1, 33, 64, 65, 200] {
            let mut model = written(with_window(precision, Some(40)), &rows[..stop]);
            let mut resumed = resume(&model);
            for (x, y) in &rows[stop..] {
                let before = model.write(x, y.into()).unwrap().to_vec();
                assert_eq!(before, resumed.write(x, y.into()).unwrap());
            }
            assert_eq!(bits(&model), bits(&resumed), "{stop}");
            assert_eq!(bits(&model), bits(&written(with_window(precision, Some(40)), &rows)));
        }
    }
}

#[test]
fn a_stamp_holds_every_sequence_number_up_to_2_to_the_48() {
    let config = with_window(Precision::Full, Some(2));
    let mut covariance = vec![0.0; Precision::Full.floats(4) + LANES];
    for now in [0, 1, (1 << 24) - 1, 1 << 24, (1 << 24) + 1, (1 << 48) - 1] {
        stamp(&config, &mut covariance, 4, now);
        assert_eq!(stamped(&covariance, Precision::Full.floats(4)), now);
    }
}

/// Root mean square prequential error of target number `target` over `range` of the writes, in units of the
/// target, where the function is turned upside down from write `jump` on.
fn errors(target: usize, window: Option<u32>, jump: usize, range: std::ops::Range<usize>) -> f64 {
    let mut model = Model::new(with_window(Precision::Full, window));
    let mut sum = 0.0;
    for (write, (x, y)) in rows(43, range.end).iter().enumerate() {
        let y = if write < jump { *y } else { y.map(|y| -y) };
        let before = model.write(x, (&y).into()).unwrap()[target];
        if range.contains(&write) {
            sum += f64::from(before - y[target]).powi(2);
        }
    }
    (sum / range.len() as f64).sqrt()
}

#[test]
fn a_function_that_stays_is_learned_nearly_as_well_with_a_window() {
    // Some 120 slots of 4 weights learn from about the last 2,000 rows where no window learns them from
    // all 6,000. The second target, a line, has next to no noise: there the error is what is
    // forgotten.
    let error = |target, window| errors(target, window, usize::MAX, 4000..6000);
    let (never, window) = (error(0, None), error(0, Some(2000)));
    assert!(window < 1.15 * never, "{window} {never}");
    let (never, window) = (error(1, None), error(1, Some(2000)));
    assert!(window < 2.0 * never, "{window} {never}");
}

#[test]
fn a_function_that_jumps_is_followed_within_a_window_where_it_stays_wrong_without() {
    let jump = 6000;
    let window = 300;
    let after = |window: Option<u32>| errors(1, window, jump, jump + 300..jump + 600);
    // The line c - a is 1e-3 times a number of variance 8/3; the jump is twice that. A window later e^-1
    // of what was known counts for the old function, at the end of the next e^-2.
    let step = 2e-3 * (8.0_f64 / 3.0).sqrt();
    let (never, followed) = (after(None), after(Some(window)));
    assert!(followed < 0.1 * step, "{followed} {step}");
    assert!(never > 0.3 * step, "{never} {step}");
}
