//! `glam import-net`: a memory that starts as a trained net.

use std::path::PathBuf;

use clap::ValueEnum;
use glam_memory::net::Output;
use glam_memory::{Basis, Durability, Memory, Views};

use crate::error::{Error, Result};
use crate::message::{counted, grouped, print};

/// Make a memory that starts as a trained ReLU net.
///
/// NET is a file that ends in .onnx, .safetensors (with the description of its layers beside it, in a
/// .json of the same name) or .net. Until something is written, `glam read` gives what the net gives,
/// bit for bit. Rows that are written then correct it, each at once, by least squares, without
/// gradients: where nothing was written, the net's answers stay.
///
/// A net whose classes have names, in its file or by --labels, becomes a memory of labels, and rows may
/// bring classes that it does not know; any other becomes a memory of numbers. The net is kept in
/// MEM, which does not need NET any more. A net takes no missing values.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES, after_long_help = EXAMPLES)]
pub(crate) struct ImportNetArgs {
    /// The file of the net.
    #[arg(value_name = "NET")]
    net: PathBuf,
    /// The directory of the memory to make; it must not hold anything yet.
    #[arg(value_name = "MEM")]
    memory: PathBuf,
    /// The names of the net's classes, in the order of its outputs; a softmax is added where the net
    /// has none.
    #[arg(long, value_name = "NAME,NAME", value_delimiter = ',')]
    labels: Option<Vec<String>>,
    /// What corrections go by.
    #[arg(long, value_enum, value_name = "both|inputs|units", default_value_t)]
    #[arg(hide_possible_values = true)]
    views: SeenViews,
    /// The seed of every random draw.
    #[arg(long, value_name = "N")]
    seed: Option<u64>,
    /// Writes return once they are on the disk.
    #[arg(long)]
    synced: bool,
}

/// What corrections go by.
#[derive(Debug, Clone, Copy, Default, ValueEnum)]
enum SeenViews {
    /// The inputs and the values of the net's hidden layers.
    #[default]
    Both,
    /// The inputs.
    Inputs,
    /// The values of the net's hidden layers.
    Units,
}

const EXAMPLES: &str = "\
Examples:
  glam import-net digits.onnx digits.glam
  glam read digits.glam images.csv                        what the net says
  glam write digits.glam mine.csv --targets last:1 --labels
  glam import-net arm.safetensors arm.glam
  glam import-net logits.onnx pets.glam --labels cat,dog";

pub(crate) fn run(args: &ImportNetArgs) -> Result<()> {
    let of_net = |source| Error::Net { path: args.net.clone(), source };
    let mut net = glam_net::open(&args.net).map_err(of_net)?;
    if let Some(labels) = &args.labels {
        let named = net.with_output(Output::Softmax).with_labels(labels.clone());
        net = named.map_err(|error| of_net(error.into()))?;
    }
    if !net.labels().is_empty() {
        // Corrected scores are about 1 for the right class and 0 for the others.
        net = net.with_output(Output::Softmax);
    }
    let (sizes, labels) = (net.sizes(), net.labels().len() as u64);
    let learns = match labels {
        0 => counted(net.outputs() as u64, "number"),
        1 => "1 class".to_owned(),
        _ => format!("{} classes", grouped(labels)),
    };
    let views = match args.views {
        SeenViews::Both => Views::Both,
        SeenViews::Inputs => Views::Inputs,
        SeenViews::Units => Views::Units,
    };
    let mut builder = Memory::builder_on(Basis::new(net).views(views));
    if let Some(seed) = args.seed {
        builder = builder.seed(seed);
    }
    if args.synced {
        builder = builder.durability(Durability::Synced);
    }
    builder.create(&args.memory)?.close()?;
    print(&format!(
        "{}: a memory that starts as the net {sizes} ({learns}); `glam write` corrects it\n",
        args.memory.display()
    ))
}
