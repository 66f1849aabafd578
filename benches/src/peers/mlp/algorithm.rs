//! Choosing a learning rate, and training.

use std::ops::ControlFlow;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use candle_core::{Device, Tensor};
use candle_nn::loss;
use ndarray::{Array2, ArrayView2, Axis, s};
use rayon::ThreadPool;

use super::adam::Adam;
use super::network::Network;
use super::plateau::Plateau;
use super::{MlpError, MlpParams, RowOrder, ValidMlpParams};
use crate::data::{Targets, held_out_tenth, shuffled_indices};
use crate::metrics::{accuracy, largest};
use crate::peers::scaler::{Scaler, first_row_not_finite};

/// Rows recalled at a time.
const PREDICT_ROWS: usize = 4_096;

/// A trained net.
pub struct Mlp {
    pub(super) network: Network,
    pub(super) x_scaler: Scaler,
    /// None for labels, whose outputs are scores.
    pub(super) y_scaler: Option<Scaler>,
    output_count: usize,
    /// The learning rate that was chosen.
    pub learning_rate: f64,
    /// Seconds for choosing the learning rate.
    pub search_seconds: f64,
    /// Seconds for the final training on all rows.
    pub train_seconds: f64,
}

/// Trains a net on `x`, of shape `(rows, inputs)`.
///
/// # Errors
///
/// Returns an error if the shapes do not fit, a number is not finite, or training diverges with
/// every learning rate.
pub fn fit(params: &ValidMlpParams, x: ArrayView2<'_, f32>, y: &Targets) -> Result<Mlp, MlpError> {
    fit_watched(params, x, y, &|| {})
}

/// Like [`fit`], and calls `on_batch` after each of [`ValidMlpParams::batch_count`] batches.
///
/// # Errors
///
/// Returns an error if the shapes do not fit, a number is not finite, or training diverges with
/// every learning rate.
pub fn fit_watched(
    params: &ValidMlpParams,
    x: ArrayView2<'_, f32>,
    y: &Targets,
    on_batch: &(dyn Fn() + Sync),
) -> Result<Mlp, MlpError> {
    let params = params.get();
    let prepared = Prepared::new(params, x, y)?;

    let start = Instant::now();
    let learning_rate = match params.learning_rates[..] {
        [only] => only,
        _ => choose_learning_rate(params, &prepared.rows, on_batch)?.1,
    };
    let search_seconds = start.elapsed().as_secs_f64();

    let start = Instant::now();
    let (rows, mut net) = prepared.untrained(params, learning_rate)?;
    pool(params.thread_count)?.install(|| {
        train(params, &rows, &net.network, learning_rate, &mut |_| {
            on_batch();
            Ok(ControlFlow::Continue(()))
        })
    })?;
    net.search_seconds = search_seconds;
    net.train_seconds += start.elapsed().as_secs_f64();
    Ok(net)
}

/// Rows that are checked and scaled, and how they were.
pub(super) struct Prepared {
    pub(super) rows: Rows,
    x_scaler: Scaler,
    y_scaler: Option<Scaler>,
    seconds: f64,
}

impl Prepared {
    pub(super) fn new(
        params: &MlpParams,
        x: ArrayView2<'_, f32>,
        y: &Targets,
    ) -> Result<Self, MlpError> {
        if x.nrows() != y.row_count() || x.nrows() < 2 {
            return Err(MlpError::Rows { x_rows: x.nrows(), y_rows: y.row_count() });
        }
        if let Some(row) = first_row_not_finite(x, y) {
            return Err(MlpError::NotFinite { row });
        }
        let start = Instant::now();
        let x_scaler = params.input_scale.scaler(x);
        let (y, y_scaler) = match y {
            Targets::Values(values) => {
                let scaler = Scaler::each_column(values.view());
                (Targets::Values(scaler.apply(values.view())), Some(scaler))
            }
            labels @ Targets::Labels { .. } => (labels.clone(), None),
        };
        let rows = Rows { x: x_scaler.apply(x), y };
        Ok(Self { rows, x_scaler, y_scaler, seconds: start.elapsed().as_secs_f64() })
    }

