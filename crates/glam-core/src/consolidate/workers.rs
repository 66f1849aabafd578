//! Who does the work: this crate starts no threads, so the caller may lend some.

/// Runs independent tasks, on as many threads as it likes. Results do not depend on how many: what
/// is summed is cut into pieces by the data alone and added in one order.
///
/// ```
/// use glam_core::{Serial, Workers};
/// use std::sync::atomic::{AtomicUsize, Ordering};
///
/// let sum = AtomicUsize::new(0);
/// Serial.run(4, &|task| {
///     sum.fetch_add(task, Ordering::Relaxed);
/// });
/// assert_eq!(sum.into_inner(), 6);
/// ```
pub trait Workers: Sync {
    /// Calls `task` once with every number from 0 to `count` - 1 and returns when all are done.
    fn run(&self, count: usize, task: &(dyn Fn(usize) + Sync));
}

/// One task after the other, on the caller's thread.
#[derive(Debug, Clone, Copy, Default)]
pub struct Serial;

impl Workers for Serial {
    fn run(&self, count: usize, task: &(dyn Fn(usize) + Sync)) {
        (0..count).for_each(task);
    }
}

/// What every task gave, in the order of their numbers.
pub(crate) fn collect<T: Send>(
    workers: &dyn Workers,
    count: usize,
    task: impl Fn(usize) -> T + Sync,
) -> Vec<T> {
    let results: Vec<std::sync::Mutex<Option<T>>> =
        (0..count).map(|_| std::sync::Mutex::new(None)).collect();
    workers.run(count, &|number| {
        let result = task(number);
        if let Some(slot) = results.get(number)
            && let Ok(mut slot) = slot.lock()
        {
            *slot = Some(result);
        }
    });
    results.into_iter().filter_map(|slot| slot.into_inner().ok().flatten()).collect()
}

/// What every task gave, in the order of the items, each of which one task takes.
pub(crate) fn deal<I: Send, T: Send>(
    workers: &dyn Workers,
    items: impl Iterator<Item = I>,
    task: impl Fn(usize, I) -> T + Sync,
) -> Vec<T> {
    let items: Vec<_> = items.map(|item| std::sync::Mutex::new(Some(item))).collect();
    let results = collect(workers, items.len(), |number| {
        let item = items[number].lock().ok().and_then(|mut item| item.take());
        item.map(|item| task(number, item))
    });
    results.into_iter().flatten().collect()
}

/// Cuts slices of one length into parts of `lengths`, abreast.
pub(crate) fn cut<const N: usize>(
    mut wholes: [&mut [f32]; N],
    lengths: impl Iterator<Item = usize>,
) -> impl Iterator<Item = [&mut [f32]; N]> {
    lengths.map(move |length| {
        wholes.each_mut().map(|whole| {
            let rest = std::mem::take(whole);
            let (part, rest) = rest.split_at_mut(length.min(rest.len()));
            *whole = rest;
            part
        })
    })
}
