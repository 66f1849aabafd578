//! The smallest whole program: make a memory, write, close, open, read.
//!
//! ```text
//! cargo run --release -p glam-examples --example quickstart
//! ```

use glam_memory::Memory;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let folder = tempfile::tempdir()?;
    let directory = folder.path().join("sine.glam");

    let memory = Memory::builder(2).targets(1).create(&directory)?; // 2 inputs, 1 target
    for i in 0..2_000 {
        let x = [(i % 50) as f32 / 10.0, (i % 41) as f32 / 10.0];
        memory.write(&x, x[0].sin() * x[1])?; // learned when this returns
    }
    memory.close()?; // a snapshot: the next opening replays nothing

    let memory = Memory::open(&directory)?;
    let (y, std) = memory.read_with_std(&[2.0, 3.0])?;
    println!("{:.2} +- {:.2}, truth {:.2}", y[0], std[0], 2.0_f32.sin() * 3.0);
    Ok(())
}
