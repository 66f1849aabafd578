//! Observations in the lifted space: which slots each row has active, sorted so that a pass over
//! them touches every slot once a block.

use std::ops::Range;

use super::rows::Rows;
use super::workers::{Workers, collect};
use crate::config::MAX_DEPTH;
use crate::kernel::{LANES, Lane};
use crate::slots::Key;
use crate::structure::{Paths, Structure};

/// Floats that the sums of one block may take: half of a usual second-level cache.
const BLOCK_FLOATS: usize = 1 << 18;
/// Numbers a place up to which places are sorted by counting.
const MOST_COUNTS: usize = 8;
/// Rows of a block, at least and at most.
const BLOCK_ROWS: (usize, usize) = (64, 2048);
/// Pieces into which the columns are cut, at most: enough that threads end at about the same time.
const PIECES: usize = 16;
/// Columns of one feature from which on it is kept for all rows instead of filled anew.
const SHARED: usize = 2 * PIECES;

/// One column of the lifted space: a level of a table.
#[derive(Debug, Clone, Copy)]
pub(super) struct Column {
    table: u32,
    level: u8,
    /// The feature of its table.
    pub(super) feature: u32,
}

/// A run of columns, and their slots.
#[derive(Debug)]
pub(super) struct Piece {
    pub(super) columns: Range<usize>,
    pub(super) slots: Range<usize>,
}

/// A run of rows with their slots, column by column.
#[derive(Debug)]
pub(super) struct Block {
    pub(super) rows: Range<usize>,
    /// For each column, its rows sorted by slot, as places in the block.
    order: Vec<u16>,
    /// For each column, the slots that appear and where their rows end in `order`.
    runs: Vec<(u32, u32)>,
    /// Where the runs of each column end.
    columns: Vec<u32>,
}

/// All rows, lifted.
#[derive(Debug)]
pub(crate) struct Lifted<'a> {
    pub(crate) structure: &'a Structure,
    pub(crate) rows: &'a Rows,
    pub(super) columns: Vec<Column>,
    /// Slots by column, then by decisions.
    pub(crate) keys: Vec<u64>,
    pub(super) blocks: Vec<Block>,
    pub(super) pieces: Vec<Piece>,
    /// The feature that many columns share, where one does, at every row.
    pub(super) shared: Option<(u32, Vec<Lane>)>,
}

impl<'a> Lifted<'a> {
    /// Finds the slots of every row: O(rows x tables) gates. Keeps two bytes a row and active slot, and
    /// where many tables share a view what they see of every row.
    pub(crate) fn new(structure: &'a Structure, rows: &'a Rows, workers: &dyn Workers) -> Self {
        let mut columns: Vec<Column> = Vec::new();
        for (number, table) in structure.tables().iter().enumerate() {
            columns.extend(table.levels().iter().map(|&level| Column {
                table: number as u32,
                level,
                feature: table.feature(),
            }));
        }
        // Columns of one feature side by side: it is filled once for all of them.
        let mut by_feature: Vec<usize> = (0..columns.len()).collect();
        by_feature.sort_by_key(|&column| columns[column].feature);

        let lanes = rows.outputs.max(1) * LANES;
        let size = (BLOCK_FLOATS / lanes).clamp(BLOCK_ROWS.0, BLOCK_ROWS.1);
        let ranges: Vec<Range<usize>> = (0..rows.count)
            .step_by(size)
            .map(|first| first..(first + size).min(rows.count))
            .collect();
        // Decisions of every row at every column, block by block.
        let bits = collect(workers, ranges.len(), |block| {
            let range = ranges[block].clone();
            let mut bits = vec![0_u16; range.len() * columns.len()];
            let mut paths = Paths::default();
            for (place, row) in range.clone().enumerate() {
                let paths = paths.find(structure, rows.z(row));
                let mut column = 0;
                for (number, (table, &path)) in structure.tables().iter().zip(paths).enumerate() {
                    table.keys_on(path, number, |key| {
                        bits[column * range.len() + place] = Key::unpack(key).bits as u16;
                        column += 1;
                    });
                }
            }
            bits
        });
        let (keys, slots, starts) = number_slots(&columns, &by_feature, &ranges, &bits);
        let blocks = collect(workers, ranges.len(), |block| {
            let starts = by_feature.iter().map(|&column| (column, slots[column].as_slice()));
            Block::new(ranges[block].clone(), &bits[block], starts)
        });
        let columns: Vec<Column> = by_feature.iter().map(|&column| columns[column]).collect();
        let count = PIECES.min(columns.len());
        let pieces = (0..count)
            .map(|piece| {
                let (first, end) =
                    (columns.len() * piece / count, columns.len() * (piece + 1) / count);
                Piece { columns: first..end, slots: starts[first]..starts[end] }
            })
            .collect();
        let shared = columns
            .chunk_by(|a, b| a.feature == b.feature)
            .filter(|alike| alike.len() >= SHARED)
            .max_by_key(|alike| alike.len())
            .map(|alike| {
                let (feature, width) = (alike[0].feature, structure.width());
                let mut phi = vec![[0.0; LANES]; rows.count * width];
                for (row, phi) in phi.chunks_exact_mut(width).enumerate() {
                    structure.features()[feature as usize].fill(rows.z(row), phi);
                }
                (feature, phi)
            });
        Self { structure, rows, columns, keys, blocks, pieces, shared }
    }

    pub(crate) fn slots(&self) -> usize {
        self.keys.len()
    }

