//! Slots: the table from keys to slot numbers, and the arenas that hold their floats.

mod arena;
mod changes;
mod lent;
mod table;

use std::fmt::Debug;

use bytemuck::{Pod, Zeroable};

use crate::error::{Error, Result};

pub use arena::{Arena, Slots};
pub use changes::Changes;
pub(crate) use changes::Marks;
pub use table::{FixedState, Key};
pub(crate) use table::{SlotTable, table_bytes};

/// The most slots of one memory.
pub const MAX_SLOTS: usize = 1 << 28;

/// Sixteen floats on a 64-byte boundary: the unit in which arenas and files hold slots, so that a
/// slot never shares a cache line with another.
#[derive(Debug, Clone, Copy, PartialEq, Default, Pod, Zeroable)]
#[repr(C, align(64))]
pub struct Line(pub [f32; 16]);

/// Floats in a [`Line`].
pub const LINE_FLOATS: usize = 16;

/// How many lines hold `floats` floats.
pub(crate) fn lines_for(floats: usize) -> usize {
    floats.div_ceil(LINE_FLOATS)
}

/// Where slots' floats are kept: a memory's own arena, or a mapped file.
pub trait SlotLines: Debug + Send + Sync {
    /// The lines of slot number `slot`. What was given once is given again, with the same bits, for
    /// as long as this is borrowed or, under an arena, stands: a write looks at the slots that it
    /// needs before it changes anything, and counts on them from then on.
    ///
    /// # Errors
    /// [`Error::DamagedSlot`] where the bytes of a file do not match their checksum;
    /// [`Error::Damaged`] where there is no such slot, or it fails [`check_slot_floats`].
    fn slot(&self, slot: u32) -> Result<&[Line]>;

    /// Asks for a slot's first lines to be brought near, as a read of it is coming up. A hint:
    /// doing nothing is right, and so is a slot that does not exist.
    #[inline(always)]
    fn prefetch(&self, slot: u32) {
        let _ = slot;
    }
}

/// Fails where a float of slot number `slot`, of which `lines` are the lines, is not finite: no
/// memory saves such a one. For what implements [`SlotLines`] over bytes that it did not make, at the
/// first look at a slot. Costs one pass over the lines.
///
/// # Errors
/// [`Error::Damaged`], with the byte counted from the start of slot 0.
pub fn check_slot_floats(slot: u32, lines: &[Line]) -> Result<()> {
    // Without a way out in a line, eight floats are looked at in one step.
    let is_finite = |line: &Line| line.0.iter().fold(true, |all, float| all & float.is_finite());
    match lines.iter().position(|line| !is_finite(line)) {
        None => Ok(()),
        Some(line) => Err(Error::Damaged {
            what: "a slot holds a number that is not finite",
            at: (slot as usize * lines.len() + line) * size_of::<Line>(),
        }),
    }
}
