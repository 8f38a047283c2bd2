"""Stored tensors of every ONNX element type as the package onnx writes them, for src/onnx/tensor-proto.test.ts.

    python scripts/goldens/onnx_tensors.py && npm run format     # needs onnx >= 1.23; writes src/onnx/fixtures/tensors.json

Each tensor comes twice: with its elements in the typed field (`typed`) and as raw data (`raw`); `bytes` are the raw ones.
Seven elements, so that packed types end inside a byte.
"""

import base64
import json
from pathlib import Path

import numpy as np
from onnx import TensorProto, helper, numpy_helper

TARGET = Path(__file__).parents[2] / "src/onnx/fixtures/tensors.json"
COUNT = 7


def elements(dtype):
    generator = np.random.default_rng(5)
    if dtype == np.bool_:
        return generator.integers(0, 2, COUNT).astype(dtype)
    if np.issubdtype(dtype, np.complexfloating):
        return (generator.normal(size=COUNT) + 1j * generator.normal(size=COUNT)).astype(dtype)
    if np.issubdtype(dtype, np.integer) and np.dtype(dtype).itemsize > 1:
        info = np.iinfo(dtype)
        return generator.integers(info.min, info.max, COUNT, dtype=dtype, endpoint=True)
    return np.array([0, 1, 2, 3, 1, 0.5, 4]).astype(dtype)


def text(proto):
    return base64.b64encode(proto.SerializeToString(deterministic=True)).decode()


tensors = []
for name, code in TensorProto.DataType.items():
    if name in ("UNDEFINED", "STRING"):
        continue
    values = elements(helper.tensor_dtype_to_np_dtype(code)).reshape(COUNT, 1)
    raw = numpy_helper.from_array(values, name="t")
    assert raw.data_type == code, name
    typed = helper.make_tensor("t", code, values.shape, values)
    assert not typed.HasField("raw_data"), name
    np.testing.assert_array_equal(
        numpy_helper.to_array(typed).astype(np.complex128), numpy_helper.to_array(raw).astype(np.complex128), err_msg=name
    )
    tensors.append({"type": name, "code": code, "typed": text(typed), "raw": text(raw), "bytes": raw.raw_data.hex()})

TARGET.parent.mkdir(exist_ok=True)
TARGET.write_text(json.dumps(tensors, indent=1) + "\n")
