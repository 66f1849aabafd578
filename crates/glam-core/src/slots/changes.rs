//! Which slots changed since they were last saved.

/// One mark a slot. Setting one that there is never allocates.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Marks {
    words: Vec<u64>,
    len: usize,
}

impl Marks {
    /// `len` slots, none marked.
    pub(crate) fn none(len: usize) -> Self {
        Self { words: vec![0; len.div_ceil(64)], len }
    }

    /// `len` slots, all marked.
    pub(crate) fn all(len: usize) -> Self {
        let mut marks = Self::none(len);
        marks.words.fill(u64::MAX);
        marks.clip();
        marks
    }

    pub(crate) fn len(&self) -> usize {
        self.len
    }

    /// Marks slot number `slot`, if there is one.
    #[inline(always)]
    pub(crate) fn set(&mut self, slot: u32) {
        let slot = slot as usize;
        if slot < self.len
            && let Some(word) = self.words.get_mut(slot / 64)
        {
            *word |= 1 << (slot % 64);
        }
    }

    /// One more slot, marked.
    pub(crate) fn push(&mut self) {
        self.len += 1;
        self.words.resize(self.len.div_ceil(64), 0);
        self.set((self.len - 1) as u32);
    }

    /// One slot less.
    pub(crate) fn pop(&mut self) {
        self.len = self.len.saturating_sub(1);
        self.clip();
    }

    /// Takes all marks away.
    pub(crate) fn clear(&mut self) {
        self.words.fill(0);
    }

    /// Adds the marks of `other` on slots that there are here.
    pub(crate) fn add(&mut self, other: &Self) {
        self.words.iter_mut().zip(&other.words).for_each(|(word, other)| *word |= other);
        self.clip();
    }

    pub(crate) fn trim(&mut self) {
        self.words.shrink_to_fit();
    }

    /// The numbers of marked slots, rising.
    pub(crate) fn iter(&self) -> impl Iterator<Item = u32> + '_ {
        ones(self.words.iter().copied())
    }

    /// The numbers of slots that are marked here or in `other`, rising.
    pub(crate) fn either<'a>(&'a self, other: &'a Self) -> impl Iterator<Item = u32> + 'a {
        let words = self.words.len().max(other.words.len());
        let word = |marks: &Self, index: usize| marks.words.get(index).copied().unwrap_or(0);
        ones((0..words).map(move |index| word(self, index) | word(other, index)))
    }

    /// No marks behind the last slot.
    fn clip(&mut self) {
        self.words.truncate(self.len.div_ceil(64));
        if !self.len.is_multiple_of(64)
            && let Some(last) = self.words.last_mut()
        {
            *last &= (1 << (self.len % 64)) - 1;
        }
    }
}

/// The places of the bits that are 1.
fn ones(words: impl Iterator<Item = u64>) -> impl Iterator<Item = u32> {
    words.zip(0_u32..).flat_map(|(word, index)| {
        let rest = |&word: &u64| Some(word & (word - 1)).filter(|&rest| rest != 0);
        let left = std::iter::successors(Some(word).filter(|&word| word != 0), rest);
        left.map(move |word| 64 * index + word.trailing_zeros())
    })
}

/// The slots that changed since the time before that changes were taken, as
/// [`Model::take_changes`](crate::Model::take_changes) gives them: one bit a slot.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Changes {
    marks: Marks,
}

impl Changes {
    pub(crate) fn new(marks: Marks) -> Self {
        Self { marks }
    }

    pub(crate) fn marks(&self) -> &Marks {
        &self.marks
    }

    /// Slots there were, changed or not.
    pub fn slots(&self) -> usize {
        self.marks.len()
    }

    /// The numbers of the slots that changed, rising.
    pub fn iter(&self) -> impl Iterator<Item = u32> + '_ {
        self.marks.iter()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn marks_are_a_set_of_slots(
            start in 0_usize..150, all in any::<bool>(),
            steps in prop::collection::vec((0_u32..6, 0_u32..200), 0..200),
        ) {
            let mut marks = if all { Marks::all(start) } else { Marks::none(start) };
            let (mut naive, mut other) = (vec![all; start], Marks::all(77));
            for (step, slot) in steps {
                match step {
                    0 => (marks.push(), naive.push(true)).0,
                    1 => (marks.pop(), naive.pop()).0,
                    2 => (marks.clear(), naive.fill(false)).0,
                    3 => {
                        other.set(slot);
                        marks.add(&other);
                        naive.iter_mut().take(77).for_each(|mark| *mark = true);
                    }
                    _ if (slot as usize) < naive.len() => {
                        marks.set(slot);
                        naive[slot as usize] = true;
                    }
                    _ => {}
                }
                prop_assert_eq!(marks.len(), naive.len());
                let numbers = (0..naive.len() as u32).filter(|&slot| naive[slot as usize]);
                prop_assert!(marks.iter().eq(numbers.clone()));
                prop_assert!(marks.either(&Marks::none(500)).eq(numbers));
            }
        }
    }
}
