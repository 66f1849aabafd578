//! What each node does to the value at hand.

use glam_core::net::{Activation, Output};

use super::constants::Constant;
use super::graph::zip_map_labels;
use super::proto::{Node, data_type};
use super::walk::Walk;
use crate::builder::Values;
use crate::error::{Error, short};

/// The most dimensions of a shape that is looked at.
const MAX_DIMS: usize = 8;

impl<'g, 'a> Walk<'g, 'a> {
    /// Goes over `node`, which reads the value at hand.
    pub(super) fn step(&mut self, node: &'a Node) -> Result<(), Error> {
        let reads_first = node.input(0) == Some(self.value);
        if !reads_first && !matches!(node.op(), "Add" | "Sub" | "Mul" | "Div") {
            return Err(node.refuse("its first input must be the value that the net computes"));
        }
        match node.op() {
            "Identity" => node.only(&[])?,
            "Dropout" => self.dropout(node)?,
            "Cast" => cast(node)?,
            "Flatten" => self.flatten(node)?,
            "Reshape" => self.reshape(node)?,
            "ZipMap" => {
                node.only(&["classlabels_int64s", "classlabels_strings"])?;
                self.labels = zip_map_labels(node).or(self.labels.take());
            }
            op => {
                self.before_end(node)?;
                match op {
                    "Gemm" => self.gemm(node)?,
                    "MatMul" => self.mat_mul(node)?,
                    "Add" | "Sub" | "Mul" | "Div" => self.binary(node)?,
                    "Neg" => {
                        node.only(&[])?;
                        self.fold(node, Values::All(-1.0), Values::All(0.0))?;
                    }
                    "BatchNormalization" => self.batch_normalization(node)?,
                    "Scaler" => self.scaler(node)?,
                    "Relu" => {
                        node.only(&[])?;
                        self.activate(node, Activation::Relu)?;
                    }
                    "LeakyRelu" => {
                        node.only(&["alpha"])?;
                        let slope = node.float("alpha", 0.01);
                        self.activate(node, Activation::LeakyRelu { slope })?;
                    }
                    "PRelu" => self.p_relu(node)?,
                    "Softmax" => {
                        node.only(&["axis"])?;
                        self.row_vector(node)?;
                        if ![1, -1].contains(&node.int("axis", -1)) {
                            return Err(node.refuse("its axis must be the last"));
                        }
                        self.output = Output::Softmax;
                    }
                    _ => return Err(node.unsupported()),
                }
            }
        }
        self.go_to(node)
    }

    fn gemm(&mut self, node: &Node) -> Result<(), Error> {
        node.only(&["alpha", "beta", "transA", "transB"])?;
        self.row_vector(node)?;
        if node.int("transA", 0) != 0 {
            return Err(node.refuse("transA must be 0"));
        }
        let (alpha, beta) =
            (f64::from(node.float("alpha", 1.0)), f64::from(node.float("beta", 1.0)));
        let (weights, rows, columns) = self.matrix(node, 1)?;
        let bias = match node.input(2) {
            None => Values::All(0.0),
            Some(_) => self.values(node, 2)?.map(|bias| beta * bias),
        };
        let part = node.described();
        if node.int("transB", 0) == 0 {
            let weight = |sum, input| alpha * weights.at(input * columns + sum);
            self.builder.affine(&part, (columns, rows), weight, bias)
        } else {
            let weight = |sum, input| alpha * weights.at(sum * columns + input);
            self.builder.affine(&part, (rows, columns), weight, bias)
        }
    }

    fn mat_mul(&mut self, node: &Node) -> Result<(), Error> {
        node.only(&[])?;
        self.row_vector(node)?;
        let (weights, rows, columns) = self.matrix(node, 1)?;
        let weight = |sum, input| weights.at(input * columns + sum);
        self.builder.affine(&node.described(), (columns, rows), weight, Values::All(0.0))
    }

