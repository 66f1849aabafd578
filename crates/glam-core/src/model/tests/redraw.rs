//! Gates drawn anew by slopes while a memory warms up.

use super::*;
use crate::ConfigBuilder;
use crate::rng::Rng;

const WIDTH: usize = 8;

/// A wave along one slanting direction of the whole space.
fn ridge_wave(seed: u64, count: usize) -> Vec<([f32; WIDTH], [f32; 1])> {
    let mut rng = Rng::new(seed, 77);
    (0..count)
        .map(|_| {
            let x: [f32; WIDTH] = std::array::from_fn(|_| rng.normal());
            (x, [(1.5 * x[0] - x[1] + 0.5 * x[2]).sin()])
        })
        .collect()
}

fn config() -> ConfigBuilder {
    Config::builder(WIDTH, Targets::Numbers(1)).warm_up(512)
}

fn learn(config: Config, rows: &[([f32; WIDTH], [f32; 1])]) -> Model {
    let mut model = Model::new(config);
    for (x, y) in rows {
        model.write(x, y.into()).unwrap();
    }
    model
}

fn square_error(model: &Model, rows: &[([f32; WIDTH], [f32; 1])]) -> f64 {
    let (mut scratch, mut out) = (Scratch::default(), [0.0]);
    let squares = rows.iter().map(|(x, y)| {
        model.recall().read(x, &mut scratch, &mut out).unwrap();
        f64::from(out[0] - y[0]).powi(2)
    });
    squares.sum::<f64>() / rows.len() as f64
}

#[test]
fn gates_drawn_by_slopes_are_taken_where_they_help_and_say_by_how_much() {
    let (rows, unseen) = (ridge_wave(1, 512), ridge_wave(2, 400));
    let model = learn(config().build().unwrap(), &rows);
    let picks = model.recall().structure.as_ref().unwrap().picks().clone();
    // The same tables, told by the configuration: they stay as they were drawn first.
    let told = config().families(picks.deals.iter().map(|deal| deal.family).collect::<Vec<_>>());
    let told = learn(told.build().unwrap(), &rows);
    assert_eq!(&picks, told.recall().structure.as_ref().unwrap().picks());
    assert_eq!(told.report().decision, None);
    let (drawn, as_first) = (square_error(&model, &unseen), square_error(&told, &unseen));
    assert!(drawn < 0.6 * as_first, "{drawn} {as_first}");

    let decision = model.report().decision.unwrap();
    assert!(!decision.is_consolidated());
    assert_eq!((decision.sequence, decision.rows), (512, 512));
    let (first, last) = (&decision.trials[0], decision.trials.iter().rfind(|t| t.accepted));
    assert!(first.regates == 0 && last.unwrap().regates > 0);
    assert!(last.unwrap().error < first.error);
    assert!(
        model
            .solve_again(&Observations::new(), &crate::Serial, &|_| crate::Flow::Continue)
            .is_err()
    );
}

#[test]
fn gates_that_do_not_help_leave_no_trace() {
    // Noise has no direction: the slots must be those of a memory that never tried.
    let mut rng = Rng::new(9, 9);
    let rows: Vec<_> =
        (0..256).map(|_| (std::array::from_fn(|_| rng.normal()), [rng.normal()])).collect();
    let model = learn(config().build().unwrap(), &rows);
    let deals = &model.recall().structure.as_ref().unwrap().picks().deals;
    let families = deals.iter().map(|deal| deal.family).collect::<Vec<_>>();
    let told = learn(config().families(families).build().unwrap(), &rows);
    let trials = model.report().decision.unwrap().trials;
    assert_eq!(trials.iter().map(|trial| trial.accepted).collect::<Vec<_>>(), [true, false]);
    let (state, plain) = (model.state(), told.state());
    assert!(state.keys == plain.keys);
    let lines = |slots: crate::Slots<'_>| slots.to_vec().unwrap();
    assert!(lines(state.weights) == lines(plain.weights));
    assert!(lines(state.covariances) == lines(plain.covariances));
}

#[test]
fn a_memory_that_drew_gates_anew_goes_on_bit_for_bit() {
    let rows = ridge_wave(3, 700);
    for stop in [200, 511, 512, 600] {
        let mut model = learn(config().build().unwrap(), &rows[..stop]);
        let mut resumed = resume(&model);
        for (x, y) in &rows[stop..] {
            let before = model.write(x, y.into()).unwrap().to_vec();
            assert_eq!(before, resumed.write(x, y.into()).unwrap());
        }
        assert!(bits(&model) == bits(&resumed), "{stop}");
    }
}
