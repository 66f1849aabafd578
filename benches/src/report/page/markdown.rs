//! The report as Markdown, as GitHub reads it. Charts are their tables.

use super::inline::{Span, command, spans};
use super::table::{filled, is_text, width};
use super::words::clean;
use crate::report::{Block, Cell, Report, Table};

/// Writes a report as Markdown. Charts become their tables; pictures are in the page alone.
#[must_use]
pub fn markdown(report: &Report) -> String {
    let mut parts = vec![format!("# {}", plain(&report.title))];
    parts.extend(report.lead.iter().flat_map(|block| paragraphs(block, "##")));
    for section in &report.sections {
        parts.push(format!("## {}", plain(&section.title)));
        parts.extend(section.blocks.iter().flat_map(|block| paragraphs(block, "###")));
    }
    if !report.colophon.is_empty() {
        parts.push("---".into());
    }
    parts.extend(report.colophon.iter().map(|line| match command(line) {
        Some(command) => format!("```sh\n{}\n```", command.trim()),
        None => rich(line),
    }));
    parts.retain(|part| !part.trim().is_empty());
    parts.join("\n\n") + "\n"
}

fn paragraphs(block: &Block, level: &str) -> Vec<String> {
    match block {
        Block::Heading(text) => vec![format!("{level} {}", plain(text))],
        Block::Text(text) => vec![rich(text)],
        Block::List(items) => {
            vec![
                items.iter().map(|item| format!("- {}", rich(item))).collect::<Vec<_>>().join("\n"),
            ]
        }
        Block::Chart(chart) => {
            let mut parts = vec![format!("**{}**", plain(&chart.title)), rich(&chart.caption)];
            parts.extend(table(&chart.table));
            parts
        }
        Block::Table(of) => table(of),
        Block::Strip(strip) => {
            let names: Vec<String> = strip.rows.iter().map(|(name, _)| plain(name)).collect();
            let what = format!("Pictures, in the HTML page: {}.", names.join(", "));
            vec![rich(&strip.caption), what]
        }
    }
}

fn table(table: &Table) -> Vec<String> {
    let width = width(table);
    if width == 0 {
        return vec![rich(&table.caption)];
    }
    let line = |cells: Vec<String>| format!("| {} |", cells.join(" | "));
    let mut heads: Vec<String> = table.columns.iter().map(|head| plain(head)).collect();
    heads.resize(width, String::new());
    let is_left = |i: usize| i == 0 || is_text(table, i);
    let sides = (0..width).map(|i| if is_left(i) { "---" } else { "---:" }.to_owned()).collect();
    let mut lines = vec![line(heads), line(sides)];
    lines.extend(table.rows.iter().map(|row| line(filled(row, width).map(cell).collect())));
    vec![rich(&table.caption), lines.join("\n")]
}

fn cell(cell: Cell) -> String {
    let text = plain(cell.text.trim());
    if cell.best && !text.is_empty() { format!("**{text}**") } else { text }
}

/// A text with its `code` and **strong**, on one line.
fn rich(text: &str) -> String {
    spans(&clean(text))
        .into_iter()
        .map(|span| match span {
            Span::Plain(text) => plain(text),
            Span::Code(text) => format!("`{text}`"),
            Span::Strong(text) => format!("**{}**", rich(text)),
        })
        .collect()
}

/// A text in which nothing means anything, on one line.
fn plain(text: &str) -> String {
    let text = clean(text);
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if matches!(c, '\\' | '|' | '<' | '*' | '`' | '[' | ']') {
            out.push('\\');
        }
        out.push(c);
    }
    out.replace('&', "&amp;")
}