    fn binary(&mut self, node: &Node) -> Result<(), Error> {
        node.only(&[])?;
        if node.input.len() != 2 {
            return Err(node.refuse("it must have two inputs"));
        }
        let constant_first = node.input(1) == Some(self.value);
        let values = self.values(node, usize::from(!constant_first))?;
        let (none, one) = (Values::All(0.0), Values::All(1.0));
        match (node.op(), constant_first) {
            ("Add", _) => self.fold(node, one, values),
            ("Sub", false) => self.fold(node, one, values.map(|value| -value)),
            ("Sub", true) => self.fold(node, Values::All(-1.0), values),
            ("Mul", _) => self.fold(node, values, none),
            ("Div", false) => self.fold(node, values.map(|value| 1.0 / value), none),
            _ => Err(node.refuse("a constant divided by what the net computes is not supported")),
        }
    }

    fn batch_normalization(&mut self, node: &Node) -> Result<(), Error> {
        node.only(&["epsilon", "momentum", "training_mode", "spatial"])?;
        self.row_vector(node)?;
        if node.int("training_mode", 0) != 0 {
            return Err(node.refuse("it is in training mode; export the net for inference"));
        }
        let epsilon = f64::from(node.float("epsilon", 1e-5));
        let [scale, bias, mean, variance] = [
            self.values(node, 1)?,
            self.values(node, 2)?,
            self.values(node, 3)?,
            self.values(node, 4)?,
        ];
        let spread = variance.map(|variance| 1.0 / (variance + epsilon).sqrt());
        // In order, each of its own length, so that each is checked.
        self.fold(node, Values::All(1.0), mean.map(|mean| -mean))?;
        self.fold(node, spread, Values::All(0.0))?;
        self.fold(node, scale, bias)
    }

    /// (x - offset) scale, as skl2onnx writes a StandardScaler.
    fn scaler(&mut self, node: &Node) -> Result<(), Error> {
        node.only(&["offset", "scale"])?;
        self.row_vector(node)?;
        let values = |name: &str, none: f64| {
            let values = node.attribute(name).map_or(&[][..], |attribute| &attribute.floats);
            match *values {
                [] => Values::All(none),
                [one] => Values::All(f64::from(one)),
                _ => Values::Each(values.iter().copied().map(f64::from).collect()),
            }
        };
        let offset = values("offset", 0.0).map(|offset| -offset);
        self.fold(node, Values::All(1.0), offset)?;
        self.fold(node, values("scale", 1.0), Values::All(0.0))
    }

    fn p_relu(&mut self, node: &Node) -> Result<(), Error> {
        node.only(&[])?;
        let slope = match self.values(node, 1)? {
            Values::All(slope) => Some(slope),
            Values::Each(slopes) => {
                self.builder.expect_width(slopes.len(), &node.described())?;
                let first = slopes.first().copied();
                first.filter(|first| slopes.iter().all(|slope| slope == first))
            }
        };
        let Some(slope) = slope else {
            return Err(node.refuse("it has several slopes, one is supported"));
        };
        self.activate(node, Activation::LeakyRelu { slope: slope as f32 })
    }

    fn dropout(&self, node: &Node) -> Result<(), Error> {
        node.only(&["ratio", "seed"])?;
        match node.input(2) {
            None => Ok(()),
            Some(name) => {
                match self.graph.constant(name).and_then(|flag| flag.ints(1)).as_deref() {
                    Some([0]) => Ok(()),
                    _ => Err(node.refuse("it is in training mode; export the net for inference")),
                }
            }
        }
    }

    fn flatten(&mut self, node: &Node) -> Result<(), Error> {
        node.only(&["axis"])?;
        let axis = node.int("axis", 1);
        if axis != 1 && !(self.flat && axis == -1) {
            return Err(node.refuse("its axis must be 1"));
        }
        self.flat = true;
        Ok(())
    }

