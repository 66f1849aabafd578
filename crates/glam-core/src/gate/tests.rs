//! One suite for every family.

use std::sync::Arc;

use super::*;
use crate::kernel::simd::{Kernel, Portable, dispatch};
use crate::kernel::{LANES, Simd};

const INPUTS: usize = 5;

fn rows(count: usize) -> Vec<f32> {
    let mut rng = Rng::new(3, 0);
    (0..count * INPUTS).map(|_| rng.normal()).collect()
}

fn families() -> Vec<Family> {
    let widths = [0, 1, 2, 4, 99];
    let hyperplanes = widths.map(|inputs| Family::Hyperplane { inputs });
    let trees = widths.map(|inputs| Family::Tree { inputs });
    let winners = widths.map(|inputs| Family::WinnerTakeAll { inputs });
    [&hyperplanes[..], &trees, &winners, &[Family::Hadamard]].concat()
}

fn each(test: impl Fn(Family, &dyn Gate, Sample<'_>)) {
    let rows = rows(400);
    let sample = Sample { rows: &rows, inputs: INPUTS, slopes: None, units: None };
    for family in families() {
        for view in [vec![0, 1, 2, 3, 4], vec![4, 1, 2]] {
            let gate = draw(family, 5, &view, sample, &mut Rng::new(8, 1));
            test(family, gate.as_ref(), sample);
        }
    }
}

#[test]
fn a_path_has_no_more_bits_than_the_depth_and_the_same_draw_gives_the_same_path() {
    each(|family, gate, sample| {
        assert_eq!(gate.depth(), 5);
        for row in 0..sample.len() {
            assert!(gate.path(sample.row(row)) < 32, "{family:?}");
        }
    });
    let rows = rows(400);
    let sample = Sample { rows: &rows, inputs: INPUTS, slopes: None, units: None };
    for family in families() {
        let bytes = |seed| {
            let mut writer = Writer::default();
            let rng = &mut Rng::new(seed, 1);
            encode(draw(family, 5, &[0, 3, 2], sample, rng).as_ref(), &mut writer);
            writer.finish()
        };
        assert_eq!(bytes(8), bytes(8));
        assert_ne!(bytes(8), bytes(9));
    }
}

#[test]
fn the_first_decision_leaves_at_least_a_quarter_of_the_rows_on_each_side() {
    each(|family, gate, sample| {
        let right = (0..sample.len()).filter(|&row| gate.path(sample.row(row)) >> 4 == 1).count();
        // Thresholds lie between the .3 and the .7 quantile.
        assert!((110..=290).contains(&right), "{family:?}: {right} of 400");
    });
}

#[test]
fn an_evened_gate_keeps_its_directions_and_parts_rows_in_halves() {
    let evened = std::cell::Cell::new(0);
    each(|family, gate, sample| {
        let Some(even) = gate.evened(sample) else {
            assert!(matches!(family, Family::WinnerTakeAll { .. }), "{family:?}");
            return;
        };
        evened.set(evened.get() + 1);
        let paths = |gate: &dyn Gate| -> Vec<u32> {
            (0..sample.len()).map(|row| gate.path(sample.row(row))).collect()
        };
        let (before, after) = (paths(gate), paths(even.as_ref()));
        assert_ne!(before, after, "{family:?}");
        let is_tree = matches!(family, Family::Tree { .. });
        for level in 0..5 {
            let shift = 4 - level;
            let count = |mine: &dyn Fn(u32) -> bool| {
                let side = |side| {
                    after.iter().filter(|&&path| mine(path) && path >> shift & 1 == side).count()
                };
                (side(0), side(1))
            };
            // Of a tree every node halves its own rows, of the others every decision all of them.
            let nodes = if is_tree { 1 << level } else { 1 };
            for node in 0..nodes {
                let (left, right) =
                    count(&|path: u32| !is_tree || u64::from(path) >> (shift + 1) == node);
                assert!(left.abs_diff(right) <= 1, "{family:?} {level} {node}: {left} {right}");
            }
        }
        // Evening it again changes nothing.
        assert_eq!(paths(even.evened(sample).unwrap().as_ref()), after, "{family:?}");
    });
    // Three families with two views each, one of them on several numbers of inputs.
    assert!(evened.get() >= 6, "{evened:?}");
}

#[test]
fn a_gate_sees_its_view_alone() {
    let rows = rows(50);
    let sample = Sample { rows: &rows, inputs: INPUTS, slopes: None, units: None };
    for family in families() {
        let gate = draw(family, 5, &[1, 3], sample, &mut Rng::new(8, 1));
        for row in 0..sample.len() {
            let mut other = sample.row(row).to_vec();
            let path = gate.path(&other);
            (other[0], other[2], other[4]) = (9.0, -9.0, 9.0);
            assert_eq!(gate.path(&other), path, "{family:?}");
        }
    }
}

#[test]
fn a_gate_drawn_from_no_row_or_one_row_works() {
    for count in [0, 1, 2] {
        let rows = rows(count);
        let sample = Sample { rows: &rows, inputs: INPUTS, slopes: None, units: None };
        for family in families() {
            let gate = draw(family, 5, &[0, 1, 2, 3, 4], sample, &mut Rng::new(8, 1));
            assert!(gate.path(&[0.5; INPUTS]) < 32);
        }
    }
}

#[test]
fn saved_bytes_give_the_same_paths_and_every_truncation_is_refused() {
    each(|family, gate, sample| {
        let mut writer = Writer::default();
        encode(gate, &mut writer);
        let bytes = writer.finish();
        let back = decode(&mut Reader::new(&bytes), INPUTS).unwrap();
        for row in 0..sample.len() {
            assert_eq!(back.path(sample.row(row)), gate.path(sample.row(row)), "{family:?}");
        }
        for end in 0..bytes.len() {
            assert!(decode(&mut Reader::new(&bytes[..end]), INPUTS).is_err());
        }
        // An input that the memory does not have.
        assert!(decode(&mut Reader::new(&bytes), 2).is_err());
    });
}

#[test]
fn a_family_survives_its_bytes_and_an_unknown_one_is_refused() {
    for family in families() {
        let mut writer = Writer::default();
        encode_family(family, &mut writer);
        let bytes = writer.finish();
        assert_eq!(decode_family(&mut Reader::new(&bytes)), Ok(family));
        for end in 0..bytes.len() {
            assert!(decode_family(&mut Reader::new(&bytes[..end])).is_err());
        }
    }
    for tag in [0, 7, 255] {
        assert!(decode_family(&mut Reader::new(&[tag, 0, 0, 0, 0])).is_err());
    }
    // A setting that the family does not have.
    assert!(decode_family(&mut Reader::new(&[hadamard::TAG, 1, 0, 0, 0])).is_err());
}

#[test]
fn no_gate_is_made_of_more_numbers_than_its_family_says() {
    each(|family, gate, _| {
        let mut writer = Writer::default();
        gate.encode(&mut writer);
        // Four bytes a number; lengths, a depth and a width come on top.
        let numbers = writer.finish().len() / 4;
        let most = family.numbers(5, 5);
        assert!(numbers <= most + 6, "{family:?}: {numbers} over {most}");
    });
}

/// The naive form of the two families of half-spaces in f64: follow them one by one.
#[test]
fn paths_equal_a_naive_walk_in_f64() {
    each(|family, gate, sample| {
        if !matches!(family, Family::Hyperplane { .. } | Family::Tree { .. }) {
            return;
        }
        let mut writer = Writer::default();
        encode(gate, &mut writer);
        let bytes = writer.finish();
        let mut reader = Reader::new(&bytes);
        let tag = reader.u8().unwrap();
        let depth = reader.u8().unwrap();
        let width = reader.u32().unwrap() as usize;
        let (inputs, weights, thresholds) =
            (reader.u32s().unwrap(), reader.f32s().unwrap(), reader.f32s().unwrap());
        for row in 0..sample.len() {
            let z = sample.row(row);
            let (mut path, mut close) = (0_usize, false);
            for level in 0..depth {
                let node = if tag == 1 { level.into() } else { (1 << level) - 1 + path };
                let (mut sum, mut size) = (0.0, 0.0);
                for i in node * width..(node + 1) * width {
                    let term = f64::from(weights[i]) * f64::from(z[inputs[i] as usize]);
                    sum += term;
                    size += term.abs();
                }
                let distance = sum - f64::from(thresholds[node]);
                // Rounding of `width` products and sums may flip a cue that lies on the plane.
                close |= distance.abs() <= size * width as f64 * f64::from(f32::EPSILON);
                path = path << 1 | usize::from(distance > 0.0);
            }
            assert!(close || gate.path(z) as usize == path, "{family:?} row {row}");
        }
    });
}

/// All paths of some gates at a row, found at once.
struct AtOnce<'a>(&'a Abreast, &'a [f32]);

impl Kernel for AtOnce<'_> {
    type Output = Vec<u32>;

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) -> Vec<u32> {
        let mut paths = vec![[9; LANES]; self.0.len() / LANES];
        self.0.paths(simd, self.1, &mut paths);
        paths.concat()
    }
}

