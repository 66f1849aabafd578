"""Trains and writes the nets of this folder, with what their frameworks compute on stored cues.

    GLAM_DATA=DATA python make.py [--only large|small|refused]

reads fashion_mnist/*-ubyte.gz and robot_arm/{X,y,trajectory_id}.npy in the folder DATA, and writes beside this
file. Seeds are fixed and one thread works, so that the same machine makes the same bytes again; another machine's
sums may round differently, and then every net and its outputs are new together.

Made with Python 3.11 and numpy 2.4.6, torch 2.15.0, scikit-learn 1.9.1, onnx 1.23.2, onnxscript 0.7.2, skl2onnx
1.20.0, safetensors 0.8.0.
"""

import argparse
import gzip
import json
import logging
import os
import random
import warnings
from pathlib import Path

import numpy as np
import onnx
import safetensors.torch
import skl2onnx
import torch
from onnx import TensorProto, helper, numpy_helper
from onnx.reference import ReferenceEvaluator
from sklearn.exceptions import ConvergenceWarning
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from torch import nn

HERE = Path(__file__).resolve().parent
CUES = 10_000
IMAGES = 64
SMALL_CUES = 20


def write_array(name, values, dtype="<f4"):
    np.save(HERE / f"{name}.npy", np.ascontiguousarray(values, dtype=dtype))


def write_onnx(name, model):
    """Without what an exporter notes about the program and the machine that it ran on."""
    for node in model.graph.node:
        del node.metadata_props[:]
        node.doc_string = ""
    for value in [*model.graph.input, *model.graph.output]:
        del value.metadata_props[:]
        value.doc_string = ""
    for tensor in model.graph.initializer:
        del tensor.metadata_props[:]
        tensor.doc_string = ""
    del model.graph.value_info[:]
    del model.graph.metadata_props[:]
    del model.metadata_props[:]
    model.doc_string = model.graph.doc_string = ""
    path = HERE / f"{name}.onnx"
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(model.SerializeToString(deterministic=True))


def export(net, *shape, legacy=False):
    """PyTorch's ONNX of a net, by its exporter or by the one that it had before."""
    path = HERE / "exported.onnx"
    how = dict(dynamo=False, dynamic_axes={"x": {0: "batch"}}) if legacy else dict(
        dynamo=True, dynamic_shapes=({0: torch.export.Dim("batch")},), external_data=False, verbose=False)
    torch.onnx.export(net, (torch.randn(2, *shape),), path, input_names=["x"], output_names=["y"], **how)
    model = onnx.load(path)
    path.unlink()
    return model


def outputs_of(net, x):
    with torch.no_grad():
        return net(torch.from_numpy(np.ascontiguousarray(x, dtype=np.float32))).numpy()


# ---------------------------------------------------------------- the three large ones

def fashion(data):
    def read(name, header):
        return np.frombuffer(gzip.decompress((data / "fashion_mnist" / name).read_bytes())[header:], np.uint8)

    return [
        (read(f"{part}-images-idx3-ubyte.gz", 16).reshape(-1, 784), read(f"{part}-labels-idx1-ubyte.gz", 8))
        for part in ("train", "t10k")
    ]


