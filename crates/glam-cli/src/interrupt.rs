//! Ctrl-C. Other signals end the program at once, which a memory survives like any crash.

use std::sync::atomic::{AtomicU8, Ordering};

use crate::error::INTERRUPTED;
use crate::message::say;

/// Nothing is being written.
const IDLE: u8 = 0;
/// Rows are being written.
const WRITING: u8 = 1;
/// Ctrl-C came while rows were being written.
const ASKED: u8 = 2;

static STATE: AtomicU8 = AtomicU8::new(IDLE);

/// Listens for Ctrl-C. While nothing is being written, it ends the program; after
/// [`start_writing`] the first one is for [`is_asked`], and only a second ends the program.
pub(crate) fn listen() {
    let listening = ctrlc::set_handler(|| {
        if STATE.compare_exchange(WRITING, ASKED, Ordering::SeqCst, Ordering::SeqCst).is_ok() {
            return;
        }
        if STATE.load(Ordering::SeqCst) == IDLE {
            say("interrupted; nothing was written");
        } else {
            say("interrupted again; rows that were not on the disk yet are lost");
        }
        std::process::exit(INTERRUPTED.into());
    });
    // Without a handler Ctrl-C ends the program at once, and the memory survives that too.
    drop(listening);
}

/// From now on Ctrl-C is to be asked for.
pub(crate) fn start_writing() {
    STATE.store(WRITING, Ordering::SeqCst);
}

/// True where Ctrl-C asked to stop.
pub(crate) fn is_asked() -> bool {
    STATE.load(Ordering::SeqCst) == ASKED
}
