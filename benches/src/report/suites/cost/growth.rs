//! A memory that is written on and on.

use std::time::Instant;

use glam_memory::Memory;

use super::Failure;
use super::rows::{Shape, micros};
use crate::memories::memory_bytes;
use crate::report::{Found, Point};

/// Rows that are generated, then timed, at once.
const ROWS: usize = 1000;
/// Cues are rows that far behind the first.
const BEHIND: usize = 1 << 30;
/// Cues that are read each time.
const CUES: usize = 2000;
/// What is learned later may not spoil what was: a tenth for the noise of so many cues.
const WORSE: f64 = 1.1;

/// The name of the figure that says after how many rows the error had grown, where it had.
pub(super) const SPOILED: &str = "error grew at row";

/// The name of the figure that says what a read took after so many rows.
pub(super) fn read_name(rows: f64) -> String {
    format!("read us at {rows}")
}

/// Writes so many rows, and at 1, 2 and 5 times each power of ten says what a write took on the mean since
/// the place before, and what a read takes of a cue that was not written.
pub(super) fn measure(shape: Shape, rows: usize) -> Result<Found, Failure> {
    let stream = shape.stream();
    let cues = stream.rows(BEHIND, CUES);
    let outputs = cues.first().map_or(1, |(_, y)| y.len());
    let memory = Memory::builder(shape.inputs).targets(outputs).in_memory()?;
    let mut found = Found::default().set("defaults, in memory, one thread");
    let (mut written, mut all, mut since, mut start_of_slice) = (0, 0.0, 0.0, 0);
    let (mut before, mut spoiled) = (f64::INFINITY, None);
    for stop in stops(rows) {
        while written < stop {
            let part = stream.rows(written, ROWS.min(stop - written));
            let start = Instant::now();
            for (x, y) in &part {
                memory.write(x, y)?;
            }
            since += start.elapsed().as_secs_f64();
            written += part.len();
        }
        all += since;
        let measure = 1e6 * since / (stop - start_of_slice) as f64;
        found.points.push(Point { rows: stop as f64, seconds: all, measure });
        (since, start_of_slice) = (0.0, stop);
        let (read, error) = read(&memory, &cues, outputs)?;
        // Said beside what was measured, which a run of hours is not to lose.
        if error > WORSE * before && spoiled.is_none() {
            spoiled = Some(stop);
        }
        before = error;
        found = found.with(&read_name(stop as f64), read).with("rmse", error);
    }
    let held = memory_bytes(&memory)?;
    let found = found.with("memory MB", held / 1e6).with("seconds", all);
    Ok(match spoiled {
        Some(rows) => found.with(SPOILED, rows as f64),
        None => found,
    })
}

/// 1,000, 2,000, 5,000 and so on up to `rows`.
fn stops(rows: usize) -> Vec<usize> {
    let decades = (0..).map(|power| 1000 * 10_usize.pow(power));
    let all = decades.flat_map(|decade| [1, 2, 5].map(|step| step * decade));
    all.take_while(|&stop| stop <= rows).collect()
}

/// Microseconds a read, and the error of all.
fn read(
    memory: &Memory,
    cues: &[(Vec<f32>, Vec<f32>)],
    outputs: usize,
) -> Result<(f64, f64), Failure> {
    let mut out = vec![0.0; outputs];
    let mut squares = 0.0;
    let read = micros(0..cues.len(), |cue| {
        let (x, y) = &cues[cue];
        memory.read_into(x, &mut out)?;
        squares += out.iter().zip(y).map(|(out, y)| f64::from(out - y).powi(2)).sum::<f64>();
        Ok(())
    })?;
    Ok((read, (squares / (cues.len() * outputs) as f64).sqrt()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_at_one_two_and_five() {
        assert_eq!(stops(20_000), [1000, 2000, 5000, 10_000, 20_000]);
        assert_eq!(stops(999), Vec::<usize>::new());
    }
}
