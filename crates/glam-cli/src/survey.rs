//! What the columns of a memory's first file hold: numbers, or categories.
//!
//! The first reading finds the columns with text; only where there are some, another gathers
//! their values, so that nothing is kept of columns of numbers however many they are.

use std::collections::{BTreeMap, HashSet};
use std::io::Read;

use crate::cell::{self, Cell};
use crate::encoding::{self, Categories, Encoding, MAX_DISTINCT, MAX_VALUES};
use crate::error::{Fault, Result};
use crate::layout::Layout;
use crate::message::{counted, grouped, quoted};
use crate::number;
use crate::table::Table;

/// What the first reading found in input columns, by the place of the column among the inputs.
#[derive(Debug, Default)]
pub(crate) struct Survey {
    texts: BTreeMap<usize, Text>,
    /// Numbers that cannot be taken, which are text where the column holds other text.
    doubtful: BTreeMap<usize, (u64, Fault)>,
}

/// The first text of a column.
#[derive(Debug)]
struct Text {
    line: u64,
    /// As messages show it.
    shown: String,
    /// Cells of the column that hold numbers.
    numbers: u64,
    /// Whether no two rows share a value, of more than have an input each.
    unique: bool,
}

impl Survey {
    /// Looks at a cell of column `input`.
    pub(crate) fn look(&mut self, input: usize, line: u64, field: &[u8]) -> Result<(), Fault> {
        match cell::parse(field) {
            Ok(Cell::Missing | Cell::Number(_)) => Ok(()),
            Ok(Cell::Text) => {
                let text = encoding::text(field)?;
                self.texts.entry(input).or_insert_with(|| Text {
                    line,
                    shown: quoted(text),
                    numbers: 0,
                    unique: false,
                });
                Ok(())
            }
            Err(fault @ Fault::Date { .. }) => Err(fault),
            Err(fault) => {
                self.doubtful.entry(input).or_insert((line, fault));
                Ok(())
            }
        }
    }

    /// The first number that cannot be taken in a column without text: its column and line.
    pub(crate) fn refused(&mut self) -> Option<(usize, u64, Fault)> {
        let mut doubtful = std::mem::take(&mut self.doubtful);
        doubtful.retain(|input, _| !self.texts.contains_key(input));
        let (input, (line, fault)) = doubtful.into_iter().min_by_key(|(_, (line, _))| *line)?;
        Some((input, line, fault))
    }

    /// True where there is text, so that the values have to be gathered.
    pub(crate) fn found_text(&self) -> bool {
        !self.texts.is_empty()
    }

    /// The encodings of the columns, with the values found in another reading of the file.
    pub(crate) fn gather<R: Read>(
        &mut self,
        file: &str,
        reader: R,
        layout: &Layout,
    ) -> Result<Vec<Encoding>> {
        let mut table = Table::new(file, reader);
        if layout.names.is_some() {
            table.advance()?;
        }
        let mut found: BTreeMap<usize, Values> =
            self.texts.keys().map(|&input| (input, Values::default())).collect();
        while table.advance()? {
            let record = table.record();
            if record.len() != layout.columns {
                return Err(table.fault(None, None, Fault::Changed));
            }
            for (&input, values) in &mut found {
                let column = layout.inputs[input];
                let field = record.field(column);
                let fault = match encoding::text(field) {
                    Err(fault) => fault,
                    Ok(_) if cell::is_missing(field) => continue,
                    Ok(value) if values.add(value) => continue,
                    Ok(_) => self.many_values(input, layout),
                };
                return Err(layout.named(table.fault(Some(record.line), Some(column), fault)));
            }
        }
        for (input, text) in &mut self.texts {
            if let Some(values) = found.get(input) {
                text.numbers = values.numbers;
                text.unique =
                    values.cells == values.hashes.len() as u64 && values.hashes.len() > MAX_VALUES;
            }
        }
        let encoding =
            |input| match found.remove(&input).and_then(|found| Categories::new(found.values)) {
                Some(categories) => Encoding::Categories(categories),
                None => Encoding::Number,
            };
        Ok((0..layout.inputs.len()).map(encoding).collect())
    }

    /// What is said of the columns with categories: a line for each.
    pub(crate) fn describe(&self, layout: &Layout, encodings: &[Encoding]) -> Vec<String> {
        let line = |(&input, text): (&usize, &Text)| match encodings.get(input) {
            Some(Encoding::Categories(categories)) => {
                let name = layout.called(layout.inputs[input]);
                let (summary, line, shown) = (summary(categories), text.line, &text.shown);
                let numbers = match text.numbers {
                    0 => String::new(),
                    1 => ", though 1 cell is a number".to_owned(),
                    numbers => format!(", though {} cells are numbers", grouped(numbers)),
                };
                let advice = match text.numbers {
                    0 if text.unique => format!(
                        "; no two rows share a value: `--ignore {}` leaves out what tells rows \
                         apart and nothing else",
                        layout.option(layout.inputs[input])
                    ),
                    0 => String::new(),
                    _ => "; if that is a mistake, correct it and make the memory anew".to_owned(),
                };
                Some(format!(
                    "{name} is categorical, {summary}: line {line} holds {shown}{numbers}{advice}"
                ))
            }
            _ => None,
        };
        self.texts.iter().filter_map(line).collect()
    }

    fn many_values(&self, input: usize, layout: &Layout) -> Fault {
        let text = self.texts.get(&input);
        Fault::ManyValues {
            text: text.map_or_else(String::new, |text| text.shown.clone()),
            line: text.map_or(0, |text| text.line),
            max: MAX_DISTINCT as u64,
            ignore: layout.option(layout.inputs[input]),
        }
    }
}

/// Values and inputs in a few words: `5 values + 8 hashed`.
pub(crate) fn summary(categories: &Categories) -> String {
    let values = counted(categories.values().len() as u64, "value");
    format!("{values} + {} hashed", encoding::HASHED)
}

/// The distinct values of a column, in the order of their first appearance.
#[derive(Debug, Default)]
struct Values {
    values: Vec<String>,
    hashes: HashSet<u64>,
    /// Cells that hold a value, and those of them that hold numbers.
    cells: u64,
    numbers: u64,
}

impl Values {
    /// Adds a value; false where it is one too many. Values whose hashes are alike count as one.
    fn add(&mut self, value: &str) -> bool {
        self.cells += 1;
        self.numbers += u64::from(number::is_like(value.as_bytes()));
        if self.hashes.insert(encoding::hash(value)) && self.values.len() < MAX_VALUES {
            self.values.push(value.to_owned());
        }
        self.hashes.len() <= MAX_DISTINCT
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_kept_in_order_and_counted_to_the_limit() {
        let mut values = Values::default();
        for i in 0..MAX_DISTINCT {
            assert!(values.add(&i.to_string()) && values.add("0"), "{i}");
        }
        let expected: Vec<String> = (0..MAX_VALUES).map(|i| i.to_string()).collect();
        assert_eq!(values.values, expected);
        assert!(!values.add("one more"));
    }
}
