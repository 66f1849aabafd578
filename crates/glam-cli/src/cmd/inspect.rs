//! `glam inspect`: what a memory is and takes.

use std::path::PathBuf;

use glam_memory::net::Output;
use glam_memory::{Durability, Family, Inspection, Memory, Picks, Precision, Targets, Views};
use serde::Serialize;

use crate::cmd::consolidate::trials;
use crate::columns::{Column, Columns, Role};
use crate::encoding::Encoding;
use crate::error::{Error, Result};
use crate::known::Known;
use crate::message::{aligned, counted, grouped, list, print, short, table};
use crate::survey::summary;

/// Names that are listed.
const LISTED: usize = 8;

/// Values of a column that are listed.
const LISTED_VALUES: usize = 3;

/// Show what a memory is, what it picked and what it takes.
///
/// Columns of text are listed with their encoding: the values that have an input each, and the
/// inputs that all other values share by their hash.
///
/// Slots are listed by level (the number of decisions in their keys; 0 is the whole space), with
/// the tables that have slots there and the fewest and most slots of one table.
///
/// `rehearses` says how many earlier rows a write learns again, and the two lines below it why:
/// `forgetting`, the errors at earlier rows over those at new ones (above 1.15 what was learned is
/// being lost), and `moved`, how far the late targets have moved from all (below .1 the order is as
/// good as random; of labels, from .4 on the classes of late are as unlike all as where a third of
/// them is not shown, which alone calls for all there is). `alike` is the correlation of the errors of neighbours: rows that are alike say
/// less. `evictions` counts slots that gave way under a byte limit, and the sum of squares of their
/// maps, which is what was lost.
///
/// Opens the memory for reading only: it may be written to meanwhile.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES, after_long_help = EXAMPLES)]
pub(crate) struct InspectArgs {
    /// The directory of the memory.
    #[arg(value_name = "MEM")]
    memory: PathBuf,
    /// JSON.
    #[arg(long)]
    json: bool,
}

const EXAMPLES: &str = "\
Examples:
  glam inspect robot.glam
  glam inspect robot.glam --json | jq .slots";

/// What `--json` prints.
#[derive(Serialize)]
struct Json<'a> {
    #[serde(flatten)]
    inspection: &'a Inspection,
    observations: u64,
    columns: Option<&'a [Column]>,
}

pub(crate) fn run(args: &InspectArgs) -> Result<()> {
    let memory = Memory::open_read_only(&args.memory)?;
    let known = Known::of(&args.memory, &memory)?;
    let inspection = memory.inspect()?;
    let text = if args.json {
        let (observations, columns) =
            (inspection.report.sequence, known.columns.as_ref().map(Columns::all));
        let json = Json { inspection: &inspection, observations, columns };
        serde_json::to_string_pretty(&json).map_err(|error| Error::Output(error.into()))? + "\n"
    } else {
        readable(&inspection, &known)
    };
    print(&text)
}

fn readable(inspection: &Inspection, known: &Known) -> String {
    let sections = [
        format!("{}\n{}", known.path.display(), what_it_is(inspection, known)),
        format!("picks\n{}", picks(inspection)),
        chosen(inspection),
        format!("slots\n{}", slots(inspection)),
        format!("bytes\n{}", bytes(inspection)),
    ];
    sections.into_iter().filter(|section| !section.is_empty()).collect::<Vec<_>>().join("\n")
}

