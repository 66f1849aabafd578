//! The threads that a memory may work on where work can be shared out.

use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use glam_core::{Scratch, Workers};
use ndarray::{Array2, ArrayView2, Axis};
use parking_lot::Mutex;

use crate::error::{Error, Result};

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
        let mut out = Array2::zeros((x.nrows(), columns));
        let parts: Vec<_> = out.axis_chunks_iter_mut(Axis(0), ROWS).map(Mutex::new).collect();
        let scratches = Mutex::new(Vec::<Scratch>::new());
        // The first part that failed so far, and how; later ones need not be filled.
        let failed = Mutex::new(None::<(usize, Error)>);
        self.run(parts.len(), &|number| {
            if failed.lock().as_ref().is_some_and(|(first, _)| *first < number) {
                return;
            }
            let mut scratch = scratches.lock().pop().unwrap_or_default();
            let mut cue = Vec::with_capacity(x.ncols());
            let mut part = parts[number].lock();
            let mut rows = part.rows_mut().into_iter().enumerate();
            let result = rows.try_for_each(|(place, out)| {
                cue.clear();
                cue.extend(x.row(number * ROWS + place));
                // Rows of a new array are slices.
                fill(&cue, &mut scratch, out.into_slice().unwrap_or_default())
            });
            scratches.lock().push(scratch);
            if let Err(error) = result {
                let mut failed = failed.lock();
                if failed.as_ref().is_none_or(|(first, _)| number < *first) {
                    *failed = Some((number, error));
                }
            }
        });
        drop(parts);
        failed.into_inner().map_or(Ok(out), |(_, error)| Err(error))
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
