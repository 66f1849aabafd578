//! Which column of a file is what.

use std::collections::{HashMap, HashSet};
use std::io::Read;

use crate::args::Header;
use crate::cell;
use crate::columns::Columns;
use crate::date;
use crate::error::{Error, Fault, Result};
use crate::known::Known;
use crate::number;
use crate::picked::Picked;
use crate::table::{Record, Table};

/// What `glam write` and `glam score` are told about a file.
#[derive(Debug, Clone)]
pub(crate) struct Wanted {
    pub(crate) targets: Picked,
    pub(crate) labels: bool,
    pub(crate) header: Header,
    /// Whether columns that the memory does not know may stand in the file.
    pub(crate) others: Others,
}

/// What becomes of columns that are neither inputs nor targets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Others {
    Ignored,
    Refused,
}

/// Where the inputs and targets stand in a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Layout {
    /// The file's header, where there is one.
    pub(crate) names: Option<Vec<String>>,
    /// The column of each input.
    pub(crate) inputs: Vec<usize>,
    /// The column of each target.
    pub(crate) targets: Vec<usize>,
}

impl Layout {
    /// The layout of a file with inputs and targets, from its first row.
    pub(crate) fn with_targets<R: Read>(
        table: &Table<R>,
        wanted: &Wanted,
        known: Option<&Known>,
    ) -> Result<Self> {
        let first = table.record();
        let names = names(table, has_header(table, wanted, known)?)?;
        let index = names.as_deref().map(|names| Index::new(table, names));
        if let (Some(index), Others::Refused) = (&index, wanted.others) {
            index.check_unique()?;
        }
        let columns = first.len();
        check_room(table, wanted)?;
        let targets = match (&wanted.targets, &index) {
            (Picked::Names(wanted), Some(index)) => {
                let target = |name| index.find(name)?.ok_or_else(|| index.no_column(name));
                wanted.iter().map(|name| target(name)).collect::<Result<Vec<_>>>()?
            }
            (Picked::Names(_), None) => return Err(Error::CommandLine(NAMES_NEED_HEADER)),
            (Picked::Last(count), _) => (columns - count..columns).collect(),
            (Picked::First(count), _) => (0..*count).collect(),
            (&Picked::At(place), _) if place < columns => vec![place],
            (&Picked::At(place), _) => return Err(no_place(table, place)),
        };
        let is_target: HashSet<usize> = targets.iter().copied().collect();
        let inputs: Vec<usize> =
            (0..columns).filter(|column| !is_target.contains(column)).collect();
        let (inputs, targets) = match known {
            None => (inputs, targets),
            Some(known) => {
                let named = index.as_ref().zip(known.columns.as_ref());
                check_counts(table, &inputs, &targets, known, named.is_some(), wanted.others)?;
                match named {
                    None => (inputs, targets),
                    Some((index, columns)) => {
                        let targets = index.match_targets(&targets, columns, known)?;
                        if wanted.others == Others::Refused {
                            index.check_known(&inputs, columns, known)?;
                        }
                        (index.match_inputs(columns)?, targets)
                    }
                }
            }
        };
        Ok(Self { names, inputs, targets })
    }

    /// The layout of a file of cues for `known`, from its first row.
    pub(crate) fn of_cues<R: Read>(
        table: &Table<R>,
        header: Header,
        known: &Known,
    ) -> Result<Self> {
        let first = table.record();
        let (columns, inputs) = (first.len(), known.inputs());
        let header = match header {
            Header::Yes => true,
            Header::No => false,
            Header::Auto if holds_inputs(first, known.columns.as_ref()) => true,
            Header::Auto => match guess(first, None) {
                Guess::Header => true,
                Guess::Data => false,
                // Rather a row with targets: see below.
                Guess::Mixed(_) if columns == inputs + known.target_columns() => false,
                Guess::Mixed(column) => return Err(header_or_data(table, column)),
            },
        };
        let names = names(table, header)?;
        let inputs = match (&names, &known.columns) {
            (Some(names), Some(columns)) => Index::new(table, names).match_inputs(columns)?,
            _ if columns == inputs => (0..inputs).collect(),
            _ => {
                let (inputs, got) = (inputs as u64, columns as u64);
                let fault = if columns == known.inputs() + known.target_columns() {
                    Fault::InputsOnly { inputs, got }
                } else {
                    Fault::WrongInputs { inputs, got }
                };
                let column = columns.min(known.inputs());
                return Err(table.fault(Some(first.line), Some(column), fault));
            }
        };
        Ok(Self { names, inputs, targets: Vec::new() })
    }

