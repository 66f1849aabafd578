//! The threads that a memory may work on where work can be shared out.

use std::num::NonZeroUsize;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use glam_core::Workers;
use ndarray::{Array2, ArrayView2};

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

    /// Fills a row of `columns` numbers for each row of `x`. `each` makes what fills the rows of one
    /// part, one row after the other; the first row that fails says how.
    pub(crate) fn rows<F>(
        &self,
        x: ArrayView2<'_, f32>,
        columns: usize,
        each: impl Fn() -> F + Sync,
    ) -> Result<Array2<f32>>
    where
        F: FnMut(&[f32], &mut [f32]) -> Result<()>,
    {
        let part = |number: usize| -> Result<Vec<f32>> {
            let rows = number * ROWS..((number + 1) * ROWS).min(x.nrows());
            let (mut fill, mut cue) = (each(), Vec::with_capacity(x.ncols()));
            let mut filled = vec![0.0; rows.len() * columns];
            for (place, row) in rows.enumerate() {
                cue.clear();
                cue.extend(x.row(row));
                fill(&cue, &mut filled[place * columns..(place + 1) * columns])?;
            }
            Ok(filled)
        };
        let parts: Vec<Mutex<Option<Result<Vec<f32>>>>> =
            (0..x.nrows().div_ceil(ROWS)).map(|_| Mutex::new(None)).collect();
        self.run(parts.len(), &|number| {
            let filled = part(number);
            if let Ok(mut part) = parts[number].lock() {
                *part = Some(filled);
            }
        });
        let mut out = Array2::zeros((x.nrows(), columns));
        let mut rows = out.rows_mut().into_iter();
        // Every part was filled: `run` returns after all were worked on.
        for part in parts.into_iter().filter_map(|part| part.into_inner().ok().flatten()) {
            // The part's rows first: a row of `out` is taken only where there is one to fill it.
            for (from, mut to) in part?.chunks_exact(columns.max(1)).zip(rows.by_ref()) {
                to.iter_mut().zip(from).for_each(|(to, &from)| *to = from);
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
                scope.spawn(work);
            }
            work();
        });
    }
}
