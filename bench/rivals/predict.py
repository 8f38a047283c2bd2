"""What a user writes in Python: Pillow and onnxruntime over a folder. predict.py MODEL FOLDER THREADS DECODERS

CSV on stdout: input, class, probability, three times, as `holdfast predict` gives. Images are decoded and resized on
DECODERS threads, a batch ahead of the model (0: on this one, in turn).
"""

import csv
import pathlib
import sys
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import onnxruntime
from PIL import Image

BATCH = 32
SIZE = (224, 224)


def load(path):
    image = Image.open(path).convert("RGB").resize(SIZE, Image.Resampling.BILINEAR)
    return (np.asarray(image, np.float32) / 255).transpose(2, 0, 1)


def batches(paths, decoders):
    parts = [paths[start : start + BATCH] for start in range(0, len(paths), BATCH)]
    if decoders == 0:
        yield from ((part, [load(path) for path in part]) for part in parts)
        return
    with ThreadPoolExecutor(decoders) as pool:
        ahead = pool.map(load, parts[0])
        for i, part in enumerate(parts):
            images = list(ahead)
            if i + 1 < len(parts):
                ahead = pool.map(load, parts[i + 1])
            yield part, images


model, folder, threads, decoders = sys.argv[1], pathlib.Path(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4])
options = onnxruntime.SessionOptions()
options.intra_op_num_threads = threads
session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
name = session.get_inputs()[0].name
out = csv.writer(sys.stdout, lineterminator="\n")
for paths, images in batches(sorted(folder.iterdir()), decoders):
    (logits,) = session.run(None, {name: np.stack(images)})
    p = np.exp(logits - logits.max(-1, keepdims=True))
    p /= p.sum(-1, keepdims=True)
    best = np.argsort(-p, -1)[:, :3]
    for path, row, classes in zip(paths, p, best):
        out.writerow([path] + [cell for c in classes for cell in (c, f"{row[c]:.6f}")])
