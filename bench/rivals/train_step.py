"""PyTorch's training step, for bench/train-step.mjs: train_step.py FOLDER NAME THREADS

One JSON request a line on stdin, one JSON answer a line on stdout:
{"do": "gradients"} writes those of the first batch, flat, in the model file's layout, and tells where each lies;
{"do": "step"} is forward, backward and fused AdamW; {"do": "memory"} gives the peak resident memory.
"""

import json
import pathlib
import sys
import time
import warnings

import torch
from torch.nn.functional import cross_entropy

from models import build

warnings.filterwarnings("ignore")
folder = pathlib.Path(sys.argv[1]) / sys.argv[2]
torch.set_num_threads(int(sys.argv[3]))
module, inputs, targets = build(sys.argv[2])
inputs = tuple(inputs.values())
optimizer = torch.optim.AdamW(module.parameters(), lr=1e-5, weight_decay=0.01, fused=True)


def backward():
    optimizer.zero_grad()
    loss = cross_entropy(module(*inputs), targets)
    loss.backward()
    return loss.item()


def gradients():
    loss = backward()
    named = dict(module.named_parameters())
    path = folder / "gradients.bin"
    places, offset = {}, 0
    with path.open("wb") as file:
        for initializer, (name, transposed) in json.loads((folder / "parameters.json").read_text()).items():
            grad = named[name].grad
            if grad is None:
                continue
            file.write((grad.T if transposed else grad).contiguous().numpy().tobytes())
            places[initializer] = [offset, grad.numel()]
            offset += 4 * grad.numel()
    return {"path": str(path), "places": places, "loss": loss}


def step():
    start = time.perf_counter()
    loss = backward()
    between = time.perf_counter()
    optimizer.step()
    end = time.perf_counter()
    return {"loss": loss, "backward": 1e3 * (between - start), "optimizer": 1e3 * (end - between)}


def memory():
    # The process's own peak; getrusage would inherit that of the parent.
    status = pathlib.Path("/proc/self/status").read_text()
    return {"mib": int(status.split("VmHWM:")[1].split()[0]) / 1024}


answers = {"gradients": gradients, "step": step, "memory": memory}
for line in sys.stdin:
    print(json.dumps(answers[json.loads(line)["do"]]()), flush=True)
