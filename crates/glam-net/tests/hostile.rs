//! Damaged files are errors or other nets, never a panic.

#![expect(clippy::unwrap_used, reason = "a helper of tests may fail as a test may")]

mod common;

use std::path::Path;

use common::{files, nets};
use glam_net::{Net, from_onnx, from_safetensors};

/// Every beginning of `bytes`, and these with a byte changed, every `stride` bytes.
fn damaged(bytes: &[u8], stride: usize, mut read: impl FnMut(&[u8])) {
    for end in (0..bytes.len()).step_by(stride) {
        read(&bytes[..end]);
    }
    let mut changed = bytes.to_vec();
    for at in (0..bytes.len()).step_by(stride) {
        for flip in [0x01, 0x80, 0xFF] {
            changed[at] ^= flip;
            read(&changed);
            changed[at] ^= flip;
        }
    }
}

/// A net that did come in can be used.
fn usable(net: Result<Net, glam_net::Error>) -> bool {
    let Ok(net) = net else { return false };
    let mut out = vec![0.0; net.outputs()];
    // Weights may be so large now that a unit overflows, which is an error, too.
    let _ = net.forward(&vec![1.0; net.inputs()], &mut Default::default(), &mut out);
    Net::from_bytes(&net.to_bytes()).unwrap() == net
}

fn read(path: impl AsRef<Path>) -> Vec<u8> {
    std::fs::read(path).unwrap()
}

#[test]
fn damaged_onnx_files_do_not_panic() {
    let (mut nets, mut errors) = (0, 0);
    for path in files("small", "onnx").into_iter().chain(files("refused", "onnx")) {
        damaged(&read(path), 1, |bytes| match usable(from_onnx(bytes)) {
            true => nets += 1,
            false => errors += 1,
        });
    }
    // Flips within weights and names leave nets; most others do not.
    assert!(nets > 1000 && errors > 1000, "{nets} {errors}");
}

#[test]
fn damaged_large_onnx_files_do_not_panic() {
    for path in files("", "onnx") {
        damaged(&read(path), 4999, |bytes| {
            usable(from_onnx(bytes));
        });
    }
}

#[test]
fn damaged_weights_and_descriptions_do_not_panic() {
    let path = nets().join("small/formats.safetensors");
    let (weights, text) = (read(&path), read(path.with_extension("json")));
    let description = std::str::from_utf8(&text).unwrap();
    assert!(usable(from_safetensors(&weights, description)));
    damaged(&weights, 1, |bytes| {
        usable(from_safetensors(bytes, description));
    });
    damaged(&text, 1, |bytes| {
        if let Ok(description) = std::str::from_utf8(bytes) {
            usable(from_safetensors(&weights, description));
        }
    });
    for end in 0..weights.len() {
        assert!(from_safetensors(&weights[..end], description).is_err());
    }
    let path = nets().join("fashion_256.safetensors");
    let text = std::fs::read_to_string(path.with_extension("json")).unwrap();
    damaged(&read(path), 9973, |bytes| {
        usable(from_safetensors(bytes, &text));
    });
}

fn safetensors(header: &str, data: usize) -> Vec<u8> {
    let mut bytes = (header.len() as u64).to_le_bytes().to_vec();
    bytes.extend(header.as_bytes());
    bytes.resize(bytes.len() + data, 0);
    bytes
}

