//! Arenas: the blocks of memory that hold slots' floats, or stand over a saved state that does.

use std::sync::Arc;

use super::lent::Lent;
use super::{Line, Marks, SlotLines, check_slot_floats};
use crate::error::{Error, Result};
use crate::kernel::simd::prefetch;

/// Lines that are asked for ahead; the machine's own prefetcher follows longer slots by itself.
const PREFETCH_LINES: usize = 20;

/// A memory's own slots: one contiguous block, all equally long, slot i at place i.
///
/// An arena may stand over a *base*, slots as they were saved. Then it *owns* those slots alone that
/// were changed since, or were about to be: a slot is copied into the block when it is first written to,
/// behind those that are there, and all others are read where they are. What is not owned takes four
/// bytes of memory a slot. Once all are owned they are put in order, and the base is let go.
///
/// It keeps a mark for every slot whose floats may have changed since it was last saved.
#[derive(Debug, Default)]
pub struct Arena {
    lines: Vec<Line>,
    stride: usize,
    /// `None` where every slot is owned.
    lent: Option<Lent>,
    changed: Marks,
}

impl Arena {
    /// An empty arena whose slots are `stride` lines long.
    pub(crate) fn new(stride: usize) -> Self {
        Self { stride, ..Self::default() }
    }

    /// An arena over `lines`, which must hold exactly `slots` slots. All of them count as changed.
    pub(crate) fn from_lines(lines: Vec<Line>, stride: usize, slots: usize) -> Result<Self> {
        if Some(lines.len()) == stride.checked_mul(slots) {
            Ok(Self { lines, stride, lent: None, changed: Marks::all(slots) })
        } else {
            Err(Error::Damaged { what: "the slots do not fill their file", at: lines.len() * 64 })
        }
    }

    /// An arena over `slots` slots in `base`, none of which counts as changed. Touches none.
    pub(crate) fn over(base: Arc<dyn SlotLines>, stride: usize, slots: usize) -> Self {
        if slots == 0 {
            return Self::new(stride);
        }
        let mut lines = Vec::new();
        // Memory that is not written to is not taken from the machine yet. Where it refuses, room is
        // made as slots come.
        let _ = lines.try_reserve_exact(slots.saturating_mul(stride));
        let lent = Some(Lent::new(base, slots));
        Self { lines, stride, lent, changed: Marks::none(slots) }
    }

    /// The lines of the slots that are owned: of all, slot 0 first, where there is no base.
    pub(crate) fn into_lines(self) -> Vec<Line> {
        self.lines
    }

    /// Slots there are, owned or not.
    pub(crate) fn len(&self) -> usize {
        match &self.lent {
            None => self.lines.len() / self.stride.max(1),
            Some(lent) => lent.slots(),
        }
    }

    pub(crate) fn stride(&self) -> usize {
        self.stride
    }

    /// Whether slots stand in a base.
    #[inline(always)]
    pub(crate) fn is_lent(&self) -> bool {
        self.lent.is_some()
    }

    /// The marks of what may have changed since it was last saved.
    pub(crate) fn changed(&self) -> &Marks {
        &self.changed
    }

    pub(crate) fn changed_mut(&mut self) -> &mut Marks {
        &mut self.changed
    }

    /// From now on what is not owned stands in `base`, which holds the same.
    pub(crate) fn rebase(&mut self, base: Arc<dyn SlotLines>) {
        if let Some(lent) = &mut self.lent {
            lent.rebase(base);
        }
    }

    /// Appends a slot of zeros and returns its floats.
    pub(crate) fn push(&mut self) -> &mut [f32] {
        let start = self.lines.len();
        if let Some(lent) = &mut self.lent {
            lent.push(start / self.stride.max(1));
        }
        self.changed.push();
        self.lines.resize(start + self.stride, Line::default());
        bytemuck::cast_slice_mut(&mut self.lines[start..])
    }

    /// Appends a copy of a slot of an arena without a base.
    pub(crate) fn push_copy(&mut self, slot: u32) {
        let start = slot as usize * self.stride;
        self.changed.push();
        self.lines.extend_from_within(start..start + self.stride);
    }

    /// Slot number i is what number `from`\[i\] is here, in an arena without a base.
    pub(crate) fn picked(&self, from: &[u32]) -> Self {
        let mut lines = Vec::with_capacity(from.len() * self.stride);
        for &slot in from {
            let start = slot as usize * self.stride;
            lines.extend_from_slice(&self.lines[start..start + self.stride]);
        }
        Self { lines, stride: self.stride, lent: None, changed: Marks::all(from.len()) }
    }

