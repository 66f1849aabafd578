//! A fit takes short cuts; each gives the bits of the long way.

use super::*;
use crate::config::{ConfigBuilder, Precision};
use crate::gate::Family;
use crate::rng::Rng;
use crate::wire::Writer;

const INPUTS: usize = 5;

fn written(config: ConfigBuilder, rows: usize) -> Model {
    let mut model = Model::new(config.build().unwrap());
    let mut rng = Rng::new(8, 1);
    for row in 0..rows {
        let mut x: [f32; INPUTS] = std::array::from_fn(|_| rng.normal());
        let y = [(1.5 * x[0] - x[1]).sin(), if row % 9 == 4 { f32::NAN } else { x[2] * x[3] }];
        if row % 7 == 3 {
            x[4] = f32::NAN;
        }
        model.write_weighted(&x, (&y).into(), 0.5 + rng.unit()).unwrap();
    }
    model
}

fn builder() -> ConfigBuilder {
    Config::builder(INPUTS, Targets::Numbers(2)).tables(24).levels([2, 5]).warm_up(400)
}

/// Keys, maps and covariances, bit for bit, and what the errors said.
fn bits(model: &Model) -> (Vec<u64>, Vec<u32>, Noise) {
    let state = model.state();
    let lines = [state.weights, state.covariances].map(|slots| slots.to_vec().unwrap()).concat();
    let floats = lines.iter().flat_map(|line| line.0).map(f32::to_bits).collect();
    (model.recall.slots.keys().to_vec(), floats, model.recall.noise.clone())
}

#[test]
fn learning_by_kinds_of_twins_is_learning_slot_by_slot() {
    for (config, rows) in [
        (builder(), 40),
        (builder(), 150),
        (builder().window(90), 150),
        (builder().precision(Precision::Diagonal), 150),
        (builder().view(4), 150),
    ] {
        let mut model = written(config, rows);
        let warm_up = std::mem::take(&mut model.warm_up);
        let structure = model.recall.structure.clone().unwrap();
        for held in [0..0, 10..25] {
            model.start(structure.clone());
            let mut course = model.course(&warm_up, held.clone());
            assert!(course.twins.is_some());
            let squares = model.go_through(&mut course, Pass::Refit).unwrap();
            model.rehearse_all(&mut course).unwrap();
            let twins = course.twins.take().unwrap();
            model.take(twins.into_slots());
            let by_kinds = bits(&model);

            model.start(structure.clone());
            let mut course = Course { warm_up: &warm_up, held, twins: None };
            assert_eq!(squares, model.go_through(&mut course, Pass::Refit).unwrap());
            model.rehearse_all(&mut course).unwrap();
            assert!(by_kinds == bits(&model));
        }
    }
}

#[test]
fn kinds_answer_as_the_slots_that_they_stand_for() {
    let mut model = written(builder(), 120);
    let warm_up = std::mem::take(&mut model.warm_up);
    let structure = model.recall.structure.clone().unwrap();
    let mut said = Vec::new();
    for by_kinds in [true, false] {
        model.start(structure.clone());
        let mut course = model.course(&warm_up, 30..60);
        model.go_through(&mut course, Pass::Refit).unwrap();
        let twins = course.twins.take().unwrap();
        assert!(twins.len() > 0 && model.recall.slots.len() == 0);
        model.take(if by_kinds { twins.into_kinds() } else { twins.into_slots() });
        let Model { recall, covariances, scratch, .. } = &mut model;
        let mut out = [0.0; 2];
        for x in warm_up.kept().rows().chunks_exact(INPUTS) {
            let claimed = recall.read_claiming(covariances, x, scratch, &mut out).unwrap();
            said.push((out.map(f32::to_bits), claimed.to_bits()));
        }
    }
    let (by_kinds, by_slots) = said.split_at(120);
    assert_eq!(by_kinds, by_slots);
}

#[test]
fn gates_whose_thresholds_alone_are_found_again_are_those_that_would_be_drawn() {
    let families = [
        Family::Tree { inputs: 0 },
        Family::Tree { inputs: 1 },
        Family::Tree { inputs: 2 },
        Family::Hyperplane { inputs: 2 },
        Family::Hadamard,
        Family::WinnerTakeAll { inputs: 3 },
    ];
    let mut model = written(builder().families(families), 100);
    let warm_up = std::mem::take(&mut model.warm_up);
    let config = model.recall.config.clone();
    let rows = warm_up.kept().rows();
    let structure = model.recall.structure.clone().unwrap();
    let course = Course { warm_up: &warm_up, held: 0..0, twins: None };
    let slopes = model.slopes(&course).unwrap();
    let bytes = |structure: &Structure| {
        let mut writer = Writer::default();
        structure.encode(&mut writer);
        writer.finish()
    };
    for slopes in [None, Some(&slopes)] {
        let whole = structure.redrawn(&config, rows, slopes);
        // A part, few, and one that leaves most nodes without rows.
        for count in [70, 10, 1] {
            let part = &rows[..count * INPUTS];
            let (again, drawn) = (
                whole.placed_again(&config, part, slopes),
                structure.redrawn(&config, part, slopes),
            );
            assert!(bytes(&again) == bytes(&drawn) && bytes(&again) != bytes(&whole));
        }
    }
}
