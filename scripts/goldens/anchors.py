"""Trajectories of every anchor rule in float64, for src/optim/anchors/goldens.test.ts.

    python scripts/goldens/anchors.py && npm run format   # needs numpy; writes src/optim/fixtures/anchors.json

Each rule is written here a second time, from the formulas of its paper, over numpy arrays in float64 and with none of the
library's vocabulary, so that an error would have to be made twice. Gradients are given; those of held-out data come from
a quadratic around `target`. Each case keeps the parameter after every fifth step.
"""

import json
from pathlib import Path

import numpy as np

STEPS, KEEP_EVERY = 60, 5
SHAPE = (3, 4)
TARGET = Path(__file__).parents[2] / "src/optim/fixtures/anchors.json"

rng = np.random.default_rng(20240611)
single = lambda x: np.asarray(x, dtype=np.float32).astype(np.float64)  # both sides start from the same float32 values
start = single(rng.normal(size=SHAPE))
pretrained = single(start + 0.05 * rng.normal(size=SHAPE))
target = single(pretrained + 0.5 * rng.normal(size=SHAPE))
sizes = np.array([[1.0], [0.1], [3.0]])
# A drift that turns every six steps, and noise: rules that wait for a disagreement meet both cases.
drift = rng.normal(size=SHAPE)
gradients = [
    single(sizes * ((1 if t % 12 < 6 else -1) * drift + 0.5 * rng.normal(size=SHAPE))) for t in range(STEPS)
]


class Adam:
    def __init__(self, lr, like):
        self.lr, self.m, self.v, self.t = lr, np.zeros_like(like), np.zeros_like(like), 0

    def step(self, gradient):
        self.t += 1
        self.m = 0.9 * self.m + 0.1 * gradient
        self.v = 0.999 * self.v + 0.001 * gradient**2
        m_hat, v_hat = self.m / (1 - 0.9**self.t), self.v / (1 - 0.999**self.t)
        return self.lr * m_hat / (np.sqrt(v_hat) + 1e-8)


class Momentum:
    def __init__(self, lr, like):
        self.lr, self.buffer = lr, np.zeros_like(like)

    def step(self, gradient):
        self.buffer = 0.9 * self.buffer + gradient
        return self.lr * self.buffer


def row_norms(x, axis):
    """L1 norm of what feeds each output unit, shaped to broadcast against x; a vector has one."""
    if x.ndim == 1:
        return np.abs(x).sum(keepdims=True)
    others = tuple(i for i in range(x.ndim) if i != axis)
    return np.abs(x).sum(axis=others, keepdims=True)


class Plain:
    """A rule acts on the gradient, on the candidate after the step, and on the weights when held-out gradients are there."""

    def __init__(self, w0, axis, lr, strength, **options):
        self.w0, self.axis, self.lr, self.strength, self.o = w0, axis, lr, strength, options

    def gradient(self, w, g):
        return g

    def candidate(self, w, w_new, g, step):
        return w_new

    def held_out(self, w, t, gradient_at):
        return w


class SpdRows(Plain):
    def candidate(self, w, w_new, g, step):
        if -np.sum(g * (w - self.w0)) >= 0:
            return w_new
        before, after = row_norms(w - self.w0, self.axis), row_norms(w_new - self.w0, self.axis)
        r = np.clip((after - before) / (after + 1e-8), 0, 1)
        return w_new - np.minimum(self.strength * r, 1) * (w_new - self.w0)


class SpdAlways(Plain):
    def candidate(self, w, w_new, g, step):
        before, after = np.linalg.norm(w - self.w0), np.linalg.norm(w_new - self.w0)
        return w_new - self.strength * np.clip((after - before) / after, 0, 1) * (w_new - self.w0)


class SpdFull(Plain):
    def candidate(self, w, w_new, g, step):
        return w_new - self.strength * (w_new - self.w0) if -np.sum(g * (w - self.w0)) < 0 else w_new


class MarsSp(Plain):
    def candidate(self, w, w_new, g, step):
        d = w_new - self.w0
        return self.w0 + d / np.maximum(1, row_norms(d, self.axis) / self.o["radius"])


class CautiousDecay(Plain):
    def candidate(self, w, w_new, g, step):
        return w_new - self.lr * self.strength * np.where(step * w >= 0, w, 0)


class Ftp(Plain):
    gamma = None

    def candidate(self, w, w_new, g, step):
        c = w_new - self.w0
        n = row_norms(c, self.axis) + 1e-8
        if self.gamma is None:
            self.gamma, self.adam = 1e-8, Adam(self.o.get("radiusLr", 1e-2), np.zeros(()))
        else:
            h = np.sum(g * self.c / self.n)
            if h > 0:
                h *= self.o.get("k", 1)
            self.gamma = np.clip(self.gamma - self.adam.step(h), 1e-8, n.max())
        self.c, self.n = c, n
        return self.w0 + np.clip(self.gamma / n, 0, 1) * c


