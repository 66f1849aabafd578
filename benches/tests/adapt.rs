//! A net, and a memory that starts as it, in another world.

use glam_benches::adapt::{Learner, Shape, Shift, adapt, new_path};
use ndarray::Array2;

#[test]
fn a_memory_begins_where_the_net_is_and_both_learn() {
    let world = new_path(&[24], 2, 120, 0).unwrap();
    let learn = |learner| adapt(&world, &learner, &[0, 120]).unwrap().points;
    let net = learn(Learner::Net);
    assert_eq!(net[0].new, net[1].new);
    let memory = learn(Learner::Memory(Shape::default()));
    // The exported net's weights are rounded once more than the peer's own.
    for (own, peer) in [(memory[0].new, net[0].new), (memory[0].old, net[0].old)] {
        assert!((own - peer).abs() < 1e-3 * peer, "{own} {peer}");
    }
    assert!(memory[1].new < 0.5 * net[1].new, "{} {}", memory[1].new, net[1].new);
    let sgd = learn(Learner::Sgd { rate: 1e-3, batch: 8, last_alone: false });
    assert!(sgd[1].new < net[1].new, "{} {}", sgd[1].new, net[1].new);
    assert_ne!(sgd[1].old, net[1].old);
}

#[test]
fn a_shift_keeps_the_shape_and_is_the_same_for_a_seed() {
    let images = Array2::from_shape_fn((3, 49), |(row, place)| (row * 5 + place) as f32);
    for shift in [Shift::Turned(30.0), Shift::Noisy(0.2)] {
        let shifted = shift.apply(images.view(), 255.0, 4);
        assert_eq!(shifted.dim(), images.dim());
        assert_eq!(shifted, shift.apply(images.view(), 255.0, 4));
        assert_ne!(shifted, images);
    }
}
