use std::path::Path;

use super::sample::{hostile, sample};
use super::{html, markdown};
use crate::report::{
    Block, Cell, Chart, Drawing, Picture, Report, ReportError, Section, Strip, Table,
};

/// What lies between each pair of marks.
fn between<'a>(text: &'a str, from: &str, to: &str) -> Vec<&'a str> {
    let parts = text.split(from).skip(1);
    parts.map(|part| part.split_once(to).expect("it ends").0).collect()
}

/// Checks that a text is well-formed XML with these entities alone: every tag closed in order, every
/// attribute quoted, no bare `<` or `&`, no character that XML does not have.
fn check_xml(text: &str) -> Result<(), String> {
    let mut open: Vec<&str> = Vec::new();
    let mut rest = text;
    loop {
        let (words, tag) =
            rest.split_once('<').map_or((rest, None), |(words, tag)| (words, Some(tag)));
        check_words(words)?;
        let Some(tag) = tag else { break };
        let (tag, after) = tag.split_once('>').ok_or("a tag without an end")?;
        rest = after;
        if let Some(name) = tag.strip_prefix('/') {
            let last = open.pop();
            if last != Some(name) {
                return Err(format!("</{name}> closes {last:?}"));
            }
            continue;
        }
        let (tag, alone) = tag.strip_suffix('/').map_or((tag, false), |tag| (tag, true));
        let (name, mut attributes) = tag.split_once(' ').unwrap_or((tag, ""));
        if name.is_empty() || !name.chars().all(char::is_alphanumeric) {
            return Err(format!("a tag named {name:?}"));
        }
        while !attributes.trim().is_empty() {
            let (key, value) = attributes.split_once("=\"").ok_or(format!("in <{tag}>"))?;
            if !key.trim().chars().all(|c| c.is_alphanumeric() || c == '-') {
                return Err(format!("an attribute named {key:?}"));
            }
            let (value, after) = value.split_once('"').ok_or("an attribute without an end")?;
            check_words(value)?;
            attributes = after;
        }
        if !alone {
            open.push(name);
        }
    }
    if open.is_empty() { Ok(()) } else { Err(format!("{open:?} are not closed")) }
}

fn check_words(words: &str) -> Result<(), String> {
    for (i, _) in words.match_indices('&') {
        let known = ["&lt;", "&gt;", "&amp;", "&quot;", "&apos;"];
        if !known.iter().any(|entity| words[i..].starts_with(entity)) {
            return Err(format!("a bare & in {words:?}"));
        }
    }
    match words.chars().find(|c| *c == '>' || (c.is_control() && *c != '\n')) {
        Some(c) => Err(format!("{c:?} in {words:?}")),
        None => Ok(()),
    }
}

#[test]
fn the_check_of_xml_can_fail() {
    assert_eq!(check_xml("<a b=\"c\"><d/>e &amp; f</a>"), Ok(()));
    for wrong in
        ["<a>", "<a></b>", "<a b=c/>", "a & b", "<a b=\"&x\"/>", "</a>", "\u{0}", "<a", "a > b"]
    {
        assert!(check_xml(wrong).is_err(), "{wrong:?}");
    }
}

/// What a page must be, whatever is in it.
fn check_page(report: &Report) -> String {
    let page = html(report).expect("the page is made");
    for svg in between(&page, "<svg", "</svg>") {
        if let Err(why) = check_xml(&format!("<svg{svg}</svg>")) {
            panic!("{why} in <svg{}", svg.chars().take(4_000).collect::<String>());
        }
        assert!(!svg.contains("NaN") && !svg.contains("inf,"));
    }
    for tag in between(&page, "<", ">") {
        assert!(
            !["script", "link", "iframe", "base"].iter().any(|name| tag.starts_with(name)),
            "<{tag}>"
        );
        for address in between(tag, "src=\"", "\"") {
            assert!(address.starts_with("data:image/png;base64,"), "{address}");
        }
        for address in between(tag, "href=\"", "\"") {
            let target = address.strip_prefix('#').expect("links lead within the page");
            assert!(page.contains(&format!("id=\"{target}\"")), "{address}");
        }
    }
    let style = between(&page, "<style>", "</style>");
    assert_eq!(style.len(), 1);
    assert!(!style[0].contains("url(") && !style[0].contains("@import"));
    page
}