    /// The rows, and a net for them with its first weights.
    pub(super) fn untrained(
        self,
        params: &MlpParams,
        learning_rate: f64,
    ) -> Result<(Rows, Mlp), MlpError> {
        let Self { rows, x_scaler, y_scaler, seconds } = self;
        let net = Mlp {
            network: first_network(params, &rows)?,
            x_scaler,
            y_scaler,
            output_count: rows.y.width(),
            learning_rate,
            search_seconds: 0.0,
            train_seconds: seconds,
        };
        Ok((rows, net))
    }
}

impl Mlp {
    /// Recalls values, or one score a label, of shape `(rows, outputs)`.
    ///
    /// # Errors
    ///
    /// Returns an error if `x` has another number of inputs than the training rows.
    pub fn predict(&self, x: ArrayView2<'_, f32>) -> Result<Array2<f32>, MlpError> {
        let scaled = recall(&self.network, &self.x_scaler.apply(x), self.output_count)?;
        Ok(match &self.y_scaler {
            Some(scaler) => scaler.invert(scaled),
            None => scaled,
        })
    }

    /// Recalls labels.
    ///
    /// # Errors
    ///
    /// Returns an error if `x` has another number of inputs than the training rows.
    pub fn predict_labels(&self, x: ArrayView2<'_, f32>) -> Result<Vec<u32>, MlpError> {
        Ok(largest(self.predict(x)?.view()))
    }

    /// Bytes of the weights and offsets.
    #[must_use]
    pub fn parameter_bytes(&self) -> usize {
        self.network.parameter_bytes()
    }
}

/// Scaled rows, in standard layout.
pub(super) struct Rows {
    x: Array2<f32>,
    y: Targets,
}

impl Rows {
    fn select(&self, indices: &[usize]) -> Self {
        Self { x: self.x.select(Axis(0), indices), y: self.y.select(indices) }
    }

    /// Copies the rows named by `indices` into tensors, once.
    fn batch(&self, indices: &[usize]) -> candle_core::Result<(Tensor, Tensor)> {
        let y = match &self.y {
            Targets::Values(values) => gather(values, indices)?,
            Targets::Labels { labels, .. } => {
                let labels: Vec<u32> = indices.iter().map(|&row| labels[row]).collect();
                Tensor::from_vec(labels, indices.len(), &Device::Cpu)?
            }
        };
        Ok((gather(&self.x, indices)?, y))
    }
}

/// All rows as a tensor.
pub(super) fn tensor(values: &Array2<f32>) -> candle_core::Result<Tensor> {
    Tensor::from_vec(values.iter().copied().collect::<Vec<f32>>(), values.dim(), &Device::Cpu)
}

fn gather(values: &Array2<f32>, indices: &[usize]) -> candle_core::Result<Tensor> {
    let width = values.ncols();
    let mut gathered: Vec<f32> = Vec::with_capacity(indices.len() * width);
    for &row in indices {
        gathered.extend(values.row(row));
    }
    Tensor::from_vec(gathered, (indices.len(), width), &Device::Cpu)
}

