use ndarray::Array2;

use super::*;
use crate::config::Targets;
use crate::consolidate::{Flow, Options, Serial};
use crate::gate::Family;
use crate::label::Label;
use crate::model::Model;
use crate::net::{Activation, Layer, Output};
use crate::observation::Target;
use crate::rng::Rng;
use crate::scratch::Scratch;

const SIZES: [usize; 4] = [5, 24, 12, 3];

fn net(output: Output) -> Net {
    let mut rng = Rng::new(6, 6);
    let layers = SIZES.windows(2).enumerate().map(|(number, pair)| {
        let spread = 1.5 / (pair[0] as f32).sqrt();
        let weights = Array2::from_shape_fn((pair[1], pair[0]), |_| rng.normal() * spread);
        let bias: Vec<f32> = (0..pair[1]).map(|_| rng.normal() * 0.2).collect();
        let last = number + 2 == SIZES.len();
        let activation = if last { Activation::Linear } else { Activation::Relu };
        Layer::new(weights.view(), &bias, activation).unwrap()
    });
    Net::new(layers.collect(), output).unwrap()
}

fn classes() -> Net {
    net(Output::Softmax).with_labels(["a", "b", "c"].map(String::from).to_vec()).unwrap()
}

fn numbers(basis: Basis) -> Model {
    Model::new(Config::builder(5, Targets::Numbers(3)).basis(basis).tables(12).build().unwrap())
}

fn cues(count: usize, seed: u64) -> Vec<[f32; 5]> {
    let mut rng = Rng::new(seed, 0);
    (0..count).map(|_| std::array::from_fn(|_| rng.normal())).collect()
}

fn forward(net: &Net, x: &[f32]) -> Vec<f32> {
    let mut out = vec![0.0; net.outputs()];
    net.forward(x, &mut Activations::default(), &mut out).unwrap();
    out
}

fn read(model: &Model, x: &[f32]) -> Vec<f32> {
    let mut out = vec![0.0; model.recall().outputs()];
    model.recall().read(x, &mut Scratch::default(), &mut out).unwrap();
    out
}

#[test]
fn a_memory_is_its_net_bit_for_bit_until_something_differs() {
    for views in [Views::Both, Views::Inputs, Views::Units] {
        let net = net(Output::Linear);
        let mut model = numbers(Basis::new(net.clone()).views(views));
        let labels = Model::new(
            Config::builder(5, Targets::Labels).basis(Basis::new(classes())).build().unwrap(),
        );
        assert_eq!(labels.recall().labels().names(), ["a", "b", "c"]);
        for x in cues(20, 1) {
            assert_eq!(read(&model, &x), forward(&net, &x));
            assert_eq!(read(&labels, &x), forward(&classes(), &x));
            let mut probabilities = vec![0.0; 3];
            let recall = labels.recall();
            recall.probabilities(&x, &mut Scratch::default(), &mut probabilities).unwrap();
            assert_eq!(probabilities, forward(&classes(), &x));
        }
        // What the net says already corrects nothing, through every fit of the warm-up.
        for x in cues(1100, 2) {
            let y = forward(&net, &x);
            assert_eq!(model.write(&x, Target::Numbers(&y)).unwrap(), y);
        }
        for x in cues(50, 3) {
            assert_eq!(read(&model, &x), forward(&net, &x));
        }
    }
}

