//! Drives the plain multilayer perceptron.

use std::ops::ControlFlow;

use ndarray::{ArrayView1, Axis};

use super::lap::Lap;
use super::online::read_micros;
use super::{Course, Outcome, Point, RaceError};
use crate::data::{Targets, shuffled_indices};
use crate::peers::mlp::{
    Choice, MlpParams, RowOrder, ValidMlpParams, choose_rate_and_scale, fit_by_steps,
};

/// How a net is trained.
#[derive(Clone, Debug, PartialEq)]
pub struct NetPlan {
    /// Rows a batch.
    pub batch_rows: usize,
    /// The order of the rows in each pass.
    pub order: RowOrder,
    /// The learning rates to choose from.
    pub learning_rates: Vec<f64>,
    /// Passes of the search.
    pub search_passes: usize,
    /// Rows of the search at most, drawn from all training rows and kept in their order.
    pub search_rows: usize,
    /// Threads of training; none for one a core.
    pub thread_count: Option<usize>,
}

impl NetPlan {
    /// Batches of 64 rows, shuffled anew in each pass, on all cores.
    #[must_use]
    pub fn batches() -> Self {
        Self {
            batch_rows: 64,
            order: RowOrder::Shuffled,
            learning_rates: MlpParams::default().learning_rates,
            search_passes: 2,
            search_rows: usize::MAX,
            thread_count: None,
        }
    }

    /// One row at a time in stored order, as a stream brings them, pass after pass. More than one
    /// thread does not pay for one row.
    #[must_use]
    pub fn row_by_row() -> Self {
        Self {
            batch_rows: 1,
            order: RowOrder::Given,
            learning_rates: vec![1e-5, 3e-5, 1e-4, 3e-4, 1e-3],
            search_passes: 1,
            search_rows: 15_000,
            thread_count: Some(1),
        }
    }

    fn params(&self, passes: usize) -> MlpParams {
        let defaults = MlpParams::default();
        MlpParams {
            batch_rows: self.batch_rows,
            epochs: passes,
            learning_rates: self.learning_rates.clone(),
            order: self.order,
            ..defaults
        }
    }
}

/// Chooses a learning rate and a scale of the inputs on training rows, then trains until the goal is reached, the seconds are
/// spent or the passes made.
///
/// # Errors
///
/// Returns an error if the plan is unusable or every learning rate diverges.
pub fn run_net(course: &Course, name: &str, plan: &NetPlan) -> Result<Outcome, RaceError> {
    let choice = choose(course, plan)?;
    let params = MlpParams { input_scale: choice.input_scale, ..plan.params(course.passes) };
    let thread_count = plan.thread_count.unwrap_or(params.thread_count);
    let params = MlpParams { thread_count, ..params }.check()?;

    let set = course.set();
    let mut lap = Lap::new(course, course.passes);
    let (x, y) = (set.train_x.view(), &set.train_y);
    let net = fit_by_steps(&params, choice.learning_rate, x, y, &mut |net, progress| {
        let (rows, seconds) = (progress.rows_seen as u64, progress.seconds);
        if !lap.is_due(rows, seconds) {
            return Ok(ControlFlow::Continue(()));
        }
        let measure = course.judge(net.predict(course.cues())?.view());
        let ends = lap.record(Point { rows, seconds, measure });
        Ok(if ends { ControlFlow::Break(()) } else { ControlFlow::Continue(()) })
    })?;

    let one_thread = rayon::ThreadPoolBuilder::new().num_threads(1).build()?;
    let read_micros = one_thread.install(|| {
        read_micros(course, |cue, out| {
            let recalled = net.predict(ArrayView1::from(cue).insert_axis(Axis(0)))?;
            out.iter_mut().zip(&recalled).for_each(|(place, value)| *place = *value);
            Ok(())
        })
    })?;
    let (end, points) = lap.finish()?;
    Ok(Outcome {
        learner: name.to_owned(),
        end,
        points,
        search_seconds: Some(choice.seconds),
        read_micros: Some(read_micros),
        threads: thread_count,
        setting: setting(plan, &params, choice),
        bytes: None,
        scores: None,
    })
}

fn setting(plan: &NetPlan, params: &ValidMlpParams, choice: Choice) -> String {
    let widths: Vec<String> = params.get().hidden.iter().map(usize::to_string).collect();
    let order = match plan.order {
        RowOrder::Shuffled => "shuffled",
        RowOrder::Given => "stored order",
    };
    let (batch, rate) = (plan.batch_rows, choice.learning_rate);
    let scale = params.get().input_scale.name();
    format!("{}, batch {batch}, {order}, Adam, rate {rate}, {scale}", widths.join("x"))
}

/// The learning rate and the scale, chosen on a tenth of the rows of the search; every thread tries one at a time.
fn choose(course: &Course, plan: &NetPlan) -> Result<Choice, RaceError> {
    let params = plan.params(plan.search_passes);
    let seed = params.seed;
    let params = params.check()?;
    let set = course.set();
    if plan.search_rows >= course.row_count() {
        return Ok(choose_rate_and_scale(&params, set.train_x.view(), &set.train_y)?);
    }
    let mut rows = shuffled_indices(course.row_count(), seed);
    rows.truncate(plan.search_rows);
    rows.sort_unstable();
    let (x, y): (_, Targets) = (set.train_x.select(Axis(0), &rows), set.train_y.select(&rows));
    Ok(choose_rate_and_scale(&params, x.view(), &y)?)
}
