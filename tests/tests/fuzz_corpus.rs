//! What the fuzz targets have found worth keeping, once more, without a fuzzer.

#[expect(clippy::panic, reason = "a target fails by panicking")]
#[path = "../../fuzz/src/lib.rs"]
mod fuzz;

use std::path::Path;

use fuzz::Counting;

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// What takes the bytes of an input.
type Target = fn(&[u8]);

/// One after the other: what they allocate is counted together.
#[test]
fn no_input_of_the_corpus_panics_allocates_beyond_its_bound_or_is_recalled_wrongly() {
    let targets: [(&str, Target); 3] = [
        ("configuration", fuzz::configuration),
        ("open_and_read", fuzz::open_and_read),
        ("replay_log", fuzz::replay_log),
    ];
    for (name, target) in targets {
        let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fuzz/corpus").join(name);
        let mut inputs: Vec<_> =
            std::fs::read_dir(corpus).unwrap().map(|entry| entry.unwrap().path()).collect();
        inputs.sort();
        assert!(inputs.len() > 5, "{name}: {} inputs", inputs.len());
        for input in &inputs {
            let bytes = std::fs::read(input).unwrap();
            // Told where it fails.
            println!("{name}: {}", input.display());
            target(&bytes);
        }
        println!("{name}: {} inputs", inputs.len());
    }
}
