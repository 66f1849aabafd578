//! Which column of a file is what.

use std::collections::HashSet;
use std::io::Read;

use crate::args::Header;
use crate::columns::{Column, Columns, Role};
use crate::encoding::Encoding;
use crate::error::{Error, Fault, Result};
use crate::header::{Guess, guess, has_header, header_or_data, holds_inputs, names};
use crate::index::Index;
use crate::known::Known;
use crate::message::quoted;
use crate::picked::Picked;
use crate::picks::Picks;
use crate::table::Table;

/// What a command line that names columns of a file without names is told.
pub(crate) const NAMES_NEED_HEADER: &str =
    "columns with names need a header; leave out `--header no`, or use last:N, first:N or column:N";

/// What `glam write` and `glam score` are told about a file.
#[derive(Debug, Clone)]
pub(crate) struct Wanted {
    pub(crate) targets: Picked,
    pub(crate) labels: bool,
    pub(crate) header: Header,
    /// Whether columns that the memory does not know may stand in the file.
    pub(crate) others: Others,
    /// The column of weights.
    pub(crate) weights: Option<Picked>,
    /// Columns that are nothing.
    pub(crate) ignored: Vec<Picked>,
}

/// What becomes of columns that are neither inputs nor targets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Others {
    Ignored,
    Refused,
}

/// Where the inputs, targets and weights stand in a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Layout {
    /// The file's header, where there is one.
    pub(crate) names: Option<Vec<String>>,
    /// Columns of the file.
    pub(crate) columns: usize,
    /// The column of each input column of the memory.
    pub(crate) inputs: Vec<usize>,
    /// How the cells of each become inputs.
    pub(crate) encodings: Vec<Encoding>,
    /// The column of each target.
    pub(crate) targets: Vec<usize>,
    /// The column of the weights.
    pub(crate) weights: Option<usize>,
}

impl Wanted {
    /// Everything that is picked.
    pub(crate) fn picks(&self) -> impl Iterator<Item = &Picked> {
        std::iter::once(&self.targets).chain(&self.weights).chain(&self.ignored)
    }
}

impl Layout {
    /// The layout of a file with inputs and targets, from its first row. Without a memory, every
    /// input is taken for a number.
    pub(crate) fn with_targets<R: Read>(
        table: &Table<R>,
        wanted: &Wanted,
        known: Option<&Known>,
    ) -> Result<Self> {
        let width = table.record().len();
        let names = names(table, has_header(table, wanted, known)?)?;
        let index = names.as_deref().map(|names| Index::new(table, names));
        check_room(table, wanted)?;
        let mut picks = Picks::new(table, index.as_ref(), wanted)?;
        let columns = known.and_then(|known| known.columns.as_ref());
        let named = index.as_ref().zip(columns.filter(|columns| columns.named())).zip(known);
        match (named, columns) {
            (Some(((index, columns), known)), _) => picks.add_named(index, columns, known)?,
            // The places of the first file, in a file that is as wide.
            (None, Some(columns)) if columns.all().len() == width => picks.add_places(columns),
            _ => {}
        }
        let mut inputs = picks.inputs(table)?;
        let Picks { mut targets, weights, ignored, .. } = picks;
        if let (Some(index), Others::Refused) = (&index, wanted.others) {
            index.check_unique(&ignored)?;
        }
        if let Some(known) = known {
            check_counts(table, &inputs, &targets, known, named.is_some())?;
        }
        if let Some(((index, columns), known)) = named {
            targets = index.match_targets(&targets, columns, known)?;
            if wanted.others == Others::Refused {
                index.check_known(&inputs, columns, known)?;
            }
            inputs = index.match_inputs(columns)?;
        }
        let encodings = encodings(columns, inputs.len());
        Ok(Self { names, columns: width, inputs, encodings, targets, weights })
    }