#[test]
fn what_the_net_lacks_is_learned_and_its_maps_explained() {
    let base = net(Output::Linear);
    let truth = |x: &[f32; 5]| {
        let y = forward(&base, x);
        [y[0] + 0.5 * x[0], y[1] - x[1] * f32::from(u8::from(x[2] > 0.0)), y[2] + 1.0]
    };
    for views in [Views::Both, Views::Inputs, Views::Units] {
        let mut model = numbers(Basis::new(base.clone()).views(views));
        for x in cues(1500, 4) {
            model.write(&x, Target::Numbers(&truth(&x))).unwrap();
        }
        let error = |said: &dyn Fn(&[f32; 5]) -> Vec<f32>| -> f32 {
            let square = |x: &[f32; 5]| {
                said(x).iter().zip(truth(x)).map(|(a, b)| (a - b) * (a - b)).sum::<f32>()
            };
            cues(200, 5).iter().map(square).sum()
        };
        let (before, after) = (error(&|x| forward(&base, x)), error(&|x| read(&model, x)));
        assert!(after < 0.1 * before, "{views:?} {before} {after}");
        let mut near = 0;
        for x in cues(30, 6) {
            let explained = model.recall().explain(&x, &mut Scratch::default()).unwrap();
            // The slope along a direction is that of the reads beside.
            let y = read(&model, &x);
            for input in 0..5 {
                let step = 1e-3;
                let [mut up, mut down] = [x; 2];
                up[input] += step;
                down[input] -= step;
                for (output, (up, down)) in
                    read(&model, &up).iter().zip(read(&model, &down)).enumerate()
                {
                    let slope = f64::from(up - down) / (2.0 * f64::from(step));
                    let told = explained.matrix[[output, input]];
                    near += usize::from((slope - told).abs() < 0.02 * (1.0 + told.abs()));
                }
            }
            for (output, &y) in y.iter().enumerate() {
                let row = explained.matrix.row(output);
                let sum: f64 = row.iter().zip(&x).map(|(w, &x)| w * f64::from(x)).sum();
                assert!((sum + explained.bias[output] - f64::from(y)).abs() < 1e-4);
            }
        }
        // A key or a decision may change within a step.
        assert!(near >= 400, "{views:?} {near} of 450");
    }
}

#[test]
fn a_class_that_the_net_does_not_know_is_learned_and_all_of_it_survives_its_bytes() {
    for families in
        [None, Some(vec![Family::Relu { layer: 0 }]), Some(vec![Family::ReluHash { layer: 1 }])]
    {
        let builder = Config::builder(5, Targets::Labels).basis(Basis::new(classes())).tables(20);
        let builder = match &families {
            Some(families) => builder.families(families.clone()).levels([4]),
            None => builder,
        };
        let config = builder.build().unwrap();
        let mut model = Model::new(config.clone());
        let label = |x: &[f32; 5]| {
            let y = forward(&classes(), x);
            let most = (0..3).max_by(|&a, &b| y[a].total_cmp(&y[b])).unwrap();
            if x[0] > 0.8 { "new" } else { ["a", "b", "c"][most] }
        };
        for x in cues(1200, 7) {
            model.write(&x, Target::Label(Label::Text(label(&x)))).unwrap();
        }
        let names = model.recall().labels().names().to_vec();
        let right = |x: &&[f32; 5]| {
            let y = read(&model, *x);
            let most = (0..y.len()).max_by(|&a, &b| y[a].total_cmp(&y[b])).unwrap();
            names[most] == label(x)
        };
        let right = cues(300, 8).iter().filter(right).count();
        assert!(right > 240, "{families:?} {right} of 300");

        let state = model.state();
        let lines = |slots: &crate::slots::Slots<'_>| {
            slots.iter().flat_map(|lines| lines.unwrap().to_vec()).collect::<Vec<_>>()
        };
        let keys = state.keys.to_vec();
        let (weights, covariances) = (lines(&state.weights), lines(&state.covariances));
        let mut back =
            Model::restore(config, &state.structure, keys, weights, covariances, &state.history)
                .unwrap();
        for x in cues(100, 9) {
            assert_eq!(read(&back, &x), read(&model, &x));
            let target = || Target::Label(Label::Text(label(&x)));
            let before = model.write(&x, target()).unwrap().to_vec();
            assert_eq!(back.write(&x, target()).unwrap(), before);
        }
    }
}

