//! A compact, exact form for columns of f32 that were recorded run by run.
//!
//! The file is one gzip member (so its checksum guards the content). Inside, all numbers little-endian:
//!
//! ```text
//! 8 bytes  magic "GLAMCOL1"
//! 4 bytes  number of rows        4 bytes  number of columns        4 bytes  number of runs
//! per run:     4 bytes  identity         4 bytes  number of rows
//! per column:  1 byte   scheme, then
//!   0 Ranks       dictionary, first differences of the ranks
//!   1 Ranks       dictionary, second differences of the ranks
//!   2 Slope       4 bytes  base column     8 bytes  rate (f64)     corrections
//! ```
//!
//! A *word list* is four planes: the lowest byte of each word, then the second, the third and the
//! highest. Words that stand for differences have the sign in the lowest bit.
//!
//! The *order* of an f32 is its bits as an i32, with the lower 31 bits of negative numbers turned
//! over, so that orders compare as the numbers do. A *dictionary* is 4 bytes of count and a word
//! list of the steps between the sorted orders of the column's distinct values. A *rank* is an
//! index into it.
//!
//! A *slope* predicts row i of a column as rate times (row i + 1 less row i of the base column),
//! each taken as the shortest decimal number that reads back as the stored f32. The last row of
//! the file is predicted as 0. A *correction* is the order of the value less the order of the
//! prediction.

use std::collections::BTreeSet;
use std::io::{Read, Write};

use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;

const MAGIC: &[u8; 8] = b"GLAMCOL1";
const SCHEME_FIRST_DIFFERENCES: u8 = 0;
const SCHEME_SECOND_DIFFERENCES: u8 = 1;
const SCHEME_SLOPE: u8 = 2;

/// A larger content is refused: no set that the repository ships comes near.
const CONTENT_BYTES_MAX: u64 = 256 * 1024 * 1024;

/// Columns of equal length, cut into runs.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Table {
    /// Identity and number of rows of each run, in row order.
    pub runs: Vec<(u32, u32)>,
    /// The columns.
    pub columns: Vec<Vec<f32>>,
}

impl Table {
    /// How many rows each column has.
    #[must_use]
    pub fn row_count(&self) -> usize {
        self.columns.first().map_or(0, Vec::len)
    }
}

/// A hint to the encoder: this column is the slope of an earlier one.
#[derive(Clone, Copy, Debug)]
pub struct Slope {
    /// The column that the hint is about.
    pub column: usize,
    /// The column whose slope it is; must come first.
    pub base: usize,
    /// Rows per unit of time.
    pub rate: f64,
}

/// Why a packed file could not be read or made.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PackedError {
    /// The gzip layer is damaged.
    #[error("the gzip stream is damaged: {0}")]
    Gzip(#[from] std::io::Error),
    /// The content ends too early.
    #[error("the content ends early: {needed} bytes were needed, {left} are left")]
    Truncated {
        /// Bytes that were to be read.
        needed: usize,
        /// Bytes that are there.
        left: usize,
    },
    /// The content is longer than its header says.
    #[error("{0} bytes follow the last column")]
    Trailing(usize),
    /// The content does not begin with the magic bytes.
    #[error("this is no packed table: the magic bytes are missing")]
    Magic,
    /// The runs do not add up to the rows.
    #[error("the runs hold {run_rows} rows, the columns {row_count}")]
    Runs {
        /// Sum over the runs.
        run_rows: u64,
        /// Length of the columns.
        row_count: u64,
    },
    /// A column has an unknown scheme.
    #[error("column {column} has the unknown scheme {scheme}")]
    Scheme {
        /// The column.
        column: usize,
        /// The scheme byte.
        scheme: u8,
    },
    /// A rank lies outside its dictionary.
    #[error("column {column}: rank {rank} in a dictionary of {count}")]
    Rank {
        /// The column.
        column: usize,
        /// The rank.
        rank: u32,
        /// The dictionary's size.
        count: usize,
    },
    /// A slope refers to a column that is not before it, or columns differ in length.
    #[error("column {column} cannot be the slope of column {base}")]
    Base {
        /// The column.
        column: usize,
        /// The column that it refers to.
        base: usize,
    },
}

