"""Writes 95 % intervals of metrics by an ordinary bootstrap: examples drawn with replacement.

    pip install numpy scipy seqeval
    python scripts/goldens/bootstrap.py

It resamples the examples of src/evaluation/goldens/metrics.json (run scripts/goldens/metrics.py first), whose metrics by
scikit-learn, SciPy and seqeval the functions here must give on all examples.
Versions at the last run: numpy 2.4.6, scipy 1.17.1, seqeval 1.2.2.
"""

import json
import pathlib
import warnings

import numpy as np
import seqeval.metrics
from scipy import special, stats

FOLDER = pathlib.Path(__file__).parents[2] / "src" / "evaluation" / "goldens"
REPLICATES = 2000
rng = np.random.default_rng(5)
warnings.filterwarnings("ignore")


def auroc(positive, scores):
    """Mann and Whitney's U, ties counted half."""
    n = positive.sum()
    wins = stats.rankdata(scores)[positive].sum() - n * (n + 1) / 2
    return wins / (n * (len(positive) - n))


def average_precision(positive, scores):
    order = np.argsort(-scores, kind="stable")
    hits, last = positive[order].cumsum(), np.flatnonzero(np.diff(scores[order], append=-np.inf))
    precision, recall = hits[last] / (last + 1), hits[last] / hits[-1]
    return (np.diff(recall, prepend=0) * precision).sum()


def columns(score, truth, scores):
    """Mean over those columns that have both kinds of examples."""
    known = [c for c in range(truth.shape[1]) if 0 < truth[:, c].sum() < len(truth)]
    return np.mean([score(truth[:, c] > 0, scores[:, c]) for c in known])


def f1(both, either):
    """2 TP / (predicted + true), 0 where that is 0 / 0."""
    return np.where(either > 0, 2 * both / np.maximum(either, 1), 0)


def classification(golden):
    logits, truth, classes = np.array(golden["logits"]), np.array(golden["truth"]), golden["classes"]
    probabilities = special.softmax(logits, axis=1)
    odds = np.log(probabilities) - np.log1p(-probabilities)
    predicted, confidence = logits.argmax(axis=1), probabilities.max(axis=1)
    bins = np.ceil(confidence * 15).astype(int) - 1
    onehot = np.eye(classes)[truth]

    def of(i):
        right = predicted[i] == truth[i]
        support, said = (np.bincount(x[i], minlength=classes) for x in (truth, predicted))
        both = np.bincount(truth[i][right], minlength=classes)
        gaps = np.bincount(bins[i], weights=right - confidence[i], minlength=15)
        return {
            "balanced-accuracy": (both / np.maximum(support, 1))[support > 0].mean(),
            "macro-f1": f1(both, support + said)[support + said > 0].mean(),
            "auroc": columns(auroc, onehot[i], odds[i]),
            "ece": np.abs(gaps).sum() / len(i),
            "brier": ((probabilities[i] - onehot[i]) ** 2).sum(axis=1).mean(),
            "loss": -np.log(probabilities[i, truth[i]]).mean(),
        }

    known = {"balanced-accuracy": golden["balancedAccuracy"], "macro-f1": golden["averages"]["macro"]["f1"]}
    return len(truth), of, known | {name: golden[name] for name in ("auroc", "ece", "brier", "loss")}


def multi_label(golden):
    logits, truth = np.array(golden["logits"]), np.array(golden["truth"])
    said = (logits > 0).astype(int)

    def of(i):
        both, either = (truth[i] * said[i]).sum(axis=0), (truth[i] + said[i]).sum(axis=0)
        return {
            "map": columns(average_precision, truth[i], logits[i]),
            "auroc": columns(auroc, truth[i], logits[i]),
            "micro-f1": f1(both.sum(), either.sum()),
            "macro-f1": f1(both, either).mean(),
        }

    averages = golden["averages"]
    known = {"micro-f1": averages["micro"]["f1"], "macro-f1": averages["macro"]["f1"]}
    return len(truth), of, known | {name: golden[name] for name in ("map", "auroc")}


def regression(golden):
    predicted, truth = np.array(golden["predicted"]), np.array(golden["truth"])

    def of(i):
        p, t = predicted[i], truth[i]
        squared = ((p - t) ** 2).mean(axis=0)
        return {
            "rmse": np.sqrt(squared).mean(),
            "mae": np.abs(p - t).mean(),
            "r2": (1 - squared / t.var(axis=0)).mean(),
            "pearson": correlation(p, t),
            "spearman": correlation(stats.rankdata(p, axis=0), stats.rankdata(t, axis=0)),
        }

    return len(truth), of, {name: golden[name] for name in ("rmse", "mae", "r2", "pearson", "spearman")}


def correlation(a, b):
    a, b = a - a.mean(axis=0), b - b.mean(axis=0)
    return ((a * b).mean(axis=0) / np.sqrt((a * a).mean(axis=0) * (b * b).mean(axis=0))).mean()


def tagging(golden):
    truth, predicted = golden["truth"], golden["predicted"]

    def of(i):
        some = [[rows[k] for k in i] for rows in (truth, predicted)]
        right = sum(t == p for k in i for t, p in zip(truth[k], predicted[k]))
        return {"entity-f1": seqeval.metrics.f1_score(*some), "token-accuracy": right / sum(len(truth[k]) for k in i)}

    return len(truth), of, {"entity-f1": golden["averages"]["micro"]["f1"], "token-accuracy": golden["tokenAccuracy"]}


def interval(case):
    """Ends of the middle 95 % of the replicates, moved to have the value itself as their mean; and their deviation."""
    count, of, known = case
    value = of(np.arange(count))
    for name in known:
        assert np.isclose(value[name], known[name], atol=1e-6), (name, value[name], known[name])
    draws = [of(rng.integers(count, size=count)) for _ in range(REPLICATES)]
    table = {}
    for name in value:
        column = np.array([d[name] for d in draws])
        low, high = np.percentile(column, [2.5, 97.5]) + value[name] - column.mean()
        table[name] = {"low": round(low, 6), "high": round(high, 6), "deviation": round(column.std(), 6)}
    return table


goldens = json.loads((FOLDER / "metrics.json").read_text())
result = {
    "classification": [interval(classification(g)) for g in goldens["classification"]],
    "multiLabel": interval(multi_label(goldens["multiLabel"])),
    "regression": [interval(regression(g)) for g in goldens["regression"]],
    "tagging": [interval(tagging(g)) for g in goldens["tagging"]],
}
(FOLDER / "bootstrap.json").write_text(json.dumps(result, separators=(",", ":")) + "\n")
