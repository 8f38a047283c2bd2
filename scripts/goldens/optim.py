"""Trajectories of PyTorch's optimizers and schedulers in float64, for src/optim/pytorch.test.ts.

    python scripts/goldens/optim.py && npm run format     # writes src/optim/fixtures/pytorch.json

Needs torch, and lion-pytorch for Lion. One start and one list of 60 gradients for each shape serve all cases.
Each case keeps the parameter after every fifth step.
"""

import json
import math
from pathlib import Path

import torch
from lion_pytorch import Lion

STEPS, KEEP_EVERY = 60, 5
TARGET = Path(__file__).parents[2] / "src/optim/fixtures/pytorch.json"

# What PyTorch keeps in its default dtype, such as NAdam's product of decays, is float64 too.
torch.set_default_dtype(torch.float64)
generator = torch.Generator().manual_seed(20240607)
# PyTorch's Muon orthogonalises in bfloat16; without that rounding its own code gives the float64 trajectory.
torch.Tensor.bfloat16 = lambda self: self.clone()


def problem(shape, sizes):
    """A start and gradients of a shape. Both sides start from the same float32 values: only the arithmetic differs."""
    start = torch.randn(shape, generator=generator, dtype=torch.float64)
    gradients = [
        sizes * (math.cos(t / 7) + 0.5 * torch.randn(shape, generator=generator, dtype=torch.float64))
        for t in range(STEPS)
    ]
    return start.float().double(), [g.float().double() for g in gradients]


PROBLEMS = {
    # Sizes over four decades, so that second moments differ between elements.
    "vector": problem([5], torch.tensor([1.0, 0.1, 10.0, 1e-3, 1.0], dtype=torch.float64)),
    "wide": problem([3, 5], torch.tensor([1.0, 0.1, 10.0, 1e-3, 1.0], dtype=torch.float64)),
    "tall": problem([6, 2], torch.tensor([1.0, 0.3], dtype=torch.float64)),
    "filters": problem([2, 3, 2, 3], torch.tensor([1.0, 0.1, 3.0], dtype=torch.float64)),
}

CASES = [
    # name, update rule, its hyperparameters, anchor rule, strength, anchor at, lr, clip norm, PyTorch's optimizer
    ("sgd", "sgd", {"momentum": 0.0}, "none", 0, "none", 0.01, None, (torch.optim.SGD, {})),
    ("sgd momentum", "sgd", {"momentum": 0.9}, "none", 0, "none", 0.01, None, (torch.optim.SGD, {"momentum": 0.9})),
    ("sgd nesterov", "sgd", {"momentum": 0.9, "nesterov": True}, "none", 0, "none", 0.01, None,
     (torch.optim.SGD, {"momentum": 0.9, "nesterov": True})),
    ("sgd dampening", "sgd", {"momentum": 0.9, "dampening": 0.3}, "none", 0, "none", 0.01, None,
     (torch.optim.SGD, {"momentum": 0.9, "dampening": 0.3})),
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
    ("nadam", "nadam", {}, "none", 0, "none", 0.01, None, (torch.optim.NAdam, {})),
    ("nadam betas", "nadam", {"betas": [0.7, 0.95], "momentumDecay": 0.02}, "none", 0, "none", 0.01, None,
     (torch.optim.NAdam, {"betas": (0.7, 0.95), "momentum_decay": 0.02})),
    ("nadamw", "nadam", {}, "weight-decay", 0.1, "none", 0.01, None,
     (torch.optim.NAdam, {"weight_decay": 0.1, "decoupled_weight_decay": True})),
    ("radam", "radam", {}, "none", 0, "none", 0.01, None, (torch.optim.RAdam, {})),
    ("radam betas", "radam", {"betas": [0.8, 0.95], "eps": 1e-4}, "none", 0, "none", 0.01, None,
     (torch.optim.RAdam, {"betas": (0.8, 0.95), "eps": 1e-4})),
    ("lion", "lion", {}, "none", 0, "none", 0.01, None, (Lion, {})),
    ("lion weight_decay", "lion", {"betas": [0.95, 0.98]}, "weight-decay", 0.1, "none", 0.01, None,
     (Lion, {"betas": (0.95, 0.98), "weight_decay": 0.1})),
    ("adamw clipped", "adam", {}, "weight-decay", 0.1, "none", 0.01, 2.0, (torch.optim.AdamW, {"weight_decay": 0.1})),
    ("sgd clipped", "sgd", {"momentum": 0.9}, "none", 0, "none", 0.01, 2.0, (torch.optim.SGD, {"momentum": 0.9})),
]
ADAFACTOR = {"eps": 2**-23, "leastRms": 1e-3}
MATCH_RMS = (torch.optim.Muon, {"weight_decay": 0, "adjust_lr_fn": "match_rms_adamw"})
TENSOR_CASES = [
    # problem, then as above
    *(
        (shape, f"adafactor {shape}", "adafactor", ADAFACTOR, "none", 0, "none", 0.05, None,
         (torch.optim.Adafactor, {"eps": (2**-23, 1e-3)}))
        for shape in ("vector", "wide", "tall", "filters")
    ),
    ("wide", "adafactor options", "adafactor", {"eps": 1e-4, "leastRms": 0.1, "clip": 2, "beta2Decay": -0.6}, "none", 0, "none", 0.05, None,
     (torch.optim.Adafactor, {"eps": (1e-4, 0.1), "d": 2, "beta2_decay": -0.6})),
    ("wide", "adafactor weight_decay", "adafactor", ADAFACTOR, "weight-decay", 0.1, "none", 0.05, None,
     (torch.optim.Adafactor, {"eps": (2**-23, 1e-3), "weight_decay": 0.1})),
    ("wide", "muon wide", "muon", {}, "none", 0, "none", 0.01, None, MATCH_RMS),
    ("tall", "muon tall", "muon", {}, "none", 0, "none", 0.01, None, MATCH_RMS),
    ("tall", "muon original", "muon", {"matchRms": False, "nesterov": False, "nsSteps": 3, "momentum": 0.9}, "none", 0, "none", 0.01, None,
     (torch.optim.Muon, {"weight_decay": 0, "nesterov": False, "ns_steps": 3, "momentum": 0.9})),
    ("wide", "muon weight_decay", "muon", {}, "weight-decay", 0.1, "none", 0.01, None,
     (torch.optim.Muon, {"weight_decay": 0.1, "adjust_lr_fn": "match_rms_adamw"})),
]