/// Packs a table. Each column takes the scheme that is smallest for it.
///
/// # Errors
///
/// Returns an error if the columns or runs do not fit each other, or a hint refers to a later column.
pub fn encode(table: &Table, slopes: &[Slope]) -> Result<Vec<u8>, PackedError> {
    let row_count = table.row_count();
    let run_rows: u64 = table.runs.iter().map(|&(_, rows)| u64::from(rows)).sum();
    if run_rows != row_count as u64 {
        return Err(PackedError::Runs { run_rows, row_count: row_count as u64 });
    }
    let mut content = MAGIC.to_vec();
    for count in [row_count, table.columns.len(), table.runs.len()] {
        put_u32(&mut content, count);
    }
    for (id, rows) in &table.runs {
        content.extend_from_slice(&id.to_le_bytes());
        content.extend_from_slice(&rows.to_le_bytes());
    }
    for (index, column) in table.columns.iter().enumerate() {
        if column.len() != row_count {
            return Err(PackedError::Base { column: index, base: 0 });
        }
        let mut candidates = encode_ranks(column);
        for slope in slopes.iter().filter(|slope| slope.column == index) {
            let base = table.columns.get(..index).and_then(|before| before.get(slope.base));
            let base = base.ok_or(PackedError::Base { column: index, base: slope.base })?;
            candidates.push(encode_slope(column, base, slope));
        }
        let mut smallest: Option<(usize, Vec<u8>)> = None;
        for candidate in candidates {
            let len = compress(&candidate)?.len();
            if smallest.as_ref().is_none_or(|&(best_len, _)| len < best_len) {
                smallest = Some((len, candidate));
            }
        }
        content.extend(smallest.map(|(_, bytes)| bytes).unwrap_or_default());
    }
    compress(&content)
}

/// Unpacks a table: exactly the bits that were packed.
///
/// # Errors
///
/// Returns an error if the bytes are not a whole packed table.
pub fn decode(bytes: &[u8]) -> Result<Table, PackedError> {
    let mut content = Vec::new();
    GzDecoder::new(bytes).take(CONTENT_BYTES_MAX).read_to_end(&mut content)?;
    let mut rest = Cursor(&content);
    if rest.take(MAGIC.len())? != MAGIC {
        return Err(PackedError::Magic);
    }
    let row_count = rest.u32()?;
    let column_count = rest.u32()?;
    let run_count = rest.u32()?;
    let mut table = Table::default();
    for _ in 0..run_count {
        table.runs.push((rest.u32()?, rest.u32()?));
    }
    let run_rows: u64 = table.runs.iter().map(|&(_, rows)| u64::from(rows)).sum();
    if run_rows != u64::from(row_count) {
        return Err(PackedError::Runs { run_rows, row_count: u64::from(row_count) });
    }
    let row_count = row_count as usize;
    for column in 0..column_count as usize {
        let values = match rest.u8()? {
            SCHEME_FIRST_DIFFERENCES => decode_ranks(&mut rest, column, row_count, 1)?,
            SCHEME_SECOND_DIFFERENCES => decode_ranks(&mut rest, column, row_count, 2)?,
            SCHEME_SLOPE => {
                let base = rest.u32()? as usize;
                let rate = rest.f64()?;
                let base_values =
                    table.columns.get(base).ok_or(PackedError::Base { column, base })?;
                let corrections = rest.words(row_count)?;
                predict_slope(base_values, rate)
                    .zip(corrections)
                    .map(|(guess, word)| from_order(order(guess).wrapping_add(unfold(word))))
                    .collect()
            }
            scheme => return Err(PackedError::Scheme { column, scheme }),
        };
        table.columns.push(values);
    }
    if rest.0.is_empty() { Ok(table) } else { Err(PackedError::Trailing(rest.0.len())) }
}

fn encode_ranks(column: &[f32]) -> Vec<Vec<u8>> {
    let dictionary: Vec<i32> =
        column.iter().map(|&value| order(value)).collect::<BTreeSet<_>>().into_iter().collect();
    let mut ranks: Vec<i32> = column
        .iter()
        .map(|&value| dictionary.partition_point(|&entry| entry < order(value)) as i32)
        .collect();
    let mut steps = dictionary.clone();
    difference(&mut steps);
    let steps: Vec<u32> = steps.iter().map(|step| step.cast_unsigned()).collect();

    [SCHEME_FIRST_DIFFERENCES, SCHEME_SECOND_DIFFERENCES]
        .map(|scheme| {
            difference(&mut ranks);
            let mut bytes = vec![scheme];
            put_u32(&mut bytes, dictionary.len());
            put_words(&mut bytes, &steps);
            put_words(&mut bytes, &ranks.iter().map(|&rank| fold(rank)).collect::<Vec<_>>());
            bytes
        })
        .to_vec()
}

