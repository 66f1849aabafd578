//! `glam net`: a ReLU net read as a table of linear maps.

use std::io::Read;
use std::path::{Path, PathBuf};

use clap::Subcommand;
use glam_memory::core::net::{
    Census, CensusReport, Distances, InspectedOutput, Inspection, Net, NetError, PatternCensus,
};
use serde::Serialize;

use crate::args::Header;
use crate::error::{Error, Fault, Result};
use crate::layout::Layout;
use crate::message::{aligned, counted, grouped, percent, print, short, short_or_dash, table};
use crate::rows::{Kind, Rows};
use crate::source::Source;

/// Look into a ReLU net from a file.
///
/// A net (NET) is a file that ends in .onnx, .safetensors (with the description of its layers beside
/// it, in a .json of the same name) or .net. Wherever its units decide alike, a ReLU net is one
/// linear map: its pattern, one bit a unit, is the key of that map.
#[derive(Debug, clap::Args)]
#[command(arg_required_else_help = true)]
pub(crate) struct NetArgs {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Census(CensusArgs),
    Inspect(InspectArgs),
}

/// Count the patterns of a net over the rows of a file.
///
/// For each layer that decides, and for all together (`path`): units; distinct patterns; the share
/// of rows whose pattern an earlier row had (`seen`); the entropy of patterns in bits, and the most
/// that it could be. Then the mean share of units that are on, how many never and always are, and
/// in how many a row differs from the one before it (`next`) and any two rows do.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES, after_long_help = EXAMPLES)]
struct CensusArgs {
    #[command(flatten)]
    cues: Cues,
}

/// Show what a net's outputs are made of at one row.
///
/// For each output: its value; the equivalent bias; the angle in degrees between the row and the
/// equivalent weights (near 0 or 180 the terms agree and errors of inputs are averaged out, near 90
/// they cancel, and what is left is noise); and the inputs that add most to it, each as
/// input:weight x value, before a softmax.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES, after_long_help = EXAMPLES)]
struct InspectArgs {
    #[command(flatten)]
    cues: Cues,
    /// The row to look at, counted from 1.
    #[arg(long, value_name = "N", default_value_t = 1)]
    #[arg(value_parser = clap::value_parser!(u64).range(1..))]
    row: u64,
    /// Inputs that are listed for each output.
    #[arg(long, value_name = "N", default_value_t = 3)]
    top: usize,
}

#[derive(Debug, clap::Args)]
struct Cues {
    /// The file of the net.
    #[arg(value_name = "NET")]
    net: PathBuf,
    /// The CSV file of inputs, one column each; `-` is standard input.
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// Whether the first row holds the columns' names; auto: it does where it holds text and no
    /// number.
    #[arg(long, value_enum, value_name = "auto|yes|no", default_value_t)]
    #[arg(hide_possible_values = true)]
    header: Header,
    /// JSON.
    #[arg(long)]
    json: bool,
}

const EXAMPLES: &str = "\
Examples:
  glam net census digits.onnx images.csv
  glam net inspect digits.onnx images.csv --row 7";

impl Cues {
    fn net(&self) -> Result<Net> {
        glam_net::open(&self.net).map_err(|source| Error::Net { path: self.net.clone(), source })
    }

    fn rows(&self, net: &Net) -> Result<Rows<Box<dyn Read>>> {
        let source = Source::open(&self.file)?;
        let name = source.name.clone();
        Rows::open(&name, source.into_reader(), Kind::Numbers, |table| {
            Layout::of_net(table, self.header, net.inputs())
        })
    }

    fn print(&self, value: &impl Serialize, readable: impl FnOnce() -> String) -> Result<()> {
        if !self.json {
            return print(&readable());
        }
        let json = serde_json::to_string_pretty(value);
        print(&(json.map_err(|error| Error::Output(error.into()))? + "\n"))
    }
}

pub(crate) fn run(args: &NetArgs) -> Result<()> {
    match &args.command {
        Command::Census(args) => census(&args.cues),
        Command::Inspect(args) => inspect(args),
    }
}

