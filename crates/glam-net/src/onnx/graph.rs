//! A graph's values: which are constant, who makes and who reads the others, and which output holds
//! the net's numbers.

use std::collections::{HashMap, HashSet};

use super::constants::{Constant, texts};
use super::proto::{GraphProto, Node, Tensor, ValueInfo, data_type};
use crate::error::{Error, short};

/// The most outputs that are looked at.
const MAX_OUTPUTS: usize = 16;

/// What makes a label of scores.
const LABELS: [&str; 3] = ["ArgMax", "ArrayFeatureExtractor", "LabelEncoder"];
/// What else may lead to an output of labels.
const AROUND_LABELS: [&str; 5] = ["Cast", "Reshape", "Identity", "Squeeze", "ZipMap"];

pub(super) struct Graph<'a> {
    constants: HashMap<&'a str, Constant<'a>>,
    /// The nodes that read a value, once for each time they read it; only those that the output
    /// needs.
    readers: HashMap<&'a str, Vec<&'a Node>>,
    /// The value that cues are put into.
    pub(super) input: &'a ValueInfo,
    /// The value that holds the net's numbers.
    pub(super) output: &'a str,
    /// The names of classes, where an output of labels tells them.
    pub(super) labels: Option<Vec<String>>,
    /// Nodes that the output needs.
    pub(super) needed: usize,
}

impl<'a> Graph<'a> {
    pub(super) fn new(graph: &'a GraphProto) -> Result<Self, Error> {
        let (constants, nodes) = split_constants(graph)?;
        let declared: HashSet<_> = graph.input.iter().map(|input| input.name.as_str()).collect();
        let mut makers = HashMap::new();
        for &node in &nodes {
            for output in node.output.iter().filter(|output| !output.is_empty()) {
                let taken =
                    constants.contains_key(output.as_str()) || declared.contains(output.as_str());
                if taken || makers.insert(output.as_str(), node).is_some() {
                    return Err(node.refuse("its output has the name of another value"));
                }
            }
        }
        let mut inputs =
            graph.input.iter().filter(|input| !constants.contains_key(input.name.as_str()));
        let (Some(input), None) = (inputs.next(), inputs.next()) else {
            return Err(Error::graph("must have one input that is not constant"));
        };
        let (output, needed) = choose_output(graph, &makers)?;

        let mut readers: HashMap<_, Vec<_>> = HashMap::new();
        let mut classes = None;
        for &node in &nodes {
            if needed.contains(&std::ptr::from_ref(node)) {
                let values = node.input.iter().map(String::as_str);
                for value in values.filter(|value| !constants.contains_key(value)) {
                    readers.entry(value).or_default().push(node);
                }
            } else if node.op() == "ArrayFeatureExtractor" {
                classes = classes.or_else(|| constants.get(node.input(0)?));
            } else if !LABELS.contains(&node.op()) && !AROUND_LABELS.contains(&node.op()) {
                let reason = format!(
                    "the output {:?} does not need it; beside the net there may only be nodes that \
                     make labels of its outputs",
                    short(output)
                );
                return Err(node.refuse(reason));
            }
        }
        let labels = classes.and_then(Constant::labels);
        Ok(Self { constants, readers, input, output, labels, needed: needed.len() })
    }

    pub(super) fn constant(&self, name: &str) -> Option<&Constant<'a>> {
        self.constants.get(name)
    }

    pub(super) fn readers(&self, value: &str) -> &[&'a Node] {
        self.readers.get(value).map_or(&[], Vec::as_slice)
    }
}

/// The constants by name, and the nodes that make none.
fn split_constants(graph: &GraphProto) -> Result<(HashMap<&str, Constant<'_>>, Vec<&Node>), Error> {
    let named = |tensor: &'_ Tensor| tensor.name.is_empty();
    if graph.initializer.iter().any(named) {
        return Err(Error::graph("has a tensor without a name"));
    }
    let mut constants = HashMap::new();
    for tensor in &graph.initializer {
        let constant = Constant::of_tensor(tensor, &tensor.name)?;
        if constants.insert(tensor.name.as_str(), constant).is_some() {
            return Err(Error::tensor(&tensor.name, "the graph has two of this name"));
        }
    }
    let mut nodes = Vec::new();
    // Nodes are listed after those whose outputs they read.
    for node in &graph.node {
        let Some(output) = node.output.first() else {
            return Err(node.refuse("it has no output"));
        };
        let constant = match node.op() {
            "Constant" => {
                let [attribute] = node.attribute.as_slice() else {
                    return Err(node.refuse("it must have one attribute"));
                };
                let constant = Constant::of_attribute(attribute, output)?;
                Some(constant.ok_or_else(|| node.refuse("its value is of an unknown kind"))?)
            }
            "Identity" => node.input(0).and_then(|name| constants.get(name)).cloned(),
            "Cast" => match node.input(0).and_then(|name| constants.get(name)) {
                Some(constant) => {
                    constant.floats()?;
                    let to = node.int("to", 0);
                    if ![data_type::FLOAT, data_type::DOUBLE].map(i64::from).contains(&to) {
                        return Err(node.refuse("constants are cast to float or double only"));
                    }
                    Some(constant.clone())
                }
                None => None,
            },
            _ => None,
        };
        let Some(constant) = constant else {
            nodes.push(node);
            continue;
        };
        if constants.insert(output.as_str(), constant).is_some() {
            return Err(node.refuse("its output has the name of another value"));
        }
    }
    Ok((constants, nodes))
}

type Needed = HashSet<*const Node>;

/// The one output that is no label, and the nodes it needs.
fn choose_output<'a>(
    graph: &'a GraphProto,
    makers: &HashMap<&'a str, &'a Node>,
) -> Result<(&'a str, Needed), Error> {
    if graph.output.len() > MAX_OUTPUTS {
        let got = graph.output.len();
        return Err(Error::graph(format!("has {got} outputs, at most {MAX_OUTPUTS} are read")));
    }
    let mut chosen: Option<(&str, Needed)> = None;
    for output in &graph.output {
        let (needed, is_label) = needs(&output.name, makers);
        match &chosen {
            _ if is_label => {}
            None => chosen = Some((&output.name, needed)),
            Some((first, _)) => {
                let (first, second) = (short(first), short(&output.name));
                let reason = format!(
                    "has two outputs of numbers, {first:?} and {second:?}; export the net with one"
                );
                return Err(Error::graph(reason));
            }
        }
    }
    chosen.ok_or_else(|| {
        Error::graph("has no output of numbers; export scores or probabilities, not labels alone")
    })
}

/// The nodes that `output` needs, and whether a label is among what they make.
fn needs(output: &str, makers: &HashMap<&str, &Node>) -> (Needed, bool) {
    let mut needed = Needed::new();
    let mut is_label = false;
    let mut open = vec![output];
    while let Some(value) = open.pop() {
        let Some(&node) = makers.get(value) else { continue };
        if needed.insert(std::ptr::from_ref(node)) {
            is_label |= LABELS.contains(&node.op());
            open.extend(node.input.iter().map(String::as_str));
        }
    }
    (needed, is_label)
}

/// The names of classes that a ZipMap goes with.
pub(super) fn zip_map_labels(node: &Node) -> Option<Vec<String>> {
    if let Some(ints) = node.attribute("classlabels_int64s") {
        return Some(ints.ints.iter().map(i64::to_string).collect());
    }
    texts(&node.attribute("classlabels_strings")?.strings)
}
