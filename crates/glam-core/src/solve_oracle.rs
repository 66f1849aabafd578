//! Dense linear algebra in f64, for tests to compare with.

/// argmin of sum of weight (y - a w)² + lambda |w|² over rows `a` of `columns` numbers.
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
    eliminate(&mut system, n, 1);
    (0..n).map(|i| system[i * (n + 1) + n]).collect()
}

/// The inverse of an n x n matrix.
pub(crate) fn inverse(matrix: &[f64], n: usize) -> Vec<f64> {
    let mut system = vec![0.0; n * 2 * n];
    for (i, (row, own)) in system.chunks_exact_mut(2 * n).zip(matrix.chunks_exact(n)).enumerate() {
        row[..n].copy_from_slice(own);
        row[n + i] = 1.0;
    }
    eliminate(&mut system, n, n);
    system.chunks_exact(2 * n).flat_map(|row| row[n..].to_vec()).collect()
}

/// Turns the first `n` columns of `n` rows into the identity, by Gaussian elimination with pivots;
/// the `others` behind them become the solutions.
fn eliminate(system: &mut [f64], n: usize, others: usize) {
    let stride = n + others;
    for column in 0..n {
        let at = |system: &[f64], row: usize| system[row * stride + column].abs();
        let pivot =
            (column..n).max_by(|&a, &b| at(system, a).total_cmp(&at(system, b))).unwrap_or(column);
        for j in 0..stride {
            system.swap(column * stride + j, pivot * stride + j);
        }
        for row in 0..n {
            if row == column {
                continue;
            }
            let factor = system[row * stride + column] / system[column * stride + column];
            for j in column..stride {
                system[row * stride + j] -= factor * system[column * stride + j];
            }
        }
    }
    for (i, row) in system.chunks_exact_mut(stride).enumerate() {
        let pivot = row[i];
        row.iter_mut().for_each(|value| *value /= pivot);
    }
}
