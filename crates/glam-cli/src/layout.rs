//! Which column of a file is what.

use std::collections::{HashMap, HashSet};
use std::io::Read;

use crate::args::Header;
use crate::cell;
use crate::columns::{Column, Columns, Role};
use crate::date;
use crate::encoding::Encoding;
use crate::error::{Error, Fault, Result};
use crate::known::Known;
use crate::message::quoted;
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
                    Fault::WrongInputs { inputs, got }
                };
                let column = width.min(known.input_columns());
                return Err(table.fault(Some(first.line), Some(column), fault));
            }
        };
        let encodings = encodings(columns, inputs.len());
        let (targets, weights) = (Vec::new(), None);
        Ok(Self { names, columns: width, inputs, encodings, targets, weights })
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
        match self.name(column) {
            Some(name) if is_plain(&name) => name,
            _ => format!("column:{}", column + 1),
        }
    }

    /// `error` with the name of the column that it blames.
    pub(crate) fn named(&self, mut error: Error) -> Error {
        if let Error::Data(located) = &mut error {
            located.place.name = located.place.column.and_then(|column| self.name(column));
        }
        error
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
fn numbers(columns: Option<&Columns>, inputs: &[usize]) -> HashSet<usize> {
    let encodings = encodings(columns, inputs.len());
    let pairs = inputs.iter().zip(&encodings);
    pairs.filter(|(_, encoding)| **encoding == Encoding::Number).map(|(&input, _)| input).collect()
}

/// What a command line that names columns of a file without names is told.
pub(crate) const NAMES_NEED_HEADER: &str =
    "columns with names need a header; leave out `--header no`, or use last:N, first:N or column:N";

/// What the first row of a file looks like.
enum Guess {
    Header,
    Data,
    /// Text and numbers; the column of the first text.
    Mixed(usize),
}

/// A header holds text and no number, data numbers (or dates) and no text. A field that says that
/// its value is missing is neither; the columns `text` hold text in any case.
fn guess(first: &Record, text: &[usize]) -> Guess {
    let text: HashSet<usize> = text.iter().copied().collect();
    let (mut found, mut number) = (None, false);
    for (column, field) in first.fields().enumerate() {
        if text.contains(&column) || cell::is_missing(field) {
            continue;
        }
        if is_data(field) {
            number = true;
        } else {
            found = found.or(Some(column));
        }
    }
    match (found, number) {
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
    let columns = known.and_then(|known| known.columns.as_ref());
    if wanted.picks().any(|picked| matches!(picked, Picked::Names(_)))
        || holds_inputs(first, columns)
    {
        return Ok(true);
    }
    let picked = |picked: &Picked| places(picked, first.len()).unwrap_or_default();
    let targets = picked(&wanted.targets);
    let mut text: Vec<usize> = wanted.ignored.iter().flat_map(picked).collect();
    if wanted.labels {
        text.extend(&targets);
    }
    match columns {
        Some(columns) if columns.all().len() == first.len() => {
            let any = |role: &Role| matches!(role, Role::Categories(_) | Role::Ignored);
            let all = columns.all().iter().enumerate();
            text.extend(all.filter(|(_, column)| any(&column.is)).map(|(place, _)| place));
        }
        _ => {
            let other = |column: &usize| !targets.contains(column) && !text.contains(column);
            let inputs: Vec<usize> = (0..first.len()).filter(other).collect();
            let numbers = numbers(columns, &inputs);
            text.extend(inputs.iter().filter(|input| !numbers.contains(input)));
        }
    }
    match guess(first, &text) {
        Guess::Header => Ok(true),
        Guess::Data => Ok(false),
        Guess::Mixed(column) => {
            // Text only where the targets are: rows with labels, and no `--labels`.
            text.extend(&targets);
            match guess(first, &text) {
                Guess::Data => Ok(false),
                _ => Err(header_or_data(table, column)),
            }
        }
    }
}

/// The columns of a file that are picked by place; `None` by name, or where there are fewer.
fn places(picked: &Picked, columns: usize) -> Option<Vec<usize>> {
    match *picked {
        Picked::Names(_) => None,
        Picked::Last(count) => Some((columns.checked_sub(count)?..columns).collect()),
        Picked::First(count) => (count <= columns).then(|| (0..count).collect()),
        Picked::At(place) => (place < columns).then(|| vec![place]),
    }
}

/// True where the row holds the name of every input.
fn holds_inputs(first: &Record, columns: Option<&Columns>) -> bool {
    columns.filter(|columns| columns.named()).is_some_and(|columns| {
        let fields: HashSet<&[u8]> = first.fields().collect();
        columns.input_names().iter().all(|name| fields.contains(name.as_bytes()))
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

/// The columns of a file that are more than inputs.
struct Picks {
    columns: usize,
    targets: Vec<usize>,
    weights: Option<usize>,
    ignored: HashSet<usize>,
}

impl Picks {
    /// Those that the options pick.
    fn new<R: Read>(
        table: &Table<R>,
        index: Option<&Index<'_, R>>,
        wanted: &Wanted,
    ) -> Result<Self> {
        let first = table.record();
        let columns = first.len();
        let pick = |picked: &Picked| match (picked, index) {
            (Picked::Names(names), Some(index)) => {
                let column = |name| index.find(name)?.ok_or_else(|| index.no_column(name));
                names.iter().map(|name| column(name)).collect()
            }
            (Picked::Names(_), None) => Err(Error::CommandLine(NAMES_NEED_HEADER)),
            _ => places(picked, columns).ok_or_else(|| {
                let place = match *picked {
                    Picked::At(place) => place + 1,
                    _ => picked.count(),
                };
                let fault = Fault::NoPlace { place: place as u64, columns: columns as u64 };
                table.fault(Some(first.line), None, fault)
            }),
        };
        let targets: Vec<usize> = pick(&wanted.targets)?;
        let weights =
            wanted.weights.as_ref().map(pick).transpose()?.and_then(|at| at.first().copied());
        let mut ignored = HashSet::new();
        for picked in &wanted.ignored {
            ignored.extend(pick(picked)?);
        }
        let twice = |column: &usize| {
            let target = targets.contains(column);
            match (target, weights == Some(*column), ignored.contains(column)) {
                (true, true, _) => Some(("--targets", "--weights")),
                (true, _, true) => Some(("--targets", "--ignore")),
                (_, true, true) => Some(("--weights", "--ignore")),
                _ => None,
            }
        };
        let special = targets.iter().chain(&weights);
        match special.filter_map(|column| Some((*column, twice(column)?))).next() {
            Some((column, (one, other))) => {
                Err(table.fault(Some(first.line), Some(column), Fault::TwoRoles { one, other }))
            }
            None => Ok(Self { columns, targets, weights, ignored }),
        }
    }

    /// Adds what the memory knows by name.
    fn add_named<R: Read>(
        &mut self,
        index: &Index<'_, R>,
        columns: &Columns,
        known: &Known,
    ) -> Result<()> {
        for column in self.ignored.iter().chain(&self.weights) {
            let name = &index.names[*column];
            if let Some(Role::Number | Role::Categories(_)) = columns.role(name) {
                let (memory, name) = (known.path.clone(), name.clone());
                return Err(index.fault(Some(*column), Fault::IsInput { memory, name }));
            }
        }
        for (column, name) in index.names.iter().enumerate() {
            match columns.role(name) {
                Some(Role::Ignored) => {
                    if self.weights != Some(column) && !self.targets.contains(&column) {
                        self.ignored.insert(column);
                    }
                }
                Some(Role::Weights) if !self.ignored.contains(&column) => {
                    if *self.weights.get_or_insert(column) != column {
                        let (memory, name) = (known.path.clone(), name.clone());
                        let fault = Fault::OtherWeights { memory, name };
                        return Err(index.fault(self.weights, fault));
                    }
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// Adds what the memory knows by place.
    fn add_places(&mut self, columns: &Columns) {
        for (place, column) in columns.all().iter().enumerate() {
            let free = !self.targets.contains(&place) && self.weights != Some(place);
            match column.is {
                Role::Ignored if free => {
                    self.ignored.insert(place);
                }
                Role::Weights if free && self.weights.is_none() => {
                    if !self.ignored.contains(&place) {
                        self.weights = Some(place);
                    }
                }
                _ => {}
            }
        }
    }

    /// All other columns.
    fn inputs<R: Read>(&self, table: &Table<R>) -> Result<Vec<usize>> {
        let taken: HashSet<usize> = self.targets.iter().chain(&self.weights).copied().collect();
        let free = |column: &usize| !taken.contains(column) && !self.ignored.contains(column);
        let inputs: Vec<usize> = (0..self.columns).filter(free).collect();
        if inputs.is_empty() {
            return Err(table.fault(Some(table.record().line), None, Fault::NothingLeft));
        }
        Ok(inputs)
    }
}

fn header_or_data<R: Read>(table: &Table<R>, column: usize) -> Error {
    let first = table.record();
    let text = quoted(&String::from_utf8_lossy(first.field(column)));
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
                let name = quoted(name);
                Err(self.fault(Some(last), Fault::SameName { name, first: first as u64 + 1 }))
            }
            found => Ok(found.map(|&(column, _)| column)),
        }
    }

    /// Fails where two columns have the same name, unless they are ignored.
    fn check_unique(&self, ignored: &HashSet<usize>) -> Result<()> {
        let used = self.names.iter().enumerate().filter(|(column, _)| !ignored.contains(column));
        used.map(|(_, name)| name).try_for_each(|name| self.find(name).map(|_| ()))
    }

    fn no_column(&self, name: &str) -> Error {
        self.fault(None, Fault::NoColumn { name: name.to_owned(), have: self.names.to_vec() })
    }

    /// The column of each input that the memory was written with.
    fn match_inputs(&self, columns: &Columns) -> Result<Vec<usize>> {
        let names = columns.input_names();
        let column = |name: &String| {
            self.find(name)?.ok_or_else(|| {
                let fault = Fault::NoInput { name: name.clone(), inputs: names.clone() };
                self.fault(None, fault)
            })
        };
        names.iter().map(column).collect()
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
        let names = columns.target_names();
        for name in &names {
            match self.find(name)? {
                Some(column) if picked_set.contains(&column) => targets.push(column),
                _ => {
                    let fault = Fault::TargetNames {
                        memory: known.path.clone(),
                        targets: names,
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
        let known_names = columns.input_names();
        let names: HashSet<&str> = known_names.iter().map(String::as_str).collect();
        match inputs.iter().find(|&&input| !names.contains(self.names[input].as_str())) {
            None => Ok(()),
            Some(&input) => {
                let fault = Fault::UnknownInput {
                    memory: known.path.clone(),
                    name: self.names[input].clone(),
                    inputs: known_names,
                };
                Err(self.fault(Some(input), fault))
            }
        }
    }
}