    /// The floats of a slot that is to be changed: copied out of the base where it stands there, and
    /// marked.
    ///
    /// # Errors
    /// Those of [`Arena::own`]; nothing was changed then.
    #[inline(always)]
    pub(crate) fn floats_mut(&mut self, slot: u32) -> Result<&mut [f32]> {
        let place = if self.lent.is_some() { self.own(slot)? } else { slot as usize };
        self.changed.set(slot);
        let start = place * self.stride;
        let lines = self.lines.get_mut(start..start + self.stride);
        lines.map(bytemuck::cast_slice_mut).ok_or_else(|| missing(start))
    }

    /// The floats of a slot.
    ///
    /// # Errors
    /// As [`SlotLines::slot`].
    #[inline(always)]
    pub(crate) fn floats(&self, slot: u32) -> Result<&[f32]> {
        self.slot(slot).map(bytemuck::cast_slice)
    }

    /// Fails where a slot cannot be owned; changes nothing.
    pub(crate) fn check(&self, slot: u32) -> Result<()> {
        match &self.lent {
            Some(lent) if lent.place(slot).is_none() => {
                check_slot_floats(slot, lent.slot(slot, self.stride)?)
            }
            _ => Ok(()),
        }
    }

    /// Copies a slot that stands in the base into the arena. It is the same slot: it is not marked.
    /// Gives where it stands. Allocates only where slots were added since the base was made.
    ///
    /// # Errors
    /// As [`SlotLines::slot`]; [`Error::NoMemory`].
    #[inline(never)]
    pub(crate) fn own(&mut self, slot: u32) -> Result<usize> {
        let Some(lent) = &mut self.lent else { return Ok(slot as usize) };
        if let Some(place) = lent.place(slot) {
            return Ok(place);
        }
        let floats = lent.slot(slot, self.stride)?;
        check_slot_floats(slot, floats)?;
        let (start, all) = (self.lines.len(), lent.slots() * self.stride);
        if start + self.stride > self.lines.capacity() {
            // Twice as many, and room for all of them at most.
            let more = start.max(8 * self.stride).min(all - start);
            let failed = |_| Error::NoMemory { bytes: (start + more) * size_of::<Line>() };
            self.lines.try_reserve_exact(more).map_err(failed)?;
        }
        self.lines.extend_from_slice(floats);
        let place = start / self.stride.max(1);
        lent.give(slot, place);
        if lent.left() > 0 {
            return Ok(place);
        }
        if let Some(lent) = self.lent.take() {
            lent.settle(&mut self.lines, self.stride);
        }
        Ok(slot as usize)
    }

    /// Copies every slot that stands in the base, which is let go.
    ///
    /// # Errors
    /// Those of [`Arena::own`]; the slots are the same then, some of them owned.
    pub(crate) fn own_all(&mut self) -> Result<()> {
        for slot in 0..self.len() as u32 {
            if self.lent.is_none() {
                break;
            }
            self.own(slot)?;
        }
        Ok(())
    }

    /// Makes every slot `stride` lines long, the new lines zero. Every slot is owned then, and marked.
    ///
    /// # Errors
    /// Those of [`Arena::own_all`].
    pub(crate) fn widen(&mut self, stride: usize) -> Result<()> {
        if stride <= self.stride {
            return Ok(());
        }
        self.own_all()?;
        let slots = self.len();
        let mut wide = vec![Line::default(); slots * stride];
        if self.stride > 0 {
            let narrow = self.lines.chunks_exact(self.stride);
            for (new, old) in wide.chunks_exact_mut(stride).zip(narrow) {
                new[..self.stride].copy_from_slice(old);
            }
        }
        (self.lines, self.stride) = (wide, stride);
        self.changed = Marks::all(slots);
        Ok(())
    }

    /// Before one more slot is added: makes room for twice as many, at most `limit`.
    pub(crate) fn grow(&mut self, limit: usize) {
        if self.lines.len() + self.stride > self.lines.capacity() {
            let slots = self.lines.len() / self.stride.max(1);
            let more = slots.max(8).min(limit.saturating_sub(slots));
            self.lines.reserve_exact(more * self.stride);
        }
    }

    /// Takes a slot out; the last one takes its number. Every slot is owned then.
    ///
    /// # Errors
    /// Those of [`Arena::own_all`].
    pub(crate) fn remove(&mut self, slot: u32) -> Result<()> {
        self.own_all()?;
        let start = slot as usize * self.stride;
        let last = self.lines.len() - self.stride;
        self.lines.copy_within(last.., start);
        self.lines.truncate(last);
        self.changed.set(slot);
        self.changed.pop();
        Ok(())
    }

