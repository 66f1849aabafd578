//! The least that a read and a write could take: a loop that knows beforehand which slots they touch.

use std::hint::black_box;

use glam_memory::core::{Config, Model, Scratch, Target, Targets as Learned};

use super::Failure;
use super::rows::row;
use crate::data::{Dataset, Targets};
use crate::floors::Slots;
use crate::report::Found;
use crate::timing::seconds;

/// Rounds of which the shortest counts.
const ROUNDS: usize = 7;

/// The loops over the slots that reads of the cues, and writes of the last rows, touch.
pub(super) fn measure(set: &Dataset) -> Result<Found, Failure> {
    let learned = match &set.train_y {
        Targets::Values(values) => Learned::Numbers(u32::try_from(values.ncols())?),
        Targets::Labels { .. } => Learned::Labels,
    };
    let rows = set.train_x.nrows();
    let mut model = Model::new(Config::builder(set.train_x.ncols(), learned).build()?);
    for at in 0..rows {
        let x = row(&set.train_x, at)?;
        match &set.train_y {
            Targets::Values(values) => model.write(x, row(values, at)?.into())?,
            Targets::Labels { labels, names } => {
                let name = names[labels[at] as usize].as_str();
                model.write(x, Target::Label(name.into()))?
            }
        };
    }
    let mut scratch = Scratch::default();
    let mut places = |x, rows: std::ops::Range<usize>| -> Result<Vec<u32>, Failure> {
        let mut places = Vec::new();
        for at in rows {
            let explanation = model.recall().explain(row(x, at)?, &mut scratch)?;
            places.extend(explanation.active.iter().map(|active| active.slot));
        }
        Ok(places)
    };
    let cues = set.test_x.nrows();
    let read = places(&set.test_x, 0..cues)?;
    let last = rows.saturating_sub(cues);
    let written = places(&set.train_x, last..rows)?;

    let state = model.state();
    let slots = state.keys.len();
    let mut maps = Slots::new(state.weights.to_vec()?, slots);
    let mut covariances = Slots::new(state.covariances.to_vec()?, slots);
    let each = |count: usize, work: &mut dyn FnMut()| {
        let least = (0..ROUNDS).map(|_| seconds(&mut *work)).fold(f64::INFINITY, f64::min);
        1e6 * least / count.max(1) as f64
    };
    let read_us = each(cues, &mut || {
        black_box(maps.sum(&read));
    });
    let write_us = each(rows - last, &mut || {
        covariances.scale(&written, black_box(1.0));
        maps.scale(&written, black_box(1.0));
    });
    let active = written.len() as f64 / (rows - last).max(1) as f64;
    Ok(Found::default()
        .with("write us", write_us)
        .with("read us", read_us)
        .with("slots a row", active)
        .with("KB a read", active * maps.bytes() as f64 / 1e3)
        .with("KB a write", active * (maps.bytes() + covariances.bytes()) as f64 / 1e3)
        .set(format!("{slots} slots, {active:.0} of them a row; memory traffic alone")))
}
