//! A random forest: trees on bootstrap samples, which vote for a label or are averaged.
//!
//! Each tree is a forest of one from `smartcore`, so that trees grow on several threads and growing
//! can stop between two of them. Values have one forest for each output.

use std::time::Instant;

use ndarray::{Array2, ArrayView2};
use rayon::prelude::*;
use smartcore::ensemble::random_forest_classifier::{
    RandomForestClassifier, RandomForestClassifierParameters,
};
use smartcore::ensemble::random_forest_regressor::{
    RandomForestRegressor, RandomForestRegressorParameters,
};
use smartcore::linalg::basic::matrix::DenseMatrix;

use crate::data::Targets;

/// What the user decides.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ForestParams {
    /// Trees, for each output where there are values.
    pub trees: usize,
    /// Inputs that a cut is chosen from; none for the root of their number for labels and a third
    /// of them for values.
    pub cut_inputs: Option<usize>,
    /// Draws the samples and the inputs of the cuts.
    pub seed: u64,
    /// Threads that trees grow on.
    pub thread_count: usize,
}

impl Default for ForestParams {
    fn default() -> Self {
        Self {
            trees: 100,
            cut_inputs: None,
            seed: 0,
            thread_count: std::thread::available_parallelism().map_or(1, usize::from),
        }
    }
}