#[test]
fn consolidating_solves_for_what_the_net_lacks() {
    let base = net(Output::Linear);
    let basis = Basis::new(base.clone()).views(Views::Inputs);
    let config = Config::builder(5, Targets::Numbers(3)).basis(basis).tables(24).levels([2, 3]);
    let mut model = Model::new(config.build().unwrap());
    let mut history = crate::observations::Observations::new();
    let truth = |x: &[f32; 5]| {
        let y = forward(&base, x);
        [y[0] + 0.5 * x[0] * x[1], y[1], y[2] + 100.0]
    };
    for x in cues(400, 10) {
        let y = truth(&x);
        model.write(&x, Target::Numbers(&y)).unwrap();
        history.add(model.recall().labels(), &x, Target::Numbers(&y), 1.0).unwrap();
    }
    let options = Options { as_it_is: true, regates: 0 };
    let solved = model.consolidate(&history, options, &Serial, &|_| Flow::Continue).unwrap();
    let error = |model: &Model| -> f32 {
        let square = |x: &[f32; 5]| {
            read(model, x).iter().zip(truth(x)).map(|(a, b)| (a - b) * (a - b)).sum::<f32>()
        };
        cues(200, 11).iter().map(square).sum::<f32>() / 200.0
    };
    let (written, solved_error) = (error(&model), error(&solved));
    assert!(solved_error < 0.9 * written, "{written} {solved_error}");
    // The intervals are those of errors on held-out rows, not of the targets' size.
    let (mut out, mut std) = (vec![0.0; 3], vec![0.0; 3]);
    let (recall, covariances) = (solved.recall(), solved.covariances());
    recall
        .read_with_std(covariances, &cues(1, 12)[0], &mut Scratch::default(), &mut out, &mut std)
        .unwrap();
    assert!(std.iter().all(|&std| std < 5.0), "{std:?}");
}

#[test]
fn what_does_not_fit_the_memory_or_the_net_is_refused() {
    let config = |inputs, targets| {
        Config::builder(inputs, targets).basis(Basis::new(net(Output::Linear))).build()
    };
    assert!(config(5, Targets::Numbers(3)).is_ok());
    assert!(config(4, Targets::Numbers(3)).is_err());
    assert!(config(5, Targets::Numbers(2)).is_err());
    assert!(config(5, Targets::Labels).is_err());
    let relu = Config::builder(5, Targets::Numbers(3)).families([Family::Relu { layer: 0 }]);
    assert!(relu.clone().build().is_err());
    assert!(relu.basis(Basis::new(net(Output::Linear))).build().is_ok());
    let mut model = numbers(Basis::new(net(Output::Linear)));
    let before = model.state().structure;
    for bad in [[f32::NAN, 0.0, 0.0, 0.0, 0.0], [f32::MAX; 5]] {
        assert!(matches!(model.write(&bad, Target::Numbers(&[0.0; 3])), Err(Error::Net(_))));
        let mut out = [0.0; 3];
        assert!(matches!(
            model.recall().read(&bad, &mut Scratch::default(), &mut out),
            Err(Error::Net(_))
        ));
    }
    assert_eq!(model.state().structure, before);
}

#[test]
fn bytes_come_back() {
    for views in [Views::Both, Views::Inputs, Views::Units] {
        for basis in [Basis::new(classes()).views(views), Basis::new(classes()).from_nothing()] {
            let bytes = basis.to_bytes();
            assert_eq!(Basis::from_bytes(&bytes).as_ref(), Ok(&basis));
            for end in 0..bytes.len() {
                assert!(Basis::from_bytes(&bytes[..end]).is_err());
            }
        }
    }
}

