//! Appending allocates nothing.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

use glam_core::{Config, Label, Target, Targets};
use glam_store::Store;

thread_local! {
    static ALLOCATIONS: Cell<usize> = const { Cell::new(0) };
}

struct Counting;

// SAFETY: every call is handed to the system's allocator as it came; counting touches a thread
// local that needs no allocation and no destructor.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ALLOCATIONS.set(ALLOCATIONS.get() + 1);
        // SAFETY: the caller keeps the contract of `alloc`.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: the caller keeps the contract of `dealloc`.
        unsafe { System.dealloc(pointer, layout) }
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, bytes: usize) -> *mut u8 {
        ALLOCATIONS.set(ALLOCATIONS.get() + 1);
        // SAFETY: the caller keeps the contract of `realloc`.
        unsafe { System.realloc(pointer, layout, bytes) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

#[test]
fn appending_and_flushing_allocate_nothing() {
    let temporary = tempfile::tempdir().unwrap();
    let numbers = temporary.path().join("numbers");
    let labels = temporary.path().join("labels");
    let config = |targets| Config::builder(300, targets).build().unwrap();
    let (mut numbers, _) = Store::create(&numbers, config(Targets::Numbers(2))).unwrap();
    let (mut labels, _) = Store::create(&labels, config(Targets::Labels)).unwrap();
    let (x, y) = ([0.5; 300], [1.0, 2.0]);
    let before = ALLOCATIONS.get();
    // More than the buffer holds, so that it is handed over many times.
    for sequence in 1..=5000 {
        let weight = 0.5 + (sequence % 2) as f32;
        numbers.append(sequence, &x, Target::Numbers(&y), weight).unwrap();
        let label = match sequence % 2 {
            0 => Label::Text("somewhere"),
            _ => Label::Integer(-(sequence as i64)),
        };
        labels.append(sequence, &x, label.into(), weight).unwrap();
    }
    numbers.flush().unwrap();
    labels.flush().unwrap();
    assert_eq!(ALLOCATIONS.get(), before);
}
