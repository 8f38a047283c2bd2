"""Writes the goldens of src/compare: intervals, bootstraps and lines as SciPy and NumPy have them.

    pip install numpy scipy
    python scripts/goldens/statistics.py

Versions at the last run: numpy 2.4.6, scipy 1.17.1.
"""

import json
import pathlib

import numpy as np
from scipy import stats

OUT = pathlib.Path(__file__).parents[2] / "src" / "compare" / "goldens" / "statistics.json"
REPLICATES = 20000
rng = np.random.default_rng(5)


def quantiles():
    return [{"p": p, "freedom": f, "t": float(stats.t.ppf(p, f))} for p in (0.9, 0.975, 0.999) for f in (1, 2, 3, 4, 7, 30)]


def mean_interval(values):
    low, high = stats.t.interval(0.95, len(values) - 1, loc=np.mean(values), scale=stats.sem(values))
    return {"values": list(values), "value": float(np.mean(values)), "low": float(low), "high": float(high)}


def hits(seeds, count, shares):
    """Hits of two methods: an example's difficulty is common to all, a seed moves all of its examples."""
    difficulty = rng.normal(size=count)
    moved = rng.normal(scale=0.15, size=seeds)
    return [
        (share + moved[:, None] * (k + 1) - 0.6 * difficulty[None, :] + rng.normal(scale=0.8, size=(seeds, count)) > 0).astype(int)
        for k, share in enumerate(shares)
    ]


def bootstrap(sets, groups):
    """Mean over sets of the paired difference, S - 1 of S seeds and all examples drawn with replacement."""
    differences = [a - b for a, b in sets]
    seeds = differences[0].shape[0]
    means = np.empty(REPLICATES)
    for r in range(REPLICATES):
        chosen = rng.integers(seeds, size=max(1, seeds - 1))
        drawn = {g: rng.integers(d.shape[1], size=d.shape[1]) for g, d in zip(groups, differences)}
        means[r] = np.mean([d[chosen][:, drawn[g]].mean() for g, d in zip(groups, differences)])
    low, high = np.percentile(means, [2.5, 97.5])
    return {
        "sets": [{"group": g, "differences": d.tolist()} for g, d in zip(groups, differences)],
        "value": float(np.mean([d.mean() for d in differences])),
        "low": float(low),
        "high": float(high),
    }


def line():
    ids = np.array([0.55, 0.7, 0.81, 0.9, 0.96])
    oods = np.array([0.31, 0.44, 0.62, 0.7, 0.86])
    logit = lambda p: np.log(p / (1 - p))
    slope, intercept, r, _, _ = stats.linregress(logit(ids), logit(oods))
    expected = 1 / (1 + np.exp(-(intercept + slope * logit(0.85))))
    return {"ids": ids.tolist(), "oods": oods.tolist(), "slope": slope, "intercept": intercept, "r2": r**2,
            "at": {"id": 0.85, "ood": 0.75, "rho": 0.75 - expected}}


corrupted = hits(4, 120, (0.9, 0.6))
document = {
    "quantiles": quantiles(),
    "means": [mean_interval(v) for v in ([0.91, 0.93], [0.91, 0.93, 0.92], [3.0, 1.5, 2.25, 8.0, 4.0])],
    "bootstraps": [
        bootstrap([hits(3, 150, (0.8, 0.8))], ["test"]),
        bootstrap([hits(1, 200, (1.0, 0.7))], ["test"]),
        bootstrap([hits(4, 80, (1.1, 0.6)), corrupted, [h[:, ::-1] for h in corrupted]], ["other", "test", "test"]),
    ],
    "line": line(),
}
OUT.parent.mkdir(exist_ok=True)
OUT.write_text(json.dumps(document) + "\n")
print(OUT, OUT.stat().st_size, "bytes")
