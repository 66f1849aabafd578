//! Dense ridge regression in f64, for tests to compare with.

/// argmin of sum of weight (y - a w)² + lambda |w|² over rows `a` of `columns` numbers, by Gaussian
/// elimination with pivots.
pub(crate) fn ridge(
    a: &[f64],
    y: &[f64],
    weights: &[f64],
    columns: usize,
    lambda: f64,
) -> Vec<f64> {
    let n = columns;
    let mut system = vec![0.0; n * (n + 1)];
    for ((row, y), weight) in a.chunks_exact(n).zip(y).zip(weights) {
        for i in 0..n {
            for j in 0..n {
                system[i * (n + 1) + j] += weight * row[i] * row[j];
            }
            system[i * (n + 1) + n] += weight * row[i] * y;
        }
    }
    for i in 0..n {
        system[i * (n + 1) + i] += lambda;
    }
    for column in 0..n {
        let at = |system: &[f64], row: usize| system[row * (n + 1) + column].abs();
        let pivot = (column..n)
            .max_by(|&a, &b| at(&system, a).total_cmp(&at(&system, b)))
            .unwrap_or(column);
        for j in 0..=n {
            system.swap(column * (n + 1) + j, pivot * (n + 1) + j);
        }
        for row in 0..n {
            if row == column {
                continue;
            }
            let factor = system[row * (n + 1) + column] / system[column * (n + 1) + column];
            for j in column..=n {
                system[row * (n + 1) + j] -= factor * system[column * (n + 1) + j];
            }
        }
    }
    (0..n).map(|i| system[i * (n + 1) + n] / system[i * (n + 1) + i]).collect()
}
