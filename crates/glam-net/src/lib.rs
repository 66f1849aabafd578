//! ReLU nets from files, as `glam-core`'s [`Net`].
//!
//! - [`open`] reads a file, by its extension.
//! - [`from_safetensors`]: weights as PyTorch and others save them, with a small JSON text that says
//!   in which order they are layers.
//! - [`from_onnx`]: a whole net as ONNX, from PyTorch (`torch.onnx.export`), scikit-learn (`skl2onnx`)
//!   and others.
//!
//! A net here is a row of affine layers, each with a ReLU, a leaky ReLU, a two-sided ReLU or nothing
//! behind it, and at the end nothing or a softmax. Whatever else a file asks for is refused, with the
//! name of what it is.
//!
//! ```
//! use glam_core::net::{Activation, Output};
//!
//! # let weights = safetensors_of_the_example();
//! let net = glam_net::from_safetensors(
//!     &weights,
//!     r#"{
//!         "layers": [
//!             {"weight": "fc1.weight", "bias": "fc1.bias", "activation": "relu"},
//!             {"weight": "fc2.weight"}
//!         ],
//!         "output": "softmax",
//!         "labels": ["cat", "dog"]
//!     }"#,
//! )?;
//! assert_eq!(net.sizes(), "1-3-2");
//! assert_eq!(net.layers()[0].activation(), Activation::Relu);
//! assert_eq!((net.output(), net.labels()[1].as_str()), (Output::Softmax, "dog"));
//! # fn safetensors_of_the_example() -> Vec<u8> {
//! #     let header = concat!(
//! #         r#"{"fc1.weight":{"dtype":"F32","shape":[3,1],"data_offsets":[0,12]},"#,
//! #         r#""fc1.bias":{"dtype":"F32","shape":[3],"data_offsets":[12,24]},"#,
//! #         r#""fc2.weight":{"dtype":"F32","shape":[2,3],"data_offsets":[24,48]}}"#
//! #     );
//! #     let mut bytes = (header.len() as u64).to_le_bytes().to_vec();
//! #     bytes.extend(header.as_bytes());
//! #     bytes.extend([0; 48]);
//! #     bytes
//! # }
//! # Ok::<(), glam_net::Error>(())
//! ```
//!
//! # The description of weights
//! Safetensors files hold tensors by name and no order, so a JSON text goes with them:
//!
//! | field | what | where it is left out |
//! |---|---|---|
//! | `layers` | the layers, the first one first | (must be there) |
//! | `transposed` | `true` where weights are stored inputs x outputs, as scikit-learn's `coefs_` are | `false`: outputs x inputs, as PyTorch's are |
//! | `input` | `mean` and `scale`: the layers take (x - mean) / scale. Each is a list of one number an input, or of one number for all | the layers take x |
//! | `output` | `"linear"` or `"softmax"`: what follows the last layer | `"linear"` |
//! | `labels` | names of the classes, one an output | none |
//!
//! A layer has:
//!
//! | field | what | where it is left out |
//! |---|---|---|
//! | `weight` | the name of its weights | (must be there) |
//! | `bias` | the name of its bias | 0 |
//! | `activation` | `"linear"`, `"relu"`, `{"leaky_relu": SLOPE}` with SLOPE from 0 up to but not 1, or `"two_sided"`: max(a, 0) of all sums, then max(-a, 0) of all | `"linear"` |
//!
//! Other fields are refused. Tensors may be F32, F64, F16 or BF16; tensors that no layer names are
//! left alone.
//!
//! # What an ONNX graph may hold
//! One chain of nodes from one input, a row vector, to one output of numbers. Weights must be in the
//! file itself, in float, double, float16 or bfloat16.
//!
//! | nodes | what is made of them |
//! |---|---|
//! | `Gemm` (without `transA`), `MatMul` by a constant | a layer each; layers without anything between them stay apart |
//! | `Relu`, `LeakyRelu`, `PRelu` with one slope | the activation of the layer before |
//! | `Concat` of `Relu(a)` and `Relu(Neg(a))` | a two-sided activation |
//! | `Add`, `Sub`, `Mul`, `Div` with a constant (one number, or one a value), `Neg`, `BatchNormalization`, `Scaler` | folded in f64 into the layer before or, where an activation or nothing is before, the layer behind |
//! | `Flatten`, `Reshape`, `Identity`, `Cast` among floats, `Dropout` | nothing, where they leave a row vector as it is, or make a column of it at the end |
//! | `Softmax` at the end | [`Output::Softmax`](glam_core::net::Output::Softmax) |
//! | `ArgMax`, `ArrayFeatureExtractor`, `ZipMap` and what brings labels into their form | the class names |
//!
//! Where there is no layer to fold into, and where an activation ends the net, an affine layer with a
//! diagonal of weights is put in.
//!
//! Folding and conversion to f32 round once a weight. A graph that keeps those apart computes with
//! the rounding of its own steps, so both agree up to rounding, not bit for bit.
//!
//! # Hostile files
//! Every length is checked before it is used; a file that is no net is an error, whatever its
//! bytes. Memory stays within a few times the file's length plus that of the largest net.

mod builder;
mod description;
mod error;
mod numbers;
mod onnx;
mod open;
mod weights;

pub use error::Error;
pub use onnx::from_onnx;
pub use open::{MAX_DESCRIPTION_BYTES, MAX_FILE_BYTES, open};
pub use weights::from_safetensors;

pub use glam_core::net::Net;
