"""The node tests of the PyPI package onnx (Apache-2.0), for test/backend-nodes.test.ts and scripts/backend-nodes.mjs.

    python scripts/goldens/backend_nodes.py                   # writes test/fixtures/backend-nodes.bin.gz
    python scripts/goldens/backend_nodes.py --folder NODES    # writes every test as onnx lays it out on a disk

Needs onnx, numpy and ml_dtypes. Written with onnx 1.23.2. The packed file leaves out tests larger than MAX_BYTES and
tests of operators that ONNX Runtime 1.30 does not know; the folder leaves out nothing.

A test that asks for a newer opset than ONNX Runtime 1.30 runs is stamped with that one, if all of its operators exist
there with the inputs and attributes that the test gives them.

The packed file is gzip over records: the name and the model; the number of inputs and the inputs; the number of outputs
and the outputs. A text or message is its length (uint32, little-endian) and its bytes; a number is a uint32. Inputs and
outputs are TensorProto messages, empty where the value is a sequence or an optional one.
"""

import argparse
import gzip
import shutil
import struct
import warnings
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, numpy_helper

LATEST = 26
MAX_BYTES = 16_000
TARGET = Path(__file__).parents[2] / "test/fixtures/backend-nodes.bin.gz"


def cases():
    warnings.filterwarnings("ignore")
    np.random.seed(0)
    from onnx.backend.test.case.node import collect_testcases

    for case in sorted(collect_testcases(None), key=lambda c: c.name):
        restamp(case.model)
        inputs, outputs = case.data_sets[0]
        yield (
            case.name.removeprefix("test_"),
            case.model,
            [message(v, i) for v, i in zip(inputs, case.model.graph.input)],
            [message(v, o) for v, o in zip(outputs, case.model.graph.output)],
        )


def message(value, info):
    if not info.type.HasField("tensor_type"):
        return None
    if isinstance(value, TensorProto):
        return value
    return numpy_helper.from_array(np.asarray(value), info.name)


def nodes_of(graph):
    for node in graph.node:
        yield node
        for attribute in node.attribute:
            if attribute.HasField("g"):
                yield from nodes_of(attribute.g)


def restamp(model):
    for opset in model.opset_import:
        if opset.domain == "" and opset.version > LATEST:
            if all(fits(node) for node in nodes_of(model.graph)):
                opset.version = LATEST
    model.ir_version = min(model.ir_version, 12)


def fits(node):
    if node.domain not in ("", "ai.onnx"):
        return True
    try:
        schema = onnx.defs.get_schema(node.op_type, LATEST, "")
    except onnx.defs.SchemaError:
        return False
    return len(node.input) <= schema.max_input and all(a.name in schema.attributes for a in node.attribute)


def write_folder(target):
    for name, model, inputs, outputs in cases():
        folder = target / f"test_{name}"
        shutil.rmtree(folder, ignore_errors=True)
        (folder / "test_data_set_0").mkdir(parents=True)
        (folder / "model.onnx").write_bytes(model.SerializeToString())
        for kind, values in (("input", inputs), ("output", outputs)):
            for i, value in enumerate(values):
                if value is not None:
                    (folder / f"test_data_set_0/{kind}_{i}.pb").write_bytes(value.SerializeToString())


def write_packed(target):
    def sized(data):
        return struct.pack("<I", len(data)) + data

    def run_by(model):
        return all(o.version <= LATEST or o.domain != "" for o in model.opset_import)

    records = []
    for name, model, inputs, outputs in cases():
        if not run_by(model):
            continue
        model.graph.doc_string = ""
        parts = [sized(name.encode()), sized(model.SerializeToString())]
        for values in (inputs, outputs):
            parts.append(struct.pack("<I", len(values)))
            parts += [sized(b"" if v is None else v.SerializeToString()) for v in values]
        record = b"".join(parts)
        if len(record) <= MAX_BYTES:
            records.append(record)
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(gzip.compress(b"".join(records), 9, mtime=0))
    print(f"{len(records)} tests, {target.stat().st_size} bytes")


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--folder", type=Path)
    arguments = parser.parse_args()
    if arguments.folder:
        write_folder(arguments.folder)
    else:
        write_packed(TARGET)