/// Tries every candidate on nine tenths of the rows; each thread trains one at a time. The least loss on
/// the others, and its rate.
pub(super) fn choose_learning_rate(
    params: &MlpParams,
    rows: &Rows,
    on_batch: &(dyn Fn() + Sync),
) -> Result<(f64, f64), MlpError> {
    let split = held_out_tenth(rows.x.nrows(), params.seed);
    let (kept, held_out) = (rows.select(&split.kept), rows.select(&split.held_out));
    let rates = &params.learning_rates;
    let next = AtomicUsize::new(0);
    let work = || -> Result<Vec<(f64, f64)>, MlpError> {
        let pool = pool(1)?;
        let mut losses = Vec::new();
        while let Some(&rate) = rates.get(next.fetch_add(1, Ordering::Relaxed)) {
            let loss = pool.install(|| -> Result<f64, MlpError> {
                let network = first_network(params, &kept)?;
                train(params, &kept, &network, rate, &mut |_| {
                    on_batch();
                    Ok(ControlFlow::Continue(()))
                })?;
                held_out_loss(&network, &held_out)
            })?;
            losses.push((loss, rate));
        }
        Ok(losses)
    };
    let mut losses: Vec<(f64, f64)> = Vec::new();
    std::thread::scope(|scope| -> Result<(), MlpError> {
        let threads: Vec<_> =
            (0..params.thread_count.min(rates.len())).map(|_| scope.spawn(work)).collect();
        for thread in threads {
            match thread.join() {
                Ok(found) => losses.extend(found?),
                Err(panic) => std::panic::resume_unwind(panic),
            }
        }
        Ok(())
    })?;
    losses
        .into_iter()
        .filter(|(loss, _)| loss.is_finite())
        .min_by(|a, b| a.0.total_cmp(&b.0).then(a.1.total_cmp(&b.1)))
        .ok_or(MlpError::Diverged)
}

/// Mean square error of scaled values, or the share of wrong labels.
fn held_out_loss(network: &Network, rows: &Rows) -> Result<f64, MlpError> {
    let recalled = recall(network, &rows.x, rows.y.width())?;
    if recalled.iter().any(|value| !value.is_finite()) {
        return Ok(f64::INFINITY);
    }
    Ok(match &rows.y {
        Targets::Values(values) => {
            let errors = &recalled - values;
            errors.iter().map(|&error| f64::from(error).powi(2)).sum::<f64>() / errors.len() as f64
        }
        Targets::Labels { labels, .. } => 1.0 - accuracy(&largest(recalled.view()), labels),
    })
}

/// A net of the right shape, with the first weights that the seed draws.
fn first_network(params: &MlpParams, rows: &Rows) -> Result<Network, MlpError> {
    let mut sizes = vec![rows.x.ncols()];
    sizes.extend(&params.hidden);
    sizes.push(rows.y.width());
    Ok(Network::new(&sizes, params.seed)?)
}

/// What is called after each batch, with the number of rows learned so far; it may stop training.
pub(super) type OnBatch<'a> = dyn FnMut(usize) -> Result<ControlFlow<()>, MlpError> + 'a;

/// Trains the network in place.
pub(super) fn train(
    params: &MlpParams,
    rows: &Rows,
    network: &Network,
    learning_rate: f64,
    on_batch: &mut OnBatch<'_>,
) -> Result<(), MlpError> {
    let row_count = rows.x.nrows();
    let mut adam = Adam::new(network.variables(), learning_rate);
    let mut plateau = params.until_settled.then(|| Plateau::new(learning_rate));
    let mut order: Vec<usize> = (0..row_count).collect();
    let mut rows_seen = 0;
    for epoch in 0..params.epochs as u64 {
        if params.order == RowOrder::Shuffled {
            order = shuffled_indices(row_count, params.seed.wrapping_add(epoch));
        }
        let mut losses = 0.0;
        for indices in order.chunks(params.batch_rows) {
            let (x, y) = rows.batch(indices)?;
            let recalled = network.forward(&x)?;
            let loss = match rows.y {
                Targets::Values(_) => loss::mse(&recalled, &y)?,
                Targets::Labels { .. } => loss::cross_entropy(&recalled, &y)?,
            };
            adam.step(&loss.backward()?)?;
            rows_seen += indices.len();
            if plateau.is_some() {
                losses += f64::from(loss.to_scalar::<f32>()?) * indices.len() as f64;
            }
            if on_batch(rows_seen)?.is_break() {
                return Ok(());
            }
        }
        if let Some(plateau) = &mut plateau {
            match plateau.rate_after(losses / row_count as f64) {
                Some(rate) => adam.set_rate(rate),
                None => return Ok(()),
            }
        }
    }
    Ok(())
}