fn what_it_is(inspection: &Inspection, known: &Known) -> String {
    let report = &inspection.report;
    let inputs = counted(known.inputs() as u64, "input");
    let learns = match known.config.targets() {
        Targets::Numbers(targets) => format!("{} from {inputs}", counted(targets.into(), "number")),
        Targets::Labels => format!("labels from {inputs}"),
    };
    let state = match report.warming_up {
        Some(_) if report.sequence == 0 && known.starts() => "the net, uncorrected".to_owned(),
        Some(_) if report.sequence == 0 => "empty".to_owned(),
        Some(gathered) => format!(
            "warming up: {} of {} observations",
            grouped(gathered as u64),
            grouped(known.config.warm_up() as u64)
        ),
        None => "warm: normaliser and gates are fixed".to_owned(),
    };
    let mut pairs = vec![("learns", learns)];
    if let Some(basis) = known.config.basis().filter(|basis| basis.starts()) {
        let net = basis.net();
        let end = if net.output() == Output::Softmax { ", softmax" } else { "" };
        let parameters = counted(net.parameters() as u64, "parameter");
        pairs.push(("starts as", format!("a net {}{end} ({parameters})", net.sizes())));
        pairs.push((
            "tables see",
            match basis.seen_views() {
                Views::Inputs => "the inputs",
                Views::Units => "the net's hidden values",
                _ => "the inputs and the net's hidden values",
            }
            .to_owned(),
        ));
    }
    if let Some(columns) = &known.columns {
        pairs.extend(what_columns_are(columns));
    }
    if known.learns_labels() {
        let labels = list(&inspection.labels, LISTED);
        pairs.push(("classes", format!("{}: {labels}", grouped(inspection.labels.len() as u64))));
    }
    pairs.push(("observations", format!("{} written", grouped(report.sequence))));
    pairs.push(("state", state));
    pairs.push(("seed", known.config.seed().to_string()));
    let precision = match known.config.precision() {
        Precision::Full => "full: recursive least squares",
        Precision::Diagonal => "diagonal: one variance an input",
    };
    pairs.push(("precision", precision.to_owned()));
    if let Some(log) = &inspection.log {
        pairs.push((
            "writes",
            match log.durability {
                Durability::Synced => "return once they are on the disk".to_owned(),
                _ => "return once they are in a buffer".to_owned(),
            },
        ));
        pairs.push((
            "history",
            match log.first {
                1 => "whole".to_owned(),
                first => format!("begins with row {}; what is before was dropped", grouped(first)),
            },
        ));
        pairs.push(("to replay", counted(log.behind, "row")));
    }
    if let Some(window) = known.config.window() {
        pairs.push(("window", format!("forgets over {} writes", grouped(window.into()))));
    }
    if let Some(bytes) = known.config.max_bytes() {
        pairs.push(("byte limit", grouped(bytes)));
        let lost = short(report.evicted_squares);
        let evictions = grouped(report.evictions);
        pairs.push(("evictions", format!("{evictions}, maps with a sum of squares of {lost}")));
    }
    if report.sequence > 0 {
        pairs.push(("noise", format!("{} of a target's variance", short(report.noise))));
        pairs.push(("alike", format!("{} (lag-one correlation of errors)", short(report.alike))));
        let now = report.rehearsing;
        pairs.push(("rehearses", format!("{} a write", counted(now.times.into(), "earlier row"))));
        let ratio = match now.forgetting {
            0.0 => "too few earlier rows were looked at to tell".to_owned(),
            ratio => format!("errors at earlier rows are {} of those at new ones", short(ratio)),
        };
        pairs.push(("forgetting", ratio));
        pairs.push(("moved", format!("late targets are {} off those of all", short(now.moved))));
    }
    aligned(&pairs)
}

/// Names of inputs and targets, and a line for each column of categories.
fn what_columns_are(columns: &Columns) -> Vec<(&'static str, String)> {
    let called = |place: usize, column: &Column| match &column.name {
        Some(name) => list(std::slice::from_ref(name), 1),
        None => format!("column {}", place + 1),
    };
    let all: Vec<(String, &Column)> = columns
        .all()
        .iter()
        .enumerate()
        .map(|(place, column)| (called(place, column), column))
        .collect();
    let of = |is: fn(&Column) -> bool| {
        let names = all.iter().filter(|(_, column)| is(column)).map(|(name, _)| name.clone());
        list(&names.collect::<Vec<_>>(), LISTED)
    };
    let mut pairs = vec![("inputs", of(Column::is_input))];
    let encodings = columns.encodings().iter();
    let inputs = all.iter().filter(|(_, column)| column.is_input()).zip(encodings);
    let categories = inputs.filter_map(|((name, _), encoding)| match encoding {
        Encoding::Categories(categories) => Some((name, categories)),
        Encoding::Number => None,
    });
    let mut title = "categories";
    for (name, categories) in categories {
        let values = list(categories.values(), LISTED_VALUES);
        pairs.push((title, format!("{name}: {} ({values})", summary(categories))));
        title = "";
    }
    let mut targets = columns.target_names();
    if targets.is_empty() {
        targets = (1..=columns.targets()).map(|target| format!("y{target}")).collect();
    }
    pairs.push(("targets", list(&targets, LISTED)));
    let is = |role: Role| {
        let found = all.iter().filter(move |(_, column)| column.is == role);
        found.map(|(name, _)| name.clone()).collect::<Vec<_>>()
    };
    for (title, role) in [("weights", Role::Weights), ("ignored", Role::Ignored)] {
        let names = is(role);
        if !names.is_empty() {
            pairs.push((title, list(&names, LISTED)));
        }
    }
    pairs
}