    /// The names of the columns in the memory's order, where the file has a header.
    pub(crate) fn columns(&self) -> Option<Columns> {
        let names = self.names.as_ref()?;
        let pick =
            |columns: &[usize]| columns.iter().map(|&column| names[column].clone()).collect();
        Some(Columns { inputs: pick(&self.inputs), targets: pick(&self.targets) })
    }

    /// The name of a column, where the file has a header.
    pub(crate) fn name(&self, column: usize) -> Option<String> {
        self.names.as_ref()?.get(column).cloned()
    }
}

/// What a command line that names columns of a file without names is told.
pub(crate) const NAMES_NEED_HEADER: &str =
    "--targets with names needs a header; leave out `--header no`, or use last:N or first:N";

/// What the first row of a file looks like.
enum Guess {
    Header,
    Data,
    /// Text and numbers; the column of the first text.
    Mixed(usize),
}

/// A header holds text and no number, data numbers (or dates) and no text. A field that says that
/// its value is missing is neither.
fn guess(first: &Record, label: Option<usize>) -> Guess {
    let (mut text, mut number) = (None, false);
    for (column, field) in first.fields().enumerate() {
        if Some(column) == label || cell::is_missing(field) {
            continue;
        }
        if is_data(field) {
            number = true;
        } else {
            text = text.or(Some(column));
        }
    }
    match (text, number) {
        (Some(_), false) => Guess::Header,
        (Some(column), true) => Guess::Mixed(column),
        (None, _) => Guess::Data,
    }
}

/// True where a field can be no name: a number, or a date.
fn is_data(field: &[u8]) -> bool {
    number::is_like(field) || date::is_like(field)
}

fn has_header<R: Read>(table: &Table<R>, wanted: &Wanted, known: Option<&Known>) -> Result<bool> {
    match wanted.header {
        Header::Yes => return Ok(true),
        Header::No => return Ok(false),
        Header::Auto => {}
    }
    let first = table.record();
    let columns = first.len();
    let (start, end) = match wanted.targets {
        Picked::Names(_) => return Ok(true),
        Picked::Last(count) => (columns.saturating_sub(count), columns),
        Picked::First(count) => (0, columns.min(count)),
        Picked::At(place) => (place, place + 1),
    };
    if holds_inputs(first, known.and_then(|known| known.columns.as_ref())) {
        return Ok(true);
    }
    match guess(first, wanted.labels.then_some(start)) {
        Guess::Header => Ok(true),
        Guess::Data => Ok(false),
        Guess::Mixed(column) => {
            // Text only where the targets are: rows with labels, and no `--labels`.
            let elsewhere = (0..columns).filter(|column| !(start..end).contains(column));
            let mut elsewhere = elsewhere.map(|column| first.field(column));
            if elsewhere.all(|field| cell::is_missing(field) || is_data(field)) {
                Ok(false)
            } else {
                Err(header_or_data(table, column))
            }
        }
    }
}

