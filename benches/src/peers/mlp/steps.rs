//! Training that is watched, and may be stopped, between two batches.

use std::ops::ControlFlow;
use std::time::Instant;

use ndarray::ArrayView2;

use super::algorithm::{Mlp, Prepared, choose_learning_rate, pool, train};
use super::{InputScale, MlpError, ValidMlpParams};
use crate::data::Targets;

/// A learning rate and a scale of the inputs, and what choosing them took.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Choice {
    /// How inputs are scaled.
    pub input_scale: InputScale,
    /// The rate with the least loss on the held-out tenth.
    pub learning_rate: f64,
    /// That loss: the mean square error of values of spread 1, the share of wrong labels.
    pub loss: f64,
    /// Seconds for choosing both.
    pub seconds: f64,
}

/// How far training has come.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Progress {
    /// Rows learned so far, repeated ones counted again.
    pub rows_seen: usize,
    /// Seconds of scaling and training so far; the watcher's own are not among them.
    pub seconds: f64,
}

/// Chooses among the learning rates on a held-out tenth of the rows, as a fit does first.
///
/// # Errors
///
/// Returns an error if the shapes do not fit, a number is not finite, or training diverges with
/// every learning rate.
pub fn choose_rate(
    params: &ValidMlpParams,
    x: ArrayView2<'_, f32>,
    y: &Targets,
) -> Result<Choice, MlpError> {
    let start = Instant::now();
    let params = params.get();
    let rows = Prepared::new(params, x, y)?.rows;
    let (loss, learning_rate) = choose_learning_rate(params, &rows, &|| {})?;
    let seconds = start.elapsed().as_secs_f64();
    Ok(Choice { input_scale: params.input_scale, learning_rate, loss, seconds })
}

/// [`choose_rate`] with each of [`InputScale::candidates`], whichever the parameters have, and the better
/// of them. The seconds are those of all.
///
/// # Errors
///
/// Those of [`choose_rate`].
pub fn choose_rate_and_scale(
    params: &ValidMlpParams,
    x: ArrayView2<'_, f32>,
    y: &Targets,
) -> Result<Choice, MlpError> {
    let (mut best, mut seconds): (Option<Choice>, f64) = (None, 0.0);
    for &scale in InputScale::candidates(y) {
        let choice = match choose_rate(&params.scaled(scale), x, y) {
            Err(MlpError::Diverged) => continue,
            choice => choice?,
        };
        seconds += choice.seconds;
        if best.is_none_or(|best| choice.loss < best.loss) {
            best = Some(choice);
        }
    }
    best.map(|best| Choice { seconds, ..best }).ok_or(MlpError::Diverged)
}

/// What is shown the net after each batch, and says whether to go on.
pub type Watch<'a> = dyn FnMut(&Mlp, Progress) -> Result<ControlFlow<()>, MlpError> + Send + 'a;

/// Trains with one learning rate, and after each batch shows the current net to `watch`, which may
/// stop the training. The clock stands still meanwhile.
///
/// # Errors
///
/// Returns an error if the shapes do not fit, a number is not finite, or `watch` fails.
pub fn fit_by_steps(
    params: &ValidMlpParams,
    learning_rate: f64,
    x: ArrayView2<'_, f32>,
    y: &Targets,
    watch: &mut Watch<'_>,
) -> Result<Mlp, MlpError> {
    let params = params.get();
    let prepared = Prepared::new(params, x, y)?;
    let pool = pool(params.thread_count)?;
    let mut resumed = Instant::now();
    let (rows, mut net) = prepared.untrained(params, learning_rate)?;
    let mut seconds = net.train_seconds;
    pool.install(|| {
        train(params, &rows, &net.network, learning_rate, &mut |rows_seen| {
            seconds += resumed.elapsed().as_secs_f64();
            let flow = watch(&net, Progress { rows_seen, seconds });
            resumed = Instant::now();
            flow
        })
    })?;
    net.train_seconds = seconds;
    Ok(net)
}

#[cfg(test)]
mod tests {
    use super::super::{MlpParams, fit};
    use super::*;
    use ndarray::Array2;