fn picks(inspection: &Inspection) -> String {
    let Some(picks) = &inspection.report.picks else {
        return "  none before the first write\n".to_owned();
    };
    let Picks { tables, view, deals, root } = picks;
    let gates: Vec<String> = deals
        .iter()
        .map(|deal| {
            let levels: Vec<String> = deal.levels.iter().map(u8::to_string).collect();
            format!("{} to level {}", family(&deal.family), levels.join(" "))
        })
        .collect();
    let config = &inspection.report.config;
    let seen = match config.basis() {
        None => "inputs",
        Some(_) => "inputs and hidden values",
    };
    let inputs = grouped(config.viewed() as u64);
    let mut pairs = vec![
        ("tables", grouped(*tables as u64)),
        ("view", format!("{} of {inputs} {seen}", grouped(*view as u64))),
    ];
    let titles = std::iter::once("gates").chain(std::iter::repeat(""));
    pairs.extend(titles.zip(gates));
    pairs.push(("root", if *root { "yes" } else { "no" }.to_owned()));
    aligned(&pairs)
}

/// What the picks were chosen by, where they were chosen by held-out rows.
fn chosen(inspection: &Inspection) -> String {
    let Some(decision) = &inspection.report.decision else { return String::new() };
    let judge = if decision.folds > 0 {
        counted(decision.folds.into(), "held-out tenth")
    } else {
        "rows just before they were learned".to_owned()
    };
    format!(
        "chosen at observation {}, by the error on {judge}\n{}",
        grouped(decision.sequence),
        trials(decision)
    )
}

fn family(family: &Family) -> String {
    let kind = family.name();
    match family.inputs() {
        None if family.layer().is_some() => format!("{kind}: the net's own decisions"),
        None | Some(0) => format!("{kind} on the whole view"),
        Some(inputs) => format!("{kind} on {}", counted(inputs.into(), "input")),
    }
}

fn slots(inspection: &Inspection) -> String {
    let report = &inspection.report;
    let header = ["level", "tables", "slots", "fewest a table", "most a table"];
    let mut rows = vec![header.map(str::to_owned).to_vec()];
    for level in &report.levels {
        let counts = [level.tables, level.slots, level.fewest, level.most];
        let counts = counts.map(|count| grouped(count as u64));
        rows.push([level.level.to_string()].into_iter().chain(counts).collect());
    }
    let tables = report.picks.as_ref().map_or(0, |picks| picks.tables + usize::from(picks.root));
    rows.push(vec!["all".to_owned(), grouped(tables as u64), grouped(report.slots as u64)]);
    table(&rows)
}

fn bytes(inspection: &Inspection) -> String {
    let report = &inspection.report;
    let mut rows = vec![["", "in memory", "in files"].map(str::to_owned).to_vec()];
    let mut row = |name: &str, memory: Option<usize>, file: Option<u64>| {
        let cell = |bytes: Option<u64>| bytes.map_or_else(|| "-".to_owned(), grouped);
        rows.push(vec![name.to_owned(), cell(memory.map(|bytes| bytes as u64)), cell(file)]);
    };
    let files = inspection.files.unwrap_or_default();
    row("weights", Some(report.weight_bytes), Some(files.weights));
    row("covariances", Some(report.covariance_bytes), Some(files.covariances));
    row("structure and keys", Some(report.table_bytes), Some(files.structure));
    row("kept history", None, Some(files.history));
    row("log", None, Some(files.log));
    if files.net > 0 {
        row("net", None, Some(files.net));
    }
    row("manifest", None, Some(files.manifest));
    let memory = report.weight_bytes + report.covariance_bytes + report.table_bytes;
    row("all", Some(memory), Some(files.total()));
    table(&rows)
}
