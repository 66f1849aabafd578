//! The report as one HTML page.

use maud::{DOCTYPE, Markup, PreEscaped, html as markup};

use super::canvas::Svg;
use super::inline::{Span, command, spans};
use super::palette::{Styles, css};
use super::{chart, picture, table};
use crate::report::{Axis, Block, Chart, Drawing, Report, ReportError, Section, Strip};

const STYLE: &str = include_str!("style.css");

/// The level of a heading.
#[derive(Debug, Clone, Copy)]
enum Level {
    /// Before the sections.
    Lead,
    /// Within a section.
    Section,
}

/// Writes a report as one HTML page that needs no other file, no network and no script.
///
/// # Errors
///
/// Returns an error if a chart cannot be drawn, or the sides of a picture do not fit its pixels.
pub fn html(report: &Report) -> Result<String, ReportError> {
    let lead = blocks(&report.lead, Level::Lead)?;
    let sections =
        report.sections.iter().map(section).collect::<Result<Vec<Markup>, ReportError>>()?;
    let page = markup! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                title { (report.title) }
                style { (PreEscaped(css())) (PreEscaped(STYLE)) }
            }
            body {
                header { h1 { (report.title) } (lead) }
                @if !report.sections.is_empty() {
                    nav aria-labelledby="contents" {
                        h2 #contents { "Contents" }
                        ol {
                            @for section in &report.sections {
                                li { a href={ "#" (anchor(&section.id)) } { (section.title) } }
                            }
                        }
                    }
                }
                main { @for section in sections { (section) } }
                footer { @for line in &report.colophon { (colophon(line)) } }
            }
        }
    };
    Ok(page.into_string())
}

/// A section's name as a link has it.
fn anchor(id: &str) -> String {
    let name = |c: char| if c.is_alphanumeric() || c == '_' { c } else { '-' };
    format!("s-{}", id.chars().map(name).collect::<String>())
}

fn section(section: &Section) -> Result<Markup, ReportError> {
    let blocks = blocks(&section.blocks, Level::Section)?;
    Ok(markup! {
        section #(anchor(&section.id)) { h2 { (section.title) } (blocks) }
    })
}

fn blocks(blocks: &[Block], level: Level) -> Result<Markup, ReportError> {
    let styles = Styles::of(blocks);
    let all = blocks
        .iter()
        .map(|block| one(block, level, &styles))
        .collect::<Result<Vec<Markup>, ReportError>>()?;
    Ok(markup! { @for block in all { (block) } })
}

fn one(block: &Block, level: Level, styles: &Styles) -> Result<Markup, ReportError> {
    Ok(match block {
        Block::Heading(text) => match level {
            Level::Lead => markup! { h2 { (text) } },
            Level::Section => markup! { h3 { (text) } },
        },
        Block::Text(text) => markup! { p { (rich(text)) } },
        Block::List(items) => markup! { ul { @for item in items { li { (rich(item)) } } } },
        Block::Chart(chart) => figure(chart, styles)?,
        Block::Table(table) => {
            let name = if table.caption.is_empty() { "Table" } else { &table.caption };
            table::markup(table, name)
        }
        Block::Strip(strip) => pictures(strip)?,
    })
}

/// A text with its `code` and **strong**.
pub(super) fn rich(text: &str) -> Markup {
    markup! {
        @for span in spans(text) {
            @match span {
                Span::Plain(text) => { (text) }
                Span::Code(text) => { code { (text) } }
                Span::Strong(text) => { strong { (rich(text)) } }
            }
        }
    }
}

fn figure(chart: &Chart, styles: &Styles) -> Result<Markup, ReportError> {
    let drawn = chart::draw(chart, styles)?;
    let (above, below) = match &chart.drawing {
        Drawing::Lines(lines) => (Some(&lines.y), &lines.x),
        Drawing::Bars(bars) => (None, &bars.value),
    };
    Ok(markup! {
        figure {
            figcaption {
                p.title { (chart.title) }
                @if !chart.caption.is_empty() { p { (rich(&chart.caption)) } }
            }
            @match drawn.svg {
                Some(svg) => {
                    ul.legend {
                        @for (name, style, swatch) in &drawn.legend {
                            li.ours[style.is_ours()] { (small(swatch)) (name) }
                        }
                    }
                    div.chart {
                        @if let Some(axis) = above { p.axis { "↑ " (label(axis)) } }
                        svg viewBox=(svg.view_box) role="img" aria-label=(chart.title) {
                            title { (chart.title) }
                            (PreEscaped(svg.inner))
                        }
                        p.axis.x { (label(below)) " →" }
                    }
                }
                None => { p.nothing { "Nothing was measured." } }
            }
            (table::markup(&chart.table, &format!("The numbers of: {}", chart.title)))
        }
    })
}

fn small(swatch: &Svg) -> Markup {
    markup! { svg viewBox=(swatch.view_box) aria-hidden="true" { (PreEscaped(&swatch.inner)) } }
}

fn label(axis: &Axis) -> String {
    let scale = if axis.log { " (logarithmic)" } else { "" };
    format!("{}{scale}", axis.label)
}

fn pictures(strip: &Strip) -> Result<Markup, ReportError> {
    let failed = |reason| ReportError::Drawing { chart: strip.caption.clone(), reason };
    let mut rows = Vec::new();
    for (name, pictures) in &strip.rows {
        let mut cells = Vec::new();
        for (i, picture) in pictures.iter().enumerate() {
            let uri = picture::data_uri(picture).map_err(failed)?;
            let width = picture::shown_width(picture);
            let alt = format!("{name}, picture {}", i + 1);
            cells.push(markup! { td { img src=(uri) width=(width) alt=(alt); } });
        }
        rows.push((name, cells));
    }
    Ok(markup! {
        figure {
            @if !strip.caption.is_empty() { figcaption { p { (rich(&strip.caption)) } } }
            div.scroll role="region" aria-label="Pictures" tabindex="0" {
                table.strip { tbody {
                    @for (name, cells) in rows {
                        tr { th scope="row" { (name) } @for cell in cells { (cell) } }
                    }
                } }
            }
        }
    })
}

fn colophon(line: &str) -> Markup {
    match command(line) {
        Some(command) => markup! { pre { code { (command) } } },
        None => markup! { p { (rich(line)) } },
    }
}