    fn rows() -> (Array2<f32>, Targets) {
        let x = Array2::from_shape_fn((100, 2), |(row, column)| {
            ((row * 13 + 5) as f32 * (column as f32 + 0.7)).sin()
        });
        let y = Array2::from_shape_fn((100, 1), |(row, _)| x[[row, 0]] * 2.0 - x[[row, 1]]);
        (x, Targets::Values(y))
    }

    fn params() -> ValidMlpParams {
        MlpParams {
            hidden: vec![8],
            batch_rows: 30,
            epochs: 2,
            learning_rates: vec![1e-2],
            ..Default::default()
        }
        .check()
        .unwrap()
    }

    #[test]
    fn a_watched_net_is_the_net_of_a_plain_fit() {
        let (x, y) = rows();
        let mut seen = Vec::new();
        let watched = fit_by_steps(&params(), 1e-2, x.view(), &y, &mut |_, progress| {
            seen.push(progress.rows_seen);
            Ok(ControlFlow::Continue(()))
        })
        .unwrap();
        assert_eq!(seen, [30, 60, 90, 100, 130, 160, 190, 200]);
        let plain = fit(&params(), x.view(), &y).unwrap();
        assert_eq!(watched.predict(x.view()).unwrap(), plain.predict(x.view()).unwrap());
    }

    #[test]
    fn the_watcher_sees_the_current_net_and_stops_it() {
        let (x, y) = rows();
        let mut recalled = Vec::new();
        let net = fit_by_steps(&params(), 1e-2, x.view(), &y, &mut |net, progress| {
            recalled.push(net.predict(x.view())?);
            Ok(if progress.rows_seen == 60 {
                ControlFlow::Break(())
            } else {
                ControlFlow::Continue(())
            })
        })
        .unwrap();
        assert_eq!(recalled.len(), 2);
        assert_ne!(recalled[0], recalled[1]);
        assert_eq!(recalled[1], net.predict(x.view()).unwrap());
    }

    #[test]
    fn a_net_that_is_to_settle_stops_once_its_rate_has_fallen() {
        let (x, Targets::Values(values)) = rows() else { panic!("these are values") };
        let y = Targets::Values(values.clone());
        let params = MlpParams { epochs: 1_000, until_settled: true, ..params().get().clone() };
        let mut passes = 0;
        let net = fit_by_steps(&params.check().unwrap(), 1e-2, x.view(), &y, &mut |_, now| {
            passes = now.rows_seen / 100;
            Ok(ControlFlow::Continue(()))
        })
        .unwrap();
        // Seven rates of ten passes each at least.
        assert!((70..1_000).contains(&passes), "{passes}");
        let error = crate::metrics::mean_nmse(net.predict(x.view()).unwrap().view(), values.view());
        assert!(error < 1e-3, "{error}");
    }

    #[test]
    fn the_rate_is_the_one_that_a_fit_chooses() {
        let (x, y) = rows();
        let params = MlpParams { learning_rates: vec![1e-4, 1e-2], ..params().get().clone() };
        let params = params.check().unwrap();
        let chosen = choose_rate(&params, x.view(), &y).unwrap();
        assert_eq!(chosen.learning_rate, fit(&params, x.view(), &y).unwrap().learning_rate);
    }

    #[test]
    fn the_scale_of_labels_is_the_better_of_two() {
        let (mut x, Targets::Values(values)) = rows() else { panic!("these are values") };
        let names = vec!["low".to_owned(), "high".to_owned()];
        let labels = values.iter().map(|&value| u32::from(value > 0.0)).collect();
        let y = Targets::Labels { labels, names };
        let params = MlpParams { epochs: 10, ..params().get().clone() }.check().unwrap();
        // One input drowns the other where both have one scale.
        x.column_mut(0).mapv_inplace(|x| 1e4 * x);
        let found = InputScale::candidates(&y)
            .iter()
            .map(|&scale| choose_rate(&params.scaled(scale), x.view(), &y).unwrap());
        let [each, all] = found.collect::<Vec<_>>().try_into().unwrap();
        assert!(each.loss < all.loss, "{each:?} {all:?}");
        let chosen = choose_rate_and_scale(&params, x.view(), &y).unwrap();
        assert_eq!(chosen, Choice { seconds: chosen.seconds, ..each });
        let chosen = choose_rate_and_scale(&params, x.view(), &Targets::Values(values)).unwrap();
        assert_eq!(chosen.input_scale, InputScale::EachInput);
    }
}
