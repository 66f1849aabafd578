//! Sums by slot key whose bits do not depend on how rows were dealt or parts were merged, and maps
//! by slot key: what goes between the two halves of a solve.

use std::collections::BTreeMap;

use crate::config::{MAX_TARGETS, MAX_VIEW};
use crate::error::{Error, Result};
use crate::label::MAX_LABELS;
use crate::wire::{Reader, Writer};

/// Units in 1: sums are held in steps of 2^-60.
const UNITS: f64 = (1_u64 << 60) as f64;
/// The first byte of sums, and of maps.
const TAGS: (u8, u8) = (0xA1, 0xA2);

/// What is summed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// w phi phi', its upper triangle row by row.
    Grams,
    /// w y phi', output by output.
    Moments,
    /// w (y - sum of maps phi) phi', output by output.
    Residuals,
    /// w (sum of maps phi) phi', output by output.
    Products,
}

/// What sums must have in common to belong together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Layout {
    pub(crate) kind: Kind,
    /// Features of a slot.
    pub(crate) n: usize,
    pub(crate) outputs: usize,
    /// A hash of the memory's normaliser, gates and labels: equal keys are equal slots.
    pub(crate) memory: u64,
}

impl Layout {
    /// Numbers of one slot.
    fn numbers(&self) -> usize {
        match self.kind {
            Kind::Grams => self.n * (self.n + 1) / 2,
            _ => self.n * self.outputs,
        }
    }

    /// Fails unless `other` is of the same memory and shape.
    pub(crate) fn check_memory(&self, other: &Self) -> Result<()> {
        belongs("the number of features", self.n as u64, other.n as u64)?;
        belongs("the number of outputs", self.outputs as u64, other.outputs as u64)?;
        belongs("the hash of normaliser, gates and labels", self.memory, other.memory)
    }

    pub(crate) fn check_kind(&self, kind: Kind) -> Result<()> {
        belongs("the kind of sum", kind as u64, self.kind as u64)
    }

    fn encode(&self, writer: &mut Writer) {
        writer.u8(self.kind as u8);
        writer.u32(self.n as u32);
        writer.u32(self.outputs as u32);
        writer.u64(self.memory);
    }

    fn decode(reader: &mut Reader<'_>) -> Result<Self> {
        let kind = match reader.u8()? {
            0 => Kind::Grams,
            1 => Kind::Moments,
            2 => Kind::Residuals,
            3 => Kind::Products,
            _ => return Err(reader.damaged("there is no such sum")),
        };
        let (n, outputs) = (reader.u32()? as usize, reader.u32()? as usize);
        if !(2..=MAX_VIEW + 1).contains(&n) || !(1..=MAX_TARGETS.max(MAX_LABELS)).contains(&outputs)
        {
            return Err(reader.damaged("the numbers of features and outputs are out of range"));
        }
        Ok(Self { kind, n, outputs, memory: reader.u64()? })
    }
}

/// Fails unless two things that go into one solve are the same.
pub(crate) fn belongs(what: &'static str, expected: u64, got: u64) -> Result<()> {
    if expected == got { Ok(()) } else { Err(Error::Unlike { what, expected, got }) }
}

/// Sums over rows by slot key, from [`Recall::gram_sums`](crate::Recall::gram_sums) and its
/// siblings, for every key that some row has active.
///
/// Each row's products are computed in f64, rounded to a multiple of 2^-60 once, and summed as
/// integers of 128 bits. Merging is therefore associative and commutative to the bit: the same rows
/// give the same sums however they were dealt to parts and in whatever order the parts were merged.
///
/// Integers would stop being so where they overflow or saturate. So a bound goes with them, the sum
/// over rows of each one's largest product, and what might leave the range of 2^67 is refused: some
/// merge of given parts then fails in every order, or none in any.
///
/// Takes 16 bytes a number: n (n + 1) / 2 numbers a slot for Grams, n times outputs for the others,
/// n the inputs of a view and the bias.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sums {
    layout: Layout,
    rows: u64,
    /// No number is larger than this, at most `i128::MAX`.
    reach: u128,
    slots: BTreeMap<u64, Vec<i128>>,
}