/// Keeps what a test has made, to be looked at, in the folder that a variable names.
fn keep(name: &str, text: &str) {
    if let Some(folder) = std::env::var_os("GLAM_SAMPLE_PAGE") {
        std::fs::write(Path::new(&folder).join(name), text).unwrap();
    }
}

fn charts(report: &Report) -> Vec<&Chart> {
    let blocks = report.sections.iter().flat_map(|section| &section.blocks);
    blocks.filter_map(|b| if let Block::Chart(chart) = b { Some(chart) } else { None }).collect()
}

fn of(blocks: Vec<Block>) -> Report {
    let section = Section { id: "one".into(), title: "One".into(), blocks };
    Report { title: "Title".into(), lead: vec![], sections: vec![section], colophon: vec![] }
}

#[test]
fn a_page_stands_alone_and_has_a_table_for_each_chart() {
    let report = sample();
    let page = check_page(&report);
    let figures = between(&page, "<figure>", "</figure>");
    let charts = charts(&report);
    assert_eq!(figures.len(), charts.len() + 1);
    for figure in &figures {
        assert_eq!(figure.matches("<table").count(), 1);
    }
    assert_eq!(page.matches("role=\"img\"").count(), charts.len() - 1);
    assert_eq!(page.matches("<img").count(), 30);
    assert!(page.contains("<pre><code>cargo run"));
    assert!(page.contains("<strong>Costs</strong> one file, <code>memory.glam</code>"));
    keep("sample.html", &page);
    keep("sample.md", &markdown(&report));
}

#[test]
fn nothing_breaks_the_page() {
    let page = check_page(&hostile());
    keep("hostile.html", &page);
    for raw in ["<b>", "<script", "\"<", "<x>"] {
        assert!(!page.contains(raw), "{raw}");
    }
    assert!(page.contains("&lt;b&gt;&amp;&quot;"));
}

#[test]
fn both_forms_have_every_figure_and_set_the_best_in_bold() {
    let report = sample();
    let (page, text) = (html(&report).unwrap(), markdown(&report));
    let tables =
        report.sections.iter().flat_map(|section| &section.blocks).filter_map(
            |block| match block {
                Block::Chart(chart) => Some(&chart.table),
                Block::Table(table) => Some(table),
                _ => None,
            },
        );
    let mut count = 0;
    for table in tables {
        for cell in
            table.rows.iter().flat_map(|row| row.iter().skip(1)).filter(|c| !c.text.is_empty())
        {
            count += 1;
            let text_cell = if cell.best {
                format!("| **{}** |", cell.text)
            } else {
                format!("| {} |", cell.text)
            };
            assert!(text.contains(&text_cell), "{text_cell}");
            let page_cell = if cell.best {
                format!("><strong>{}</strong></td>", cell.text)
            } else {
                format!(">{}</td>", cell.text)
            };
            assert!(page.contains(&page_cell), "{page_cell}");
        }
    }
    assert!(count > 40);
    for chart in charts(&report) {
        assert!(text.contains(&format!("**{}**", chart.title)));
    }
    assert!(text.contains("Pictures, in the HTML page: cue, GLAM, nearest neighbour."));
    assert!(text.contains("```sh\ncargo run"));
}

#[test]
fn markdown_escapes_what_would_break_a_table() {
    let text = markdown(&hostile());
    assert!(text.contains(r"a\|b \`c\` \*\*d\*\*   e"));
    assert!(text.contains(r"\<b>&amp;"));
    let rows = text.lines().filter(|line| line.starts_with('|'));
    for row in rows {
        let bars = row.replace(r"\|", "").matches('|').count();
        assert_eq!(bars, 7, "{row}");
    }
}

