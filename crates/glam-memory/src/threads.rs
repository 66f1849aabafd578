//! The threads that a memory may work on where work can be shared out.

use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use glam_core::{Scratch, Workers};
use ndarray::{Array2, ArrayView2, Axis};
use parking_lot::Mutex;

use crate::error::Result;

/// Rows that a thread takes at a time: enough that taking them costs nothing, few enough that all
/// threads end at about the same time.
const ROWS: usize = 32;

/// How many threads at most.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Threads {
    count: usize,
}

impl Threads {
    /// `count` threads, or as many as there are cores where it is 0.
    pub(crate) fn new(count: usize) -> Self {
        let cores = || thread::available_parallelism().map_or(1, NonZeroUsize::get);
        Self { count: if count == 0 { cores() } else { count } }
    }

    /// Fills a row of `columns` numbers for each row of `x`; the first row that fails says how. `fill` gets
    /// a scratch that others do not use meanwhile.
    pub(crate) fn rows(
        &self,
        x: ArrayView2<'_, f32>,
        columns: usize,
        fill: impl Fn(&[f32], &mut Scratch, &mut [f32]) -> Result<()> + Sync,
    ) -> Result<Array2<f32>> {
        let scratches = Mutex::new(Vec::<Scratch>::new());
        // The first part that failed: later ones need not be filled.
        let failed = AtomicUsize::new(usize::MAX);
        let part = |number: usize| -> Result<Vec<f32>> {
            let rows = number * ROWS..((number + 1) * ROWS).min(x.nrows());
            let mut scratch = scratches.lock().pop().unwrap_or_default();
            let mut cue = Vec::with_capacity(x.ncols());
            let mut filled = vec![0.0; rows.len() * columns];
            for (place, row) in rows.enumerate() {
                cue.clear();
                cue.extend(x.row(row));
                fill(&cue, &mut scratch, &mut filled[place * columns..(place + 1) * columns])?;
            }
            scratches.lock().push(scratch);
            Ok(filled)
        };
        let parts: Vec<Mutex<Option<Result<Vec<f32>>>>> =
            (0..x.nrows().div_ceil(ROWS)).map(|_| Mutex::new(None)).collect();
        self.run(parts.len(), &|number| {
            if number < failed.load(Ordering::Relaxed) {
                let filled = part(number);
                if filled.is_err() {
                    failed.fetch_min(number, Ordering::Relaxed);
                }
                *parts[number].lock() = Some(filled);
            }
        });
        let mut out = Array2::zeros((x.nrows(), columns));
        for (part, mut to) in parts.into_iter().zip(out.axis_chunks_iter_mut(Axis(0), ROWS)) {
            // Only a part behind one that failed was left out, and that one returns here.
            if let Some(filled) = part.into_inner() {
                to.iter_mut().zip(filled?).for_each(|(to, from)| *to = from);
            }
        }
        Ok(out)
    }
}

impl Workers for Threads {
    fn run(&self, count: usize, task: &(dyn Fn(usize) + Sync)) {
        let next = AtomicUsize::new(0);
        let work = || {
            loop {
                let number = next.fetch_add(1, Ordering::Relaxed);
                if number >= count {
                    return;
                }
                task(number);
            }
        };
        thread::scope(|scope| {
            for _ in 1..self.count.min(count) {
                // Where the system gives no more threads, those that there are do all the work.
                if thread::Builder::new().spawn_scoped(scope, work).is_err() {
                    break;
                }
            }
            work();
        });
    }
}