    /// Floats of one slot's map, its padding included.
    pub(crate) fn stride(&self) -> usize {
        self.rows.outputs * self.structure.width() * LANES
    }

    /// Floats of all maps.
    pub(crate) fn floats(&self) -> usize {
        self.slots() * self.stride()
    }

    /// Numbers of up to `most` blocks, evenly spread.
    pub(crate) fn some_blocks(&self, most: usize) -> impl Iterator<Item = usize> {
        let (all, count) = (self.blocks.len(), most.min(self.blocks.len()));
        (0..count).map(move |place| place * all / count)
    }

    pub(crate) fn block_rows(&self, block: usize) -> usize {
        self.blocks[block].rows.len()
    }

    /// The gradients of some outputs at every `every`th row of block number `block`: inputs floats an
    /// output, row after row, in units of the normalised inputs.
    pub(crate) fn gradients(
        &self,
        (block, every): (usize, usize),
        outputs: Range<usize>,
        weights: &[f32],
        gradients: &mut Vec<f32>,
    ) {
        let block = &self.blocks[block];
        let (inputs, stride) = (self.rows.slope_inputs, self.stride());
        let lanes = self.structure.width() * LANES;
        gradients.clear();
        gradients.resize(block.rows.len().div_ceil(every) * outputs.len() * inputs, 0.0);
        for (number, column) in self.columns.iter().enumerate() {
            let feature = &self.structure.features()[column.feature as usize];
            for (slot, rows) in block.runs(number) {
                let maps = &weights[slot * stride..][..stride];
                let maps = &maps[outputs.start * lanes..outputs.end * lanes];
                for row in rows.iter().map(|&row| usize::from(row)).filter(|row| row % every == 0) {
                    let gradient = &mut gradients[row / every * outputs.len() * inputs..];
                    feature.add_gradients(maps.chunks_exact(lanes), gradient, inputs);
                }
            }
        }
    }
}

/// Keys by column and decisions, for each column the slot of every decision, and where the slots of
/// each column start and those of the last end.
fn number_slots(
    columns: &[Column],
    by_feature: &[usize],
    ranges: &[Range<usize>],
    bits: &[Vec<u16>],
) -> (Vec<u64>, Vec<Vec<u32>>, Vec<usize>) {
    let (mut keys, mut starts) = (Vec::new(), vec![0]);
    let mut slots = vec![Vec::new(); columns.len()];
    for &number in by_feature {
        let Column { table, level, .. } = columns[number];
        let mut seen = vec![false; 1 << level.min(MAX_DEPTH)];
        for (range, bits) in ranges.iter().zip(bits) {
            for &bits in &bits[number * range.len()..][..range.len()] {
                seen[usize::from(bits)] = true;
            }
        }
        slots[number] = vec![0; seen.len()];
        for (bits, _) in seen.iter().enumerate().filter(|(_, seen)| **seen) {
            slots[number][bits] = keys.len() as u32;
            keys.push(Key { table, level, bits: bits as u32 }.pack());
        }
        starts.push(keys.len());
    }
    (keys, slots, starts)
}

impl Block {
    fn new<'s>(
        rows: Range<usize>,
        bits: &[u16],
        columns: impl Iterator<Item = (usize, &'s [u32])>,
    ) -> Self {
        let count = rows.len();
        let mut block = Self { rows, order: Vec::new(), runs: Vec::new(), columns: Vec::new() };
        let (mut sorted, mut starts) = (vec![0_u16; count], Vec::new());
        for (column, slots) in columns {
            let bits = &bits[column * count..][..count];
            sort_places(bits, slots.len(), &mut starts, &mut sorted);
            let start = block.order.len() as u32;
            for (place, run) in sorted.iter().enumerate() {
                let slot = slots[usize::from(bits[usize::from(*run)])];
                let end = start + place as u32 + 1;
                match block.runs.last_mut() {
                    Some(last) if place > 0 && last.0 == slot => last.1 = end,
                    _ => block.runs.push((slot, end)),
                }
            }
            block.order.extend_from_slice(&sorted);
            block.columns.push(block.runs.len() as u32);
        }
        block
    }

    /// The runs of column number `column`: the slot, and its rows as places in the block.
    #[inline(always)]
    pub(super) fn runs(&self, column: usize) -> impl Iterator<Item = (usize, &[u16])> {
        let first = column.checked_sub(1).map_or(0, |before| self.columns[before] as usize);
        let runs = &self.runs[first..self.columns[column] as usize];
        let mut start = column * self.rows.len();
        runs.iter().map(move |&(slot, end)| {
            let rows = &self.order[start..end as usize];
            start = end as usize;
            (slot as usize, rows)
        })
    }
}

/// Sorts the places of `bits`, all below `limit`, by what stands there, and equals by place: by counting,
/// but where there are many more numbers than places.
fn sort_places(bits: &[u16], limit: usize, starts: &mut Vec<u16>, sorted: &mut [u16]) {
    if limit > MOST_COUNTS * bits.len() {
        sorted.iter_mut().zip(0..).for_each(|(sorted, place)| *sorted = place);
        sorted.sort_unstable_by_key(|&place| (bits[usize::from(place)], place));
        return;
    }
    starts.clear();
    starts.resize(limit + 1, 0);
    for &bits in bits {
        starts[usize::from(bits) + 1] += 1;
    }
    for number in 1..starts.len() {
        starts[number] += starts[number - 1];
    }
    for (place, &bits) in (0..).zip(bits) {
        let start = &mut starts[usize::from(bits)];
        sorted[usize::from(*start)] = place;
        *start += 1;
    }
}