fn recall(network: &Network, x: &Array2<f32>, width: usize) -> Result<Array2<f32>, MlpError> {
    let mut recalled = Array2::zeros((x.nrows(), width));
    for start in (0..x.nrows()).step_by(PREDICT_ROWS) {
        let indices: Vec<usize> = (start..x.nrows().min(start + PREDICT_ROWS)).collect();
        let values = network.forward(&gather(x, &indices)?)?.flatten_all()?.to_vec1::<f32>()?;
        let rows = recalled.slice_mut(s![start..start + indices.len(), ..]);
        for (place, value) in rows.into_iter().zip(values) {
            *place = value;
        }
    }
    Ok(recalled)
}

pub(super) fn pool(thread_count: usize) -> Result<ThreadPool, MlpError> {
    Ok(rayon::ThreadPoolBuilder::new().num_threads(thread_count).build()?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metrics::mean_nmse;

    fn bowl() -> (Array2<f32>, Array2<f32>) {
        let x = Array2::from_shape_fn((600, 2), |(row, column)| {
            ((row * 13 + 5) as f32 * (column as f32 + 0.7)).sin()
        });
        let y = x.map_axis(Axis(1), |row| row[0] * row[0] + 3.0 * row[1]).insert_axis(Axis(1));
        (x, y)
    }

    fn small(order: RowOrder) -> ValidMlpParams {
        MlpParams {
            hidden: vec![16],
            batch_rows: 16,
            epochs: 10,
            learning_rates: vec![1e-3, 1e-2],
            order,
            ..Default::default()
        }
        .check()
        .unwrap()
    }

    #[test]
    fn a_curved_surface_is_learned_and_every_batch_is_reported() {
        let (x, y) = bowl();
        let params = small(RowOrder::Shuffled);
        let batches = AtomicUsize::new(0);
        let count = || {
            batches.fetch_add(1, Ordering::Relaxed);
        };
        let mlp = fit_watched(&params, x.view(), &Targets::Values(y.clone()), &count).unwrap();
        assert_eq!(batches.into_inner() as u64, params.batch_count(600));
        assert_eq!(mlp.learning_rate, 1e-2);
        assert_eq!(mlp.parameter_bytes(), 4 * (2 * 16 + 16 + 16 + 1));
        let error = mean_nmse(mlp.predict(x.view()).unwrap().view(), y.view());
        assert!(error < 0.05, "{error}");
    }

    #[test]
    fn the_same_seed_gives_the_same_net() {
        let (x, y) = bowl();
        let y = Targets::Values(y);
        for order in [RowOrder::Shuffled, RowOrder::Given] {
            let recall = || fit(&small(order), x.view(), &y).unwrap().predict(x.view()).unwrap();
            assert_eq!(recall(), recall());
        }
    }

    #[test]
    fn labels_are_learned() {
        let (x, y) = bowl();
        let labels: Vec<u32> = y.iter().map(|&value| u32::from(value > 0.5)).collect();
        let targets =
            Targets::Labels { labels: labels.clone(), names: vec!["low".into(), "high".into()] };
        let mlp = fit(&small(RowOrder::Shuffled), x.view(), &targets).unwrap();
        assert!(accuracy(&mlp.predict_labels(x.view()).unwrap(), &labels) > 0.95);
    }

    #[test]
    fn numbers_that_are_not_finite_are_an_error_not_a_net() {
        let (mut x, y) = bowl();
        x[[3, 1]] = f32::NAN;
        let fitted = fit(&small(RowOrder::Shuffled), x.view(), &Targets::Values(y));
        assert!(matches!(fitted, Err(MlpError::NotFinite { row: 3 })));
    }
}