fn census(cues: &Cues) -> Result<()> {
    let net = cues.net()?;
    let mut rows = cues.rows(&net)?;
    let mut census = Census::new(&net);
    while rows.advance()? {
        census.add(&rows.row().x).map_err(|error| refused(&rows, error))?;
    }
    let report = census.report();
    cues.print(&report, || readable_census(&cues.net, &net, &report))
}

fn inspect(args: &InspectArgs) -> Result<()> {
    let net = args.cues.net()?;
    let mut rows = args.cues.rows(&net)?;
    while rows.advance()? {
        if rows.count() == args.row {
            let inspection = net.inspect(&rows.row().x, args.top);
            let inspection = inspection.map_err(|error| refused(&rows, error))?;
            return args
                .cues
                .print(&inspection, || readable_inspection(&inspection, rows.layout()));
        }
    }
    Err(rows.fault_of_file(Fault::NoSuchRow { row: args.row, rows: rows.count() }))
}

/// A row that the net does not take.
fn refused(rows: &Rows<Box<dyn Read>>, error: NetError) -> Error {
    let column = match &error {
        NetError::Input { index } => Some(*index),
        _ => None,
    };
    rows.fault(column, Fault::Net(error))
}

fn readable_census(path: &Path, net: &Net, report: &CensusReport) -> String {
    let pairs = [
        ("net", net.sizes()),
        ("rows", grouped(report.cues)),
        ("units that decide", grouped(report.path.units as u64)),
    ];
    let layers =
        report.layers.iter().map(|layer| (format!("layer {}", layer.layer), &layer.patterns));
    let all: Vec<(String, &PatternCensus)> =
        layers.chain([("path".to_owned(), &report.path)]).collect();
    let mut patterns = vec![words(["patterns", "units", "distinct", "seen", "entropy", "at most"])];
    let mut units = vec![words(["units", "on", "never", "always", "next", "any two"])];
    for (name, census) in all {
        patterns.push(patterns_of(&name, census));
        units.push(units_of(name, census));
    }
    let note = if report.path.complete {
        String::new()
    } else {
        let kept = counted(report.limit as u64, "pattern");
        format!("\n>: at least; no more than {kept} of each are kept\n")
    };
    let (patterns, units) = (table(&patterns), table(&units));
    format!("{}\n{}\n{patterns}\n{units}{note}", path.display(), aligned(&pairs))
}

fn words<const N: usize>(words: [&str; N]) -> Vec<String> {
    words.map(str::to_owned).to_vec()
}

fn patterns_of(name: &str, census: &PatternCensus) -> Vec<String> {
    let least = if census.complete { "" } else { ">" };
    vec![
        name.to_owned(),
        grouped(census.units as u64),
        format!("{least}{}", grouped(census.distinct as u64)),
        format!("{least}{}", percent(census.seen_before)),
        format!("{least}{}", short(census.entropy_bits)),
        short(census.entropy_limit_bits),
    ]
}

fn units_of(name: String, census: &PatternCensus) -> Vec<String> {
    let mean =
        |distances: &Distances| short_or_dash((distances.pairs > 0).then_some(distances.mean));
    vec![
        name,
        percent(census.on),
        grouped(census.never_on as u64),
        grouped(census.always_on as u64),
        mean(&census.successive),
        mean(&census.any_two),
    ]
}

fn readable_inspection(inspection: &Inspection, layout: &Layout) -> String {
    let mut lines = vec![words(["output", "value", "bias", "degrees", "most from"])];
    for (number, output) in inspection.outputs.iter().enumerate() {
        let InspectedOutput { label, value, bias, angle, top, .. } = output;
        let from = top.iter().map(|input| {
            let name = layout.called(input.input);
            format!("{name}: {} x {}", short(input.weight), short(f64::from(input.x)))
        });
        lines.push(vec![
            label.clone().unwrap_or_else(|| (number + 1).to_string()),
            short(f64::from(*value)),
            short(*bias),
            angle.map_or_else(|| "-".to_owned(), |angle| format!("{angle:.1}")),
            from.collect::<Vec<_>>().join(", "),
        ]);
    }
    table(&lines)
}