#[test]
fn columns_of_text_begin_at_the_left() {
    let row = |cells: [&str; 4]| cells.map(Cell::from).to_vec();
    let table = Table {
        caption: String::new(),
        columns: ["set", "measure", "error", "seconds"].map(str::to_owned).to_vec(),
        rows: vec![row(["1", "RMSE", "0.5", "-"]), row(["b", "nMSE", "none", ""])],
    };
    let report = of(vec![Block::Table(table)]);
    assert!(markdown(&report).contains("| --- | --- | ---: | ---: |"), "{}", markdown(&report));
    let page = check_page(&report);
    assert!(page.contains("<td class=\"text\">nMSE</td>") && page.contains("<td>none</td>"));
}

#[test]
fn a_chart_without_points_says_so() {
    let report = sample();
    let chart =
        charts(&report).into_iter().find(|chart| chart.title == "Recall of letters").unwrap();
    let page = check_page(&of(vec![Block::Chart(chart.clone())]));
    assert!(page.contains("Nothing was measured.") && page.contains("not measured</td>"));
    assert!(!page.contains("<svg"));
}

#[test]
fn a_missing_bar_is_noted() {
    let report = sample();
    let none = |chart: &Chart| {
        check_page(&of(vec![Block::Chart(chart.clone())])).matches("\nnone\n").count()
    };
    let charts = charts(&report);
    let bars: Vec<&&Chart> =
        charts.iter().filter(|c| matches!(c.drawing, Drawing::Bars(_))).collect();
    assert_eq!((none(bars[0]), none(bars[1])), (1, 0));
}

#[test]
fn a_learner_has_one_colour_in_a_section_and_glam_the_first() {
    let report = sample();
    let mut turned = charts(&report)[0].clone();
    if let Drawing::Lines(lines) = &mut turned.drawing {
        lines.series.reverse();
    }
    let swatches = |chart: &Chart, first: &Chart| -> Vec<(String, String)> {
        let page =
            html(&of(vec![Block::Chart(first.clone()), Block::Chart(chart.clone())])).unwrap();
        let legends = between(&page, "<ul class=\"legend\">", "</ul>");
        let items = between(legends[1], "<li", "</li>");
        let item = |item: &&str| {
            let name = item.rsplit("</svg>").next().unwrap().to_owned();
            (name, between(item, "stroke=\"#", "\"")[0].to_owned())
        };
        items.iter().map(item).collect()
    };
    let mut straight = swatches(charts(&report)[0], charts(&report)[0]);
    assert_eq!(straight[0], ("GLAM".into(), "C2410C".into()));
    assert_eq!(straight.len(), 8);
    let mut again = swatches(&turned, charts(&report)[0]);
    assert_ne!(straight, again);
    straight.sort();
    again.sort();
    assert_eq!(straight, again);
    assert_eq!(swatches(&turned, &turned)[7], ("GLAM".into(), "C2410C".into()));
}

#[test]
fn every_colour_of_a_drawing_is_one_that_the_style_replaces() {
    let page = html(&sample()).unwrap();
    let (style, body) = page.split_once("</style>").unwrap();
    let mut count = 0;
    for place in ["stroke", "fill"] {
        for colour in between(body, &format!(" {place}=\""), "\"") {
            count += 1;
            let rule = format!("svg [{place}=\"{colour}\" i]");
            assert!(colour == "none" || style.contains(&rule), "{place} {colour}");
        }
    }
    assert!(count > 100);
}

#[test]
fn a_picture_that_is_none_is_named() {
    let picture = Picture { width: 2, height: 2, pixels: vec![0; 3] };
    let strip = Strip { caption: "digits".into(), rows: vec![("cue".into(), vec![picture])] };
    let error = html(&of(vec![Block::Strip(strip)])).unwrap_err();
    assert!(matches!(&error, ReportError::Drawing { chart, .. } if chart == "digits"), "{error}");
}

#[test]
fn an_empty_report_is_a_page() {
    let nothing = Report { title: String::new(), lead: vec![], sections: vec![], colophon: vec![] };
    assert!(!check_page(&nothing).contains("<nav"));
    assert_eq!(markdown(&of(vec![Block::Table(Table::default())])), "# Title\n\n## One\n");
}