/// Why the forest could not be grown or asked.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ForestError {
    /// There is nothing to grow.
    #[error("trees and rows must be at least 1, and a row of inputs one of targets")]
    Nothing,
    /// A tree was not grown, or not asked.
    #[error("forest library: {0}")]
    Library(#[from] smartcore::error::Failed),
    /// The threads could not be started.
    #[error("threads could not be started: {0}")]
    Threads(#[from] rayon::ThreadPoolBuildError),
}

type Matrix = DenseMatrix<f32>;
type Voter = RandomForestClassifier<f32, u32, Matrix, Vec<u32>>;
type Average = RandomForestRegressor<f32, f32, Matrix, Vec<f32>>;

enum Trees {
    Labels {
        trees: Vec<Voter>,
        width: usize,
    },
    /// The trees of each output.
    Values(Vec<Vec<Average>>),
}

/// A grown forest.
pub struct Forest {
    trees: Trees,
    /// Trees, for each output where there are values; fewer than asked for where time ran out.
    pub tree_count: usize,
    /// Seconds of growing.
    pub seconds: f64,
}

impl Forest {
    /// Grows a forest. Once `deadline` has passed no further tree is begun; one always is.
    ///
    /// # Errors
    ///
    /// Returns an error if there is no row or tree, or the library refuses the rows.
    pub fn fit(
        params: ForestParams,
        x: ArrayView2<'_, f32>,
        y: &Targets,
        deadline: Option<Instant>,
    ) -> Result<Self, ForestError> {
        if params.trees == 0 || x.is_empty() || x.nrows() != y.row_count() {
            return Err(ForestError::Nothing);
        }
        let pool = rayon::ThreadPoolBuilder::new().num_threads(params.thread_count).build()?;
        let start = Instant::now();
        let inputs = x.ncols();
        let x = matrix(x)?;
        let seeds: Vec<u64> = (0..params.trees as u64).map(|tree| params.seed + tree).collect();
        let late =
            |seed: u64| seed != params.seed && deadline.is_some_and(|at| Instant::now() > at);
        let trees = match y {
            Targets::Labels { labels, names } => {
                let cut = params.cut_inputs.unwrap_or(inputs.isqrt()).clamp(1, inputs);
                let grow = |&seed: &u64| {
                    let settings = RandomForestClassifierParameters::default();
                    let settings = settings.with_n_trees(1).with_m(cut).with_seed(seed);
                    Voter::fit(&x, labels, settings)
                };
                let grown = |seed: &u64| (!late(*seed)).then(|| grow(seed));
                let trees = pool.install(|| {
                    seeds
                        .par_iter()
                        .with_max_len(1)
                        .filter_map(grown)
                        .collect::<Result<Vec<_>, _>>()
                })?;
                Trees::Labels { trees, width: names.len() }
            }
            Targets::Values(values) => {
                let cut = params.cut_inputs.unwrap_or(inputs / 3).clamp(1, inputs);
                let columns: Vec<Vec<f32>> =
                    values.columns().into_iter().map(|column| column.to_vec()).collect();
                let grow = |seed: u64, column: &Vec<f32>| {
                    let settings = RandomForestRegressorParameters::default();
                    let settings = settings.with_n_trees(1).with_m(cut).with_seed(seed);
                    Average::fit(&x, column, settings)
                };
                // All outputs of a tree, so that a late end leaves as many trees for each.
                let grown = |&seed: &u64| {
                    (!late(seed)).then(|| {
                        columns
                            .iter()
                            .map(|column| grow(seed, column))
                            .collect::<Result<Vec<_>, _>>()
                    })
                };
                let trees: Vec<Vec<Average>> = pool.install(|| {
                    seeds.par_iter().with_max_len(1).filter_map(grown).collect::<Result<_, _>>()
                })?;
                Trees::Values(trees)
            }
        };
        let tree_count = match &trees {
            Trees::Labels { trees, .. } => trees.len(),
            Trees::Values(trees) => trees.len(),
        };
        Ok(Self { trees, tree_count, seconds: start.elapsed().as_secs_f64() })
    }

    /// Recalls the means of the trees, or how many voted for each label, of shape `(rows, outputs)`.
    ///
    /// # Errors
    ///
    /// Returns an error if the library refuses the cues.
    pub fn predict(&self, x: ArrayView2<'_, f32>) -> Result<Array2<f32>, ForestError> {
        let cues = matrix(x)?;
        match &self.trees {
            Trees::Labels { trees, width } => {
                let mut votes = Array2::zeros((x.nrows(), *width));
                for tree in trees {
                    for (row, label) in tree.predict(&cues)?.into_iter().enumerate() {
                        votes[[row, label as usize]] += 1.0;
                    }
                }
                Ok(votes)
            }
            Trees::Values(trees) => {
                let width = trees.first().map_or(0, Vec::len);
                let mut sums = Array2::zeros((x.nrows(), width));
                for tree in trees {
                    for (mut column, output) in sums.columns_mut().into_iter().zip(tree) {
                        column += &ndarray::Array1::from(output.predict(&cues)?);
                    }
                }
                Ok(sums / trees.len() as f32)
            }
        }
    }
}

/// Column by column, as trees look at it.
fn matrix(x: ArrayView2<'_, f32>) -> Result<Matrix, ForestError> {
    let values = x.t().iter().copied().collect();
    Ok(DenseMatrix::new(x.nrows(), x.ncols(), values, true)?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metrics::{accuracy, largest, mean_nmse};
    use ndarray::s;

    fn rows() -> Array2<f32> {
        Array2::from_shape_fn((500, 3), |(row, column)| {
            ((row * 7 + 1) as f32 * (column as f32 + 1.3)).sin()
        })
    }

    fn params() -> ForestParams {
        ForestParams { trees: 20, ..Default::default() }
    }

    #[test]
    fn values_of_rows_that_were_not_shown_are_recalled() {
        let x = rows();
        let y = Array2::from_shape_fn((500, 2), |(row, k)| x[[row, k]] * 2.0 + x[[row, 2]].abs());
        let targets = Targets::Values(y.slice(s![..400, ..]).to_owned());
        let forest = Forest::fit(params(), x.slice(s![..400, ..]), &targets, None).unwrap();
        assert_eq!(forest.tree_count, 20);
        let recalled = forest.predict(x.slice(s![400.., ..])).unwrap();
        let error = mean_nmse(recalled.view(), y.slice(s![400.., ..]));
        assert!(error < 0.2, "{error}");
    }

    #[test]
    fn labels_of_rows_that_were_not_shown_are_recalled() {
        let x = rows();
        let labels: Vec<u32> = x.column(1).iter().map(|&x| u32::from(x > 0.0) * 2).collect();
        let names = ["low", "none", "high"].map(str::to_owned).to_vec();
        let targets = Targets::Labels { labels: labels[..400].to_vec(), names };
        let forest = Forest::fit(params(), x.slice(s![..400, ..]), &targets, None).unwrap();
        let votes = forest.predict(x.slice(s![400.., ..])).unwrap();
        assert!(votes.rows().into_iter().all(|row| row.sum() == 20.0));
        let right = accuracy(&largest(votes.view()), &labels[400..]);
        assert!(right > 0.9, "{right}");
    }

    #[test]
    fn growing_ends_at_the_deadline_with_what_has_grown() {
        let x = rows();
        let y = Targets::Values(x.slice(s![.., ..1]).to_owned());
        let forest = Forest::fit(params(), x.view(), &y, Some(Instant::now())).unwrap();
        assert!((1..20).contains(&forest.tree_count), "{}", forest.tree_count);
        assert_eq!(forest.predict(x.view()).unwrap().dim(), (500, 1));
    }

    #[test]
    fn no_rows_and_no_trees_are_refused() {
        let (x, y) = (rows(), Targets::Values(Array2::zeros((499, 1))));
        let fit = |params| Forest::fit(params, x.view(), &y, None).map(|_| ());
        assert!(matches!(fit(params()), Err(ForestError::Nothing)));
        let none = ForestParams { trees: 0, ..params() };
        assert!(matches!(fit(none), Err(ForestError::Nothing)));
    }
}
