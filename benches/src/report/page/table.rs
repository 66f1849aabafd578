//! A table in HTML.

use maud::{Markup, html};

use super::html::rich;
use crate::report::{Cell, Table};

/// A cell with more letters is words, which may break, even where numbers are expected.
const WORDS: usize = 24;

/// The number of columns, whether the heads or a row have more.
pub(super) fn width(table: &Table) -> usize {
    table.rows.iter().map(Vec::len).chain([table.columns.len()]).max().unwrap_or(0)
}

/// A row, filled up with empty cells.
pub(super) fn filled(row: &[Cell], width: usize) -> impl Iterator<Item = Cell> {
    row.iter().cloned().chain(std::iter::repeat(Cell::default())).take(width)
}

/// Whether a column behind the first has text and no numbers: every cell that says something begins with a
/// letter.
pub(super) fn is_text(table: &Table, column: usize) -> bool {
    let mut cells = table.rows.iter().filter_map(|row| row.get(column)?.text.chars().next());
    let first = cells.next();
    column > 0 && first.into_iter().chain(cells).all(char::is_alphabetic) && first.is_some()
}

/// The table in a box of its own, within which it scrolls sideways. `name` is what those hear who do
/// not see it.
pub(super) fn markup(table: &Table, name: &str) -> Markup {
    let width = width(table);
    let empty = String::new();
    let texts: Vec<bool> = (0..width).map(|i| is_text(table, i)).collect();
    html! {
        // Beside the box: a line of words is not to be scrolled.
        @if !table.caption.is_empty() { p.caption { (rich(&table.caption)) } }
        div.scroll role="region" aria-label=(name) tabindex="0" {
            table {
                thead { tr {
                    @for i in 0..width {
                        th.text[texts[i]] scope="col" { (table.columns.get(i).unwrap_or(&empty)) }
                    }
                } }
                tbody {
                    @for row in &table.rows {
                        tr { @for (i, (cell, columns)) in wide(row, width).iter().enumerate() {
                            @let words = is_words(cell);
                            @let columns = (*columns > 1).then_some(columns);
                            @if i == 0 {
                                th.words[words] scope="row" { (text(cell)) }
                            } @else {
                                @let class = if texts[i] { Some("text") } else { words.then_some("words") };
                                td class=[class] colspan=[columns] { (text(cell)) }
                            }
                        } }
                    }
                }
            }
        }
    }
}

fn is_words(cell: &Cell) -> bool {
    cell.text.chars().count() > WORDS
}

/// The cells of a row, each with the number of columns that it takes. Words take the empty columns up
/// to the end of the row.
fn wide(row: &[Cell], width: usize) -> Vec<(Cell, usize)> {
    let mut cells: Vec<(Cell, usize)> = filled(row, width).map(|cell| (cell, 1)).collect();
    let last = cells.iter().rposition(|(cell, _)| !cell.text.is_empty()).filter(|last| *last > 0);
    if let Some(last) = last
        && is_words(&cells[last].0)
    {
        cells[last].1 = width - last;
        cells.truncate(last + 1);
    }
    cells
}

fn text(cell: &Cell) -> Markup {
    html! { @if cell.best { strong { (cell.text) } } @else { (cell.text) } }
}
