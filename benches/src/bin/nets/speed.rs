//! Look-ups against the forward pass.

use std::error::Error;
use std::hint::black_box;
use std::sync::Arc;

use glam_benches::data::{HoldOut, ROBOT_ARM_INPUT_COUNT, robot_arm};
use glam_benches::nets::{Draws, random_net};
use glam_benches::timing::{median, seconds};
use glam_memory::core::net::{Activation, Activations, Compiled, Keys, Net, NetError};
use ndarray::Array2;

use super::{Arguments, given};

/// Cues that come again.
const AGAIN: usize = 16;

pub(super) fn run(arguments: &Arguments) -> Result<(), Box<dyn Error>> {
    println!(
        "{:<32} {:<7} {:>5} {:>9} | keys of a forward pass {:>12} | keys by path",
        "", "", "", "", ""
    );
    println!(
        "{:<32} {:<7} {:>5} {:>9} | {:>6} {:>6} {:>9} {:>8} | {:>6} {:>6} {:>9} {:>8}",
        "speed",
        "stream",
        "cues",
        "forward",
        "hits",
        "slots",
        "look-up",
        "ratio",
        "hits",
        "slots",
        "look-up",
        "ratio"
    );
    if let Some((net, cues)) = given(arguments)? {
        return measure(&Arc::new(net), vec![("data", cues)], arguments);
    }
    let arm = arm()?;
    for &inputs in &arguments.inputs {
        for &width in &arguments.widths {
            for &depth in &arguments.depths {
                let mut sizes = vec![inputs as usize];
                sizes.extend((0..depth).map(|_| width as usize));
                sizes.push(arguments.outputs as usize);
                let net = Arc::new(random_net(&sizes, Activation::Relu, 1)?);
                // From the middle of the first run on, where it moves.
                let rows = arm.rows().into_iter().skip(500).map(|row| row.to_vec());
                let more = match inputs as usize {
                    ROBOT_ARM_INPUT_COUNT => {
                        vec![("arm", rows.take(arguments.cues as usize).collect())]
                    }
                    _ => Vec::new(),
                };
                measure(&net, more, arguments)?;
            }
        }
    }
    println!("\nMicroseconds a cue, with what is composed and stored; hits in percent.");
    Ok(())
}

/// The robot arm's states one after another, each input of mean 0 and spread 1.
fn arm() -> Result<Array2<f32>, Box<dyn Error>> {
    let mut rows = robot_arm(&HoldOut::EveryFifthRun)?.dataset.train_x;
    for mut column in rows.columns_mut() {
        let count = column.len() as f32;
        let mean = column.sum() / count;
        let spread = (column.iter().map(|x| (x - mean).powi(2)).sum::<f32>() / count).sqrt();
        column.mapv_inplace(|x| (x - mean) / spread.max(f32::MIN_POSITIVE));
    }
    Ok(rows)
}

/// Measures the streams that every net has, and `more`.
fn measure(
    net: &Arc<Net>,
    more: Vec<(&str, Vec<Vec<f32>>)>,
    arguments: &Arguments,
) -> Result<(), Box<dyn Error>> {
    let inputs = net.inputs();
    let count = arguments.cues(net);
    let few = Draws::new(4).cues(inputs, AGAIN);
    let mut streams = vec![
        ("random", Draws::new(2).cues(inputs, count)),
        ("walk", Draws::new(3).walk(inputs, count, arguments.step)),
        ("again", (0..count.max(AGAIN)).map(|cue| few[cue % AGAIN].clone()).collect()),
    ];
    streams.extend(more.into_iter().filter(|(_, cues)| !cues.is_empty()));
    streams.iter_mut().for_each(|(_, cues)| cues.truncate(count.max(AGAIN)));
    for (name, cues) in streams {
        let mut turns = [const { Vec::new() }; 3];
        let mut found = [(0.0, 0); 2];
        for _ in 0..arguments.rounds {
            let mut activations = Activations::default();
            let mut out = vec![0.0; net.outputs()];
            let forward = |x: &[f32]| net.forward(x, &mut activations, &mut out);
            turns[0].push(timed(&cues, forward)?);
            for (turn, keys) in [Keys::Forward, Keys::Path].into_iter().enumerate() {
                let mut compiled = Compiled::new(net.clone(), keys, arguments.max_bytes());
                if arguments.second_time {
                    compiled = compiled.second_time();
                }
                if name == "again" {
                    few.iter().try_for_each(|x| compiled.store(x).map(|_| ()))?;
                }
                turns[turn + 1].push(timed(&cues, |x| compiled.read(x, &mut out).map(|_| ()))?);
                let lookups = compiled.lookups();
                found[turn] = (100.0 * lookups.hits as f64 / cues.len() as f64, lookups.slots);
            }
        }
        let [forward, first, second] = turns.map(|times| 1e6 * median(&times));
        print!("{:<32} {name:<7} {:>5} {forward:>9.2}", net.sizes(), cues.len());
        for (time, (hits, slots)) in [first, second].into_iter().zip(found) {
            print!(" | {hits:>6.1} {slots:>6} {time:>9.2} {:>8.2}", time / forward);
        }
        println!();
    }
    Ok(())
}

/// Seconds a cue.
fn timed(
    cues: &[Vec<f32>],
    mut read: impl FnMut(&[f32]) -> Result<(), NetError>,
) -> Result<f64, NetError> {
    let mut result = Ok(());
    let time = seconds(|| result = cues.iter().try_for_each(|x| black_box(read(x))));
    result.map(|()| time / cues.len() as f64)
}
