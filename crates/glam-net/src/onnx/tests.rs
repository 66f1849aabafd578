use std::time::{Duration, Instant};

use glam_core::net::{Activation, NetError};
use prost::Message;

use super::from_onnx;
use super::proto::*;
use crate::error::Error;

pub(super) fn node(op: &str, inputs: &[&str], output: &str) -> Node {
    Node {
        name: format!("the {op}"),
        op_type: op.to_owned(),
        input: inputs.iter().map(|&input| input.to_owned()).collect(),
        output: vec![output.to_owned()],
        ..Node::default()
    }
}

fn with(mut node: Node, name: &str, change: impl FnOnce(&mut Attribute)) -> Node {
    let mut attribute = Attribute { name: name.to_owned(), ..Attribute::default() };
    change(&mut attribute);
    node.attribute.push(attribute);
    node
}

fn floats(name: &str, dims: &[i64], values: &[f32]) -> Tensor {
    Tensor {
        name: name.to_owned(),
        dims: dims.to_vec(),
        data_type: data_type::FLOAT,
        float_data: values.to_vec(),
        ..Tensor::default()
    }
}

fn ints(name: &str, values: &[i64]) -> Tensor {
    Tensor {
        name: name.to_owned(),
        dims: vec![values.len() as i64],
        data_type: data_type::INT64,
        int64_data: values.to_vec(),
        ..Tensor::default()
    }
}

