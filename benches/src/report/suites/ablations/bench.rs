//! The trials.

use std::cell::RefCell;
use std::rc::Rc;
use std::time::Instant;

use glam_memory::{Builder, Flow, Memory, Options, Picks};

use super::changes::Change;
use super::sets::{SEEDS, Set};
use super::{Failure, ID};
use crate::data::{Dataset, Targets};
use crate::memories::{builder, measure, memory_bytes, recall, write_row};
use crate::report::{Found, Key, ReportError, Runner};

/// Rows of labels after which a memory by default is warm, and has met most of them.
const MET: usize = 1025;

/// Measures every change on every set of the plan.
///
/// # Errors
///
/// Returns an error if the file of trials cannot be written.
pub fn run(runner: &mut Runner) -> Result<(), ReportError> {
    let plan = runner.plan();
    for &set in Set::of(plan) {
        let read = Read::default();
        for change in set.changes() {
            for &seed in plan.pick(&SEEDS[..1], set.seeds_of(change)) {
                let (number, memory_seed) = set.drawn(seed);
                let key = Key::new(ID, "", &set.name(), &change.name(), seed);
                runner.trial(key, || {
                    let (rows, picks) = &*read.get(number, || set.read(number))?;
                    found(rows, set.tables(), change, picks, memory_seed)
                })?;
            }
        }
    }
    Ok(())
}

/// Rows, and what a memory picks on them.
type Rows = Rc<(Dataset, Picks)>;

/// Those that were read, by their number.
#[derive(Default)]
struct Read(RefCell<Vec<(u64, Rows)>>);

impl Read {
    fn get(
        &self,
        number: u64,
        read: impl FnOnce() -> Result<Dataset, Failure>,
    ) -> Result<Rows, Failure> {
        if let Some((_, rows)) = self.0.borrow().iter().find(|(known, _)| *known == number) {
            return Ok(Rc::clone(rows));
        }
        let set = read()?;
        let picks = picks(&set)?;
        let rows = Rc::new((set, picks));
        self.0.borrow_mut().push((number, Rc::clone(&rows)));
        Ok(rows)
    }
}

/// What a memory with default settings picks by itself.
pub(super) fn picks(set: &Dataset) -> Result<Picks, Failure> {
    let memory = builder(set).in_memory()?;
    // With numbers it picks at the first write; labels move its picks as they are met.
    let rows = if matches!(set.train_y, Targets::Values(_)) { 1 } else { MET };
    (0..set.train_x.nrows().min(rows)).try_for_each(|row| write_row(&memory, set, row))?;
    Ok(memory.inspect()?.report.picks.ok_or("there are no rows")?)
}

/// One pass over the training rows, one write at a time, and what is then recalled at the test rows. Of so
/// many `tables` where they are given, which the change may overrule.
pub(super) fn found(
    set: &Dataset,
    tables: Option<usize>,
    change: Change,
    picks: &Picks,
    seed: u64,
) -> Result<Found, Failure> {
    let builder = builder(set).seed(seed);
    let builder = tables.into_iter().fold(builder, Builder::tables);
    let builder = change.apply(builder, set.train_x.ncols(), picks)?;
    let temporary = tempfile::tempdir()?;
    let memory = match change.is_on_top() {
        true => builder.create(temporary.path().join("memory"))?,
        false => builder.in_memory()?,
    };
    let start = Instant::now();
    (0..set.train_x.nrows()).try_for_each(|row| write_row(&memory, set, row))?;
    let written = start.elapsed().as_secs_f64();
    consolidate(&memory, change)?;
    let seconds = start.elapsed().as_secs_f64();
    let (name, value) = measure(set, recall(&memory, set)?.view());
    if !value.is_finite() {
        return Err(format!("{name} is not a number").into());
    }
    Ok(Found::default()
        .with(name, value)
        .with("seconds", seconds)
        .with("seconds of writing", written)
        .with("MB", memory_bytes(&memory)? / 1e6)
        .set(setting(&memory)?))
}

fn consolidate(memory: &Memory, change: Change) -> Result<(), Failure> {
    let go_on = |_: &glam_memory::Progress<'_>| Flow::Continue;
    match change {
        Change::AsItIs(regates) => {
            memory.consolidate(Options { regates, as_it_is: true }, &go_on)?;
        }
        Change::Consolidated => {
            memory.consolidate(Options::default(), &go_on)?;
        }
        Change::ForRecall => {
            memory.consolidate_for_recall(&go_on)?;
        }
        _ => {}
    }
    Ok(())
}

/// What the memory works with, in words.
fn setting(memory: &Memory) -> Result<String, Failure> {
    let report = memory.inspect()?.report;
    let picks = report.picks.ok_or("there are no rows")?;
    let deals: Vec<String> = picks
        .deals
        .iter()
        .map(|deal| {
            let inputs = deal.family.inputs().map_or(String::new(), |inputs| format!(" {inputs}"));
            let levels: Vec<String> = deal.levels.iter().map(u8::to_string).collect();
            format!("{}{inputs} at level {}", deal.family.name(), levels.join(" and "))
        })
        .collect();
    let Picks { tables, view, .. } = picks;
    Ok(format!("{tables} tables, view {view}, {}, {} slots", deals.join(", "), report.slots))
}