#[test]
fn a_write_of_small_values_leaves_large_answers_whole() {
    let hidden = Layer::new(
        Array2::from_shape_vec((2, 1), vec![1.0, -1.0]).unwrap().view(),
        &[0.0; 2],
        Activation::Relu,
    );
    let last = Layer::new(Array2::ones((1, 2)).view(), &[0.0], Activation::Linear);
    let net = Net::new(vec![hidden.unwrap(), last.unwrap()], Output::Linear).unwrap(); // |x|
    for warm_up in [1, 1024] {
        let builder = Config::builder(1, Targets::Numbers(1)).basis(Basis::new(net.clone()));
        let mut model = Model::new(builder.warm_up(warm_up).build().unwrap());
        model.write(&[0.001], Target::Numbers(&[0.001])).unwrap();
        for x in [-2.0, 1e6, -3e20] {
            assert_eq!(read(&model, &[x]), [x.abs()]);
        }
        // And an error of any size is learned from without leaving the range.
        model.write(&[1e6], Target::Numbers(&[-1e30])).unwrap();
        assert!(read(&model, &[1e6])[0].is_finite());
    }
}

#[test]
fn working_memory_may_go_from_one_model_to_another() {
    let mut plain = Model::new(Config::builder(5, Targets::Numbers(3)).tables(4).build().unwrap());
    let mut over = numbers(Basis::new(net(Output::Linear)));
    for x in cues(40, 20) {
        plain.write(&x, Target::Numbers(&[x[0], x[1], 1.0])).unwrap();
        over.write(&x, Target::Numbers(&[x[0], x[1], 1.0])).unwrap();
    }
    let (mut scratch, mut out) = (Scratch::default(), [0.0; 3]);
    for x in cues(10, 21) {
        for model in [&over, &plain, &over] {
            model.recall().read(&x, &mut scratch, &mut out).unwrap();
            assert_eq!(out.to_vec(), read(model, &x));
        }
    }
}

#[test]
fn a_saved_view_of_what_views_do_not_see_is_refused() {
    let config = |views| {
        let basis = Basis::new(net(Output::Linear)).views(views);
        Config::builder(5, Targets::Numbers(3)).basis(basis).tables(6).view(4).build().unwrap()
    };
    let mut model = Model::new(config(Views::Both));
    for x in cues(40, 22) {
        model.write(&x, Target::Numbers(&[x[0], x[1], 1.0])).unwrap();
    }
    let (structure, keys) = (model.state().structure, model.state().keys.to_vec());
    let read = |views| crate::SavedRecall::decode(config(views), &structure, keys.clone());
    assert!(read(Views::Both).is_ok());
    assert!(read(Views::Inputs).is_err() && read(Views::Units).is_err());
}

#[test]
fn what_a_memory_starts_as_is_explained_and_its_gates_differ_from_the_first_row_on() {
    let model = numbers(Basis::new(net(Output::Linear)));
    for x in cues(5, 23) {
        let explained = model.recall().explain(&x, &mut Scratch::default()).unwrap();
        let map = model.recall().config().basis().unwrap().net();
        let map = map.effective(&map.pattern(&x).unwrap()).unwrap();
        assert!((&explained.matrix - &map.weights).iter().all(|apart| apart.abs() < 1e-9));
        assert!((&explained.bias - &map.bias).iter().all(|apart| apart.abs() < 1e-4));
        assert_eq!((explained.active.len(), explained.keys), (0, 0));
    }
    let basis = Basis::new(net(Output::Linear));
    let config = Config::builder(5, Targets::Numbers(3)).basis(basis).tables(8).levels([3]);
    let config = config.families([Family::Relu { layer: 0 }]).warm_up(1).build().unwrap();
    let mut model = Model::new(config);
    model.write(&cues(1, 24)[0], Target::Numbers(&[0.0; 3])).unwrap();
    let bits = |x: &[f32]| -> std::collections::BTreeSet<u32> {
        let explained = model.recall().explain(x, &mut Scratch::default()).unwrap();
        explained
            .active
            .iter()
            .filter(|slot| slot.key.level == 3)
            .map(|slot| slot.key.bits)
            .collect()
    };
    // Eight tables of one gate would all give the same three decisions.
    assert!(bits(&cues(1, 24)[0]).len() > 1);
}
