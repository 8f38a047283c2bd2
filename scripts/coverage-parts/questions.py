"""What the packages are asked: the single-node tests of the package onnx, and exported networks with references."""

import json
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnx
import onnx.version_converter
from onnx import TensorProto, numpy_helper

# Float inputs that say how, not what: they are stored in the file, as integers are. By place.
SETTINGS = {
    "BatchNormalization": [3, 4],
    "Dropout": [1],
    "MelWeightMatrix": [3, 4],
    "OneHot": [0, 1],
    "QuantizeLinear": [1, 2],
    "Range": [0, 1, 2],
    "Resize": [1, 2],
    "Upsample": [1],
}
# Old tests are asked in this opset too, which every package reads.
COMMON_OPSET = 20
MAX_TESTS = 8  # of one operator; evenly spread over its tests
GRAD_PREFIX = "grad/"


@dataclass
class Question:
    """A file whose weights are inputs, all inputs, and what to differentiate by what."""

    name: str
    model: str
    output: str
    wrt: list
    feeds: dict

    def as_message(self, cotangent):
        npz = str(Path(self.model).with_suffix(".npz"))
        np.savez(npz, **self.feeds, cotangent=cotangent)
        return {"model": self.model, "output": self.output, "wrt": self.wrt, "feeds": npz}


def node_questions(folders, scratch):
    """By operator, one question for each float input of a test; the first folder that knows an operator gives its tests."""
    found = {}
    for folder in folders:
        tests = defaultdict(list)
        for path in sorted(Path(folder).glob("test_*")):
            case = node_case(path)
            if case is not None:
                tests[case[0].graph.node[0].op_type].append((path.name, *case))
        for operator, cases in tests.items():
            found.setdefault(operator, cases)
    for operator, cases in sorted(found.items()):
        spread = np.unique(np.linspace(0, len(cases) - 1, min(len(cases), MAX_TESTS)).round().astype(int))
        yield operator, [q for i in spread for q in questions_of(*cases[i], scratch)]


def node_case(path):
    """The model and its inputs; None if it is more than one node, or takes or gives no float32 tensors."""
    model = onnx.load(path / "model.onnx")
    graph = model.graph
    if len(graph.node) != 1 or graph.node[0].domain not in ("", "ai.onnx"):
        return None
    values = [*graph.input, *graph.output]
    if any(not v.type.HasField("tensor_type") for v in values):
        return None
    kinds = [v.type.tensor_type.elem_type for v in values]
    floats = kinds[: len(graph.input)].count(TensorProto.FLOAT), kinds[len(graph.input) :].count(TensorProto.FLOAT)
    if 0 in floats:
        return None
    inputs = {}
    for i, value in enumerate(graph.input):
        tensor = TensorProto()
        tensor.ParseFromString((path / f"test_data_set_0/input_{i}.pb").read_bytes())
        inputs[value.name] = numpy_helper.to_array(tensor)
    return model, inputs


def questions_of(name, model, inputs, scratch):
    graph = model.graph
    node = graph.node[0]
    settings = {node.input[i] for i in SETTINGS.get(node.op_type, []) if i < len(node.input)}
    moving = [v for v in graph.input if v.type.tensor_type.elem_type == TensorProto.FLOAT and v.name not in settings]
    moving = [v for v in moving if inputs[v.name].size > 0]
    fixed = [v for v in graph.input if v not in moving]
    del graph.input[:]
    graph.input.extend(moving)
    graph.initializer.extend(numpy_helper.from_array(inputs[v.name], v.name) for v in fixed)
    output = next(o.name for o in graph.output if o.type.tensor_type.elem_type == TensorProto.FLOAT)
    file = str(scratch / f"{name}.onnx")
    onnx.save(model, file)
    feeds = {v.name: inputs[v.name] for v in moving}
    for value in moving:
        yield Question(f"{name} by {value.name}", file, output, [value.name], feeds)


def forms_of(question):
    """A question in the opset of its test, and in a common one, as far as onnx converts it."""
    yield question
    model = onnx.load(question.model)
    if all(o.version >= COMMON_OPSET for o in model.opset_import if o.domain == ""):
        return
    try:
        converted = onnx.version_converter.convert_version(model, COMMON_OPSET)
    except Exception:
        return
    converted.ir_version = 9
    file = question.model.replace(".onnx", f".opset{COMMON_OPSET}.onnx")
    onnx.save(converted, file)
    yield Question(question.name, file, question.output, question.wrt, question.feeds)


def network_question(folder, scratch):
    """A case of scripts/goldens/make_conformance.py with its weights turned into inputs, and its references."""
    meta = json.loads((folder / "meta.json").read_text())
    reference = np.load(folder / "reference.npz")
    model = onnx.load(folder / "model.onnx")
    names = [key[len(GRAD_PREFIX) :] for key in reference.files if key.startswith(GRAD_PREFIX)]
    sums = {g["key"][len(GRAD_PREFIX) :]: g["members"] for g in meta.get("sum_groups", [])}
    wrt = [n for n in names if n not in sums] + [m["initializer"] for g in sums.values() for m in g]
    feeds = dict(np.load(folder / "inputs.npz"))
    feeds.update(promote(model, set(wrt)))
    output = meta["loss"].get("output") or model.graph.output[0].name
    file = str(scratch / f"{folder.name}.onnx")
    onnx.save(model, file)
    question = Question(folder.name, file, output, wrt, feeds)
    wanted = {name: reference[GRAD_PREFIX + name] for name in names}
    return question, meta["loss"], reference["targets"], wanted, sums


def promote(model, names):
    """Turns initializers and outputs of Constant nodes into inputs, and gives their elements."""
    graph = model.graph
    values = {t.name: numpy_helper.to_array(t) for t in graph.initializer if t.name in names}
    kept = [t for t in graph.initializer if t.name not in names]
    nodes = []
    for node in graph.node:
        if node.op_type == "Constant" and node.output[0] in names:
            values[node.output[0]] = numpy_helper.to_array(node.attribute[0].t)
        else:
            nodes.append(node)
    del graph.initializer[:], graph.node[:]
    graph.initializer.extend(kept)
    graph.node.extend(nodes)
    present = {v.name for v in graph.input}
    for name, value in values.items():
        if name not in present:
            kind = onnx.helper.np_dtype_to_tensor_dtype(value.dtype)
            graph.input.append(onnx.helper.make_tensor_value_info(name, kind, value.shape))
    return values


def cotangent_of(loss, output, targets):
    """The derivative of a case's loss by the network's output, in float64."""
    y = output.astype(np.float64)
    if loss["kind"] != "cross_entropy":
        return (y - targets) / y.size  # half the mean square
    axis = loss.get("class_axis", -1)
    rows = np.moveaxis(y, axis, -1)
    exp = np.exp(rows - rows.max(-1, keepdims=True))
    probability = exp / exp.sum(-1, keepdims=True)
    counts = targets != loss.get("ignore_index", -100)
    index = np.where(counts, targets, 0)[..., None]
    hit = np.zeros_like(probability)
    np.put_along_axis(hit, index, 1.0, -1)
    gradient = (probability - hit) * counts[..., None] / counts.sum()
    return np.moveaxis(gradient, -1, axis)
