"""Writes the goldens of src/evaluation: metrics as scikit-learn, SciPy, seqeval and TorchMetrics have them.

    pip install numpy scipy scikit-learn seqeval torchmetrics
    python scripts/goldens/metrics.py

Versions at the last run: numpy 2.4.6, scipy 1.17.1, scikit-learn 1.9.1, seqeval 1.2.2, torchmetrics 1.9.0.
Numbers are of few digits: small files, and ties occur.
"""

import json
import pathlib
import random
import warnings

import numpy as np
import seqeval.metrics
import torch
from scipy import special, stats
from seqeval.metrics.sequence_labeling import get_entities
from sklearn import metrics
from torchmetrics.classification import MulticlassCalibrationError, MulticlassJaccardIndex
from torchmetrics.retrieval import RetrievalHitRate
from torchmetrics.text import Perplexity

OUT = pathlib.Path(__file__).parents[2] / "src" / "evaluation" / "goldens" / "metrics.json"
rng = np.random.default_rng(11)
warnings.filterwarnings("ignore")
AVERAGES = ("macro", "micro", "weighted")


def averages(truth, predicted, **options):
    rows = {}
    for average in AVERAGES:
        precision, recall, f1, _ = metrics.precision_recall_fscore_support(truth, predicted, average=average, zero_division=0, **options)
        rows[average] = {"precision": precision, "recall": recall, "f1": f1}
    return rows


def classification(count, classes, unused):
    """The last `unused` classes never occur, neither true nor predicted."""
    used = classes - unused
    truth = rng.integers(used, size=count)
    logits = rng.normal(size=(count, classes))
    logits[np.arange(count), truth] += rng.normal(1, 1, size=count)
    logits[:, used:] = -40
    logits = np.round(logits, 3)
    probabilities = special.softmax(logits, axis=1)
    predicted = logits.argmax(axis=1)
    precision, recall, f1, support = metrics.precision_recall_fscore_support(truth, predicted, labels=range(classes), zero_division=0)
    ece = MulticlassCalibrationError(num_classes=classes, n_bins=15, norm="l1")
    onehot = np.eye(classes)[truth]
    return {
        "classes": classes,
        "logits": logits.tolist(),
        "truth": truth.tolist(),
        "confusion": metrics.confusion_matrix(truth, predicted, labels=range(classes)).tolist(),
        "accuracy": metrics.accuracy_score(truth, predicted),
        "balancedAccuracy": metrics.balanced_accuracy_score(truth, predicted),
        "perClass": [dict(precision=p, recall=r, f1=f, support=int(s)) for p, r, f, s in zip(precision, recall, f1, support)],
        "averages": averages(truth, predicted),
        "auroc": float(np.mean([metrics.roc_auc_score(onehot[:, c], probabilities[:, c]) for c in range(used)])),
        "ece": float(ece(torch.tensor(probabilities), torch.tensor(truth))),
        "brier": float(np.mean(((probabilities - onehot) ** 2).sum(axis=1))),
        "loss": metrics.log_loss(truth, probabilities, labels=range(classes)),
        "top2": metrics.top_k_accuracy_score(truth, logits + 1e-9 * np.arange(classes)[::-1], k=2, labels=range(classes)),
    }


def binary(count):
    positive = rng.integers(2, size=count)
    scores = np.round(rng.normal(size=count) + 0.8 * positive, 1)
    return {
        "scores": scores.tolist(),
        "positive": positive.tolist(),
        "auroc": metrics.roc_auc_score(positive, scores),
        "averagePrecision": metrics.average_precision_score(positive, scores),
    }


def multi_label(count, labels):
    truth = (rng.random((count, labels)) < np.linspace(0.1, 0.6, labels)).astype(int)
    logits = np.round(rng.normal(-0.5, 1, size=truth.shape) + 1.5 * truth, 1)
    predicted = (logits > 0).astype(int)
    return {
        "logits": logits.tolist(),
        "truth": truth.tolist(),
        "subsetAccuracy": metrics.accuracy_score(truth, predicted),
        "averages": averages(truth, predicted),
        "auroc": metrics.roc_auc_score(truth, logits, average="macro"),
        "map": metrics.average_precision_score(truth, logits, average="macro"),
    }


