//! The one chain of nodes from the input to the output.

use glam_core::net::{Activation, Net, Output};

use super::graph::Graph;
use super::proto::{Node, data_type};
use crate::builder::{Builder, Values};
use crate::error::{Error, short};

/// Where the walk is.
pub(super) struct Walk<'g, 'a> {
    pub(super) graph: &'g Graph<'a>,
    pub(super) builder: Builder,
    /// The value at hand.
    pub(super) value: &'a str,
    /// Whether it is a row vector, or has more dimensions.
    pub(super) flat: bool,
    /// The first dimension of the input, where it is fixed.
    pub(super) batch: Option<i64>,
    /// What ends the net, once a node has.
    pub(super) output: Output,
    pub(super) labels: Option<Vec<String>>,
}

/// The net that `graph` is.
pub(super) fn net(graph: &Graph<'_>) -> Result<Net, Error> {
    let mut walk = Walk {
        graph,
        builder: Builder::new(),
        value: &graph.input.name,
        flat: true,
        batch: None,
        output: Output::Linear,
        labels: graph.labels.clone(),
    };
    walk.start()?;
    // Every step is over a node at least, so more steps than nodes go in a circle.
    for _ in 0..=graph.needed {
        match graph.readers(walk.value) {
            [] if walk.value == graph.output => return walk.finish(),
            [] => {
                let (value, output) = (short(walk.value), short(graph.output));
                let reason = format!("does not lead from {value:?} to its output {output:?}");
                return Err(Error::graph(reason));
            }
            [node] => walk.step(node)?,
            [one, other] if walk.two_sided(one, other)? => {}
            [one, other, ..] => {
                return Err(other.refuse(format!(
                    "it reads {:?}, which node {} reads too; skip connections and branches are not \
                     supported, except Concat(Relu(a), Relu(Neg(a)))",
                    short(walk.value),
                    one.described()
                )));
            }
        }
    }
    Err(Error::graph("goes in a circle"))
}

impl<'a> Walk<'_, 'a> {
    /// Looks at what is declared of the input.
    fn start(&mut self) -> Result<(), Error> {
        let tensor = self.graph.input.r#type.as_ref().and_then(|kind| kind.tensor_type.as_ref());
        let Some(tensor) = tensor else { return Ok(()) };
        if ![0, data_type::FLOAT, data_type::DOUBLE].contains(&tensor.elem_type) {
            let reason = format!(
                "takes an input of type {}; export it with an input of float or double",
                tensor.elem_type
            );
            return Err(Error::graph(reason));
        }
        let Some(shape) = &tensor.shape else { return Ok(()) };
        let sizes: Vec<i64> = shape.dim.iter().map(|dim| dim.dim_value).collect();
        let (batch, sizes) = match sizes.as_slice() {
            [batch, sizes @ ..] if !sizes.is_empty() => (*batch, sizes),
            sizes => (0, sizes),
        };
        self.batch = (batch > 0).then_some(batch);
        self.flat = sizes.len() <= 1;
        let known = sizes.iter().try_fold(1_usize, |product, &size| {
            product.checked_mul(usize::try_from(size).ok()?).filter(|&product| product > 0)
        });
        match known {
            Some(width) if !sizes.is_empty() => {
                self.builder.expect_width(width, "the graph's input")
            }
            _ => Ok(()),
        }
    }

    fn finish(self) -> Result<Net, Error> {
        let part = format!("the output {:?}", short(self.graph.output));
        let net = self.builder.finish(&part, self.output)?;
        match self.labels {
            Some(labels) => Ok(net.with_labels(labels)?),
            None => Ok(net),
        }
    }

    /// Takes Concat(Relu(a), Relu(Neg(a))), in either order, where the two nodes begin it.
    fn two_sided(&mut self, one: &'a Node, other: &'a Node) -> Result<bool, Error> {
        let (relu, neg) = match (one.op(), other.op()) {
            ("Relu", "Neg") => (one, other),
            ("Neg", "Relu") => (other, one),
            _ => return Ok(false),
        };
        let Some(below) = self.only_reader(neg).filter(|node| node.op() == "Relu") else {
            return Ok(false);
        };
        let (Some(joined), Some(same)) = (self.only_reader(relu), self.only_reader(below)) else {
            return Ok(false);
        };
        if !std::ptr::eq(joined, same) || joined.op() != "Concat" || joined.input.len() != 2 {
            return Ok(false);
        }
        joined.only(&["axis"])?;
        if !self.flat || ![1, -1].contains(&joined.int("axis", 0)) {
            return Err(joined.refuse("it must join row vectors along their last axis"));
        }
        self.before_end(joined)?;
        let part = joined.described();
        if joined.input(0) == below.output.first().map(String::as_str) {
            // max(-a, 0), then max(a, 0): the two sides of -a.
            self.builder.fold(&part, Values::All(-1.0), Values::All(0.0))?;
        }
        self.builder.activation(&part, Activation::TwoSided)?;
        self.go_to(joined)?;
        Ok(true)
    }

    /// The one node that reads the one output of `node`, where nothing else does.
    fn only_reader(&self, node: &Node) -> Option<&'a Node> {
        let [output] = node.output.as_slice() else { return None };
        match self.graph.readers(output) {
            [reader] if output != self.graph.output => Some(reader),
            _ => None,
        }
    }

    /// The value at hand is now the first output of `node`.
    pub(super) fn go_to(&mut self, node: &'a Node) -> Result<(), Error> {
        self.value = node.output.first().ok_or_else(|| node.refuse("it has no output"))?;
        Ok(())
    }

    /// Fails where the net has ended with a softmax.
    pub(super) fn before_end(&self, node: &Node) -> Result<(), Error> {
        if self.output == Output::Linear {
            return Ok(());
        }
        Err(node.refuse("it stands behind a Softmax, which must end the net"))
    }
}
