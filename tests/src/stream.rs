//! Streams of observations that depend on nothing but a number, so that two processes agree on what
//! was written; and what is recalled after each.

use glam_memory::core::{Config, Model};
use glam_memory::{Builder, Memory, Options, Result};

/// Inputs of the memories.
pub const INPUTS: usize = 3;
/// Writers of a memory that has several.
pub const WRITERS: usize = 6;
const CUES: u64 = 5;

/// A number in [-1, 1) that depends on nothing but `n`: splitmix64.
pub fn noise(n: u64) -> f32 {
    (draw(n) >> 40) as f32 / (1 << 23) as f32 - 1.0
}

/// The `n`th number of a sequence without an order: splitmix64.
pub fn draw(n: u64) -> u64 {
    let mut z = n.wrapping_add(1).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

/// Observation number `sequence`: the input, and what belongs to it.
pub fn observation(sequence: u64) -> ([f32; INPUTS], f32) {
    let x = [0, 1, 2].map(|input| noise(sequence * 3 + input));
    (x, x[0] * x[1] + 0.1 * x[2])
}

/// Observation number `count` of one of several writers, both of which can be read off it.
pub fn observation_of(writer: usize, count: u64) -> ([f32; INPUTS], f32) {
    let place = count % 64;
    ([writer as f32, count as f32, noise(place)], noise(place) * writer as f32)
}

/// The smallest memories.
pub fn builder() -> Builder {
    Memory::builder(INPUTS).tables(2).levels([1, 2]).warm_up(16).history_bytes(1 << 12)
}

/// An empty model of such a memory.
///
/// # Errors
/// None, as long as the settings are within their ranges.
pub fn model() -> Result<Model> {
    Ok(Model::new(config()?))
}

/// The configuration of such a memory.
///
/// # Errors
/// As [`model`].
pub fn config() -> Result<Config> {
    Ok(builder().in_memory()?.config())
}

/// How the memories are consolidated.
pub fn options() -> Options {
    Options { regates: 0, as_it_is: true }
}

/// What a memory recalls at a few cues, bit for bit, with its spread; nothing while it is empty.
///
/// # Errors
/// Those of reading.
pub fn recalled(memory: &Memory) -> Result<Vec<u32>> {
    let mut bits = Vec::new();
    if memory.sequence() == 0 {
        return Ok(bits);
    }
    for cue in 0..CUES {
        let (x, _) = observation(1_000_000 + cue);
        let (out, std) = memory.read_with_std(&x)?;
        bits.extend(out.iter().chain(&std).map(|value| value.to_bits()));
        let read = memory.read(&x)?;
        bits.extend(read.iter().map(|value| value.to_bits()));
    }
    Ok(bits)
}

/// What a memory recalls after each of the first `count` observations, from none on.
///
/// # Errors
/// Those of writing and reading.
pub fn recalls(count: u64) -> Result<Vec<Vec<u32>>> {
    let memory = builder().in_memory()?;
    let mut recalls = vec![recalled(&memory)?];
    for sequence in 1..=count {
        let (x, y) = observation(sequence);
        memory.write(&x, y)?;
        recalls.push(recalled(&memory)?);
    }
    Ok(recalls)
}
