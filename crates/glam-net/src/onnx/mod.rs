//! Nets from ONNX graphs.
//!
//! [`scan`] bounds what decoding may cost, [`proto`] is the part of the format that is read,
//! [`graph`] finds the output of numbers and who reads which value, [`walk`] follows the one chain from
//! the input to it, and [`ops`] says what each node is.

mod attributes;
mod constants;
mod graph;
mod ops;
mod proto;
mod scan;
#[cfg(test)]
mod tests;
mod walk;

use glam_core::net::Net;
use prost::Message;

use crate::error::Error;

/// The oldest operator set whose nodes mean what this crate takes them to mean.
const MIN_OPSET: i64 = 7;

/// The net in `bytes`, an ONNX file; what it may hold is in the
/// [crate's documentation](crate#what-an-onnx-graph-may-hold).
///
/// # Errors
/// [`Error::NotOnnx`]; [`Error::Node`], [`Error::Graph`] and [`Error::Tensor`] where the graph is none of a
/// ReLU net, with the name of what is not supported; [`Error::Layer`] and [`Error::Net`] where no net
/// can be made of its layers.
///
/// ```no_run
/// let net = glam_net::from_onnx(&std::fs::read("digits.onnx")?)?;
/// let mut out = vec![0.0; net.outputs()];
/// net.forward(&vec![0.5; net.inputs()], &mut Default::default(), &mut out)?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn from_onnx(bytes: &[u8]) -> Result<Net, Error> {
    scan::check(bytes)?;
    let model = proto::Model::decode(bytes).map_err(Error::not_onnx)?;
    let Some(graph) = &model.graph else {
        return Err(Error::not_onnx("it holds no graph"));
    };
    let standard = |domain: &str| matches!(domain, "" | "ai.onnx");
    let opset = model.opset_import.iter().find(|opset| standard(&opset.domain));
    if let Some(opset) = opset
        && opset.version < MIN_OPSET
    {
        let reason = format!(
            "is of operator set {}; export it with set {MIN_OPSET} or a newer one",
            opset.version
        );
        return Err(Error::graph(reason));
    }
    walk::net(&graph::Graph::new(graph)?)
}