#[test]
fn gates_that_are_walked_at_once_give_the_paths_of_each() {
    let mut walked = 0;
    for inputs in [1, 3, 5, 8, 18, 24, 30] {
        let mut rng = Rng::new(6, inputs as u64);
        let rows: Vec<f32> = (0..300 * inputs).map(|_| rng.normal()).collect();
        let sample = Sample { rows: &rows, inputs, slopes: None, units: None };
        let whole: Vec<u32> = (0..inputs as u32).collect();
        let half: Vec<u32> = (0..inputs.div_ceil(2) as u32).rev().collect();
        let views = [&whole, &half];
        for (family, view) in families().iter().flat_map(|family| views.map(|view| (family, view)))
        {
            // Blocks that go together, and one left over.
            let gates: Vec<Arc<dyn Gate>> = (0..24)
                .map(|stream| draw(*family, 6, view, sample, &mut Rng::new(5, stream)).into())
                .collect();
            let Some(abreast) = Abreast::of(&gates) else {
                assert!(gates[0].walk().is_none(), "{family:?}");
                continue;
            };
            walked += 1;
            assert_eq!(abreast.len(), 24);
            for row in 0..sample.len() {
                let z = sample.row(row);
                let own: Vec<u32> = gates.iter().map(|gate| gate.path(z)).collect();
                let mut padded = z.to_vec();
                padded.resize(inputs.next_multiple_of(LANES), 0.0);
                let found = dispatch(AtOnce(&abreast, &padded));
                assert_eq!(found, own, "{family:?} {inputs} {row}");
                let found = AtOnce(&abreast, &padded).run(Portable);
                assert_eq!(found, own, "{family:?} {inputs} {row}");
            }
        }
    }
    // Two families of half-spaces, five widths, two views, seven numbers of inputs.
    assert_eq!(walked, 2 * 5 * 2 * 7);
}

