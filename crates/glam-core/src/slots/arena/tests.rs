use super::*;

/// Saved slots, some of which are damaged.
#[derive(Debug)]
struct Saved {
    lines: Vec<Line>,
    stride: usize,
    damaged: Vec<u32>,
}

impl SlotLines for Saved {
    fn slot(&self, slot: u32) -> Result<&[Line]> {
        if self.damaged.contains(&slot) {
            return Err(Error::DamagedSlot { slot, expected: 1, got: 2 });
        }
        let start = slot as usize * self.stride;
        self.lines.get(start..start + self.stride).ok_or_else(|| missing(start))
    }
}

fn line(value: usize) -> Line {
    Line(std::array::from_fn(|float| (value * 100 + float) as f32))
}

fn saved(slots: usize, stride: usize, damaged: &[u32]) -> Arc<Saved> {
    let lines = (0..slots * stride).map(line).collect();
    Arc::new(Saved { lines, stride, damaged: damaged.to_vec() })
}

fn changed(arena: &Arena) -> Vec<u32> {
    arena.changed().iter().collect()
}

#[test]
fn widening_keeps_every_slot() {
    let mut arena = Arena::new(1);
    for value in [1.0, 2.0, 3.0] {
        arena.push()[5] = value;
    }
    arena.widen(3).unwrap();
    for (slot, value) in [1.0, 2.0, 3.0].into_iter().enumerate() {
        let floats = arena.floats(slot as u32).unwrap();
        assert_eq!(floats.len(), 48);
        assert_eq!(floats.iter().sum::<f32>(), value);
        assert_eq!(floats[5], value);
    }
}

#[test]
fn a_slot_is_copied_when_it_is_first_written_to_and_takes_memory_from_then_on() {
    let base = saved(100, 2, &[]);
    let mut arena = Arena::over(base.clone(), 2, 100);
    assert_eq!((arena.len(), arena.bytes()), (100, 400));
    assert_eq!(arena.slot(99).unwrap(), &base.lines[198..]);
    assert!(arena.slot(100).is_err() && arena.floats_mut(100).is_err());
    for (count, slot) in (1..).zip([7, 3, 99]) {
        arena.floats_mut(slot).unwrap()[31] = -1.0;
        assert_eq!(arena.bytes(), 400 + count * 128);
        assert_eq!(arena.floats(slot).unwrap()[31], -1.0);
        assert_eq!(arena.slot(slot).unwrap()[0], base.lines[2 * slot as usize]);
    }
    assert_eq!(changed(&arena), [3, 7, 99]);
    arena.own(50).unwrap();
    assert_eq!(changed(&arena), [3, 7, 99]);
    arena.push().fill(5.0);
    assert_eq!((arena.len(), changed(&arena)), (101, vec![3, 7, 99, 100]));
    // A copy owns the same, and nothing is shared.
    let copy = arena.clone();
    arena.floats_mut(3).unwrap()[31] = -2.0;
    assert_eq!(copy.floats(3).unwrap()[31], -1.0);
    assert_eq!(copy.bytes(), 101 * 4 + 5 * 128);
    // Once all are owned, in whatever order, they stand in order.
    for slot in (0..100).rev() {
        arena.own(slot).unwrap();
    }
    assert!(!arena.is_lent());
    assert_eq!(arena.bytes(), 101 * 128);
    for slot in 0..101 {
        let expected = match slot {
            3 => -2.0,
            7 | 99 => -1.0,
            100 => 5.0,
            slot => base.lines[2 * slot as usize + 1].0[15],
        };
        assert_eq!(arena.floats(slot).unwrap()[31], expected);
    }
    // The base was let go.
    drop(copy);
    assert_eq!(Arc::strong_count(&base), 1);
}

#[test]
fn copying_a_slot_allocates_nothing() {
    let mut arena = Arena::over(saved(500, 3, &[]), 3, 500);
    let copied = allocation_counter::measure(|| {
        (0..500).for_each(|slot| arena.floats_mut(slot * 7 % 500).unwrap()[0] = 1.0);
    });
    assert!(!arena.is_lent());
    assert_eq!(copied.count_total, 0);
}

#[test]
fn removing_and_widening_are_right_over_a_base_and_change_nothing_where_it_is_damaged() {
    for remove in [false, true] {
        let change = |arena: &mut Arena| match remove {
            true => arena.remove(4),
            false => arena.widen(3),
        };
        let (whole, torn) = (saved(9, 2, &[]), saved(9, 2, &[6]));
        let mut arena = Arena::over(torn, 2, 9);
        arena.floats_mut(8).unwrap()[0] = -1.0;
        assert!(matches!(change(&mut arena), Err(Error::DamagedSlot { slot: 6, .. })));
        assert_eq!((arena.len(), arena.stride(), changed(&arena)), (9, 2, vec![8]));
        assert_eq!(arena.slot(0).unwrap(), &whole.lines[..2]);
        assert_eq!(arena.floats(8).unwrap()[0], -1.0);
        // A base without the damage, as a checkpoint puts in its place.
        arena.rebase(whole.clone());
        change(&mut arena).unwrap();
        assert_eq!(arena.slot(0).unwrap()[..2], whole.lines[..2]);
        if remove {
            assert_eq!((arena.len(), changed(&arena)), (8, vec![4]));
            assert_eq!(arena.floats(4).unwrap()[0], -1.0);
        } else {
            assert_eq!((arena.stride(), changed(&arena)), (3, (0..9).collect()));
            assert_eq!(arena.slot(6).unwrap()[..], [line(12), line(13), Line::default()]);
        }
    }
}

#[test]
fn numbers_that_are_not_finite_and_slots_of_another_length_are_never_owned() {
    for number in [f32::NAN, f32::INFINITY] {
        let mut lines: Vec<Line> = (0..6).map(line).collect();
        lines[3].0[7] = number;
        let base = Arc::new(Saved { lines, stride: 2, damaged: Vec::new() });
        let mut arena = Arena::over(base.clone(), 2, 3);
        let at = 3 * 64;
        let what = "a slot holds a number that is not finite";
        assert_eq!(arena.own(1), Err(Error::Damaged { what, at }));
        assert_eq!(arena.check(1), Err(Error::Damaged { what, at }));
        assert!(arena.own(0).is_ok() && arena.check(2).is_ok());
        let mut longer = Arena::over(base, 3, 2);
        assert!(longer.slot(0).is_err() && longer.own(0).is_err());
    }
}