fn value(name: &str) -> ValueInfo {
    ValueInfo { name: name.to_owned(), r#type: None }
}

fn shaped(name: &str, elem_type: i32, dims: &[i64]) -> ValueInfo {
    let dim = dims.iter().map(|&dim_value| Dimension { dim_value }).collect();
    let tensor_type = Some(TensorType { elem_type, shape: Some(Shape { dim }) });
    ValueInfo { name: name.to_owned(), r#type: Some(Type { tensor_type }) }
}

/// A graph from "x" to "y".
fn graph(node: Vec<Node>, initializer: Vec<Tensor>) -> GraphProto {
    GraphProto { node, initializer, input: vec![value("x")], output: vec![value("y")] }
}

fn encoded(graph: GraphProto) -> Vec<u8> {
    Model { graph: Some(graph), opset_import: Vec::new() }.encode_to_vec()
}

/// Weights of 2 x 2, and other constants.
fn constants() -> Vec<Tensor> {
    vec![
        floats("w", &[2, 2], &[1.0, 2.0, 3.0, 4.0]),
        floats("b", &[2], &[0.5, -0.5]),
        floats("three", &[3], &[1.0, 2.0, 3.0]),
        floats("column", &[2, 1], &[1.0, 2.0]),
        floats("zero", &[], &[0.0]),
        floats("nan", &[2, 2], &[1.0, f32::NAN, 0.0, 1.0]),
        floats("cube", &[1, 2, 2], &[1.0; 4]),
        ints("row", &[-1, 2]),
        ints("split", &[-1, 1, 2]),
        ints("yes", &[1]),
    ]
}

fn message(graph: GraphProto) -> String {
    from_onnx(&encoded(graph)).unwrap_err().to_string()
}

#[test]
fn weights_come_through_bit_for_bit_and_affine_layers_stay_apart() {
    let w: Vec<f32> = (0..6).map(|i| 0.1_f32.powi(i) + 1e-7).collect();
    let nodes = vec![
        with(node("Gemm", &["x", "v", "c"], "a"), "transB", |attribute| attribute.i = 1),
        node("MatMul", &["a", "u"], "b"),
        node("Relu", &["b"], "h"),
        node("MatMul", &["h", "u"], "y"),
    ];
    let bias = [0.3, 1e-30];
    let tensors = vec![
        floats("v", &[2, 3], &w),
        floats("c", &[1, 2], &bias),
        floats("u", &[2, 2], &[1.0, 2.0, 3.0, 4.0]),
    ];
    let net = from_onnx(&encoded(graph(nodes, tensors))).unwrap();
    assert_eq!(net.sizes(), "3-2-2-2");
    assert_eq!(net.layers()[0].weights().into_raw_vec_and_offset().0, w);
    assert_eq!(net.layers()[0].bias(), bias);
    let activations: Vec<_> = net.layers().iter().map(|layer| layer.activation()).collect();
    assert_eq!(activations, [Activation::Linear, Activation::Relu, Activation::Linear]);
    assert_eq!(net.layers()[1].column(0), [1.0, 2.0]);
}

#[test]
fn what_is_folded_is_the_same_map() {
    // ((2 - x) / 4 * 3) W + b, then * -1, + 1.
    let nodes = vec![
        node("Sub", &["two", "x"], "1"),
        node("Div", &["1", "four"], "2"),
        node("Mul", &["2", "each"], "3"),
        node("MatMul", &["3", "w"], "4"),
        node("Add", &["b", "4"], "5"),
        node("Neg", &["5"], "6"),
        node("Add", &["6", "one"], "y"),
    ];
    let mut tensors = constants();
    tensors.extend([
        floats("two", &[1], &[2.0]),
        floats("four", &[], &[4.0]),
        floats("each", &[1, 2], &[3.0, 5.0]),
        floats("one", &[1, 1], &[1.0]),
    ]);
    let net = from_onnx(&encoded(graph(nodes, tensors))).unwrap();
    assert_eq!(net.layers().len(), 1);
    let mut out = [0.0; 2];
    net.forward(&[6.0, 10.0], &mut Default::default(), &mut out).unwrap();
    // (-4, -8) / 4 = (-1, -2); times (3, 5) = (-3, -10); W^T of it (-33, -46); + b (-32.5, -46.5).
    assert_eq!(out, [33.5, 47.5]);
}

#[test]
fn every_node_that_is_not_supported_is_named() {
    let gemm = || node("Gemm", &["x", "w"], "y");
    let chain = |second: Node| vec![node("MatMul", &["x", "w"], "a"), second];
    let cases: Vec<(Vec<Node>, &str)> = vec![
        (
            vec![node("Conv", &["x", "w"], "y")],
            "\"the Conv\" (Conv, output \"y\"): this operator is",
        ),
        (vec![node("LogSoftmax", &["x"], "y")], "(LogSoftmax, output \"y\")"),
        (vec![node("Add", &["x", "x"], "y")], "skip connections"),
        (vec![node("MatMul", &["w", "x"], "y")], "its first input must be"),
        (vec![node("Div", &["b", "x"], "y")], "divided by"),
        (vec![node("Gemm", &["x"], "y")], "its input 2 is missing"),
        (vec![node("Gemm", &["x", "cube"], "y")], "3 dimensions, not 2"),
        (vec![node("Gemm", &["x", "row"], "y")], "tensor \"row\": it holds integers"),
        (vec![node("Gemm", &["x", "w", "three"], "y")], "2 rows and the bias 3"),
        (vec![node("Gemm", &["x", "w", "column"], "y")], "2 x 1 must be one number or one a value"),
        (
            vec![node("Gemm", &["x", "nan"], "y")],
            "\"the Gemm\" (Gemm, output \"y\"): weight 2 is not",
        ),
        (vec![with(gemm(), "transA", |attribute| attribute.i = 1)], "transA must be 0"),
        (vec![with(gemm(), "broadcast", |_| ())], "its attribute \"broadcast\""),
        (vec![Node { domain: "mine".to_owned(), ..gemm() }], "(Gemm, output \"y\"): this operator"),
        (chain(node("Mul", &["a", "three"], "y")), "gives 2"),
        (chain(node("Gemm", &["a", "nowhere"], "y")), "\"nowhere\" is not a constant"),
        (chain(node("PRelu", &["a", "b"], "y")), "several slopes"),
        (chain(node("PRelu", &["a", "three"], "y")), "gives 2"),
        (chain(node("Reshape", &["a", "split"], "y")), "-1 x 1 x 2 must be that of a row vector"),
        (chain(node("Reshape", &["a", "a"], "y")), "skip connections"),
        (chain(node("Dropout", &["a", "", "yes"], "y")), "training mode"),
        (chain(with(node("Flatten", &["a"], "y"), "axis", |a| a.i = 0)), "its axis must be 1"),
        (
            chain(with(node("Softmax", &["a"], "y"), "axis", |a| a.i = 0)),
            "its axis must be the last",
        ),
        (chain(with(node("Cast", &["a"], "y"), "to", |a| a.i = 10)), "casts to float or double"),
        (chain(with(node("LeakyRelu", &["a"], "y"), "alpha", |a| a.f = 1.0)), "slope of a leaky"),
        (chain(node("Concat", &["a"], "y")), "(Concat, output \"y\")"),
        (chain(node("BatchNormalization", &["a", "b", "b", "b"], "y")), "its input 5 is missing"),
        (
            vec![node("Softmax", &["x"], "p"), node("Gemm", &["p", "w"], "y")],
            "stands behind a Softmax",
        ),
        (
            vec![
                node("MatMul", &["x", "w"], "a"),
                node("Relu", &["a"], "h"),
                node("Add", &["a", "h"], "y"),
            ],
            "\"the Add\" (Add, output \"y\")",
        ),
        (
            vec![gemm(), node("Tanh", &["x"], "z")],
            "\"the Tanh\" (Tanh, output \"z\"): the output \"y\" does not need it",
        ),
        (vec![gemm(), node("Relu", &["x"], "y")], "the name of another value"),
        (vec![node("Relu", &["x"], "w")], "the name of another value"),
        (vec![node("Identity", &["x"], "y")], "the net has no layer"),
        (vec![node("Gemm", &["z", "w"], "y")], "does not lead from \"x\" to its output \"y\""),
        (vec![], "does not lead from \"x\""),
        (vec![node("Gemm", &["x", "w"], "z"), node("Relu", &["y"], "y")], "does not need it"),
        (
            vec![node("Relu", &["x"], "y"), node("Relu", &["y"], "z"), node("Relu", &["z"], "y")],
            "the name of another value",
        ),
    ];
    for (nodes, expected) in cases {
        let message = message(graph(nodes, constants()));
        assert!(message.contains(expected), "{expected:?} is not in {message:?}");
    }
}

#[test]
fn graphs_that_hold_more_or_less_than_a_net_are_refused() {
    let net = || graph(vec![node("Gemm", &["x", "w"], "y")], constants());
    assert!(from_onnx(&encoded(net())).is_ok());
    let mut two = net();
    two.output.push(value("x"));
    assert!(message(two).contains("two outputs of numbers, \"y\" and \"x\""));
    let mut many = net();
    many.output = vec![value("y"); 17];
    assert!(message(many).contains("17 outputs"));
    let mut labels = net();
    labels.node.push(node("ArgMax", &["y"], "label"));
    labels.output = vec![value("label")];
    assert!(message(labels).contains("no output of numbers"));
    let mut inputs = net();
    inputs.input.push(value("z"));
    assert!(message(inputs).contains("one input"));
    let mut wide = net();
    wide.input = vec![shaped("x", data_type::FLOAT, &[0, 3])];
    assert!(message(wide).contains("takes 2 values, the layer before it gives 3"));
    let mut picture = net();
    picture.input = vec![shaped("x", data_type::FLOAT, &[0, 1, 2])];
    assert!(message(picture).contains("a Flatten must come first"));
    let mut whole = net();
    whole.input = vec![shaped("x", data_type::INT64, &[0, 2])];
    assert!(message(whole).contains("input of type 7"));
    let old = Opset { domain: String::new(), version: 6 };
    let old = Model { graph: Some(net()), opset_import: vec![old] }.encode_to_vec();
    assert!(from_onnx(&old).unwrap_err().to_string().contains("operator set 6"));
    assert!(matches!(from_onnx(&[]), Err(Error::NotOnnx { .. })));
    assert!(matches!(from_onnx(&[0x40, 1]), Err(Error::NotOnnx { .. })));
}

#[test]
fn tensors_that_do_not_hold_together_are_refused_by_name() {
    for dims in [&[2, 3][..], &[-1, 2], &[i64::MAX, i64::MAX], &[1 << 32, 1 << 32], &[0, 0], &[4]] {
        let tensors = vec![floats("w", dims, &[1.0; 4])];
        let error = message(graph(vec![node("Gemm", &["x", "w"], "y")], tensors));
        assert!(
            error.contains("\"w\"") || error.contains("dimensions, not 2"),
            "{dims:?}: {error}"
        );
    }
    let odd = Tensor { raw_data: vec![0; 15], ..floats("w", &[2, 2], &[]) };
    assert!(message(graph(vec![], vec![odd])).contains("tensor \"w\""));
    let none = floats("w", &[0, 2], &[]);
    let error = message(graph(vec![node("Gemm", &["x", "w"], "y")], vec![none]));
    assert!(error.contains("neither may be none"), "{error}");
    let twice = vec![floats("w", &[1], &[1.0]); 2];
    assert!(message(graph(vec![], twice)).contains("two of this name"));
    let moved = Tensor { data_location: 1, ..floats("w", &[2, 2], &[1.0; 4]) };
    assert!(message(graph(vec![], vec![moved])).contains("tensor \"w\": its data are in another"));
}

#[test]
fn graphs_without_an_end_are_refused() {
    let nodes = vec![
        node("MatMul", &["x", "w"], "a"),
        node("Add", &["a", "back"], "c"),
        node("Relu", &["c"], "back"),
        node("Relu", &["back"], "y"),
    ];
    let error = message(graph(nodes, constants()));
    assert!(error.contains("\"back\" is not a constant"), "{error}");
    let nodes = vec![node("Relu", &["y"], "z"), node("Relu", &["z"], "y")];
    assert!(message(graph(nodes, constants())).contains("does not lead"));
    // The walk comes into a circle only through a node with two values.
    let mut around = graph(vec![node("Identity", &["x"], "x")], constants());
    around.output = vec![value("x")];
    assert!(message(around).contains("the name of another value"));
}

fn a_varint(mut value: usize) -> Vec<u8> {
    let mut bytes = Vec::new();
    while value >= 0x80 {
        bytes.push(value as u8 | 0x80);
        value >>= 7;
    }
    bytes.push(value as u8);
    bytes
}

#[test]
fn nesting_and_endless_numbers_are_errors() {
    // Node, attribute, graph in it, node, ...
    let mut inner = Vec::new();
    for _ in 0..20_000 {
        for tag in [0x32, 0x2A, 0x0A] {
            let length = a_varint(inner.len());
            inner.splice(0..0, std::iter::once(tag).chain(length));
        }
        if inner.len() > 1 << 18 {
            break;
        }
    }
    let mut bytes = vec![0x3A];
    bytes.extend(a_varint(inner.len()));
    bytes.extend(inner);
    assert!(from_onnx(&bytes).is_err());
    // Groups in groups.
    assert!(matches!(from_onnx(&vec![0x0B; 1 << 20]), Err(Error::NotOnnx { .. })));
    assert!(matches!(from_onnx(&[0xFF; 64]), Err(Error::NotOnnx { .. })));
    let mut long = vec![0x3A];
    long.extend([0xFF; 9]);
    long.push(1);
    assert!(matches!(from_onnx(&long), Err(Error::NotOnnx { .. })));
}

#[test]
fn much_of_anything_is_an_error_soon() {
    let start = Instant::now();
    let fields = |graph| match from_onnx(&encoded(graph)) {
        Err(Error::NotOnnx { reason }) => assert!(reason.contains("fields"), "{reason}"),
        other => panic!("{other:?}"),
    };
    // Empty nodes are two bytes each in the file.
    fields(graph(vec![Node::default(); 1 << 19], vec![]));
    fields(graph(vec![], vec![ints("i", &vec![1; 1 << 19])]));
    // A chain of nodes that do nothing, and one of layers.
    let chain = |op: &str, constant: &[&str], count: usize| {
        let names: Vec<String> = (0..count - 1).map(|number| number.to_string()).collect();
        let mut values = vec!["x"];
        values.extend(names.iter().map(String::as_str));
        values.push("y");
        let pairs = values.windows(2);
        pairs
            .map(|pair| node(op, &[&[pair[0]][..], constant].concat(), pair[1]))
            .collect::<Vec<_>>()
    };
    let mut nodes = chain("Identity", &[], 20_000);
    nodes[0] = node("MatMul", &["x", "w"], "0");
    assert_eq!(from_onnx(&encoded(graph(nodes, constants()))).unwrap().sizes(), "2-2");
    match from_onnx(&encoded(graph(chain("MatMul", &["w"], 20_000), constants()))) {
        Err(Error::Layer { source: NetError::TooLarge { what: "layers", .. }, .. }) => {}
        other => panic!("{other:?}"),
    }
    // Few bytes a node and much to do for each.
    let many = floats("many", &[1 << 18], &vec![1.0; 1 << 18]);
    match from_onnx(&encoded(graph(chain("Mul", &["many"], 20_000), vec![many]))) {
        Err(Error::Layer { source: NetError::TooLarge { .. }, .. }) => {}
        other => panic!("{other:?}"),
    }
    // A diagonal of 2^18 x 2^18.
    let mut wide = graph(vec![node("Relu", &["x"], "y")], vec![]);
    wide.input = vec![shaped("x", data_type::FLOAT, &[1, 1 << 18])];
    match from_onnx(&encoded(wide.clone())) {
        Err(Error::Layer { source: NetError::TooLarge { what: "weights", .. }, .. }) => {}
        other => panic!("{other:?}"),
    }
    wide.input = vec![shaped("x", data_type::FLOAT, &[1, i64::MAX])];
    assert!(from_onnx(&encoded(wide)).is_err());
    // One tensor, many times.
    let large = floats("w", &[2048, 2048], &vec![1.0; 1 << 22]);
    match from_onnx(&encoded(graph(chain("MatMul", &["w"], 200), vec![large]))) {
        Err(Error::Layer { source: NetError::TooLarge { what: "weights", .. }, .. }) => {}
        other => panic!("{other:?}"),
    }
    assert!(start.elapsed() < Duration::from_secs(30), "{:?}", start.elapsed());
}
