//! A node's attributes and its name in messages.

use super::proto::{Attribute, Node};
use crate::error::{Error, SUPPORTED, short};

impl Node {
    /// The node for a message: `"fc1" (Gemm, output "h")`.
    pub(super) fn described(&self) -> String {
        let output = self.output.first().map_or("", String::as_str);
        let (name, op) = (short(&self.name), short(&self.op_type));
        format!("{name:?} ({op}, output {:?})", short(output))
    }

    pub(super) fn refuse(&self, reason: impl Into<String>) -> Error {
        Error::Node { node: self.described(), reason: reason.into() }
    }

    /// What this crate does not know at all.
    pub(super) fn unsupported(&self) -> Error {
        self.refuse(format!("this operator is not supported; {SUPPORTED}"))
    }

    /// What it does, for nodes of the standard set and those for classical learners.
    pub(super) fn op(&self) -> &str {
        let known = match self.domain.as_str() {
            "" | "ai.onnx" => true,
            "ai.onnx.ml" => {
                matches!(
                    self.op_type.as_str(),
                    "Scaler" | "ZipMap" | "ArrayFeatureExtractor" | "LabelEncoder"
                )
            }
            _ => false,
        };
        if known { &self.op_type } else { "" }
    }

    /// Fails where it has other attributes than those of `known`.
    pub(super) fn only(&self, known: &[&str]) -> Result<(), Error> {
        match self.attribute.iter().find(|attribute| !known.contains(&attribute.name.as_str())) {
            Some(attribute) => {
                let name = short(&attribute.name);
                Err(self.refuse(format!("its attribute {name:?} is not supported")))
            }
            None => Ok(()),
        }
    }

    pub(super) fn attribute(&self, name: &str) -> Option<&Attribute> {
        self.attribute.iter().find(|attribute| attribute.name == name)
    }

    pub(super) fn float(&self, name: &str, default: f32) -> f32 {
        self.attribute(name).map_or(default, |attribute| attribute.f)
    }

    pub(super) fn int(&self, name: &str, default: i64) -> i64 {
        self.attribute(name).map_or(default, |attribute| attribute.i)
    }

    /// Input number `index`, where it is given.
    pub(super) fn input(&self, index: usize) -> Option<&str> {
        self.input.get(index).map(String::as_str).filter(|name| !name.is_empty())
    }
}