def regression(count, outputs):
    truth = np.round(rng.normal(3, 2, size=(count, outputs)), 1)
    predicted = np.round(truth * 0.8 + rng.normal(0, 1, size=truth.shape), 1)
    columns = range(outputs)
    return {
        "predicted": predicted.tolist(),
        "truth": truth.tolist(),
        "rmse": metrics.root_mean_squared_error(truth, predicted),
        "mae": metrics.mean_absolute_error(truth, predicted),
        "r2": metrics.r2_score(truth, predicted),
        "pearson": float(np.mean([stats.pearsonr(predicted[:, c], truth[:, c]).statistic for c in columns])),
        "spearman": float(np.mean([stats.spearmanr(predicted[:, c], truth[:, c]).statistic for c in columns])),
    }


def tagging(prefixes, sentences):
    """Random tags: most of them break the scheme somewhere, which the lenient reading must bear."""
    source = random.Random(3)
    types = ["PER", "LOC", "LONG-NAME"]
    tag = lambda: "O" if source.random() < 0.35 else f"{source.choice(prefixes)}-{source.choice(types)}"
    truth = [[tag() for _ in range(source.randint(1, 12))] for _ in range(sentences)]
    predicted = [[t if source.random() < 0.8 else tag() for t in sentence] for sentence in truth]
    report = seqeval.metrics.classification_report(truth, predicted, output_dict=True, zero_division=0)
    rows = {name: {"precision": r["precision"], "recall": r["recall"], "f1": r["f1-score"], "support": int(r["support"])} for name, r in report.items()}
    return {
        "truth": truth,
        "predicted": predicted,
        "entities": [[[t, int(s), int(e)] for t, s, e in get_entities(sentence)] for sentence in truth],
        "byType": {name: rows[name] for name in rows if not name.endswith(" avg")},
        "averages": {average: rows[f"{average} avg"] for average in AVERAGES},
        "tokenAccuracy": seqeval.metrics.accuracy_score(truth, predicted),
    }


def segmentation(classes, pixels, ignored):
    truth = rng.integers(classes - 1, size=pixels)
    predicted = np.where(rng.random(pixels) < 0.7, truth, rng.integers(classes - 1, size=pixels))
    truth[rng.random(pixels) < 0.1] = ignored
    judge = lambda average: MulticlassJaccardIndex(classes, average=average, ignore_index=ignored)(torch.tensor(predicted), torch.tensor(truth))
    kept = truth != ignored
    return {
        "classes": classes,
        "ignored": ignored,
        "truth": truth.tolist(),
        "predicted": predicted.tolist(),
        "iou": judge("none").tolist(),
        "miou": float(judge("macro")),
        "pixelAccuracy": float(np.mean(predicted[kept] == truth[kept])),
    }


def retrieval(queries, candidates):
    similarity = rng.permutation(queries * candidates).reshape(queries, candidates) / 100
    partners = [sorted(rng.choice(candidates, size=rng.integers(1, 4), replace=False).tolist()) for _ in range(queries)]
    for query, own in enumerate(partners):
        similarity[query, own[0]] += candidates * queries / 250
    target = torch.zeros(queries, candidates, dtype=torch.bool)
    for query, own in enumerate(partners):
        target[query, own] = True
    indexes = torch.arange(queries)[:, None].expand(queries, candidates)
    judge = lambda k: float(RetrievalHitRate(top_k=k)(torch.tensor(similarity), target, indexes=indexes))
    return {"similarity": similarity.tolist(), "partners": partners, "recall": {str(k): judge(k) for k in (1, 5, 10)}}


def language(texts, length, vocabulary):
    logits = np.round(rng.normal(0, 2, size=(texts, length, vocabulary)), 2)
    targets = rng.integers(vocabulary, size=(texts, length))
    targets[:, :2] = -100
    targets[1, 4:] = -100
    judged = targets >= 0
    perplexity = Perplexity(ignore_index=-100)(torch.tensor(logits), torch.tensor(targets))
    return {
        "logits": logits.tolist(),
        "targets": targets.tolist(),
        "perplexity": float(perplexity),
        "tokenAccuracy": float(np.mean(logits.argmax(-1)[judged] == targets[judged])),
    }


document = {
    "classification": [classification(120, 3, 0), classification(200, 8, 2)],
    "binary": [binary(60), binary(200)],
    "multiLabel": multi_label(150, 5),
    "regression": [regression(80, 1), regression(60, 3)],
    "tagging": [tagging("BI", 30), tagging("BIES", 30)],
    "segmentation": segmentation(6, 600, 255),
    "retrieval": retrieval(12, 20),
    "language": language(4, 7, 11),
}
OUT.parent.mkdir(exist_ok=True)
OUT.write_text(json.dumps(document, separators=(",", ":")) + "\n")
print(OUT, OUT.stat().st_size, "bytes")
