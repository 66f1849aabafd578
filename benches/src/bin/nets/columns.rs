//! What leaving columns out saves.

use std::error::Error;
use std::hint::black_box;

use glam_benches::nets::{Draws, Rows, random_net};
use glam_benches::timing::{median, seconds};
use glam_memory::core::net::{Activation, Activations};

use super::Arguments;

/// Inputs and sums of the layers.
const LAYERS: [[usize; 2]; 3] = [[784, 256], [256, 256], [1024, 1024]];
/// Percent of inputs that are not 0.
const ACTIVE: [u32; 4] = [5, 10, 50, 100];
/// Instead of 0, for a column that is to be added: the products are so small that no sum changes by
/// even its last bit, and large enough that they are normal numbers.
const NEARLY_0: f32 = 1e-30;
/// Reads of a round.
const READS: usize = 200;

pub(super) fn run(arguments: &Arguments) -> Result<(), Box<dyn Error>> {
    println!(
        "{:<12} {:>7} {:>9} {:>9} {:>9} {:>7} {:>9}",
        "columns", "active", "rows", "dense", "sparse", "saved", "sums"
    );
    let mut activations = Activations::default();
    for [inputs, sums] in LAYERS {
        let net = random_net(&[inputs, sums], Activation::Relu, 1)?;
        let rows = Rows::new(&net.layers()[0]);
        for percent in ACTIVE {
            let mut draws = Draws::new(u64::from(percent));
            let share = f64::from(percent) / 100.0;
            let sparse: Vec<Vec<f32>> = draws
                .cues(inputs, 16)
                .into_iter()
                .map(|x| {
                    let keep = |x: f32| if draws.happens(share) { x } else { 0.0 };
                    x.into_iter().map(keep).collect()
                })
                .collect();
            let fill = |&x: &f32| if x == 0.0 { NEARLY_0 } else { x };
            let dense: Vec<Vec<f32>> =
                sparse.iter().map(|x| x.iter().map(fill).collect()).collect();
            let padded: Vec<Vec<f32>> = sparse.iter().map(|x| rows.pad(x)).collect();
            let mut out = vec![0.0; sums];
            for ((sparse, dense), padded) in sparse.iter().zip(&dense).zip(&padded) {
                net.logits(sparse, &mut activations)?;
                let bits = |values: &[f32]| values.iter().map(|v| v.to_bits()).collect::<Vec<_>>();
                let expected = activations.values().to_vec();
                net.logits(dense, &mut activations)?;
                if bits(&expected) != bits(activations.values()) {
                    return Err("leaving columns out changes a bit".into());
                }
                rows.read(padded, &mut out);
                let far = |(one, other): (&f32, &f32)| (one - other).abs() > 1e-3;
                if out.iter().zip(&expected).any(far) {
                    return Err("rows give something else than columns".into());
                }
            }
            let mut turns = [const { Vec::new() }; 3];
            let mut result = Ok(());
            for _ in 0..arguments.rounds {
                let each = |cues: &[Vec<f32>], read: &mut dyn FnMut(&[f32])| {
                    let times = cues.iter().cycle().take(READS);
                    seconds(|| times.for_each(|x| read(black_box(x)))) / READS as f64
                };
                turns[0].push(each(&padded, &mut |x| rows.read(x, black_box(&mut out))));
                let mut own = |x: &[f32]| {
                    if let Err(error) = net.logits(x, &mut activations) {
                        result = Err(error);
                    }
                };
                turns[1].push(each(&dense, &mut own));
                turns[2].push(each(&sparse, &mut own));
            }
            result?;
            let [by_rows, dense, sparse] = turns.map(|times| 1e6 * median(&times));
            println!(
                "{:<12} {percent:>6}% {by_rows:>9.2} {dense:>9.2} {sparse:>9.2} {:>7.2} {:>9}",
                format!("{inputs}x{sums}"),
                dense / sparse,
                "equal"
            );
        }
    }
    println!("\nMicroseconds a read.");
    Ok(())
}
