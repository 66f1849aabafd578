//! Several seeds, one figure.

/// The mean of a figure over seeds or splits, and how far they lie apart.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Spread {
    /// The mean.
    pub mean: f64,
    /// The standard deviation; 0 of a single value.
    pub std: f64,
    /// How many there were.
    pub count: usize,
}

impl Spread {
    /// Of some values; nothing of none.
    pub fn of(values: impl IntoIterator<Item = f64>) -> Option<Self> {
        let values: Vec<f64> = values.into_iter().collect();
        let count = values.len();
        if count == 0 {
            return None;
        }
        let mean = values.iter().sum::<f64>() / count as f64;
        let squares: f64 = values.iter().map(|value| (value - mean).powi(2)).sum();
        let std = if count < 2 { 0.0 } else { (squares / (count - 1) as f64).sqrt() };
        Some(Self { mean, std, count })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_spread_agrees_with_a_hand_count() {
        let spread = Spread::of([1.0, 3.0, 5.0]).unwrap();
        assert_eq!(spread, Spread { mean: 3.0, std: 2.0, count: 3 });
        assert_eq!(Spread::of([7.0]), Some(Spread { mean: 7.0, std: 0.0, count: 1 }));
        assert_eq!(Spread::of([]), None);
    }
}