#[test]
fn gates_that_are_not_alike_or_too_few_are_not_walked_at_once() {
    let rows = rows(50);
    let sample = Sample { rows: &rows, inputs: INPUTS, slopes: None, units: None };
    let gates = |count: u64, depths: [u8; 2], inputs: [u32; 2]| -> Vec<Arc<dyn Gate>> {
        let each = |stream: u64| {
            let odd = stream as usize % 2;
            let family = Family::Tree { inputs: inputs[odd] };
            draw(family, depths[odd], &[0, 1, 2, 3, 4], sample, &mut Rng::new(5, stream)).into()
        };
        (0..count).map(each).collect()
    };
    assert!(Abreast::of(&gates(8, [4, 4], [2, 2])).is_some());
    assert!(Abreast::of(&gates(7, [4, 4], [2, 2])).is_none());
    assert!(Abreast::of(&gates(8, [4, 5], [2, 2])).is_none());
    assert!(Abreast::of(&gates(8, [4, 4], [2, 3])).is_none());
    assert!(Abreast::of(&[]).is_none());
}

#[test]
fn a_cue_that_is_too_short_is_not_looked_at() {
    let rows = rows(50);
    let sample = Sample { rows: &rows, inputs: INPUTS, slopes: None, units: None };
    for family in families() {
        let gates: Vec<Arc<dyn Gate>> = (0..8)
            .map(|stream| {
                draw(family, 4, &[0, 1, 2, 3, 4], sample, &mut Rng::new(5, stream)).into()
            })
            .collect();
        if let Some(abreast) = Abreast::of(&gates) {
            assert_eq!(dispatch(AtOnce(&abreast, &[])), [0; 8], "{family:?}");
        }
    }
}
