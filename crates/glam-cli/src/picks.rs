//! The columns of a file that are picked to be targets, weights or nothing.

use std::collections::HashSet;
use std::io::Read;

use crate::columns::{Columns, Role};
use crate::error::{Error, Fault, Result};
use crate::index::Index;
use crate::known::Known;
use crate::layout::{NAMES_NEED_HEADER, Wanted};
use crate::picked::Picked;
use crate::table::Table;

/// The columns of a file that are more than inputs.
pub(crate) struct Picks {
    columns: usize,
    pub(crate) targets: Vec<usize>,
    pub(crate) weights: Option<usize>,
    pub(crate) ignored: HashSet<usize>,
}

impl Picks {
    /// Those that the options pick.
    pub(crate) fn new<R: Read>(
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
    pub(crate) fn add_named<R: Read>(
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
                Some(Role::Ignored) if self.is_free(column) => {
                    self.ignored.insert(column);
                }
                Some(Role::Weights) if self.is_free(column) => match self.weights {
                    None => self.weights = Some(column),
                    other => {
                        let (memory, name) = (known.path.clone(), name.clone());
                        return Err(index.fault(other, Fault::OtherWeights { memory, name }));
                    }
                },
                _ => {}
            }
        }
        Ok(())
    }

    /// Adds what the memory knows by place.
    pub(crate) fn add_places(&mut self, columns: &Columns) {
        for (place, column) in columns.all().iter().enumerate() {
            match column.is {
                Role::Ignored if self.is_free(place) => {
                    self.ignored.insert(place);
                }
                Role::Weights if self.is_free(place) && self.weights.is_none() => {
                    self.weights = Some(place);
                }
                _ => {}
            }
        }
    }

    /// True where no option picks the column.
    fn is_free(&self, column: usize) -> bool {
        let picked = self.targets.contains(&column) || self.weights == Some(column);
        !picked && !self.ignored.contains(&column)
    }

    /// All other columns.
    pub(crate) fn inputs<R: Read>(&self, table: &Table<R>) -> Result<Vec<usize>> {
        let taken: HashSet<usize> = self.targets.iter().chain(&self.weights).copied().collect();
        let free = |column: &usize| !taken.contains(column) && !self.ignored.contains(column);
        let inputs: Vec<usize> = (0..self.columns).filter(free).collect();
        if inputs.is_empty() {
            return Err(table.fault(Some(table.record().line), None, Fault::NothingLeft));
        }
        Ok(inputs)
    }
}

/// The columns of a file that are picked by place; `None` by name, or where there are fewer.
pub(crate) fn places(picked: &Picked, columns: usize) -> Option<Vec<usize>> {
    match *picked {
        Picked::Names(_) => None,
        Picked::Last(count) => Some((columns.checked_sub(count)?..columns).collect()),
        Picked::First(count) => (count <= columns).then(|| (0..count).collect()),
        Picked::At(place) => (place < columns).then(|| vec![place]),
    }
}