impl Sums {
    pub(crate) fn new(layout: Layout) -> Self {
        Self { layout, rows: 0, reach: 0, slots: BTreeMap::new() }
    }

    pub(crate) fn layout(&self) -> &Layout {
        &self.layout
    }

    /// Adds one row: for each of its active slots, `products` makes all numbers of the slot at that
    /// place, one after the other. Leaves these sums undefined where it fails.
    pub(crate) fn add_row(
        &mut self,
        keys: impl Iterator<Item = u64>,
        mut products: impl FnMut(usize, &mut dyn FnMut(f64)),
    ) -> Result<()> {
        let mut most = 0;
        for (place, key) in keys.enumerate() {
            let count = self.layout.numbers();
            let numbers = self.slots.entry(key).or_insert_with(|| vec![0; count]);
            let mut numbers = numbers.iter_mut();
            products(place, &mut |product| {
                // Scaling by a power of two is exact. What is no number counts as out of range.
                let scaled = (product * UNITS).round_ties_even();
                let units = if scaled.is_nan() { i128::MAX } else { scaled as i128 };
                most = most.max(units.unsigned_abs());
                if let Some(number) = numbers.next() {
                    *number = number.wrapping_add(units);
                }
            });
        }
        // A row has a key active once, so it adds at most its largest product to any number; and
        // where this holds no addition above has wrapped.
        (self.rows, self.reach) = self.with(1, most)?;
        Ok(())
    }

    /// Rows and reach once `rows` more are in, of reach `reach`.
    fn with(&self, rows: u64, reach: u128) -> Result<(u64, u128)> {
        let refused = Error::SumRange { rows: self.rows.saturating_add(rows) };
        let reach = self.reach.checked_add(reach).filter(|&reach| reach < i128::MAX as u128);
        self.rows.checked_add(rows).zip(reach).ok_or(refused)
    }

    /// Adds the sums over other rows. O(numbers of `other`), with a search by key for each slot.
    ///
    /// # Errors
    /// [`Error::Unlike`] where the two are not the same sum over rows of the same memory,
    /// [`Error::SumRange`] where the sums may leave their range. These are then as they were.
    pub fn merge(&mut self, other: &Self) -> Result<()> {
        other.layout.check_kind(self.layout.kind)?;
        self.layout.check_memory(&other.layout)?;
        (self.rows, self.reach) = self.with(other.rows, other.reach)?;
        for (&key, more) in &other.slots {
            let numbers = self.slots.entry(key).or_insert_with(|| vec![0; more.len()]);
            numbers.iter_mut().zip(more).for_each(|(number, more)| *number += more);
        }
        Ok(())
    }

    /// How many rows were summed.
    pub fn rows(&self) -> u64 {
        self.rows
    }

    /// The packed keys of the slots that some row has active, rising; see [`Key`](crate::Key).
    pub fn keys(&self) -> impl ExactSizeIterator<Item = u64> + '_ {
        self.slots.keys().copied()
    }

    /// The numbers of slot `key`, each rounded to f64 once; `None` where no row has it active.
    pub fn get(&self, key: u64) -> Option<impl ExactSizeIterator<Item = f64> + '_> {
        Some(self.slots.get(&key)?.iter().map(|&units| units as f64 / UNITS))
    }

    /// All numbers, slot after slot in the order of the keys.
    pub(crate) fn numbers(&self) -> impl Iterator<Item = f64> + '_ {
        self.slots.values().flatten().map(|&units| units as f64 / UNITS)
    }

    /// Fails unless these are sums of `kind` over the same rows of the same memory as `other`.
    pub(crate) fn check_alike(&self, kind: Kind, other: &Self) -> Result<()> {
        self.layout.check_kind(kind)?;
        other.layout.check_memory(&self.layout)?;
        belongs("the number of rows", other.rows, self.rows)?;
        belongs("the number of slots", other.keys().len() as u64, self.keys().len() as u64)?;
        other.keys().zip(self.keys()).try_for_each(|(key, own)| belongs("a slot's key", key, own))
    }

    /// As bytes, little-endian: what goes over a wire. Equal sums have equal bytes.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut writer = Writer::default();
        writer.u8(TAGS.0);
        self.layout.encode(&mut writer);
        writer.u64(self.rows);
        writer.u128(self.reach);
        writer.u64(self.slots.len() as u64);
        for (&key, numbers) in &self.slots {
            writer.u64(key);
            numbers.iter().for_each(|&number| writer.u128(number as u128));
        }
        writer.finish()
    }

    /// The sums whose bytes these are. Allocates about as much as there are bytes.
    ///
    /// # Errors
    /// [`Error::Damaged`] where `bytes` are no sums.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self> {
        let mut reader = Reader::new(bytes);
        if reader.u8()? != TAGS.0 {
            return Err(reader.damaged("these are no sums"));
        }
        let layout = Layout::decode(&mut reader)?;
        let mut sums = Self { rows: reader.u64()?, reach: reader.u128()?, ..Self::new(layout) };
        if sums.reach >= i128::MAX as u128 {
            return Err(reader.damaged("the sums are out of range"));
        }
        for _ in 0..reader.u64()? {
            let key = next_key(&mut reader, sums.slots.keys().next_back().copied())?;
            let mut numbers = Vec::new();
            for _ in 0..layout.numbers() {
                let number = reader.u128()? as i128;
                if number.unsigned_abs() > sums.reach {
                    return Err(reader.damaged("a sum is larger than its rows allow"));
                }
                numbers.push(number);
            }
            sums.slots.insert(key, numbers);
        }
        reader.end()?;
        Ok(sums)
    }
}

