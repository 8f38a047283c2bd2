"""Writes a LLaMA-shaped language model with random weights as ONNX with external data, without PyTorch.

    python bench/lora/write_llama.py FOLDER --size 1.1b

Inputs `input_ids` and `attention_mask`, int64 [batch, sequence]; output `logits` float32 [batch, sequence, vocabulary].
RMS normalisation, rotary positions, grouped queries and SwiGLU are written out in operators of opset 17, as exporters do.
`FOLDER/shape.json` says the same to the rival's script.
"""

import argparse
import json
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

SIZES = {
    "tiny": dict(hidden=64, layers=2, heads=4, key_heads=2, inner=160, vocabulary=320),
    "0.5b": dict(hidden=1280, layers=24, heads=20, key_heads=4, inner=3456, vocabulary=32000),
    "1.1b": dict(hidden=2048, layers=22, heads=32, key_heads=4, inner=5632, vocabulary=32000),
}
LONGEST = 2048
EPSILON = 1e-5

parser = argparse.ArgumentParser()
parser.add_argument("folder", type=Path)
parser.add_argument("--size", choices=SIZES, default="0.5b")
flags = parser.parse_args()
flags.folder.mkdir(parents=True, exist_ok=True)
shape = SIZES[flags.size]
hidden, heads, key_heads, vocabulary = (shape[k] for k in ("hidden", "heads", "key_heads", "vocabulary"))
width = hidden // heads
random = np.random.default_rng(0)
stored, nodes = [], []
data = open(flags.folder / "model.onnx_data", "wb")


def weight(name, *dims):
    """A weight in the data file, drawn as transformers does for LLaMA: N(0, 0.02)."""
    values = random.standard_normal(dims, dtype=np.float32) * np.float32(0.02)
    tensor = TensorProto(name=name, data_type=TensorProto.FLOAT, dims=dims, data_location=TensorProto.EXTERNAL)
    for key, value in {"location": "model.onnx_data", "offset": data.tell(), "length": values.nbytes}.items():
        tensor.external_data.add(key=key, value=str(value))
    data.write(values.tobytes())
    stored.append(tensor)
    return name


def constant(name, values):
    stored.append(numpy_helper.from_array(np.asarray(values), name))
    return name


def add(op, *inputs, **attributes):
    output = f"v{len(nodes)}"
    nodes.append(helper.make_node(op, list(inputs), [output], name=f"{op}_{len(nodes)}", **attributes))
    return output


two = constant("two", np.float32(2))
epsilon = constant("epsilon", np.float32(EPSILON))


def normalise(x, name):
    gain = constant(name, np.ones(hidden, np.float32))
    mean = add("ReduceMean", add("Pow", x, two), axes=[-1], keepdims=1)
    return add("Mul", gain, add("Div", x, add("Sqrt", add("Add", mean, epsilon))))


def linear(x, name, rows, columns):
    """Stored [in, out], as PyTorch's exporters fold the transpose."""
    return add("MatMul", x, weight(name, rows, columns))