/// True where the row holds the name of every input.
fn holds_inputs(first: &Record, columns: Option<&Columns>) -> bool {
    columns.is_some_and(|columns| {
        let fields: HashSet<&[u8]> = first.fields().collect();
        columns.inputs.iter().all(|name| fields.contains(name.as_bytes()))
    })
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

fn no_place<R: Read>(table: &Table<R>, place: usize) -> Error {
    let first = table.record();
    let (place, columns) = (place as u64 + 1, first.len() as u64);
    table.fault(Some(first.line), None, Fault::NoPlace { place, columns })
}

fn header_or_data<R: Read>(table: &Table<R>, column: usize) -> Error {
    let first = table.record();
    let text = crate::message::quoted(&String::from_utf8_lossy(first.field(column)));
    table.fault(Some(first.line), Some(column), Fault::HeaderOrData { text })
}

/// The names in the first row, where it is a header.
fn names<R: Read>(table: &Table<R>, header: bool) -> Result<Option<Vec<String>>> {
    let first = table.record();
    let name = |(column, field): (usize, &[u8])| match std::str::from_utf8(field) {
        Ok(name) if !name.contains('\0') => Ok(name.to_owned()),
        _ => Err(table.fault(Some(first.line), Some(column), Fault::NotText)),
    };
    header.then(|| first.fields().enumerate().map(name).collect()).transpose()
}

/// Fails where the file has other numbers of inputs and targets than the memory. Where columns are
/// `named` and others are ignored, inputs may be too many here.
fn check_counts<R: Read>(
    table: &Table<R>,
    inputs: &[usize],
    targets: &[usize],
    known: &Known,
    named: bool,
    others: Others,
) -> Result<()> {
    let exactly = !named || others == Others::Refused;
    let (got_inputs, got_targets) = (inputs.len(), targets.len());
    if got_targets == known.target_columns() && (!exactly || got_inputs == known.inputs()) {
        return Ok(());
    }
    let fault = Fault::Counts {
        memory: known.path.clone(),
        inputs: known.inputs() as u64,
        targets: known.target_columns() as u64,
        got_inputs: got_inputs as u64,
        got_targets: got_targets as u64,
    };
    Err(table.fault(Some(table.record().line), None, fault))
}

/// The columns of a header by name.
struct Index<'a, R> {
    table: &'a Table<R>,
    names: &'a [String],
    /// The first and the last column of each name.
    columns: HashMap<&'a str, (usize, usize)>,
}

impl<'a, R: Read> Index<'a, R> {
    fn new(table: &'a Table<R>, names: &'a [String]) -> Self {
        let mut columns = HashMap::with_capacity(names.len());
        for (column, name) in names.iter().enumerate() {
            columns.entry(name.as_str()).or_insert((column, column)).1 = column;
        }
        Self { table, names, columns }
    }

    fn fault(&self, column: Option<usize>, fault: Fault) -> Error {
        self.table.fault(Some(self.table.record().line), column, fault)
    }

    /// The one column called `name`, where there is one.
    fn find(&self, name: &str) -> Result<Option<usize>> {
        match self.columns.get(name) {
            Some(&(first, last)) if first != last => {
                let name = crate::message::quoted(name);
                Err(self.fault(Some(last), Fault::SameName { name, first: first as u64 + 1 }))
            }
            found => Ok(found.map(|&(column, _)| column)),
        }
    }

    /// Fails where two columns have the same name.
    fn check_unique(&self) -> Result<()> {
        self.names.iter().try_for_each(|name| self.find(name).map(|_| ()))
    }

    fn no_column(&self, name: &str) -> Error {
        self.fault(None, Fault::NoColumn { name: name.to_owned(), have: self.names.to_vec() })
    }

    /// The column of each input that the memory was written with.
    fn match_inputs(&self, columns: &Columns) -> Result<Vec<usize>> {
        let column = |name: &String| {
            self.find(name)?.ok_or_else(|| {
                let fault = Fault::NoInput { name: name.clone(), inputs: columns.inputs.clone() };
                self.fault(None, fault)
            })
        };
        columns.inputs.iter().map(column).collect()
    }

    /// The picked targets in the order in which the memory learned them.
    fn match_targets(
        &self,
        picked: &[usize],
        columns: &Columns,
        known: &Known,
    ) -> Result<Vec<usize>> {
        let picked_set: HashSet<usize> = picked.iter().copied().collect();
        let mut targets = Vec::with_capacity(picked.len());
        for name in &columns.targets {
            match self.find(name)? {
                Some(column) if picked_set.contains(&column) => targets.push(column),
                _ => {
                    let fault = Fault::TargetNames {
                        memory: known.path.clone(),
                        targets: columns.targets.clone(),
                        got: picked.iter().map(|&column| self.names[column].clone()).collect(),
                    };
                    return Err(self.fault(picked.first().copied(), fault));
                }
            }
        }
        Ok(targets)
    }

    /// Fails where an input is none of the memory's.
    fn check_known(&self, inputs: &[usize], columns: &Columns, known: &Known) -> Result<()> {
        let names: HashSet<&str> = columns.inputs.iter().map(String::as_str).collect();
        match inputs.iter().find(|&&input| !names.contains(self.names[input].as_str())) {
            None => Ok(()),
            Some(&input) => {
                let fault = Fault::UnknownInput {
                    memory: known.path.clone(),
                    name: self.names[input].clone(),
                    inputs: columns.inputs.clone(),
                };
                Err(self.fault(Some(input), fault))
            }
        }
    }
}
