//! Why a file gave no net.

use std::fmt;
use std::io;
use std::path::PathBuf;

use glam_core::net::NetError;
use thiserror::Error;

/// What an ONNX graph may hold, for messages.
pub(crate) const SUPPORTED: &str = "supported are Gemm, MatMul, Relu, LeakyRelu, PRelu (one slope), \
    Concat(Relu(a), Relu(Neg(a))), Add, Sub, Mul, Div, Neg, BatchNormalization, Scaler, Flatten, Reshape, \
    Identity, Cast, Dropout, and Softmax at the end";

/// Why a file gave no net.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum Error {
    /// The file could not be read.
    #[error("{path}: {source}")]
    Io {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The file is too large.
    #[error("{path}: the file has {bytes} bytes, at most {max} are read")]
    FileTooLarge {
        /// The file.
        path: PathBuf,
        /// Its length.
        bytes: u64,
        /// What is allowed.
        max: u64,
    },
    /// The file's name does not say what it is.
    #[error(
        "{path}: a net is read from a file that ends in .onnx, .safetensors (with a .json of the same \
         name beside it) or .net"
    )]
    Extension {
        /// The file.
        path: PathBuf,
    },
    /// The JSON text that goes with weights is malformed.
    #[error("the description of the layers: {reason}")]
    Description {
        /// What is wrong, and where.
        reason: String,
    },
    /// The bytes are not those of a safetensors file.
    #[error("the weights are not in the safetensors format: {reason}")]
    NotSafetensors {
        /// What is wrong.
        reason: String,
    },
    /// The bytes are not those of an ONNX file.
    #[error("not an ONNX file: {reason}")]
    NotOnnx {
        /// What is wrong.
        reason: String,
    },
    /// A tensor is not there, or not what it should be.
    #[error("tensor {name:?}: {reason}")]
    Tensor {
        /// Its name.
        name: String,
        /// What is wrong with it.
        reason: String,
    },
    /// A node of an ONNX graph is not supported.
    #[error("node {node}: {reason}")]
    Node {
        /// The node: its name, what it does, and its output.
        node: String,
        /// Why, and what is supported.
        reason: String,
    },
    /// An ONNX graph as a whole is not supported.
    #[error("the graph {reason}")]
    Graph {
        /// Why, and what is supported.
        reason: String,
    },
    /// A part of the file makes no layer.
    #[error("{part}: {source}")]
    Layer {
        /// The node or the weights that the layer was to be made of.
        part: String,
        /// Why.
        source: NetError,
    },
    /// The layers make no net.
    #[error(transparent)]
    Net(#[from] NetError),
}

impl Error {
    pub(crate) fn tensor(name: &str, reason: impl Into<String>) -> Self {
        Self::Tensor { name: short(name), reason: reason.into() }
    }

    pub(crate) fn graph(reason: impl Into<String>) -> Self {
        Self::Graph { reason: reason.into() }
    }

    pub(crate) fn not_onnx(reason: impl fmt::Display) -> Self {
        Self::NotOnnx { reason: reason.to_string() }
    }
}

/// A name from a file for a message: its beginning, where it is long.
pub(crate) fn short(name: &str) -> String {
    const MOST: usize = 80;
    match name.char_indices().nth(MOST) {
        None => name.to_owned(),
        Some((end, _)) => format!("{}...", &name[..end]),
    }
}
