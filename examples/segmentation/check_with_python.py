"""Judges a run's model on the test images by other code, and compares with what the run states.

    pip install numpy pillow torch onnxruntime
    python examples/segmentation/check_with_python.py runs/segmentation

ONNX Runtime gives the small maps, PyTorch enlarges them, NumPy counts; nothing of Holdfast takes part. Fails where mean
IoU or the share of right pixels differ by more than 1e-4.
"""

import json
import pathlib
import sys

import numpy as np
import onnxruntime
import torch
from PIL import Image

RUN = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else "runs/segmentation")
DATA = pathlib.Path("examples/segmentation/.cache/textures")
IGNORED = 255
TOLERANCE = 1e-4

names = (DATA / "classes.txt").read_text().split()
session = onnxruntime.InferenceSession(RUN / "model" / "onnx" / "model.onnx")
stated = {s["set"]: s["metrics"] for s in json.loads((RUN / "summary.json").read_text())["sets"]}
# Validation images lie in `val`.
worst = 0.0
for part, of in {"val": "validation", "test": "test"}.items():
    pixels = np.zeros((len(names), len(names)), np.int64)
    for path in sorted((DATA / part / "images").glob("*.png")):
        image = np.asarray(Image.open(path).convert("L"), np.float32)[None, None] / 255
        mask = np.asarray(Image.open(DATA / part / "masks" / path.name))  # a palette's index
        (logits,) = session.run(["logits"], {"image": image})
        large = torch.nn.functional.interpolate(torch.tensor(logits), mask.shape, mode="bilinear", align_corners=False)
        predicted = large[0].argmax(0).numpy()
        counts = mask != IGNORED
        np.add.at(pixels, (mask[counts], predicted[counts]), 1)
    right = np.diag(pixels)
    union = pixels.sum(0) + pixels.sum(1) - right
    iou = right[union > 0] / union[union > 0]
    for metric, value in {"miou": iou.mean(), "pixel-accuracy": right.sum() / pixels.sum()}.items():
        difference = abs(value - stated[of][metric])
        worst = max(worst, difference)
        print(f"{of:10} {metric:14} here {value:.6f}  stated {stated[of][metric]:.6f}  difference {difference:.1e}")
    print(" " * 11 + "  ".join(f"{name} {share:.4f}" for name, share in zip(names, right / np.maximum(union, 1))))
sys.exit(f"they differ by {worst:.1e}" if worst > TOLERANCE else 0)
