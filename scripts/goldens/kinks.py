"""The derivative that PyTorch takes where a function has none: at kinks, ties and zeros.

    python scripts/goldens/kinks.py     # needs torch; writes test/gradients/kinks.json; then npm run format

Each row: the ONNX operator, its float attributes, its inputs as vectors, and the gradient of the sum of its output
by each input. Written with torch 2.13.0.
"""

import json
from pathlib import Path

import torch
import torch.nn.functional as F

TARGET = Path(__file__).parents[2] / "test/gradients/kinks.json"

ROWS = [
    ("Relu", {}, F.relu, [[-1, 0, 1]]),
    ("Abs", {}, torch.abs, [[-1, 0, 1]]),
    ("LeakyRelu", {"alpha": 0.3}, lambda x: F.leaky_relu(x, 0.3), [[0, 1]]),
    ("PRelu", {}, F.prelu, [[-1, 0, 1], [0.25]]),
    ("Elu", {"alpha": 1.5}, lambda x: F.elu(x, 1.5), [[0, 1]]),
    ("Selu", {}, F.selu, [[0, 1]]),
    ("Celu", {"alpha": 2.0}, lambda x: F.celu(x, 2.0), [[0, 1]]),
    ("ThresholdedRelu", {"alpha": 0.5}, lambda x: F.threshold(x, 0.5, 0.0), [[0.5, 1]]),
    ("HardSigmoid", {"alpha": 1 / 6}, F.hardsigmoid, [[-3, 0, 3]]),
    ("HardSwish", {}, F.hardswish, [[-3, 0, 3]]),
    ("Shrink", {"lambd": 0.5, "bias": 0.5}, lambda x: F.softshrink(x, 0.5), [[-0.5, 0.5, 1]]),
    ("Clip", {}, lambda x, lo, hi: torch.clamp(x, lo.item(), hi.item()), [[-2, -1, 0, 1, 2], -1, 1]),
    ("Max", {}, torch.maximum, [[1, 2, 3], [1, 3, 2]]),
    ("Min", {}, torch.minimum, [[1, 2, 3], [1, 3, 2]]),
    ("ReduceMax", {}, torch.amax, [[2, 1, 2, 2]]),
    ("ReduceMin", {}, torch.amin, [[1, 1, 2, 1]]),
    ("ReduceProd", {}, torch.prod, [[2, 0, 3]]),
    ("ReduceProd", {}, torch.prod, [[2, 0, 0]]),
    ("ReduceL1", {}, lambda x: torch.linalg.vector_norm(x, 1), [[0, 1, -1]]),
    ("ReduceL2", {}, lambda x: torch.linalg.vector_norm(x, 2), [[0, 0]]),
    ("Pow", {}, torch.pow, [[0, 0, 0, 2], [0, 1, 2, 0]]),
    ("CumProd", {}, lambda x: torch.cumprod(x, 0), [[2, 0, 3, 0, 4]]),
]

rows = []
for op, attributes, function, data in ROWS:
    inputs = [torch.tensor(v, dtype=torch.float64, requires_grad=True) for v in data]
    function(*inputs).sum().backward()
    gradients = [None if t.grad is None else t.grad.tolist() for t in inputs]
    rows.append({"opType": op, "attributes": attributes, "inputs": data, "gradients": gradients})
TARGET.write_text("[\n" + ",\n".join("  " + json.dumps(row) for row in rows) + "\n]\n")
