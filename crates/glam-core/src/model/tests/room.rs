//! The byte limit: never exceeded, paid for with what is least useful, the same wherever it is made.

use super::*;

/// Bytes that the limit bounds, as the report has them.
fn bytes(model: &Model) -> usize {
    let report = model.report();
    report.weight_bytes + report.covariance_bytes + report.table_bytes
}

fn bounded(bytes: u64) -> Config {
    small_builder(Precision::Full).max_bytes(bytes).build().unwrap()
}

/// Tables and levels are set: more slots than a small limit holds.
fn deep(bytes: Option<u64>) -> Config {
    let builder = Config::builder(INPUTS, Targets::Numbers(2))
        .families([Family::Tree { inputs: 0 }, Family::Tree { inputs: 1 }])
        .tables(24)
        .levels([6])
        .warm_up(256)
        .rehearse(Rehearse::Fixed(0));
    match bytes {
        Some(bytes) => builder.max_bytes(bytes).build().unwrap(),
        None => builder.build().unwrap(),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn no_write_leaves_more_than_the_limit(
        most in 65_536_u64..400_000,
        inputs in 1_usize..20,
        labels in any::<bool>(),
        window in any::<bool>(),
        levels in prop::sample::select(vec![None, Some(4), Some(9)]),
        seed in 0_u64..1000,
    ) {
        let targets = if labels { Targets::Labels } else { Targets::Numbers(3) };
        let mut builder = Config::builder(inputs, targets).max_bytes(most).warm_up(300);
        if let Some(level) = levels {
            builder = builder.tables(16).levels([1, level]);
        }
        if window {
            builder = builder.window(100);
        }
        let config = match builder.build() {
            // The active slots of the widest inputs alone need a little more than the least limit.
            Err(Error::TooLittleRoom { needed, .. }) => {
                prop_assert!(needed > most && most < 80_000, "{needed} of {most}");
                return Ok(());
            }
            built => built.unwrap(),
        };
        let mut model = Model::new(config);
        let mut rng = Rng::new(seed, 3);
        let mut refused = 0;
        for write in 0..900 {
            let x: Vec<f32> = (0..inputs).map(|_| rng.normal()).collect();
            // New classes come all the time, some long after the warm-up.
            let class = rng.below(1 + write / 8).to_string();
            let y = [x[0].sin(), x[0], rng.normal()];
            let target = match targets {
                Targets::Labels => Target::Label(class.as_str().into()),
                Targets::Numbers(_) => Target::Numbers(&y),
            };
            match model.write(&x, target) {
                Ok(_) => {}
                Err(Error::TooLittleRoom { .. }) => refused += 1,
                Err(other) => prop_assert!(false, "{other}"),
            }
            prop_assert!(bytes(&model) as u64 <= most, "write {write}: {} > {most}", bytes(&model));
        }
        prop_assert!(labels || refused == 0);
    }
}

#[test]
fn evicted_slots_are_counted_and_the_same_after_a_restore() {
    let rows = rows(51, 1500);
    let config = deep(Some(1 << 17));
    let whole = written(config.clone(), &rows);
    let report = whole.report();
    assert!(report.evictions > 1000 && report.evicted_squares > 0.0, "{report:?}");
    for stop in [1, 100, 256, 700, 1400] {
        let mut resumed = resume(&written(config.clone(), &rows[..stop]));
        rows[stop..].iter().for_each(|(x, y)| {
            resumed.write(x, y.into()).unwrap();
        });
        assert_eq!(bits(&whole), bits(&resumed), "{stop}");
        assert_eq!(whole.report().evictions, resumed.report().evictions);
    }
    // Without a limit nothing is evicted.
    assert_eq!(written(deep(None), &rows).report().evictions, 0);
}

#[test]
fn a_limit_that_is_never_reached_changes_no_bit_of_what_is_learned() {
    let rows = rows(52, 600);
    let (free, wide) = (written(deep(None), &rows), written(deep(Some(1 << 30)), &rows));
    assert_eq!(free.recall.slots.keys(), wide.recall.slots.keys());
    assert_eq!(free.state().weights.to_vec(), wide.state().weights.to_vec());
    assert_eq!(free.state().covariances.to_vec(), wide.state().covariances.to_vec());
}

#[test]
fn a_slot_that_is_used_again_starts_from_nothing() {
    let model = written(deep(Some(1 << 17)), &rows(53, 1000));
    let (slots, limit) = (model.recall.slots.len(), model.recall.slots.keys().len());
    assert_eq!(slots, limit);
    assert_eq!(
        model.state().weights.to_vec().unwrap().len(),
        slots * model.recall.weights.stride()
    );
    // Every key leads to its slot, and no other does.
    for (slot, &key) in model.recall.slots.keys().iter().enumerate() {
        assert_eq!(model.recall.slots.get(key), Some(slot as u32));
    }
}

/// Root mean square error on rows that were not written, in units of the target.
fn error(config: Config) -> f64 {
    let model = written(config, &rows(54, 6000));
    let (mut scratch, mut out, mut sum) = (Scratch::default(), [0.0; 2], 0.0);
    let held = rows(55, 1000);
    for (x, y) in &held {
        model.recall().read(x, &mut scratch, &mut out).unwrap();
        sum += f64::from(out[0] - y[0]).powi(2);
    }
    (sum / held.len() as f64).sqrt()
}

#[test]
fn fewer_bytes_cost_accuracy_by_degrees() {
    // Left to pick: at half of what it would take, a shallower level or fewer tables.
    let open = |bytes| {
        let builder = Config::builder(INPUTS, Targets::Numbers(2)).rehearse(Rehearse::Fixed(0));
        match bytes {
            Some(bytes) => builder.max_bytes(bytes).build().unwrap(),
            None => builder.build().unwrap(),
        }
    };
    let all = bytes(&written(open(None), &rows(54, 6000))) as u64;
    let errors = [None, Some(all / 2), Some(all / 16)].map(|bytes| error(open(bytes)));
    assert!(errors[1] < 1.35 * errors[0] && errors[2] < 2.0 * errors[0], "{errors:?}");

    // Told what to use: slots give way all the time, and what they stood for with them.
    let all = bytes(&written(deep(None), &rows(54, 6000))) as u64;
    let errors = [None, Some(all / 2)].map(|bytes| error(deep(bytes)));
    assert!(errors[1] < 1.5 * errors[0], "{errors:?}");
}

#[test]
fn too_little_room_for_one_input_is_refused_with_numbers() {
    let refused = Config::builder(1000, Targets::Numbers(1)).view(1000).max_bytes(1 << 20).build();
    let Err(Error::TooLittleRoom { max_bytes, needed, active }) = refused else {
        panic!("{refused:?}");
    };
    assert_eq!((max_bytes, active), (1 << 20, 2));
    assert!(needed > 1 << 22, "{needed}");
    // Tables and levels that were left open are picked to fit.
    let picked = |bytes| {
        let model = written(bounded(bytes), &rows(56, 10));
        model.report().picks.unwrap()
    };
    assert_eq!(picked(1 << 30).tables, 6);
    let open = Config::builder(20, Targets::Numbers(1)).max_bytes(1 << 17).build().unwrap();
    let picks = crate::picks::Picks::choose(&open, 1);
    assert!(picks.tables < 128, "{picks:?}");
}