#[test]
fn descriptions_and_tensors_that_do_not_fit_are_refused_with_what_is_wrong() {
    let header = concat!(
        r#"{"w":{"dtype":"F32","shape":[2,3],"data_offsets":[0,24]},"#,
        r#""b":{"dtype":"F32","shape":[2],"data_offsets":[24,32]},"#,
        r#""i":{"dtype":"I32","shape":[2],"data_offsets":[32,40]}}"#
    );
    let weights = safetensors(header, 40);
    let layer = r#"{"layers":[{"weight":"w","bias":"b"}]"#;
    assert!(from_safetensors(&weights, &format!("{layer}}}")).is_ok());
    let cases = [
        (layer.to_owned(), "EOF"),
        (format!(r#"{layer},"dropout":1}}"#), "unknown field `dropout`"),
        (format!(r#"{layer},"output":"sigmoid"}}"#), "unknown variant `sigmoid`"),
        (format!(r#"{layer},"labels":["a"]}}"#), "2 outputs and 1 class names"),
        (format!(r#"{layer},"input":{{"mean":[]}}}}"#), "input.mean is an empty list"),
        (format!(r#"{layer},"input":{{"mean":[1,2]}}}}"#), "takes 3 values"),
        (
            format!(r#"{layer},"input":{{"scale":[0]}}}}"#),
            "weights \"w\": weight 0 is not a finite",
        ),
        (
            format!(r#"{layer},"input":{{"mean":[1,2],"scale":[1,2,3]}}}}"#),
            "the description's input",
        ),
        (format!(r#"{layer},"transposed":true}}"#), "3 rows and the bias 2"),
        (r#"{"layers":[]}"#.to_owned(), "no layer"),
        (r#"{"layers":[{"weight":"v"}]}"#.to_owned(), "tensor \"v\": the description names it"),
        (r#"{"layers":[{"weight":"b"}]}"#.to_owned(), "tensor \"b\": weights must have 2"),
        (
            r#"{"layers":[{"weight":"w","bias":"w"}]}"#.to_owned(),
            "tensor \"w\": a bias must have 1",
        ),
        (r#"{"layers":[{"weight":"w","bias":"i"}]}"#.to_owned(), "tensor \"i\": it holds I32"),
        (r#"{"layers":[{"weight":"w"},{"weight":"w"}]}"#.to_owned(), "layer 2 takes 3 values"),
        (
            r#"{"layers":[{"weight":"w","activation":{"leaky_relu":2}}]}"#.to_owned(),
            "slope of a leaky unit is 2",
        ),
        (r#"{"layers":[{"weight":"w","activation":"tanh"}]}"#.to_owned(), "unknown variant `tanh`"),
        ("[".repeat(100_000), "description"),
    ];
    for (description, expected) in cases {
        let error = from_safetensors(&weights, &description).unwrap_err().to_string();
        assert!(error.contains(expected), "{expected:?} is not in {error:?}");
    }
}

#[test]
fn hostile_headers_are_errors() {
    let description = r#"{"layers":[{"weight":"w"}]}"#;
    let tensor = |shape: &str, end: u64| {
        format!(r#"{{"w":{{"dtype":"F32","shape":{shape},"data_offsets":[0,{end}]}}}}"#)
    };
    for header in [
        tensor("[4294967296,4294967296]", 4),
        tensor("[18446744073709551615,2]", 8),
        tensor("[0,18446744073709551615]", 0),
        tensor("[2,2]", u64::MAX),
        tensor("[0,0]", 0),
        tensor("[]", 4),
        format!(r#"{{"w":{}"#, "[".repeat(100_000)),
    ] {
        assert!(from_safetensors(&safetensors(&header, 16), description).is_err(), "{header:.80}");
    }
    for length in [u64::MAX, 1 << 40, 16 << 20, 0] {
        let mut bytes = safetensors(&tensor("[1,1]", 4), 4);
        bytes[..8].copy_from_slice(&length.to_le_bytes());
        assert!(from_safetensors(&bytes, description).is_err());
    }
    // One tensor, many times: more weights than a net may have.
    let bytes = safetensors(&tensor("[2048,2048]", 1 << 24), 1 << 24);
    let layers = vec![r#"{"weight":"w"}"#; 200].join(",");
    let error = from_safetensors(&bytes, &format!(r#"{{"layers":[{layers}]}}"#)).unwrap_err();
    assert!(error.to_string().contains("weights, at most"), "{error}");
    let layers = vec![r#"{"weight":"w"}"#; 100_000].join(",");
    let bytes = safetensors(&tensor("[1,1]", 4), 4);
    let error = from_safetensors(&bytes, &format!(r#"{{"layers":[{layers}]}}"#)).unwrap_err();
    assert!(error.to_string().contains("layers, at most 256"), "{error}");
}
