"""Derivatives of a training model against central differences of its evaluation model in float64.

    python scripts/real-models/differences.py FOLDER

FOLDER holds eval_model.onnx, feeds.safetensors (inputs, targets, parameters) and gradients.safetensors. The evaluation
model is turned into float64 and run by the reference implementation of the onnx package, with PyTorch's kernels for
what that is slow at. Prints a line of JSON.
"""

import json
import pathlib
import sys

import numpy as np
import onnx
import torch
from onnx.reference import ReferenceEvaluator
from safetensors.numpy import load_file

from kernels import KERNELS

STEPS = (1e-5, 1e-6, 1e-7)
"""Step sizes, relative to the root mean square of a weight's tensor. Small, so that few kinks lie between."""
MAX_SPREAD = 1e-4
"""Two step sizes must agree as well as this; else a kink lies in between, and the difference says nothing."""
SMALLEST_INFLUENCE = 1e-8
"""Weights that move the loss less than this, beside the one that moves it most, drown in rounding."""
DIRECTIONS = 8
COORDINATES = 12
FLOAT, DOUBLE = onnx.TensorProto.FLOAT, onnx.TensorProto.DOUBLE


def to_float64(model):
    """Every float32 of a model, in place."""

    def tensor(proto):
        if proto.data_type == FLOAT:
            proto.CopyFrom(onnx.numpy_helper.from_array(onnx.numpy_helper.to_array(proto).astype(np.float64), proto.name))

    for initializer in model.graph.initializer:
        tensor(initializer)
    for value in [*model.graph.input, *model.graph.output, *model.graph.value_info]:
        if value.type.tensor_type.elem_type == FLOAT:
            value.type.tensor_type.elem_type = DOUBLE
    for node in model.graph.node:
        for attribute in node.attribute:
            if attribute.type == onnx.AttributeProto.TENSOR:
                tensor(attribute.t)
            elif attribute.name in ("to", "dtype") and attribute.i == FLOAT:
                attribute.i = DOUBLE
    return model


def rms(array):
    return float(np.sqrt(np.mean(np.square(array)))) if array.size else 0.0


class Checker:
    def __init__(self, folder):
        self.model = ReferenceEvaluator(to_float64(onnx.load(folder / "eval_model.onnx")), new_ops=KERNELS)
        feeds = load_file(folder / "feeds.safetensors")
        self.feeds = {k: v.astype(np.float64) if v.dtype == np.float32 else v for k, v in feeds.items()}
        gradients = load_file(folder / "gradients.safetensors")
        self.gradients = {k: v.astype(np.float64) for k, v in gradients.items()}
        self.random = np.random.default_rng(0)

    def loss(self, moved=()):
        feeds = {**self.feeds, **dict(moved)}
        return float(self.model.run(["loss"], {k: v for k, v in feeds.items() if k in self.model.input_names})[0])

    def along(self, name, direction):
        """The derivative along a direction: what the gradients say, what differences say, and how sure those are."""
        told = sum(float((self.gradients[k] * d).sum()) for k, d in direction.items())
        scale = min(rms(self.feeds[k]) / np.abs(d).max() for k, d in direction.items())
        found = []
        for step in STEPS:
            h = step * (scale or 1.0)
            up = self.loss((k, self.feeds[k] + h * d) for k, d in direction.items())
            down = self.loss((k, self.feeds[k] - h * d) for k, d in direction.items())
            found.append((up - down) / (2 * h))
            if len(found) > 1 and abs(found[-1] - found[-2]) <= MAX_SPREAD * abs(found[-1]):
                return {"name": name, "error": abs(found[-1] - told) / max(abs(found[-1]), abs(told))}
        return {"name": name, "error": None, "told": told, "found": found}

    def mixed(self, names, count):
        """Half of the count from the front of the list, half from anywhere."""
        rest = names[count // 2 :]
        picked = self.random.permutation(len(rest))[: count - count // 2]
        return names[: count // 2] + [rest[i] for i in picked]

    def run(self):
        influence = {k: np.linalg.norm(g) * rms(self.feeds[k]) for k, g in self.gradients.items()}
        ranked = sorted(influence, key=lambda k: -influence[k])
        ranked = [k for k in ranked if influence[k] > SMALLEST_INFLUENCE * influence[ranked[0]]]
        directions = [self.along("all weights", {k: self.gradients[k] for k in ranked})]
        directions += [self.along(k, {k: self.gradients[k]}) for k in self.mixed(ranked, DIRECTIONS)]
        coordinates = []
        for k in self.mixed(ranked, COORDINATES):
            largest = np.unravel_index(np.argmax(np.abs(self.gradients[k])), self.gradients[k].shape)
            unit = np.zeros_like(self.gradients[k])
            unit[largest] = 1
            coordinates.append(self.along(f"{k}{[int(i) for i in largest]}", {k: unit}))
        return {
            "directions": summary(directions),
            "coordinates": summary(coordinates),
            "idle": len(influence) - len(ranked),
        }


def summary(results):
    sure = [r for r in results if r["error"] is not None]
    worst = max(sure, key=lambda r: r["error"], default={"name": "", "error": None})
    return {"tried": len(results), "sure": len(sure), "worst": worst["error"], "at": worst["name"], "unsure": [r for r in results if r["error"] is None][:3]}


if __name__ == "__main__":
    torch.set_num_threads(1)
    with torch.no_grad(), np.errstate(all="ignore"):
        print(json.dumps(Checker(pathlib.Path(sys.argv[1])).run()))