    /// The layout of a file of cues for `known`, from its first row.
    pub(crate) fn of_cues<R: Read>(
        table: &Table<R>,
        header: Header,
        known: &Known,
    ) -> Result<Self> {
        let first = table.record();
        let (width, inputs) = (first.len(), known.input_columns());
        let columns = known.columns.as_ref();
        let by_place = cues_by_place(columns, inputs, width);
        let header = match header {
            Header::Yes => true,
            Header::No => false,
            Header::Auto if holds_inputs(first, columns) => true,
            Header::Auto => {
                let text = by_place.as_ref().map_or_else(Vec::new, |inputs| {
                    let numbers = numbers(columns, inputs);
                    (0..width).filter(|column| !numbers.contains(column)).collect()
                });
                match guess(first, &text) {
                    Guess::Header => true,
                    Guess::Data => false,
                    // Rather a row with targets: see below.
                    Guess::Mixed(_) if width == inputs + known.target_columns() => false,
                    Guess::Mixed(column) => return Err(header_or_data(table, column)),
                }
            }
        };
        let names = names(table, header)?;
        let named = names.as_ref().zip(columns.filter(|columns| columns.named()));
        let inputs = match (named, by_place) {
            (Some((names, columns)), _) => Index::new(table, names).match_inputs(columns)?,
            (None, Some(inputs)) => inputs,
            (None, None) => {
                let (inputs, got) = (inputs as u64, width as u64);
                let fault = if width == known.input_columns() + known.target_columns() {
                    Fault::InputsOnly { inputs, got }
                } else {
                    let names = columns.map(Columns::input_names).unwrap_or_default();
                    Fault::WrongInputs { inputs, got, names }
                };
                let column = width.min(known.input_columns());
                return Err(table.fault(Some(first.line), Some(column), fault));
            }
        };
        let encodings = encodings(columns, inputs.len());
        let (targets, weights) = (Vec::new(), None);
        Ok(Self { names, columns: width, inputs, encodings, targets, weights })
    }

    /// The layout of a file of cues for a net of `inputs`, from its first row.
    pub(crate) fn of_net<R: Read>(table: &Table<R>, header: Header, inputs: usize) -> Result<Self> {
        let first = table.record();
        let columns = first.len();
        if columns != inputs {
            let fault = Fault::NetInputs { inputs: inputs as u64, got: columns as u64 };
            return Err(table.fault(Some(first.line), None, fault));
        }
        let header = match header {
            Header::Yes => true,
            Header::No => false,
            Header::Auto => match guess(first, &[]) {
                Guess::Header => true,
                Guess::Data => false,
                Guess::Mixed(column) => return Err(header_or_data(table, column)),
            },
        };
        let (encodings, targets) = (encodings(None, inputs), Vec::new());
        let (names, inputs) = (names(table, header)?, (0..inputs).collect());
        Ok(Self { names, columns, inputs, encodings, targets, weights: None })
    }

    /// Inputs of a memory that takes this file.
    pub(crate) fn width(&self) -> usize {
        self.encodings.iter().map(Encoding::width).sum()
    }

    /// What each column of the file is to a memory that is made from it.
    pub(crate) fn describe(&self) -> Option<Columns> {
        let mut roles = vec![Role::Ignored; self.columns];
        for (&column, encoding) in self.inputs.iter().zip(&self.encodings) {
            roles[column] = match encoding {
                Encoding::Number => Role::Number,
                Encoding::Categories(categories) => Role::Categories(categories.values().to_vec()),
            };
        }
        for (target, &column) in self.targets.iter().enumerate() {
            roles[column] = Role::Target(target as u32);
        }
        if let Some(column) = self.weights {
            roles[column] = Role::Weights;
        }
        let all = roles.into_iter().enumerate();
        Columns::new(all.map(|(column, is)| Column { name: self.name(column), is }).collect())
    }

    /// The name of a column, where the file has a header.
    pub(crate) fn name(&self, column: usize) -> Option<String> {
        self.names.as_ref()?.get(column).cloned()
    }