    /// Gives back what is allocated beyond the slots.
    pub(crate) fn trim(&mut self) {
        self.lines.shrink_to(self.len() * self.stride);
        self.changed.trim();
    }

    /// Bytes of the slots that are owned, and of what says where they are.
    pub(crate) fn bytes(&self) -> usize {
        size_of_val(self.lines.as_slice()) + self.lent.as_ref().map_or(0, Lent::bytes)
    }

    /// The same as allocated.
    pub(crate) fn allocated(&self) -> usize {
        self.lines.capacity() * size_of::<Line>() + self.lent.as_ref().map_or(0, Lent::bytes)
    }
}

/// The error where a slot would begin at line `start`.
#[cold]
fn missing(start: usize) -> Error {
    Error::Damaged { what: "a slot is missing", at: start * size_of::<Line>() }
}

impl Clone for Arena {
    fn clone(&self) -> Self {
        let (stride, lent, changed) = (self.stride, self.lent.clone(), self.changed.clone());
        let mut lines = Vec::new();
        if lent.is_some() {
            // As in `Arena::over`.
            let _ = lines.try_reserve_exact(self.len().saturating_mul(stride));
        }
        lines.extend_from_slice(&self.lines);
        Self { lines, stride, lent, changed }
    }
}

impl SlotLines for Arena {
    #[inline]
    fn slot(&self, slot: u32) -> Result<&[Line]> {
        let place = match &self.lent {
            None => slot as usize,
            Some(lent) => match lent.place(slot) {
                Some(place) => place,
                None => return lent.slot(slot, self.stride),
            },
        };
        let start = place * self.stride;
        self.lines.get(start..start + self.stride).ok_or_else(|| missing(start))
    }

    #[inline(always)]
    fn prefetch(&self, slot: u32) {
        let place = match &self.lent {
            None => slot as usize,
            Some(lent) => match lent.place(slot) {
                Some(place) => place,
                None => return lent.prefetch(slot),
            },
        };
        let start = place * self.stride;
        let lines = self.lines.get(start..start + self.stride.min(PREFETCH_LINES));
        lines.unwrap_or_default().iter().for_each(prefetch);
    }
}

/// The slots of a model's state: its weights, or its covariances.
///
/// ```
/// use glam_core::{Config, Model, Targets};
///
/// let mut model = Model::new(Config::builder(1, Targets::Numbers(1)).build()?);
/// model.write(&[1.0], (&[2.0]).into())?;
/// let state = model.state();
/// let lines = state.weights.get(0)?;
/// assert_eq!((lines.len(), state.weights.len()), (state.weights.lines(), state.keys.len()));
/// # Ok::<(), glam_core::Error>(())
/// ```
#[derive(Debug, Clone, Copy)]
pub struct Slots<'a> {
    arena: &'a Arena,
}

impl<'a> Slots<'a> {
    pub(crate) fn new(arena: &'a Arena) -> Self {
        Self { arena }
    }

    /// Slots there are.
    pub fn len(&self) -> usize {
        self.arena.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Lines of one slot; 0 while the model has no structure.
    pub fn lines(&self) -> usize {
        self.arena.stride
    }

    /// The lines of one slot.
    ///
    /// # Errors
    /// As [`SlotLines::slot`], where the slot stands in a base; [`Error::Damaged`] where there is
    /// no such slot.
    pub fn get(&self, slot: u32) -> Result<&'a [Line]> {
        self.arena.slot(slot)
    }

    /// The lines of every slot, slot 0 first.
    pub fn iter(&self) -> impl Iterator<Item = Result<&'a [Line]>> + use<'a> {
        let arena = self.arena;
        (0..arena.len() as u32).map(|slot| arena.slot(slot))
    }

    /// A copy of all of them, slot 0 first: [`Slots::len`] times [`Slots::lines`] lines.
    ///
    /// # Errors
    /// As [`Slots::get`].
    pub fn to_vec(&self) -> Result<Vec<Line>> {
        let mut lines = Vec::with_capacity(self.len() * self.lines());
        for slot in self.iter() {
            lines.extend_from_slice(slot?);
        }
        Ok(lines)
    }

    pub(crate) fn changed(&self) -> &'a Marks {
        self.arena.changed()
    }
}

#[cfg(test)]
mod tests;