def trajectory(shape, factory, options, lr, clip_norm):
    start, gradients = PROBLEMS[shape]
    parameter = torch.nn.Parameter(start.clone())
    optimizer = factory([parameter], lr=lr, **options)
    kept = []
    for t, gradient in enumerate(gradients, 1):
        parameter.grad = gradient.clone()
        if clip_norm is not None:
            torch.nn.utils.clip_grad_norm_([parameter], clip_norm)
        optimizer.step()
        if t % KEEP_EVERY == 0:
            kept.append(parameter.flatten().tolist())
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
        "problem": shape,
        "update": update,
        "hyperparameters": hyperparameters,
        "anchorRule": anchor_rule,
        "strength": strength,
        "at": at,
        "lr": lr,
        "clipNorm": clip_norm,
        "trajectory": trajectory(shape, factory, options, lr, clip_norm),
    }
    for shape, name, update, hyperparameters, anchor_rule, strength, at, lr, clip_norm, (factory, options) in [
        *(("vector", *case) for case in CASES),
        *TENSOR_CASES,
    ]
]
schedules = [
    {"name": "cosine", "floor": 0.1, "factors": schedule(torch.optim.lr_scheduler.CosineAnnealingLR, {"T_max": 12, "eta_min": 0.1})},
    {"name": "linear", "floor": 0.1, "factors": schedule(torch.optim.lr_scheduler.LinearLR, {"start_factor": 1.0, "end_factor": 0.1, "total_iters": 12})},
    {"name": "constant", "floor": 0, "factors": schedule(torch.optim.lr_scheduler.ConstantLR, {"factor": 1.0})},
]
golden = {
    "torch": torch.__version__.split("+")[0],
    "keepEvery": KEEP_EVERY,
    "problems": {
        name: {
            "shape": list(start.shape),
            "start": start.flatten().tolist(),
            "gradients": [g.flatten().tolist() for g in gradients],
        }
        for name, (start, gradients) in PROBLEMS.items()
    },
    "cases": cases,
    "schedules": schedules,
}
# Lines of bearable length until the formatter sees them.
lines = json.dumps(golden, separators=(",", ":")).replace("],[", "],\n[").replace('{"name"', '\n{"name"')
TARGET.write_text(lines + "\n")
print(TARGET.name, len(lines), "bytes")