    /// What messages call a column: its name, or its place.
    pub(crate) fn called(&self, column: usize) -> String {
        match self.name(column) {
            Some(name) if !name.is_empty() => quoted(&name),
            _ => format!("column {}", column + 1),
        }
    }

    /// What an option that picks the column is given.
    pub(crate) fn option(&self, column: usize) -> String {
        option(self.name(column).as_deref(), column)
    }

    /// `error` with the name of the column that it blames.
    pub(crate) fn named(&self, mut error: Error) -> Error {
        if let Error::Data(located) = &mut error {
            located.place.name = located.place.column.and_then(|column| self.name(column));
        }
        error
    }
}

/// What an option that picks a column is given: its name, or its place.
pub(crate) fn option(name: Option<&str>, column: usize) -> String {
    match name {
        Some(name) if is_plain(name) => name.to_owned(),
        _ => format!("column:{}", column + 1),
    }
}

/// True where an option takes the name as it is, also from a shell.
fn is_plain(name: &str) -> bool {
    !name.is_empty()
        && name.chars().all(|c| c.is_alphanumeric() || "_.-".contains(c))
        && !matches!(name, "first" | "last")
        && !name.starts_with('-')
}

/// The encodings of a memory's input columns; numbers where nothing else is known.
fn encodings(columns: Option<&Columns>, inputs: usize) -> Vec<Encoding> {
    match columns {
        Some(columns) if columns.encodings().len() == inputs => columns.encodings().to_vec(),
        _ => vec![Encoding::Number; inputs],
    }
}

/// The columns of the inputs in a file of cues that is `width` columns wide, by their place: either
/// the inputs alone, or the columns of the first file without its targets.
fn cues_by_place(columns: Option<&Columns>, inputs: usize, width: usize) -> Option<Vec<usize>> {
    if width == inputs {
        return Some((0..inputs).collect());
    }
    let others = columns?.all().iter().filter(|column| !matches!(column.is, Role::Target(_)));
    let others: Vec<&Column> = others.collect();
    let input = |(place, column): (usize, &&Column)| column.is_input().then_some(place);
    (others.len() == width).then(|| others.iter().enumerate().filter_map(input).collect())
}

/// The columns of a file that hold numbers, where `inputs` are those of its inputs.
pub(crate) fn numbers(columns: Option<&Columns>, inputs: &[usize]) -> HashSet<usize> {
    let encodings = encodings(columns, inputs.len());
    let pairs = inputs.iter().zip(&encodings);
    pairs.filter(|(_, encoding)| **encoding == Encoding::Number).map(|(&input, _)| input).collect()
}

/// Fails where the targets leave no column for inputs.
fn check_room<R: Read>(table: &Table<R>, wanted: &Wanted) -> Result<()> {
    let first = table.record();
    let (columns, targets) = (first.len() as u64, wanted.targets.count() as u64);
    if targets < columns {
        return Ok(());
    }
    let separated = first.fields().any(|field| field.iter().any(|c| b";\t|".contains(c)));
    let hint =
        if separated { "columns must be separated by commas" } else { "choose fewer targets" };
    Err(table.fault(Some(first.line), None, Fault::NoInputs { columns, targets, hint }))
}

/// Fails where the file has other numbers of inputs and targets than the memory. Where columns are
/// `named`, it is their names that say which inputs are too many or too few.
fn check_counts<R: Read>(
    table: &Table<R>,
    inputs: &[usize],
    targets: &[usize],
    known: &Known,
    named: bool,
) -> Result<()> {
    let (got_inputs, got_targets) = (inputs.len(), targets.len());
    if got_targets == known.target_columns() && (named || got_inputs == known.input_columns()) {
        return Ok(());
    }
    let fault = Fault::Counts {
        memory: known.path.clone(),
        inputs: known.input_columns() as u64,
        targets: known.target_columns() as u64,
        got_inputs: got_inputs as u64,
        got_targets: got_targets as u64,
    };
    Err(table.fault(Some(table.record().line), None, fault))
}