def fit(net, x, y, loss, epochs, batch, rate, seed):
    optimiser = torch.optim.Adam(net.parameters(), lr=rate)
    steps = epochs * -(-len(x) // batch)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, max_lr=rate, total_steps=steps)
    order = torch.Generator().manual_seed(seed)
    for _ in range(epochs):
        for rows in torch.randperm(len(x), generator=order).split(batch):
            optimiser.zero_grad()
            loss(net(x[rows]), y[rows]).backward()
            optimiser.step()
            schedule.step()
    return net.eval()


def fashion_256(data):
    (train_x, train_y), (test_x, test_y) = fashion(data)
    net = nn.Sequential(nn.Linear(784, 256), nn.ReLU(), nn.Linear(256, 10))
    x = torch.from_numpy(train_x.astype(np.float32) / np.float32(255))
    fit(net, x, torch.from_numpy(train_y.astype(np.int64)), nn.CrossEntropyLoss(), 8, 128, 3e-3, 1)
    named = {"fc1.weight": net[0].weight, "fc1.bias": net[0].bias, "fc2.weight": net[2].weight, "fc2.bias": net[2].bias}
    safetensors.torch.save_file({name: value.detach() for name, value in named.items()}, HERE / "fashion_256.safetensors")
    description = {
        "layers": [
            {"weight": "fc1.weight", "bias": "fc1.bias", "activation": "relu"},
            {"weight": "fc2.weight", "bias": "fc2.bias"},
        ],
        "output": "softmax",
        "labels": [str(digit) for digit in range(10)],
    }
    (HERE / "fashion_256.json").write_text(json.dumps(description, indent=2) + "\n")
    write_array("fashion_images", test_x[:IMAGES], "u1")
    logits = outputs_of(net, test_x[:CUES].astype(np.float32) / np.float32(255))
    write_array("fashion_256.out", logits)
    return f"accuracy {np.mean(logits.argmax(1) == test_y[:CUES]):.4f}"


def fashion_128_64(data):
    (train_x, train_y), (test_x, test_y) = fashion(data)
    net = MLPClassifier((128, 64), max_iter=12, batch_size=128, random_state=2)
    net.fit(train_x.astype(np.float32) / np.float32(255), train_y)
    x = test_x[:CUES].astype(np.float32) / np.float32(255)
    write_onnx("fashion_128_64", skl2onnx.to_onnx(net, x[:1]))
    probabilities = net.predict_proba(x)
    write_array("fashion_128_64.out", probabilities)
    return f"accuracy {np.mean(probabilities.argmax(1) == test_y[:CUES]):.4f}"


class Normalised(nn.Module):
    """A net of normalised inputs that gives normalised outputs, for inputs and outputs as they are."""

    def __init__(self, net, mean, spread, out_mean, out_spread):
        super().__init__()
        self.net = net
        for name, value in [("mean", mean), ("spread", spread), ("out_mean", out_mean), ("out_spread", out_spread)]:
            self.register_buffer(name, torch.as_tensor(value, dtype=torch.float32))

    def forward(self, x):
        return self.net((x - self.mean) / self.spread) * self.out_spread + self.out_mean


def arm_128_128(data):
    x, y, run = (np.load(data / "robot_arm" / f"{name}.npy") for name in ("X", "y", "trajectory_id"))
    held_out = run % 5 == 0
    train_x, train_y = x[~held_out].astype(np.float64), y[~held_out].astype(np.float64)
    moments = [train_x.mean(0), train_x.std(0), train_y.mean(0), train_y.std(0)]
    normal = [torch.from_numpy(((v - mean) / std).astype(np.float32)) for v, mean, std in
              [(train_x, *moments[:2]), (train_y, *moments[2:])]]
    net = nn.Sequential(nn.Linear(18, 128), nn.ReLU(), nn.Linear(128, 128), nn.ReLU(), nn.Linear(128, 6))
    fit(net, *normal, nn.MSELoss(), 20, 64, 4e-3, 3)
    net = Normalised(net, *moments).eval()
    write_onnx("arm_128_128", export(net, 18))
    outputs, torques = outputs_of(net, x[held_out]), y[held_out]
    write_array("arm_128_128.out", outputs[:CUES])
    errors = ((outputs - torques) ** 2).mean(0) / torques.var(0)
    return f"nMSE {errors.mean():.5f} on all {len(torques)} held-out rows"


# ---------------------------------------------------------------- small ones

class TwoSided(nn.Module):
    def __init__(self, swapped):
        super().__init__()
        self.first, self.last, self.swapped = nn.Linear(5, 4), nn.Linear(8, 3), swapped

    def forward(self, x):
        a = self.first(x)
        sides = [torch.relu(a), torch.relu(-a)]
        return self.last(torch.cat(sides[::-1] if self.swapped else sides, -1))


class Skip(nn.Module):
    def __init__(self):
        super().__init__()
        self.first, self.last = nn.Linear(5, 5), nn.Linear(5, 2)

    def forward(self, x):
        return self.last(x + torch.relu(self.first(x)))


def randomised(net):
    """A batch normalisation that was never trained would do nothing."""
    for part in net.modules():
        if isinstance(part, nn.BatchNorm1d):
            for value in (part.weight, part.running_var):
                value.data.uniform_(0.5, 2)
            for value in (part.bias, part.running_mean):
                value.data.normal_()
    return net.eval()


def by_hand():
    """What no exporter here writes: constants as nodes, in every number format; Dropout; operands swapped."""
    rng = np.random.default_rng(9)
    w1, b1 = rng.normal(size=(5, 4)), rng.normal(size=4)
    w2, b2 = rng.normal(size=(4, 3)), rng.normal(size=3)

    def node(kind, inputs, output, **attributes):
        return helper.make_node(kind, inputs, [output], name=f"{kind}_{output}", **attributes)

    def constant(name, tensor):
        return helper.make_node("Constant", [], [name], value=tensor)

    kind = TensorProto
    nodes = [
        constant("w1", helper.make_tensor("", kind.FLOAT, [5, 4], w1.ravel().tolist())),
        constant("two", helper.make_tensor("", kind.FLOAT, [], [2.0])),
        constant("training", helper.make_tensor("", kind.BOOL, [], [False])),
        helper.make_node("Constant", [], ["half"], value_float=0.5),
        helper.make_node("Constant", [], ["shift"], value_floats=[0.1, 0.2, 0.3, 0.4, 0.5]),
        helper.make_node("Cast", ["b2_double"], ["b2"], to=kind.FLOAT),
        helper.make_node("Cast", ["w2_half"], ["w2"], to=kind.FLOAT),
        helper.make_node("Identity", ["b1"], ["b1_again"]),
        node("Reshape", ["x", "flat"], "flat_x"),
        node("Sub", ["shift", "flat_x"], "mirrored"),
        node("Mul", ["two", "mirrored"], "doubled"),
        node("MatMul", ["doubled", "w1"], "product"),
        node("Add", ["b1_again", "product"], "a1"),
        node("Relu", ["a1"], "h1"),
        node("Dropout", ["h1", "half", "training"], "kept"),
        node("Identity", ["kept"], "same"),
        node("Gemm", ["same", "w2", "b2"], "a2", alpha=0.5, beta=2.0),
        node("Neg", ["a2"], "minus"),
        node("Softmax", ["minus"], "y"),
    ]
    initializers = [
        numpy_helper.from_array(b1.astype(np.float32)[None], "b1"),
        numpy_helper.from_array(w2.astype(np.float16), "w2_half"),
        helper.make_tensor("b2_double", kind.DOUBLE, [3], b2.tolist()),
        helper.make_tensor("flat", kind.INT64, [2], [-1, 5]),
    ]
    graph = helper.make_graph(
        nodes, "by_hand",
        [helper.make_tensor_value_info("x", kind.FLOAT, ["batch", 5])],
        [helper.make_tensor_value_info("y", kind.FLOAT, ["batch", 3])],
        initializers,
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)


def small():
    (HERE / "small").mkdir(exist_ok=True)
    torch.manual_seed(4)
    x = np.random.default_rng(4).normal(size=(SMALL_CUES, 5)).astype(np.float32)
    nets = {
        "leaky": (nn.Sequential(nn.Linear(5, 4), nn.LeakyReLU(0.1), nn.Linear(4, 3)), False),
        "two_sided": (TwoSided(False), False),
        "two_sided_swapped": (TwoSided(True), False),
        "linear_between": (nn.Sequential(nn.Linear(5, 4), nn.Linear(4, 6), nn.ReLU(), nn.Dropout(), nn.Linear(6, 2)), False),
        "batch_norm": (nn.Sequential(nn.BatchNorm1d(5), nn.Linear(5, 4, bias=False), nn.ReLU(), nn.BatchNorm1d(4),
                                     nn.Linear(4, 3), nn.Softmax(-1)), False),
        "legacy": (nn.Sequential(nn.Flatten(), nn.Linear(5, 4), nn.BatchNorm1d(4), nn.LeakyReLU(0.2), nn.Dropout(),
                                 nn.Linear(4, 3, bias=False), nn.PReLU(), nn.Linear(3, 3), nn.Softmax(-1)), True),
        "ends_with_relu": (nn.Sequential(nn.Linear(5, 3), nn.ReLU()), False),
        "scaled_relu": (nn.Sequential(nn.BatchNorm1d(5), nn.ReLU(), nn.BatchNorm1d(5), nn.ReLU(), nn.Linear(5, 2)), False),
    }
    write_array("small/cues", x)
    for name, (net, legacy) in nets.items():
        write_onnx(f"small/{name}", export(randomised(net), 5, legacy=legacy))
        write_array(f"small/{name}.out", outputs_of(net, x))
    model = by_hand()
    onnx.checker.check_model(model)
    write_onnx("small/by_hand", model)
    write_array("small/by_hand.out", ReferenceEvaluator(model).run(None, {"x": x})[0])

    kinds = np.random.default_rng(5).integers(0, 3, 200)
    rows = np.random.default_rng(6).normal(size=(200, 5)).astype(np.float32) + kinds[:, None]
    names = np.array(["ant", "bee", "cat"])
    estimators = {
        "sklearn_names": (MLPClassifier((4,), max_iter=30, random_state=1), names[kinds], "predict_proba"),
        "sklearn_scaler": (make_pipeline(StandardScaler(), MLPClassifier((4, 3), max_iter=30, random_state=2)), kinds,
                           "predict_proba"),
        "sklearn_regressor": (MLPRegressor(hidden_layer_sizes=(4,), max_iter=30, random_state=3), rows[:, 0] ** 2, "predict"),
        "sklearn_regressor_2": (MLPRegressor(hidden_layer_sizes=(4,), max_iter=30, random_state=3), rows[:, :2] ** 2, "predict"),
    }
    for name, (estimator, targets, method) in estimators.items():
        estimator.fit(rows, targets)
        no_map = {id(estimator): {"zipmap": False}} if name == "sklearn_names" else None
        write_onnx(f"small/{name}", skl2onnx.to_onnx(estimator, x[:1], options=no_map))
        write_array(f"small/{name}.out", getattr(estimator, method)(x).reshape(SMALL_CUES, -1))

    # Weights stored inputs x outputs, in three narrower and wider formats, with normalisation.
    rng = np.random.default_rng(7)
    mean, scale = rng.normal(size=5), rng.uniform(0.5, 2, 5)
    tensors = {
        "coefs.0": torch.from_numpy(rng.normal(size=(5, 4))).half(),
        "intercepts.0": torch.from_numpy(rng.normal(size=4)),
        "coefs.1": torch.from_numpy(rng.normal(size=(4, 4))).bfloat16(),
        "coefs.2": torch.from_numpy(rng.normal(size=(8, 2))).float(),
        "intercepts.2": torch.from_numpy(rng.normal(size=2)).half(),
    }
    safetensors.torch.save_file(tensors, HERE / "small/formats.safetensors")
    description = {
        "layers": [
            {"weight": "coefs.0", "bias": "intercepts.0", "activation": {"leaky_relu": 0.25}},
            {"weight": "coefs.1", "activation": "two_sided"},
            {"weight": "coefs.2", "bias": "intercepts.2"},
        ],
        "transposed": True,
        "input": {"mean": mean.tolist(), "scale": scale.tolist()},
    }
    (HERE / "small/formats.json").write_text(json.dumps(description, indent=2) + "\n")
    exact = {name: value.double().numpy() for name, value in tensors.items()}
    a = ((x - mean) / scale) @ exact["coefs.0"] + exact["intercepts.0"]
    a = np.where(a > 0, a, 0.25 * a) @ exact["coefs.1"]
    a = np.concatenate([np.maximum(a, 0), np.maximum(-a, 0)], 1) @ exact["coefs.2"] + exact["intercepts.2"]
    write_array("small/formats.out", a)
    return f"{len(nets) + len(estimators) + 2} nets"


# ---------------------------------------------------------------- refused ones

def refused():
    (HERE / "refused").mkdir(exist_ok=True)
    torch.manual_seed(8)
    nets = {
        "conv": (nn.Sequential(nn.Conv1d(1, 2, 3), nn.ReLU(), nn.Flatten(), nn.Linear(6, 2)), (1, 5)),
        "tanh": (nn.Sequential(nn.Linear(5, 4), nn.Tanh(), nn.Linear(4, 2)), (5,)),
        "skip": (Skip(), (5,)),
        "log_softmax": (nn.Sequential(nn.Linear(5, 4), nn.ReLU(), nn.Linear(4, 2), nn.LogSoftmax(-1)), (5,)),
    }
    for name, (net, shape) in nets.items():
        write_onnx(f"refused/{name}", export(net.eval(), *shape))
    model = export(nn.Linear(5, 2).eval(), 5)
    for tensor in model.graph.initializer:
        if tensor.name == "weight":
            tensor.ClearField("raw_data")
            tensor.data_location = TensorProto.EXTERNAL
            tensor.external_data.add(key="location", value="weights.bin")
    write_onnx("refused/external", model)
    rows = np.random.default_rng(9).normal(size=(50, 5)).astype(np.float32)
    two = MLPClassifier((4,), max_iter=5, random_state=1).fit(rows, rows[:, 0] > 0)
    write_onnx("refused/sklearn_two_classes", skl2onnx.to_onnx(two, rows[:1]))
    return f"{len(nets) + 2} files"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", choices=["large", "small", "refused"])
    only = parser.parse_args().only
    warnings.filterwarnings("ignore", category=ConvergenceWarning)
    warnings.filterwarnings("ignore", category=DeprecationWarning)
    logging.disable(logging.WARNING)
    torch.set_num_threads(1)
    torch.use_deterministic_algorithms(True)
    if only in (None, "large"):
        folder = os.environ.get("GLAM_DATA")
        if folder is None:
            parser.error("set GLAM_DATA to the folder with fashion_mnist and robot_arm")
        for make in (fashion_256, fashion_128_64, arm_128_128):
            seed(1)
            print(f"{make.__name__}: {make(Path(folder))}", flush=True)
    for name, make in [("small", small), ("refused", refused)]:
        if only in (None, name):
            seed(2)
            print(f"{name}: {make()}", flush=True)
    size = sum(path.stat().st_size for path in HERE.rglob("*") if path.is_file())
    print(f"{size / 1e6:.2f} MB in all")


def seed(number):
    random.seed(number)
    np.random.seed(number)
    torch.manual_seed(number)


if __name__ == "__main__":
    main()
