//! The parts of a line that lie within the frame.

/// A place: 0 at the low end of an axis, 1 at its high end.
pub(super) type Place = (f64, f64);

/// Cuts a line at the sides of the frame. Where it leaves the frame and comes back, it is two.
pub(super) fn clip(line: &[Place]) -> Vec<Vec<Place>> {
    let mut parts: Vec<Vec<Place>> = Vec::new();
    for ends in line.windows(2) {
        let [from, to] = [ends[0], ends[1]];
        let Some((start, end)) = within(from, to) else { continue };
        match parts.last_mut() {
            Some(part) if part.last() == Some(&start) => part.push(end),
            _ => parts.push(vec![start, end]),
        }
    }
    parts
}

/// Whether a point is in the frame.
pub(super) fn inside(place: Place) -> bool {
    let range = -1e-6..=1.0 + 1e-6;
    range.contains(&place.0) && range.contains(&place.1)
}

/// The part of a straight line that is in the frame (Liang and Barsky).
fn within(from: Place, to: Place) -> Option<(Place, Place)> {
    if ![from.0, from.1, to.0, to.1].into_iter().all(f64::is_finite) {
        return None;
    }
    if inside(from) && inside(to) {
        return Some((from, to));
    }
    let (dx, dy) = (to.0 - from.0, to.1 - from.1);
    let (mut enters, mut leaves) = (0.0_f64, 1.0_f64);
    for (speed, room) in [(-dx, from.0), (dx, 1.0 - from.0), (-dy, from.1), (dy, 1.0 - from.1)] {
        if speed == 0.0 && room < 0.0 {
            return None;
        }
        let meets = room / speed;
        if speed < 0.0 {
            enters = enters.max(meets);
        } else if speed > 0.0 {
            leaves = leaves.min(meets);
        }
    }
    let at = |t: f64| ((from.0 + t * dx).clamp(0.0, 1.0), (from.1 + t * dy).clamp(0.0, 1.0));
    (enters < leaves).then(|| (at(enters), at(leaves)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_end_at_the_frame() {
        assert_eq!(clip(&[(0.0, 0.5), (0.5, 0.5)]), [[(0.0, 0.5), (0.5, 0.5)]]);
        assert_eq!(clip(&[(0.0, 0.5), (0.5, 1.5)]), [[(0.0, 0.5), (0.25, 1.0)]]);
        assert_eq!(clip(&[(0.0, 2.0), (1.0, 2.0)]), Vec::<Vec<Place>>::new());
        let out_and_back = [(0.0, 0.5), (0.25, 1.5), (0.5, 0.5)];
        assert_eq!(clip(&out_and_back).len(), 2);
        let through = [(0.0, 0.0), (0.5, 0.5), (1.0, 0.0)];
        assert_eq!(clip(&through), [through]);
        assert_eq!(clip(&[(0.5, 0.5)]).len(), 0);
    }
}
