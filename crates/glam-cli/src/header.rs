//! Whether the first row of a file is a header.

use std::collections::HashSet;
use std::io::Read;

use crate::args::Header;
use crate::cell;
use crate::columns::{Columns, Role};
use crate::date;
use crate::error::{Error, Fault, Result};
use crate::known::Known;
use crate::layout::{Wanted, numbers};
use crate::message::quoted;
use crate::number;
use crate::picked::Picked;
use crate::picks::places;
use crate::table::{Record, Table};

/// What the first row of a file looks like.
pub(crate) enum Guess {
    Header,
    Data,
    /// Text and numbers; the column of the first text.
    Mixed(usize),
}

/// A header holds text and no number, data numbers (or dates) and no text. A field that says that
/// its value is missing is neither; the columns `text` hold text in any case.
pub(crate) fn guess(first: &Record, text: &[usize]) -> Guess {
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

pub(crate) fn has_header<R: Read>(
    table: &Table<R>,
    wanted: &Wanted,
    known: Option<&Known>,
) -> Result<bool> {
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

/// True where the row holds the name of every input.
pub(crate) fn holds_inputs(first: &Record, columns: Option<&Columns>) -> bool {
    columns.filter(|columns| columns.named()).is_some_and(|columns| {
        let fields: HashSet<&[u8]> = first.fields().collect();
        columns.input_names().iter().all(|name| fields.contains(name.as_bytes()))
    })
}

pub(crate) fn header_or_data<R: Read>(table: &Table<R>, column: usize) -> Error {
    let first = table.record();
    let text = quoted(&String::from_utf8_lossy(first.field(column)));
    table.fault(Some(first.line), Some(column), Fault::HeaderOrData { text })
}

/// The names in the first row, where it is a header.
pub(crate) fn names<R: Read>(table: &Table<R>, header: bool) -> Result<Option<Vec<String>>> {
    let first = table.record();
    let name = |(column, field): (usize, &[u8])| match std::str::from_utf8(field) {
        Ok(name) if !name.contains('\0') => Ok(name.to_owned()),
        _ => Err(table.fault(Some(first.line), Some(column), Fault::NotText)),
    };
    header.then(|| first.fields().enumerate().map(name).collect()).transpose()
}