class DiGraP(Plain):
    omega, p = 0.0, None

    def gradient(self, w, g):
        d = w - self.w0
        if self.p is None:
            self.adam = Adam(self.o.get("omegaLr", 1e-2), np.zeros(()))
        else:
            length = np.linalg.norm(g) * np.linalg.norm(self.p)
            self.omega = np.clip(self.omega - self.adam.step(np.sum(g * self.p) / length), 0, 1)
        agreement = np.sum(g * d)
        self.p = agreement / np.sum(d * d) * d
        conflict = agreement < 0
        projects = conflict if self.o.get("projects", "conflicting") == "conflicting" else not conflict
        return g - self.strength * self.omega * self.p if projects else g


class Tpgm(Plain):
    gamma = None

    def norms(self, w):
        if self.o.get("norm", "rows") == "rows":
            return row_norms(w - self.w0, self.axis)
        return np.linalg.norm(w - self.w0)

    def held_out(self, w, t, gradient_at):
        if t % self.o.get("every", 1) != 0:
            return w
        d, n = w - self.w0, self.norms(w)
        if self.gamma is None:
            self.gamma, self.adam = np.min(n) / 2, Adam(self.o.get("radiusLr", 1e-2), np.zeros(()))

        def project():
            self.gamma = np.clip(self.gamma, 1e-8, np.max(n))
            ratio = self.gamma / (n + 1e-8)
            return self.w0 + np.clip(ratio, 0, 1) * d, ratio < 1

        for _ in range(self.o.get("iterations", 1)):
            projected, inside = project()
            # d projected / d gamma = d / (n + 1e-8) where the ratio is not clamped
            slope = np.sum(gradient_at(projected) * np.where(inside, d / (n + 1e-8), 0))
            self.gamma = self.gamma - self.adam.step(slope)
        return project()[0]


RULES = {
    "spd-rows": SpdRows, "spd-always": SpdAlways, "spd-full": SpdFull, "mars-sp": MarsSp, "cautious": CautiousDecay,
    "ftp": Ftp, "digrap": DiGraP, "tpgm": Tpgm,
}  # fmt: skip
CASES = [
    # rule, strength, options, update rule, axis of output units; a vector where it is None
    ("spd-rows", 1, {}, "adam", 0), ("spd-rows", 2, {}, "adam", 1), ("spd-rows", 1, {}, "sgd", None),
    ("spd-always", 0.5, {}, "adam", 0), ("spd-full", 0.1, {}, "adam", 0), ("spd-full", 0.01, {}, "sgd", 0),
    ("mars-sp", 1, {"radius": 0.2}, "adam", 0), ("mars-sp", 1, {"radius": 0.1}, "sgd", 1),
    ("mars-sp", 1, {"radius": 0.3}, "adam", None),
    ("cautious", 0.3, {}, "adam", 0), ("cautious", 0.3, {}, "sgd", 0),
    ("ftp", 1, {}, "adam", 0), ("ftp", 1, {"k": 0.5, "radiusLr": 0.1}, "sgd", 1), ("ftp", 1, {"k": 0}, "adam", None),
    ("digrap", 1, {}, "adam", 0), ("digrap", 1, {"omegaLr": 0.1}, "sgd", 0),
    ("digrap", 0.5, {"projects": "agreeing", "omegaLr": 0.1}, "adam", 0),
    ("tpgm", 1, {}, "adam", 0), ("tpgm", 1, {"radiusLr": 0.1}, "sgd", 1),
    ("tpgm", 1, {"norm": "tensor", "every": 3, "iterations": 5}, "adam", 0),
]  # fmt: skip
LR = {"adam": 0.01, "sgd": 0.005}


def trajectory(name, strength, options, update, axis):
    shape = (-1,) if axis is None else SHAPE
    w, w0, goal = start.reshape(shape).copy(), pretrained.reshape(shape), target.reshape(shape)
    rule = RULES[name](w0, axis, LR[update], strength, **options)
    optimizer = (Adam if update == "adam" else Momentum)(LR[update], w)
    kept = []
    for t, g in enumerate(gradients, 1):
        g = g.reshape(shape)
        step = optimizer.step(rule.gradient(w, g))
        w = rule.candidate(w, w - step, g, step)
        w = rule.held_out(w, t, lambda at: at - goal)
        if t % KEEP_EVERY == 0:
            kept.append(w.ravel().tolist())
    return kept


cases = [
    {
        "rule": rule, "strength": strength, "options": options, "update": update, "lr": LR[update], "axis": axis,
        "trajectory": trajectory(rule, strength, options, update, axis),
    }
    for rule, strength, options, update, axis in CASES
]  # fmt: skip
golden = {
    "keepEvery": KEEP_EVERY,
    "shape": SHAPE,
    "start": start.ravel().tolist(),
    "anchor": pretrained.ravel().tolist(),
    "target": target.ravel().tolist(),
    "gradients": [g.ravel().tolist() for g in gradients],
    "cases": cases,
}
# Lines of bearable length until the formatter sees them.
lines = json.dumps(golden, separators=(",", ":")).replace("],[", "],\n[").replace('{"rule"', '\n{"rule"')
TARGET.write_text(lines + "\n")
print(TARGET.name, len(lines), "bytes")
