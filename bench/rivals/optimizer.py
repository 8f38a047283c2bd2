"""PyTorch's optimizer step, for bench/optimizer.mjs: shapes on stdin, times in ms on stdout."""

import json
import sys
import time

import torch

request = json.load(sys.stdin)
shapes, rounds = request["shapes"], request["rounds"]
LR = 1e-4


def parameters():
    made = [torch.nn.Parameter(torch.ones(shape)) for shape in shapes]
    for p in made:
        p.grad = torch.full_like(p, 1e-3)
    return made


class AdamSPD:
    """Adam's own fused step with SPD around it in tensor operations: one dot product and two norms a tensor."""

    def __init__(self, params):
        self.params = params
        self.anchors = [p.detach().clone() for p in params]
        self.adam = torch.optim.Adam(params, lr=LR, fused=True)

    @torch.no_grad()
    def step(self):
        asks, before = [], []
        for p, a in zip(self.params, self.anchors):
            d = p - a
            asks.append(torch.dot(p.grad.flatten(), d.flatten()))
            before.append(d.norm())
        self.adam.step()
        for p, a, ask, n in zip(self.params, self.anchors, asks, before):
            if ask > 0:
                d = p - a
                after = d.norm()
                p.sub_(d, alpha=float(((after - n) / after).clamp(min=0)))


rivals = [
    ("PyTorch AdamW fused", "adamw", 0, lambda p: torch.optim.AdamW(p, lr=LR, fused=True)),
    ("PyTorch AdamW fused, 1 thread", "adamw", 1, lambda p: torch.optim.AdamW(p, lr=LR, fused=True)),
    ("PyTorch AdamW (default)", "adamw", 0, lambda p: torch.optim.AdamW(p, lr=LR)),
    ("PyTorch Adam fused + SPD, holds", "spd", 0, AdamSPD),
]
every = torch.get_num_threads()
steps = [(make(parameters()), threads or every, []) for _, _, threads, make in rivals]
for round_ in range(-2, rounds):
    for optimizer, threads, times in steps:
        torch.set_num_threads(threads)
        start = time.perf_counter()
        optimizer.step()
        if round_ >= 0:
            times.append((time.perf_counter() - start) * 1e3)
print(
    json.dumps(
        [
            {"name": f"{name}{'' if threads else f', {every} threads'}", "own": own, "times": times}
            for (name, own, threads, _), (_, _, times) in zip(rivals, steps)
        ]
    )
)
