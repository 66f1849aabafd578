//! Forgetting against dense f64 arithmetic, and its bound.

use super::*;
use crate::kernel::relax::trace;

#[test]
fn relaxed_factors_equal_a_dense_relaxed_covariance_at_every_size() {
    let mut rng = Rng::new(5, 4);
    for n in 1..=26 {
        let variance = 0.7;
        let mut dense = Dense::new(n, f64::from(variance));
        let mut slot = Slot::new(Precision::Full, n, variance);
        for update in 0..120 {
            if update % 3 == 2 {
                // From almost nothing forgotten to almost all.
                let keep = 1.0 - [1e-4, 0.06, 0.3, 0.9][update / 3 % 4];
                slot.relax(keep, variance);
                dense.p.iter_mut().for_each(|p| *p *= f64::from(keep));
                let fresh = f64::from(1.0 - keep) * f64::from(variance);
                (0..n).for_each(|i| dense.p[i * n + i] += fresh);
            }
            let phi = random_phi(&mut rng, n);
            let rest = 0.05 + rng.unit();
            let (spread, u) = slot.update(&phi, rest);
            let (expected_spread, expected_u) = dense.update(&phi, f64::from(rest));
            // As for updates alone: n eps of the largest value each, of which a relaxation is n more.
            let eps = f64::from(f32::EPSILON) * n as f64 * (update + 1) as f64;
            let bound = 4.0 * eps * f64::from(variance) * n as f64;
            assert!((f64::from(spread) - expected_spread).abs() <= bound, "n {n} {update}");
            for (u, expected) in u.iter().zip(expected_u) {
                assert!((f64::from(*u) - expected).abs() <= bound, "n {n} {update}");
            }
        }
        let expected: f64 = (0..n).map(|i| dense.p[i * n + i]).sum();
        assert!((trace(&slot.covariance, n) - expected).abs() < 1e-3 * expected, "n {n}");
    }
}

#[test]
fn a_relaxed_slot_keeps_its_zeros_and_ones() {
    let mut rng = Rng::new(5, 5);
    for n in [1, 2, 7, 8, 9, 16, 17, 19] {
        let mut slot = Slot::new(Precision::Full, n, 1.0);
        for _ in 0..50 {
            slot.update(&random_phi(&mut rng, n), 0.1);
            slot.relax(0.9, 1.0);
        }
        let mut at = n.next_multiple_of(LANES);
        for j in 0..n {
            let width = (j + 1).next_multiple_of(LANES);
            assert_eq!(slot.covariance[at + j], 1.0, "n {n} column {j}");
            assert!(slot.covariance[at + j + 1..at + width].iter().all(|&u| u == 0.0), "n {n}");
            at += width;
        }
    }
}

#[test]
fn a_diagonal_relaxes_exactly() {
    let mut slot = Slot::new(Precision::Diagonal, 5, 0.5);
    slot.covariance[..5].copy_from_slice(&[0.0, 1e-9, 0.1, 0.3, 0.5]);
    slot.relax(0.75, 0.5);
    for (got, before) in slot.covariance.iter().zip([0.0, 1e-9, 0.1, 0.3, 0.5_f32]) {
        assert_eq!(*got, 0.25 * 0.5 + before * 0.75);
    }
}

/// A million writes along one direction with a sixteenth of a window forgotten every so often: with
/// P / lambda the other directions would have grown to infinity. After each stretch P is what it was, so
/// what holds here holds for 10^8 writes: `relax.rs` has the argument.
#[test]
fn a_covariance_without_excitation_never_exceeds_its_prior() {
    let n = 10;
    for precision in [Precision::Full, Precision::Diagonal] {
        let mut slot = Slot::new(precision, n, 0.2);
        let mut along = vec![0.0; n.next_multiple_of(LANES)];
        along[..n].iter_mut().enumerate().for_each(|(i, phi)| *phi = 1.0 + 0.3 * i as f32);
        let mut first = 0.0;
        for write in 0..1_000_000_u32 {
            slot.update(&along, 0.1);
            if write % 50 == 49 {
                slot.relax(0.94, 0.2);
            }
            if write % 10_000 == 9_999 {
                let trace = match precision {
                    Precision::Full => trace(&slot.covariance, n),
                    Precision::Diagonal => slot.covariance[..n].iter().map(|&p| f64::from(p)).sum(),
                };
                // n roundings a relaxation, contracted by .94 each time: under 17 n eps.
                let most = f64::from(n as f32 * 0.2) * (1.0 + 170.0 * f64::from(f32::EPSILON));
                assert!(trace <= most, "{precision:?} write {write}: {trace}");
                assert!(slot.covariance.iter().all(|p| p.is_finite()));
                if precision == Precision::Full {
                    // Nine of ten directions are as uncertain as ever.
                    assert!(trace > 0.9 * f64::from(n as f32 * 0.2), "{trace}");
                }
                // Where it settles, it stays.
                first = if first == 0.0 { trace } else { first };
                assert!((trace / first - 1.0).abs() < 1e-4, "{trace} {first}");
            }
        }
    }
}