    fn reshape(&mut self, node: &Node) -> Result<(), Error> {
        node.only(&["allowzero"])?;
        let shape = node.input(1).and_then(|name| self.graph.constant(name)?.ints(MAX_DIMS));
        let Some(shape) = shape else {
            return Err(node.refuse("its shape must be a constant"));
        };
        let width = self.builder.width().and_then(|width| i64::try_from(width).ok());
        // 0 takes a dimension over, unless that is switched off; -1 is what is left.
        let zero = node.int("allowzero", 0) == 0;
        let keeps_rows = |rows: i64| match self.batch {
            Some(batch) => rows == batch,
            None => rows == 1,
        };
        // skl2onnx ends a regressor of several targets by a column: the same numbers in the same order.
        let ends = node.output.first().is_some_and(|output| {
            *output == self.graph.output && self.graph.readers(output).is_empty()
        });
        if ends && self.flat && matches!(*shape.as_slice(), [-1] | [-1, 1]) {
            return Ok(());
        }
        let fits = match *shape.as_slice() {
            [-1, columns] if columns > 0 => width.is_none_or(|width| width == columns),
            [rows, -1] => keeps_rows(rows) || (rows == 0 && zero),
            [rows, columns] => {
                let rows_fit = keeps_rows(rows) || (rows == 0 && zero);
                let same = width.is_none_or(|width| width == columns) && columns > 0;
                rows_fit && (same || (columns == 0 && zero && self.flat))
            }
            [-1] => self.flat && width == Some(1),
            _ => false,
        };
        if !fits {
            let shape: Vec<String> = shape.iter().map(i64::to_string).collect();
            let reason = format!("its shape {} must be that of a row vector", shape.join(" x "));
            return Err(node.refuse(reason));
        }
        if let [_, columns] = *shape.as_slice()
            && let Ok(columns @ 1..) = usize::try_from(columns)
        {
            self.builder.expect_width(columns, &node.described())?;
        }
        self.flat = true;
        Ok(())
    }

    fn fold(&mut self, node: &Node, scale: Values, shift: Values) -> Result<(), Error> {
        let each = [&scale, &shift].iter().any(|values| matches!(values, Values::Each(_)));
        if each {
            self.row_vector(node)?;
        }
        self.builder.fold(&node.described(), scale, shift)
    }

    fn activate(&mut self, node: &Node, activation: Activation) -> Result<(), Error> {
        self.row_vector(node)?;
        self.builder.activation(&node.described(), activation)
    }

    fn row_vector(&self, node: &Node) -> Result<(), Error> {
        if self.flat {
            return Ok(());
        }
        Err(node.refuse("the net's input has more than two dimensions; a Flatten must come first"))
    }

    fn constant(&self, node: &Node, index: usize) -> Result<&'g Constant<'a>, Error> {
        let Some(name) = node.input(index) else {
            return Err(node.refuse(format!("its input {} is missing", index + 1)));
        };
        self.graph.constant(name).ok_or_else(|| {
            let name = short(name);
            let reason = format!(
                "its input {name:?} is not a constant; a node may join constants to the one value that \
                 the net computes, not two values (skip connections)"
            );
            node.refuse(reason)
        })
    }

    fn matrix(&self, node: &Node, index: usize) -> Result<(&'g Constant<'a>, usize, usize), Error> {
        let constant = self.constant(node, index)?.floats()?;
        match *constant.dims() {
            [rows, columns] => Ok((constant, rows, columns)),
            ref dims => {
                let reason = format!("its weights have {} dimensions, not 2", dims.len());
                Err(node.refuse(reason))
            }
        }
    }

    fn values(&self, node: &Node, index: usize) -> Result<Values, Error> {
        let constant = self.constant(node, index)?;
        constant.values()?.ok_or_else(|| {
            let dims: Vec<String> = constant.dims().iter().take(8).map(usize::to_string).collect();
            let dims = dims.join(" x ");
            let reason = format!("its constant of {dims} must be one number or one a value");
            node.refuse(reason)
        })
    }
}

fn cast(node: &Node) -> Result<(), Error> {
    node.only(&["to", "saturate", "round_mode"])?;
    if [data_type::FLOAT, data_type::DOUBLE].map(i64::from).contains(&node.int("to", 0)) {
        return Ok(());
    }
    Err(node.refuse("a net computes in float; casts to float or double alone are supported"))
}
