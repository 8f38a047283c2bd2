"""Trajectories of PyTorch's optimizers and schedulers in float64, for src/optim/pytorch.test.ts.

    python scripts/goldens/optim.py && npm run format     # needs torch; writes src/optim/fixtures/pytorch.json

One start and one list of 60 gradients serve all cases. Each case keeps the parameter after every fifth step.
"""

import json
import math
from pathlib import Path

import torch

STEPS, SIZE, KEEP_EVERY = 60, 5, 5
TARGET = Path(__file__).parents[2] / "src/optim/fixtures/pytorch.json"

generator = torch.Generator().manual_seed(20240607)
start = torch.randn(SIZE, generator=generator, dtype=torch.float64)
# A drift, noise, and sizes over four decades, so that second moments differ between elements.
sizes = torch.tensor([1.0, 0.1, 10.0, 1e-3, 1.0], dtype=torch.float64)
gradients = [
    sizes * (math.cos(t / 7) + 0.5 * torch.randn(SIZE, generator=generator, dtype=torch.float64))
    for t in range(STEPS)
]
# Both sides start from the same float32 values, so that only the arithmetic differs.
start = start.float().double()
gradients = [g.float().double() for g in gradients]

CASES = [
    # name, update rule, its hyperparameters, anchor rule, strength, anchor at, lr, clip norm, PyTorch's optimizer
    ("sgd", "sgd", {"momentum": 0.0}, "none", 0, "none", 0.01, None, (torch.optim.SGD, {})),
    ("sgd momentum", "sgd", {"momentum": 0.9}, "none", 0, "none", 0.01, None, (torch.optim.SGD, {"momentum": 0.9})),
    ("sgd nesterov", "sgd", {"momentum": 0.9, "nesterov": True}, "none", 0, "none", 0.01, None,
     (torch.optim.SGD, {"momentum": 0.9, "nesterov": True})),
    ("sgd weight_decay", "sgd", {"momentum": 0.9}, "l2-sp-coupled", 0.05, "zero", 0.01, None,
     (torch.optim.SGD, {"momentum": 0.9, "weight_decay": 0.05})),
    ("adam", "adam", {}, "none", 0, "none", 0.01, None, (torch.optim.Adam, {})),
    ("adam betas eps", "adam", {"betas": [0.8, 0.99], "eps": 1e-4}, "none", 0, "none", 0.01, None,
     (torch.optim.Adam, {"betas": (0.8, 0.99), "eps": 1e-4})),
    ("adam weight_decay", "adam", {}, "l2-sp-coupled", 0.05, "zero", 0.01, None, (torch.optim.Adam, {"weight_decay": 0.05})),
    ("amsgrad", "amsgrad", {}, "none", 0, "none", 0.01, None, (torch.optim.Adam, {"amsgrad": True})),
    ("adamw", "adam", {}, "weight-decay", 0.1, "none", 0.01, None, (torch.optim.AdamW, {"weight_decay": 0.1})),
    ("adamw amsgrad", "amsgrad", {}, "weight-decay", 0.1, "none", 0.01, None,
     (torch.optim.AdamW, {"weight_decay": 0.1, "amsgrad": True})),
    ("adamw clipped", "adam", {}, "weight-decay", 0.1, "none", 0.01, 2.0, (torch.optim.AdamW, {"weight_decay": 0.1})),
    ("sgd clipped", "sgd", {"momentum": 0.9}, "none", 0, "none", 0.01, 2.0, (torch.optim.SGD, {"momentum": 0.9})),
]


def trajectory(factory, options, lr, clip_norm):
    parameter = torch.nn.Parameter(start.clone())
    optimizer = factory([parameter], lr=lr, **options)
    kept = []
    for t, gradient in enumerate(gradients, 1):
        parameter.grad = gradient.clone()
        if clip_norm is not None:
            torch.nn.utils.clip_grad_norm_([parameter], clip_norm)
        optimizer.step()
        if t % KEEP_EVERY == 0:
            kept.append(parameter.tolist())
    return kept


def schedule(factory, options):
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=1.0)
    scheduler = factory(optimizer, **options)
    factors = []
    for _ in range(12):
        factors.append(scheduler.get_last_lr()[0])
        optimizer.step()
        scheduler.step()
    return factors


cases = [
    {
        "name": name,
        "update": update,
        "hyperparameters": hyperparameters,
        "anchorRule": anchor_rule,
        "strength": strength,
        "at": at,
        "lr": lr,
        "clipNorm": clip_norm,
        "trajectory": trajectory(factory, options, lr, clip_norm),
    }
    for name, update, hyperparameters, anchor_rule, strength, at, lr, clip_norm, (factory, options) in CASES
]
schedules = [
    {"name": "cosine", "floor": 0.1, "factors": schedule(torch.optim.lr_scheduler.CosineAnnealingLR, {"T_max": 12, "eta_min": 0.1})},
    {"name": "linear", "floor": 0.1, "factors": schedule(torch.optim.lr_scheduler.LinearLR, {"start_factor": 1.0, "end_factor": 0.1, "total_iters": 12})},
    {"name": "constant", "floor": 0, "factors": schedule(torch.optim.lr_scheduler.ConstantLR, {"factor": 1.0})},
]
golden = {
    "torch": torch.__version__.split("+")[0],
    "keepEvery": KEEP_EVERY,
    "start": start.tolist(),
    "gradients": [g.tolist() for g in gradients],
    "cases": cases,
    "schedules": schedules,
}
# Lines of bearable length until the formatter sees them.
lines = json.dumps(golden, separators=(",", ":")).replace("],[", "],\n[").replace('{"name"', '\n{"name"')
TARGET.write_text(lines + "\n")
print(TARGET.name, len(lines), "bytes")
