//! The JSON text that says in which order weights are layers. See the crate's documentation.

use glam_core::net::{Activation, Output};
use serde::Deserialize;

use crate::error::Error;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Description {
    pub(crate) layers: Vec<LayerDescription>,
    #[serde(default)]
    pub(crate) transposed: bool,
    #[serde(default)]
    pub(crate) input: InputDescription,
    #[serde(default)]
    output: OutputName,
    #[serde(default)]
    pub(crate) labels: Vec<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct LayerDescription {
    pub(crate) weight: String,
    pub(crate) bias: Option<String>,
    #[serde(default)]
    activation: ActivationName,
}

/// Layers take (x - mean) / scale.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct InputDescription {
    pub(crate) mean: Option<Vec<f64>>,
    pub(crate) scale: Option<Vec<f64>>,
}

#[derive(Debug, Default, Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
enum ActivationName {
    #[default]
    Linear,
    Relu,
    LeakyRelu(f32),
    TwoSided,
}

#[derive(Debug, Default, Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
enum OutputName {
    #[default]
    Linear,
    Softmax,
}

impl Description {
    pub(crate) fn parse(text: &str) -> Result<Self, Error> {
        serde_json::from_str(text)
            .map_err(|source| Error::Description { reason: source.to_string() })
    }

    pub(crate) fn output(&self) -> Output {
        match self.output {
            OutputName::Linear => Output::Linear,
            OutputName::Softmax => Output::Softmax,
        }
    }
}

impl LayerDescription {
    pub(crate) fn activation(&self) -> Activation {
        match self.activation {
            ActivationName::Linear => Activation::Linear,
            ActivationName::Relu => Activation::Relu,
            ActivationName::LeakyRelu(slope) => Activation::LeakyRelu { slope },
            ActivationName::TwoSided => Activation::TwoSided,
        }
    }
}
