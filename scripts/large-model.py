"""Writes a chain of linear layers whose weights lie in several files beside the model.

    python scripts/large-model.py FOLDER [--layers 48] [--width 4096] [--chunk 1000000000]
"""

import argparse
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper

parser = argparse.ArgumentParser()
parser.add_argument("folder", type=Path)
parser.add_argument("--layers", type=int, default=48)
parser.add_argument("--width", type=int, default=4096)
parser.add_argument("--chunk", type=int, default=1_000_000_000)
flags = parser.parse_args()
flags.folder.mkdir(parents=True, exist_ok=True)
random = np.random.default_rng(0)
stored, nodes, chunk, offset = [], [], 0, 0
for layer in range(flags.layers):
    weight = random.standard_normal((flags.width, flags.width), dtype=np.float32) / np.float32(np.sqrt(flags.width))
    if offset and offset + weight.nbytes > flags.chunk:
        chunk, offset = chunk + 1, 0
    location = f"model.onnx_data{f'_{chunk}' if chunk else ''}"
    with open(flags.folder / location, "ab" if offset else "wb") as file:
        file.write(weight.tobytes())
    tensor = TensorProto(name=f"layer{layer}.weight", data_type=TensorProto.FLOAT, dims=weight.shape)
    tensor.data_location = TensorProto.EXTERNAL
    for key, value in {"location": location, "offset": offset, "length": weight.nbytes}.items():
        tensor.external_data.add(key=key, value=str(value))
    stored.append(tensor)
    offset += weight.nbytes
    source = f"h{layer}" if layer else "x"
    nodes.append(helper.make_node("MatMul", [source, tensor.name], [f"m{layer}"]))
    nodes.append(helper.make_node("Tanh", [f"m{layer}"], [f"h{layer + 1}"]))
io = [helper.make_tensor_value_info(name, TensorProto.FLOAT, ["batch", flags.width]) for name in ("x", f"h{flags.layers}")]
graph = helper.make_graph(nodes, "large", io[:1], io[1:], stored)
model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
(flags.folder / "model.onnx").write_bytes(model.SerializeToString())