ends, starts = constant("ends", [np.int64(2**31)]), constant("starts", [np.int64(0)])
half, last = constant("half", [np.int64(width // 2)]), constant("last_axis", [np.int64(-1)])


def rotate(x):
    low = add("Slice", x, starts, half, last)
    high = add("Slice", x, half, ends, last)
    turned = add("Concat", add("Neg", high), low, axis=-1)
    return add("Add", add("Mul", x, "cos_here"), add("Mul", turned, "sin_here"))


def split(x, count):
    by_head = add("Reshape", x, constant(f"split{len(nodes)}", np.array([0, 0, count, width], np.int64)))
    return add("Transpose", by_head, perm=[0, 2, 1, 3])


def repeat(x):
    """[B, key heads, T, width] → [B, heads, T, width]: each key head serves several query heads."""
    wide = add("Unsqueeze", x, constant(f"at{len(nodes)}", np.array([2], np.int64)))
    times = constant(f"times{len(nodes)}", np.array([1, 1, heads // key_heads, 1, 1], np.int64))
    flat = constant(f"flat{len(nodes)}", np.array([0, heads, -1, width], np.int64))
    return add("Reshape", add("Expand", wide, times), flat)


length = add("Gather", add("Shape", "input_ids"), constant("one", np.int64(1)), axis=0)
until = add("Unsqueeze", length, constant("zero_axis", [np.int64(0)]))
frequency = 1.0 / 10000.0 ** (np.arange(0, width, 2) / width)
angle = np.outer(np.arange(LONGEST), np.concatenate([frequency, frequency])).astype(np.float32)
for name, table in (("cos", np.cos(angle)), ("sin", np.sin(angle))):
    part = add("Slice", constant(name, table), starts, until, constant(f"{name}_axis", [np.int64(0)]))
    nodes[-1].output[0] = f"{name}_here"
square = add("Concat", until, until, axis=0)
ahead = add("Trilu", add("Expand", constant("far", np.float32(-1e9)), square), constant("k", np.int64(1)), upper=1)
kept = add("Unsqueeze", add("Cast", "attention_mask", to=TensorProto.FLOAT), constant("mask_axes", np.array([1, 2], np.int64)))
padding = add("Mul", add("Sub", constant("unit", np.float32(1)), kept), "far")
mask = add("Add", ahead, padding)

x = add("Gather", weight("model.embed_tokens.weight", vocabulary, hidden), "input_ids")
for i in range(shape["layers"]):
    at = f"model.layers.{i}"
    h = normalise(x, f"{at}.input_layernorm.weight")
    q = rotate(split(linear(h, f"{at}.self_attn.q_proj.weight", hidden, hidden), heads))
    k = repeat(rotate(split(linear(h, f"{at}.self_attn.k_proj.weight", hidden, key_heads * width), key_heads)))
    v = repeat(split(linear(h, f"{at}.self_attn.v_proj.weight", hidden, key_heads * width), key_heads))
    scores = add("Mul", add("MatMul", q, add("Transpose", k, perm=[0, 1, 3, 2])), constant(f"scale{i}", np.float32(width**-0.5)))
    seen = add("MatMul", add("Softmax", add("Add", scores, mask), axis=-1), v)
    joined = add("Reshape", add("Transpose", seen, perm=[0, 2, 1, 3]), constant(f"join{i}", np.array([0, 0, hidden], np.int64)))
    x = add("Add", x, linear(joined, f"{at}.self_attn.o_proj.weight", hidden, hidden))
    h = normalise(x, f"{at}.post_attention_layernorm.weight")
    gate = linear(h, f"{at}.mlp.gate_proj.weight", hidden, shape["inner"])
    up = linear(h, f"{at}.mlp.up_proj.weight", hidden, shape["inner"])
    inner = add("Mul", add("Mul", gate, add("Sigmoid", gate)), up)
    x = add("Add", x, linear(inner, f"{at}.mlp.down_proj.weight", shape["inner"], hidden))
logits = linear(normalise(x, "model.norm.weight"), "lm_head.weight", hidden, vocabulary)
nodes[-1].output[0] = "logits"
data.close()

ids = [helper.make_tensor_value_info(n, TensorProto.INT64, ["batch", "sequence"]) for n in ("input_ids", "attention_mask")]
out = helper.make_tensor_value_info("logits", TensorProto.FLOAT, ["batch", "sequence", vocabulary])
graph = helper.make_graph(nodes, "llama", ids, [out], stored)
model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
(flags.folder / "model.onnx").write_bytes(model.SerializeToString())
parameters = sum(int(np.prod(t.dims)) for t in stored if t.data_location == TensorProto.EXTERNAL)
(flags.folder / "shape.json").write_text(json.dumps(dict(shape, parameters=parameters, longest=LONGEST)))
print(f"{parameters / 1e6:.0f} M parameters in {flags.folder}")
