//! The columns of a header by name, matched with those that a memory knows.

use std::collections::{HashMap, HashSet};
use std::io::Read;

use crate::columns::Columns;
use crate::error::{Error, Fault, Result};
use crate::known::Known;
use crate::layout::option;
use crate::message::quoted;
use crate::table::Table;

/// The columns of a header by name.
pub(crate) struct Index<'a, R> {
    table: &'a Table<R>,
    pub(crate) names: &'a [String],
    /// The first and the last column of each name.
    columns: HashMap<&'a str, (usize, usize)>,
}

impl<'a, R: Read> Index<'a, R> {
    pub(crate) fn new(table: &'a Table<R>, names: &'a [String]) -> Self {
        let mut columns = HashMap::with_capacity(names.len());
        for (column, name) in names.iter().enumerate() {
            columns.entry(name.as_str()).or_insert((column, column)).1 = column;
        }
        Self { table, names, columns }
    }

    pub(crate) fn fault(&self, column: Option<usize>, fault: Fault) -> Error {
        self.table.fault(Some(self.table.record().line), column, fault)
    }

    /// The one column called `name`, where there is one.
    pub(crate) fn find(&self, name: &str) -> Result<Option<usize>> {
        match self.columns.get(name) {
            Some(&(first, last)) if first != last => {
                let name = quoted(name);
                Err(self.fault(Some(last), Fault::SameName { name, first: first as u64 + 1 }))
            }
            found => Ok(found.map(|&(column, _)| column)),
        }
    }

    /// Fails where two columns have the same name, unless they are ignored.
    pub(crate) fn check_unique(&self, ignored: &HashSet<usize>) -> Result<()> {
        let used = self.names.iter().enumerate().filter(|(column, _)| !ignored.contains(column));
        used.map(|(_, name)| name).try_for_each(|name| self.find(name).map(|_| ()))
    }

    pub(crate) fn no_column(&self, name: &str) -> Error {
        self.fault(None, Fault::NoColumn { name: name.to_owned(), have: self.names.to_vec() })
    }

    /// The column of each input that the memory was written with.
    pub(crate) fn match_inputs(&self, columns: &Columns) -> Result<Vec<usize>> {
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
    pub(crate) fn match_targets(
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
    pub(crate) fn check_known(
        &self,
        inputs: &[usize],
        columns: &Columns,
        known: &Known,
    ) -> Result<()> {
        let known_names = columns.input_names();
        let names: HashSet<&str> = known_names.iter().map(String::as_str).collect();
        match inputs.iter().find(|&&input| !names.contains(self.names[input].as_str())) {
            None => Ok(()),
            Some(&input) => {
                let fault = Fault::UnknownInput {
                    memory: known.path.clone(),
                    name: self.names[input].clone(),
                    inputs: known_names,
                    ignore: option(Some(&self.names[input]), input),
                };
                Err(self.fault(Some(input), fault))
            }
        }
    }
}
