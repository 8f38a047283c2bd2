"""Exports models of models.py: export_models.py FOLDER NAME…

Each gets a folder with model.onnx, batch.safetensors (its inputs and `targets`) and parameters.json, which tells the
PyTorch parameter behind each initializer: the exporter renames and transposes some.
"""

import json
import pathlib
import sys
import warnings

import onnx
import torch
from onnx import numpy_helper
from safetensors.torch import save_file

from models import build


def find_parameters(path, module):
    """Initializer name → [parameter name, whether it is transposed], found by content."""
    named = [(name, p.detach().numpy()) for name, p in module.named_parameters()]
    found = {}
    for initializer in onnx.load(path).graph.initializer:
        value = numpy_helper.to_array(initializer)
        for name, p in named:
            if p.shape == value.shape and (p == value).all():
                found[initializer.name] = [name, False]
            elif p.ndim == 2 and p.T.shape == value.shape and (p.T == value).all():
                found[initializer.name] = [name, True]
    missing = {name for name, _ in named} - {name for name, _ in found.values()}
    if missing:
        raise SystemExit(f"{path}: no initializer for {sorted(missing)}")
    return found


warnings.filterwarnings("ignore")
for name in sys.argv[2:]:
    folder = pathlib.Path(sys.argv[1]) / name
    folder.mkdir(parents=True, exist_ok=True)
    module, inputs, targets = build(name)
    torch.onnx.export(
        module,
        tuple(inputs.values()),
        folder / "model.onnx",
        dynamo=False,
        opset_version=17,
        # Batch norms stay what they are; in its default mode the exporter folds them into convolutions.
        training=torch.onnx.TrainingMode.PRESERVE,
        input_names=list(inputs),
        output_names=["logits"],
        dynamic_axes={key: {0: "batch"} for key in inputs},
    )
    save_file({**inputs, "targets": targets}, folder / "batch.safetensors")
    parameters = find_parameters(folder / "model.onnx", module)
    (folder / "parameters.json").write_text(json.dumps(parameters))