/// A key, which must come after `last`.
fn next_key(reader: &mut Reader<'_>, last: Option<u64>) -> Result<u64> {
    let key = reader.u64()?;
    if last.is_some_and(|last| key <= last) {
        return Err(reader.damaged("the keys do not rise"));
    }
    Ok(key)
}

/// Linear maps by slot key, in f64 and in units of the normaliser: outputs rows of n numbers a
/// slot, the inputs of its view first, then the bias.
///
/// What [`conjugate_gradients`](crate::conjugate_gradients) sends to the other half, and what it
/// gives in the end.
#[derive(Debug, Clone, PartialEq)]
pub struct Maps {
    pub(crate) layout: Layout,
    /// Rising.
    keys: Vec<u64>,
    pub(crate) numbers: Vec<f64>,
}

impl Maps {
    /// Zeros for the slots of `sums`.
    pub(crate) fn zeros(sums: &Sums) -> Self {
        let layout = Layout { kind: Kind::Products, ..sums.layout };
        let keys: Vec<u64> = sums.keys().collect();
        Self { layout, numbers: vec![0.0; keys.len() * layout.numbers()], keys }
    }

    /// The packed keys of the slots, rising.
    pub fn keys(&self) -> &[u64] {
        &self.keys
    }

    /// The map of slot `key`, output after output.
    pub fn get(&self, key: u64) -> Option<&[f64]> {
        let stride = self.layout.numbers();
        let slot = self.keys.binary_search(&key).ok()?;
        self.numbers.get(slot * stride..(slot + 1) * stride)
    }

    /// As bytes, little-endian.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut writer = Writer::default();
        writer.u8(TAGS.1);
        self.layout.encode(&mut writer);
        writer.u64(self.keys.len() as u64);
        for (&key, map) in self.keys.iter().zip(self.numbers.chunks_exact(self.layout.numbers())) {
            writer.u64(key);
            map.iter().for_each(|&number| writer.f64(number));
        }
        writer.finish()
    }

    /// The maps whose bytes these are. Allocates about as much as there are bytes.
    ///
    /// # Errors
    /// [`Error::Damaged`] where `bytes` are no maps.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self> {
        let mut reader = Reader::new(bytes);
        if reader.u8()? != TAGS.1 {
            return Err(reader.damaged("these are no maps"));
        }
        let layout = Layout::decode(&mut reader)?;
        if layout.kind != Kind::Products {
            return Err(reader.damaged("these are no maps"));
        }
        let (mut keys, mut numbers) = (Vec::new(), Vec::new());
        for _ in 0..reader.u64()? {
            keys.push(next_key(&mut reader, keys.last().copied())?);
            for _ in 0..layout.numbers() {
                numbers.push(reader.f64()?);
            }
        }
        reader.end()?;
        Ok(Self { layout, keys, numbers })
    }
}