fn decode_ranks(
    rest: &mut Cursor<'_>,
    column: usize,
    row_count: usize,
    difference_count: usize,
) -> Result<Vec<f32>, PackedError> {
    let count = rest.u32()? as usize;
    let mut dictionary: Vec<i32> = rest.words(count)?.map(u32::cast_signed).collect();
    accumulate(&mut dictionary);
    let mut ranks: Vec<i32> = rest.words(row_count)?.map(unfold).collect();
    for _ in 0..difference_count {
        accumulate(&mut ranks);
    }
    ranks
        .into_iter()
        .map(|rank| {
            let rank = rank.cast_unsigned();
            let entry = dictionary.get(rank as usize);
            entry.map(|&entry| from_order(entry)).ok_or(PackedError::Rank { column, rank, count })
        })
        .collect()
}

fn encode_slope(column: &[f32], base: &[f32], slope: &Slope) -> Vec<u8> {
    let corrections: Vec<u32> = predict_slope(base, slope.rate)
        .zip(column)
        .map(|(guess, &value)| fold(order(value).wrapping_sub(order(guess))))
        .collect();
    let mut bytes = vec![SCHEME_SLOPE];
    put_u32(&mut bytes, slope.base);
    bytes.extend_from_slice(&slope.rate.to_le_bytes());
    put_words(&mut bytes, &corrections);
    bytes
}

fn predict_slope(base: &[f32], rate: f64) -> impl Iterator<Item = f32> {
    let decimals: Vec<f64> = base.iter().map(|&value| decimal(value)).collect();
    let mut guesses: Vec<f32> =
        decimals.windows(2).map(|pair| ((pair[1] - pair[0]) * rate) as f32).collect();
    guesses.resize(base.len(), 0.0);
    guesses.into_iter()
}

/// The shortest decimal number that reads back as `value`, as closely as an f64 can hold it.
fn decimal(value: f32) -> f64 {
    value.to_string().parse().unwrap_or(f64::from(value))
}

fn order(value: f32) -> i32 {
    turn(value.to_bits().cast_signed())
}

fn from_order(order: i32) -> f32 {
    f32::from_bits(turn(order).cast_unsigned())
}

/// Turns over the lower 31 bits of negative numbers; its own inverse.
fn turn(bits: i32) -> i32 {
    bits ^ (((bits >> 31).cast_unsigned() >> 1).cast_signed())
}

/// Puts the sign into the lowest bit, so that small differences of either sign are small words.
fn fold(difference: i32) -> u32 {
    ((difference << 1) ^ (difference >> 31)).cast_unsigned()
}

fn unfold(word: u32) -> i32 {
    (word >> 1).cast_signed() ^ -((word & 1).cast_signed())
}

fn difference(values: &mut [i32]) {
    let mut before = 0;
    for value in values {
        let now = *value;
        *value = now.wrapping_sub(before);
        before = now;
    }
}

fn accumulate(values: &mut [i32]) {
    let mut sum = 0_i32;
    for value in values {
        sum = sum.wrapping_add(*value);
        *value = sum;
    }
}

fn put_u32(bytes: &mut Vec<u8>, value: usize) {
    bytes.extend_from_slice(&(value as u32).to_le_bytes());
}

fn put_words(bytes: &mut Vec<u8>, words: &[u32]) {
    for plane in 0..4 {
        bytes.extend(words.iter().map(|word| word.to_le_bytes()[plane]));
    }
}

fn compress(content: &[u8]) -> Result<Vec<u8>, PackedError> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(content)?;
    Ok(encoder.finish()?)
}

/// The part of the content that is not read yet.
struct Cursor<'a>(&'a [u8]);

impl<'a> Cursor<'a> {
    fn take(&mut self, needed: usize) -> Result<&'a [u8], PackedError> {
        let (taken, rest) = self
            .0
            .split_at_checked(needed)
            .ok_or(PackedError::Truncated { needed, left: self.0.len() })?;
        self.0 = rest;
        Ok(taken)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], PackedError> {
        let mut array = [0; N];
        array.copy_from_slice(self.take(N)?);
        Ok(array)
    }

    fn u8(&mut self) -> Result<u8, PackedError> {
        self.array().map(|[byte]| byte)
    }

    fn u32(&mut self) -> Result<u32, PackedError> {
        self.array().map(u32::from_le_bytes)
    }

    fn f64(&mut self) -> Result<f64, PackedError> {
        self.array().map(f64::from_le_bytes)
    }

    fn words(&mut self, count: usize) -> Result<impl Iterator<Item = u32> + use<'a>, PackedError> {
        let planes = self.take(count.saturating_mul(4))?;
        Ok((0..count).map(move |index| {
            u32::from_le_bytes(std::array::from_fn(|plane| planes[plane * count + index]))
        }))
    }
}

#[cfg(test)]
#[path = "packed_tests.rs"]
mod tests;
