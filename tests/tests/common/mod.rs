//! What tests with processes and threads share.

use glam_memory::core::{Model, Slots};

/// A count that the environment may ask for; says so.
#[allow(dead_code, reason = "not every test asks")]
pub fn from_environment(name: &str, usual: u64, what: &str) -> u64 {
    let asked = std::env::var(name).ok().and_then(|asked| asked.parse().ok());
    let count = asked.unwrap_or(usual);
    println!("{count} {what}; {name} asks for more");
    count
}

/// Fails unless the two models hold the same bits.
#[allow(dead_code, reason = "not every test compares models")]
pub fn assert_same(got: &Model, expected: &Model) {
    let (got, expected) = (got.state(), expected.state());
    assert_eq!(got.sequence, expected.sequence);
    assert!(got.structure == expected.structure, "structures differ");
    assert!(got.keys == expected.keys, "keys differ");
    assert!(got.history == expected.history, "histories differ");
    let bits = |slots: Slots<'_>| bytemuck::cast_slice::<_, u8>(&slots.to_vec().unwrap()).to_vec();
    assert!(bits(got.weights) == bits(expected.weights), "weights differ");
    assert!(bits(got.covariances) == bits(expected.covariances), "covariances differ");
}
